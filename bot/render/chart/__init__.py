"""Chart → PNG. Imports matplotlib, TA-Lib and numpy: only the worker process that draws imports this package."""

from bot.render.chart.axes import axis_width, draw_grid, draw_levels, draw_tag, draw_times, draw_values
from bot.render.chart.bars import Bars
from bot.render.chart.canvas import Canvas
from bot.render.chart.content import draw_candles, draw_lines, draw_macd, draw_rsi, draw_volume
from bot.render.chart.frame import draw_footer, draw_header, draw_marks
from bot.render.chart.look import LOOKS, MARGIN, WIDTH
from bot.render.chart.panes import Kind, Pane, Plot, panes_of, plot_of
from bot.render.chart.series import Series, series_of, wanted
from handlers.model import Chart

LOWER: tuple[Kind, ...] = ("vol", "rsi", "macd")


def draw(chart: Chart) -> bytes:
    """Return a PNG of 1200 x 800 pixels, the same bytes for the same chart; `ValueError` if it has nothing to draw."""
    bars, look = Bars.of(chart), LOOKS[chart.theme]
    canvas = Canvas(look)
    series = series_of(chart, look, len(bars.at))
    kinds = tuple(kind for kind in LOWER if kind in wanted(chart))
    panes = panes_of(kinds, bars, series, tuple(float(level) for level in chart.levels))
    plot = plot_of(bars, MARGIN, WIDTH - axis_width(canvas, panes, chart))
    draw_grid(canvas, panes, plot)
    draw_times(canvas, panes, plot, bars, chart.zone)
    for pane in panes:
        _fill(canvas, pane, plot, bars, series)
    draw_marks(canvas, panes[0], plot, chart)
    draw_values(canvas, panes, plot, float(bars.close[-1]))
    draw_levels(canvas, panes[0], plot, chart)
    draw_tag(canvas, panes[0], plot, chart, bool(bars.rising[-1]))
    draw_header(canvas, chart, series)
    draw_footer(canvas, chart)
    return canvas.png()


def _fill(canvas: Canvas, pane: Pane, plot: Plot, bars: Bars, series: Series) -> None:
    match pane.kind:
        case "price":
            draw_candles(canvas, pane, plot, bars)
            draw_lines(canvas, pane, plot, series)
        case "vol":
            draw_volume(canvas, pane, plot, bars)
        case "rsi":
            draw_rsi(canvas, pane, plot, series)
        case "macd":
            draw_macd(canvas, pane, plot, series)
