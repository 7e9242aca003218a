"""A reply as plain text for terminals, pipes and files, and as JSON for programs: no markup, no colour, no escapes."""

from collections.abc import Iterator, Sequence
from datetime import UTC, timedelta
from decimal import Decimal
from unicodedata import category, east_asian_width

import msgspec

from bot.render.card import clean, provenance, table_lines
from handlers.dispatch import Failure
from handlers.model import Button, Card, Reply, Row

WIDTH = 60
_NARROWEST = 12
_MOST_STACKED = 3  # accents on one letter; more of them cover the lines above and below


def plain(reply: Reply[object], width: int = WIDTH, buttons: bool = False) -> str:
    """Return the card as lines of at most `width` cells; `buttons` adds them numbered, for people who can press."""
    lines = card_lines(reply.card, width)
    if buttons:
        lines += choices(reply.buttons, width)
    return "\n".join(lines)


def card_lines(card: Card, width: int) -> list[str]:
    """Return a card's lines: marks and title first, where the numbers come from last."""
    last = () if card.source is None else (provenance(card.source),)
    blocks = (
        [*wrapped(heading(card), width), *each_wrapped(card.lines, width)],
        table(card.table, width),
        [*each_wrapped(card.notes, width), *each_wrapped(last, width)],
    )
    return [line for block in blocks if block for line in ("", *block)][1:]


def heading(card: Card) -> str:
    """Return the title behind the labels that the numbers must carry."""
    return " ".join((*(f"[{mark}]" for mark in card.marks), card.title))


def table(rows: Sequence[Row], width: int) -> list[str]:
    """Return a table's lines, numbers to the right; a table that is too wide stands one value below the other."""
    return [each for line in table_lines(rows, max(width, _NARROWEST)) for each in wrapped(line, width)]


def choices(rows: Sequence[Sequence[Button]], width: int, first: int = 1) -> list[str]:
    """Return rows of buttons as `[1] Refresh  [2] Chart`, numbered from `first`."""
    lines: list[str] = []
    number = first
    for row in rows:
        line = ""
        for button in row:
            label = f"[{number}] {_visible(button.label)}"
            longer = f"{line}  {label}" if line else label
            if line and cells(longer) > width:
                lines.append(line)
                longer = label
            line = longer
            number += 1
        lines += wrapped(line, width)
    return lines


def each_wrapped(texts: Sequence[str], width: int) -> list[str]:
    """Return every text wrapped, in order; an empty one between others is an empty line."""
    lines = [line for text in texts for line in (wrapped(text, width) if text else [""])]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def wrapped(text: str, width: int) -> list[str]:
    """Return the lines of one text, each at most `width` cells; its indentation stays, a word too long is cut."""
    text = _visible(text).rstrip()
    width = max(width, _NARROWEST)
    if cells(text) <= width:
        return [text] if text else []
    indent = " " * min(len(text) - len(text.lstrip(" ")), width // 3)
    return [indent + line for line in _filled(text.split(" "), width - len(indent))]


def _filled(words: Sequence[str], width: int) -> Iterator[str]:
    line = ""
    for piece in (piece for word in words if word for piece in _pieces(word, width)):
        longer = f"{line} {piece}" if line else piece
        if line and cells(longer) > width:
            yield line
            longer = piece
        line = longer
    if line:
        yield line


def _pieces(word: str, width: int) -> Iterator[str]:
    piece = ""
    for character in word:
        if cells(piece + character) > width:
            yield piece
            piece = ""
        piece += character
    yield piece


def cells(text: str) -> int:
    """Return how many cells of a terminal a text takes."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def _cells(character: str) -> int:
    if category(character) in ("Mn", "Me"):
        return 0
    return 2 if east_asian_width(character) in "WF" else 1


def _visible(text: str) -> str:
    """Return one line without what is invisible, reorders, or stacks up over other lines."""
    text = clean(text)
    if text.isascii():
        return text
    kept: list[str] = []
    stacked = 0
    for character in text:
        stacked = 0 if _cells(character) else stacked + 1
        if stacked <= _MOST_STACKED:
            kept.append(character)
    return "".join(kept)


def as_json(reply: Reply[object]) -> str:
    """Return the reply for programs: decimals as strings, times in ISO 8601 with Z, durations in seconds."""
    match reply.data:
        case Failure(code, message):
            answer: dict[str, object] = {"error": {"code": code, "message": message}}
        case data:
            card, source = reply.card, reply.card.source
            answer = {
                "data": data,
                "card": {
                    "title": clean(card.title),
                    "lines": [clean(line) for line in card.lines],
                    "marks": card.marks,
                },
                "source": None if source is None else source.source,
                "as_of": None if source is None else source.as_of.astimezone(UTC),
            }
    return msgspec.json.encode(_simple(answer)).decode()


def _simple(value: object) -> object:
    return _rewritten(msgspec.to_builtins(value, builtin_types=(Decimal, timedelta), str_keys=True))


def _rewritten(value: object) -> object:
    match value:
        case Decimal():
            return f"{value:f}" if value.is_finite() else None
        case timedelta():
            return value.total_seconds()
        case dict():
            return {key: _rewritten(each) for key, each in value.items()}
        case list() | tuple():
            return [_rewritten(each) for each in value]
        case _:
            return value
