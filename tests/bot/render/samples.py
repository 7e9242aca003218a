"""Charts to draw: a price that goes up and down by a formula, so that every run draws the same."""

import math
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

from handlers.model import Chart
from services.domain.candles import LENGTH, Candle, Interval

START = datetime(2026, 1, 2, 3, tzinfo=UTC)


def candles(count: int, *, scale: str = "90000", interval: Interval = "1h", volume: str = "12.5") -> tuple[Candle, ...]:
    """Return bars whose price is about `scale`, alternating between up and down."""
    unit = Decimal(scale)

    def price(bar: int, shift: float) -> Decimal:
        return unit * Decimal(f"{1 + 0.05 * math.sin(bar / 9) + 0.004 * math.sin(bar * 2.1) + shift:.6f}")

    return tuple(
        Candle(
            at=START + bar * LENGTH[interval],
            open=price(bar, 0),
            high=max(price(bar, 0.003), price(bar + 1, 0.003)),
            low=min(price(bar, -0.003), price(bar + 1, -0.003)),
            close=price(bar + 1, 0),
            volume=Decimal(volume) * (1 + bar % 7),
        )
        for bar in range(count)
    )


def chart(bars: tuple[Candle, ...] = candles(120), interval: Interval = "1h") -> Chart:
    """Return a plain chart of `bars`; vary it with `dataclasses.replace`."""
    return Chart(
        title="BTC/USD",
        interval=interval,
        candles=bars,
        currency="USD",
        studies=(),
        source="Kraken",
        as_of=datetime(2026, 1, 7, 2, 57, tzinfo=UTC),
    )


def changed(bars: tuple[Candle, ...], change: Callable[[Candle], Candle]) -> tuple[Candle, ...]:
    """Return the bars, each passed through `change`."""
    return tuple(change(bar) for bar in bars)
