"""Queries: deliveries, from owed to settled."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from sqlalchemy import bindparam, case, func, select, text, update
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
    delivery.c.lead_id,
)  # fmt: skip
_LEADS = delivery.c.lead_id.is_(None) | (delivery.c.lead_id == delivery.c.id)  # the others go with theirs
_LED = delivery.c.lead_id == bindparam("the_lead")
_SELECT = select(*_COLUMNS).join(chat, chat.c.id == delivery.c.chat_id)
# The first condition is that of the index, word for word.
_WAITING = select(func.count(), func.min(delivery.c.created_at)).where(
    text("state IN ('pending', 'sending', 'unknown')"), _UNSETTLED
)
_PARKED = select(func.count()).where(delivery.c.state == "parked")
_BY_ID = _SELECT.where(delivery.c.id == bindparam("the_id"))
_MEMBERS = select(delivery.c.id).where(_LED).order_by(delivery.c.id)
_OPEN = _SELECT.where(_UNSETTLED, _LEADS).order_by(delivery.c.not_before, delivery.c.id)
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
_REWRITE = update(delivery).where(delivery.c.id == bindparam("the_id")).values(card=bindparam("the_card"))
_LEAD = (
    update(delivery)
    .where(delivery.c.id == bindparam("the_id"), _UNSETTLED, delivery.c.lead_id.is_(None))
    .values(lead_id=bindparam("the_lead"))
)
_INTEND_LED = (
    update(delivery)
    .where(_LED, delivery.c.id != bindparam("the_lead"))
    .values(
        state="sending", attempt=delivery.c.attempt + 1, intended_at=bindparam("now"),
        first_intended_at=func.coalesce(delivery.c.first_intended_at, bindparam("now")),
    )
)  # fmt: skip
_SETTLE_LED = (
    update(delivery)
    .where(_LED, delivery.c.id != bindparam("the_lead"))
    .values(
        state=bindparam("state"), reason=bindparam("reason"), not_before=bindparam("not_before"),
        message_id=bindparam("message_id"), unknowns=delivery.c.unknowns + bindparam("more"),
        settled_at=bindparam("settled_at"),
    )
)  # fmt: skip
_LONE = (
    update(delivery)
    .where(_UNSETTLED, delivery.c.lead_id.is_not(None), delivery.c.lead_id.not_in(select(delivery.alias().c.id)))
    .values(lead_id=None)
)
_SETTLE = (
    update(delivery)
    .where(delivery.c.id == bindparam("the_id"))
    .values(
        state=bindparam("state"), reason=bindparam("reason"), not_before=bindparam("not_before"),
        message_id=bindparam("message_id"), unknowns=bindparam("unknowns"), settled_at=bindparam("settled_at"),
        card=case((bindparam("sent") == 0, delivery.c.card)),
        answers=case((bindparam("sent") == 0, delivery.c.answers)),
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
    .returning(delivery.c.id, delivery.c.lead_id)
)
_WAKE_DUE = (
    update(delivery)
    .where(delivery.c.state == "parked", delivery.c.not_before <= bindparam("now"))
    .values(state="pending", settled_at=None)
    .returning(delivery.c.id, delivery.c.lead_id)
)


def _delivery(tx: Tx, row: Row) -> Delivery:
    (id_, key, kind, event, chat_id, platform, bot_id, number, thread, private_to, answers, card, state,
     attempt, unknowns, first, not_before, created_at, lead) = row  # fmt: skip
    members = tx.rows(_MEMBERS, {"the_lead": lead}) if lead is not None and lead == id_ else ()
    return Delivery(
        id=integer(id_), key=words(key), kind=_KINDS[words(kind)], event=integer_or_none(event), chat=integer(chat_id),
        place=place_of(platform, bot_id, number, thread),
        private=private_to is not None,
        answers=words_or_none(answers), card=words_or_none(card), state=_STATES[words(state)],
        attempt=integer(attempt), unknowns=integer(unknowns), first_intended_at=moment_or_none(first),
        not_before=moment(not_before), created_at=moment(created_at),
        members=tuple(integer(row[0]) for row in members),
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


def add(
    tx: Tx, owed: Owed, now: datetime, *, sending: bool = False, to: tuple[Place, bool] | None = None
) -> Delivery | None:
    """Owe one message; with `sending` it is also intended in the same commit. Return None if it was owed already.

    `to` is the chat's place and whether it is private, where the caller knows: it is not read again then.
    """
    values: dict[str, Value] = {
        "key": owed.key, "kind": owed.kind, "event_id": owed.event, "destination_id": owed.destination,
        "chat_id": owed.chat, "answers": owed.answers, "card": owed.card, "urgency": URGENCY[owed.kind],
        "state": "sending" if sending else "pending", "attempt": int(sending), "not_before": micros(now),
        "intended_at": micros(now) if sending else None, "created_at": micros(now),
    }  # fmt: skip
    made = tx.rows(_ADD, values)
    if not made or to is None:
        return by_id(tx, integer(made[0][0])) if made else None
    at = moment(values["created_at"])
    return Delivery(
        id=integer(made[0][0]), key=owed.key, kind=owed.kind, event=owed.event, chat=owed.chat, place=to[0],
        private=to[1], answers=owed.answers, card=owed.card, state="sending" if sending else "pending",
        attempt=int(sending), unknowns=0, first_intended_at=at if sending else None, not_before=at, created_at=at,
    )  # fmt: skip


def by_id(tx: Tx, delivery_id: int) -> Delivery | None:
    """Return one delivery."""
    found = tx.rows(_BY_ID, {"the_id": delivery_id})
    return _delivery(tx, found[0]) if found else None


def unsettled(tx: Tx) -> list[Delivery]:
    """Return everything that is owed and not under way, oldest first; what is told together by its lead alone."""
    return [_delivery(tx, row) for row in tx.rows(_OPEN)]


def place_of(platform: Value, bot_id: Value, number: Value, thread: Value) -> Place:
    """Return a chat's columns as a place."""
    return Place(_PLATFORMS[words(platform)], integer(bot_id), integer(number), integer(thread) or None)


def backlog(tx: Tx) -> Backlog:
    """Count what is owed and not under way, and what is parked."""
    [(waiting, oldest)], [(parked,)] = tx.rows(_WAITING), tx.rows(_PARKED)
    return Backlog(integer(waiting), moment_or_none(oldest), integer(parked))


def abandon(tx: Tx) -> int:
    """Turn what a dead process left as sending into unknown; return how many there were."""
    abandoned = tx.run(_ABANDONED)
    tx.run(_LONE)
    return abandoned


def intend(tx: Tx, owed: Delivery, now: datetime) -> bool:
    """Commit that the next thing is the first byte, of all that it tells; return False if it is no longer owed."""
    first = owed.first_intended_at or now
    values = {"the_id": owed.id, "the_attempt": owed.attempt, "now": micros(now), "first": micros(first)}
    if tx.run(_INTEND, values) != 1:
        return False
    if owed.members:
        tx.run(_INTEND_LED, {"the_lead": owed.id, "now": micros(now)})
    return True


def rewrite(tx: Tx, delivery_id: int, card: str) -> None:
    """Keep the words of a message that is about to leave."""
    tx.run(_REWRITE, {"the_id": delivery_id, "the_card": card})


def following(owed: Delivery, cards: Sequence[str]) -> tuple[Owed, ...]:
    """Return what is owed when a message is too long for one: its further parts, each by itself."""
    stem = owed.key.removesuffix(" part 0")
    return tuple(
        Owed(f"{stem} part {number}", owed.kind, owed.chat, event=owed.event, card=card)
        for number, card in enumerate(cards, 1)
    )


def open_among(tx: Tx, members: Sequence[int]) -> list[int]:
    """Return which of these are still owed, by themselves or as lead."""
    found = [by_id(tx, each) for each in members]
    return [each.id for each in found if each is not None and each.state in ("pending", "unknown")]


def gather(tx: Tx, owed: Delivery) -> bool:
    """Keep which deliveries are told in the message of `owed`; False, and nothing kept, if one is owed no longer."""
    found = {each: by_id(tx, each) for each in owed.members}
    lead = found[owed.id]
    if lead is None or lead.members or lead.attempt != owed.attempt:
        return lead is not None and lead.members == owed.members
    if any(each is None or each.state != "pending" or each.unknowns for each in found.values()):
        return False
    return sum(tx.run(_LEAD, {"the_id": each, "the_lead": owed.id}) for each in found) == len(found)


def settle(tx: Tx, owed: Delivery, settlement: Settlement, now: datetime) -> None:
    """Store what became of an attempt. What has arrived keeps no text."""
    sent = settlement.state == "sent"
    values: dict[str, Value] = {
        "the_id": owed.id, "state": settlement.state, "reason": settlement.reason,
        "message_id": settlement.message_id, "not_before": micros(settlement.not_before or owed.not_before),
        "unknowns": owed.unknowns + int(settlement.unknown),
        "settled_at": micros(now) if settlement.state in ("sent", "parked") else None,
        "sent": int(sent),
    }  # fmt: skip
    tx.run(_SETTLE, values)
    if owed.members:
        told: dict[str, Value] = {
            "the_lead": owed.id, "more": int(settlement.unknown),
            **{name: values[name] for name in ("state", "reason", "message_id", "not_before", "settled_at")},
        }  # fmt: skip
        tx.run(_SETTLE_LED, told)


def wake_chat(tx: Tx, chat_id: int, now: datetime) -> list[int]:
    """Owe again what was parked for a chat that takes messages again."""
    return _leads(tx.rows(_WAKE_CHAT, {"the_chat": chat_id, "now": micros(now)}))


def wake_due(tx: Tx, now: datetime) -> list[int]:
    """Owe again what was parked long enough to try once more."""
    return _leads(tx.rows(_WAKE_DUE, {"now": micros(now)}))


def _leads(woken: list[Row]) -> list[int]:
    return [integer(each) for each, lead in woken if lead is None or lead == each]
