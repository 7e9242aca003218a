"""Queries: alerts and their conditions."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy import BindParameter, bindparam, case, func, insert, select, update

from services.domain.alerts import Alert, Standing, State
from services.domain.expressions import shape, shaped
from services.domain.rules import Condition, Every, Loudness, Rule
from services.store import conditions
from services.store.columns import (
    integer,
    integer_or_none,
    micros,
    moment,
    moment_or_none,
    money_or_none,
    text_or_none,
    words,
    words_or_none,
)
from services.store.schema import alert, condition
from services.tx import Row, Tx, Value

_STATES: dict[str, State] = {
    "ok": "ok", "paused": "paused", "snoozed": "snoozed", "done": "done", "expired": "expired",
}  # fmt: skip
_LOUDNESS: dict[str, Loudness] = {"silent": "silent", "normal": "normal", "loud": "loud", "critical": "critical"}

_ALERT = (
    alert.c.id, alert.c.number, alert.c.owner_person, alert.c.owner_chat, alert.c.destination_id, alert.c.rule,
    alert.c.currency, alert.c.repeat, alert.c.cooldown_seconds, alert.c.band, alert.c.hold_seconds, alert.c.loudness,
    alert.c.note, alert.c.state, alert.c.episode, alert.c.version, alert.c.created_at, alert.c.expires_at,
    alert.c.snoozed_until, alert.c.due_at, alert.c.shape,
)  # fmt: skip
_EVERY = select(*_ALERT, *conditions.COLUMNS).join(condition, condition.c.alert_id == alert.c.id)
_ALL = _EVERY.where(alert.c.deleted_at.is_(None))
_BY_ID = _ALL.where(alert.c.id == bindparam("the_id")).order_by(condition.c.position)
_EVEN_DELETED = _EVERY.where(alert.c.id == bindparam("the_id")).order_by(condition.c.position)
_DELETED = select(alert.c.id).where(
    alert.c.deleted_at.is_not(None),
    alert.c.number == bindparam("the_number"),
    (alert.c.owner_person == bindparam("the_person")) | (alert.c.owner_chat == bindparam("the_chat")),
)
_OF_PERSON = _ALL.where(alert.c.owner_person == bindparam("the_owner")).order_by(alert.c.number, condition.c.position)
_OF_CHAT = _ALL.where(alert.c.owner_chat == bindparam("the_owner")).order_by(alert.c.number, condition.c.position)
_LAST_DELETED = (
    select(alert.c.id)
    .where(
        alert.c.deleted_at.is_not(None),
        (alert.c.owner_person == bindparam("the_person")) | (alert.c.owner_chat == bindparam("the_chat")),
    )
    .order_by(alert.c.deleted_at.desc(), alert.c.id.desc())
    .limit(1)
)
_COUNTS = alert.c.deleted_at.is_(None) & alert.c.state.not_in(("done", "expired"))
_NEXT_NUMBER = {
    "person": select(func.coalesce(func.max(alert.c.number), 0)).where(alert.c.owner_person == bindparam("the_owner")),
    "chat": select(func.coalesce(func.max(alert.c.number), 0)).where(alert.c.owner_chat == bindparam("the_owner")),
}
_COUNT = {
    "person": select(func.count()).where(alert.c.owner_person == bindparam("the_owner"), _COUNTS),
    "chat": select(func.count()).where(alert.c.owner_chat == bindparam("the_owner"), _COUNTS),
}
_RULE: dict[str, BindParameter[Value]] = {
    name: bindparam(name)
    for name in ("rule", "currency", "repeat", "cooldown_seconds", "band", "hold_seconds", "loudness", "note",
                 "expires_at", "shape")
}  # fmt: skip
_ADD = (
    insert(alert)
    .values(
        owner_person=bindparam("owner_person"), owner_chat=bindparam("owner_chat"), number=bindparam("number"),
        destination_id=bindparam("destination_id"), created_at=bindparam("created_at"), **_RULE,
    )
    .returning(alert.c.id)
)  # fmt: skip
_SET_STATE = (
    update(alert)
    .where(alert.c.id == bindparam("the_id"), alert.c.version == bindparam("the_version"), alert.c.deleted_at.is_(None))
    .values(
        state=bindparam("state"), snoozed_until=bindparam("snoozed_until"), deleted_at=bindparam("deleted_at"),
        due_at=case((bindparam("the_due_is_kept") == 1, alert.c.due_at)), version=alert.c.version + 1,
    )
)  # fmt: skip
_UNDELETE = (
    update(alert)
    .where(alert.c.id == bindparam("the_id"))
    .values(deleted_at=None, state="ok", version=alert.c.version + 1)
)
_REPLACE = (
    update(alert)
    .where(alert.c.id == bindparam("the_id"), alert.c.version == bindparam("the_version"), alert.c.deleted_at.is_(None))
    .values(**_RULE, state="ok", snoozed_until=None, due_at=None, version=alert.c.version + 1)
)
_FIRED = (
    update(alert)
    .where(alert.c.id == bindparam("the_id"))
    .values(episode=bindparam("episode"), state=bindparam("state"), due_at=None, version=alert.c.version + 1)
)
_WAIT = update(alert).where(alert.c.id == bindparam("the_id")).values(due_at=bindparam("due_at"))
_DUE = select(alert.c.id).where(
    alert.c.deleted_at.is_(None),
    ((alert.c.state == "snoozed") & (alert.c.snoozed_until <= bindparam("now")))
    | (((alert.c.state == "ok") | (alert.c.state == "snoozed")) & (alert.c.expires_at <= bindparam("now"))),
)
_TRUE_LONG_ENOUGH = select(alert.c.id).where(
    alert.c.due_at <= bindparam("now"), alert.c.state == "ok", alert.c.deleted_at.is_(None)
)


@dataclass(frozen=True, slots=True)
class NewAlert:
    """Everything that is decided about an alert before it has a number. Exactly one owner is set."""

    owner_person: int | None
    owner_chat: int | None
    rule: str  # canonical text
    currency: str
    wish: Rule
    standings: tuple[Standing, ...]  # of the conditions of the wish, by position

    @property
    def condition(self) -> Condition:
        """Return the first condition: of most alerts the only one."""
        return self.standings[0].condition


def _alerts(rows: Iterable[Row]) -> Iterator[Alert]:
    """Return the alerts of rows that come together by alert, one for each condition, by position."""
    for _, of_one in groupby(rows, key=lambda row: row[0]):
        yield _alert(list(of_one))


def _alert(rows: list[Row]) -> Alert:
    standings = tuple(conditions.standing(row[len(_ALERT) :]) for row in rows)
    (id_, number, person, chat, destination, rule, currency, repeat, cooldown, band, hold, loudness, note, state,
     episode, version, created_at, expires_at, snoozed_until, due_at, shape_) = rows[0][: len(_ALERT)]  # fmt: skip
    return Alert(
        id=integer(id_), number=integer(number), owner_person=integer_or_none(person), owner_chat=integer_or_none(chat),
        destination=integer(destination), rule=words(rule), currency=words(currency),
        expression=shaped(words_or_none(shape_), [each.condition for each in standings]), standings=standings,
        hold=_seconds(hold), every="daily" if repeat == "daily" else _seconds(cooldown), band=money_or_none(band),
        loudness=_LOUDNESS[words(loudness)], note=words_or_none(note), state=_STATES[words(state)],
        episode=integer(episode), version=integer(version), created_at=moment(created_at),
        expires_at=moment_or_none(expires_at), snoozed_until=moment_or_none(snoozed_until),
        due_at=moment_or_none(due_at),
    )  # fmt: skip


def _seconds(value: Value) -> timedelta | None:
    return None if value is None else timedelta(seconds=integer(value))


def _in_seconds(value: Every | timedelta | None) -> int | None:
    return int(value.total_seconds()) if isinstance(value, timedelta) else None


def _rule_values(new: NewAlert) -> dict[str, Value]:
    wish = new.wish
    repeat = "once" if wish.every is None else "daily" if wish.every == "daily" else "every"
    return {
        "rule": new.rule, "currency": new.currency, "repeat": repeat, "cooldown_seconds": _in_seconds(wish.every),
        "band": text_or_none(wish.band), "hold_seconds": _in_seconds(wish.hold), "loudness": wish.loudness,
        "note": wish.note, "expires_at": None if wish.until is None else micros(wish.until),
        "shape": shape(wish.expression),
    }  # fmt: skip


def _put_conditions(tx: Tx, alert_id: int, new: NewAlert) -> None:
    conditions.put(tx, alert_id, new.standings, repeats=new.wish.every is not None, band=new.wish.band)


def add(tx: Tx, new: NewAlert, destination_id: int, now: datetime) -> Alert:
    """Store a new alert under its owner's next number and return it."""
    owner, kind = (new.owner_person, "person") if new.owner_person is not None else (new.owner_chat, "chat")
    number = integer(tx.rows(_NEXT_NUMBER[kind], {"the_owner": owner})[0][0]) + 1
    values: dict[str, Value] = {
        **_rule_values(new), "owner_person": new.owner_person, "owner_chat": new.owner_chat, "number": number,
        "destination_id": destination_id, "created_at": micros(now),
    }  # fmt: skip
    alert_id = integer(tx.rows(_ADD, values)[0][0])
    _put_conditions(tx, alert_id, new)
    return _alert(tx.rows(_BY_ID, {"the_id": alert_id}))


def by_id(tx: Tx, alert_id: int) -> Alert | None:
    """Return one alert that is not deleted."""
    found = tx.rows(_BY_ID, {"the_id": alert_id})
    return _alert(found) if found else None


def by_id_even_deleted(tx: Tx, alert_id: int) -> Alert | None:
    """Return one alert, also one that was deleted after it fired."""
    found = tx.rows(_EVEN_DELETED, {"the_id": alert_id})
    return _alert(found) if found else None


def deleted(tx: Tx, *, person: int | None, chat: int | None, number: int) -> int | None:
    """Return the id of an owner's deleted alert."""
    found = tx.rows(_DELETED, {"the_person": person, "the_chat": chat, "the_number": number})
    return integer(found[0][0]) if found else None


def last_deleted(tx: Tx, *, person: int | None, chat: int | None) -> Alert | None:
    """Return the alert that an owner deleted last."""
    found = tx.rows(_LAST_DELETED, {"the_person": person, "the_chat": chat})
    return by_id_even_deleted(tx, integer(found[0][0])) if found else None


def of_owner(tx: Tx, *, person: int | None, chat: int | None) -> list[Alert]:
    """Return the alerts of one person or one chat, by number."""
    rows = tx.rows(_OF_PERSON, {"the_owner": person}) if chat is None else tx.rows(_OF_CHAT, {"the_owner": chat})
    return list(_alerts(rows))


def count(tx: Tx, *, person: int | None, chat: int | None) -> int:
    """Return how many alerts count against the owner's limit."""
    kind, owner = ("person", person) if chat is None else ("chat", chat)
    return integer(tx.rows(_COUNT[kind], {"the_owner": owner})[0][0])


def set_state(tx: Tx, found: Alert, state: State, *, until: datetime | None = None) -> bool:
    """Change the state of the version that the caller saw; return False where somebody was faster."""
    values: dict[str, Value] = {
        "the_id": found.id, "the_version": found.version, "state": state, "deleted_at": None,
        "snoozed_until": None if until is None else micros(until), "the_due_is_kept": int(state in ("ok", "snoozed")),
    }  # fmt: skip
    changed = tx.run(_SET_STATE, values) == 1
    if changed:
        conditions.set_live(tx, found.id, live=state == "ok")
    return changed


def delete(tx: Tx, found: Alert, now: datetime) -> bool:
    """Take an alert away, so that it can be put back; return False where somebody was faster."""
    values: dict[str, Value] = {
        "the_id": found.id, "the_version": found.version, "state": "paused", "snoozed_until": None,
        "deleted_at": micros(now), "the_due_is_kept": 0,
    }  # fmt: skip
    changed = tx.run(_SET_STATE, values) == 1
    if changed:
        conditions.set_live(tx, found.id, live=False)
    return changed


def undelete(tx: Tx, alert_id: int) -> None:
    """Put a deleted alert back to work."""
    tx.run(_UNDELETE, {"the_id": alert_id})
    conditions.set_live(tx, alert_id, live=True)


def edit(tx: Tx, found: Alert, new: NewAlert) -> bool:
    """Give an alert another rule under the same number; return False where somebody was faster."""
    values: dict[str, Value] = {**_rule_values(new), "the_id": found.id, "the_version": found.version}
    if tx.run(_REPLACE, values) != 1:
        return False
    _put_conditions(tx, found.id, new)
    return True


def turn(tx: Tx, found: Alert, after: tuple[Standing, ...]) -> None:
    """Store where the conditions stand now; those that did not change are left alone."""
    for position, (old, new) in enumerate(zip(found.standings, after, strict=True)):
        if new != old:
            conditions.turn(tx, found.id, position, new, repeats=found.repeats, band=found.band)


def wait(tx: Tx, alert_id: int, due_at: datetime | None) -> None:
    """Store until when a true rule must stay true; None where it is true no longer."""
    tx.run(_WAIT, {"the_id": alert_id, "due_at": None if due_at is None else micros(due_at)})


def fired(tx: Tx, alert_id: int, episode: int, state: State) -> None:
    """Store that an episode began; what has no more to wait for is watched no longer."""
    tx.run(_FIRED, {"the_id": alert_id, "episode": episode, "state": state})
    if state != "ok":
        conditions.set_live(tx, alert_id, live=False)


def due(tx: Tx, now: datetime) -> list[int]:
    """Return the alerts whose snooze or whose life is over."""
    return [integer(row[0]) for row in tx.rows(_DUE, {"now": micros(now)})]


def true_long_enough(tx: Tx, now: datetime) -> list[int]:
    """Return the alerts that are to be told if they are still true."""
    return [integer(row[0]) for row in tx.rows(_TRUE_LONG_ENOUGH, {"now": micros(now)})]
