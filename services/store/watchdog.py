"""Queries: the rows that the watchdog leaves, and what the outbox still owes."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, bindparam, delete, func, select, text

from services.store.columns import integer, moment, words
from services.store.schema import alert, chat, condition, delivery, destination, event, event_input
from services.tx import Tx

_CHAT = bindparam("the_chat", type_=BigInteger)
_ALERTS = select(alert.c.id).where(alert.c.owner_chat == _CHAT)
_LAST = select(func.max(event.c.id)).where(event.c.alert_id.in_(_ALERTS)).scalar_subquery()
_OLD = select(event.c.id).where(event.c.alert_id.in_(_ALERTS), event.c.id < _LAST)
_EVENTS = select(event.c.id).where(event.c.alert_id.in_(_ALERTS))
_TIDY = (
    delete(delivery).where(delivery.c.event_id.in_(_OLD)),
    delete(event_input).where(event_input.c.event_id.in_(_OLD)),
    delete(event).where(event.c.alert_id.in_(_ALERTS), event.c.id < _LAST),
)
_REMOVE = (
    delete(delivery).where(delivery.c.event_id.in_(_EVENTS)),
    delete(event_input).where(event_input.c.event_id.in_(_EVENTS)),
    delete(event).where(event.c.alert_id.in_(_ALERTS)),
    delete(condition).where(condition.c.alert_id.in_(_ALERTS)),
    delete(alert).where(alert.c.owner_chat == _CHAT),
    delete(destination).where(destination.c.chat_id == _CHAT),
    delete(chat).where(chat.c.id == _CHAT),
)
_FIND = select(chat.c.id).where(chat.c.platform == "watchdog")
_OWED = (
    select(chat.c.platform, delivery.c.state, func.count(), func.min(delivery.c.created_at))
    .join(chat, chat.c.id == delivery.c.chat_id)
    .where(text("delivery.state IN ('pending', 'sending', 'unknown')"))
    .group_by(chat.c.platform, delivery.c.state)
)


@dataclass(frozen=True, slots=True)
class Backlog:
    """Messages of one platform that are owed and in one state."""

    platform: str
    state: str
    count: int
    since: datetime  # when the oldest was owed


def backlog(tx: Tx) -> tuple[Backlog, ...]:
    """Return what is owed and not settled."""
    return tuple(Backlog(words(p), words(state), integer(count), moment(at)) for p, state, count, at in tx.rows(_OWED))


def chat_of(tx: Tx) -> int | None:
    """Return the watchdog's chat, or None where there never was one."""
    found = tx.rows(_FIND)
    return integer(found[0][0]) if found else None


def tidy(tx: Tx, chat_id: int) -> None:
    """Drop every firing of the watchdog but the last."""
    for statement in _TIDY:
        tx.run(statement, {"the_chat": chat_id})


def remove(tx: Tx, chat_id: int) -> None:
    """Drop the watchdog with all that it left."""
    for statement in _REMOVE:
        tx.run(statement, {"the_chat": chat_id})
