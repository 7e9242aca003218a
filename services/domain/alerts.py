"""When an alert fires: pure decisions on stored state and one observation."""

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal, assert_never

from services.domain.quotes import Observation
from services.domain.rules import Condition, Op

State = Literal["ok", "paused", "snoozed", "done", "expired"]
Direction = Literal["up", "down"]

BAND = Decimal("0.005")
"""How far a repeating alert's value must come back before it may fire again, as a share of the level."""

LATE = timedelta(seconds=60)
"""An alert that is told longer than this after it became true says how late it is."""


@dataclass(frozen=True, slots=True)
class Alert:
    """A person's standing wish, as it is stored. `every` is the least time between two firings; None fires once."""

    id: int
    number: int  # "#12", counted per owner
    owner_person: int | None
    owner_chat: int | None
    destination: int
    rule: str  # canonical text
    currency: str
    condition: Condition
    armed: bool
    every: timedelta | None
    note: str | None
    state: State
    episode: int
    version: int
    created_at: datetime
    expires_at: datetime | None
    snoozed_until: datetime | None
    last_value: Decimal | None

    @property
    def repeats(self) -> bool:
        """Say whether it may fire more than once."""
        return self.every is not None


@dataclass(frozen=True, slots=True)
class Event:
    """One firing: what became true, when, by whose word."""

    id: int
    alert: int
    episode: int
    code: str
    condition: Condition
    value: Decimal
    at: datetime
    seen_at: datetime
    source: str
    basis: str
    disputed: bool


@dataclass(frozen=True, slots=True)
class Fire:
    """The condition became true."""


@dataclass(frozen=True, slots=True)
class Arm:
    """The value is back on the other side: the alert may fire again."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing changes."""


Verdict = Fire | Arm | Wait


def judge(condition: Condition, *, armed: bool, repeats: bool, observation: Observation) -> Verdict:
    """Decide what one observation means for one condition."""
    value = observation.value
    if armed:
        return Fire() if is_met(condition.op, value, condition.level) else Wait()
    back = rearm_level(condition, repeats=repeats)
    is_back = value <= back if direction(condition.op) == "up" else value >= back
    return Arm() if is_back else Wait()


def is_met(op: Op, value: Decimal, level: Decimal) -> bool:
    """Say whether the comparison holds; `above` and `below` are strict."""
    match op:
        case "above":
            return value > level
        case "below":
            return value < level
        case "up" | "cross_up":
            return value >= level
        case "down" | "cross_down":
            return value <= level
        case _:
            assert_never(op)


def rearm_level(condition: Condition, *, repeats: bool) -> Decimal:
    """Return the value at which a disarmed condition arms again: the level, for a repeating alert a band beyond it."""
    band = abs(condition.level) * BAND if repeats else Decimal()
    return condition.level - band if direction(condition.op) == "up" else condition.level + band


def direction(op: Op) -> Direction:
    """Return the way the value moves when the condition becomes true."""
    return "up" if op in ("above", "up", "cross_up") else "down"


def watch(condition: Condition, *, armed: bool, repeats: bool) -> tuple[Direction, float]:
    """Return which way and at which level the matcher must look up this condition next.

    The float is rounded so that no exact hit can be missed; `judge` has the last word.
    """
    way = direction(condition.op)
    level = condition.level
    if not armed:
        way, level = ("down" if way == "up" else "up"), rearm_level(condition, repeats=repeats)
    return way, math.nextafter(float(level), -math.inf if way == "up" else math.inf)


def after_firing(condition: Condition) -> Condition:
    """Return what to wait for next: the same, except that a cross turns round."""
    match condition.op:
        case "cross_up":
            return replace(condition, op="cross_down")
        case "cross_down":
            return replace(condition, op="cross_up")
        case "above" | "below" | "up" | "down":
            return condition
        case _:
            assert_never(condition.op)


def starts_armed(condition: Condition, value: Decimal | None) -> bool:
    """Say whether a new alert may fire at once; one that is already true waits for false first."""
    return value is None or not is_met(condition.op, value, condition.level)
