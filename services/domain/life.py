"""The life of an alert: what an observation makes of its conditions, and what that means. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from services.domain.alerts import Alert, Standing, direction, is_met, rearm_level
from services.domain.expressions import holds
from services.domain.quotes import Observation


@dataclass(frozen=True, slots=True)
class Stay:
    """The rule is as true or as false as it was."""


@dataclass(frozen=True, slots=True)
class Hold:
    """The rule became true, and is told at `due_at` if it still is by then."""

    due_at: datetime


@dataclass(frozen=True, slots=True)
class Fire:
    """The rule is to be told, as of `at`."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Resolve:
    """The rule is no longer true: it may fire again."""


Verdict = Stay | Hold | Fire | Resolve


def moved(found: Alert, positions: Iterable[int], observation: Observation) -> tuple[Standing, ...]:
    """Return the standings after an observation that concerns the conditions at `positions`."""
    after = list(found.standings)
    for each in positions:
        old = after[each]
        met = meets(old, observation.value, repeats=found.repeats, band=found.band)
        if met != old.met:
            after[each] = Standing(old.condition, met, observation.value, observation.at)
    return tuple(after)


def meets(old: Standing, value: Decimal, *, repeats: bool, band: Decimal | None = None) -> bool:
    """Say whether a condition is met after `value`; one that was stays so until the value is back, beyond its band."""
    condition = old.condition
    if is_met(condition.op, value, condition.level):
        return True
    if not old.met:
        return False
    back = rearm_level(condition, repeats=repeats, band=band)
    return value > back if direction(condition.op) == "up" else value < back


def verdict(found: Alert, after: tuple[Standing, ...], at: datetime, rest_until: datetime | None) -> Verdict:
    """Decide what new standings mean. `rest_until` is when a repeating alert may be told again."""
    was, now = found.is_true, holds(found.expression, [each.met for each in after])
    if not now:
        return Resolve() if was else Stay()
    due = found.due_at
    if due is None and not was:
        due = at + (found.hold or timedelta())
        due = due if rest_until is None else max(due, rest_until)
    if due is None:
        return Stay()
    if due <= at:
        return Fire(due if found.due_at is not None else at)
    return Stay() if found.due_at is not None else Hold(due)
