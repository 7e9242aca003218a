"""The studies of a chart as lines to draw, computed over all its bars and cut to the shown ones."""

from dataclasses import dataclass

import numpy as np

from bot.render.chart.look import Look
from handlers.model import Chart, Study
from services.domain import studies
from services.domain.studies import Bands, Floats, Macd

SMA_BARS = (20, 50)
EMA_BARS = (12, 26)
BAND_BARS = 20
RSI_BARS = 15  # 14 changes
MACD_BARS = 34  # 26 for the slow average, 8 more for the signal
DEFAULT: tuple[Study, ...] = ("sma", "vol")


@dataclass(frozen=True, slots=True)
class Line:
    """A study on the scale of the prices; one without a `label` belongs to its neighbour in the legend."""

    label: str
    values: Floats
    colour: str
    width: float = 2.6
    dashes: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Series:
    """All that is drawn besides the bars."""

    lines: tuple[Line, ...]
    band: Bands | None
    rsi: Floats
    macd: Macd


def wanted(chart: Chart) -> tuple[Study, ...]:
    """Return the studies to draw; a chart that names none gets averages and volume."""
    return chart.studies or DEFAULT


def series_of(chart: Chart, look: Look, shown: int) -> Series:
    """Compute the wanted studies; what is not wanted is empty."""
    closes, names = studies.closes(chart.candles), wanted(chart)
    lines: list[Line] = []
    band = None
    if "bb" in names:
        band = Bands(*(values[-shown:] for values in studies.bollinger(closes, BAND_BARS)))
        lines += [
            Line("BB 20", band.upper, look.band, 2),
            Line("", band.lower, look.band, 2),
        ]
    if "sma" in names:
        lines += [
            Line(f"SMA {bars}", studies.sma(closes, bars)[-shown:], colour)
            for bars, colour in zip(SMA_BARS, look.sma, strict=True)
        ]
    if "ema" in names:
        lines += [
            Line(f"EMA {bars}", studies.ema(closes, bars)[-shown:], colour, dashes=(3.4, 1.4))
            for bars, colour in zip(EMA_BARS, look.ema, strict=True)
        ]
    none = np.zeros(0)
    return Series(
        lines=tuple(lines),
        band=band,
        rsi=studies.rsi(closes)[-shown:] if "rsi" in names else none,
        macd=Macd(*(values[-shown:] for values in studies.macd(closes))) if "macd" in names else Macd(none, none, none),
    )
