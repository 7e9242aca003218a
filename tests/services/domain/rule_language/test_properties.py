"""What holds for every rule and for every text."""

import re
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import get_args

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.domain.candles import Interval
from services.domain.coins import FIATS
from services.domain.metrics import KINDS, Metric, MetricName, Study, StudyName
from services.domain.people import NumberStyle
from services.domain.rule_language import LONGEST, RuleLine, bind, format_rule, parse_rule
from services.domain.rule_language.vocabulary import KEYWORDS
from services.domain.rules import AllOf, AnyOf, Condition, Expression, Loudness, Op, Question, Route, Rule, RuleError
from tests.services.domain.rule_language.surroundings import EUROS, NOON

STYLES: st.SearchStrategy[NumberStyle | None] = st.sampled_from((None, "1,234.56", "1.234,56", "1 234.56"))
BARS: st.SearchStrategy[Interval] = st.sampled_from(get_args(Interval))
OPS: st.SearchStrategy[Op] = st.sampled_from(get_args(Op))
LENGTHS = st.integers(2, 500).map(Decimal)
IDS = (
    st.sampled_from(("bitcoin", "avalanche-2", "1inch", "0x", "100", "1h", "5-in-1", "rsi14", "2-sigma", "the"))
    | st.sampled_from(sorted(word for word in KEYWORDS if word not in FIATS and word.isalnum() and word.isascii()))
    | st.from_regex(re.compile(r"[a-z0-9][a-z0-9_.-]{0,20}[a-z0-9_-]", re.ASCII), fullmatch=True)
)  # fmt: skip


def decimals(least: str, most: str, places: int) -> st.SearchStrategy[Decimal]:
    low, high = (int(Decimal(each).scaleb(places)) for each in (least, most))
    return st.integers(low, high).map(lambda scaled: Decimal(scaled).scaleb(-places))


def study(name: StudyName) -> st.SearchStrategy[Study]:
    match name:
        case "bb_upper" | "bb_lower":
            numbers = st.tuples(LENGTHS, decimals("0.1", "10", 2))
            return st.builds(Study, st.just(name), numbers, BARS)
        case "macd":
            three = st.tuples(LENGTHS, LENGTHS, LENGTHS).filter(lambda each: each[0] < each[1] and sum(each) <= 1000)
            return st.builds(Study, st.just(name), three, BARS)
        case _:
            return st.builds(Study, st.just(name), st.tuples(LENGTHS), BARS)


AVERAGES = st.one_of(study("sma"), study("ema"), study("bb_upper"), study("bb_lower"))
PRICES = decimals("0.000001", "999999999999", 6) | decimals("0.000000000000000001", "1", 18)
LEVELS: dict[MetricName, st.SearchStrategy[Decimal]] = {
    "price": PRICES, "rsi": decimals("0.01", "99.99", 2), "macd": decimals("-1000", "1000", 3),
    "atr": decimals("0.01", "1000", 2), "volume": decimals("0.01", "1000", 2), "ratio": decimals("0.01", "100", 2),
    "drop": decimals("0.01", "99.99", 2), "swing": decimals("0.01", "99.99", 2), "rise": decimals("0.01", "1000", 2),
    "drop_sigma": decimals("0.1", "100", 1), "rise_sigma": decimals("0.1", "100", 1),
    "swing_sigma": decimals("0.1", "100", 1),
}  # fmt: skip


@st.composite
def metrics(draw: st.DrawFn) -> Metric:
    name = draw(st.sampled_from(get_args(MetricName)))
    base = draw(IDS)
    quote = "usd"
    if KINDS[name].subject == "pair":
        quote = draw(st.sampled_from(sorted(FIATS)) | IDS.filter(lambda each: each != base))
    made = Metric(name, base, quote)
    match name:
        case "price":
            return made
        case "rsi" | "macd" | "atr":
            return replace(made, study=draw(study(name)))
        case "ratio":
            upper, lower = draw(st.none() | AVERAGES), draw(AVERAGES)
            return replace(made, study=None if upper == lower else upper, against=lower)
        case _:
            minutes = draw(st.integers(1, 9999) | st.integers(1, 720).map(lambda hours: hours * 60))
            return replace(made, window=timedelta(minutes=minutes))


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    metric = draw(metrics())
    return Condition(metric, draw(OPS), draw(LEVELS[metric.name]))


@st.composite
def ranges(draw: st.DrawFn) -> Expression:
    metric = draw(metrics())
    low, high = sorted((draw(LEVELS[metric.name]), draw(LEVELS[metric.name])))
    if draw(st.booleans()):
        return AllOf((Condition(metric, "up", low), Condition(metric, "down", high)))
    return AnyOf((Condition(metric, "below", low), Condition(metric, "above", high)))


def size(expression: Expression) -> int:
    return 1 if isinstance(expression, Condition) else sum(map(size, expression.parts))


def joined(parts: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    several = st.lists(parts, min_size=2, max_size=4).map(tuple)
    return several.map(AllOf) | several.map(AnyOf)


EXPRESSIONS = st.recursive(conditions() | ranges(), joined, max_leaves=4).filter(lambda each: size(each) <= 8)
MINUTES = st.integers(1, 9999).map(lambda minutes: timedelta(minutes=minutes))
NOTES = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp"), exclude_characters='"'), min_size=1, max_size=12
)
RULES = st.builds(
    Rule,
    EXPRESSIONS,
    hold=st.none() | MINUTES,
    every=st.none() | st.just("daily") | MINUTES,
    until=st.none() | st.integers(1, 5 * 365 * 86_400).map(lambda seconds: NOON + timedelta(seconds=seconds)),
    band=st.none() | decimals("0", "50", 3),
    loudness=st.sampled_from(get_args(Loudness)),
    route=st.none() | st.sampled_from(get_args(Route)),
    note=st.none() | NOTES,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a rule is many draws
@given(rule=RULES, style=STYLES)
def test_a_rule_reads_back_from_its_text(rule: Rule, style: NumberStyle | None) -> None:
    text = format_rule(rule)
    if len(text) > LONGEST:
        return
    line = parse_rule(text, style)
    assert isinstance(line, RuleLine), line
    assert bind(line, EUROS) == (rule,)


WORDS = st.sampled_from(
    (
        "btc", "w", "me", ">", "<", ">=", ">>", "=>", "crosses", "up", "down", "then", "100k", "1,5", "100.000", "-5%",
        "±", "-", "+-5%", "in", "1h", "30m", "every", "until", "4h", "note", '"', '"x y"', "“hi”", "eur", "once",
        "alert", "when", "falls", "rises", "to", "here", "dm", "rsi", "rsi(14,4h)", "sma(200,1d)", "bb", "upper",
        "volume", "vol", "3x", "avg", "2sigma", "σ", "macd", "atr", "and", "or", "(", ")", "inside", "outside",
        "95k..98k", "..", "band", "1%", "daily", "for", "loud", "silent", "fri", "2026-12-24", "drop(1h)", "drop",
        "price", "of", "on", "the", "a", "day", "hour", "200", "moving", "average", "eth/btc", "/", "x=y", "$band",
        "etf", "flow", "\u200b", "\u202e", "\0", "٣", "é", "{x}", "%", "$", "$5", "1m", "2m", "is", "zero", "İ",
        "percent", "=", "==", "=>>",
    )
)  # fmt: skip
LINES = st.lists(WORDS, max_size=24).map(" ".join) | st.text(max_size=600) | st.text(max_size=10_000)


@settings(deadline=None)
@given(line=LINES, style=STYLES)
def test_nothing_but_a_rule_error_escapes(line: str, style: NumberStyle | None) -> None:
    with suppress(RuleError):
        assert isinstance(parse_rule(line, style), RuleLine | Question)


@settings(deadline=None)
@given(line=LINES)
def test_a_refusal_is_one_short_sentence(line: str) -> None:
    refusal = refusal_of(line)
    assert refusal is None or (str(refusal)[-1] in ".?" and len(str(refusal)) < 220 and refusal.repair != line)


def refusal_of(line: str) -> RuleError | None:
    try:
        parse_rule(line)
    except RuleError as refusal:
        return refusal
    return None


@settings(deadline=None)
@given(line=st.lists(WORDS, max_size=16).map(" ".join))
def test_every_answer_leads_on(line: str) -> None:
    asked = [line]
    for _ in range(16):  # one question for each word at most
        asked = [answer for each in asked for answer in answers_to(each)][:50]
    assert asked == []


def answers_to(line: str) -> tuple[str, ...]:
    try:
        found = parse_rule(line)
    except RuleError:
        return ()
    if not isinstance(found, Question):
        return ()
    assert len({label for label, _ in found.answers}) == len(found.answers) > 1
    return tuple(answer for _, answer in found.answers)


@settings(deadline=None)
@given(line=st.lists(WORDS, max_size=16).map(" ".join))
def test_what_is_read_can_be_written_and_read_again(line: str) -> None:
    try:
        found = parse_rule(line)
    except RuleError:
        return
    if isinstance(found, Question) or "=" in line or "\u200b" in line or "\u202e" in line:
        return
    with suppress(RuleError):
        for rule in bind(found, EUROS):
            text = format_rule(rule)
            again = parse_rule(text)
            assert isinstance(again, RuleLine), text
            assert bind(again, EUROS) == (rule,), text
