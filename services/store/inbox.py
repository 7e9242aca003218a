"""Queries: updates as they came in, so that a kill loses no command and repeats none."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert  # its ON CONFLICT clause is also SQLite's

from services.domain.people import Platform
from services.store.columns import integer, micros, moment, words
from services.store.schema import inbox
from services.tx import Tx

_KEY = (
    inbox.c.platform == bindparam("the_platform"),
    inbox.c.bot_id == bindparam("the_bot"),
    inbox.c.update_id == bindparam("the_update"),
)
_ADD = (
    insert(inbox)
    .values(
        platform=bindparam("platform"), bot_id=bindparam("bot_id"), update_id=bindparam("update_id"),
        user_id=bindparam("user_id"), body=bindparam("body"), state="new", received_at=bindparam("received_at"),
    )
    .on_conflict_do_nothing()
)  # fmt: skip
_OPEN = (
    select(inbox.c.update_id, inbox.c.body, inbox.c.received_at)
    .where(
        inbox.c.platform == bindparam("the_platform"), inbox.c.bot_id == bindparam("the_bot"), inbox.c.state == "new"
    )
    .order_by(inbox.c.update_id)
)
_DONE = update(inbox).where(*_KEY, inbox.c.state == "new").values(state="done", body=None)
_PURGE = delete(inbox).where(inbox.c.received_at < bindparam("before"), inbox.c.state == "done")


@dataclass(frozen=True, slots=True)
class Receipt:
    """The number under which a platform sent an update; doing it and marking it done is one transaction."""

    platform: Platform
    bot_id: int
    update_id: int


@dataclass(frozen=True, slots=True)
class Received:
    """One update that is not done yet."""

    receipt: Receipt
    body: str
    at: datetime


def receive(tx: Tx, receipt: Receipt, user_id: int | None, body: str, now: datetime) -> bool:
    """Keep an update; return False for one that came before."""
    values = {
        "platform": receipt.platform, "bot_id": receipt.bot_id, "update_id": receipt.update_id, "user_id": user_id,
        "body": body, "received_at": micros(now),
    }  # fmt: skip
    return tx.run(_ADD, values) == 1


def unanswered(tx: Tx, platform: Platform, bot_id: int) -> list[Received]:
    """Return what a stopped process left undone, in the order in which it came."""
    return [
        Received(Receipt(platform, bot_id, integer(update_id)), words(body), moment(at))
        for update_id, body, at in tx.rows(_OPEN, {"the_platform": platform, "the_bot": bot_id})
    ]


def finish(tx: Tx, receipt: Receipt) -> bool:
    """Mark an update as done; return False if it was done before."""
    values = {"the_platform": receipt.platform, "the_bot": receipt.bot_id, "the_update": receipt.update_id}
    return tx.run(_DONE, values) == 1


def purge(tx: Tx, before: datetime) -> int:
    """Drop the numbers of updates that are too old to come again."""
    return tx.run(_PURGE, {"before": micros(before)})
