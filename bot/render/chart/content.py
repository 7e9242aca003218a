"""What stands in the panes: candles, averages, bands, volume, RSI and MACD."""

import numpy as np

from bot.render.chart.bars import Bars
from bot.render.chart.canvas import Box, Canvas
from bot.render.chart.look import LABEL, SMALL
from bot.render.chart.panes import Pane, Plot
from bot.render.chart.scale import compact, finer
from bot.render.chart.series import MACD_BARS, RSI_BARS, Series
from services.domain.language import say

HOLLOW_FROM = 7  # pixels; a narrower body shows no hole


def draw_candles(canvas: Canvas, pane: Pane, plot: Plot, bars: Bars) -> None:
    """Draw wicks and bodies: hollow for a bar that rose, filled for one that fell."""
    look, half = canvas.look, plot.body / 2
    hollow = plot.body >= HOLLOW_FROM
    for rose, colour in ((True, look.up), (False, look.down)):
        chosen = bars.rising == rose
        if not chosen.any():
            continue
        x = plot.x[chosen]
        ends = np.round(pane.y(np.stack([bars.open[chosen], bars.close[chosen]])))
        top, bottom = ends.min(axis=0), np.maximum(ends.max(axis=0), ends.min(axis=0) + 2)
        wick = 2 if plot.body >= HOLLOW_FROM else 1
        canvas.strokes(x, pane.y(bars.high[chosen]), pane.y(bars.low[chosen]), colour, wick)
        boxes = np.stack([x - half, top, x + half, bottom], axis=1)
        if hollow and rose:
            canvas.blocks(boxes + np.array([1, 0, -1, 0]), look.background, edge=colour, width=2)
        else:
            canvas.blocks(boxes, colour)


def draw_lines(canvas: Canvas, pane: Pane, plot: Plot, series: Series) -> None:
    """Draw the studies that share the scale of the prices."""
    clip = clip_of(pane, plot)
    if series.band is not None:
        upper, lower = pane.y(series.band.upper), pane.y(series.band.lower)
        known = np.isfinite(upper)
        around = np.concatenate(
            [np.stack([plot.x, upper], axis=1)[known], np.stack([plot.x, lower], axis=1)[known][::-1]]
        )
        if known.any():
            canvas.shape(around, canvas.look.band, 0.14, clip)
    for line in series.lines:
        canvas.line(plot.x, pane.y(line.values), line.colour, line.width, dashes=line.dashes, clip=clip)


def draw_volume(canvas: Canvas, pane: Pane, plot: Plot, bars: Bars) -> None:
    """Draw the volume in the colour of its bar."""
    half = plot.body / 2
    known = np.nan_to_num(bars.volume) > 0
    if not known.any():
        _excuse(canvas, pane, plot, say("no volume reported"))
        return
    for rose, colour in ((True, canvas.look.up), (False, canvas.look.down)):
        chosen = known & (bars.rising == rose)
        if not chosen.any():
            continue
        x, top = plot.x[chosen], np.minimum(np.round(pane.y(bars.volume[chosen])), pane.bottom - 1)
        canvas.blocks(np.stack([x - half, top, x + half, np.full_like(x, pane.bottom)], axis=1), colour, alpha=0.75)
    _name(canvas, pane, plot, say("Volume  {value}", value=compact(float(np.nan_to_num(bars.volume[-1])))))


def draw_rsi(canvas: Canvas, pane: Pane, plot: Plot, series: Series) -> None:
    """Draw the relative strength index between its usual bounds of 30 and 70."""
    look, values = canvas.look, series.rsi
    if not np.isfinite(values).any():
        _excuse(canvas, pane, plot, _missing("RSI(14)", len(values), RSI_BARS))
        return
    between = np.array([[plot.left, pane.y(70.0), plot.right, pane.y(30.0)]])
    canvas.blocks(between, look.ema[1], alpha=0.10)
    canvas.line(plot.x, pane.y(values), look.ema[1], 3, clip=clip_of(pane, plot))
    _name(canvas, pane, plot, say("RSI(14)  {value}", value=f"{values[-1]:.1f}"))


def draw_macd(canvas: Canvas, pane: Pane, plot: Plot, series: Series) -> None:
    """Draw MACD, its signal line and the difference of both as columns."""
    look, (line, signal, columns) = canvas.look, series.macd
    known = np.isfinite(columns)
    if not known.any():
        _excuse(canvas, pane, plot, _missing("MACD(12, 26, 9)", len(columns), MACD_BARS))
        return
    half, zero = plot.body / 2, round(pane.y(0.0))
    for colour, chosen in ((look.up, known & (columns >= 0)), (look.down, known & (columns < 0))):
        x, y = plot.x[chosen], np.round(pane.y(columns[chosen]))
        boxes = np.stack([x - half, np.minimum(y, zero), x + half, np.maximum(y, zero)], axis=1)
        canvas.blocks(boxes, colour, alpha=0.55)
    canvas.line(plot.x, pane.y(line), look.sma[1], 3, clip=clip_of(pane, plot))
    canvas.line(plot.x, pane.y(signal), look.sma[0], 3, clip=clip_of(pane, plot))
    _name(canvas, pane, plot, say("MACD(12, 26, 9)  {value}", value=finer(float(line[-1]), pane.low, pane.high)))


def _missing(name: str, have: int, need: int) -> str:
    if have < need:
        return say("{name} needs {need} bars", name=name, need=need)
    return say("{name}: the price has not moved", name=name)


def clip_of(pane: Pane, plot: Plot) -> Box:
    """Return the pixels that a pane's lines must not leave."""
    return plot.left, pane.top, plot.right, pane.bottom


def _name(canvas: Canvas, pane: Pane, plot: Plot, text: str) -> None:
    """Name a pane above its scale."""
    canvas.text((plot.left, pane.edge + 26), text, SMALL, canvas.look.text)


def _excuse(canvas: Canvas, pane: Pane, plot: Plot, text: str) -> None:
    """Say in an empty pane why it is empty."""
    at = ((plot.left + plot.right) / 2, (pane.edge + pane.bottom) / 2 + LABEL / 3)
    canvas.text(at, text, LABEL, canvas.look.muted, align="center")
