"""Send and edit texts: nearly all calls do, and building the library's own objects would cost more than the sending."""

import logging
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
from telegram import Bot
from telegram.request import RequestData
from telegram.request._requestparameter import RequestParameter

from bot.platforms.telegram.render import Styled, cut
from bot.render.card import clean
from services.domain.people import Place

log = logging.getLogger(__name__)  # not structlog: a line that is not written costs a tenth

_LONGEST_LABEL: Final = 40
_LABEL_ROOM: Final = (_LONGEST_LABEL, 18, 14, 8, 6)  # of each button of a row of 1, 2, … on a phone, in characters
_MOST_BUTTONS: Final = 100


class Button(msgspec.Struct, frozen=True, omit_defaults=True):
    """One button: a reference that comes back when it is pressed, or an address that opens."""

    text: str
    callback_data: str | None = None
    url: str | None = None


class Keyboard(msgspec.Struct, frozen=True):
    """The buttons under a message, in rows."""

    inline_keyboard: list[list[Button]]


class _Entity(msgspec.Struct, frozen=True):
    type: str
    offset: int
    length: int


class _Preview(msgspec.Struct, frozen=True):
    is_disabled: bool = True


class _Answered(msgspec.Struct, frozen=True):
    message_id: int
    allow_sending_without_reply: bool = True


_NO_PREVIEW: Final = _Preview()


def keyboard(rows: Iterable[Sequence[tuple[str, str]]]) -> Keyboard | None:
    """Return buttons for rows of (label, reference), broken as a phone shows them; None for no button."""
    buttons = [[Button(_label(label), ref) for label, ref in row] for row in rows if row]
    made = [short for row in buttons for short in _short_rows(row)]
    while sum(map(len, made)) > _MOST_BUTTONS:
        made.pop()
    return Keyboard(made) if made else None


def _label(label: str) -> str:
    return cut(clean(label).strip() or "…", _LONGEST_LABEL)


def _short_rows(row: list[Button]) -> list[list[Button]]:
    """Break a row evenly into as few as a phone shows without cutting labels."""
    for count in range(1, len(row) + 1):
        size = -(-len(row) // count)
        broken = [row[at : at + size] for at in range(0, len(row), size)]
        if size <= len(_LABEL_ROOM) and max([len(each.text) for each in row]) <= _LABEL_ROOM[size - 1]:
            return broken
    return [[each] for each in row]


async def send_text(bot: Bot, place: Place, styled: Styled, buttons: Keyboard | None, reply_to: int | None) -> int:
    """Send a text and return its number; raise what the library raises."""
    sent = await _call(
        bot, "sendMessage", chat_id=place.chat_id, text=styled.text, entities=_entities(styled), reply_markup=buttons,
        message_thread_id=place.thread, reply_parameters=None if reply_to is None else _Answered(reply_to),
        link_preview_options=_NO_PREVIEW,
    )  # fmt: skip
    assert isinstance(sent, dict)
    return int(sent["message_id"])


async def edit_text(bot: Bot, chat: int, message: int, styled: Styled, buttons: Keyboard | None) -> None:
    """Change a text in place; raise what the library raises."""
    await _call(
        bot, "editMessageText", chat_id=chat, message_id=message, text=styled.text, entities=_entities(styled),
        reply_markup=buttons, link_preview_options=_NO_PREVIEW,
    )  # fmt: skip


async def _call(bot: Bot, method: str, **parameters: object) -> object:
    log.debug("calling %s", method)
    given = [RequestParameter(name, value, None) for name, value in parameters.items() if value is not None]
    return await bot.request.post(f"{bot.base_url}/{method}", RequestData(given))


def _entities(styled: Styled) -> list[_Entity] | None:
    return [_Entity(mark.style, mark.offset, mark.length) for mark in styled.marks] or None
