"""`python -m bot`, installed as the command `flowbell`."""

import sys


def main() -> None:
    """Answer `--version` at once; hand everything else to the command line."""
    if sys.argv[1:] in (["--version"], ["version"]):
        from bot.version import VERSION

        sys.stdout.write(f"flowbell {VERSION}\n")
        return
    from bot.cli import app

    app()


if __name__ == "__main__":
    main()
