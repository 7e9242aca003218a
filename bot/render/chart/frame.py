"""Everything around the plot: title, figures, legend, source, and the marks that nobody may miss."""

from datetime import timedelta

import numpy as np

from bot.render.chart.bars import zone_of
from bot.render.chart.canvas import Canvas
from bot.render.chart.look import (
    FIGURE,
    FOOT_BASE,
    HEAD_LOW,
    HEAD_TOP,
    LABEL,
    MARGIN,
    SMALL,
    TITLE,
    WATERMARK,
    WIDTH,
)
from bot.render.chart.panes import Pane, Plot
from bot.render.chart.scale import MONTHS
from bot.render.chart.series import Line, Series
from handlers.charts import change_text, price_text, span_text
from handlers.model import Chart
from services.domain.language import say

SWATCH = 60  # pixels of a legend entry besides its words


def draw_header(canvas: Canvas, chart: Chart, series: Series) -> None:
    """Write what is shown, the last value with its unit, the change over the range, and the legend."""
    look = canvas.look
    right = WIDTH - MARGIN
    figure = say("{price} {currency}", price=price_text(chart.candles[-1].close), currency=clean(chart.currency))
    taken = canvas.text((right, HEAD_TOP), figure, FIGURE, look.text, align="right", bold=True)
    title, interval = clean(chart.title), chart.interval
    room = right - taken - 60 - canvas.width(interval, FIGURE) - MARGIN
    size = fitting(canvas, title, TITLE, room)
    width = canvas.text((MARGIN, HEAD_TOP), shortened(canvas, title, size, room), size, look.text, bold=True)
    canvas.text((MARGIN + width + 20, HEAD_TOP), interval, FIGURE, look.muted)
    change = change_text(chart)
    rose, fell = change.startswith("+"), change.startswith("-")
    colour = look.up if rose else look.down if fell else look.muted
    arrow = "▲ " if rose else "▼ " if fell else ""
    words = say("{change} over {bars}", change=arrow + change, bars=span_text(chart))
    taken = canvas.text((right, HEAD_LOW), words, LABEL, colour, align="right", bold=True)
    draw_legend(canvas, [line for line in series.lines if line.label], right - taken - 30)


def draw_legend(canvas: Canvas, lines: list[Line], right: float) -> None:
    """Name the lines in their colours, as large as fits; one that is not known yet carries a dash."""
    words = [line.label if np.isfinite(line.values).any() else say("{name} –", name=line.label) for line in lines]
    wide = sum(canvas.width(word, LABEL) for word in words)
    size = min(LABEL, LABEL * (right - MARGIN - len(words) * SWATCH) / wide) if words else LABEL
    x = float(MARGIN)
    for line, word in zip(lines, words, strict=True):
        known = np.isfinite(line.values).any()
        y = HEAD_LOW - size * 0.36
        stroke = np.array([x, x + 28]), np.array([y, y])
        canvas.line(*stroke, line.colour, 5, dashes=(1.6, 0.8) if line.dashes else ())
        x += 36
        x += canvas.text((x, HEAD_LOW), word, size, canvas.look.text if known else canvas.look.muted) + SWATCH - 36


def draw_footer(canvas: Canvas, chart: Chart) -> None:
    """Write where the numbers come from and when they were true, in the axis' zone."""
    at = chart.as_of.astimezone(zone_of(chart.zone))
    when = say("{day} {month} {year} {time}", day=at.day, month=MONTHS[at.month - 1], year=at.year, time=f"{at:%H:%M}")
    zone = offset_text(at.utcoffset() or timedelta())
    end = say(" · as of {when} {zone}", when=when, zone=zone)
    room = WIDTH - 2 * MARGIN - canvas.width(end, SMALL)
    text = shortened(canvas, say("Source: {source}", source=clean(chart.source)), SMALL, room) + end
    canvas.text((MARGIN, FOOT_BASE), text, SMALL, canvas.look.muted)


def offset_text(offset: timedelta) -> str:
    """Write a zone's distance from UTC: UTC, UTC+1, UTC-3:30."""
    minutes = round(offset.total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    if not minutes:
        return "UTC"
    return f"UTC{'+' if minutes > 0 else '-'}{hours}{f':{rest:02}' if rest else ''}"


def draw_marks(canvas: Canvas, pane: Pane, plot: Plot, chart: Chart) -> None:
    """Write SIMULATED, STALE and the like across the prices, as large as the width allows."""
    if not chart.marks:
        return
    words = " · ".join(chart.marks)
    size = fitting(canvas, words, WATERMARK, (plot.right - plot.left) * 0.92)
    middle = ((plot.left + plot.right) / 2, (pane.top + pane.bottom) / 2)
    canvas.watermark(middle, words, size)


def fitting(canvas: Canvas, text: str, size: float, room: float) -> float:
    """Return the text size, at least `LABEL`, at which `text` fits into `room` pixels."""
    width = canvas.width(text, size, bold=True)
    return size if width <= room else max(float(LABEL), size * room / width)


def shortened(canvas: Canvas, text: str, size: float, room: float) -> str:
    """Cut `text` to `room` pixels."""
    if canvas.width(text, size, bold=True) <= room:
        return text
    while text and canvas.width(f"{text}…", size, bold=True) > room:
        text = text[:-1]
    return f"{text}…"


def clean(text: str) -> str:
    """Return the first 80 characters of a text on one line, without control characters."""
    return "".join(letter if letter.isprintable() else " " for letter in text[:80])
