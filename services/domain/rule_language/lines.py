"""What a line says before coins, currencies and values are looked up."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal, TypeAlias

from services.domain.days import Day
from services.domain.metrics import MetricName, Study
from services.domain.rules import LineOp, Loudness, Route

Until: TypeAlias = timedelta | Day | date | datetime
"""From now, the end of a day in the person's zone, or an aware time."""


@dataclass(frozen=True, slots=True)
class LineCondition:
    """One comparison; `subject` and `unit` are the words for coins as they stand in the line.

    `unit` is a fiat code, the words for a coin, or None for the person's currency. `window` None is for a move from
    the price now; `study` and `against` are as in `Metric`.
    """

    subject: str
    metric: MetricName
    op: LineOp
    level: Decimal
    unit: str | None = None
    window: timedelta | None = None
    study: Study | None = None
    against: Study | None = None


@dataclass(frozen=True, slots=True)
class LineAll:
    """True while every part is."""

    parts: tuple["LineExpression", ...]


@dataclass(frozen=True, slots=True)
class LineAny:
    """True while one part is."""

    parts: tuple["LineExpression", ...]


LineExpression: TypeAlias = LineCondition | LineAll | LineAny


@dataclass(frozen=True, slots=True)
class LineTerms:
    """What follows the conditions, as in `Rule`."""

    hold: timedelta | None = None
    every: timedelta | Literal["daily"] | None = None
    until: Until | None = None
    band: Decimal | None = None  # percent
    loudness: Loudness = "normal"
    route: Route | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A line with one reading; several expressions are several alerts: `btc 95k 100k 105k`."""

    expressions: tuple[LineExpression, ...]
    terms: LineTerms = LineTerms()


def line_conditions(expression: LineExpression) -> tuple[LineCondition, ...]:
    """Return the conditions from left to right."""
    if isinstance(expression, LineCondition):
        return (expression,)
    return tuple(each for part in expression.parts for each in line_conditions(part))
