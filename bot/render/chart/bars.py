"""The bars of a chart as numbers to draw: float arrays, places on the x axis, local times."""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from itertools import accumulate, pairwise
from typing import Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from handlers.model import Chart
from services.domain.candles import LENGTH, Candle
from services.domain.studies import Floats

SHOWN = 500  # bars; what is older only warms the studies up
GAP_SLOTS = 3  # a hole in the data is drawn at most this wide, and marked


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars in time order. `slot` counts bar widths from the first bar; a missing volume is NaN."""

    at: tuple[datetime, ...]
    slot: Floats
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    gaps: Floats  # slots in the middle of holes

    @property
    def rising(self) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        """Return which bars closed at or above their open."""
        return self.close >= self.open

    @classmethod
    def of(cls, chart: Chart) -> Self:
        """Read the shown bars of a chart; raise `ValueError` for what cannot be drawn."""
        candles = chart.candles[-SHOWN:]
        if not candles:
            raise ValueError("no bars")
        prices = np.array([[bar.open, bar.high, bar.low, bar.close] for bar in candles], dtype=np.float64)
        if not np.isfinite(prices).all():
            raise ValueError("a price is not a number")
        volume = np.array([bar.volume for bar in candles], dtype=np.float64)
        zone = zone_of(chart.zone)
        slot, gaps = _places(candles, LENGTH[chart.interval])
        return cls(
            at=tuple(bar.at.astimezone(zone) for bar in candles),
            slot=slot,
            open=prices[:, 0],
            high=prices.max(axis=1),
            low=prices.min(axis=1),
            close=prices[:, 3],
            volume=np.where(np.isfinite(volume) & (volume >= 0), volume, np.nan),
            gaps=gaps,
        )


def zone_of(name: str) -> tzinfo:
    """Return the named time zone, UTC for a name that no longer exists."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def _places(candles: tuple[Candle, ...], length: timedelta) -> tuple[Floats, Floats]:
    """Return the slot of each bar, and the middles of the holes between bars."""
    steps = [round((here.at - before.at) / length) for before, here in pairwise(candles)]
    if any(step < 1 for step in steps):
        raise ValueError("the bars are not in time order")
    slots = list(accumulate((min(step, GAP_SLOTS + 1) for step in steps), initial=0))
    middles = [(before + here) / 2 for before, here in pairwise(slots) if here - before > 1]
    return np.array(slots, dtype=np.float64), np.array(middles, dtype=np.float64)
