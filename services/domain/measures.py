"""What closed bars say: the value of a metric that moves with bars, and the yardstick of one that moves with ticks.

Import it at first use: it loads the libraries for arrays and studies.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias, assert_never

import numpy as np

from services.domain import studies
from services.domain.candles import LENGTH, Candle, Interval, bar_open
from services.domain.grid import Floats, grid, is_dense
from services.domain.metrics import Metric, Study
from services.domain.moves import rounded
from services.domain.needs import SIGMA_AGAIN, SIGMA_BAR, SIGMA_BARS, studies_of, volume_bars, window_of
from services.domain.points import Said
from services.domain.sigma import sigma
from services.domain.volume import ratios

Runs: TypeAlias = Mapping[Interval, Sequence[Candle]]
"""Closed bars in time order, by their length, as `needs` asks for them."""


def said(metric: Metric, runs: Runs) -> list[Said]:
    """Return what each closed bar said, oldest first: a metric's value, or its yardstick if it moves with ticks."""
    match metric.name:
        case "price" | "drop" | "rise" | "swing":
            return []
        case "drop_sigma" | "rise_sigma" | "swing_sigma":
            return _sigmas(metric, runs.get(SIGMA_BAR, ()))
        case "volume":
            return _volumes(metric, runs)
        case "rsi" | "macd" | "atr" | "ratio":
            return _studied(metric, runs)
        case _:
            assert_never(metric.name)


def _sigmas(metric: Metric, bars: Sequence[Candle]) -> list[Said]:
    """Return the deviation of the window anew at each full hour."""
    if not bars:
        return []
    window, bar, hour = window_of(metric), LENGTH[SIGMA_BAR], LENGTH[SIGMA_AGAIN]
    logs = grid(bars, (math.log(each.close) for each in bars), SIGMA_BAR)
    first = (bar_open(bars[0].at, SIGMA_AGAIN) + hour - bars[0].at) // bar
    found: list[Said] = []
    for end in range(first, len(logs) + 1, hour // bar):
        value = sigma(logs[max(0, end - SIGMA_BARS) : end], window)
        found.append((bars[0].at + bar * end, None if value is None else rounded(value)))
    return found


def _volumes(metric: Metric, runs: Runs) -> list[Said]:
    interval, length = volume_bars(window_of(metric))
    bars = runs.get(interval, ())
    found = ratios(grid(bars, (float(bar.volume) for bar in bars), interval), length)
    return [(bars[0].at + LENGTH[interval] * (place + 1), _known(value)) for place, value in enumerate(found)]


def _studied(metric: Metric, runs: Runs) -> list[Said]:
    parts = studies_of(metric)
    shortest = min((part.bar for part in parts), key=LENGTH.__getitem__)
    bars = runs.get(shortest, ())
    if not bars:
        return []
    closes = [bar.at + LENGTH[shortest] for bar in bars]
    columns = [_at(closes, part, runs) for part in parts]
    values = columns[0]
    if metric.name == "atr":
        values = values / studies.closes(bars) * 100
    elif len(columns) > 1:
        values = values / columns[1]
    return [(at, _known(value)) for at, value in zip(closes, values, strict=True)]


def _at(closes: list[datetime], study: Study, runs: Runs) -> Floats:
    """Return what a study said at each of these times: the value of its last bar that had closed by then."""
    bars = runs.get(study.bar, ())
    if not is_dense(bars, study.bar):
        return np.full(len(closes), np.nan)
    by_close = {bar.at + LENGTH[study.bar]: value for bar, value in zip(bars, _study(study, bars), strict=True)}
    # The value of a bar that is missing is unknown, and not that of the bar before it.
    return np.array([by_close.get(bar_open(at, study.bar), np.nan) for at in closes])


def _study(study: Study, bars: Sequence[Candle]) -> Floats:
    numbers = study.numbers
    lengths = [int(number) for number in numbers]
    if lengths[0] < 2:  # no study of one bar
        return np.full(len(bars), np.nan)
    match study.name:
        case "sma":
            return studies.sma(bars, lengths[0])
        case "ema":
            return studies.ema(bars, lengths[0])
        case "rsi":
            return studies.rsi(bars, lengths[0])
        case "macd":
            return studies.macd(bars, *lengths).histogram
        case "bb_upper":
            return studies.bollinger(bars, lengths[0], float(numbers[1])).upper
        case "bb_lower":
            return studies.bollinger(bars, lengths[0], float(numbers[1])).lower
        case "atr":
            return studies.atr(bars, lengths[0])
        case _:
            assert_never(study.name)


def _known(value: float) -> Decimal | None:
    return rounded(float(value)) if math.isfinite(value) else None
