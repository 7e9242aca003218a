"""Closed bars: fetched once for everybody, told once, absent while no source has them, and never all at once."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

import pytest

from services.bars import REQUESTS_A_ROUND, Bars
from services.candles import Candles
from services.clock import FixedClock
from services.coins import CoinBook
from services.counters import Counters
from services.domain.candles import LENGTH, Candle, Interval, bar_open
from services.domain.coins import Coin
from services.domain.metrics import Metric, parse_metric
from services.domain.needs import SIGMA_BARS
from services.domain.quotes import Observation
from services.feed import SourceError
from services.market import Market
from services.series import Series
from services.store.sqlite import SqliteStore, open_sqlite
from services.windows import Windows
from tests.fakes.market import START, FakeCatalogue, FakePrices, facts, heard, later
from tests.services.domain.synthetic import rows

COINS = tuple(Coin(f"coin-{number}", f"C{number}", f"Coin {number}", number) for number in range(1, 41))
BITCOIN = Coin("bitcoin", "BTC", "Bitcoin", 1)
STRENGTH = parse_metric("rsi(14,1h)@coin:bitcoin")
HOUR = 3600


@dataclass
class Ear:
    """Hears what the alerts would."""

    heard: list[Observation] = field(default_factory=list)
    is_firing: bool = False

    def observe(self, observation: Observation) -> None:
        self.heard.append(observation)

    async def settled(self) -> None:
        return


class World:
    """Bars of one exchange on a clock that the test moves."""

    def __init__(self, store: SqliteStore) -> None:
        self.clock = FixedClock(START)
        self.counters = Counters()
        self.exchange = FakePrices("binance")
        self.ear = Ear()
        catalogue = FakeCatalogue(coins=tuple(facts(coin) for coin in (BITCOIN, *COINS)))
        self.coins = CoinBook(self.clock, store, catalogue)
        self.market = Market(self.clock, self.counters, (self.exchange,), self.coins, store)
        self.candles = Candles(self.clock, store, (self.exchange,), self.market)
        self.series = Series(self.market)
        self.bars = Bars(self.clock, self.counters, self.candles, self.coins, self.series, self.ear)
        self.windows = Windows(self.candles, self.market, self.coins, self.clock)

    def records(self, interval: Interval, count: int, after: int = 0, coin: str = "bitcoin") -> None:
        """Have the exchange know so many bars before the start and some after it."""
        first = bar_open(START, interval) - LENGTH[interval] * count
        self.exchange.history[coin, interval] = tuple(
            Candle(first + LENGTH[interval] * place, *map(Decimal, row))
            for place, row in enumerate(rows(count + after, seed=5))
        )

    def wait_for(self, *metrics: Metric) -> None:
        for metric in metrics:
            self.series.subscribe(metric)

    async def turn(self, seconds: float) -> None:
        self.clock.set(later(seconds))
        await self.bars.turn()

    def told(self) -> list[tuple[str, int]]:
        """Return each metric's name with the minutes after the start at which its bar closed."""
        return [(each.metric.partition("(")[0], _minutes(each)) for each in self.ear.heard]


def _minutes(observation: Observation) -> int:
    return (observation.at - START) // timedelta(minutes=1)


def each_coin(key: str, coins: Iterable[Coin] = COINS) -> tuple[Metric, ...]:
    return tuple(parse_metric(f"{key}@coin:{coin.id}") for coin in coins)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    store = await open_sqlite(None, Counters())
    made = World(store)
    await made.coins.refresh()
    yield made
    await store.close()


async def test_a_bar_that_closes_is_told_once_with_its_time_and_source(world: World) -> None:
    world.records("1h", 400, after=3)
    world.wait_for(STRENGTH)
    for seconds in (10, 11, 60, HOUR, HOUR + 4, HOUR + 5, HOUR + 6, HOUR + 60):
        await world.turn(seconds)
    first, second = world.ear.heard
    assert (first.at, second.at) == (START, later(HOUR))
    assert (second.metric, second.source, second.basis) == (STRENGTH.key, "binance", "bar")
    assert second.seen_at == later(HOUR + 5)
    assert world.series.value(STRENGTH) == second.value


async def test_all_that_one_coin_needs_of_one_bar_is_one_fetch(world: World) -> None:
    world.records("1h", 400, after=3)
    world.wait_for(
        STRENGTH,
        parse_metric("atr(14,1h)@coin:bitcoin"),
        parse_metric("macd(12,26,9,1h)@coin:bitcoin"),
        parse_metric("ratio(price,sma(50,1h))@coin:bitcoin"),
        parse_metric("ratio(ema(8,1h),ema(21,1h))@coin:bitcoin"),
    )
    await world.turn(10)
    await world.turn(HOUR + 10)
    assert [(last - first) // timedelta(hours=1) + 1 for _, _, first, last in world.exchange.fetched] == [350, 1]
    assert sorted(world.told()) == sorted((name, at) for at in (0, 60) for name in ("atr", "macd", "ratio", "rsi"))


async def test_who_comes_later_costs_the_others_nothing(world: World) -> None:
    world.records("1h", 400)
    world.wait_for(STRENGTH)
    await world.turn(10)
    world.wait_for(parse_metric("rsi(7,1h)@coin:bitcoin"))
    await world.turn(11)
    assert world.told() == [("rsi", 0), ("rsi", 0)]
    assert len({each.metric for each in world.ear.heard}) == 2
    assert len(world.exchange.fetched) == 1


async def test_nothing_is_fetched_that_nobody_waits_for(world: World) -> None:
    world.records("1h", 400, after=3)
    world.wait_for(STRENGTH)
    await world.turn(10)
    world.series.unsubscribe(STRENGTH)
    await world.turn(HOUR + 10)
    assert (len(world.exchange.fetched), len(world.ear.heard)) == (1, 1)
    assert world.series.value(STRENGTH) is None


async def test_a_source_that_fails_leaves_the_metric_absent_and_is_asked_again_later_and_later(world: World) -> None:
    world.records("1h", 400, after=3)
    world.wait_for(STRENGTH)
    await world.turn(10)
    world.exchange.broken = SourceError("binance", "down")
    asked = []
    for second in range(HOUR + 5, HOUR + 100):
        before = len(world.exchange.fetched)
        await world.turn(second)
        asked += [second - HOUR] * (len(world.exchange.fetched) - before)
    assert asked == [5, 10, 20, 40, 80]
    assert world.series.value(STRENGTH) is None
    assert world.counters.get("bars_failed", "1h") == 5
    world.exchange.broken = None
    await world.turn(HOUR + 160)
    assert world.told() == [("rsi", 0), ("rsi", 60)]
    assert world.series.value(STRENGTH) is not None


async def test_bars_that_closed_while_no_source_answered_are_told_one_after_the_other(world: World) -> None:
    world.records("1h", 400, after=9)
    world.wait_for(STRENGTH)
    await world.turn(10)
    world.exchange.broken = SourceError("binance", "down")
    await world.turn(HOUR + 10)
    world.exchange.broken = None
    await world.turn(4 * HOUR + 10)
    assert world.told() == [("rsi", 0), ("rsi", 60), ("rsi", 120), ("rsi", 180), ("rsi", 240)]


async def test_a_bar_that_is_not_there_yet_is_waited_for(world: World) -> None:
    world.records("1h", 400)
    world.wait_for(STRENGTH)
    await world.turn(10)
    await world.turn(HOUR + 5)
    assert world.series.value(STRENGTH) is None
    world.records("1h", 400, after=1)
    await world.turn(HOUR + 11)
    assert world.told() == [("rsi", 0), ("rsi", 60)]


async def test_a_history_that_is_too_short_is_absent_and_not_asked_for_again_before_the_next_bar(world: World) -> None:
    world.records("1h", 10, after=1)
    world.wait_for(STRENGTH)
    for seconds in (10, 11, 12):
        await world.turn(seconds)
    assert (world.told(), world.series.value(STRENGTH)) == ([], None)
    assert len(world.exchange.fetched) == 1


async def test_forty_coins_are_not_asked_for_at_once(world: World) -> None:
    for coin in COINS:
        world.records("1h", 400, after=1, coin=coin.id)
    world.wait_for(*each_coin("rsi(14,1h)"))
    counts = []
    for second in range(10, 30):
        await world.turn(second)
        counts.append(len(world.exchange.fetched))
    each = [now - before for before, now in zip([0, *counts], counts, strict=False)]
    assert max(each) == REQUESTS_A_ROUND
    assert counts[-1] == len(world.ear.heard) == len(COINS)


async def test_the_deviation_is_refreshed_hourly_and_outlives_a_failure(world: World) -> None:
    metric = parse_metric("drop_sigma(1h)@coin:bitcoin")
    world.records("5m", SIGMA_BARS, after=24)
    world.market.hear((heard("binance", "100", START),))
    world.wait_for(metric)
    world.series.feed(metric, [(START, Decimal(110), Decimal(100))])
    await world.turn(10)
    value = world.series.value(metric)
    assert value is not None
    assert value > 0
    await world.turn(1800)
    assert len(world.exchange.fetched) == 1
    await world.turn(HOUR + 10)
    assert len(world.exchange.fetched) == 2
    assert world.series.value(metric) != value
    world.exchange.broken = SourceError("binance", "down")
    await world.turn(2 * HOUR + 10)
    assert world.series.value(metric) is not None
    await world.turn(27 * HOUR)
    assert world.series.value(metric) is None
    assert world.ear.heard == []


@pytest.mark.parametrize(
    ("key", "interval", "count"),
    [
        ("rsi(14,1h)", "1h", 400),
        ("macd(12,26,9,1h)", "1h", 400),
        ("atr(14,4h)", "4h", 400),
        ("volume(1h)", "5m", 400),
        ("ratio(ema(8,1h),ema(21,1h))", "1h", 400),
    ],
)
async def test_a_metric_is_known_before_anybody_waits_for_it(
    world: World, key: str, interval: Interval, count: int
) -> None:
    world.records(interval, count)
    metric = parse_metric(f"{key}@coin:bitcoin")
    world.clock.set(later(10))
    asked = await world.windows.value(metric)
    world.wait_for(metric)
    await world.turn(10)
    assert asked is not None
    assert asked == world.series.value(metric)


async def test_what_ticks_is_known_before_anybody_waits_for_it(world: World) -> None:
    average, sigmas = parse_metric("ratio(price,sma(50,1d))@coin:bitcoin"), parse_metric("drop_sigma(1h)@coin:bitcoin")
    world.records("1d", 60)
    world.records("1m", 200)
    world.records("5m", SIGMA_BARS)
    world.clock.set(later(10))
    world.market.hear((heard("binance", "90", later(10)),))
    asked = [await world.windows.value(metric) for metric in (average, sigmas)]
    world.wait_for(average, sigmas)
    world.series.feed(sigmas, await world.windows.past(sigmas))
    await world.turn(10)
    await world.turn(11)
    assert None not in asked
    assert asked == [world.series.value(metric) for metric in (average, sigmas)]


async def test_without_bars_nothing_is_known(world: World) -> None:
    world.market.hear((heard("binance", "90", START),))
    for key in ("rsi(14,1h)", "drop_sigma(1h)", "ratio(price,sma(50,1d))", "volume(1h)"):
        assert await world.windows.value(parse_metric(f"{key}@coin:bitcoin")) is None
