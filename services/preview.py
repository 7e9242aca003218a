"""Would this rule have fired? Replayed over stored candles, with the resolution named."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from services.domain.alerts import Arm, Fire, Wait, after_firing, is_met, judge, starts_armed
from services.domain.candles import Candle, Interval
from services.domain.metrics import Metric
from services.domain.moves import Window, move
from services.domain.quotes import Observation
from services.domain.rules import Condition


@dataclass(frozen=True, slots=True)
class Preview:
    """How often a rule would have fired over the last `days`, on bars of `interval`."""

    times: int
    last_at: datetime | None
    days: int
    interval: Interval


def preview(condition: Condition, every: timedelta | None, candles: tuple[Candle, ...], interval: Interval) -> Preview:
    """Replay `candles` (oldest first, in the metric's unit): each bar as open, then low and high, then close.

    A rule that fires once is counted as if it were set again after each firing, so that the count says how busy it is.
    """
    if not candles:
        return Preview(0, None, 0, interval)
    armed = starts_armed(condition, candles[0].open if condition.metric.window is None else None)
    turned, last, times = condition, None, 0
    for at, value in _values(condition.metric, candles):
        if armed and not is_met(turned.op, value, turned.level):
            continue
        observation = Observation(condition.metric.key, value, at, at, "preview", "bar")
        match judge(turned, armed=armed, repeats=True, observation=observation):
            case Fire():
                if every is None or last is None or at >= last + every:
                    times, last, armed, turned = times + 1, at, False, after_firing(turned)
            case Arm():
                armed = True
            case Wait():
                continue
    return Preview(times, last, round((candles[-1].at - candles[0].at) / timedelta(days=1)), interval)


def steps(candle: Candle) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """Return the order in which a bar's prices are observed: high first where it closed below its open."""
    if candle.close < candle.open:
        return candle.open, candle.high, candle.low, candle.close
    return candle.open, candle.low, candle.high, candle.close


def _values(metric: Metric, candles: tuple[Candle, ...]) -> Iterable[tuple[datetime, Decimal]]:
    window = None if metric.window is None else Window(metric.window)
    for candle in candles:
        for price in dict.fromkeys(steps(candle)):
            if window is None:
                yield candle.at, price
                continue
            window.add(candle.at, price, price)
            yield candle.at, move(metric.name, window, price)
