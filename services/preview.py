"""Would this rule have fired? Replayed over stored candles, with the resolution named."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from heapq import merge
from itertools import groupby
from typing import TypeAlias

from services.domain.alerts import direction, is_met, rearm_level
from services.domain.candles import LENGTH, Candle, Interval
from services.domain.metrics import Metric
from services.domain.moves import Window, move
from services.domain.needs import needs, preview_days
from services.domain.points import Point, points
from services.domain.recordings import path_of
from services.domain.replays import Replay
from services.domain.rules import Condition, Rule, conditions

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
    metric, rule = condition.metric, Rule(condition, every=every)
    if needs(metric):
        return preview_rule(rule, {metric: (interval, candles)})
    if not candles:
        return Preview(0, None, 0, interval)
    replay = Replay(rule)
    window = None if metric.window is None else Window(metric.window)
    for bar in candles:
        if _is_calm(replay, bar, window):
            continue
        for price in path_of(bar):
            value = price
            if window is not None:
                window.add(bar.at, price, price)
                value = move(metric.name, window, price)
            replay.observe(bar.at, {metric: value})
    return Preview(replay.times, replay.last_at, _days(candles[0].at, candles[-1].at), interval)


def _is_calm(replay: Replay, bar: Candle, window: Window | None) -> bool:
    """Say whether nothing in a bar can change anything, and take it in; most bars are so."""
    if replay.alert is None or replay.alert.due_at is not None:
        return False
    (standing,) = replay.alert.standings
    condition = standing.condition
    if window is not None:
        return not standing.met and _stays_small(condition, bar, window)
    up = direction(condition.op) == "up"
    if not standing.met:
        return not is_met(condition.op, bar.high if up else bar.low, condition.level)
    back = rearm_level(condition, repeats=True)
    return bar.low > back if up else bar.high < back


def _stays_small(condition: Condition, bar: Candle, window: Window) -> bool:
    if window.is_empty:
        return False
    name = condition.metric.name
    own = (bar.high - bar.low) * 100 / bar.low
    largest = max(own, move(name, window, bar.low), move(name, window, bar.high))
    if is_met(condition.op, largest, condition.level):
        return False
    window.add(bar.at, bar.high, bar.low)
    return True


def preview_rule(rule: Rule, history: Mapping[Metric, History]) -> Preview:
    """Replay every metric of a rule over its own bars, merged by time, from when all of them are known.

    What lies before the days of a preview only warms the metrics up. The interval of the answer is that of the longest
    bars.
    """
    metrics = tuple(dict.fromkeys(each.metric for each in conditions(rule.expression)))
    interval = max((history[metric][0] for metric in metrics), key=LENGTH.__getitem__)
    replay = Replay(rule)
    ends = [bars[-1].at + LENGTH[each] for each, bars in history.values() if bars]
    if not ends:
        return Preview(0, None, 0, interval)
    since = max(ends) - timedelta(days=min(map(preview_days, metrics)))
    first: datetime | None = None
    last: datetime | None = None
    for at, values in _moments(metrics, history, since):
        replay.observe(at, values)
        first = first or (None if replay.alert is None else at)
        last = at
    days = 0 if first is None or last is None else _days(first, last)
    return Preview(replay.times, replay.last_at, days, interval)


def _moments(
    metrics: tuple[Metric, ...], history: Mapping[Metric, History], since: datetime
) -> Iterator[tuple[datetime, dict[Metric, Decimal]]]:
    """Return what became true at one time together, so that no rule is judged between two halves of one moment."""

    def of(metric: Metric) -> Iterator[tuple[tuple[datetime, int], Metric, Point]]:
        interval, bars = history[metric]
        return (((each.at, each.step), metric, each) for each in points(metric, bars, interval, since))

    merged = merge(*map(of, metrics), key=lambda entry: entry[0])
    for (at, _), entries in groupby(merged, key=lambda entry: entry[0]):
        yield at, {metric: point.value for _, metric, point in entries}


def _days(first: datetime, last: datetime) -> int:
    return round((last - first) / timedelta(days=1))
