"""Upstreams at our own protocols: a test decides what they say and when they fail."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from services.domain.candles import LENGTH, Candle, Interval
from services.domain.coins import Coin
from services.domain.quotes import Sample
from services.feed import CoinFacts, Sink, SourceError

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def heard(source: str, price: str | Decimal, at: datetime, base: str = "bitcoin", quote: str = "usd") -> Sample:
    """A sample that arrives at the moment it is true."""
    return Sample(source, base, quote, Decimal(price), at, seen_at=at)


def facts(coin: Coin, price: str | None = None, at: datetime = START, source: str = "coingecko") -> CoinFacts:
    """What a catalogue says that knows a price at most."""
    known = None if price is None else Decimal(price)
    return CoinFacts(coin, at, source, known, None, None, None, None, None, None, None, None, None)


def bars(first: datetime, interval: Interval, count: int, price: int = 100) -> tuple[Candle, ...]:
    """`count` bars from `first` on, whose opens count up from `price`."""
    return tuple(
        Candle(
            first + LENGTH[interval] * number,
            Decimal(price + number),
            Decimal(price + number + 2),
            Decimal(price + number - 2),
            Decimal(price + number + 1),
            Decimal(number),
        )
        for number in range(count)
    )


@dataclass
class FakePrices:
    """A price source. Its stream hangs until `fail`; `samples` and `candles` answer what a test has put there."""

    name: str
    answer: tuple[Sample, ...] | SourceError = ()
    history: dict[tuple[str, Interval], tuple[Candle, ...]] = field(default_factory=dict)
    broken: SourceError | None = None  # raised by `candles`
    slow: asyncio.Event | None = None  # `candles` waits for it
    streams: list[tuple[Coin, ...]] = field(default_factory=list)
    asked: list[tuple[Coin, ...]] = field(default_factory=list)
    fetched: list[tuple[str, Interval, datetime, datetime]] = field(default_factory=list)
    sinks: "asyncio.Queue[Sink]" = field(default_factory=asyncio.Queue)
    _failure: "asyncio.Future[None] | None" = None

    async def stream(self, coins: tuple[Coin, ...], sink: Sink) -> None:
        self.streams.append(coins)
        self._failure = asyncio.get_running_loop().create_future()
        self.sinks.put_nowait(sink)
        await self._failure

    def fail(self, reason: str) -> None:
        """Break the stream that is running."""
        assert self._failure is not None
        self._failure.set_exception(SourceError(self.name, reason))

    async def connected(self) -> Sink:
        """Wait until a stream has begun and return where its samples go."""
        async with asyncio.timeout(5):
            return await self.sinks.get()

    async def samples(self, coins: tuple[Coin, ...]) -> tuple[Sample, ...]:
        self.asked.append(coins)
        return _answered(self.answer)

    async def candles(self, coin: Coin, interval: Interval, first: datetime, last: datetime) -> tuple[Candle, ...]:
        self.fetched.append((coin.id, interval, first, last))
        if self.slow is not None:
            await self.slow.wait()
        if self.broken is not None:
            raise self.broken
        return tuple(bar for bar in self.history.get((coin.id, interval), ()) if first <= bar.at <= last)


def _answered(answer: tuple[Sample, ...] | SourceError) -> tuple[Sample, ...]:
    if isinstance(answer, SourceError):
        raise answer
    return answer


@dataclass
class FakeCatalogue:
    """A catalogue of coins; `down` makes every question fail."""

    coins: tuple[CoinFacts, ...] = ()
    hidden: tuple[CoinFacts, ...] = ()  # found by search only
    name: str = "coingecko"
    down: bool = False
    searches: list[str] = field(default_factory=list)
    tops: int = 0

    async def top(self, count: int) -> tuple[CoinFacts, ...]:
        self.tops += 1
        return self._known(self.coins[:count])

    async def facts(self, ids: tuple[str, ...]) -> tuple[CoinFacts, ...]:
        return self._known(tuple(each for each in (*self.coins, *self.hidden) if each.coin.id in ids))

    async def search(self, text: str) -> tuple[Coin, ...]:
        self.searches.append(text)
        coins = [each.coin for each in self._known((*self.coins, *self.hidden))]
        wanted = text.casefold()
        return tuple(coin for coin in coins if wanted in (coin.symbol.casefold(), coin.id, coin.name.casefold()))

    def _known(self, found: Iterable[CoinFacts]) -> tuple[CoinFacts, ...]:
        if self.down:
            raise SourceError(self.name, "down")
        return tuple(found)


def later(seconds: float) -> datetime:
    """`seconds` after the start of a test."""
    return START + timedelta(seconds=seconds)
