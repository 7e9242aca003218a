"""Fake exchanges on loopback that tell one market, each in its own frames, with faults on demand."""

import asyncio
from collections.abc import Iterable
from contextlib import AsyncExitStack
from datetime import timedelta
from decimal import Decimal
from typing import Literal, Self

from tests.fakes.exchanges.binance import FakeBinance
from tests.fakes.exchanges.coinbase import FakeCoinbase
from tests.fakes.exchanges.coingecko import FakeCoinGecko
from tests.fakes.exchanges.kraken import FakeKraken
from tests.fakes.exchanges.market import Market
from tests.fakes.exchanges.venue import Venue

VenueName = Literal["binance", "coinbase", "kraken", "coingecko"]


class FakeExchanges:
    """All venues on one market, on free ports; with `tick_seconds` they repeat their prices that often."""

    def __init__(self, market: Market | None = None, tick_seconds: float | None = None) -> None:
        self.market = market = market or Market()
        self._tick_seconds = tick_seconds
        self._ticking: asyncio.Task[None] | None = None
        self._open = AsyncExitStack()
        self.binance = FakeBinance(market)
        self.coinbase = FakeCoinbase(market)
        self.kraken = FakeKraken(market)
        self.coingecko = FakeCoinGecko(market)

    async def __aenter__(self) -> Self:
        for venue in self.venues.values():
            await self._open.enter_async_context(venue)
        if self._tick_seconds is not None:
            self._ticking = asyncio.create_task(self._keep_ticking(self._tick_seconds), name="fake exchanges tick")
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._ticking is not None:
            self._ticking.cancel()
            await asyncio.gather(self._ticking, return_exceptions=True)
        await self._open.aclose()

    @property
    def venues(self) -> dict[VenueName, Venue]:
        return {
            "binance": self.binance,
            "coinbase": self.coinbase,
            "kraken": self.kraken,
            "coingecko": self.coingecko,
        }

    @property
    def urls(self) -> dict[str, str]:
        """Return base addresses, like "binance.api" and "binance.ws"."""
        found = {f"{name}.api": venue.api_base for name, venue in self.venues.items()}
        return found | {f"{name}.ws": self.venues[name].ws_base for name in ("binance", "coinbase", "kraken")}

    async def set_price(self, ticker: str, price: Decimal) -> None:
        """Move the market: in dollars, told by every venue that is not silent."""
        self.market.prices[ticker] = price
        for venue in self.venues.values():
            await venue.tick(ticker)

    async def play(self, ticker: str, prices: Iterable[Decimal]) -> None:
        """Move the market along a path, one tick per price."""
        for price in prices:
            await self.set_price(ticker, price)

    def silence(self, *names: VenueName, silent: bool = True) -> None:
        """Let venues go mute with their sockets open, or speak again."""
        for name in names:
            self.venues[name].silent = silent

    def lag(self, name: VenueName, by: timedelta) -> None:
        """Make the times that a venue tells older by so much."""
        self.venues[name].lag = by

    async def _keep_ticking(self, seconds: float) -> None:
        while True:
            for venue in self.venues.values():
                await venue.beat()
                for ticker in self.market.prices:
                    await venue.tick(ticker)
            await asyncio.sleep(seconds)
