"""A replay: recorded candles and trades of several pairs and venues, merged on one clock that the recording moves."""

import asyncio
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from heapq import merge
from itertools import groupby, pairwise

from services.clock import Clock, FixedClock, SystemClock
from services.domain.candles import LENGTH, Candle, Interval, join
from services.domain.coins import FIATS, STABLE, Coin
from services.domain.quotes import Sample
from services.domain.recordings import Trade, file_name, pair_of, path_of
from services.feed import Sink, SourceError
from services.sources.replay import files
from services.sources.replay.files import Recording
from services.sources.wire.listings import MEANT

_SAMPLES_PER_TURN = 500  # then the other tasks get their turn
_OWN_TICKERS = {"XBT": "BTC", "XDG": "DOGE"}  # Kraken's
_DOLLARS = frozenset({"usd", *STABLE})


def observations(recordings: Sequence[Recording], until: datetime | None = None) -> Iterator[Sample]:
    """Return what was seen, by time, and at one time in the order of `recordings`; nothing that ends after `until`.

    A candle is seen as open, low and high (high first if it fell), close, all at its opening time. Without `until`
    the last candle of a file counts as finished: only who knows when it was recorded can tell.
    """
    return merge(*(_seen(series, until) for series in _series(recordings)), key=lambda sample: sample.at)


@dataclass(frozen=True, slots=True)
class _Series:
    """All files of one pair at one venue with one length of bar."""

    venue: str
    base: str
    quote: str
    files: tuple[Recording, ...]


@dataclass(frozen=True, slots=True)
class _History:
    """The bars of a series, and how long each is; no length where there are not two."""

    bars: tuple[Candle, ...]
    length: timedelta | None

    def finished(self, at: datetime) -> tuple[Candle, ...]:
        """Return the bars that have ended by `at`."""
        return () if self.length is None else self.bars[: _place(self.bars, at - self.length + timedelta.resolution)]

    def makes(self, length: timedelta) -> bool:
        """Say whether bars of `length` can be made of these."""
        return self.length is not None and length % self.length == timedelta()


class Replay:
    """A source of recorded prices; `stream` moves `clock` and returns at the end of the recording.

    Speed None is as fast as possible; otherwise a recorded second takes 1/speed seconds of `pace`.
    """

    name = "replay"

    def __init__(
        self,
        recordings: Sequence[Recording],
        clock: FixedClock,
        speed: Decimal | None = None,
        *,
        until: datetime | None = None,
        pace: Clock | None = None,
    ) -> None:
        self._recordings = tuple(recordings)
        self._series = _series(recordings)
        self._clock = clock
        self._speed = speed
        self._until = until
        self._pace = pace or SystemClock()
        self._histories: dict[_Series, _History] = {}
        self._heard: dict[tuple[str, str, str], Sample] = {}

    @property
    def coins(self) -> tuple[str, ...]:
        """Return the ids of the coins that were recorded."""
        return tuple(dict.fromkeys(series.base for series in self._series))

    async def stream(self, coins: tuple[Coin, ...], sink: Sink) -> None:
        """Push what was recorded of `coins`, stable coins and fiat, one observation at a time; return at the end."""
        wanted = _wanted(coins)
        first: datetime | None = None
        begun = self._pace.monotonic()
        for count, sample in enumerate(observations(self._recordings, self._until)):
            if count % _SAMPLES_PER_TURN == 0:
                await self._clock.sleep(0)
            if sample.base not in wanted:
                continue
            first = first or sample.at
            await self._keep_pace(sample.at - first, begun)
            self._clock.set(sample.at)
            self._heard[sample.source, sample.base, sample.quote] = sample
            sink((sample,))

    async def _keep_pace(self, elapsed: timedelta, begun: float) -> None:
        if self._speed is None:
            return
        ahead = begun + elapsed.total_seconds() / float(self._speed) - self._pace.monotonic()
        if ahead > 0:
            await self._pace.sleep(ahead)

    async def samples(self, coins: tuple[Coin, ...]) -> tuple[Sample, ...]:
        """Return at each venue what was last heard, or before a stream the close of the last finished bar."""
        wanted = _wanted(coins)
        found = [await self._latest(series) for series in self._series if series.base in wanted]
        return tuple(sample for sample in found if sample is not None)

    async def candles(self, coin: Coin, interval: Interval, first: datetime, last: datetime) -> tuple[Candle, ...]:
        """Return the bars that open in [first, last], made of recorded bars that have ended by the clock."""
        present, length = self._clock.now(), LENGTH[interval]
        for series in self._series:
            if series.base != coin.id or series.quote not in _DOLLARS:
                continue
            history = await self._history(series)
            if history.makes(length):
                bars = history.finished(present)
                inside = bars[_place(bars, first) : _place(bars, max(first, last) + length)]
                return tuple(bar for bar in join(inside, interval) if first <= bar.at <= last)
        return ()

    async def _latest(self, series: _Series) -> Sample | None:
        heard = self._heard.get((series.venue, series.base, series.quote))
        if heard is not None:
            return heard
        bars = (await self._history(series)).finished(self._clock.now())
        return _sample(series, bars[-1].at, bars[-1].close) if bars else None

    async def _history(self, series: _Series) -> _History:
        if series not in self._histories:
            self._histories[series] = await asyncio.to_thread(_read, series, self._until)
        return self._histories[series]


def _wanted(coins: tuple[Coin, ...]) -> frozenset[str]:
    return frozenset({*(coin.id for coin in coins), *FIATS, *STABLE.values()})


def _place(bars: Sequence[Candle], at: datetime) -> int:
    return bisect_left(bars, at, key=lambda bar: bar.at)


def _series(recordings: Sequence[Recording]) -> tuple[_Series, ...]:
    groups: dict[tuple[str, str, str | None], list[Recording]] = {}
    for recording in recordings:
        # Days must not take the place of the minutes that open with them.
        interval = file_name(recording.path.name).interval
        groups.setdefault((recording.venue, recording.symbol, interval), []).append(recording)
    return tuple(_Series(venue, *_pair(symbol), tuple(found)) for (venue, symbol, _), found in groups.items())


def _pair(symbol: str) -> tuple[str, str]:
    pair = pair_of(symbol)
    if pair is None:
        raise SourceError(Replay.name, f"{symbol} is no pair priced in dollars or another currency, like BTCUSDT")
    ticker = _OWN_TICKERS.get(pair[0], pair[0])
    return MEANT.get(ticker, ticker.lower()), pair[1]


def _seen(series: _Series, until: datetime | None) -> Iterator[Sample]:
    bars = (_sample(series, bar.at, price) for bar in _candles(series, until) for price in path_of(bar))
    ticks = (_sample(series, trade.at, trade.price) for trade in _trades(series, until))
    return merge(bars, ticks, key=lambda sample: sample.at)


def _sample(series: _Series, at: datetime, price: Decimal) -> Sample:
    return Sample(series.venue, series.base, series.quote, price, at, at, "replay")


def _candles(series: _Series, until: datetime | None) -> Iterator[Candle]:
    """Return the candles of all files by time; of several with one time the last of the last file."""
    found = (files.candles(each, until) for each in series.files if each.kind == "candles")
    for _, same in groupby(merge(*found, key=lambda bar: bar.at), key=lambda bar: bar.at):
        *_, newest = same
        yield newest


def _trades(series: _Series, until: datetime | None) -> Iterator[Trade]:
    found = (files.trades(each, until) for each in series.files if each.kind == "trades")
    return merge(*found, key=lambda trade: trade.at)


def _read(series: _Series, until: datetime | None) -> _History:
    bars = tuple(_candles(series, until))
    if bars:
        return _History(bars, min((later.at - earlier.at for earlier, later in pairwise(bars)), default=None))
    return _History(tuple(join(map(_point, _trades(series, until)), "1m")), LENGTH["1m"])


def _point(trade: Trade) -> Candle:
    return Candle(trade.at, trade.price, trade.price, trade.price, trade.price, trade.amount)
