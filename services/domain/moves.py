"""How far a price has moved within a window: running extremes, never a rescan. Percent, as positive numbers."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from heapq import merge

from services.domain.metrics import MetricName

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

    def precede(self, bars: Iterable[tuple[datetime, Decimal, Decimal]]) -> None:
        """Put the past to what has come by itself: time, high and low of each bar, oldest first."""
        held = sorted({*self._highs, *self._lows})
        self._highs, self._lows = deque(), deque()
        for at, high, low in merge(bars, ((at, price, price) for at, price in held)):
            self.add(at, high, low)

    def drop(self, price: Decimal) -> Decimal:
        """Return how far `price` lies below the highest price of the window; 0 at the top."""
        high = self._highs[0][1]
        return max(Decimal(), (high - price) * _HUNDRED / high)

    def rise(self, price: Decimal) -> Decimal:
        """Return how far `price` lies above the lowest price of the window; 0 at the bottom."""
        low = self._lows[0][1]
        return max(Decimal(), (price - low) * _HUNDRED / low)


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


def _push(kept: deque[tuple[datetime, Decimal]], at: datetime, price: Decimal, keep: Callable[[Decimal], bool]) -> None:
    while kept and not keep(kept[-1][1]):
        kept.pop()
    kept.append((at, price))
