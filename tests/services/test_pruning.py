"""Bars that are too old for what they are asked for."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from services.candles import Candles
from services.clock import FixedClock
from services.coins import CoinBook
from services.counters import Counters
from services.domain.candles import Interval
from services.domain.coins import Coin
from services.market import Market
from services.store import candles as rows
from services.store.sqlite import SqliteStore, open_sqlite
from services.tx import Tx
from tests.fakes.market import FakePrices, bars
from tests.world import scripted

BITCOIN = Coin("bitcoin", "BTC", "Bitcoin", 1)
NOW = datetime(2026, 11, 22, 9, 30, 30, tzinfo=UTC)
NINE = datetime(2026, 11, 22, 9, tzinfo=UTC)
LATER = NINE + timedelta(minutes=5)


@pytest.fixture
async def store() -> AsyncIterator[SqliteStore]:
    opened = await open_sqlite(None, Counters())
    yield opened
    await opened.close()


def candles_on(clock: FixedClock, store: SqliteStore, *sources: FakePrices) -> Candles:
    market = Market(clock, Counters(), sources, CoinBook(clock, store, None), store)
    return Candles(clock, store, sources, market)


async def test_bars_go_when_they_are_too_old_for_their_size(store: SqliteStore) -> None:
    candles = candles_on(FixedClock(NOW), store)
    kept: dict[Interval, int] = {"1m": 45, "5m": 120, "15m": 120, "1h": 400}
    forever: tuple[Interval, ...] = ("4h", "1d")

    def fill(tx: Tx) -> None:
        for interval in (*kept, *forever):
            days = kept.get(interval, 4000)
            for age in (days + 0.01, days - 0.01):
                rows.put(tx, "binance", "bitcoin", interval, bars(NOW - timedelta(days=age), interval, 1))
        rows.put(tx, "binance", "bitcoin", "1m", bars(NOW - timedelta(days=60), "1m", 5000))

    await store.write(fill)
    assert await candles.prune() == 5000 + 4
    always = (NOW - timedelta(days=9000), NOW)
    left = {
        interval: [round((NOW - bar.at) / timedelta(days=1), 2) for bar in found]
        for interval in (*kept, *forever)
        for found in [await store.read(lambda tx, size=interval: rows.between(tx, "binance", "bitcoin", size, *always))]  # type: ignore[misc]  # no inference
    }
    assert left == {each: [days - 0.01] for each, days in kept.items()} | {each: [4000.01, 3999.99] for each in forever}
    assert await candles.prune() == 0


async def test_bars_that_were_pruned_are_fetched_again(store: SqliteStore) -> None:
    clock = FixedClock(NOW)
    candles = candles_on(clock, store, FakePrices("binance", history={("bitcoin", "1m"): bars(NINE, "1m", 10)}))
    await candles.candles(BITCOIN, "1m", 5, before=LATER)
    clock.set(NOW + timedelta(days=46))
    assert await candles.prune() == 5
    run = await candles.candles(BITCOIN, "1m", 5, before=LATER)
    assert run.candles == bars(NINE, "1m", 5)


async def test_the_running_bot_prunes_by_itself() -> None:
    async with scripted(btc=99) as world:
        store = world.app.store
        first = world.clock.now() - timedelta(days=45)
        await store.write(lambda tx: rows.put(tx, "binance", "bitcoin", "1m", bars(first, "1m", 5)))
        await world.at(100)
        left = await store.read(
            lambda tx: rows.between(tx, "binance", "bitcoin", "1m", first, first + timedelta(days=1))
        )
        assert left == bars(first, "1m", 5)[2:]  # the first two opened within the 100 s
