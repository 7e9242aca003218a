"""How far a price has moved within a window: running extremes, never a rescan. Positive numbers, percent or sigmas."""

import math
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from heapq import merge
from typing import assert_never

from services.domain.metrics import Metric, MetricName

_HUNDRED = Decimal(100)


@dataclass(slots=True)
class Window:
    """The highest and the lowest price of the last `length`; older prices fall out as newer ones come."""

    length: timedelta
    _highs: deque[tuple[datetime, Decimal]] = field(default_factory=deque)
    _lows: deque[tuple[datetime, Decimal]] = field(default_factory=deque)

    @property
    def is_empty(self) -> bool:
        """Say whether no price has come yet."""
        return not self._highs

    def add(self, at: datetime, high: Decimal, low: Decimal) -> None:
        """Take in a price, or a bar by its high and low; times must not go backwards."""
        _push(self._highs, at, high, keep=lambda held: held > high)
        _push(self._lows, at, low, keep=lambda held: held < low)
        edge = at - self.length
        for kept in (self._highs, self._lows):
            while kept and kept[0][0] < edge:
                kept.popleft()

    @property
    def newest(self) -> datetime:
        """Return when the newest price came to a window that is not empty."""
        return max(self._highs[-1][0], self._lows[-1][0])

    @property
    def high(self) -> Decimal:
        """Return the highest price of a window that is not empty."""
        return self._highs[0][1]

    @property
    def low(self) -> Decimal:
        """Return the lowest price of a window that is not empty."""
        return self._lows[0][1]

    def precede(self, bars: Iterable[tuple[datetime, Decimal, Decimal]]) -> None:
        """Put the past to what has come by itself: time, high and low of each bar, oldest first."""
        held = sorted({*self._highs, *self._lows})
        self._highs, self._lows = deque(), deque()
        for at, high, low in merge(bars, ((at, price, price) for at, price in held)):
            self.add(at, high, low)

    def drop(self, price: Decimal) -> Decimal:
        """Return how far `price` lies below the highest price of the window; 0 at the top."""
        return max(Decimal(), (self.high - price) * _HUNDRED / self.high)

    def rise(self, price: Decimal) -> Decimal:
        """Return how far `price` lies above the lowest price of the window; 0 at the bottom."""
        return max(Decimal(), (price - self.low) * _HUNDRED / self.low)


def move(name: MetricName, window: Window, price: Decimal) -> Decimal:
    """Return the move that a metric of this name means: a swing is the larger of the two."""
    match name:
        case "drop":
            return window.drop(price)
        case "rise":
            return window.rise(price)
        case "swing":
            return max(window.drop(price), window.rise(price))
        case "price":
            return price
        case _:
            raise ValueError(name)  # no move in percent


def log_move(name: MetricName, window: Window, price: Decimal) -> float:
    """Return the same in log returns, for the moves that are told in standard deviations."""
    match name:
        case "drop_sigma":
            return max(0.0, math.log(window.high / price))
        case "rise_sigma":
            return max(0.0, math.log(price / window.low))
        case "swing_sigma":
            return max(0.0, math.log(window.high / price), math.log(price / window.low))
        case _:
            raise ValueError(name)  # no move in standard deviations


def ticked(metric: Metric, price: Decimal, window: Window | None, yard: Decimal | None) -> Decimal | None:
    """Return a metric that moves with each price; None where its window is empty or its yardstick unknown.

    The yardstick is what a price or a move is held against: the study under a ratio, the deviation of a window.
    """
    match metric.name:
        case "price":
            return price
        case "drop" | "rise" | "swing":
            return None if window is None or window.is_empty else move(metric.name, window, price)
        case "drop_sigma" | "rise_sigma" | "swing_sigma":
            if window is None or window.is_empty or not yard:
                return None
            return rounded(log_move(metric.name, window, price) / float(yard))
        case "ratio":
            return price / yard if yard else None
        case "volume" | "rsi" | "macd" | "atr":
            raise ValueError(metric.name)  # these move with bars
        case _:
            assert_never(metric.name)


def rounded(value: float) -> Decimal:
    """Return a statistic with the ten digits that its floating point can be trusted with."""
    return Decimal(f"{value:.10g}")


def _push(kept: deque[tuple[datetime, Decimal]], at: datetime, price: Decimal, keep: Callable[[Decimal], bool]) -> None:
    while kept and not keep(kept[-1][1]):
        kept.pop()
    kept.append((at, price))
