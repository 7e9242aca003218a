"""The axes of a chart: grid, values on the right, times below, the last value's tag, alert levels."""

import numpy as np

from bot.render.chart.bars import Bars, zone_of
from bot.render.chart.canvas import Canvas
from bot.render.chart.look import LABEL, MARGIN, PLOT_BOTTOM, SMALL, TIME_BASE, WIDTH
from bot.render.chart.panes import Pane, Plot
from bot.render.chart.scale import COMPACT_FROM, apart, finer, time_ticks
from handlers.charts import price_text
from handlers.model import Chart
from services.domain.language import say

TAG = 40  # height in pixels of a value's tag
PAD = 12
LEVELS_NAMED = 6  # alert levels with a label; the others are lines only


def axis_width(canvas: Canvas, panes: tuple[Pane, ...], chart: Chart) -> float:
    """Return the pixels that the widest label of the right axis needs."""
    labels = [canvas.width(tick.label, LABEL) for pane in panes for tick in pane.ticks]
    return max([*labels, canvas.width(tag_text(chart, panes[0]), LABEL, bold=True)]) + 2 * PAD


def tag_text(chart: Chart, pane: Pane) -> str:
    """Return the last value as its tag shows it; one as long as a number of dollars in Rupiah is shortened."""
    last = chart.candles[-1].close
    return price_text(last) if last < COMPACT_FROM else finer(float(last), pane.low, pane.high)


def draw_grid(canvas: Canvas, panes: tuple[Pane, ...], plot: Plot) -> None:
    """Draw the value lines of every pane and the edges between panes."""
    for pane in panes:
        for tick in pane.ticks:
            canvas.level(pane.y(tick.at), (plot.left, plot.right), canvas.look.grid, 1)
        canvas.level(pane.bottom, (plot.left, WIDTH), canvas.look.grid, 2)


def draw_values(canvas: Canvas, panes: tuple[Pane, ...], plot: Plot, last: float) -> None:
    """Write the values beside every pane, except where the last value's tag stands."""
    tag = panes[0].y(last)
    for pane in panes:
        for tick in pane.ticks:
            y = pane.y(tick.at)
            hidden = pane.kind == "price" and abs(y - tag) < TAG
            inside = pane.top + LABEL * 0.3 <= y <= pane.bottom - LABEL * 0.2
            if inside and not hidden:
                canvas.text((plot.right + PAD, y + LABEL * 0.36), tick.label, LABEL, canvas.look.muted)


def draw_tag(canvas: Canvas, pane: Pane, plot: Plot, chart: Chart, rising: bool) -> None:
    """Mark the last value on the right axis."""
    look, last = canvas.look, chart.candles[-1].close
    colour = look.up if rising else look.down
    y = round(pane.y(float(last)))
    canvas.level(y, (plot.left, plot.right), colour, 2, dashes=(1.5, 3))
    canvas.blocks(np.array([[plot.right, y - TAG / 2, WIDTH, y + TAG / 2]]), colour)
    canvas.text((plot.right + PAD, y + LABEL * 0.36), tag_text(chart, pane), LABEL, look.background, bold=True)


def draw_times(canvas: Canvas, panes: tuple[Pane, ...], plot: Plot, bars: Bars, zone: str) -> None:
    """Write the local times below the bars, the zone's name at the end of the axis, and mark holes in the data."""
    look = canvas.look
    for x in plot.left + (bars.gaps + 0.5) * plot.slot:
        hole = np.array([[x - plot.slot, panes[0].top, x + plot.slot, panes[-1].bottom]])
        canvas.blocks(hole, look.muted, alpha=0.22)
    name = getattr(zone_of(zone), "key", "UTC").replace("_", " ")
    taken = canvas.text((WIDTH - MARGIN, TIME_BASE), name, SMALL, look.text, align="right")
    found = time_ticks(bars.at, [float(x) for x in plot.x], lambda text: canvas.width(text, LABEL, bold=True))
    limit = WIDTH - MARGIN - taken - PAD * 2
    for tick in apart(found, lambda text: canvas.width(text, LABEL, bold=True), 4, limit):
        colour = look.text if tick.strong else look.muted
        canvas.text((tick.at, TIME_BASE), tick.label, LABEL, colour, align="center", bold=tick.strong)
        column = np.array([[tick.at - 0.5, panes[0].top, tick.at + 0.5, PLOT_BOTTOM]])
        canvas.blocks(column, look.grid)


def draw_levels(canvas: Canvas, pane: Pane, plot: Plot, chart: Chart) -> None:
    """Draw alert levels as dashed lines, the nearest ones with labels; one beyond the scale is named at the edge."""
    levels = sorted(set(chart.levels), reverse=True)
    inside = [level for level in levels if pane.low <= level <= pane.high]
    for level in inside:
        canvas.level(pane.y(float(level)), (plot.left, plot.right), canvas.look.level, 2, dashes=(4, 3))
    last = chart.candles[-1].close
    nearest = sorted(inside, key=lambda level: abs(level - last))[:LEVELS_NAMED]
    named = [level for level in inside if level in nearest]
    heights = _spread([pane.y(float(level)) for level in named], pane)
    right = plot.left
    for level, y in zip(named, heights, strict=True):
        right = max(right, _label(canvas, say("Alert {level}", level=price_text(level)), plot.left + 2, y))
    above, below = (level for level in levels if level > pane.high), (level for level in levels if level < pane.low)
    x = right + PAD
    if (next_up := min(above, default=None)) is not None:
        _label(canvas, say("▲ Alert {level}", level=price_text(next_up)), x, pane.top + TAG / 2)
    if (next_down := max(below, default=None)) is not None:
        _label(canvas, say("▼ Alert {level}", level=price_text(next_down)), x, pane.bottom - TAG / 2)


def _label(canvas: Canvas, text: str, left: float, y: float) -> float:
    """Write a boxed label around the height `y`; return its right edge."""
    right = left + canvas.width(text, SMALL) + 2 * PAD
    box = np.round(np.array([[left, y - TAG / 2 + 2, right, y + TAG / 2 - 2]]))
    canvas.blocks(box, canvas.look.background, edge=canvas.look.level, width=2)
    canvas.text((left + PAD, y + SMALL * 0.36), text, SMALL, canvas.look.level)
    return right


def _spread(heights: list[float], pane: Pane) -> list[float]:
    """Push labels apart that would cover each other, within the pane; `heights` go downwards."""
    placed: list[float] = []
    top = pane.top + TAG / 2
    for y in heights:
        placed.append(max(y, placed[-1] + TAG if placed else top))
    bottom = pane.bottom - TAG / 2
    for index in range(len(placed) - 1, -1, -1):
        placed[index] = min(placed[index], bottom)
        bottom = placed[index] - TAG
    return placed
