"""Reply → messages: a card becomes an embed, a chart its picture, buttons their rows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final

import structlog
from msgspec import UNSET
from msgspec.structs import replace as changed

from bot.platforms.discord import text
from bot.platforms.discord.conversing import Pictures, Rows
from bot.platforms.discord.wire import Attachment, ButtonRow, Embed, Image, Message, PressButton
from bot.render.card import clean, marks
from bot.render.charts import ChartError
from handlers.model import Card, Provenance, Reply, Tone
from services.domain.language import say

log = structlog.get_logger()
TITLE, DESCRIPTION, CONTENT, LABEL, ALT = 256, 4096, 2000, 80, 1024
EMBEDS: Final = 6000  # over all embeds of a message
_ROWS, _PER_ROW = 5, 5
_PICTURE: Final = "chart.png"
_COLORS: dict[Tone, int] = {"up": 0x2E9E5B, "down": 0xD04437, "neutral": 0x5B6B7F, "warning": 0xD9A300}
Naming = Callable[[str, str], str]
"""(command line, reference) → the button's `custom_id`."""


@dataclass(frozen=True, slots=True)
class Draft:
    """One message to send or to put in another's place, with its picture."""

    message: Message
    png: bytes | None = None


@dataclass(frozen=True, slots=True)
class Extras:
    """What a message carries beside the reply's card."""

    rows: tuple[ButtonRow, ...] = ()
    repeat: bool = False  # it may be a second copy, and says so
    tag: str = ""  # shown where no button can carry it, to find the message again


async def drafts(reply: Reply[object], pictures: Pictures, extras: Extras) -> tuple[Draft, ...]:
    """Return the messages of a reply, the picture in the first, the buttons below the last."""
    png = await _picture(reply, pictures)
    card = reply.card if png is not None else _described(reply)
    title, above = _title(card)
    found = text.pages(chain(above, _parts(card, extras)), DESCRIPTION)
    made = [_message(title, page, card.tone, (at, len(found))) for at, page in enumerate(found, 1)]
    made[-1] = changed(made[-1], components=extras.rows)
    if png is not None and reply.chart is not None:
        made[0] = _with_picture(made[0], reply.chart.alt)
    return (Draft(made[0], png), *map(Draft, made[1:]))


def fits(card: Card) -> bool:
    """Say whether a card is one message, however it is labelled."""
    title, above = _title(card)
    labelled = Extras(repeat=True, tag="x" * 8)
    found = text.pages(chain(above, _parts(card, labelled)), DESCRIPTION)
    return len(found) == 1 and text.units(title) + text.units(found[0]) <= EMBEDS


def plain_drafts(reply: Reply[object], extras: Extras) -> tuple[Draft, ...]:
    """Return the same words without embed, picture and buttons, for when Discord refuses those."""
    title = [(f"**{text.plain(reply.card.title)}**", False)]
    found = text.pages(chain(title, _parts(_described(reply), extras)), CONTENT - 8)
    last = len(found)
    return tuple(
        Draft(Message(content=page if last == 1 else f"{page}\n{_number(at, last)}"))
        for at, page in enumerate(found, 1)
    )


def rows(offered: Rows, reply: Reply[object], name: Naming) -> tuple[ButtonRow, ...]:
    """Return a reply's buttons for its references, at most five rows of five."""
    made = (
        tuple(
            PressButton(_cut(clean(label), LABEL), name(button.line, ref))
            for (label, ref), button in zip(row[:_PER_ROW], buttons, strict=False)
        )
        for row, buttons in zip(offered[:_ROWS], reply.buttons, strict=False)
    )
    return tuple(ButtonRow(row) for row in made if row)


async def _picture(reply: Reply[object], pictures: Pictures) -> bytes | None:
    if reply.chart is None:
        return None
    try:
        return await pictures.png(reply.chart)
    except ChartError as failure:
        log.warning("discord.no_chart", reason=str(failure))
        return None


def _described(reply: Reply[object]) -> Card:
    """Return the card with the words that stand for its chart, unless it has them already."""
    card = reply.card
    if reply.chart is None or reply.chart.alt in (*card.lines, *card.notes):
        return card
    return replace(card, notes=(*card.notes, reply.chart.alt))


def _title(card: Card) -> tuple[str, list[tuple[str, bool]]]:
    """Return the title, or nothing and a bold first line where it is too long for one."""
    title = text.plain(card.title)
    return (title, []) if text.units(title) <= TITLE - 8 else ("", [(f"**{title}**", False)])


def _parts(card: Card, extras: Extras) -> Iterator[tuple[str, bool]]:
    if extras.repeat:
        yield f"**{say('↻ Possible repeat: this message may have reached you before.')}**", False
    if card.marks:
        yield f"**{marks(card)}**", False
    for line in card.lines:
        yield from ((each, False) for each in list(text.lines(line)) or [""])
    yield from ((row, True) for row in text.table(card.table))
    for note in card.notes:
        yield from ((f"-# {each}", False) for each in text.lines(note))
    last = [] if card.source is None else [_provenance(card.source)]
    last += [extras.tag] if extras.tag and not extras.rows else []
    if last:
        yield f"-# {' · '.join(last)}", False


def _provenance(source: Provenance) -> str:
    stamp = int(source.as_of.timestamp())
    if source.age_seconds is None:
        return f"{text.plain(source.source)} · <t:{stamp}:R>"
    return f"{text.plain(source.source)} · <t:{stamp}:f> · **<t:{stamp}:R>**"


def _message(title: str, page: str, tone: Tone, number: tuple[int, int]) -> Message:
    at, last = number
    named = title if last == 1 else f"{title} {_number(at, last)}".strip()
    return Message(embeds=(Embed(_COLORS[tone], page or UNSET, named or UNSET),))


def _with_picture(message: Message, alt: str) -> Message:
    (embed,) = message.embeds
    return changed(
        message,
        embeds=(changed(embed, image=Image(f"attachment://{_PICTURE}")),),
        attachments=(Attachment(0, _PICTURE, _cut(clean(alt), ALT)),),
    )


def _number(at: int, last: int) -> str:
    return f"({at}/{last})"


def _cut(words: str, most: int) -> str:
    return words if len(words) <= most else f"{words[: most - 1]}…"
