"""The simulated market as others see it: prices, candles and crossings by absolute time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache

import numpy as np

from services.domain.candles import LENGTH, Candle, Interval, bar_open
from services.domain.simulation import path
from services.domain.simulation.path import DAY_MINUTES, FIRST_DAY, MINUTE_SECONDS, Bars, Ticks
from services.domain.simulation.roster import Asset, asset

_SECOND = timedelta(seconds=1)
_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """What the last 24 hours did; volume in US dollars, None for a currency."""

    open: Decimal
    high: Decimal
    low: Decimal
    volume: Decimal | None


def _named(asset_id: str) -> Asset:
    found = asset(asset_id)
    if found is None:
        raise LookupError(asset_id)
    return found


def _tick_at(seed: int, each: Asset, at: datetime) -> int:
    day, seconds = divmod((at - FIRST_DAY) // _SECOND, 86_400)
    if day < 0:
        raise ValueError(f"the simulated market opens at {FIRST_DAY.isoformat()}")
    minute, second = divmod(seconds, 60)
    return int(path.ticks(seed, each, day)[second, minute])


def price_at(seed: int, asset_id: str, at: datetime) -> Decimal:
    """Return the price in US dollars at that second; `LookupError` for an unknown id, `ValueError` before 2020."""
    each = _named(asset_id)
    return _tick_at(seed, each, at) * each.tick


def candles(
    seed: int, asset_id: str, interval: Interval, first: datetime, last: datetime, *, until: datetime | None = None
) -> tuple[Candle, ...]:
    """Return the bars that open in [first, last], oldest first; nothing after `until` is known, that bar is open."""
    each = _named(asset_id)
    length = LENGTH[interval]
    start = bar_open(max(first, FIRST_DAY) + length - timedelta(microseconds=1), interval)
    end = bar_open(last, interval) + length
    if until is not None:
        end = min(end, bar_open(until, "1m") + _MINUTE)
    if end <= start:
        return ()
    found = _between(seed, each, (start - FIRST_DAY) // _MINUTE, (end - FIRST_DAY) // _MINUTE)
    if until is not None and bar_open(until, "1m") + _MINUTE == end:
        found = _cut(found, _minute_so_far(seed, each, until))
    return tuple(_drawn(_grouped(found, length // _MINUTE), each, start, length))


def _between(seed: int, each: Asset, first: int, last: int) -> Bars:
    """Return the minutes [first, last), counted from the market's first day."""
    parts = []
    for day in range(first // DAY_MINUTES, (last - 1) // DAY_MINUTES + 1):
        bars = path.bars(seed, each, day)
        inside = slice(max(first - day * DAY_MINUTES, 0), min(last - day * DAY_MINUTES, DAY_MINUTES))
        parts.append((bars.open[inside], bars.high[inside], bars.low[inside], bars.close[inside], bars.lots[inside]))
    return Bars(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _minute_so_far(seed: int, each: Asset, at: datetime) -> Ticks:
    minute = (at - FIRST_DAY) // _MINUTE
    seen: Ticks = path.ticks(seed, each, minute // DAY_MINUTES)[: at.second + 1, minute % DAY_MINUTES]
    return seen


def _cut(bars: Bars, seen: Ticks) -> Bars:
    """Return the bars with the last minute as the ticks seen so far leave it."""
    return Bars(
        open=np.append(bars.open[:-1], seen[0]),
        high=np.append(bars.high[:-1], seen.max()),
        low=np.append(bars.low[:-1], seen.min()),
        close=np.append(bars.close[:-1], seen[-1]),
        lots=np.append(bars.lots[:-1], bars.lots[-1] * len(seen) // MINUTE_SECONDS),
    )


def _grouped(bars: Bars, size: int) -> Bars:
    if size == 1:
        return bars
    starts = np.arange(0, len(bars.open), size)
    return Bars(
        open=bars.open[starts],
        high=np.maximum.reduceat(bars.high, starts),
        low=np.minimum.reduceat(bars.low, starts),
        close=bars.close[np.minimum(starts + size, len(bars.close)) - 1],
        lots=np.add.reduceat(bars.lots, starts),
    )


def _drawn(bars: Bars, each: Asset, start: datetime, length: timedelta) -> Iterable[Candle]:
    tick, lot = each.tick, each.lot
    return map(
        Candle,
        [start + n * length for n in range(len(bars.open))],
        [n * tick for n in bars.open.tolist()],
        [n * tick for n in bars.high.tolist()],
        [n * tick for n in bars.low.tolist()],
        [n * tick for n in bars.close.tolist()],
        [n * lot for n in bars.lots.tolist()],
    )


@lru_cache(maxsize=256)
def _full_minutes(seed: int, each: Asset, first: int, last: int) -> tuple[int, int, float]:
    bars = _between(seed, each, first, last)
    turned_over = float(np.dot(bars.lots.astype(np.float64), bars.close.astype(np.float64)))
    return int(bars.high.max()), int(bars.low.min()), turned_over * float(each.lot) * float(each.tick)


def window_24h(seed: int, asset_id: str, at: datetime) -> Window:
    """Return the 24 hours that end at this second; shorter while the market is younger than a day and two minutes."""
    each = _named(asset_id)
    before = max(at - _DAY, FIRST_DAY)
    seen = _minute_so_far(seed, each, at)
    opened = _tick_at(seed, each, before)
    high, low, volume = max(int(seen.max()), opened), min(int(seen.min()), opened), 0.0
    first, last = -((FIRST_DAY - before) // _MINUTE), (at - FIRST_DAY) // _MINUTE
    if first < last:
        full_high, full_low, volume = _full_minutes(seed, each, first, last)
        high, low = max(high, full_high), min(low, full_low)
    tick = each.tick
    return Window(opened * tick, high * tick, low * tick, Decimal(round(volume)) if each.supply else None)


def first_crossing(seed: int, asset_id: str, level: Decimal, after: datetime, within: timedelta) -> datetime | None:
    """Return the first second in (after, after + within] at which the price has reached `level` from its present side.

    A price that stands on the level at `after` counts as below it.
    """
    each = _named(asset_id)
    target = float(level / each.tick)
    rising = _tick_at(seed, each, after) <= target
    first = (after - FIRST_DAY) // _SECOND + 1
    last = (after + within - FIRST_DAY) // _SECOND
    for day in range(first // 86_400, last // 86_400 + 1):
        bars = path.bars(seed, each, day)
        for minute in _reached(bars.high if rising else bars.low, target, rising):
            opened = day * 86_400 + minute * 60
            row = path.ticks(seed, each, day)[:, minute]
            later = [opened + second for second in _reached(row, target, rising) if opened + second >= first]
            if later:
                return FIRST_DAY + timedelta(seconds=later[0]) if later[0] <= last else None
    return None


def _reached(values: Ticks, target: float, rising: bool) -> list[int]:
    return [int(place) for place in np.flatnonzero(values >= target if rising else values <= target)]


@lru_cache(maxsize=256)
def _past_peak(seed: int, each: Asset, today: int) -> tuple[int, int]:
    """Return the highest tick of the days beside the highest midnights, and its second since the market's first day."""
    midnights = path.distances(seed, each, today + 1)
    tops = np.argsort(np.maximum(midnights[:-1], midnights[1:]), kind="stable")[-6:]
    best = (0, 0)
    for day in sorted(tops.tolist()):
        best = max(best, _day_peak(path.bars(seed, each, day).high, day), key=lambda found: found[0])
    return best


def _day_peak(high: Ticks, day: int) -> tuple[int, int]:
    minute = int(high.argmax())
    return int(high[minute]), day * 86_400 + minute * 60


def peak(seed: int, asset_id: str, at: datetime) -> tuple[Decimal, datetime]:
    """Return an all-time high and its minute: of the days with the highest midnights and of today until `at`."""
    each = _named(asset_id)
    today, minute = divmod((at - FIRST_DAY) // _MINUTE, DAY_MINUTES)
    best = _past_peak(seed, each, today) if today else (0, 0)
    seen = _minute_so_far(seed, each, at)
    best = max(best, (int(seen.max()), today * 86_400 + minute * 60), key=lambda found: found[0])
    if minute:
        best = max(best, _day_peak(path.bars(seed, each, today).high[:minute], today), key=lambda found: found[0])
    return best[0] * each.tick, FIRST_DAY + timedelta(seconds=best[1])
