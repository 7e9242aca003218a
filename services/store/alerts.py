"""Queries: alerts and their condition."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import bindparam, func, insert, select, update

from services.domain.alerts import Alert, Direction, State, watch
from services.domain.quotes import Observation
from services.domain.rules import Condition
from services.store.columns import (
    integer,
    integer_or_none,
    micros,
    moment,
    moment_or_none,
    money_or_none,
    stored_condition,
    text_or_none,
    words,
    words_or_none,
)
from services.store.schema import alert, condition
from services.tx import Row, Tx, Value

_STATES: dict[str, State] = {
    "ok": "ok", "paused": "paused", "snoozed": "snoozed", "done": "done", "expired": "expired",
}  # fmt: skip

_COLUMNS = (
    alert.c.id, alert.c.number, alert.c.owner_person, alert.c.owner_chat, alert.c.destination_id, alert.c.rule,
    alert.c.currency, condition.c.metric, condition.c.op, condition.c.level, condition.c.armed,
    alert.c.cooldown_seconds, alert.c.note, alert.c.state, alert.c.episode, alert.c.version, alert.c.created_at,
    alert.c.expires_at, alert.c.snoozed_until, condition.c.last_value,
)  # fmt: skip
_ALL = select(*_COLUMNS).join(condition, condition.c.alert_id == alert.c.id).where(alert.c.deleted_at.is_(None))
_BY_ID = _ALL.where(alert.c.id == bindparam("the_id"))
_EVEN_DELETED = (
    select(*_COLUMNS).join(condition, condition.c.alert_id == alert.c.id).where(alert.c.id == bindparam("the_id"))
)
_DELETED = select(alert.c.id).where(
    alert.c.deleted_at.is_not(None),
    alert.c.number == bindparam("the_number"),
    (alert.c.owner_person == bindparam("the_person")) | (alert.c.owner_chat == bindparam("the_chat")),
)
_OF_PERSON = _ALL.where(alert.c.owner_person == bindparam("the_owner")).order_by(alert.c.number)
_OF_CHAT = _ALL.where(alert.c.owner_chat == bindparam("the_owner")).order_by(alert.c.number)
_NEXT_NUMBER = {
    "person": select(func.coalesce(func.max(alert.c.number), 0)).where(alert.c.owner_person == bindparam("the_owner")),
    "chat": select(func.coalesce(func.max(alert.c.number), 0)).where(alert.c.owner_chat == bindparam("the_owner")),
}
_COUNT = {
    "person": select(func.count()).where(
        alert.c.owner_person == bindparam("the_owner"), alert.c.deleted_at.is_(None), alert.c.state != "done"
    ),
    "chat": select(func.count()).where(
        alert.c.owner_chat == bindparam("the_owner"), alert.c.deleted_at.is_(None), alert.c.state != "done"
    ),
}
_ADD = (
    insert(alert)
    .values(
        owner_person=bindparam("owner_person"), owner_chat=bindparam("owner_chat"), number=bindparam("number"),
        destination_id=bindparam("destination_id"), rule=bindparam("rule"), currency=bindparam("currency"),
        repeat=bindparam("repeat"), cooldown_seconds=bindparam("cooldown_seconds"), note=bindparam("note"),
        created_at=bindparam("created_at"), expires_at=bindparam("expires_at"),
    )
    .returning(alert.c.id)
)  # fmt: skip
_ADD_CONDITION = insert(condition).values(
    alert_id=bindparam("alert_id"), position=0, metric=bindparam("metric"), op=bindparam("op"),
    level=bindparam("level"), armed=bindparam("armed"),
        repeats=bindparam("repeats"), live=1,
    last_value=bindparam("last_value"), last_at=bindparam("last_at"),
)  # fmt: skip
_LIVE = select(
    condition.c.alert_id, condition.c.metric, condition.c.op, condition.c.level, condition.c.armed, condition.c.repeats
).where(condition.c.live == 1)  # fmt: skip
_SET_STATE = (
    update(alert)
    .where(alert.c.id == bindparam("the_id"), alert.c.version == bindparam("the_version"), alert.c.deleted_at.is_(None))
    .values(
        state=bindparam("state"), snoozed_until=bindparam("snoozed_until"), deleted_at=bindparam("deleted_at"),
        version=alert.c.version + 1,
    )
)  # fmt: skip
_UNDELETE = (
    update(alert)
    .where(alert.c.id == bindparam("the_id"))
    .values(deleted_at=None, state="ok", version=alert.c.version + 1)
)
_SET_LIVE = update(condition).where(condition.c.alert_id == bindparam("the_id")).values(live=bindparam("live"))
_REPLACE = (
    update(alert)
    .where(alert.c.id == bindparam("the_id"), alert.c.version == bindparam("the_version"), alert.c.deleted_at.is_(None))
    .values(
        rule=bindparam("rule"), currency=bindparam("currency"), repeat=bindparam("repeat"),
        cooldown_seconds=bindparam("cooldown_seconds"), note=bindparam("note"), expires_at=bindparam("expires_at"),
        state="ok", snoozed_until=None, version=alert.c.version + 1,
    )
)  # fmt: skip
_REPLACE_CONDITION = (
    update(condition)
    .where(condition.c.alert_id == bindparam("the_id"))
    .values(
        metric=bindparam("metric"), op=bindparam("op"), level=bindparam("level"), armed=bindparam("armed"),
        repeats=bindparam("repeats"), live=1,
        last_value=bindparam("last_value"), last_at=bindparam("last_at"),
    )
)  # fmt: skip
_FIRED = (
    update(alert)
    .where(alert.c.id == bindparam("the_id"))
    .values(episode=bindparam("episode"), state=bindparam("state"), version=alert.c.version + 1)
)
_TURNED = (
    update(condition)
    .where(condition.c.alert_id == bindparam("the_id"))
    .values(
        op=bindparam("op"), armed=bindparam("armed"), live=bindparam("live"), last_value=bindparam("last_value"),
        last_at=bindparam("last_at"),
    )
)  # fmt: skip
_DUE = select(alert.c.id).where(
    alert.c.deleted_at.is_(None),
    ((alert.c.state == "snoozed") & (alert.c.snoozed_until <= bindparam("now")))
    | (((alert.c.state == "ok") | (alert.c.state == "snoozed")) & (alert.c.expires_at <= bindparam("now"))),
)


@dataclass(frozen=True, slots=True)
class NewAlert:
    """Everything that is decided about an alert before it has a number. Exactly one owner is set."""

    owner_person: int | None
    owner_chat: int | None
    rule: str
    currency: str
    condition: Condition
    armed: bool
    every: timedelta | None
    until: datetime | None
    note: str | None
    value: Decimal | None
    value_at: datetime | None


def _alert(row: Row) -> Alert:
    (id_, number, person, chat, destination, rule, currency, metric, op, level, armed, cooldown, note, state, episode,
     version, created_at, expires_at, snoozed_until, last_value) = row  # fmt: skip
    seconds = integer_or_none(cooldown)
    return Alert(
        id=integer(id_), number=integer(number), owner_person=integer_or_none(person), owner_chat=integer_or_none(chat),
        destination=integer(destination), rule=words(rule), currency=words(currency),
        condition=stored_condition(metric, op, level), armed=bool(armed),
        every=None if seconds is None else timedelta(seconds=seconds), note=words_or_none(note),
        state=_STATES[words(state)], episode=integer(episode), version=integer(version), created_at=moment(created_at),
        expires_at=moment_or_none(expires_at), snoozed_until=moment_or_none(snoozed_until),
        last_value=money_or_none(last_value),
    )  # fmt: skip


def _condition_values(new: NewAlert, alert_id_as: str, alert_id: int) -> dict[str, Value]:
    return {
        alert_id_as: alert_id,
        "metric": new.condition.metric.key, "op": new.condition.op, "level": format(new.condition.level, "f"),
        "armed": int(new.armed), "repeats": int(new.every is not None), "last_value": text_or_none(new.value),
        "last_at": None if new.value_at is None else micros(new.value_at),
    }  # fmt: skip


def _alert_values(new: NewAlert) -> dict[str, Value]:
    return {
        "rule": new.rule, "currency": new.currency, "repeat": "once" if new.every is None else "every",
        "cooldown_seconds": None if new.every is None else int(new.every.total_seconds()), "note": new.note,
        "expires_at": None if new.until is None else micros(new.until),
    }  # fmt: skip


def add(tx: Tx, new: NewAlert, destination_id: int, now: datetime) -> Alert:
    """Store a new alert under its owner's next number and return it."""
    owner, kind = (new.owner_person, "person") if new.owner_person is not None else (new.owner_chat, "chat")
    number = integer(tx.rows(_NEXT_NUMBER[kind], {"the_owner": owner})[0][0]) + 1
    values: dict[str, Value] = {
        **_alert_values(new), "owner_person": new.owner_person, "owner_chat": new.owner_chat, "number": number,
        "destination_id": destination_id, "created_at": micros(now),
    }  # fmt: skip
    alert_id = integer(tx.rows(_ADD, values)[0][0])
    tx.run(_ADD_CONDITION, _condition_values(new, "alert_id", alert_id))
    return _alert(tx.rows(_BY_ID, {"the_id": alert_id})[0])


def by_id(tx: Tx, alert_id: int) -> Alert | None:
    """Return one alert that is not deleted."""
    found = tx.rows(_BY_ID, {"the_id": alert_id})
    return _alert(found[0]) if found else None


def by_id_even_deleted(tx: Tx, alert_id: int) -> Alert | None:
    """Return one alert, also one that was deleted after it fired."""
    found = tx.rows(_EVEN_DELETED, {"the_id": alert_id})
    return _alert(found[0]) if found else None


def deleted(tx: Tx, *, person: int | None, chat: int | None, number: int) -> int | None:
    """Return the id of an owner's deleted alert."""
    found = tx.rows(_DELETED, {"the_person": person, "the_chat": chat, "the_number": number})
    return integer(found[0][0]) if found else None


def of_owner(tx: Tx, *, person: int | None, chat: int | None) -> list[Alert]:
    """Return the alerts of one person or one chat, by number."""
    rows = tx.rows(_OF_PERSON, {"the_owner": person}) if chat is None else tx.rows(_OF_CHAT, {"the_owner": chat})
    return [_alert(row) for row in rows]


def count(tx: Tx, *, person: int | None, chat: int | None) -> int:
    """Return how many alerts count against the owner's limit."""
    kind, owner = ("person", person) if chat is None else ("chat", chat)
    return integer(tx.rows(_COUNT[kind], {"the_owner": owner})[0][0])


def live(tx: Tx) -> list[tuple[int, str, Direction, float]]:
    """Return what the matcher must watch for: alert id, metric key, direction and rounded level."""
    entries: list[tuple[int, str, Direction, float]] = []
    for alert_id, metric, op, level, armed, repeats in tx.rows(_LIVE):
        way, value = watch(stored_condition(metric, op, level), armed=bool(armed), repeats=bool(repeats))
        entries.append((integer(alert_id), words(metric), way, value))
    return entries


def set_state(tx: Tx, found: Alert, state: State, *, until: datetime | None = None) -> bool:
    """Change the state of the version that the caller saw; return False where somebody was faster."""
    values: dict[str, Value] = {
        "the_id": found.id, "the_version": found.version, "state": state, "deleted_at": None,
        "snoozed_until": None if until is None else micros(until),
    }  # fmt: skip
    changed = tx.run(_SET_STATE, values) == 1
    if changed:
        tx.run(_SET_LIVE, {"the_id": found.id, "live": int(state == "ok")})
    return changed


def delete(tx: Tx, found: Alert, now: datetime) -> bool:
    """Take an alert away, so that it can be put back; return False where somebody was faster."""
    values: dict[str, Value] = {
        "the_id": found.id, "the_version": found.version, "state": "paused", "snoozed_until": None,
        "deleted_at": micros(now),
    }  # fmt: skip
    changed = tx.run(_SET_STATE, values) == 1
    if changed:
        tx.run(_SET_LIVE, {"the_id": found.id, "live": 0})
    return changed


def undelete(tx: Tx, alert_id: int) -> None:
    """Put a deleted alert back to work."""
    tx.run(_UNDELETE, {"the_id": alert_id})
    tx.run(_SET_LIVE, {"the_id": alert_id, "live": 1})


def edit(tx: Tx, found: Alert, new: NewAlert) -> bool:
    """Give an alert another rule under the same number; return False where somebody was faster."""
    values: dict[str, Value] = {**_alert_values(new), "the_id": found.id, "the_version": found.version}
    if tx.run(_REPLACE, values) != 1:
        return False
    tx.run(_REPLACE_CONDITION, _condition_values(new, "the_id", found.id))
    return True


def turn(tx: Tx, found: Alert, turned: Condition, observation: Observation, *, armed: bool, live: bool) -> None:
    """Store what a condition waits for next and the value that decided it."""
    values: dict[str, Value] = {
        "the_id": found.id, "op": turned.op, "armed": int(armed), "live": int(live),
        "last_value": format(observation.value, "f"), "last_at": micros(observation.at),
    }  # fmt: skip
    tx.run(_TURNED, values)


def fired(tx: Tx, alert_id: int, episode: int, state: State) -> None:
    """Store that an episode began."""
    tx.run(_FIRED, {"the_id": alert_id, "episode": episode, "state": state})


def due(tx: Tx, now: datetime) -> list[int]:
    """Return the alerts whose snooze or whose life is over."""
    return [integer(row[0]) for row in tx.rows(_DUE, {"now": micros(now)})]
