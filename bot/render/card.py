"""What every chat platform needs of a card: foreign text made harmless, aligned tables, the line of provenance."""

import re
from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Final
from unicodedata import east_asian_width

from handlers import times
from handlers.model import Card, Provenance, Row
from services.domain.language import say

TABLE_COLUMNS: Final = 34
"""What a phone shows in a fixed-width font without breaking the line."""

_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
_BREAKS = re.compile("[\t\n\u2028\u2029]+")
_NUMERIC = re.compile(r"(?:R?[^\w\s]{0,3}\d.{0,17})?|[–-]")  # $1.2K, R$5, #1, 19.9M BTC, 22 Nov 2026, or nothing


def clean(text: str) -> str:
    """Return `text` on one line, without characters that hide, reorder or break what is read."""
    if text.isprintable():
        return text if text.isascii() else _INVISIBLE.sub("", text)
    return _INVISIBLE.sub("", _BREAKS.sub(" ", text))


def marks(card: Card) -> str:
    """Return what makes these numbers special, to stand above everything else; empty for a plain card."""
    return f"⚠ {' · '.join(card.marks)}" if card.marks else ""


@lru_cache(maxsize=1024)
def provenance(source: Provenance) -> str:
    """Return the last line of a card: source, the time of the numbers in UTC, and their age where it is abnormal."""
    parts = [clean(source.source), times.second(source.as_of)]
    if source.age_seconds is not None:
        parts.append(say("{age} old", age=times.age(timedelta(seconds=source.age_seconds))))
    return " · ".join(part for part in parts if part)


def table_lines(rows: Sequence[Row], columns: int = TABLE_COLUMNS) -> list[str]:
    """Return a table's lines, columns aligned and numbers to the right; nothing is cut off to make it fit.

    What is wider than `columns` gives up padding first; then each label stands on a line of its own.
    """
    cells = [[clean(cell) for cell in row.cells] for row in rows]
    count = max(map(len, cells), default=0)
    filled = [row + [""] * (count - len(row)) for row in cells]
    widths = [max(_width(row[index]) for row in filled) for index in range(count)]
    right = [index > 0 and all(_is_number(row[index]) for row in filled[1:] or filled) for index in range(count)]
    for gap in (2, 1):
        if sum(widths) + gap * (count - 1) <= columns:
            return [_aligned(row, widths, right, gap) for row in filled]
    return [line for row in filled for line in _folded(row, columns)]


def _is_number(cell: str) -> bool:
    return _NUMERIC.fullmatch(cell) is not None


def _aligned(row: list[str], widths: list[int], right: list[bool], gap: int) -> str:
    padded = [
        " " * (width - _width(cell)) + cell if to_right else cell + " " * (width - _width(cell))
        for cell, width, to_right in zip(row, widths, right, strict=True)
    ]
    return (" " * gap).join(padded).rstrip()


def _folded(row: list[str], columns: int) -> list[str]:
    label, *values = row
    lines = _wrapped(label, columns) if label else []
    return lines + [f"  {line}" for line in _wrapped("  ".join(value for value in values if value), columns - 2)]


def _wrapped(text: str, columns: int) -> list[str]:
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if line and _width(longer) > columns:
            lines.append(line.rstrip())
            line = word
        else:
            line = longer
    return [*lines, line.rstrip()] if line.strip() else lines


def _width(text: str) -> int:
    return len(text) if text.isascii() else sum(2 if east_asian_width(each) in "WF" else 1 for each in text)
