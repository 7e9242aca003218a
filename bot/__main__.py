"""`python -m bot`, installed as the command `flowbell`."""

import os
import sys


def main() -> None:
    """Answer `--version` at once; hand everything else to the command line."""
    if sys.argv[1:] in (["--version"], ["version"]):
        from bot.version import VERSION

        sys.stdout.write(f"flowbell {VERSION}\n")
        return
    from bot.cli import app

    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the shell: what is said goes nowhere
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123  # for the whole process
    try:
        app(prog_name="flowbell")
    except BrokenPipeError:
        # Whoever read has left; the interpreter must not try to flush what is left either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
