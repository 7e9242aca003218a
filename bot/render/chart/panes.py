"""The panes of a chart, one below the other: where each lies, its scale, and where the bars stand."""

from dataclasses import dataclass, field
from typing import Literal, overload

import numpy as np

from bot.render.chart.bars import Bars
from bot.render.chart.look import PANE_GAP, PLOT_BOTTOM, PLOT_TOP
from bot.render.chart.scale import Tick, compact, ticks
from bot.render.chart.series import Series
from services.domain.studies import Floats

Kind = Literal["price", "vol", "rsi", "macd"]

HEIGHTS: dict[Kind, int] = {"price": 0, "vol": 118, "rsi": 118, "macd": 128}
CROWDED = {3: 0.88}  # three lower panes are a little lower each
NAME = 34  # pixels on top of a lower pane where its name stands
TICK_SPACE = 46  # pixels between two prices on the axis
TICKS_MOST = 7
BODY_MOST = 44  # pixels; the bars of a short chart do not become walls
NEAR = 0.35  # of the range of prices: a study or an alert level further away does not squeeze the bars


@dataclass(frozen=True, slots=True)
class Pane:
    """A stretch of the picture with its own scale, which begins below the pane's name."""

    kind: Kind
    edge: float
    top: float
    bottom: float
    low: float
    high: float
    ticks: tuple[Tick, ...] = field(default=())

    @overload
    def y(self, value: float) -> float: ...
    @overload
    def y(self, value: Floats) -> Floats: ...
    def y(self, value: float | Floats) -> float | Floats:
        """Return the pixel of a value."""
        return self.bottom - (value - self.low) / (self.high - self.low) * (self.bottom - self.top)


@dataclass(frozen=True, slots=True)
class Plot:
    """Where the bars stand: the pixels of the plot's sides, of each bar's middle, and the width of a bar."""

    left: float
    right: float
    x: Floats
    slot: float

    @property
    def body(self) -> int:
        """Return the width of a body: odd, so that its middle is a pixel."""
        return max(1, int(min(self.slot * 0.72, BODY_MOST)) // 2 * 2 + 1) if self.slot >= 3 else 1


def plot_of(bars: Bars, left: float, right: float) -> Plot:
    """Spread the bars evenly between two pixels."""
    slot = (right - left) / (bars.slot[-1] + 1)
    return Plot(left, right, np.floor(left + (bars.slot + 0.5) * slot) + 0.5, float(slot))


def panes_of(kinds: tuple[Kind, ...], bars: Bars, series: Series, levels: tuple[float, ...]) -> tuple[Pane, ...]:
    """Lay the panes out, the price on top, and give each its scale."""
    share = CROWDED.get(len(kinds), 1.0)
    heights = [round(HEIGHTS[kind] * share) for kind in kinds]
    bottom = PLOT_BOTTOM - sum(heights) - PANE_GAP * len(kinds)
    panes = [_scaled("price", PLOT_TOP, bottom, _price_range(bars, series, levels))]
    for kind, height in zip(kinds, heights, strict=True):
        top, bottom = bottom + PANE_GAP, bottom + PANE_GAP + height
        panes.append(_scaled(kind, top, bottom, _range(kind, bars, series)))
    return tuple(panes)


def _scaled(kind: Kind, top: float, bottom: float, span: tuple[float, float] | None) -> Pane:
    edge, top = top, top if kind == "price" else top + NAME
    if span is None:
        return Pane(kind, edge, top, bottom, 0.0, 1.0)
    low, high = span
    match kind:
        case "rsi":
            marks: tuple[Tick, ...] = (Tick(30, "30"), Tick(70, "70"))
        case "vol":
            marks = tuple(Tick(tick.at, compact(tick.at)) for tick in ticks(low, high, 2) if tick.at > 0)
        case "macd":
            marks = ticks(low, high, 2)
        case "price":
            marks = ticks(low, high, min(TICKS_MOST, max(2, int((bottom - top) / TICK_SPACE))))
    return Pane(kind, edge, top, bottom, low, high, marks)


def _range(kind: Kind, bars: Bars, series: Series) -> tuple[float, float] | None:
    """Return the scale of a lower pane, `None` if it has nothing to show."""
    match kind:
        case "rsi":
            known = _known(series.rsi)
            return (min(22.0, float(known.min()) - 3), max(78.0, float(known.max()) + 3)) if known.size else None
        case "macd":
            known = np.concatenate([_known(values) for values in series.macd])
            size = float(bars.high.max())
            return _padded(min(float(known.min()), 0), max(float(known.max()), 0), 0.12, size) if known.size else None
        case _:
            known = _known(bars.volume)
            return (0.0, float(known.max()) * 1.08) if known.size and known.max() > 0 else None


def _price_range(bars: Bars, series: Series, levels: tuple[float, ...]) -> tuple[float, float]:
    low, high = float(bars.low.min()), float(bars.high.max())
    size = max(abs(low), abs(high))
    reach = (high - low or size * 0.02 or 1.0) * NEAR
    near = np.array([level for level in levels if low - reach <= level <= high + reach])
    beside = np.concatenate([near, *(_known(line.values) for line in series.lines)])
    if beside.size:
        low, high = min(low, max(float(beside.min()), low - reach)), max(high, min(float(beside.max()), high + reach))
    return _padded(low, high, 0.06, size)


def _padded(low: float, high: float, share: float, size: float) -> tuple[float, float]:
    """Widen a range by a share of itself; one that is only the rounding of `size` by a hundredth of that."""
    flat = high - low < size * 1e-9 or high == low
    air = (size * 0.01 or 1.0) if flat else (high - low) * share
    return low - air, high + air


def _known(values: Floats) -> Floats:
    return values[np.isfinite(values)]
