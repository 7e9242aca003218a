"""Would this rule have fired? Replayed over stored candles, with the resolution named."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from services.domain.alerts import Arm, Fire, Verdict, Wait, after_firing, direction, is_met, judge, starts_armed
from services.domain.candles import Candle, Interval
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
    length = condition.metric.window
    armed = starts_armed(condition, candles[0].open if length is None else None)
    replay = _Replay(condition, every, armed, None if length is None else Window(length))
    for bar in candles:
        if replay.is_calm(bar):
            continue
        for price in steps(bar):
            replay.observe(bar.at, price)
    days = round((candles[-1].at - candles[0].at) / timedelta(days=1))
    return Preview(replay.times, replay.last, days, interval)


@dataclass(slots=True)
class _Replay:
    """A rule on its way through the past."""

    condition: Condition
    every: timedelta | None
    armed: bool
    window: Window | None
    times: int = 0
    last: datetime | None = None

    def is_calm(self, bar: Candle) -> bool:
        """Say whether nothing in a bar can change anything, and take it in; most bars are so."""
        if self.window is not None:
            return self.armed and self._stays_small(bar, self.window)
        toward = bar.high if (direction(self.condition.op) == "up") == self.armed else bar.low
        return isinstance(self._judged(bar.at, toward), Wait)

    def _stays_small(self, bar: Candle, window: Window) -> bool:
        if window.is_empty:
            return False
        name = self.condition.metric.name
        own = (bar.high - bar.low) * 100 / bar.low
        largest = max(own, move(name, window, bar.low), move(name, window, bar.high))
        if is_met(self.condition.op, largest, self.condition.level):
            return False
        window.add(bar.at, bar.high, bar.low)
        return True

    def observe(self, at: datetime, price: Decimal) -> None:
        """Judge one price."""
        value = price
        if self.window is not None:
            self.window.add(at, price, price)
            value = move(self.condition.metric.name, self.window, price)
        match self._judged(at, value):
            case Fire():
                if self.every is None or self.last is None or at >= self.last + self.every:
                    self.times, self.last, self.armed = self.times + 1, at, False
                    self.condition = after_firing(self.condition)
            case Arm():
                self.armed = True
            case Wait():
                return

    def _judged(self, at: datetime, value: Decimal) -> Verdict:
        observation = Observation(self.condition.metric.key, value, at, at, "preview", "bar")
        return judge(self.condition, armed=self.armed, repeats=True, observation=observation)


def steps(candle: Candle) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """Return the order in which a bar's prices are observed: high first where it closed below its open."""
    if candle.close < candle.open:
        return candle.open, candle.high, candle.low, candle.close
    return candle.open, candle.low, candle.high, candle.close
