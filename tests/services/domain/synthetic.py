"""A random walk with changing volatility, from a linear congruential generator: the series of the reference values."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np

from services.domain.candles import LENGTH, Candle, Interval
from services.domain.studies import Floats

FIRST = datetime(2026, 1, 1, tzinfo=UTC)


def series(count: int = 2000, seed: int = 12345) -> Floats:
    """Return the closing prices."""
    return np.array([row[3] for row in rows(count, seed)])


def candles(count: int = 2000, seed: int = 12345, interval: Interval = "1h") -> tuple[Candle, ...]:
    """Return the bars, the first of which opens at `FIRST`."""
    return tuple(
        Candle(FIRST + LENGTH[interval] * place, *map(Decimal, row)) for place, row in enumerate(rows(count, seed))
    )


def rows(count: int, seed: int) -> Iterator[tuple[float, float, float, float, float]]:
    """Return open, high, low, close and volume of each bar."""
    uniform = _congruential(seed)
    variance, close = 2.5, 100.0
    for _ in range(count):
        normal = sum(next(uniform) for _ in range(12)) - 6.0
        change = 0.05 + math.sqrt(variance) * normal
        variance = 0.05 + 0.08 * (change - 0.05) ** 2 + 0.90 * variance
        opened, close = close, close * math.exp(change / 100)
        high = max(opened, close) * math.exp(0.004 * next(uniform))
        low = min(opened, close) * math.exp(-0.004 * next(uniform))
        yield opened, high, low, close, math.floor(1000 + 9000 * next(uniform))


def _congruential(state: int) -> Iterator[float]:
    while True:
        state = (1103515245 * state + 12345) % 2147483648
        yield state / 2147483648
