"""A reply too long for one message → several replies, numbered, each of which fits; nothing is left out."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import Literal

from handlers.model import Card, Reply, Row

Fits = Callable[[Card], bool]
_SURELY_SHORT = 900  # characters: escaped and in any alphabet still less than any platform takes
_SHORTEST = 16  # a piece of a line; below that no platform's limit lies
_Piece = tuple[Literal["line", "row", "note"], str | Row]


def divided(reply: Reply[object], fits: Fits) -> tuple[Reply[object], ...]:
    """Return the reply as one that fits, or as several in order: the chart in the first, the buttons in the last."""
    card = reply.card
    if _length(card) < _SURELY_SHORT or fits(card):
        return (reply,)
    numbered = replace(card, title=_numbered(_short_title(card, fits), 999, 999), lines=(), table=(), notes=())
    if not fits(numbered):
        return (reply,)  # its platform breaks it as it can
    pages = _pages(list(_pieces(card)), numbered, fits)
    made = [
        _filled(replace(numbered, title=_numbered(_short_title(card, fits), at, len(pages))), page)
        for at, page in enumerate(pages, 1)
    ]
    return tuple(
        replace(
            reply,
            card=each,
            chart=reply.chart if at == 0 else None,
            buttons=reply.buttons if at == len(made) - 1 else (),
        )
        for at, each in enumerate(made)
    )


def _length(card: Card) -> int:
    cells = chain.from_iterable(row.cells for row in card.table)
    padding = 34 * len(card.table)
    return len(card.title) + padding + sum(len(each) + 1 for each in chain(card.lines, card.notes, cells))


def _numbered(title: str, at: int, last: int) -> str:
    return f"{title} ({at}/{last})".strip()


def _short_title(card: Card, fits: Fits) -> str:
    return card.title if fits(Card(_numbered(card.title, 999, 999))) and len(card.title) <= _SURELY_SHORT else ""


def _pieces(card: Card) -> Iterator[_Piece]:
    if len(card.title) > _SURELY_SHORT:
        yield "line", card.title
    yield from (("line", line) for text in card.lines for line in text.splitlines() or [""])
    yield from (("row", row) for row in card.table)
    yield from (("note", line) for text in card.notes for line in text.splitlines())


def _pages(pieces: list[_Piece], blank: Card, fits: Fits) -> list[list[_Piece]]:
    pages: list[list[_Piece]] = [[]]
    waiting = pieces[::-1]
    while waiting:
        piece = waiting.pop()
        if fits(_filled(blank, [*pages[-1], piece])):
            pages[-1].append(piece)
        elif pages[-1]:
            pages.append([])
            waiting.append(piece)
        else:
            waiting += _halves(piece)[::-1]
    return pages


def _halves(piece: _Piece) -> list[_Piece]:
    """Return a piece that no message holds as two; a row of a table becomes lines."""
    kind, content = piece
    if isinstance(content, Row):
        return [("line", "  ".join(content.cells))]
    if len(content) <= _SHORTEST:
        return []  # nothing of a platform is so narrow: what stands beside it fills the message
    middle = len(content) // 2
    at = content.rfind(" ", middle // 2, middle)
    at = middle if at < 0 else at
    return [(kind, content[:at]), (kind, content[at:].lstrip(" "))]


def _filled(blank: Card, pieces: Sequence[_Piece]) -> Card:
    return replace(
        blank,
        lines=tuple(each for kind, each in pieces if kind == "line" and isinstance(each, str)),
        table=tuple(each for _, each in pieces if isinstance(each, Row)),
        notes=tuple(each for kind, each in pieces if kind == "note" and isinstance(each, str)),
    )
