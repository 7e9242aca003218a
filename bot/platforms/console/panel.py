"""A card drawn for a terminal with colours, which never say anything that the words do not."""

from collections.abc import Sequence
from io import StringIO
from typing import TYPE_CHECKING, Final

from bot.render import text
from bot.render.card import provenance
from handlers.model import Button, Card, Tone

if TYPE_CHECKING:
    from rich.text import Text

WIDEST: Final = 72
_EDGES: Final = 4  # a border and a space on either side

# Of the 256 colours, those that stand out from white and from black alike.
_COLORS: dict[Tone, str] = {"up": "color(29)", "down": "color(167)", "neutral": "color(67)", "warning": "color(130)"}
_SIGNS: dict[Tone, str] = {"up": "▲ ", "down": "▼ ", "neutral": "", "warning": "! "}
_QUIET: Final = "color(244)"
_RISE: Final = r"(?<!\S)\+\d\S*%"
_FALL: Final = r"(?<!\S)[−-]\d\S*%"


def panel(card: Card, columns: int) -> str:
    """Return the card in a frame of its tone's colour, with escape sequences, for a terminal of so many columns."""
    from rich.console import Console, Group
    from rich.panel import Panel
    from rich.text import Text

    width = min(columns, WIDEST)
    title = _title(card)
    framed = bool(card.lines or card.table or card.notes) and text.cells(title) <= width - _EDGES - 2
    color = _COLORS[card.tone]
    frame = Panel(
        Group(*_body(card, None if framed else title, width - _EDGES)),
        title=Text(title, style="bold") if framed else None,
        title_align="left",
        border_style=color,
        width=width,
    )
    drawn = StringIO()
    Console(file=drawn, force_terminal=True, width=width, highlight=False).print(frame)
    return drawn.getvalue()


def _title(card: Card) -> str:
    return " ".join(text.wrapped(_SIGNS[card.tone] + text.heading(card), 10_000))


def _body(card: Card, title: str | None, width: int) -> "list[Text]":
    from rich.text import Text

    color = _COLORS[card.tone]
    above = [] if title is None else [Text(line, style="bold") for line in text.wrapped(title, width)]
    lines = [Text(line) for line in text.each_wrapped(card.lines, width)]
    if lines and card.tone in ("up", "down"):
        lines[0].stylize(f"bold {color}")
    rows = [Text(line) for line in text.table(card.table, width)]
    for row in rows:
        row.highlight_regex(_RISE, _COLORS["up"])
        row.highlight_regex(_FALL, _COLORS["down"])
    last = () if card.source is None else (provenance(card.source),)
    below = [Text(line, style=_QUIET) for line in text.each_wrapped((*card.notes, *last), width)]
    blocks = ([*above, *lines], rows, below)
    return [line for block in blocks if block for line in (Text(), *block)][1:]


def choices(rows: Sequence[Sequence[Button]], columns: int, first: int) -> str:
    """Return numbered buttons, the numbers in bold."""
    from rich.console import Console
    from rich.text import Text

    drawn = StringIO()
    console = Console(file=drawn, force_terminal=True, width=columns, highlight=False)
    for line in text.choices(rows, min(columns, WIDEST) - 1, first):
        shown = Text(f" {line}")
        shown.highlight_regex(r"\[\d+\]", "bold")
        console.print(shown)
    return drawn.getvalue()
