"""Queries: deliveries, from owed to settled."""

from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from sqlalchemy import bindparam, func, select, text, update
from sqlalchemy.dialects.postgresql import insert  # its ON CONFLICT clause is also SQLite's

from services.domain.deliveries import URGENCY, Backlog, Delivery, DeliveryState, Kind
from services.domain.people import Place, Platform
from services.store.columns import (
    integer,
    integer_or_none,
    micros,
    moment,
    moment_or_none,
    words,
    words_or_none,
)
from services.store.schema import chat, delivery
from services.tx import Row, Tx, Value

_KINDS: dict[str, Kind] = {"alert": "alert", "reply": "reply", "notice": "notice"}
_STATES: dict[str, DeliveryState] = {
    "pending": "pending", "sending": "sending", "unknown": "unknown", "sent": "sent", "parked": "parked",
}  # fmt: skip
_PLATFORMS: dict[str, Platform] = {each: each for each in get_args(Platform)}

# Words rather than an IN list of parameters: the compiled text stays fixed, and a partial index can be used.
_UNSETTLED = text("delivery.state IN ('pending', 'unknown')")
_COLUMNS = (
    delivery.c.id, delivery.c.key, delivery.c.kind, delivery.c.event_id, delivery.c.chat_id, chat.c.platform,
    chat.c.bot_id, chat.c.chat_id.label("place"), chat.c.thread,
    chat.c.private_to, delivery.c.answers, delivery.c.card, delivery.c.state,
    delivery.c.attempt, delivery.c.unknowns, delivery.c.first_intended_at, delivery.c.not_before, delivery.c.created_at,
)  # fmt: skip
_SELECT = select(*_COLUMNS).join(chat, chat.c.id == delivery.c.chat_id)
# The first condition is that of the index, word for word.
_WAITING = select(func.count(), func.min(delivery.c.created_at)).where(
    text("state IN ('pending', 'sending', 'unknown')"), _UNSETTLED
)
_PARKED = select(func.count()).where(delivery.c.state == "parked")
_BY_ID = _SELECT.where(delivery.c.id == bindparam("the_id"))
_OPEN = _SELECT.where(_UNSETTLED).order_by(delivery.c.not_before, delivery.c.id)
_ADD = (
    insert(delivery)
    .values(
        key=bindparam("key"), kind=bindparam("kind"), event_id=bindparam("event_id"),
        destination_id=bindparam("destination_id"), chat_id=bindparam("chat_id"), answers=bindparam("answers"),
        card=bindparam("card"), state=bindparam("state"), urgency=bindparam("urgency"),
        not_before=bindparam("not_before"), attempt=bindparam("attempt"), intended_at=bindparam("intended_at"),
        first_intended_at=bindparam("intended_at"), created_at=bindparam("created_at"),
    )
    .on_conflict_do_nothing()
    .returning(delivery.c.id)
)  # fmt: skip
_INTEND = (
    update(delivery)
    .where(
        delivery.c.id == bindparam("the_id"), _UNSETTLED,
        delivery.c.attempt == bindparam("the_attempt"),  # whoever missed an attempt may not make one
    )
    .values(
        state="sending", attempt=delivery.c.attempt + 1, intended_at=bindparam("now"),
        first_intended_at=bindparam("first"),
    )
)  # fmt: skip
_SETTLE = (
    update(delivery)
    .where(delivery.c.id == bindparam("the_id"))
    .values(
        state=bindparam("state"), reason=bindparam("reason"), not_before=bindparam("not_before"),
        message_id=bindparam("message_id"), unknowns=bindparam("unknowns"), settled_at=bindparam("settled_at"),
        card=bindparam("card"), answers=bindparam("answers"),
    )
)  # fmt: skip
_ABANDONED = (
    update(delivery)
    .where(delivery.c.state == "sending")
    .values(state="unknown", unknowns=delivery.c.unknowns + 1, reason="stopped while sending")
)
_WAKE_CHAT = (
    update(delivery)
    .where(delivery.c.state == "parked", delivery.c.chat_id == bindparam("the_chat"))
    .values(state="pending", not_before=bindparam("now"), settled_at=None)
    .returning(delivery.c.id)
)
_WAKE_DUE = (
    update(delivery)
    .where(delivery.c.state == "parked", delivery.c.not_before <= bindparam("now"), delivery.c.attempt < 4)
    .values(state="pending", settled_at=None)
    .returning(delivery.c.id)
)


def _delivery(row: Row) -> Delivery:
    (id_, key, kind, event, chat_id, platform, bot_id, number, thread, private_to, answers, card, state,
     attempt, unknowns, first, not_before, created_at) = row  # fmt: skip
    return Delivery(
        id=integer(id_), key=words(key), kind=_KINDS[words(kind)], event=integer_or_none(event), chat=integer(chat_id),
        place=Place(_PLATFORMS[words(platform)], integer(bot_id), integer(number), integer(thread) or None),
        private=private_to is not None,
        answers=words_or_none(answers), card=words_or_none(card), state=_STATES[words(state)],
        attempt=integer(attempt), unknowns=integer(unknowns), first_intended_at=moment_or_none(first),
        not_before=moment(not_before), created_at=moment(created_at),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Owed:
    """A message to be owed. `key` says which one it is, so that the same cannot be owed twice."""

    key: str
    kind: Kind
    chat: int
    event: int | None = None
    destination: int | None = None
    answers: str | None = None  # the message or interaction that a reply answers
    card: str | None = None


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of an attempt, as it is stored."""

    state: DeliveryState
    reason: str | None = None
    message_id: int | None = None
    not_before: datetime | None = None
    unknown: bool = False  # one more attempt whose outcome nobody knows


def add(tx: Tx, owed: Owed, now: datetime, *, sending: bool = False) -> Delivery | None:
    """Owe one message; with `sending` it is also intended in the same commit. Return None if it was owed already."""
    values: dict[str, Value] = {
        "key": owed.key, "kind": owed.kind, "event_id": owed.event, "destination_id": owed.destination,
        "chat_id": owed.chat, "answers": owed.answers, "card": owed.card, "urgency": URGENCY[owed.kind],
        "state": "sending" if sending else "pending", "attempt": int(sending), "not_before": micros(now),
        "intended_at": micros(now) if sending else None, "created_at": micros(now),
    }  # fmt: skip
    made = tx.rows(_ADD, values)
    return by_id(tx, integer(made[0][0])) if made else None


def by_id(tx: Tx, delivery_id: int) -> Delivery | None:
    """Return one delivery."""
    found = tx.rows(_BY_ID, {"the_id": delivery_id})
    return _delivery(found[0]) if found else None


def unsettled(tx: Tx) -> list[Delivery]:
    """Return everything that is owed and not under way, oldest first."""
    return [_delivery(row) for row in tx.rows(_OPEN)]


def backlog(tx: Tx) -> Backlog:
    """Count what is owed and not under way, and what is parked."""
    [(waiting, oldest)], [(parked,)] = tx.rows(_WAITING), tx.rows(_PARKED)
    return Backlog(integer(waiting), moment_or_none(oldest), integer(parked))


def abandon(tx: Tx) -> int:
    """Turn what a dead process left as sending into unknown; return how many there were."""
    return tx.run(_ABANDONED)


def intend(tx: Tx, owed: Delivery, now: datetime) -> bool:
    """Commit that the next thing is the first byte; return False if it is no longer owed."""
    first = owed.first_intended_at or now
    values = {"the_id": owed.id, "the_attempt": owed.attempt, "now": micros(now), "first": micros(first)}
    return tx.run(_INTEND, values) == 1


def settle(tx: Tx, owed: Delivery, settlement: Settlement, now: datetime) -> None:
    """Store what became of an attempt. What has arrived keeps no text."""
    sent = settlement.state == "sent"
    values: dict[str, Value] = {
        "the_id": owed.id, "state": settlement.state, "reason": settlement.reason,
        "message_id": settlement.message_id, "not_before": micros(settlement.not_before or owed.not_before),
        "unknowns": owed.unknowns + int(settlement.unknown),
        "settled_at": micros(now) if settlement.state in ("sent", "parked") else None,
        "card": None if sent else owed.card, "answers": None if sent else owed.answers,
    }  # fmt: skip
    tx.run(_SETTLE, values)


def wake_chat(tx: Tx, chat_id: int, now: datetime) -> list[int]:
    """Owe again what was parked for a chat that takes messages again."""
    return [integer(row[0]) for row in tx.rows(_WAKE_CHAT, {"the_chat": chat_id, "now": micros(now)})]


def wake_due(tx: Tx, now: datetime) -> list[int]:
    """Owe again what was parked long enough to try once more."""
    return [integer(row[0]) for row in tx.rows(_WAKE_DUE, {"now": micros(now)})]
