"""From a line to rules: coins, currencies, days and values come from the caller, nothing is looked up here."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from services.domain.coins import FIATS
from services.domain.days import end_of
from services.domain.language import say
from services.domain.metrics import KINDS, Metric
from services.domain.rule_language.lines import (
    LineAll,
    LineCondition,
    LineExpression,
    LineTerms,
    RuleLine,
    Until,
    line_conditions,
)
from services.domain.rule_language.terms import LONGEST_WAIT
from services.domain.rules import AllOf, AnyOf, Condition, Expression, Op, Rule, RuleError

_PERCENT: Final = Decimal(100)


class ValueUnknown(LookupError):
    """A line depends on the side on which a series is now, and nobody knows."""

    def __init__(self, metric: Metric) -> None:
        super().__init__(metric.key)
        self.metric = metric


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a line leaves open: who says it, when, and what is known then."""

    coin: Callable[[str], str]  # the id behind the words for a coin
    value: Callable[[Metric], Decimal | None]  # as things stand
    currency: str  # the person's
    now: datetime
    zone: str = "UTC"


def coin_words(line: RuleLine) -> tuple[str, ...]:
    """Return the words of a line that are coins, in order and once each."""
    found = (word for part in line.expressions for each in line_conditions(part) for word in _words(each))
    return tuple(dict.fromkeys(found))


def _words(condition: LineCondition) -> Iterator[str]:
    yield condition.subject
    if condition.unit is not None and condition.unit not in FIATS:
        yield condition.unit


def bind(line: RuleLine, given: Surroundings) -> tuple[Rule, ...]:
    """Return the rules that a line stands for, one for each expression.

    Raise `RuleError` for a time that has passed or a coin in itself, `ValueUnknown` where a value is needed that is
    not known, and whatever `given.coin` raises.
    """
    terms = line.terms
    made = Rule(
        expression=_expression(line.expressions[0], given),
        hold=terms.hold,
        every=terms.every,
        until=_until(terms, given),
        band=terms.band,
        loudness=terms.loudness,
        route=terms.route,
        note=terms.note,
    )
    return (made, *(replace(made, expression=_expression(each, given)) for each in line.expressions[1:]))


def _until(terms: LineTerms, given: Surroundings) -> datetime | None:
    if terms.until is None:
        return None
    end = _end(terms.until, given)
    if end <= given.now:
        raise RuleError(say("That time has passed already. Write it like: until 3d, or until fri."))
    if end - given.now > LONGEST_WAIT:
        raise RuleError(say("«until» goes up to 5 years. Write it like: until 3d, or until fri."))
    return end.astimezone(UTC)


def _end(until: Until, given: Surroundings) -> datetime:
    match until:
        case timedelta() as length:
            return given.now + length
        case datetime() as moment:
            return moment
        case date() as day:
            zone = ZoneInfo(given.zone)
            return end_of("today", datetime(day.year, day.month, day.day, 12, tzinfo=zone), zone)
        case day:
            return end_of(day, given.now, ZoneInfo(given.zone))


def _expression(expression: LineExpression, given: Surroundings) -> Expression:
    if isinstance(expression, LineCondition):
        return _condition(expression, given)
    parts = tuple(_expression(part, given) for part in expression.parts)
    return AllOf(parts) if isinstance(expression, LineAll) else AnyOf(parts)


def _condition(line: LineCondition, given: Surroundings) -> Condition:
    metric = metric_of(line, given)
    if line.window is None and line.metric in ("drop", "rise", "swing"):
        return _from_now(line, metric, given)
    return Condition(metric, _op(line, metric, given), line.level)


def metric_of(line: LineCondition, given: Surroundings) -> Metric:
    """Return the series that a condition watches; for a move from the price now it is the move without a window."""
    base = given.coin(line.subject)
    quote = "usd"
    if KINDS[line.metric].subject == "pair":
        quote = given.currency if line.unit is None else _quote(line.unit, given)
    if quote == base:
        raise RuleError(say("{coin} is always worth one {coin}. Name another currency.", coin=base))
    return Metric(line.metric, base, quote, line.window, line.study, line.against)


def _quote(unit: str, given: Surroundings) -> str:
    return unit if unit in FIATS else given.coin(unit)


def _from_now(line: LineCondition, metric: Metric, given: Surroundings) -> Condition:
    price = Metric("price", metric.base, metric.quote)
    value = _value(price, given)
    share = line.level / _PERCENT
    down = line.metric == "drop"
    return Condition(price, "down" if down else "up", rounded(value * (1 - share if down else 1 + share)))


def rounded(value: Decimal) -> Decimal:
    """Return a level with as many digits as its size deserves."""
    digits = max(2, 5 - value.adjusted()) if value < _PERCENT else 2
    return value.quantize(Decimal(1).scaleb(-min(digits, 18)))


def _op(line: LineCondition, metric: Metric, given: Surroundings) -> Op:
    match line.op:
        case "touch":
            return "up" if _value(metric, given) < line.level else "down"
        case "cross":
            return "cross_up" if _value(metric, given) < line.level else "cross_down"
        case op:
            return op


def _value(metric: Metric, given: Surroundings) -> Decimal:
    value = given.value(metric)
    if value is None:
        raise ValueUnknown(metric)
    return value
