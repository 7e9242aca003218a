"""What really happened, and what must never happen."""

from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.counters import Counters
from services.domain import oracle
from services.market.board import Board
from services.store.sqlite import SqliteStore, open_sqlite
from tests.fakes.market import START, heard, later
from tests.services.market_world import EXCHANGES, World, steady


@pytest.fixture
async def store() -> AsyncIterator[SqliteStore]:
    opened = await open_sqlite(None, Counters())
    yield opened
    await opened.close()


async def test_pyth_an_eighth_of_the_price_for_two_minutes(store: SqliteStore) -> None:
    world = World(store, EXCHANGES)
    world.play(steady(EXCHANGES, range(5), "42000"))
    world.quotes.clear()
    for second in range(5, 125):
        market = str(42000 - 8 * second)  # it really fell from 43k to 41k
        world.play([(second, "binance", market), (second + 0.1, "kraken", "5402"), (second + 0.2, "coinbase", market)])
    assert all(40_900 < quote.price < 42_100 for quote in world.quotes)
    assert not any(quote.disputed for quote in world.quotes)


async def test_pyth_two_of_eleven_publishers_near_zero() -> None:
    prices = [Decimal(42_000 + 10 * number) for number in range(9)] + [Decimal("0.00042"), Decimal("0.00043")]
    found = oracle.aggregate(prices, major=True)
    assert 42_000 <= found.price <= 42_080
    assert not found.disputed


@pytest.mark.parametrize("bad", EXCHANGES)
async def test_coinmarketcap_ten_thousand_times_the_price(store: SqliteStore, bad: str) -> None:
    world = World(store, EXCHANGES)
    good = [name for name in EXCHANGES if name != bad]
    world.play(steady(EXCHANGES, range(3), "47000"))
    world.play([(second, bad, "850867136053.72") for second in range(3, 6)])
    world.play([*steady(good, range(6, 60), "47100"), (60, bad, "850867136053.72")])
    assert all(46_900 < quote.price < 47_200 for quote in world.quotes)


async def test_coinmarketcap_tether_for_seventy_million_dollars(store: SqliteStore) -> None:
    names = ("coinbase", "kraken", "elsewhere")
    world = World(store, (*names, "binance"))
    world.play(steady(names, range(5), "1.0001"), "tether")
    world.play([(second, "elsewhere", "69894267.23") for second in range(5, 9)], "tether")
    world.play(steady(("coinbase", "kraken"), range(9, 12), "1.0002"), "tether")
    world.hear(12, heard("binance", "47000", later(12), quote="usdt"))
    assert 46_900 < world.market.quote("bitcoin").price < 47_100


async def test_one_source_alone_waits_two_seconds_with_an_absurd_price(store: SqliteStore) -> None:
    world = World(store, ["kraken"])
    world.play([(0, "kraken", "47000"), (1, "kraken", "850867136053.72"), (2, "kraken", "850867136053.72")])
    assert world.market.quote("bitcoin").price == 47000


def luna(second: int) -> str:
    """From 80 dollars to a cent within five minutes, then flat."""
    return f"{max(80 * 0.97**second, 0.01):.6f}"


@pytest.mark.parametrize("restamped", [False, True])
async def test_luna_a_frozen_feed_while_the_market_falls(store: SqliteStore, restamped: bool) -> None:
    world = World(store, EXCHANGES)
    stopped = 217  # the second in which it passed 0.107
    for second in range(330):
        stamp = {True: second, False: min(second, stopped)}[restamped]
        world.hear(
            second,
            heard("binance", luna(min(second, stopped)), later(stamp), "terra-luna"),
            heard("coinbase", luna(second), later(second), "terra-luna"),
            heard("kraken", luna(second), later(second), "terra-luna"),
        )
    followed = {(quote.at - START).total_seconds(): quote.price for quote in world.quotes}
    assert len(followed) == 330
    assert all(followed[second] == Decimal(luna(int(second))) for second in followed)


async def test_luna_with_two_sources_is_disputed_until_the_frozen_one_is_out(store: SqliteStore) -> None:
    world = World(store, ["binance", "kraken"])
    world.play([(0, "binance", "0.107"), (0, "kraken", "0.107")], "terra-luna")
    for second in range(1, 31):
        market = f"{0.107 * 0.93**second:.6f}"
        frozen = heard("binance", "0.107", later(0), "terra-luna")
        world.hear(second, frozen, heard("kraken", market, later(second), "terra-luna"))
    disputed = {(quote.at - START).total_seconds() for quote in world.quotes if quote.disputed}
    assert disputed == set(range(16))  # at 0 one of the two had not spoken yet
    assert world.market.quote("terra-luna").price == Decimal("0.012130")


async def test_a_crash_that_two_sources_see_passes_at_once(store: SqliteStore) -> None:
    world = World(store, EXCHANGES)
    world.play(steady(EXCHANGES, range(3), "100"))
    world.play([(3, "kraken", "60"), (3.1, "binance", "60.2"), (3.4, "kraken", "60.1")])
    assert world.quotes[-1].price == Decimal("60.2")  # 60.1, 60.2, and 100 of the third, which is silent


good_prices = st.lists(st.integers(9_900, 10_100), min_size=10, max_size=30)
bad_price = st.one_of(
    st.sampled_from([Decimal(text) for text in ("NaN", "sNaN", "Infinity", "-Infinity", "0", "-1", "1e15", "1e-40")]),
    st.decimals("1e-9", "1e14", allow_nan=False),
)


@given(first=good_prices, second=good_prices, bad=st.lists(st.tuples(bad_price, st.integers(-40, 40)), max_size=60))
def test_one_bad_source_of_three_never_leads(
    first: list[int], second: list[int], bad: list[tuple[Decimal, int]]
) -> None:
    board = Board(lambda _: 1, expected=3)
    for number, (one, other) in enumerate(zip(first, second, strict=False)):
        now = later(number)
        board.weigh(heard("binance", Decimal(one), now), now, oracle.STREAMED)
        board.weigh(heard("coinbase", Decimal(other), now), now, oracle.STREAMED)
        for price, seconds in bad[number * 2 : number * 2 + 2]:
            lie = replace(heard("kraken", price, now), at=later(number + seconds))
            board.weigh(lie, now, oracle.STREAMED)
        quote = board.settle("bitcoin", now)
        assert quote is None or min(one, other) <= quote.price <= max(one, other)
