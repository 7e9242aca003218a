"""What a rule says in one plain sentence: `Once, when BTC is above $100,000 for 10 min.`"""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import assert_never

from handlers import format as write
from services.domain.coins import FIATS
from services.domain.language import say
from services.domain.metrics import KINDS, Metric, MetricName, Study
from services.domain.numbers import plain, write_duration
from services.domain.people import Preferences
from services.domain.rule_language import as_range
from services.domain.rules import AllOf, Condition, Expression, Loudness, Op, Route, Rule

Names = Callable[[str], str]
"""A coin's symbol by its id."""

_THINGS: dict[MetricName, str] = {
    "price": "{coin}",
    "drop": "the fall of {coin} from its high of the last {window}",
    "rise": "the rise of {coin} from its low of the last {window}",
    "swing": "the move of {coin} from its high or low of the last {window}",
    "drop_sigma": "the fall of {coin} from its high of the last {window}",
    "rise_sigma": "the rise of {coin} from its low of the last {window}",
    "swing_sigma": "the move of {coin} from its high or low of the last {window}",
    "volume": "the volume of {coin} in {window}",
    "rsi": "RSI({numbers}) of {coin} at the close of a {bar} bar",
    "macd": "the MACD({numbers}) histogram of {coin} at the close of a {bar} bar",
    "atr": "ATR({numbers}) of {coin} at the close of a {bar} bar",
    "ratio": "{coin}",
}
_MOVES: dict[MetricName, str] = {
    "drop": "{coin} falls {level} from its high of the last {window}",
    "rise": "{coin} rises {level} from its low of the last {window}",
    "swing": "{coin} moves {level} from its high or low of the last {window}",
    "drop_sigma": "{coin} falls {level} from its high of the last {window}",
    "rise_sigma": "{coin} rises {level} from its low of the last {window}",
    "swing_sigma": "{coin} moves {level} from its high or low of the last {window}",
}
_STUDIES = {
    "sma": "SMA({numbers}) of {bar} bars",
    "ema": "EMA({numbers}) of {bar} bars",
    "bb_upper": "upper Bollinger band({numbers}) of {bar} bars",
    "bb_lower": "lower Bollinger band({numbers}) of {bar} bars",
    "rsi": "RSI({numbers}) of {bar} bars",
    "macd": "MACD({numbers}) of {bar} bars",
    "atr": "ATR({numbers}) of {bar} bars",
}
_COMPARED: dict[Op, str] = {
    "above": "{thing} is above {level}",
    "below": "{thing} is below {level}",
    "up": "{thing} reaches {level} from below",
    "down": "{thing} reaches {level} from above",
    "cross_up": "{thing} crosses {level}",
    "cross_down": "{thing} crosses {level}",
}
_JOINED: dict[Op, str] = {**_COMPARED, "up": "{thing} is at or above {level}", "down": "{thing} is at or below {level}"}
_LOUDNESS: dict[Loudness, str] = {
    "silent": "{words}, silently",
    "normal": "{words}",
    "loud": "{words}, loudly",
    "critical": "{words}, critical until acknowledged",
}
_ROUTES: dict[Route, str] = {
    "here": "{words}, in this chat",
    "dm": "{words}, in private",
    "telegram": "{words}, on Telegram",
    "discord": "{words}, on Discord",
}


def rule_sentence(rule: Rule, names: Names, preferences: Preferences) -> str:
    """Return one sentence: what is waited for, how often it is told, until when, how and where."""
    words = expression_words(rule.expression, names, preferences)
    if rule.hold is not None:
        held = "{words} for {hold}" if isinstance(rule.expression, Condition) else "{words}, held for {hold}"
        words = say(held, words=words, hold=write.span(rule.hold))
    match rule.every:
        case None:
            words = say("Once, when {words}", words=words)
        case "daily":
            words = say("When {words}, at most once a day", words=words)
        case timedelta() as every:
            words = say("When {words}, at most every {every}", words=words, every=write_duration(every))
        case _:
            assert_never(rule.every)
    if rule.until is not None:
        words = say("{words}, until {time}", words=words, time=write.date_time(rule.until, preferences))
    if rule.band is not None:
        words = say("{words}, with a band of {percent}%", words=words, percent=_exact(rule.band, preferences))
    words = say(_LOUDNESS[rule.loudness], words=words)
    if rule.route is not None:
        words = say(_ROUTES[rule.route], words=words)
    return say("{words}.", words=words)


def expression_words(expression: Expression, names: Names, preferences: Preferences) -> str:
    """Return conditions as one clause: `BTC is above $100,000 and ETH is below $2,000`."""
    if isinstance(expression, Condition):
        return _clause(expression, names, preferences, _COMPARED)
    ranged = as_range(expression)
    if ranged is not None:
        return _range(*ranged, names, preferences)
    first, *others = (_part(part, names, preferences) for part in expression.parts)
    joined = "{first} and {second}" if isinstance(expression, AllOf) else "{first} or {second}"
    for each in others:
        first = say(joined, first=first, second=each)
    return first


def _part(part: Expression, names: Names, preferences: Preferences) -> str:
    if isinstance(part, Condition):
        return _clause(part, names, preferences, _JOINED)
    words = expression_words(part, names, preferences)
    return words if as_range(part) is not None else say("({words})", words=words)


def _range(word: str, low: Condition, high: Condition, names: Names, preferences: Preferences) -> str:
    template = "{thing} is between {low} and {high}" if word == "inside" else "{thing} is outside {low} to {high}"
    return say(
        template,
        thing=thing_words(low.metric, names),
        low=level_words(low, names, preferences),
        high=level_words(high, names, preferences),
    )


def _clause(condition: Condition, names: Names, preferences: Preferences, compared: dict[Op, str]) -> str:
    metric = condition.metric
    level = level_words(condition, names, preferences)
    if metric.name in _MOVES and condition.op == "up":
        assert metric.window is not None
        return say(
            _MOVES[metric.name], coin=_coin(metric, names), level=level, window=write_duration(metric.window)
        )  # fmt: skip
    return say(compared[condition.op], thing=thing_words(metric, names), level=level)


def thing_words(metric: Metric, names: Names) -> str:
    """Return what a metric is: `BTC`, `the volume of LINK in 1h`."""
    if metric.name == "ratio" and metric.study is not None:
        return say("the {study} of {coin}", study=_study(metric.study), coin=names(metric.base))
    return say(
        _THINGS[metric.name],
        coin=_coin(metric, names),
        window="" if metric.window is None else write_duration(metric.window),
        numbers="" if metric.study is None else _numbers(metric.study),
        bar="" if metric.study is None else metric.study.bar,
    )


def _coin(metric: Metric, names: Names) -> str:
    """Return the coin, with the other half of its pair where a percentage does not show it."""
    symbol = names(metric.base)
    if KINDS[metric.name].subject == "pair" and KINDS[metric.name].unit != "money" and metric.quote not in FIATS:
        return say("{coin}/{unit}", coin=symbol, unit=names(metric.quote))
    return symbol


def _study(study: Study) -> str:
    return say(_STUDIES[study.name], numbers=_numbers(study), bar=study.bar)


def _numbers(study: Study) -> str:
    return ", ".join(map(plain, study.numbers))


def level_words(condition: Condition, names: Names, preferences: Preferences) -> str:
    """Return what a condition compares with: `$100,000`, `5%`, `its SMA(200) of 1d bars`."""
    metric, level = condition.metric, _exact(condition.level, preferences)
    if metric.name == "ratio":
        assert metric.against is not None
        study = _study(metric.against)
        return (
            say("its {study}", study=study)
            if condition.level == 1
            else say("{times} times its {study}", times=level, study=study)
        )
    if metric.name == "price":
        quote = metric.quote if metric.quote in FIATS else names(metric.quote)
        return write.level(condition.level, quote, preferences)
    match KINDS[metric.name].unit:
        case "%":
            return say("{number}%", number=level)
        case "sigma":
            return say("{number} sigma", number=level)
        case "x":
            return say("{times} times its average", times=level)
        case "money" | "":
            return level


def _exact(value: Decimal, preferences: Preferences) -> str:
    """Return a number with the digits it has, as the person writes numbers."""
    exponent = value.normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    return write.number(value, max(0, -exponent), preferences.numbers)
