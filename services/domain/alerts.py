"""When an alert fires: pure decisions on stored state and one observation."""

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal, assert_never

from services.domain.expressions import holds
from services.domain.metrics import KINDS
from services.domain.rules import MOST_CONDITIONS, Condition, Every, Expression, Loudness, Op, Rule

State = Literal["ok", "paused", "snoozed", "done", "expired"]
Direction = Literal["up", "down"]

BAND = Decimal("0.005")
"""How far a repeating alert's value must come back before it may fire again, as a share of the level."""

SIGMA_BAND = Decimal("0.5")
"""The same for a move in standard deviations, in these."""

LATE = timedelta(seconds=60)
"""An alert that is told longer than this after it became true says how late it is."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one condition of an alert stands: met or not, by the value that decided it last."""

    condition: Condition
    met: bool
    value: Decimal | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Alert:
    """A person's standing wish, as it is stored. `every` is the least time between two firings; None fires once.

    `due_at` is set while the rule is true but is not told yet: held by `for`, or resting after the last firing.
    """

    id: int
    number: int  # "#12", counted per owner
    owner_person: int | None
    owner_chat: int | None
    destination: int
    rule: str  # canonical text
    currency: str
    expression: Expression
    standings: tuple[Standing, ...]  # by position
    hold: timedelta | None
    every: Every | None
    band: Decimal | None  # percent
    loudness: Loudness
    note: str | None
    state: State
    episode: int
    version: int
    created_at: datetime
    expires_at: datetime | None
    snoozed_until: datetime | None
    due_at: datetime | None

    @property
    def repeats(self) -> bool:
        """Say whether it may fire more than once."""
        return self.every is not None

    @property
    def wish(self) -> Rule:
        """Return what was asked for, without where it is told."""
        return Rule(
            self.expression, self.hold, self.every, self.expires_at, self.band, self.loudness, note=self.note
        )  # fmt: skip

    @property
    def is_true(self) -> bool:
        """Say whether the whole rule held at the last word of each condition."""
        return holds(self.expression, [each.met for each in self.standings])

    @property
    def condition(self) -> Condition:
        """Return the first condition: of most alerts the only one."""
        return self.standings[0].condition


def counts(found: Alert) -> bool:
    """Say whether an alert waits for something or rests, and so counts against its owner's limit."""
    return found.state not in ("done", "expired")


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


def rearm_level(condition: Condition, *, repeats: bool, band: Decimal | None = None) -> Decimal:
    """Return the value at which a met condition is met no longer: the level, or a band beyond it.

    `band` is in percent of the level, for a move in standard deviations of one of them; None is the kind's own, which
    an alert that fires once does not have.
    """
    share = SIGMA_BAND if KINDS[condition.metric.name].unit == "sigma" else abs(condition.level) * BAND
    if band is not None:
        share = band / 100 * (1 if KINDS[condition.metric.name].unit == "sigma" else abs(condition.level))
    elif not repeats:
        share = Decimal()
    return condition.level - share if direction(condition.op) == "up" else condition.level + share


def direction(op: Op) -> Direction:
    """Return the way the value moves when the condition becomes true."""
    return "up" if op in ("above", "up", "cross_up") else "down"


def watch(condition: Condition, *, met: bool, repeats: bool, band: Decimal | None = None) -> tuple[Direction, float]:
    """Return which way and at which level the matcher must look up this condition next.

    The float is rounded so that no exact hit can be missed; `judge` has the last word.
    """
    way = direction(condition.op)
    level = condition.level
    if met:
        way, level = ("down" if way == "up" else "up"), rearm_level(condition, repeats=repeats, band=band)
    return way, math.nextafter(float(level), -math.inf if way == "up" else math.inf)


def entry(alert_id: int, position: int) -> int:
    """Return the number under which the matcher knows one condition of an alert."""
    return alert_id * MOST_CONDITIONS + position


def condition_of(matched: int) -> tuple[int, int]:
    """Return alert id and position of what the matcher found."""
    return divmod(matched, MOST_CONDITIONS)


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


def starts(condition: Condition, value: Decimal | None, at: datetime | None) -> Standing:
    """Return where a condition stands when somebody begins to wait for it; without a value it is not met."""
    return Standing(condition, value is not None and is_met(condition.op, value, condition.level), value, at)
