"""The words that stand for a chart."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from handlers.charts import describe, price_text
from handlers.model import Chart
from services.domain.candles import Candle


def bar(hour: int, first: str, high: str, low: str, last: str) -> Candle:
    at = datetime(2026, 1, 5, tzinfo=UTC) + timedelta(hours=hour)
    return Candle(at, Decimal(first), Decimal(high), Decimal(low), Decimal(last), Decimal(1))


CHART = Chart(
    title="BTC/USD",
    interval="1h",
    candles=(bar(0, "90000", "90500", "89000.40", "90100"), bar(1, "90100", "92000", "90050", "91234.49")),
    currency="USD",
    studies=(),
    source="Kraken",
    as_of=datetime(2026, 1, 5, 1, 59, 30, tzinfo=UTC),
)


def test_one_line_says_it_all() -> None:
    assert describe(CHART) == (
        "BTC/USD, 1h: 91,234 USD, +1.4 % over 2 bars, high 92,000, low 89,000, as of 5 Jan 2026 01:59 UTC"
    )
    assert CHART.alt == describe(CHART)


def test_marks_come_first() -> None:
    assert describe(replace(CHART, marks=("SIMULATED", "STALE"))).startswith("SIMULATED, STALE: BTC/USD, 1h: 91,234")


def test_times_are_utc_whatever_zone_they_came_in() -> None:
    india = timezone(timedelta(hours=5, minutes=30))
    assert describe(replace(CHART, as_of=datetime(2026, 1, 5, 7, 29, tzinfo=india))) == describe(CHART)


def test_no_bars() -> None:
    assert describe(replace(CHART, candles=())) == "BTC/USD, 1h: no bars, as of 5 Jan 2026 01:59 UTC"


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("100", "100", "0.0 % over 1 bar,"),
        ("100", "100.04", "+0.04 % over 1 bar,"),
        ("100", "99.999", "0.0 % over 1 bar,"),
        ("100", "87.66", "-12.3 % over 1 bar,"),
        ("1", "1050.65", "+104,965 % over 1 bar,"),
        ("0", "5", "no change known over 1 bar,"),
    ],
)
def test_the_change_is_rounded_to_what_matters(first: str, last: str, words: str) -> None:
    high, low = max(first, last, key=float), min(first, last, key=float)
    assert words in describe(replace(CHART, candles=(bar(0, first, high, low, last),)))


@pytest.mark.parametrize(
    ("price", "words"),
    [
        ("0", "0"),
        ("0.00001234", "0.00001234"),
        ("0.000000123456", "0.0000001235"),
        ("0.5", "0.5000"),
        ("1.0978", "1.0978"),
        ("63.64", "63.640"),
        ("1583.4", "1,583.40"),
        ("91234.49", "91,234"),
        ("3021971579", "3,021,971,579"),
    ],
)
def test_a_price_is_written_out_to_what_matters(price: str, words: str) -> None:
    assert price_text(Decimal(price)) == words
