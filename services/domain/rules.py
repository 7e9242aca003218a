"""What a person wishes to be told, as data: conditions on metrics, and how often."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, Literal

from services.domain.metrics import Metric

Op = Literal["above", "below", "up", "down", "cross_up", "cross_down"]
"""above and below are strict, the others include the level; a cross turns round after each firing."""

LineOp = Op | Literal["touch", "cross"]
"""What a line can say before the price is known: both take the side on which the price is now."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison of one metric with one level, in the metric's unit."""

    metric: Metric
    op: Op
    level: Decimal


@dataclass(frozen=True, slots=True)
class AllOf:
    """True while every part is; two or more parts."""

    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """True while one part is; two or more parts."""

    parts: tuple["Expression", ...]


Expression = Condition | AllOf | AnyOf
MOST_CONDITIONS: Final = 8
"""A rule has at most so many, counted from the left."""

Loudness = Literal["silent", "normal", "loud", "critical"]
"""silent makes no sound; critical breaks through quiet hours and repeats until somebody acknowledges it."""

Route = Literal["here", "dm", "telegram", "discord"]
"""Where it is told: in this chat to everybody, to the person wherever it may be, or on one platform."""


Every = timedelta | Literal["daily"]
"""How often at most: once in so much time, or once in a day of the person's zone."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What fires an alert. `every` None means once."""

    expression: Expression
    hold: timedelta | None = None  # how long it must stay true before it is told
    every: Every | None = None
    until: datetime | None = None
    band: Decimal | None = None  # percent of the level, or of the metric's unit; None for the kind's own
    loudness: Loudness = "normal"
    route: Route | None = None
    note: str | None = None


def least_rest(every: Every) -> timedelta:
    """Return the time between two firings where days do not matter."""
    return timedelta(days=1) if every == "daily" else every


def conditions(expression: Expression) -> tuple[Condition, ...]:
    """Return the conditions from left to right; their index is their position."""
    if isinstance(expression, Condition):
        return (expression,)
    return tuple(each for part in expression.parts for each in conditions(part))


@dataclass(frozen=True, slots=True)
class Question:
    """A line with more than one reading: what to ask, and each answer with the line that it stands for."""

    text: str
    answers: tuple[tuple[str, str], ...]


class RuleError(ValueError):
    """A line with no reading; the text says at which word and what would do, `repair` is the whole line mended."""

    def __init__(self, message: str, *, repair: str | None = None) -> None:
        super().__init__(message)
        self.repair = repair
