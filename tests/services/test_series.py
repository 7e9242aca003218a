"""Series: one window for all moves of a pair within one time, and nothing kept that nobody waits for."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from services.domain.metrics import parse_metric
from services.domain.quotes import Observation, Quote
from services.series import Series
from tests.fakes.market import START

DROP = parse_metric("drop(1h)@pair:bitcoin/usd")
SIGMAS = parse_metric("rise_sigma(1h)@coin:bitcoin")
AVERAGE = parse_metric("ratio(price,sma(200,1d))@coin:bitcoin")
STRENGTH = parse_metric("rsi(14,1h)@coin:bitcoin")


class Prices:
    """The dollar price that a test sets."""

    price: Decimal | None = Decimal(100)

    def rate(self, currency: str) -> Decimal | None:
        return self.price if currency == "bitcoin" else Decimal(1)

    def rate_at(self, currency: str) -> datetime:
        del currency
        return START


@pytest.fixture
def prices() -> Prices:
    return Prices()


def heard(series: Series, prices: Prices, price: str, minutes: int) -> dict[str, Decimal]:
    """Return what a new price means, by the name of the metric."""
    at = START + timedelta(minutes=minutes)
    prices.price = Decimal(price)
    quote = Quote("bitcoin", Decimal(price), at, at, "tick", (), Decimal(), False, None, None, None, None)
    found: list[Observation] = list(series.observe(quote))
    return {each.metric.partition("(")[0]: each.value for each in found}


def test_moves_within_one_time_share_their_past(prices: Prices) -> None:
    series = Series(prices)
    assert series.subscribe(DROP)
    assert not series.subscribe(SIGMAS)
    series.tell(SIGMAS, Decimal("0.01"))
    assert heard(series, prices, "100", 1) == {}
    series.feed(DROP, [(START - timedelta(minutes=9), Decimal(110), Decimal(99))])
    assert heard(series, prices, "99", 2) == {"drop": 10, "rise_sigma": 0}
    assert heard(series, prices, "110", 3) == {"drop": 0, "rise_sigma": Decimal("10.53605157")}  # ln(110/99) / 0.01


def test_a_yardstick_that_is_unknown_leaves_the_metric_absent(prices: Prices) -> None:
    series = Series(prices)
    series.subscribe(AVERAGE)
    assert (series.value(AVERAGE), heard(series, prices, "120", 1)) == (None, {})
    series.tell(AVERAGE, Decimal(80))
    assert heard(series, prices, "120", 2) == {"ratio": Decimal("1.5")}
    assert series.value(AVERAGE) == Decimal("1.5")
    series.tell(AVERAGE, None)
    assert (series.value(AVERAGE), heard(series, prices, "120", 3)) == (None, {})


def test_what_bars_make_is_held_and_moves_with_no_price(prices: Prices) -> None:
    series = Series(prices)
    series.subscribe(STRENGTH)
    assert list(series.groups) == [("bitcoin", "1h", "1h")]
    series.tell(STRENGTH, Decimal(44))
    assert series.value(STRENGTH) == 44
    assert heard(series, prices, "120", 1) == {}


def test_what_nobody_waits_for_is_forgotten(prices: Prices) -> None:
    series = Series(prices)
    for metric in (DROP, SIGMAS, STRENGTH):
        series.subscribe(metric)
        series.feed(metric, ())
        series.tell(metric, Decimal(1))
    series.unsubscribe(DROP)
    assert heard(series, prices, "101", 1).keys() == {"rise_sigma"}  # the window is still somebody's
    series.unsubscribe(SIGMAS)
    series.unsubscribe(STRENGTH)
    series.unsubscribe(STRENGTH)
    assert heard(series, prices, "102", 2) == {}
    assert series.groups == {}
    assert [series.value(metric) for metric in (SIGMAS, STRENGTH)] == [None, None]
    assert series.subscribe(DROP)  # and begins anew
