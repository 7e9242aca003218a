from contextlib import suppress
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.people import NumberStyle
from services.domain.rule_parser import LONGEST, parse_rule
from services.domain.rules import LevelLine, LineOp, MoveLine, Question, RuleError, RuleLine, Terms

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def level(subject: str, op: LineOp, *levels: str, currency: str | None = None, terms: Terms | None = None) -> LevelLine:
    return LevelLine(subject, op, tuple(map(Decimal, levels)), currency, terms or Terms())


def drop(subject: str, percent: str, window: timedelta | None, terms: Terms | None = None) -> MoveLine:
    return MoveLine(subject, "drop", Decimal(percent), window, terms or Terms())


@pytest.mark.parametrize(
    ("line", "meaning"),
    [
        ("btc 100k", level("btc", "touch", "100000")),
        ("alert me when btc hits 100k", level("btc", "touch", "100000")),
        ("Tell me if the price of BTC reaches $100,000", level("BTC", "touch", "100000")),
        ("btc > 100k", level("btc", "above", "100000")),
        ("btc>100k", level("btc", "above", "100000")),
        ("btc is above 100k", level("btc", "above", "100000")),
        ("btc < 100k", level("btc", "below", "100000")),
        ("btc goes under 1.5k", level("btc", "below", "1500")),
        ("btc >= 100k", level("btc", "up", "100000")),
        ("btc ≤ 100k", level("btc", "down", "100000")),
        ("btc => 100k", level("btc", "up", "100000")),
        ("btc 95k 100k 105k", level("btc", "touch", "95000", "100000", "105000")),
        ("btc 95k 95k 95000", level("btc", "touch", "95000")),
        ("btc crosses 100k", level("btc", "cross", "100000")),
        ("btc crosses 100k up every 4h", level("btc", "up", "100000", terms=Terms(every=4 * HOUR))),
        ("btc crosses above 100k", level("btc", "up", "100000")),
        ("btc crosses 100k down until 3d", level("btc", "down", "100000", terms=Terms(until=3 * DAY))),
        ("btc > 30m", level("btc", "above", "30000000")),
        ("btc > 1m", level("btc", "above", "1000000")),
        ("btc 1m 2m", level("btc", "touch", "1000000", "2000000")),
        ("btc > 100k eur", level("btc", "above", "100000", currency="eur")),
        ("eth > 0.05 btc once", level("eth", "above", "0.05", currency="btc")),
        ("$band > 1.5", level("$band", "above", "1.5")),
        ("$one 1", level("$one", "touch", "1")),
        ("1inch > 0.5", level("1inch", "above", "0.5")),
        ("btc > 70_000", level("btc", "above", "70000")),
        ('btc > 100k note "sell half"', level("btc", "above", "100000", terms=Terms(note="sell half"))),
        (
            'btc > 100k every 1w until 9d note "{x} <b> %s"',
            level("btc", "above", "100000", terms=Terms(every=7 * DAY, until=9 * DAY, note="{x} <b> %s")),
        ),
        ("eth -5% in 1h", drop("eth", "5", HOUR)),
        ("eth - 5% within 1h", drop("eth", "5", HOUR)),
        ("eth −5% in 30m", drop("eth", "5", HOUR / 2)),
        ("eth drops 5% in 1h", drop("eth", "5", HOUR)),
        ("eth falls by 2.5% in 24h", drop("eth", "2.5", DAY)),
        ("eth -5%", drop("eth", "5", None)),
        ("eth -5% in 1h every 6h", drop("eth", "5", HOUR, Terms(every=6 * HOUR))),
        ("eth +5% in 1h", MoveLine("eth", "rise", Decimal(5), HOUR, Terms())),
        ("eth rises 500% in 30d", MoveLine("eth", "rise", Decimal(500), 30 * DAY, Terms())),
        ("sol ±3% in 30m", MoveLine("sol", "swing", Decimal(3), HOUR / 2, Terms())),
        ("sol +/-3% in 30m", MoveLine("sol", "swing", Decimal(3), HOUR / 2, Terms())),
        ("sol +-3% in 30m", MoveLine("sol", "swing", Decimal(3), HOUR / 2, Terms())),
    ],
)  # fmt: skip
def test_lines_with_one_reading(line: str, meaning: RuleLine) -> None:
    assert parse_rule(line) == meaning


@pytest.mark.parametrize(
    ("line", "answers"),
    [
        ("eth 5%", ("eth +5%", "eth -5%")),
        ("eth 5% in 4h every 1d", ("eth +5% in 4h every 1d", "eth -5% in 4h every 1d")),
        ("btc > 100k 1h", ("btc > 100k every 1h", "btc > 100k until 1h", "btc > 100k")),
        ("alert me when w > 5 1h", ("w > 5 every 1h", "w > 5 until 1h", "w > 5")),
        ('btc > 100k 1h note "mine"', (
            'btc > 100k every 1h note "mine"', 'btc > 100k until 1h note "mine"', 'btc > 100k note "mine"',
        )),
        ("btc > 100.000", ("btc > 100", "btc > 100000")),
        ("bonk > 1.234", ("bonk > 1.2340", "bonk > 1234")),
        ("1,5x > 1,5", ("1,5x > 1.5", "1,5x > 15")),
        ("btc 90k 100.000 eur every 1d", ("btc 90k 100 eur every 1d", "btc 90k 100000 eur every 1d")),
        ("eth -1,5% in 1h", ("eth -1.5% in 1h", "eth -15% in 1h")),
    ],
)  # fmt: skip
def test_lines_with_several_readings_are_asked_back(line: str, answers: tuple[str, ...]) -> None:
    asked = parse_rule(line)
    assert isinstance(asked, Question)
    assert tuple(" ".join(answer.split()) for _, answer in asked.answers) == answers
    assert len({label for label, _ in asked.answers}) == len(answers)
    assert not any(isinstance(parse_rule(answer), Question) for _, answer in asked.answers)


def test_whoever_has_chosen_a_style_is_not_asked() -> None:
    assert parse_rule("btc > 100.000", "1.234,56") == level("btc", "above", "100000")
    assert parse_rule("btc > 100.000", "1,234.56") == level("btc", "above", "100")


@pytest.mark.parametrize(
    ("line", "points_at"),
    [
        ("", "Which coin"), ("alert me when", "Which coin"), ("> 100k", "Start with a coin"),
        ("btc", "price is missing"), ("eth --5%", "«--5%»"), ("eth -+5% in 1h", "«-+5%»"), ("eth %", "«%»"),
        ("btc >", "price is missing"), ("btc > > 100k", "«>»"), ("btc above below 5", "«below»"),
        ("btc > hello", "«hello»"), ("btc > 1e5", "«1e5»"), ("btc > -5", "«-5»"), ("btc - 100k", "«-»"),
        ("btc + 100k", "«+»"), ("btc ± 100k", "«±»"), ("btc > 0", "«0»"), ("btc > 100k for", "«for»"),
        ("btc rsi(14,4h) < 30", "«rsi(14,4h)»"), ("btc etf flow < -300m", "«etf»"), ("btc inside 95k 98k", "«inside»"),
        ("btc > 100k every", "«every»"), ("btc > 100k every soon", "«every»"), ("btc > 100k until soon", "«until»"),
        ("btc > 100k every 30s", "«every»"), ("btc > 100k once more", "«more»"), ("eth -0% in 1h", "«-0%»"),
        ("eth -100% in 1h", "«-100%»"), ("eth +1001% in 1h", "«+1001%»"), ("eth -5% in", "time is missing"),
        ("eth -5% in 31d", "at most 30 days"), ("eth -5% in later", "«later»"), ("eth ±5%", "Within which time"),
        ("btc 1 2 3 4 5 6 7 8 9 10 11", "At most 10"), ("btc > 100k note", "1 to 64"),
        (f'btc > 100k note "{"x" * 65}"', "1 to 64"), ("x" * (LONGEST + 1), "too long"),
        ("btc > 100k\0", "«100k\0»"), ("btc > 1\u200b00", "«1\u200b00»"), ("btc > \u202e100", "«\u202e100»"),
    ],
)  # fmt: skip
def test_a_line_with_no_reading_is_refused_at_its_word(line: str, points_at: str) -> None:
    with pytest.raises(RuleError, match=r"[.:] |\.$") as refusal:
        parse_rule(line)
    assert points_at in str(refusal.value)
    assert len(str(refusal.value)) < 200


WORDS = st.sampled_from(
    (
        "btc", "w", "me", ">", "<", ">=", "crosses", "up", "down", "100k", "1,5", "100.000", "-5%", "±", "-", "+-5%",
        "in", "1h", "30m", "every", "until", "4h", "note", '"', '"x y"', "eur", "once", "alert", "when", "falls",
        "rises", "to", "here", "dm", "rsi", "\u200b", "\u202e", "\0", "٣", "é", "{x}", "%", "$", "$5", "1m", "2m",
    )
)  # fmt: skip
LINES = st.lists(WORDS, max_size=14).map(" ".join) | st.text(max_size=200) | st.text(max_size=10_000)
STYLES: st.SearchStrategy[NumberStyle | None] = st.sampled_from((None, "1,234.56", "1.234,56", "1 234.56"))


@given(line=LINES, style=STYLES)
def test_nothing_but_a_rule_error_escapes(line: str, style: NumberStyle | None) -> None:
    with suppress(RuleError):
        assert isinstance(parse_rule(line, style), LevelLine | MoveLine | Question)


@given(line=st.lists(WORDS, max_size=14).map(" ".join))
def test_every_answer_leads_on(line: str) -> None:
    asked = [line]
    for _ in range(12):  # one question for each word at most
        asked = [answer for each in asked for answer in answers_to(each)][:50]
    assert asked == []


def answers_to(line: str) -> tuple[str, ...]:
    try:
        found = parse_rule(line)
    except RuleError:
        return ()
    return tuple(answer for _, answer in found.answers) if isinstance(found, Question) else ()


@pytest.mark.parametrize("part", ["btc ", "100k ", '"', "> ", "%", "1.", "every ", "\u0301", "up ", "  "])
@pytest.mark.parametrize("length", [LONGEST, 10_000])
def test_long_lines_are_read_or_refused(part: str, length: int) -> None:
    with suppress(RuleError):
        parse_rule((part * length)[:length])
