"""The fakes themselves, where other tests lean on them: one market, all sources, each on its own terms."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import httpx
import pytest

from services.feed import PriceSource
from services.sources.binance import Binance
from services.sources.coinbase import Coinbase
from services.sources.kraken import Kraken
from tests.fakes.exchanges import FakeExchanges
from tests.fakes.exchanges.clock import HandClock
from tests.fakes.exchanges.market import Market
from tests.services.sources.listening import Ear, listening


@pytest.fixture
def sources(client: httpx.AsyncClient, hand_clock: HandClock, exchanges: FakeExchanges) -> tuple[PriceSource, ...]:
    urls = exchanges.urls
    return (
        Binance(client, hand_clock, urls["binance.api"], urls["binance.ws"]),
        Coinbase(client, hand_clock, urls["coinbase.api"], urls["coinbase.ws"]),
        Kraken(client, hand_clock, urls["kraken.api"], urls["kraken.ws"]),
    )


async def until_told(ear: Ear, price: Decimal) -> None:
    await ear.until(lambda: price in [sample.price for sample in ear.of("bitcoin")])


async def test_a_move_of_the_market_is_told_by_every_venue(
    sources: tuple[PriceSource, ...], exchanges: FakeExchanges
) -> None:
    exchanges.market.prices["USDT"] = Decimal(1)
    async with listening(sources[0]) as one, listening(sources[1]) as two, listening(sources[2]) as three:
        await asyncio.gather(
            exchanges.binance.until_subscribed("btcusdt@miniTicker"),
            exchanges.coinbase.until_subscribed("BTC-USD"),
            exchanges.kraken.until_subscribed("DOGE/USD"),
        )
        await exchanges.play("BTC", (Decimal(95000), Decimal(99000)))
        for ear in (one, two, three):
            await until_told(ear, Decimal(99000))


async def test_a_silent_venue_says_nothing_and_a_lagging_one_old_times(
    sources: tuple[PriceSource, ...], exchanges: FakeExchanges
) -> None:
    async with listening(sources[0]) as mute, listening(sources[1]) as late:
        await exchanges.binance.until_subscribed("btcusdt@miniTicker")
        await exchanges.coinbase.until_subscribed("BTC-USD")
        exchanges.silence("binance")
        exchanges.lag("coinbase", timedelta(minutes=5))
        await exchanges.set_price("BTC", Decimal(95000))
        sample = await late.first("bitcoin")
    assert sample.seen_at - sample.at == timedelta(minutes=5)
    assert mute.samples == []


async def test_prices_can_be_repeated_by_themselves(client: httpx.AsyncClient, hand_clock: HandClock) -> None:
    async with FakeExchanges(Market(now=hand_clock.now), tick_seconds=0.01) as running:
        source = Coinbase(client, hand_clock, running.coinbase.api_base, running.coinbase.ws_base)
        async with listening(source) as ear:
            await ear.until(lambda: len(ear.of("bitcoin")) >= 3)
