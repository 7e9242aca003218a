"""Queries: events, each one firing of an alert."""

from sqlalchemy import bindparam, insert, select

from services.domain.alerts import Event, Standing
from services.store.columns import (
    integer,
    micros,
    moment,
    moment_or_none,
    money,
    money_or_none,
    stored_condition,
    text_or_none,
    words,
)
from services.store.schema import event, event_input
from services.tx import Row, Tx, Value

_COLUMNS = (
    event.c.id, event.c.alert_id, event.c.episode, event.c.code, event.c.metric, event.c.op, event.c.level,
    event.c.value, event.c.at, event.c.seen_at, event.c.source, event.c.basis, event.c.disputed,
)  # fmt: skip
_ADD = insert(event).values({column.name: bindparam(column.name) for column in _COLUMNS[1:]}).returning(event.c.id)
_ADD_INPUT = insert(event_input).values({column.name: bindparam(column.name) for column in event_input.columns})
_INPUTS = (
    select(event_input.c.metric, event_input.c.op, event_input.c.level, event_input.c.value, event_input.c.at)
    .where(event_input.c.event_id == bindparam("the_id"))
    .order_by(event_input.c.position)
)
_BY_ID = select(*_COLUMNS).where(event.c.id == bindparam("the_id"))
_LAST = select(*_COLUMNS).where(event.c.alert_id == bindparam("the_id")).order_by(event.c.id.desc()).limit(1)
_OF_ALERT = select(*_COLUMNS).where(event.c.alert_id == bindparam("the_id")).order_by(event.c.id)
_AFTER = select(*_COLUMNS).where(event.c.id > bindparam("after")).order_by(event.c.id)
_CODE = select(event.c.id).where(event.c.code == bindparam("the_code"))


def is_code_taken(tx: Tx, code: str) -> bool:
    """Say whether an event has this short code already."""
    return bool(tx.rows(_CODE, {"the_code": code}))


def add(tx: Tx, new: Event, inputs: tuple[Standing, ...] = ()) -> int:
    """Store one firing, with what each of several conditions said; return its id. (alert, episode) is unique."""
    values: dict[str, Value] = {
        "alert_id": new.alert, "episode": new.episode, "code": new.code, "metric": new.condition.metric.key,
        "op": new.condition.op, "level": format(new.condition.level, "f"), "value": format(new.value, "f"),
        "at": micros(new.at), "seen_at": micros(new.seen_at), "source": new.source, "basis": new.basis,
        "disputed": int(new.disputed),
    }  # fmt: skip
    event_id = integer(tx.rows(_ADD, values)[0][0])
    for position, each in enumerate(inputs if len(inputs) > 1 else ()):
        said: dict[str, Value] = {
            "event_id": event_id, "position": position, "metric": each.condition.metric.key, "op": each.condition.op,
            "level": format(each.condition.level, "f"), "value": text_or_none(each.value),
            "at": None if each.at is None else micros(each.at),
        }  # fmt: skip
        tx.run(_ADD_INPUT, said)
    return event_id


def inputs(tx: Tx, event_id: int) -> tuple[Standing, ...]:
    """Return what each condition of a rule of several said when it fired; nothing for a rule of one."""
    return tuple(
        Standing(stored_condition(metric, op, level), True, money_or_none(value), moment_or_none(at))
        for metric, op, level, value, at in tx.rows(_INPUTS, {"the_id": event_id})
    )


def _event(row: Row) -> Event:
    id_, alert_id, episode, code, metric, op, level, value, at, seen_at, source, basis, disputed = row
    return Event(
        id=integer(id_), alert=integer(alert_id), episode=integer(episode), code=words(code),
        condition=stored_condition(metric, op, level), value=money(value), at=moment(at), seen_at=moment(seen_at),
        source=words(source), basis=words(basis), disputed=bool(disputed),
    )  # fmt: skip


def by_id(tx: Tx, event_id: int) -> Event | None:
    """Return one firing."""
    found = tx.rows(_BY_ID, {"the_id": event_id})
    return _event(found[0]) if found else None


def last(tx: Tx, alert_id: int) -> Event | None:
    """Return the newest firing of an alert."""
    found = tx.rows(_LAST, {"the_id": alert_id})
    return _event(found[0]) if found else None


def of_alert(tx: Tx, alert_id: int) -> list[Event]:
    """Return every firing of an alert, oldest first."""
    return [_event(row) for row in tx.rows(_OF_ALERT, {"the_id": alert_id})]


def after(tx: Tx, event_id: int) -> list[Event]:
    """Return every firing that is newer than one, oldest first."""
    return [_event(row) for row in tx.rows(_AFTER, {"after": event_id})]
