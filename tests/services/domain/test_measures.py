"""What closed bars say, against reference values, against arithmetic by hand, and where nothing can be said."""

import math
import statistics
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from services.domain.candles import LENGTH, Candle, Interval
from services.domain.measures import said
from services.domain.metrics import parse_metric
from services.domain.needs import SIGMA_BARS, Need, memory, needs, studies_of
from tests.services.domain.synthetic import FIRST, candles

MONTH = candles(SIGMA_BARS, interval="5m")
HOUR = timedelta(hours=1)


def values(key: str, bars: tuple[Candle, ...], interval: Interval) -> list[Decimal | None]:
    return [value for _, value in said(parse_metric(f"{key}@coin:bitcoin"), {interval: bars})]


def last(key: str, bars: tuple[Candle, ...], interval: Interval) -> float | None:
    value = values(key, bars, interval)[-1]
    return None if value is None else float(value)


def without(bars: tuple[Candle, ...], *places: int) -> tuple[Candle, ...]:
    gone = {place % len(bars) for place in places}
    return tuple(bar for place, bar in enumerate(bars) if place not in gone)


@pytest.mark.parametrize(
    ("key", "bar", "expected"),
    [
        ("rsi(14,1h)", 599, 58.04029646),
        ("rsi(14,1h)", 1999, 42.86400732),
        ("macd(12,26,9,1h)", 599, 0.4144820439),
        ("macd(12,26,9,1h)", 1999, -0.5110583316),
        ("atr(14,1h)", 1999, 6.884687756 / 390.0744810178 * 100),
        ("ratio(price,sma(200,1h))", 1999, 359.8763367),
        ("ratio(price,ema(32,1h))", 1999, 401.5119614),
        ("ratio(price,bb_upper(20,2,1h))", 1999, 420.8262875),
        ("ratio(price,bb_lower(20,2,1h))", 1999, 373.5314104),
        ("ratio(sma(200,1h),ema(32,1h))", 1999, 359.8763367 / 401.5119614),
    ],
)
def test_studies_give_the_reference_values(key: str, bar: int, expected: float) -> None:
    found = values(key, candles(), "1h")[bar]
    assert found is not None
    assert float(found) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("key", ["rsi(14,1h)", "macd(12,26,9,1h)", "atr(14,1h)", "ratio(price,ema(21,1h))"])
def test_the_bars_that_a_study_asks_for_say_the_same_as_all_bars(key: str) -> None:
    (need,) = needs(parse_metric(f"{key}@coin:bitcoin"))
    assert need.bars == max(map(memory, studies_of(parse_metric(f"{key}@coin:bitcoin"))))
    assert last(key, candles()[-need.bars :], "1h") == pytest.approx(last(key, candles(), "1h"), rel=1e-8)


def test_a_bar_speaks_when_it_closes() -> None:
    times = [at for at, _ in said(parse_metric("rsi(14,1h)@coin:bitcoin"), {"1h": candles(30)})]
    assert times == [FIRST + HOUR * (place + 1) for place in range(30)]


@pytest.mark.parametrize("key", ["rsi(14,1h)", "atr(14,1h)", "ratio(price,sma(200,1h))", "ratio(price,sma(1,1h))"])
def test_a_history_that_is_too_short_says_nothing(key: str) -> None:
    assert set(values(key, candles(14), "1h")) == {None}
    assert values(key, (), "1h") == []


def test_a_study_over_too_many_gaps_says_nothing() -> None:
    assert last("rsi(14,1h)", without(candles(100), 50, 60), "1h") is not None
    assert last("rsi(14,1h)", without(candles(100), *range(40, 50)), "1h") is None


def test_a_ratio_of_two_lengths_takes_the_longer_bar_that_has_closed() -> None:
    hours, days = candles(24 * 10), candles(10, seed=7, interval="1d")
    metric = parse_metric("ratio(sma(2,1h),sma(2,1d))@coin:bitcoin")
    assert needs(metric) == (Need("1h", 2, "1h"), Need("1d", 2, "1h"))
    found = dict(said(metric, {"1h": hours, "1d": days}))
    closes = [float(bar.close) for bar in hours]
    for hour in (100, 143, 144):
        day = (hour + 1) // 24  # so many days are over when this hour closes
        over = (float(days[day - 1].close) + float(days[day - 2].close)) / 2
        value = found[FIRST + HOUR * (hour + 1)]
        assert value is not None
        assert float(value) == pytest.approx((closes[hour] + closes[hour - 1]) / 2 / over, rel=1e-8)


# How far a coin usually moves.


@pytest.mark.parametrize(("window", "lag"), [("5m", 1), ("1h", 12), ("1d", 288), ("1w", 2016)])
def test_the_deviation_is_that_of_overlapping_log_returns(window: str, lag: int) -> None:
    closes = [float(bar.close) for bar in MONTH]
    returns = [math.log(later / sooner) for sooner, later in zip(closes, closes[lag:], strict=False)]
    assert last(f"drop_sigma({window})", MONTH, "5m") == pytest.approx(statistics.stdev(returns), rel=1e-8)


def test_a_window_shorter_than_a_bar_is_scaled_by_the_root_of_time() -> None:
    whole, part = last("rise_sigma(5m)", MONTH, "5m"), last("rise_sigma(1m)", MONTH, "5m")
    assert whole is not None
    assert part == pytest.approx(whole / math.sqrt(5), rel=1e-8)


def test_the_deviation_is_made_anew_each_full_hour_from_thirty_days() -> None:
    longer = candles(SIGMA_BARS + 30, interval="5m")
    found = dict(said(parse_metric("swing_sigma(1h)@coin:bitcoin"), {"5m": longer}))
    assert {at.minute for at in found} == {0}
    assert max(found) == longer[-1].at + timedelta(minutes=5, hours=-0.5)
    newest = longer[24 : 24 + SIGMA_BARS]  # up to that hour
    assert float(found[max(found)] or 0) == pytest.approx(last("drop_sigma(1h)", newest, "5m"), rel=1e-9)


@pytest.mark.parametrize(
    "bars",
    [
        MONTH[-SIGMA_BARS // 2 :],
        without(MONTH, *range(1000, 1500)),
        tuple(replace(bar, close=Decimal(1)) for bar in MONTH),
        (),
    ],
    ids=["short", "gappy", "still", "none"],
)
def test_no_deviation_is_known_where_the_history_does_not_show_it(bars: tuple[Candle, ...]) -> None:
    assert not any(values("drop_sigma(1h)", bars, "5m"))


def test_some_missing_bars_change_the_deviation_little() -> None:
    whole = last("drop_sigma(1h)", MONTH, "5m")
    assert whole is not None
    assert last("drop_sigma(1h)", without(MONTH, *range(100, 8000, 100)), "5m") == pytest.approx(whole, rel=0.02)


def test_a_window_of_half_a_month_and_more_has_too_few_returns() -> None:
    assert last("drop_sigma(15d)", MONTH, "5m") is not None
    assert last("drop_sigma(16d)", MONTH, "5m") is None


# How busy a coin is.


def volumes(*amounts: float, interval: Interval = "1m") -> tuple[Candle, ...]:
    one = Decimal(1)
    return tuple(
        Candle(FIRST + LENGTH[interval] * place, one, one, one, one, Decimal(amount))
        for place, amount in enumerate(amounts)
    )


@pytest.mark.parametrize(
    ("window", "interval", "bars"),
    [
        ("1m", "1m", 1), ("15m", "1m", 15), ("16m", "5m", 3), ("4h", "5m", 48), ("5h", "1h", 5), ("3d", "1h", 72),
        ("4d", "1d", 4), ("1w", "1d", 7),
    ],
)  # fmt: skip
def test_the_bars_of_a_volume_are_fine_enough(window: str, interval: Interval, bars: int) -> None:
    (need,) = needs(parse_metric(f"volume({window})@coin:bitcoin"))
    assert need == Need(interval, bars * 21, interval)


def test_the_volume_of_a_window_over_the_twenty_windows_before_it() -> None:
    before = [1, 3] * 20  # twenty windows of two minutes, four each
    assert values("volume(2m)", volumes(*before, 5, 7), "1m") == [None] * 41 + [Decimal(3)]


def test_each_bar_makes_a_new_volume() -> None:
    found = values("volume(2m)", volumes(*[2] * 42, 6), "1m")
    assert found[-2:] == [Decimal(1), Decimal(2)]


def test_a_missing_bar_is_not_a_quiet_one() -> None:
    busy = volumes(*[2] * 42, 6)
    assert last("volume(2m)", without(busy, -2), "1m") is None  # of the window itself
    assert last("volume(2m)", without(busy, 5), "1m") == 2  # before it
    assert last("volume(2m)", without(busy, 5, 10, 15), "1m") is None  # more than a twentieth
    assert last("volume(2m)", busy[3:], "1m") is None  # too short


def test_nothing_traded_before_is_no_measure() -> None:
    assert last("volume(1m)", volumes(*[0] * 20, 5), "1m") is None
    assert last("volume(1m)", volumes(*[1] * 20, 0), "1m") == 0  # nobody traded, which is known
