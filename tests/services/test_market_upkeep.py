"""Keeping sources going."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from services.coins import CoinBook
from services.counters import Counters
from services.domain.coins import Coin
from services.errors import SourceUnavailable
from services.feed import SourceError
from services.market import Market
from services.market.upkeep import wait_seconds
from services.store.sqlite import SqliteStore, open_sqlite
from tests.fakes.exchanges.clock import HandClock
from tests.fakes.market import START, FakeCatalogue, FakePrices, facts, heard, later
from tests.services.market_world import BITCOIN, World


@pytest.fixture
async def store() -> AsyncIterator[SqliteStore]:
    opened = await open_sqlite(None, Counters())
    yield opened
    await opened.close()


class Running:
    """A market whose one source is kept going on a clock that the test moves."""

    def __init__(self, store: SqliteStore, source: FakePrices, catalogue: FakeCatalogue | None = None) -> None:
        self.clock = HandClock(START)
        self.source = source
        self.coins = CoinBook(self.clock, store, catalogue)
        self.market = Market(self.clock, Counters(), (source, FakePrices("other")), self.coins, store)
        self.task = asyncio.create_task(self.market.run_source(source))

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)

    async def pass_time(self, seconds: float) -> None:
        """Let everyone who is due have their turn."""
        self.clock.advance(seconds)
        for _ in range(20):
            await asyncio.sleep(0)  # one turn of the loop, no time


async def test_a_failed_stream_is_begun_again_and_polled_meanwhile(store: SqliteStore) -> None:
    source = FakePrices("kraken", answer=(heard("kraken", "101", later(20)),))
    run = Running(store, source)
    sink = await source.connected()
    sink((heard("kraken", "100", START),))
    source.fail("socket closed")
    await run.pass_time(0)
    health = run.market.health()[0]
    assert (health.live, health.last_error) == (True, "socket closed")
    await run.pass_time(1)
    await source.connected()
    assert source.asked == []
    await run.pass_time(9)
    await run.pass_time(10)
    assert run.market.quote("bitcoin").price == 101
    assert source.asked[0][0] == BITCOIN
    await run.stop()


async def test_a_stream_that_is_silent_without_failing_is_polled_too(store: SqliteStore) -> None:
    source = FakePrices("kraken", answer=SourceError("kraken", "no route"))
    run = Running(store, source)
    await source.connected()
    await run.pass_time(10)
    assert (len(source.asked), run.market.health()[0].last_error) == (1, "no route")
    source.answer = (heard("kraken", "99", later(21)),)
    await run.pass_time(1)  # the wait after a first failure
    await run.pass_time(10)
    assert run.market.quote("bitcoin").price == 99
    await run.stop()


async def test_a_polled_price_counts_for_thirty_seconds(store: SqliteStore) -> None:
    source = FakePrices("kraken", answer=(heard("kraken", "99", later(10)),))
    run = Running(store, source)
    await source.connected()
    await run.pass_time(10)
    run.clock.jump(30)
    assert run.market.health()[0].live
    assert not run.market.quote("bitcoin").stale
    run.clock.jump(1)
    assert not run.market.health()[0].live
    assert run.market.quote("bitcoin").stale
    await run.stop()


async def test_a_healthy_stream_is_not_polled(store: SqliteStore) -> None:
    source = FakePrices("kraken")
    run = Running(store, source)
    sink = await source.connected()
    for second in range(0, 60, 5):
        sink((heard("kraken", "100", later(second)),))
        await run.pass_time(5)
    assert source.asked == []
    await run.stop()


async def test_a_source_that_speaks_every_other_minute_is_not_polled_in_between(store: SqliteStore) -> None:
    source = FakePrices("coingecko")
    run = Running(store, source)
    sink = await source.connected()
    sink((heard("coingecko", "100", START),))
    await run.pass_time(60)
    await run.pass_time(60)
    assert source.asked == []
    await run.pass_time(60)
    assert len(source.asked) == 1
    await run.stop()


async def test_the_stream_is_begun_anew_for_a_coin_that_somebody_waits_for(store: SqliteStore) -> None:
    source = FakePrices("kraken")
    run = Running(store, source)
    await source.connected()
    obscure = Coin("obscure", "OBS", "Obscure", None)
    run.coins.follow(obscure)
    await source.connected()
    assert [obscure in coins for coins in source.streams] == [False, True]
    await run.stop()


async def test_the_stream_is_begun_anew_when_the_catalogue_knows_many_more(store: SqliteStore) -> None:
    many = tuple(facts(Coin(f"coin-{number}", f"C{number}", f"Coin {number}", number)) for number in range(1, 101))
    source = FakePrices("kraken")
    run = Running(store, source, FakeCatalogue(many))
    await source.connected()
    await run.coins.refresh()
    await source.connected()
    assert many[99].coin in source.streams[1]
    await run.stop()


@pytest.mark.parametrize(
    ("failures", "least", "most"), [(1, 1, 1), (2, 1, 2), (3, 2, 4), (6, 16, 32), (7, 30, 60), (5000, 30, 60)]
)
def test_waits_double_up_to_a_minute(failures: int, least: float, most: float) -> None:
    waits = [wait_seconds(failures, None) for _ in range(50)]
    assert least <= min(waits)
    assert max(waits) <= most


def test_a_wait_is_never_shorter_than_the_source_allows() -> None:
    assert wait_seconds(1, 300.0) == 300.0


async def test_a_coin_that_is_not_streamed_is_asked_for_once(store: SqliteStore) -> None:
    world = World(store, ["binance", "kraken"])
    obscure = Coin("obscure", "OBS", "Obscure", None)
    world.sources[0].answer = SourceError("binance", "does not trade obscure")
    world.sources[1].answer = (heard("kraken", "3", START, "obscure"),)
    quote = await world.market.look_up(obscure)
    assert (quote.price, quote.stale) == (Decimal(3), False)
    assert world.market.health()[0].last_error == "does not trade obscure"
    await world.market.look_up(obscure)
    assert [len(source.asked) for source in world.sources] == [1, 1]


async def test_many_who_look_up_at_once_all_get_the_answer(store: SqliteStore) -> None:
    world = World(store, ["kraken"])
    world.sources[0].answer = (heard("kraken", "3", START),)
    quotes = await asyncio.gather(*(world.market.look_up(BITCOIN) for _ in range(10)))
    assert [quote.price for quote in quotes] == [3] * 10
    assert len(world.sources[0].asked) == 1


async def test_a_coin_that_nobody_has_is_asked_for_every_half_minute_at_most(store: SqliteStore) -> None:
    world = World(store, ["kraken"])
    for seconds in (0, 10, 29, 30):
        world.clock.set(later(seconds))
        with pytest.raises(SourceUnavailable):
            await world.market.look_up(BITCOIN)
    assert len(world.sources[0].asked) == 2
