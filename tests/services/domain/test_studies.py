"""Studies against reference values on a synthetic series, against arithmetic by hand, and at their edges."""

import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from services.domain import studies
from services.domain.candles import Candle
from services.domain.studies import Floats
from tests.services.domain.synthetic import candles, series

# Name -> the first bar that is known, and values by bar; made with TA-Lib 0.8.2 from the synthetic series.
REFERENCE: dict[str, tuple[int, dict[int, float]]] = {
    "rsi": (14, {33: 44.17982041, 199: 71.24808241, 599: 58.04029646, 1999: 42.86400732}),
    "ema": (31, {33: 95.63920378, 199: 103.9476867, 599: 174.5505063, 1999: 401.5119614}),
    "sma": (199, {199: 100.1069699, 599: 155.3444544, 1999: 359.8763367}),
    "macd": (33, {33: -1.705249726, 199: 0.9826957452, 599: -1.295147507, 1999: -8.632159186}),
    "signal": (33, {33: -2.043023349, 199: 0.2408704483, 599: -1.709629551, 1999: -8.121100855}),
    "histogram": (33, {33: 0.3377736223, 199: 0.7418252969, 599: 0.4144820439, 1999: -0.5110583316}),
    "upper": (19, {33: 98.13166322, 199: 108.1419289, 599: 179.8320646, 1999: 420.8262875}),
    "lower": (19, {33: 89.50521686, 199: 99.18691365, 599: 166.2964104, 1999: 373.5314104}),
}


def computed(prices: Floats) -> dict[str, Floats]:
    bands, macd = studies.bollinger(prices), studies.macd(prices)
    return {
        "rsi": studies.rsi(prices),
        "ema": studies.ema(prices, 32),
        "sma": studies.sma(prices, 200),
        "macd": macd.line,
        "signal": macd.signal,
        "histogram": macd.histogram,
        "upper": bands.upper,
        "lower": bands.lower,
    }


@pytest.mark.parametrize("name", REFERENCE)
def test_a_study_gives_the_reference_values_and_is_unknown_before(name: str) -> None:
    first, values = REFERENCE[name]
    found = computed(series())[name]
    assert np.isnan(found[:first]).all()
    assert np.isfinite(found[first:]).all()
    assert {bar: found[bar] for bar in values} == pytest.approx(values, rel=1e-8)


def test_the_true_range_gives_the_reference_values() -> None:
    found = studies.atr(candles())
    assert np.isnan(found[:14]).all()
    assert np.isfinite(found[14:]).all()
    wanted = {14: 1.583945485, 33: 1.48332693, 199: 1.226203836, 599: 3.436826124, 1999: 6.884687756}
    assert {bar: found[bar] for bar in wanted} == pytest.approx(wanted, rel=1e-8)


def test_candles_and_their_closing_prices_give_the_same() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    prices = [Decimal(100 + (bar * 7) % 11) for bar in range(40)]
    flat = [Candle(start + timedelta(hours=bar), p, p, p, p, Decimal(1)) for bar, p in enumerate(prices)]
    as_floats = np.array([float(price) for price in prices])
    np.testing.assert_array_equal(studies.rsi(flat), studies.rsi(as_floats))
    np.testing.assert_array_equal(studies.sma(flat, 20), studies.sma(as_floats, 20))


def test_averages_and_bands_by_hand() -> None:
    prices = np.array([1.0, 2.0, 3.0, 4.0, 8.0])
    assert studies.sma(prices, 2)[1:].tolist() == [1.5, 2.5, 3.5, 6.0]
    assert studies.ema(prices, 3)[2:].tolist() == [2.0, 3.0, 5.5]
    upper, middle, lower = studies.bollinger(prices, length=2, width=1.0)
    assert (upper[-1], middle[-1], lower[-1]) == pytest.approx((8.0, 6.0, 4.0))


def test_strength_at_its_bounds() -> None:
    up = np.linspace(1, 2, 30)
    assert studies.rsi(up)[-1] == pytest.approx(100)
    assert studies.rsi(up[::-1])[-1] == pytest.approx(0)


def test_a_price_that_never_moved_has_no_strength_instead_of_none_left() -> None:
    still = np.full(40, 1.0001)
    assert np.isnan(studies.rsi(still)).all()
    assert np.isfinite(studies.rsi(np.append(still, 1.0002))[-1])


@pytest.mark.parametrize("scale", [1e-12, 1e-5, 1.0, 1e9])
def test_the_size_of_the_price_changes_nothing(scale: float) -> None:
    prices = series(300)
    small = computed(prices * scale)
    assert small["rsi"][-1] == pytest.approx(computed(prices)["rsi"][-1], rel=1e-6)
    assert small["upper"][-1] / scale == pytest.approx(computed(prices)["upper"][-1], rel=1e-6)
    assert small["histogram"][-1] / scale == pytest.approx(computed(prices)["histogram"][-1], rel=1e-6)


@pytest.mark.parametrize("prices", [[], [5.0], [5.0, 6.0, 7.0], [math.nan, math.nan]], ids=len)
def test_too_few_prices_are_unknown_and_no_error(prices: list[float]) -> None:
    for values in computed(np.array(prices)).values():
        assert len(values) == len(prices)
        assert np.isnan(values).all()
