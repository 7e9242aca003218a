"""An ear at a source's stream, for tests."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from services.domain.coins import Coin
from services.domain.quotes import Sample
from services.feed import PriceSource

BTC = Coin("bitcoin", "BTC", "Bitcoin", 1)
ETH = Coin("ethereum", "ETH", "Ethereum", 2)
DOGE = Coin("dogecoin", "DOGE", "Dogecoin", 9)
BATCAT = Coin("batcat", "BTC", "batcat", None)
COINS = (BTC, ETH, DOGE)


class Ear:
    """Keeps what a stream told, and the stream's task."""

    def __init__(self) -> None:
        self.samples: list[Sample] = []
        self.task: asyncio.Task[None] | None = None
        self._news = asyncio.Event()

    def sink(self, samples: tuple[Sample, ...]) -> None:
        self.samples.extend(samples)
        self._news.set()

    def of(self, base: str) -> list[Sample]:
        return [sample for sample in self.samples if sample.base == base]

    async def until(self, met: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not met():
                self._news.clear()
                await self._news.wait()

    async def first(self, base: str) -> Sample:
        await self.until(lambda: bool(self.of(base)))
        return self.of(base)[0]

    async def ended(self) -> None:
        """Wait for the stream to end by itself; raise what it raises."""
        assert self.task is not None
        async with asyncio.timeout(5):
            await self.task


@asynccontextmanager
async def listening(source: PriceSource, coins: tuple[Coin, ...] = COINS) -> AsyncIterator[Ear]:
    ear = Ear()
    ear.task = asyncio.create_task(source.stream(coins, ear.sink), name="stream under test")
    try:
        yield ear
    finally:
        ear.task.cancel()
        await asyncio.gather(ear.task, return_exceptions=True)
