"""Would this rule have fired? Replayed over stored candles, with the resolution named."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from heapq import merge
from itertools import groupby
from typing import TypeAlias

from services.domain.alerts import Arm, Fire, Verdict, Wait, after_firing, direction, is_met, judge, starts_armed
from services.domain.candles import LENGTH, Candle, Interval
from services.domain.metrics import Metric
from services.domain.moves import Window, move
from services.domain.needs import needs
from services.domain.points import Point, points
from services.domain.quotes import Observation
from services.domain.recordings import path_of
from services.domain.replays import Replay
from services.domain.rules import Condition, Expression, conditions

History: TypeAlias = tuple[Interval, tuple[Candle, ...]]
"""The bars on which one metric is replayed, oldest first, with their length."""


@dataclass(frozen=True, slots=True)
class Preview:
    """How often a rule would have fired over the last `days`, on bars of `interval`; no days where nothing is known."""

    times: int
    last_at: datetime | None
    days: int
    interval: Interval


def preview(condition: Condition, every: timedelta | None, candles: tuple[Candle, ...], interval: Interval) -> Preview:
    """Replay `candles` (oldest first, in the metric's unit): each bar as open, then low and high, then close.

    A metric that bars make takes them as `Windows.history` gives them, and is judged from when it is known.
    A rule that fires once is counted as if it were set again after each firing, so that the count says how busy it is.
    """
    if needs(condition.metric):
        return preview_expression(condition, None, every, {condition.metric: (interval, candles)})
    if not candles:
        return Preview(0, None, 0, interval)
    length = condition.metric.window
    armed = starts_armed(condition, candles[0].open if length is None else None)
    replay = _Calm(condition, every, armed, None if length is None else Window(length))
    for bar in candles:
        if replay.is_calm(bar):
            continue
        for price in path_of(bar):
            replay.observe(bar.at, price)
    return Preview(replay.times, replay.last, _days(candles[0].at, candles[-1].at), interval)


def preview_expression(
    expression: Expression, hold: timedelta | None, every: timedelta | None, history: Mapping[Metric, History]
) -> Preview:
    """Replay every metric of a rule over its own bars, merged by time, from when all of them are known.

    The interval of the answer is that of the longest bars; an alert is pending until it was true for `hold`.
    """
    metrics = tuple(dict.fromkeys(each.metric for each in conditions(expression)))
    interval = max((history[metric][0] for metric in metrics), key=LENGTH.__getitem__)
    replay = Replay(expression, hold, every)
    first: datetime | None = None
    last: datetime | None = None
    for at, values in _moments(metrics, history):
        replay.observe(at, values)
        first = first or (at if replay.is_under_way else None)
        last = at
    days = 0 if first is None or last is None else _days(first, last)
    return Preview(replay.times, replay.last_at, days, interval)


def _moments(
    metrics: tuple[Metric, ...], history: Mapping[Metric, History]
) -> Iterator[tuple[datetime, dict[Metric, Decimal]]]:
    """Return what became true at one time together, so that no rule is judged between two halves of one moment."""

    def of(metric: Metric) -> Iterator[tuple[tuple[datetime, int], Metric, Point]]:
        interval, bars = history[metric]
        return (((each.at, each.step), metric, each) for each in points(metric, bars, interval))

    merged = merge(*map(of, metrics), key=lambda entry: entry[0])
    for (at, _), entries in groupby(merged, key=lambda entry: entry[0]):
        yield at, {metric: point.value for _, metric, point in entries}


def _days(first: datetime, last: datetime) -> int:
    return round((last - first) / timedelta(days=1))


@dataclass(slots=True)
class _Calm:
    """A rule on prices on its way through the past, which skips the bars that change nothing."""

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
