"""Bars of the past: from the store, and from the first source that has what is missing. One source per run."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import get_args

import structlog

from services.clock import Clock
from services.domain.candles import LENGTH, Candle, Interval, bar_open
from services.domain.coins import Coin
from services.domain.language import say
from services.domain.oracle import ARTIFICIAL
from services.errors import SourceUnavailable
from services.feed import PriceSource, SourceError
from services.market import Market
from services.store import candles as rows
from services.tx import Store

INTERVALS: tuple[Interval, ...] = get_args(Interval)
_UNFINISHED_KEPT: dict[Interval, timedelta] = {
    "1m": timedelta(seconds=10),
    "5m": timedelta(seconds=20),
    "15m": timedelta(seconds=30),
    "1h": timedelta(seconds=60),
    "4h": timedelta(seconds=60),
    "1d": timedelta(seconds=60),
}
_FINAL_AFTER = timedelta(seconds=5)  # exchanges may still add to a bar just after its end
_AFFORDABLE_BARS = 2000  # two requests at the source with the longest answers
_ENOUGH = 0.95  # share of the bars of a time that make it worth showing
_KEPT = {
    "1m": timedelta(days=45), "5m": timedelta(days=120), "15m": timedelta(days=120), "1h": timedelta(days=400),
}  # fmt: skip
_PRUNED_AT_ONCE = 2000  # bars deleted in one transaction: nobody else's may wait for long
LONGEST_CATCH_UP = timedelta(days=7)
"""What lies further back is not asked for minute by minute."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class CandleRun:
    """Bars of one source, oldest first; the last may still be open. `as_of` is when they were true."""

    candles: tuple[Candle, ...]
    source: str
    as_of: datetime
    interval: Interval
    gaps: int  # bars that are missing between the first and the last: nobody traded, or the source has a hole


@dataclass(frozen=True, slots=True)
class _Span:
    """The bars asked for: those that open in [first, last]."""

    coin: Coin
    interval: Interval
    first: datetime
    last: datetime

    @property
    def bars(self) -> int:
        return (self.last - self.first) // LENGTH[self.interval] + 1


@dataclass(frozen=True, slots=True)
class _Unfinished:
    """The newest bars of one source, which may still change."""

    candles: tuple[Candle, ...]
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class _Covered:
    """Openings between which one source has told all it has: a bar that is missing there does not exist."""

    first: datetime
    last: datetime


_Key = tuple[str, str, Interval]
"""Source, coin and interval."""


class Candles:
    """Bars for whoever asks; the same bars are fetched once however many ask at a time."""

    def __init__(self, clock: Clock, store: Store, sources: tuple[PriceSource, ...], market: Market) -> None:
        self._clock = clock
        self._store = store
        self._sources = sources
        self._market = market
        self._locks: dict[tuple[str, Interval], asyncio.Lock] = {}
        self._unfinished: dict[_Key, _Unfinished] = {}
        self._covered: dict[_Key, _Covered] = {}

    async def candles(self, coin: Coin, interval: Interval, count: int, before: datetime | None = None) -> CandleRun:
        """Return up to `count` bars that open before `before`, or up to now; raise `SourceUnavailable`."""
        newest = bar_open(self._market.present(), interval)
        if before is not None:
            newest = min(newest, bar_open(before - timedelta(microseconds=1), interval))
        return await self._run(_Span(coin, interval, newest - LENGTH[interval] * (count - 1), newest))

    async def history(self, coin: Coin, days: int) -> CandleRun:
        """Return the last `days` at the finest resolution that is cheap: 1m if it is here, else by size."""
        now = self._market.present()
        start = now - timedelta(days=days)
        minutes = _Span(coin, "1m", bar_open(start, "1m"), bar_open(now, "1m"))
        if any(source.name in ARTIFICIAL for source in self._sources):
            return await self._run(minutes)
        for source in self._ranked():
            stored = await self._stored(source, minutes)
            if len(stored) >= minutes.bars * _ENOUGH:
                return _made(stored, source.name, stored[-1].at + LENGTH["1m"], "1m")
        affordable = (each for each in INTERVALS[2:] if timedelta(days=days) / LENGTH[each] <= _AFFORDABLE_BARS)
        interval = next(affordable, INTERVALS[-1])
        return await self._run(_Span(coin, interval, bar_open(start, interval), bar_open(now, interval)))

    async def since(self, coin: Coin, at: datetime) -> CandleRun:
        """Return the 1m bars from the one that holds `at`, at most a week; raise `SourceUnavailable`."""
        now = self._market.present()
        first = bar_open(max(at, now - LONGEST_CATCH_UP), "1m")
        return await self._run(_Span(coin, "1m", first, bar_open(now, "1m")))

    def closed(self, interval: Interval) -> datetime:
        """Return when the newest bar closed to which nothing is added any more."""
        now = self._market.present()
        made_up = any(source.name in ARTIFICIAL for source in self._sources)
        return bar_open(now if made_up else now - _FINAL_AFTER, interval)

    async def prune(self) -> int:
        """Delete bars that are too old for what they are asked for, a few at a time; return how many."""
        now, pruned = self._clock.now(), 0
        for source, coin, interval in await self._store.read(rows.series):
            kept = _KEPT.get(interval)
            if kept is None:
                continue
            self._uncover(now - kept, source, coin, interval)
            purge = partial(
                rows.purge, source=source, coin=coin, interval=interval, before=now - kept, most=_PRUNED_AT_ONCE
            )
            deleted = _PRUNED_AT_ONCE
            while deleted == _PRUNED_AT_ONCE:
                deleted = await self._store.write(purge)
                pruned += deleted
        return pruned

    def _uncover(self, before: datetime, *series: str) -> None:
        for key, covered in tuple(self._covered.items()):
            if key == series and covered.first < before:
                self._covered[key] = replace(covered, first=before)

    async def _run(self, span: _Span) -> CandleRun:
        async with self._locks.setdefault((span.coin.id, span.interval), asyncio.Lock()):
            return await self._first_of(span)

    async def _first_of(self, span: _Span) -> CandleRun:
        for source in self._ranked():
            try:
                run = await self._from(source, span)
            except SourceError as failure:
                log.info("candles.failed", source=source.name, coin=span.coin.id, reason=failure.reason)
                continue
            if run is not None:
                return run
        return await self._fallback(span)

    async def _fallback(self, span: _Span) -> CandleRun:
        """Return the longest run of stored bars when no source answers."""
        best: CandleRun | None = None
        for source in self._ranked():
            stored = await self._stored(source, span)
            if stored and (best is None or len(stored) > len(best.candles)):
                best = _made(stored, source.name, stored[-1].at + LENGTH[span.interval], span.interval)
        if best is None:
            raise SourceUnavailable(
                say(
                    "No source has {interval} candles of {coin} right now. Try again in a few minutes.",
                    interval=span.interval,
                    coin=span.coin.name,
                )
            )
        return best

    def _ranked(self) -> tuple[PriceSource, ...]:
        """Return the sources in the order of the settings, but first those that are live."""
        live = {health.name for health in self._market.health() if health.live}
        return tuple(sorted(self._sources, key=lambda source: source.name not in live))

    async def _from(self, source: PriceSource, span: _Span) -> CandleRun | None:
        """Return what one source has, fetching only what neither the store nor memory has; None if it has nothing."""
        if source.name in ARTIFICIAL:
            bars = _ordered(await source.candles(span.coin, span.interval, span.first, span.last), span)
            return _made(bars, source.name, self._market.present(), span.interval) if bars else None
        key = (source.name, span.coin.id, span.interval)
        stored = await self._stored(source, span)
        start = self._missing_from(key, stored, span)
        if start is not None:
            asked = replace(span, first=start)
            now = self._clock.now()
            fetched = _ordered(await source.candles(span.coin, span.interval, start, span.last), asked)
            await self._keep(key, fetched, asked, now)
            stored = _ordered((*stored, *fetched), span)
        unfinished = self._unfinished.get(key)
        bars = _ordered((*(unfinished.candles if unfinished is not None else ()), *stored), span)
        if not bars:
            return None
        ended = bars[-1].at + LENGTH[span.interval]
        as_of = ended if unfinished is None else min(ended, max(unfinished.fetched_at, bars[-1].at))
        return _made(bars, source.name, as_of, span.interval)

    def _missing_from(self, key: _Key, stored: tuple[Candle, ...], span: _Span) -> datetime | None:
        """Return the opening of the first bar to fetch, or None where everything is here and fresh."""
        now, length = self._clock.now(), LENGTH[span.interval]
        unfinished, covered = self._unfinished.get(key), self._covered.get(key)
        fresh = unfinished is not None and now - unfinished.fetched_at < _UNFINISHED_KEPT[span.interval]
        have = {candle.at for candle in stored}
        for at in (span.first + length * number for number in range(span.bars)):
            if at + length + _FINAL_AFTER > now:
                return None if fresh else at
            if at not in have and (covered is None or not covered.first <= at <= covered.last):
                return at
        return None

    async def _keep(self, key: _Key, fetched: tuple[Candle, ...], asked: _Span, now: datetime) -> None:
        """Store the final bars and hold the others."""
        length = LENGTH[asked.interval]
        final = [candle for candle in fetched if candle.at + length + _FINAL_AFTER <= now]
        if final:
            await self._store.write(lambda tx: rows.put(tx, *key, final))
            self._covered[key] = _joined(self._covered.get(key), _Covered(asked.first, final[-1].at), length)
        if asked.last + length + _FINAL_AFTER > now:
            self._unfinished[key] = _Unfinished(fetched[len(final) :], now)

    async def _stored(self, source: PriceSource, span: _Span) -> tuple[Candle, ...]:
        return await self._store.read(
            lambda tx: rows.between(tx, source.name, span.coin.id, span.interval, span.first, span.last)
        )


def _joined(old: _Covered | None, new: _Covered, length: timedelta) -> _Covered:
    """Return both as one where they touch, else the new."""
    if old is None or new.first > old.last + length or new.last + length < old.first:
        return new
    return _Covered(min(old.first, new.first), max(old.last, new.last))


def _ordered(candles: Iterable[Candle], span: _Span) -> tuple[Candle, ...]:
    """Return the bars of the span, oldest first, each opening once: the later word counts."""
    found = {candle.at: candle for candle in candles if span.first <= candle.at <= span.last}
    return tuple(found[at] for at in sorted(found))


def _made(bars: tuple[Candle, ...], source: str, as_of: datetime, interval: Interval) -> CandleRun:
    expected = (bars[-1].at - bars[0].at) // LENGTH[interval] + 1
    return CandleRun(bars, source, as_of, interval, gaps=expected - len(bars))
