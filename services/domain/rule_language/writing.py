"""The canonical text of a rule: coins by their ids, `subject metric op level`, then the terms. It reads back."""

import re
from datetime import UTC
from decimal import Decimal
from typing import assert_never

from services.domain.coins import FIATS
from services.domain.metrics import KINDS, Metric
from services.domain.numbers import plain, write_duration
from services.domain.rule_language import vocabulary as words
from services.domain.rule_language.studies import at_study, study_text
from services.domain.rule_language.tokens import read_line
from services.domain.rule_language.values import begins_value
from services.domain.rules import AllOf, AnyOf, Condition, Expression, Op, Rule

_WORD = re.compile(r"[a-z0-9][a-z0-9_.-]*[a-z0-9]|[a-z0-9]", re.ASCII)
_SIGNS = {"drop": "-", "rise": "+", "swing": "±"}
_RANGED = ("price", "rsi", "macd", "atr")


def format_rule(rule: Rule) -> str:
    """Return the one line that reads back as this rule, whoever reads it."""
    parts = [_expression(rule.expression)]
    if rule.hold is not None:
        parts.append(f"for {write_duration(rule.hold)}")
    if rule.every is not None:
        parts.append("daily" if rule.every == "daily" else f"every {write_duration(rule.every)}")
    if rule.until is not None:
        parts.append(f"until {rule.until.astimezone(UTC).isoformat().replace('+00:00', 'Z')}")
    if rule.band is not None:
        parts.append(f"band {plain(rule.band)}%")
    if rule.loudness != "normal":
        parts.append(rule.loudness)
    if rule.route is not None:
        parts.append("here" if rule.route == "here" else f"to {rule.route}")
    if rule.note is not None:
        parts.append(f'note "{rule.note}"')
    return " ".join(parts)


def _expression(expression: Expression) -> str:
    if isinstance(expression, Condition):
        return _condition(expression, joined=False)
    if (ranged := as_range(expression)) is not None:
        return _range(*ranged)
    joiner = " and " if isinstance(expression, AllOf) else " or "
    return joiner.join(_part(part) for part in expression.parts)


def _part(part: Expression) -> str:
    if isinstance(part, Condition):
        return _condition(part, joined=True)
    return _expression(part) if as_range(part) is not None else f"({_expression(part)})"


def as_range(expression: AllOf | AnyOf) -> tuple[str, Condition, Condition] | None:
    """Return "inside" or "outside" with the lower and the upper condition where they are a range of one series."""
    match expression:
        case AllOf((Condition(op="up") as low, Condition(op="down") as high)):
            word = "inside"
        case AnyOf((Condition(op="below") as low, Condition(op="above") as high)):
            word = "outside"
        case _:
            return None
    if low.metric != high.metric or low.level >= high.level or low.metric.name not in _RANGED:
        return None
    return word, low, high


def _range(word: str, low: Condition, high: Condition) -> str:
    metric = low.metric
    percent = "%" if metric.name == "atr" else ""
    text = f"{_series(metric)} {word} {_signed(low.level)}{percent}..{_signed(high.level)}{percent}"
    return f"{text} {coin_word(metric.quote)}" if metric.name == "price" else text


def _condition(condition: Condition, *, joined: bool) -> str:
    metric, op = condition.metric, condition.op
    match metric.name:
        case "drop" | "rise" | "swing" | "drop_sigma" | "rise_sigma" | "swing_sigma":
            return _move(condition)
        case "price":
            return f"{_series(metric)} {_compared(op, f'{plain(condition.level)} {coin_word(metric.quote)}', joined)}"
        case "volume":
            assert metric.window is not None
            level = _compared(op, f"{plain(condition.level)}x avg", joined)
            return f"{_series(metric)} {level} in {write_duration(metric.window)}"
        case "rsi" | "macd":
            return f"{_series(metric)} {_compared(op, _signed(condition.level), joined)}"
        case "atr":
            return f"{_series(metric)} {_compared(op, f'{plain(condition.level)}%', joined)}"
        case "ratio":
            assert metric.against is not None
            times = "" if condition.level == 1 else f"{plain(condition.level)}x "
            return f"{_series(metric)} {_compared(op, times + study_text(metric.against), joined)}"
        case _:
            assert_never(metric.name)


def _move(condition: Condition) -> str:
    metric = condition.metric
    assert metric.window is not None
    sigma = KINDS[metric.name].unit == "sigma"
    size = plain(condition.level) + ("sigma" if sigma else "%")
    owner = _owner(metric)
    if condition.op == "up":
        sign = _SIGNS[metric.name.removesuffix("_sigma")]
        return f"{owner} {sign}{size} in {write_duration(metric.window)}"
    return f"{owner} {metric.name}({write_duration(metric.window)}) {_compared(condition.op, size, joined=True)}"


def _signed(value: Decimal) -> str:
    # The digits decide what could be taken for thousands, not the sign before them.
    return f"-{plain(-value)}" if value < 0 else plain(value)


def _owner(metric: Metric) -> str:
    coin = coin_word(metric.base)
    return f"{coin}/{metric.quote}" if KINDS[metric.name].subject == "pair" else coin


def _series(metric: Metric) -> str:
    coin = coin_word(metric.base)
    if metric.name == "volume":
        return f"{coin} volume"
    return coin if metric.study is None else f"{coin} {study_text(metric.study)}"


def _compared(op: Op, level: str, joined: bool) -> str:
    """Return a comparison; alone, reaching a level is a crossing, beside others it is a state."""
    match op:
        case "above":
            return f"> {level}"
        case "below":
            return f"< {level}"
        case "up":
            return f">= {level}" if joined else f"crosses {level} up"
        case "down":
            return f"<= {level}" if joined else f"crosses {level} down"
        case "cross_up":
            return f"crosses {level} up then down"
        case "cross_down":
            return f"crosses {level} down then up"
        case _:
            assert_never(op)


def coin_word(coin_id: str) -> str:
    """Return a coin's id as a line has it: `bitcoin`, `$band` for one named like a keyword, `100=100` like a number."""
    line = read_line(coin_id, None)
    if not _WORD.fullmatch(coin_id) or begins_value(line) or "sigma" in coin_id:
        return f"{coin_id}={coin_id}"
    if (coin_id in words.KEYWORDS or at_study(line)) and coin_id not in FIATS:
        return f"${coin_id}"
    return coin_id
