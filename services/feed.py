"""What a source is, and a feed: one fetch for many listeners, with the last good value and its age."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Generic, Protocol, TypeVar

import structlog

from services.clock import Clock
from services.domain.candles import Candle, Interval
from services.domain.coins import Coin
from services.domain.quotes import Sample

log = structlog.get_logger()
T = TypeVar("T")

Sink = Callable[[tuple[Sample, ...]], None]
"""Where a source puts what it heard; it returns at once and never raises."""


@dataclass(frozen=True, slots=True)
class CoinFacts:
    """What a catalogue of coins says of one coin; money in US dollars, absent is None."""

    coin: Coin
    at: datetime
    source: str
    price: Decimal | None
    market_cap: Decimal | None
    volume_24h: Decimal | None
    change_1h_pct: Decimal | None
    change_24h_pct: Decimal | None
    change_7d_pct: Decimal | None
    ath: Decimal | None
    ath_at: datetime | None
    supply: Decimal | None  # circulating, in coins
    max_supply: Decimal | None


class PriceSource(Protocol):
    """An upstream of prices. Methods raise `SourceError` when the upstream fails, whatever the reason."""

    @property
    def name(self) -> str:
        """Return the word by which settings and cards know it, like "binance"."""
        ...

    async def stream(self, coins: tuple[Coin, ...], sink: Sink) -> None:
        """Push samples of `coins`, and the fiat and stable-coin rates it carries, until it fails or is cancelled."""
        ...

    async def samples(self, coins: tuple[Coin, ...]) -> tuple[Sample, ...]:
        """Return the latest sample of each of `coins` that it carries, by one request where possible."""
        ...

    async def candles(self, coin: Coin, interval: Interval, first: datetime, last: datetime) -> tuple[Candle, ...]:
        """Return the bars that open in [first, last], oldest first, priced in dollars; the newest may still be open."""
        ...


class CoinSource(Protocol):
    """A catalogue of coins: names, ranks, caps and all-time highs."""

    @property
    def name(self) -> str:
        """Return the word by which settings and cards know it."""
        ...

    async def top(self, count: int) -> tuple[CoinFacts, ...]:
        """Return the `count` largest coins by market cap, largest first."""
        ...

    async def facts(self, ids: tuple[str, ...]) -> tuple[CoinFacts, ...]:
        """Return what is known of these coins; unknown ids are left out."""
        ...

    async def search(self, text: str) -> tuple[Coin, ...]:
        """Return coins whose ticker or name matches, best first."""
        ...


class SourceError(Exception):
    """An upstream failed; the text is for the operator, without keys or tokens."""

    def __init__(self, source: str, reason: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.source = source
        self.reason = reason
        self.retry_after_seconds = retry_after_seconds


@dataclass(frozen=True, slots=True)
class Held(Generic[T]):
    """A value with the time it was fetched; `failing` says that newer attempts failed."""

    value: T
    fetched_at: datetime
    failing: bool


class Feed(Generic[T]):
    """One upstream value shared by all who ask: fetched at most once per `fresh_for`, kept when the upstream fails."""

    def __init__(self, name: str, fetch: Callable[[], Awaitable[T]], fresh_for: timedelta, clock: Clock) -> None:
        self.name = name
        self._fetch = fetch
        self._fresh_for = fresh_for
        self._clock = clock
        self._held: Held[T] | None = None
        self._tried_at: datetime | None = None
        self._under_way: asyncio.Future[None] | None = None

    async def get(self) -> Held[T] | None:
        """Return the newest value, fetching it if it is due; or the last good one, or None."""
        if self._due():
            if self._under_way is None:
                self._under_way = asyncio.ensure_future(self._refresh())
            await asyncio.shield(self._under_way)
        return self._held

    def _due(self) -> bool:
        if self._under_way is not None:
            return True
        return self._tried_at is None or self._clock.now() - self._tried_at >= self._fresh_for

    async def _refresh(self) -> None:
        try:
            value = await self._fetch()
        except SourceError as failure:
            self._failed(failure)
        else:
            if self._held is not None and self._held.failing:
                log.info("feed.recovered", feed=self.name)
            self._held = Held(value, self._clock.now(), failing=False)
        finally:
            self._tried_at = self._clock.now()
            self._under_way = None

    def _failed(self, failure: SourceError) -> None:
        if self._held is None:
            log.warning("feed.failed", feed=self.name, reason=failure.reason)
        elif not self._held.failing:
            log.warning("feed.failed", feed=self.name, reason=failure.reason)
            self._held = Held(self._held.value, self._held.fetched_at, failing=True)
