"""What a chart says in words: its alt text, and the figures that the picture shows too."""

from decimal import Decimal

from handlers import times
from handlers.model import Chart
from services.domain.language import say


def describe(chart: Chart) -> str:
    """Return one plain line for those who cannot see the picture; times in UTC."""
    line = _line(chart)
    if not chart.marks:
        return line
    return say("{marks}: {line}", marks=", ".join(chart.marks), line=line)


def _line(chart: Chart) -> str:
    if not chart.candles:
        return say(
            "{title}, {interval}: no bars, as of {at}",
            title=chart.title,
            interval=chart.interval,
            at=times.minute(chart.as_of),
        )
    return say(
        "{title}, {interval}: {last} {currency}, {change} over {bars}, high {high}, low {low}, as of {at}",
        title=chart.title,
        interval=chart.interval,
        last=price_text(chart.candles[-1].close),
        currency=chart.currency,
        change=change_text(chart),
        bars=span_text(chart),
        high=price_text(max(bar.high for bar in chart.candles)),
        low=price_text(min(bar.low for bar in chart.candles)),
        at=times.minute(chart.as_of),
    )


def change_text(chart: Chart) -> str:
    """Return the change from the first open to the last close in percent; "no change known" if that began at 0."""
    first, last = chart.candles[0].open, chart.candles[-1].close
    if not first:
        return say("no change known")
    percent = (last - first) / first * 100
    places = 2 if abs(percent) < 1 else 1 if abs(percent) < 1000 else 0
    rounded = round(percent, places)
    return say("{percent} %", percent=f"{rounded:+,.{places}f}" if rounded else "0.0")


def span_text(chart: Chart) -> str:
    """Return how many bars the chart spans."""
    count = len(chart.candles)
    return say("{count} bars", count=count) if count > 1 else say("1 bar")


def price_text(price: Decimal) -> str:
    """Return a price without exponent: whole from 10,000, cents from 100, else five significant digits, 4 below 1."""
    return f"{price:,.{decimals(float(price))}f}"


def decimals(price: float) -> int:
    """Return how many decimals a price of this size deserves."""
    size = abs(price)
    if size >= 10_000 or not size:
        return 0
    if size >= 100:
        return 2
    exponent = Decimal(size).adjusted()
    return (4 if exponent >= 0 else 3) - exponent
