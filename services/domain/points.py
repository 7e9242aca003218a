"""Past bars as the values that a metric took: what previews and replays of a downtime are made of."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple, TypeAlias

from services.domain.candles import Candle, Interval
from services.domain.metrics import Metric
from services.domain.moves import Window, ticked
from services.domain.needs import is_with_ticks, needs
from services.domain.recordings import path_of

Said: TypeAlias = tuple[datetime, Decimal | None]
"""When a bar closed, and what it said from then on; None where it cannot be known."""

CLOSING = -1
"""The step of a value that the close of a bar made; it comes before the prices of the bar that opens then."""


class Point(NamedTuple):
    """One value. A price inside a bar has the bar's opening time, and its place on the bar's path as `step`."""

    at: datetime
    step: int
    value: Decimal


def priced(bars: Iterable[Candle]) -> Iterator[Point]:
    """Return the path of each bar: open, then low and high (high first where it fell), then close."""
    return (Point(bar.at, step, price) for bar in bars for step, price in enumerate(path_of(bar)))


def ticking(metric: Metric, prices: Iterable[Point], yards: Sequence[Said] = ()) -> Iterator[Point]:
    """Return what a metric that moves with prices took, from when its yardstick was known if it has one."""
    window = None if metric.window is None else Window(metric.window)
    yard: Decimal | None = None
    place = 0
    for at, step, price in prices:
        while place < len(yards) and yards[place][0] <= at:
            yard = yards[place][1]
            place += 1
        if window is not None:
            window.add(at, price, price)
        value = ticked(metric, price, window, yard)
        if value is not None:
            yield Point(at, step, value)


def closing(yards: Iterable[Said]) -> Iterator[Point]:
    """Return what a metric that moves with bars took."""
    return (Point(at, CLOSING, value) for at, value in yards if value is not None)


def points(metric: Metric, bars: Sequence[Candle], interval: Interval, since: datetime) -> Iterator[Point]:
    """Return every value from `since` on over dollar bars of one length, oldest first; nothing while it is not known.

    The bars before warm the metric up.
    """
    window = metric.window or timedelta()
    prices = priced(bar for bar in bars if bar.at >= since - window)
    if not needs(metric):
        found = ticking(metric, prices)
    else:
        from services.domain.measures import said

        told = said(metric, {interval: bars})
        found = ticking(metric, prices, told) if is_with_ticks(metric) else closing(told)
    return (each for each in found if each.at >= since)
