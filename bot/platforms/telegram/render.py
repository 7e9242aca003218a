"""Card → text and entities. No markup is ever parsed, so no foreign text can become any; offsets are UTF-16 units."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from bot.render.card import clean, marks, provenance, table_lines
from handlers.model import Card
from services.domain.language import say

MOST_TEXT: Final = 4096  # UTF-16 units: core.telegram.org/bots/api#sendmessage
MOST_CAPTION: Final = 1024  # core.telegram.org/bots/api#sendphoto
MOST_ALERT: Final = 200  # core.telegram.org/bots/api#answercallbackquery
_MOST_ENTITIES: Final = 100
_NUMBER_UNITS: Final = 12  # room for «(2/3)» and its line break

Style = Literal["", "bold", "italic", "pre"]
_PING = re.compile(r"(?<!\w)@(?=\w{4})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a message in one style."""

    text: str
    style: Style = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """A styled stretch of a text, in UTF-16 units."""

    style: Style
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Styled:
    """A text as Telegram takes it."""

    text: str
    marks: tuple[Mark, ...] = ()


def units(text: str) -> int:
    """Return the length as Telegram counts it."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "replace")) // 2


def parts(card: Card, *, first: str | None = None, alt: str | None = None) -> tuple[Styled, ...]:
    """Return a card as messages; `first` stands above it, `alt` is said where a picture is missing."""
    pages = _pages(_card_lines(card, first, alt), MOST_TEXT)
    if len(pages) == 1:
        return (_styled(pages[0]),)
    numbered = ([Line(f"({number}/{len(pages)})"), *page] for number, page in enumerate(pages, 1))
    return tuple(_styled(page) for page in numbered)


def caption(card: Card, *, first: str | None = None) -> Styled | None:
    """Return a card as the text under a picture, or None where it does not fit."""
    lines = _card_lines(card, first, None)
    return _styled(lines) if sum(units(line.text) + 1 for line in lines) <= MOST_CAPTION else None


def short_caption(card: Card, *, first: str | None = None) -> Styled:
    """Return what of a long card stands under its picture: what warns, its title, its source."""
    return _styled(_pages(_trimmed([*_head(card, first), *_foot(card)]), MOST_CAPTION)[0])


def plain(text: str) -> str:
    """Return foreign text on one line that pings nobody."""
    return _PING.sub("＠", clean(text))


def cut(text: str, most: int) -> str:
    """Return at most `most` UTF-16 units of `text`, no symbol broken; an ellipsis tells that more was there."""
    return text if units(text) <= most else _first_units(text, most - 1) + "…"


def _card_lines(card: Card, first: str | None, alt: str | None) -> list[Line]:
    lines = _head(card, first)
    lines += [Line(plain(line)) for line in card.lines]
    if alt is not None:
        lines.append(Line(plain(alt)))
    lines += [Line(line, "pre") for line in table_lines(card.table)] if card.table else []
    below = [*(Line(plain(note), "italic") for note in card.notes), *_foot(card)]
    apart = [Line("")] if below and lines and lines[-1].style == "" else []  # a table stands apart by itself
    return _trimmed([*lines, *apart, *below])


def _trimmed(lines: list[Line]) -> list[Line]:
    """Return lines that neither begin nor end blank: Telegram would cut that off, and shift every mark behind it."""
    _end(lines)
    while lines and not lines[0].text.strip():
        del lines[0]
    return [replace(lines[0], text=lines[0].text.lstrip()), *lines[1:]] if lines else [Line("–")]


def _end(lines: list[Line]) -> None:
    while lines and not lines[-1].text.strip():
        lines.pop()


def _head(card: Card, first: str | None) -> list[Line]:
    title = plain(card.title).strip()
    # A refusal is one sentence: nothing for it to stand out from.
    style: Style = "" if card.tone == "warning" and not (card.lines or card.table) else "bold"
    head = [Line(plain(first)) if first else None, Line(marks(card), "bold") if card.marks else None]
    return [line for line in (*head, Line(title, style) if title else None) if line is not None]


def _foot(card: Card) -> list[Line]:
    return [] if card.source is None else [Line(plain(provenance(card.source)))]


def possible_repeat(title: str | None) -> str:
    """Return the line above a message that may have been sent before; an alert's title tells which alert it is."""
    if title is None:
        return say("↻ Possible repeat of an earlier message.")
    return say("↻ Possible repeat of alert {title}", title=title)


def _pages(lines: Iterable[Line], most: int) -> list[list[Line]]:
    """Break lines into pages, each within `most` units together with its number."""
    room = most - _NUMBER_UNITS
    pages: list[list[Line]] = []
    left = stretches = 0
    for line in (short for long in lines for short in _short(long, room)):
        length = units(line.text) + 1
        stretches += not pages or pages[-1][-1].style != line.style
        if not pages or length > left or stretches > _MOST_ENTITIES:
            pages.append([])
            left, stretches = room, 1
        pages[-1].append(line)
        left -= length
    for page in pages:
        _end(page)
    return [page for page in pages if page]


def _short(line: Line, most: int) -> Iterable[Line]:
    text = line.text.rstrip()
    while units(text) >= most:
        head = _first_units(text, most - 1)
        at = head.rfind(" ", len(head) // 2)
        head = head[:at] if at > 0 else head
        yield Line(head.rstrip(), line.style)
        text = text[len(head) :].lstrip()
    yield Line(text, line.style)


def _first_units(text: str, most: int) -> str:
    """Return the longest beginning of at most `most` UTF-16 units that breaks no symbol."""
    return text.encode("utf-16-le", "replace")[: 2 * most].decode("utf-16-le", "ignore")


def _styled(lines: Sequence[Line]) -> Styled:
    text = "\n".join(line.text for line in lines)
    found: list[Mark] = []
    offset = 0
    for line in lines:
        length = units(line.text)
        if line.style and length:
            _mark(found, Mark(line.style, offset, length))
        offset += length + 1
    return Styled(text, tuple(found))


def _mark(found: list[Mark], mark: Mark) -> None:
    """Add a mark; lines of one style that follow each other are one stretch, as a table must be."""
    last = found[-1] if found else None
    if last is not None and last.style == mark.style and last.offset + last.length + 1 == mark.offset:
        found[-1] = Mark(mark.style, last.offset, last.length + 1 + mark.length)
    else:
        found.append(mark)
