"""Queries: where the conditions of alerts stand, and what the matcher must watch for."""

from decimal import Decimal

from sqlalchemy import bindparam, delete, insert, select, tuple_, update

from services.domain.alerts import Standing, entry, watch
from services.domain.matcher import Levels
from services.store.columns import (
    integer,
    micros,
    moment_or_none,
    money_or_none,
    stored_condition,
    text_or_none,
)
from services.store.schema import alert, condition
from services.tx import Row, Tx, Value

COLUMNS = (
    condition.c.metric, condition.c.op, condition.c.level, condition.c.armed, condition.c.last_value,
    condition.c.last_at,
)  # fmt: skip
_PAGE = 500  # rows; few enough for the processor's cache, and for the garbage collector not to look them over
_ADD = insert(condition).values(
    live=1,
    **{
        name: bindparam(name)
        for name in ("alert_id", "position", "metric", "op", "level", "armed", "repeats", "last_value", "last_at",
                     "way", "edge")
    },
)  # fmt: skip
_DROP = delete(condition).where(condition.c.alert_id == bindparam("the_id"))
_LIVE = (
    select(condition.c.alert_id, condition.c.position, condition.c.metric, condition.c.way, condition.c.edge)
    .where(
        condition.c.live == 1,
        tuple_(condition.c.alert_id, condition.c.position) > tuple_(bindparam("alert_id"), bindparam("position")),
    )
    .order_by(condition.c.alert_id, condition.c.position)
    .limit(_PAGE)
)
_OWNERS = (
    select(alert.c.destination_id, alert.c.number)
    .join(condition, condition.c.alert_id == alert.c.id)
    .where(condition.c.live == 1, condition.c.metric == bindparam("the_metric"), alert.c.deleted_at.is_(None))
)
_SET_LIVE = update(condition).where(condition.c.alert_id == bindparam("the_id")).values(live=bindparam("live"))
_TURN = (
    update(condition)
    .where(condition.c.alert_id == bindparam("the_id"), condition.c.position == bindparam("the_position"))
    .values(
        op=bindparam("op"), armed=bindparam("armed"), last_value=bindparam("last_value"), last_at=bindparam("last_at"),
        way=bindparam("way"), edge=bindparam("edge"),
    )
)  # fmt: skip


def standing(columns: Row) -> Standing:
    """Return where a condition stands, from `COLUMNS`."""
    metric, op, level, armed, value, at = columns
    return Standing(stored_condition(metric, op, level), not armed, money_or_none(value), moment_or_none(at))


def put(tx: Tx, alert_id: int, standings: tuple[Standing, ...], *, repeats: bool, band: Decimal | None) -> None:
    """Store the conditions of an alert in the place of those that it had."""
    tx.run(_DROP, {"the_id": alert_id})
    for position, each in enumerate(standings):
        values: dict[str, Value] = {
            "alert_id": alert_id, "position": position, "repeats": int(repeats),
            "metric": each.condition.metric.key, "level": format(each.condition.level, "f"),
            **_stood(each, repeats=repeats, band=band),
        }  # fmt: skip
        tx.run(_ADD, values)


def _stood(each: Standing, *, repeats: bool, band: Decimal | None) -> dict[str, Value]:
    way, edge = watch(each.condition, met=each.met, repeats=repeats, band=band)
    return {
        "op": each.condition.op, "armed": int(not each.met), "last_value": text_or_none(each.value),
        "last_at": None if each.at is None else micros(each.at), "way": 1 if way == "up" else -1, "edge": edge,
    }  # fmt: skip


def turn(tx: Tx, alert_id: int, position: int, each: Standing, *, repeats: bool, band: Decimal | None) -> None:
    """Store where one condition stands now."""
    tx.run(_TURN, {"the_id": alert_id, "the_position": position, **_stood(each, repeats=repeats, band=band)})


def set_live(tx: Tx, alert_id: int, *, live: bool) -> None:
    """Store whether an alert's conditions are watched."""
    tx.run(_SET_LIVE, {"the_id": alert_id, "live": int(live)})


def live(tx: Tx) -> Levels:
    """Return what the matcher must watch for, read in pages: a million rows are never held."""
    levels = Levels()
    last: dict[str, Value] = {"alert_id": 0, "position": -1}
    while rows := tx.rows(_LIVE, last):
        ids, positions, metrics, ways, edges = zip(*rows, strict=True)
        levels.extend(map(entry, ids, positions), metrics, ways, edges)
        last = {"alert_id": ids[-1], "position": positions[-1]}
    return levels


def owners(tx: Tx, metric: str) -> list[tuple[int, int]]:
    """Return destination and number of every alert at work on a metric."""
    return [(integer(destination), integer(number)) for destination, number in tx.rows(_OWNERS, {"the_metric": metric})]
