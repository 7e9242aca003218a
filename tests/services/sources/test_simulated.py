"""The simulated source: it speaks like any other source, on the clock's time or faster."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from services.clock import FixedClock
from services.domain import simulation
from services.domain.coins import Coin
from services.domain.quotes import Sample
from services.feed import CoinSource, PriceSource, SourceError
from services.sources.simulated import SimulatedMarket

AT = datetime(2026, 3, 5, 14, 3, 7, 250_000, tzinfo=UTC)
ORIGIN = datetime(2026, 3, 1, tzinfo=UTC)
BITCOIN = Coin("bitcoin", "BTC", "Bitcoin", 1)
UNKNOWN = Coin("no-such-coin", "NSC", "No such coin", None)
RATES = ["tether", "usd-coin", "eur", "gbp", "jpy", "chf"]


class Stopwatch(FixedClock):
    """A clock that lives through a number of sleeps at once and never wakes from the next."""

    def __init__(self, at: datetime, sleeps: int) -> None:
        super().__init__(at)
        self._permits = asyncio.Semaphore(sleeps)
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await self._permits.acquire()
        self.set(self.now() + timedelta(seconds=seconds))


async def streamed(market: SimulatedMarket, coins: tuple[Coin, ...], pushes: int) -> list[tuple[Sample, ...]]:
    heard: asyncio.Queue[tuple[Sample, ...]] = asyncio.Queue()
    task = asyncio.create_task(market.stream(coins, heard.put_nowait))
    found = [await asyncio.wait_for(heard.get(), timeout=30) for _ in range(pushes)]
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    return found


async def test_every_second_brings_one_sample_of_each_coin_and_rate() -> None:
    clock = Stopwatch(AT, sleeps=3)
    heard = await streamed(SimulatedMarket(clock, seed=1), (BITCOIN, UNKNOWN), pushes=4)
    assert [[sample.base for sample in push] for push in heard] == [["bitcoin", *RATES]] * 4
    assert [push[0].at for push in heard] == [AT.replace(microsecond=0) + timedelta(seconds=n) for n in range(4)]
    assert clock.slept == [1.0] * 4
    for sample in (sample for push in heard for sample in push):
        assert (sample.source, sample.quote, sample.basis) == ("simulated", "usd", "tick")
        assert sample.price == simulation.price_at(1, sample.base, sample.at)
        assert sample.seen_at >= sample.at


async def test_a_sample_carries_its_day() -> None:
    (sample, *_) = await SimulatedMarket(FixedClock(AT), seed=1).samples((BITCOIN,))
    assert sample.open_24h == simulation.price_at(1, "bitcoin", AT - timedelta(days=1))
    assert sample.high_24h is not None
    assert sample.low_24h is not None
    assert sample.volume_24h is not None
    assert sample.low_24h <= min(sample.price, sample.open_24h) <= sample.high_24h
    assert sample.volume_24h > 10**9


async def test_a_faster_market_goes_on_where_it_would_be_after_a_restart() -> None:
    clock = Stopwatch(ORIGIN + timedelta(seconds=10), sleeps=1)
    heard = await streamed(SimulatedMarket(clock, seed=2, speed=60, origin=ORIGIN), (BITCOIN,), pushes=2)
    assert [push[0].at for push in heard] == [ORIGIN + timedelta(minutes=10), ORIGIN + timedelta(minutes=11)]
    again = SimulatedMarket(FixedClock(ORIGIN + timedelta(seconds=11)), seed=2, speed=Decimal(60), origin=ORIGIN)
    assert await again.samples((BITCOIN,)) == heard[1]


async def test_without_speed_the_origin_means_nothing() -> None:
    market = SimulatedMarket(FixedClock(AT), seed=2, origin=ORIGIN)
    assert market.present() == AT
    assert SimulatedMarket(FixedClock(AT), seed=2, speed=5).origin == AT


async def test_candles_end_at_the_present() -> None:
    market = SimulatedMarket(FixedClock(AT), seed=3)
    bars = await market.candles(BITCOIN, "1m", AT - timedelta(minutes=5), AT + timedelta(days=1))
    assert [bar.at.minute for bar in bars] == [59, 0, 1, 2, 3]
    assert bars[-1].close == simulation.price_at(3, "bitcoin", AT)
    assert bars[:-1] == simulation.candles(3, "bitcoin", "1m", AT - timedelta(minutes=5), AT - timedelta(minutes=1))
    assert await market.candles(UNKNOWN, "1m", AT - timedelta(minutes=5), AT) == ()
    fast = SimulatedMarket(FixedClock(ORIGIN + timedelta(hours=1)), seed=3, speed=24, origin=ORIGIN)
    days = await fast.candles(BITCOIN, "1h", ORIGIN, ORIGIN + timedelta(days=9))
    assert len(days) == 25


async def test_the_top_is_by_market_cap_and_ranked_so() -> None:
    top = await SimulatedMarket(FixedClock(AT), seed=4).top(25)
    caps = [fact.market_cap or 0 for fact in top]
    assert caps == sorted(caps, reverse=True)
    assert [fact.coin.rank for fact in top] == list(range(1, 26))
    assert "unicorn-token" not in {fact.coin.id for fact in top}
    for fact in top:
        assert fact.price is not None
        assert fact.price <= (fact.ath or 0)
        assert fact.market_cap == round(fact.price * (fact.supply or 0), 0)


async def test_facts_say_the_change_since_then() -> None:
    market = SimulatedMarket(FixedClock(AT), seed=4)
    ethereum, uniswap = await market.facts(("ethereum", "no-such-coin", "unicorn-token"))
    assert (ethereum.coin.symbol, uniswap.coin.rank) == ("ETH", 4_812)
    now, before = (simulation.price_at(4, "ethereum", AT - timedelta(days=n)) for n in (0, 7))
    assert ethereum.change_7d_pct == pytest.approx((now / before - 1) * 100, abs=Decimal("0.001"))
    assert ethereum.max_supply is None


async def test_a_shared_ticker_finds_the_larger_coin_first() -> None:
    market = SimulatedMarket(FixedClock(AT), seed=4)
    assert [coin.id for coin in await market.search("uni")] == ["uniswap", "unicorn-token"]
    assert [coin.id for coin in await market.search(" BITCOIN ")] == ["bitcoin", "bitcoin-cash"]
    assert await market.search("") == ()


async def test_before_the_market_opened_the_source_says_so() -> None:
    market = SimulatedMarket(FixedClock(datetime(2019, 12, 31, tzinfo=UTC)), seed=4)
    with pytest.raises(SourceError, match="opens on 2020-01-01"):
        await market.samples((BITCOIN,))


async def test_the_first_day_has_a_short_window() -> None:
    market = SimulatedMarket(FixedClock(simulation.FIRST_DAY + timedelta(seconds=30)), seed=4)
    (fact,) = await market.facts(("bitcoin",))
    assert (fact.change_1h_pct, fact.change_7d_pct) == (None, None)
    assert fact.price == pytest.approx(Decimal(84_000), rel=Decimal("0.02"))


def test_it_is_both_kinds_of_source() -> None:
    market = SimulatedMarket(FixedClock(AT), seed=4)
    prices: PriceSource = market
    coins: CoinSource = market
    assert (prices.name, coins.name) == ("simulated", "simulated")
