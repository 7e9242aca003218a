"""How long a chart takes, cold, warm and remembered, beside a bare matplotlib line of the same prices."""

import asyncio
import io
import json
from dataclasses import replace
from statistics import median
from time import perf_counter

from bot.render.charts import Charts
from handlers.model import Chart
from tests.bot.render.samples import candles, chart

ROUNDS = 30


def run() -> str:
    """Return one line of JSON: milliseconds (medians of `rounds`), bytes, and the worst lag of the event loop."""
    return json.dumps(asyncio.run(_measured()))


async def _measured() -> dict[str, float]:
    charts, drawn = Charts(), [replace(chart(candles(120)), title=f"BTC/USD {number}") for number in range(ROUNDS + 1)]
    cold = await _milliseconds(charts, drawn[0])
    watch = asyncio.create_task(_worst_lag(done := asyncio.Event()))
    warm = [await _milliseconds(charts, one) for one in drawn[1:]]
    done.set()
    lag = await watch
    cached = [await _milliseconds(charts, one) for one in drawn[1:]]
    size = len(await charts.png(drawn[0]))
    await charts.close()
    line = [_line(one) for one in drawn]  # after the others: it loads matplotlib into this process
    return {
        "rounds": ROUNDS,
        "cold_ms": round(cold, 1),
        "warm_p50_ms": round(median(warm), 1),
        "cached_p50_ms": round(median(cached), 3),
        "loop_lag_most_ms": round(lag, 1),
        "bytes": size,
        "reference_line_p50_ms": round(median(line[1:]), 1),
        "warm_to_reference": round(median(warm) / median(line[1:]), 2),
    }


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
