"""Queries: where messages went lately, so that a new process keeps to the windows that an old one began."""

from datetime import datetime

from sqlalchemy import select

from services.domain.people import Place, Platform
from services.store.columns import moment
from services.store.outbox import place_of
from services.store.schema import chat, delivery
from services.tx import Tx

_LONGEST_WINDOW = 60.0  # seconds
_LATELY = (
    select(chat.c.platform, chat.c.bot_id, chat.c.chat_id, chat.c.thread, chat.c.private_to, delivery.c.intended_at)
    .join(chat, chat.c.id == delivery.c.chat_id)
    .order_by(delivery.c.id.desc())
    .limit(3_000)  # more than any platform takes in its longest window
)


def lately(tx: Tx, platform: Platform, bot_id: int, now: datetime) -> list[tuple[Place, bool, float]]:
    """Return where a bot's messages of the last minute went, whether that is private, and how many seconds ago."""
    left = [
        (place_of(*where), private_to is not None, (now - moment(at)).total_seconds())
        for *where, private_to, at in tx.rows(_LATELY)
        if at is not None
    ]
    mine = (each for each in left if (each[0].platform, each[0].bot_id) == (platform, bot_id))
    return sorted((each for each in mine if 0 <= each[2] < _LONGEST_WINDOW), key=lambda each: -each[2])
