"""Queries: when each bot logged in to its platform."""

from datetime import datetime

from sqlalchemy import bindparam, delete, func, insert, select

from services.domain.people import Platform
from services.store.columns import integer, micros
from services.store.schema import login
from services.tx import Tx

_ADD = insert(login).values(platform=bindparam("platform"), bot_id=bindparam("bot_id"), at=bindparam("at"))
_COUNT = select(func.count()).where(
    login.c.platform == bindparam("the_platform"), login.c.bot_id == bindparam("the_bot"),
    login.c.at >= bindparam("since")
)  # fmt: skip
_PURGE = delete(login).where(login.c.at < bindparam("before"))


def add(tx: Tx, platform: Platform, bot_id: int, at: datetime) -> None:
    """Note a log-in."""
    tx.run(_ADD, {"platform": platform, "bot_id": bot_id, "at": micros(at)})


def count(tx: Tx, platform: Platform, bot_id: int, since: datetime) -> int:
    """Return how many log-ins there were since then."""
    values = {"the_platform": platform, "the_bot": bot_id, "since": micros(since)}
    return integer(tx.rows(_COUNT, values)[0][0])


def purge(tx: Tx, before: datetime) -> int:
    """Drop log-ins that no budget counts any more."""
    return tx.run(_PURGE, {"before": micros(before)})
