"""The simulated market: one path per seed, candles that are what their ticks did, and moves like a real market's."""

import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from services.domain import simulation
from services.domain.candles import Candle, Interval, join

AT = datetime(2026, 3, 5, 14, 3, 7, tzinfo=UTC)
MAJORS = ("bitcoin", "ethereum", "ripple", "binancecoin", "solana", "dogecoin", "cardano")
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
EVERY_ID = tuple(each.id for each in (*simulation.universe(), *simulation.fiats()))
MOMENTS = st.datetimes(datetime(2020, 1, 2), datetime(2030, 1, 1)).map(lambda at: at.replace(microsecond=0, tzinfo=UTC))  # noqa: DTZ001 - the strategy takes naive bounds

ELSEWHERE = """
from datetime import datetime, timedelta
from services.domain import simulation
at = datetime.fromisoformat("2026-03-05T14:03:07+00:00")
for asset_id in ("solana", "eur", "bitcoin"):
    bar = simulation.candles(11, asset_id, "1h", at - timedelta(hours=5), at)[0]
    print(asset_id, simulation.price_at(11, asset_id, at), bar.open, bar.high, bar.low, bar.close, bar.volume)
"""


def returns(bars: Sequence[Candle]) -> NDArray[np.float64]:
    return np.diff(np.log([float(bar.close) for bar in bars]))


def standard(values: NDArray[np.float64]) -> NDArray[np.float64]:
    standardised: NDArray[np.float64] = (values - values.mean()) / values.std()
    return standardised


def test_another_process_sees_the_same_market() -> None:
    answer = subprocess.run([sys.executable, "-c", ELSEWHERE], capture_output=True, text=True, check=True, timeout=60)
    here = []
    for asset_id in ("bitcoin", "eur", "solana"):  # asked in another order, after another coin
        simulation.price_at(11, "aave", AT - DAY)
        price = simulation.price_at(11, asset_id, AT)
        bar = simulation.candles(11, asset_id, "1h", AT - timedelta(hours=5), AT)[0]
        here.append(f"{asset_id} {price} {bar.open} {bar.high} {bar.low} {bar.close} {bar.volume}")
    assert sorted(answer.stdout.splitlines()) == sorted(here)


def test_another_seed_is_another_market() -> None:
    assert simulation.price_at(1, "bitcoin", AT) != simulation.price_at(2, "bitcoin", AT)
    day = [returns(simulation.candles(seed, "bitcoin", "1m", AT - DAY, AT)) for seed in (1, 2)]
    assert abs((standard(day[0]) * standard(day[1])).mean()) < 0.2


@given(seed=st.integers(0, 5), asset_id=st.sampled_from(EVERY_ID), at=MOMENTS)
@settings(max_examples=40, deadline=None)
def test_a_candle_is_what_its_ticks_did(seed: int, asset_id: str, at: datetime) -> None:
    opened = at.replace(second=0)
    seen = [simulation.price_at(seed, asset_id, opened + n * SECOND) for n in range(60)]
    (bar,) = simulation.candles(seed, asset_id, "1m", opened, opened)
    assert (bar.at, bar.open, bar.high, bar.low, bar.close) == (opened, seen[0], max(seen), min(seen), seen[-1])
    assert min(seen) > 0


@given(asset_id=st.sampled_from(EVERY_ID), at=MOMENTS)
@settings(max_examples=20, deadline=None)
def test_a_candle_under_way_holds_nothing_from_the_future(asset_id: str, at: datetime) -> None:
    bars = simulation.candles(3, asset_id, "5m", at - timedelta(minutes=10), at + DAY, until=at)
    opened = datetime.fromtimestamp(at.timestamp() // 300 * 300, UTC)
    seen = [simulation.price_at(3, asset_id, opened + n * SECOND) for n in range((at - opened).seconds + 1)]
    last = bars[-1]
    assert (last.at, last.open, last.high, last.low, last.close) == (opened, seen[0], max(seen), min(seen), seen[-1])


@pytest.mark.parametrize("interval", ["5m", "15m", "1h", "4h", "1d"])
def test_long_candles_are_the_minutes_joined(interval: Interval) -> None:
    first, last = AT.replace(hour=0, minute=0, second=0) - 2 * DAY, AT.replace(hour=0, minute=0, second=0) - MINUTE
    minutes = simulation.candles(4, "ethereum", "1m", first, last)
    assert len(minutes) == 2 * 1440
    assert simulation.candles(4, "ethereum", interval, first, last) == tuple(join(minutes, interval))


def test_bars_open_inside_the_asked_span_at_whole_intervals() -> None:
    bars = simulation.candles(4, "solana", "1h", AT, AT + timedelta(hours=3))
    assert [bar.at.isoformat() for bar in bars] == [f"2026-03-05T{hour}:00:00+00:00" for hour in (15, 16, 17)]
    assert simulation.candles(4, "solana", "1d", simulation.FIRST_DAY - 9 * DAY, simulation.FIRST_DAY - DAY) == ()
    assert simulation.candles(4, "solana", "1h", AT, AT + DAY, until=AT) == ()


@pytest.mark.parametrize("coin_id", ["bitcoin", "solana", "pepe"])
def test_returns_have_fat_tails_and_volatility_clusters(coin_id: str) -> None:
    moves = returns(simulation.candles(5, coin_id, "1m", AT - 20 * DAY, AT))
    sizes = standard(np.abs(moves))
    assert (standard(moves) ** 4).mean() > 3.5
    assert [float((sizes[lag:] * sizes[:-lag]).mean()) > 0.05 for lag in (1, 10, 60)] == [True, True, True]
    assert abs((standard(moves)[1:] * standard(moves)[:-1]).mean()) < 0.1


@pytest.mark.parametrize(("interval", "days"), [("1m", 10), ("1h", 60)])
def test_majors_move_together_but_not_as_one(interval: Interval, days: int) -> None:
    moves = {each: returns(simulation.candles(6, each, interval, AT - days * DAY, AT)) for each in MAJORS}
    pairs = [float((standard(moves[a]) * standard(moves[b])).mean()) for a, b in combinations(MAJORS, 2)]
    assert 0.3 < sum(pairs) / len(pairs) < 0.95


def test_no_price_runs_away_in_six_years() -> None:
    for each in (*simulation.universe(), *simulation.fiats()):
        prices = [simulation.price_at(7, each.id, simulation.FIRST_DAY + n * 90 * DAY) for n in range(25)]
        assert each.level / 12 < min(prices) <= max(prices) < each.level * 12, each.id


@pytest.mark.parametrize("coin_id", ["tether", "usd-coin"])
def test_stable_coins_stay_near_a_dollar(coin_id: str) -> None:
    bars = simulation.candles(8, coin_id, "1d", AT - 300 * DAY, AT)
    assert min(bar.low for bar in bars) > Decimal("0.99")
    assert max(bar.high for bar in bars) < Decimal("1.01")
    assert len({bar.close for bar in bars}) > 50


def test_prices_stand_on_the_tick_of_their_coin() -> None:
    assert simulation.price_at(9, "bitcoin", AT).as_tuple().exponent == -2
    assert simulation.price_at(9, "shiba-inu", AT).as_tuple().exponent == -8
    assert simulation.price_at(9, "eur", AT).as_tuple().exponent == -5


def test_the_window_is_the_last_day_of_ticks() -> None:
    bars = simulation.candles(10, "cardano", "1m", AT - DAY + MINUTE - 7 * SECOND, AT, until=AT)
    seen = simulation.window_24h(10, "cardano", AT)
    opened = simulation.price_at(10, "cardano", AT - DAY)
    assert seen.open == opened
    assert seen.high == max(opened, *(bar.high for bar in bars))
    assert seen.low == min(opened, *(bar.low for bar in bars))
    turned_over = sum(bar.volume * bar.close for bar in bars[:-1])
    assert seen.volume == pytest.approx(turned_over, rel=Decimal("1e-6"))
    assert simulation.window_24h(10, "eur", AT).volume is None


@pytest.mark.parametrize("offset", [Decimal("0.002"), Decimal("-0.002"), Decimal("0.0001"), Decimal(0)])
def test_the_first_crossing_is_the_first_second_that_reaches_the_level(offset: Decimal) -> None:
    now = simulation.price_at(12, "bitcoin", AT)
    level = now * (1 + offset)
    reached = simulation.first_crossing(12, "bitcoin", level, AT, timedelta(hours=2))
    later = [AT + n * SECOND for n in range(1, 7201)]
    prices = [simulation.price_at(12, "bitcoin", at) for at in later]
    hits = [at for at, price in zip(later, prices, strict=True) if (price >= level, price <= level)[offset < 0]]
    assert reached == [*hits, None][0]


def test_no_crossing_is_promised_beyond_the_span() -> None:
    now = simulation.price_at(12, "bitcoin", AT)
    assert simulation.first_crossing(12, "bitcoin", now * 3, AT, 2 * DAY) is None
    reached = simulation.first_crossing(12, "bitcoin", now * Decimal("1.002"), AT, DAY)
    assert reached is not None
    assert simulation.first_crossing(12, "bitcoin", now * Decimal("1.002"), AT, reached - AT - SECOND) is None
    assert simulation.first_crossing(12, "bitcoin", now * Decimal("1.002"), AT, reached - AT) == reached


def test_the_peak_has_been_seen_and_is_not_below_what_came_after() -> None:
    high, at = simulation.peak(13, "ethereum", AT)
    (bar,) = simulation.candles(13, "ethereum", "1m", at, at)
    assert bar.high == high
    assert at <= AT
    recent = simulation.candles(13, "ethereum", "1d", AT - 60 * DAY, AT, until=AT)
    assert high >= max(each.high for each in recent)


def test_two_coins_share_a_ticker_and_one_is_far_smaller() -> None:
    clash = [each for each in simulation.universe() if each.symbol == "UNI"]
    assert [each.id for each in clash] == ["uniswap", "unicorn-token"]
    assert (clash[1].rank or 0) > 100 * (clash[0].rank or 0)
    assert len(simulation.universe()) == 26
    assert [each.id for each in simulation.fiats()] == ["eur", "gbp", "jpy", "chf"]


def test_what_the_market_does_not_have_is_refused() -> None:
    with pytest.raises(LookupError):
        simulation.price_at(1, "no-such-coin", AT)
    with pytest.raises(ValueError, match="opens at 2020-01-01"):
        simulation.price_at(1, "bitcoin", simulation.FIRST_DAY - SECOND)
