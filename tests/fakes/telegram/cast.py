"""The people, chats and props of the tests."""

import aiohttp
from telegram import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
)

from . import (
    Chat,
    User,
)

ANN = User(42, "Ann")
DESK = Chat(-500, "group", title="Desk")
FORUM = Chat(-1001234567890, "supergroup", title="Forum", is_forum=True)
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x40\x00\x00\x00\x20\x08\x06\x00\x00\x00\r\n--not-a-boundary\r\n"
REFRESH = InlineKeyboardMarkup([[InlineKeyboardButton("Refresh", callback_data="price btc")]])


class HandClock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


async def refusal(session: aiohttp.ClientSession, method: str, **params: object) -> tuple[int, str]:
    """Status and description of the error answer to a JSON call."""
    async with session.post(method, json=params) as answer:
        body = await answer.json()
    assert body["ok"] is False
    assert body["error_code"] == answer.status
    return answer.status, body["description"]
