"""Technical studies over closing prices, one value per bar; a bar that a study cannot know yet is NaN."""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from services.domain.candles import Candle

Floats: TypeAlias = npt.NDArray[np.float64]
Bars: TypeAlias = Sequence[Candle] | Floats  # bars in time order, or their closing prices


class Bands(NamedTuple):
    """Bollinger bands, in the unit of the prices."""

    upper: Floats
    middle: Floats
    lower: Floats


class Macd(NamedTuple):
    """Moving average convergence/divergence, in the unit of the prices; `histogram` is `line - signal`."""

    line: Floats
    signal: Floats
    histogram: Floats


def closes(bars: Bars) -> Floats:
    """Return the closing prices as floats; an array is taken for closing prices already."""
    if isinstance(bars, np.ndarray):
        return np.ascontiguousarray(bars, dtype=np.float64)
    return np.fromiter((float(bar.close) for bar in bars), dtype=np.float64, count=len(bars))


def sma(bars: Bars, length: int) -> Floats:
    """Return the simple moving average of `length` >= 2 bars, in the unit of the prices (TA-Lib SMA)."""
    import talib

    prices = closes(bars)
    return talib.SMA(prices, length) if _known(prices) else _unknown(prices)


def ema(bars: Bars, length: int) -> Floats:
    """Return the exponential moving average, weight 2/(length+1), begun by an SMA; unit of the prices (TA-Lib EMA)."""
    import talib

    prices = closes(bars)
    return talib.EMA(prices, length) if _known(prices) else _unknown(prices)


def bollinger(bars: Bars, length: int = 20, width: float = 2.0) -> Bands:
    """Return the SMA and the lines `width` population standard deviations from it (TA-Lib BBANDS)."""
    import talib

    prices = closes(bars)
    if not _known(prices):
        return Bands(_unknown(prices), _unknown(prices), _unknown(prices))
    return Bands(*talib.BBANDS(prices, length, width, width))


def atr(bars: Sequence[Candle], length: int = 14) -> Floats:
    """Return Wilder's average true range in the unit of the prices (TA-Lib ATR)."""
    import talib

    prices = closes(bars)
    if not _known(prices):
        return _unknown(prices)
    highs = np.fromiter((float(bar.high) for bar in bars), dtype=np.float64, count=len(bars))
    lows = np.fromiter((float(bar.low) for bar in bars), dtype=np.float64, count=len(bars))
    return talib.ATR(highs, lows, prices, length)


def rsi(bars: Bars, length: int = 14) -> Floats:
    """Return Wilder's relative strength index, 0 to 100 (TA-Lib RSI); NaN as long as no price has moved."""
    import talib

    prices = closes(bars)
    if not _known(prices):
        return _unknown(prices)
    strength = talib.RSI(prices, length)
    # Without a gain or a loss the index is 0/0, for which TA-Lib says 0: "extremely oversold".
    moved = np.nancumsum(np.abs(np.diff(prices, prepend=prices[0]))) > 0
    return np.where(moved, strength, np.nan)


def macd(bars: Bars, fast: int = 12, slow: int = 26, signal: int = 9) -> Macd:
    """Return EMA(fast) - EMA(slow), its EMA(signal) and their difference, in the unit of the prices (TA-Lib MACD)."""
    import talib

    prices = closes(bars)
    if not _known(prices):
        return Macd(_unknown(prices), _unknown(prices), _unknown(prices))
    return Macd(*talib.MACD(prices, fast, slow, signal))


def _known(prices: Floats) -> bool:
    """Tell whether there is any price; TA-Lib raises where there is none."""
    return bool(np.isfinite(prices).any())


def _unknown(prices: Floats) -> Floats:
    return np.full_like(prices, np.nan)
