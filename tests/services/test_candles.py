import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from services.candles import Candles
from services.clock import FixedClock
from services.coins import CoinBook
from services.counters import Counters
from services.domain.candles import Candle, Interval
from services.domain.coins import Coin
from services.errors import SourceUnavailable
from services.feed import SourceError
from services.market import Market
from services.store import candles as rows
from services.store.sqlite import SqliteStore, open_sqlite
from tests.fakes.market import FakePrices, bars, heard

BITCOIN = Coin("bitcoin", "BTC", "Bitcoin", 1)
NOW = datetime(2026, 11, 22, 9, 30, 30, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
NINE = datetime(2026, 11, 22, 9, tzinfo=UTC)


class World:
    """Bars of two exchanges on a clock that the test moves."""

    def __init__(self, store: SqliteStore, *sources: FakePrices) -> None:
        self.clock = FixedClock(NOW)
        self.store = store
        self.sources = sources
        self.market = Market(self.clock, Counters(), sources, CoinBook(self.clock, store, None), store)
        self.candles = Candles(self.clock, store, sources, self.market)

    def restarted(self, *sources: FakePrices) -> "World":
        """The same store in a new process."""
        return World(self.store, *sources)

    async def stored(self, source: str, interval: Interval) -> tuple[Candle, ...]:
        always = (datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC))
        return await self.store.read(lambda tx: rows.between(tx, source, "bitcoin", interval, *always))


@pytest.fixture
async def store() -> AsyncIterator[SqliteStore]:
    opened = await open_sqlite(None, Counters())
    yield opened
    await opened.close()


def exchange(name: str, interval: Interval, first: datetime, count: int, price: int = 100) -> FakePrices:
    return FakePrices(name, history={("bitcoin", interval): bars(first, interval, count, price)})


def hourly(name: str = "binance", price: int = 100) -> FakePrices:
    """A hundred hours, the last of which is still going on."""
    return exchange(name, "1h", NINE - 99 * HOUR, 100, price)


def broken(name: str = "binance") -> FakePrices:
    return FakePrices(name, broken=SourceError(name, "no route"))


async def test_the_first_source_answers_and_its_closed_bars_are_stored(store: SqliteStore) -> None:
    world = World(store, hourly(), hourly("kraken"))
    run = await world.candles.candles(BITCOIN, "1h", 3)
    assert (run.source, run.interval, run.as_of, run.gaps) == ("binance", "1h", NOW, 0)
    assert [(bar.at, bar.open) for bar in run.candles] == [
        (NINE - 2 * HOUR, Decimal(197)),
        (NINE - HOUR, Decimal(198)),
        (NINE, Decimal(199)),
    ]
    assert await world.stored("binance", "1h") == run.candles[:2]
    assert world.sources[1].fetched == []


async def test_only_what_is_missing_is_fetched(store: SqliteStore) -> None:
    world = World(store, hourly())
    await world.candles.candles(BITCOIN, "1h", 50)
    world.clock.set(NOW + timedelta(seconds=59))
    await world.candles.candles(BITCOIN, "1h", 50)
    world.clock.set(NOW + timedelta(seconds=60))
    run = await world.candles.candles(BITCOIN, "1h", 50)
    assert len(run.candles) == 50
    assert [(first, last) for _, _, first, last in world.sources[0].fetched] == [(NINE - 49 * HOUR, NINE), (NINE, NINE)]


async def test_an_open_minute_is_kept_for_ten_seconds(store: SqliteStore) -> None:
    minutes = exchange("binance", "1m", NOW - 60 * MINUTE - timedelta(seconds=30), 61)
    world = World(store, minutes)
    for seconds in (0, 9, 10):
        world.clock.set(NOW + timedelta(seconds=seconds))
        run = await world.candles.candles(BITCOIN, "1m", 2)
        assert len(run.candles) == 2
    assert run.as_of == NOW + timedelta(seconds=10)
    assert len(minutes.fetched) == 2


async def test_a_bar_is_final_only_some_seconds_after_its_end(store: SqliteStore) -> None:
    world = World(store, hourly())
    world.clock.set(NINE + HOUR + timedelta(seconds=4))
    await world.candles.candles(BITCOIN, "1h", 2)
    assert await world.stored("binance", "1h") == ()
    early = world.sources[0].history["bitcoin", "1h"]
    last = Candle(NINE, Decimal(199), Decimal(300), Decimal(100), Decimal(250), Decimal(9))
    world.sources[0].history["bitcoin", "1h"] = (*early[:-1], last)
    world.clock.set(NINE + HOUR + timedelta(seconds=6))
    run = await world.candles.candles(BITCOIN, "1h", 2)
    assert run.candles == (last,)
    assert await world.stored("binance", "1h") == (last,)


async def test_stored_bars_are_not_fetched_again_after_a_restart(store: SqliteStore) -> None:
    before = World(store, hourly())
    await before.candles.candles(BITCOIN, "1h", 20)
    world = before.restarted(hourly())
    run = await world.candles.candles(BITCOIN, "1h", 20)
    assert len(run.candles) == 20
    assert [(first, last) for _, _, first, last in world.sources[0].fetched] == [(NINE, NINE)]


async def test_older_bars_before_a_time(store: SqliteStore) -> None:
    world = World(store, hourly())
    run = await world.candles.candles(BITCOIN, "1h", 3, before=NINE - 10 * HOUR)
    assert [bar.at for bar in run.candles] == [NINE - 13 * HOUR, NINE - 12 * HOUR, NINE - 11 * HOUR]
    assert run.as_of == NINE - 10 * HOUR
    await world.candles.candles(BITCOIN, "1h", 3, before=NINE - 10 * HOUR)
    assert len(world.sources[0].fetched) == 1


async def test_a_look_into_the_past_does_not_cost_the_open_bar(store: SqliteStore) -> None:
    world = World(store, hourly())
    await world.candles.candles(BITCOIN, "1h", 3)
    await world.candles.candles(BITCOIN, "1h", 3, before=NINE - 10 * HOUR)
    run = await world.candles.candles(BITCOIN, "1h", 3)
    assert [bar.at for bar in run.candles] == [NINE - 2 * HOUR, NINE - HOUR, NINE]
    assert len(world.sources[0].fetched) == 2


async def test_a_hole_is_counted_and_not_asked_for_again(store: SqliteStore) -> None:
    source = hourly()
    whole = source.history["bitcoin", "1h"]
    source.history["bitcoin", "1h"] = (*whole[:-5], *whole[-3:])  # nobody traded for two hours
    world = World(store, source)
    run = await world.candles.candles(BITCOIN, "1h", 10)
    assert (len(run.candles), run.gaps) == (8, 2)
    await world.candles.candles(BITCOIN, "1h", 10)
    assert len(source.fetched) == 1


async def test_one_source_per_run(store: SqliteStore) -> None:
    world = World(store, hourly(price=100), hourly("kraken", price=500))
    await world.candles.candles(BITCOIN, "1h", 10)
    world.sources[0].broken = SourceError("binance", "down")
    world.clock.set(NOW + HOUR)
    run = await world.candles.candles(BITCOIN, "1h", 10)
    assert run.source == "kraken"
    assert all(bar.open >= 500 for bar in run.candles)


async def test_a_source_without_the_coin_is_passed_over(store: SqliteStore) -> None:
    world = World(store, FakePrices("binance"), hourly("kraken"))
    assert (await world.candles.candles(BITCOIN, "1h", 2)).source == "kraken"


async def test_a_live_source_is_asked_before_one_that_is_down(store: SqliteStore) -> None:
    world = World(store, hourly(), hourly("kraken"))
    world.market.hear((heard("kraken", "84000", NOW),))
    assert (await world.candles.candles(BITCOIN, "1h", 2)).source == "kraken"
    assert world.sources[0].fetched == []


async def test_stored_bars_serve_while_no_source_answers(store: SqliteStore) -> None:
    before = World(store, hourly())
    await before.candles.candles(BITCOIN, "1h", 10)
    world = before.restarted(broken())
    run = await world.candles.candles(BITCOIN, "1h", 10)
    assert [bar.at for bar in run.candles] == [NINE - number * HOUR for number in range(9, 0, -1)]
    assert (run.source, run.as_of) == ("binance", NINE)


async def test_nothing_anywhere_is_said_in_a_sentence(store: SqliteStore) -> None:
    world = World(store, broken())
    with pytest.raises(SourceUnavailable, match=r"^No source has 1h candles of Bitcoin right now\. Try again"):
        await world.candles.candles(BITCOIN, "1h", 10)


async def test_many_who_ask_at_once_cost_one_fetch(store: SqliteStore) -> None:
    source = hourly()
    source.slow = asyncio.Event()
    world = World(store, source)
    asking = [asyncio.create_task(world.candles.candles(BITCOIN, "1h", 30)) for _ in range(20)]
    asking[0].cancel()
    await asyncio.gather(asking[0], return_exceptions=True)
    source.slow.set()
    runs = await asyncio.gather(*asking[1:])
    assert {len(run.candles) for run in runs} == {30}
    assert len(source.fetched) <= 2  # the cancelled one had begun


async def test_simulated_bars_are_not_stored(store: SqliteStore) -> None:
    world = World(store, hourly("simulated"))
    run = await world.candles.candles(BITCOIN, "1h", 5)
    assert (len(run.candles), run.source, run.as_of) == (5, "simulated", NOW)
    assert await world.stored("simulated", "1h") == ()


async def test_bars_end_at_the_present_of_a_simulated_market(store: SqliteStore) -> None:
    world = World(store, exchange("simulated", "1h", NINE, 100))
    world.market.hear((heard("simulated", "84000", NINE + timedelta(hours=50.5)),))
    run = await world.candles.candles(BITCOIN, "1h", 2)
    assert [bar.at for bar in run.candles] == [NINE + 49 * HOUR, NINE + 50 * HOUR]


@pytest.mark.parametrize(
    ("days", "interval", "first"),
    [
        (1, "15m", NOW - timedelta(days=1, seconds=30)),
        (20, "15m", NOW - timedelta(days=20, seconds=30)),
        (30, "1h", NOW - timedelta(days=30, minutes=30, seconds=30)),
        (200, "4h", datetime(2026, 5, 6, 8, tzinfo=UTC)),
        (2000, "1d", datetime(2021, 6, 1, tzinfo=UTC)),
    ],
)
async def test_history_is_as_fine_as_is_cheap(
    store: SqliteStore, days: int, interval: Interval, first: datetime
) -> None:
    world = World(store, exchange("binance", interval, NINE - timedelta(hours=10), 1))
    run = await world.candles.history(BITCOIN, days)
    assert run.interval == interval
    assert [(asked, begin) for _, asked, begin, _ in world.sources[0].fetched] == [(interval, first)]


async def test_history_takes_stored_minutes_where_they_are(store: SqliteStore) -> None:
    minutes = bars(NOW - timedelta(seconds=30) - 1440 * MINUTE, "1m", 1400)
    await store.write(lambda tx: rows.put(tx, "kraken", "bitcoin", "1m", minutes))
    world = World(store, FakePrices("binance"), FakePrices("kraken"))
    run = await world.candles.history(BITCOIN, 1)
    assert (run.interval, run.source, len(run.candles), run.as_of) == ("1m", "kraken", 1400, minutes[-1].at + MINUTE)
    assert world.sources[0].fetched == []


async def test_a_simulated_history_is_of_minutes(store: SqliteStore) -> None:
    world = World(store, exchange("simulated", "1m", NOW - timedelta(days=1, seconds=30), 1441))
    run = await world.candles.history(BITCOIN, 1)
    assert (run.interval, len(run.candles)) == ("1m", 1441)


async def test_the_minutes_of_a_downtime(store: SqliteStore) -> None:
    world = World(store, exchange("binance", "1m", NOW - timedelta(seconds=30) - 60 * MINUTE, 61))
    found = await world.candles.since(BITCOIN, NOW - 4 * MINUTE)
    newest = NOW - timedelta(seconds=30)
    assert [bar.at for bar in found.candles] == [newest - number * MINUTE for number in (4, 3, 2, 1, 0)]


async def test_a_downtime_of_a_month_is_told_for_a_week(store: SqliteStore) -> None:
    world = World(store, FakePrices("binance", history={("bitcoin", "1m"): bars(NOW - timedelta(seconds=30), "1m", 1)}))
    await world.candles.since(BITCOIN, NOW - timedelta(days=31))
    assert world.sources[0].fetched[0][2] == NOW - timedelta(days=7, seconds=30)


async def test_prices_are_stored_exactly(store: SqliteStore) -> None:
    exact = Candle(NINE, Decimal("0.00000001"), Decimal("1E-8"), Decimal("1.10"), Decimal(10) ** 14, Decimal("1e20"))
    await store.write(lambda tx: rows.put(tx, "kraken", "bitcoin", "1m", [exact]))
    await store.write(lambda tx: rows.put(tx, "kraken", "bitcoin", "1m", [exact]))
    assert await World(store).stored("kraken", "1m") == (exact,)
