"""How long a chart takes, cold, warm and remembered, beside a bare matplotlib line of the same prices."""

import asyncio
import io
from dataclasses import replace
from statistics import median
from time import perf_counter

from bot.render.charts import Charts
from handlers.model import Chart
from tests.benchmarks.report import Limit, Report
from tests.bot.render.samples import candles, chart

COUNT = 30
_LIBRARIES = ("matplotlib", "numpy")
_GOAL = (
    Limit("warm_p50_ms", "<=", 300),
    Limit("cached_p50_ms", "<=", 5),
    Limit("loop_lag_most_ms", "<=", 15),
    Limit("bytes", "<=", 60_000),
)


def run(count: int) -> Report:
    """Draw a first chart, then `count` more, then ask for them again."""
    return asyncio.run(_measured(count))


async def _measured(count: int) -> Report:
    charts, drawn = Charts(), [replace(chart(candles(120)), title=f"BTC/USD {number}") for number in range(count + 1)]
    cold = await _milliseconds(charts, drawn[0])
    watch = asyncio.create_task(_worst_lag(done := asyncio.Event()), name="worst lag")
    warm = [await _milliseconds(charts, one) for one in drawn[1:]]
    done.set()
    lag = await watch
    cached = [await _milliseconds(charts, one) for one in drawn[1:]]
    size = len(await charts.png(drawn[0]))
    await charts.close()
    line = median([_line(one) for one in drawn][1:])  # after the others: it loads matplotlib into this process
    figures = {
        "cold_ms": cold,
        "warm_p50_ms": median(warm),
        "cached_p50_ms": median(cached),
        "loop_lag_most_ms": lag,
        "bytes": float(size),
        "times_reference": median(warm) / line,
    }
    return Report("chart", count, figures, {"line_p50_ms": line}, _GOAL, _LIBRARIES)


async def _milliseconds(charts: Charts, drawn: Chart) -> float:
    start = perf_counter()
    await charts.png(drawn)
    return (perf_counter() - start) * 1000


async def _worst_lag(done: asyncio.Event, beat_seconds: float = 0.002) -> float:
    """Return by how many milliseconds the slowest wake-up was late."""
    worst = 0.0
    while not done.is_set():
        start = perf_counter()
        await asyncio.sleep(beat_seconds)
        worst = max(worst, perf_counter() - start - beat_seconds)
    return worst * 1000


def _line(drawn: Chart) -> float:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    start = perf_counter()
    figure = Figure(figsize=(12, 8), dpi=100)
    axes = figure.add_subplot()
    axes.plot([float(bar.close) for bar in drawn.candles])
    axes.set_title(drawn.title)
    FigureCanvasAgg(figure).print_png(io.BytesIO())  # type: ignore[no-untyped-call]  # the library leaves it open
    return (perf_counter() - start) * 1000
