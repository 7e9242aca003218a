"""The documents that are made from the code: `python -m tests.documents` writes them, a test compares them."""

from pathlib import Path

from bot.settings import example
from handlers.catalogue import GROUPS

ROOT = Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- commands: made by make docs -->", "<!-- /commands -->"


def command_table() -> str:
    """The README's table of commands, by group."""
    rows = ["| Type | What it does |", "| --- | --- |"]
    for group, commands in GROUPS:
        rows.append(f"| **{group}** | |")
        rows += [f"| `{_cell(command.usage)}` | {_cell(command.summary)} |" for command in commands]
    return "\n".join(rows)


def _cell(text: str) -> str:
    return text.replace("|", r"\|")


def readme_with_commands(text: str) -> str:
    """Return the README with its table as it should be; raise ValueError where the marks are missing."""
    head, tail = text.index(BEGIN) + len(BEGIN), text.index(END)
    return f"{text[:head]}\n\n{command_table()}\n\n{text[tail:]}"


if __name__ == "__main__":
    (ROOT / ".env.example").write_text(example(), "utf-8")
    readme = ROOT / "README.md"
    readme.write_text(readme_with_commands(readme.read_text("utf-8")), "utf-8")
