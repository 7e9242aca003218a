"""Words for Discord: nothing foreign may format, ping, hide or reverse them."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Final

from discord.utils import escape_markdown, escape_mentions

from bot.render.card import clean, table_lines
from handlers.model import Row

FENCE: Final = "```"
_LINK: Final = re.compile(r"://|(?<=\bwww)\.|(?<=discord)\.(?=gg)", re.IGNORECASE)


def units(text: str) -> int:
    """Return the length in UTF-16 units, which is never less than what Discord counts."""
    return len(text) + sum(1 for each in text if ord(each) > 0xFFFF)


def plain(text: str) -> str:
    """Return one line that Discord shows as it is: no markup, no mention, no timestamp, no link."""
    escaped = escape_mentions(escape_markdown(clean(text), ignore_links=False))
    return _LINK.sub(lambda found: found[0].replace("/", "\\/").replace(".", "\\."), escaped.replace("<", "\\<"))


def lines(text: str) -> Iterator[str]:
    """Return the lines of a text of several lines, each as `plain`."""
    return (plain(line) for line in text.splitlines())


def table(rows: Sequence[Row]) -> list[str]:
    """Return the rows with aligned columns, for a block of code that nothing in them can end."""
    return [line.replace("`", "'") for line in table_lines(rows)]


def pages(parts: Iterable[tuple[str, bool]], most: int) -> tuple[str, ...]:
    """Return texts of at most `most` units that hold all parts in order; a part is a line and whether it is code."""
    done: list[str] = []
    current: list[tuple[str, bool]] = []
    for piece in chain.from_iterable(_pieces(part, most) for part in parts):
        if current and units(_written([*current, piece])) > most:
            done.append(_written(current))
            current = []
        current.append(piece)
    return (*done, _written(current)) if current else tuple(done) or ("",)


def _pieces(part: tuple[str, bool], most: int) -> Iterator[tuple[str, bool]]:
    text, code = part
    room = (most - 2 * len(FENCE) - 2) // 2  # a character counts as two at most
    while units(text) > most - 2 * len(FENCE) - 2:
        cut = text.rfind(" ", room // 2, room)
        cut = room if cut < 0 else cut
        cut -= (len(text[:cut]) - len(text[:cut].rstrip("\\"))) % 2  # an escape stays with what it escapes
        yield text[:cut], code
        text = text[cut:].lstrip(" ")
    yield text, code


def _written(parts: Sequence[tuple[str, bool]]) -> str:
    written: list[str] = []
    inside = False
    for text, code in parts:
        if code != inside:
            written.append(FENCE)
            inside = code
        written.append(text)
    if inside:
        written.append(FENCE)
    return "\n".join(written)
