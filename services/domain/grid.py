"""Bars as arrays in which every bar has its place: one that is missing is NaN and not zero."""

from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from services.domain.candles import LENGTH, Candle, Interval

Floats: TypeAlias = npt.NDArray[np.float64]

ENOUGH: Final = 0.95
"""The share of the bars of a time that must be there for a statistic of it."""


def grid(bars: Sequence[Candle], values: Iterable[float], interval: Interval) -> Floats:
    """Return a value per bar from the first bar to the last, which must be in time order; NaN where none was told."""
    if not bars:
        return np.empty(0)
    first, length = bars[0].at, LENGTH[interval]
    found = np.full((bars[-1].at - first) // length + 1, np.nan)
    for bar, value in zip(bars, values, strict=True):
        found[(bar.at - first) // length] = value
    return found


def is_dense(bars: Sequence[Candle], interval: Interval) -> bool:
    """Say whether enough of the bars between the first and the last are there."""
    return bool(bars) and len(bars) >= ((bars[-1].at - bars[0].at) // LENGTH[interval] + 1) * ENOUGH
