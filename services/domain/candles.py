"""Candles: what the price did in one bar, and how small bars make large ones."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Literal

Interval = Literal["1m", "5m", "15m", "1h", "4h", "1d"]

LENGTH: dict[Interval, timedelta] = {
    "1m": timedelta(minutes=1),
    "5m": timedelta(minutes=5),
    "15m": timedelta(minutes=15),
    "1h": timedelta(hours=1),
    "4h": timedelta(hours=4),
    "1d": timedelta(days=1),
}


@dataclass(frozen=True, slots=True)
class Candle:
    """One bar of one coin, named by its opening time in UTC; prices in the quote currency, volume in the base."""

    at: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal


def bar_open(at: datetime, interval: Interval) -> datetime:
    """Return the opening time of the bar that holds `at`; bars count from the epoch in UTC."""
    length = int(LENGTH[interval].total_seconds())
    return datetime.fromtimestamp(int(at.timestamp()) // length * length, UTC)


def join(candles: Iterable[Candle], interval: Interval) -> Iterator[Candle]:
    """Make bars of `interval` from smaller ones in time order; a bar with a gap is made of what is there."""
    for at, group in groupby(candles, key=lambda candle: bar_open(candle.at, interval)):
        part = tuple(group)
        yield Candle(
            at=at,
            open=part[0].open,
            high=max(c.high for c in part),
            low=min(c.low for c in part),
            close=part[-1].close,
            volume=sum((c.volume for c in part), Decimal()),
        )
