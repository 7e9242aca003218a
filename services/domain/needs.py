"""Which closed bars a metric is made of, besides the price of the moment. Loads no library: it is asked at start."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, assert_never

from services.domain.candles import LENGTH, Interval
from services.domain.metrics import Metric, Study

SIGMA_BAR: Final[Interval] = "5m"
SIGMA_BARS: Final = 30 * 24 * 12
"""The deviation of a window is that of 30 days of 5-minute bars."""
SIGMA_AGAIN: Final[Interval] = "1h"
VOLUME_WINDOWS: Final = 20
"""The volume of a window is held against the mean of so many windows before it."""

_VOLUME_BARS: Final[tuple[tuple[timedelta, Interval], ...]] = (
    (timedelta(minutes=15), "1m"),
    (timedelta(hours=4), "5m"),
    (timedelta(days=3), "1h"),
)
_FORGETTING = 20  # what came before is then worth less than a billionth of an exponential mean
_PREVIEW_DAYS: Final[dict[Interval, int]] = {"1m": 3, "5m": 14, "15m": 30, "1h": 30, "4h": 90, "1d": 365}
"""How far back a preview looks where each bar makes a value: a few thousand bars at most."""
PREVIEW_DAYS: Final = 30
"""How far back it looks where prices do."""


@dataclass(frozen=True, slots=True)
class Need:
    """The newest `bars` closed bars of `interval`; what they say is made anew whenever a bar of `again` closes."""

    interval: Interval
    bars: int
    again: Interval


def needs(metric: Metric) -> tuple[Need, ...]:
    """Return what a metric is made of, the shortest bars first; nothing for one that needs prices alone."""
    match metric.name:
        case "price" | "drop" | "rise" | "swing":
            return ()
        case "drop_sigma" | "rise_sigma" | "swing_sigma":
            return (Need(SIGMA_BAR, SIGMA_BARS, SIGMA_AGAIN),)
        case "volume":
            interval, length = volume_bars(window_of(metric))
            return (Need(interval, length * (VOLUME_WINDOWS + 1), interval),)
        case "rsi" | "macd" | "atr" | "ratio":
            return _of_studies(metric)
        case _:
            assert_never(metric.name)


def _of_studies(metric: Metric) -> tuple[Need, ...]:
    bars: dict[Interval, int] = {}
    for study in studies_of(metric):
        bars[study.bar] = max(bars.get(study.bar, 0), memory(study))
    shortest = min(bars, key=LENGTH.__getitem__)
    return tuple(Need(each, bars[each], shortest) for each in sorted(bars, key=LENGTH.__getitem__))


def studies_of(metric: Metric) -> tuple[Study, ...]:
    """Return the studies in a metric, the upper half of a ratio first."""
    return tuple(study for study in (metric.study, metric.against) if study is not None)


def memory(study: Study) -> int:
    """Return how many bars a study must see for its last value to be exact to nine digits."""
    lengths = tuple(int(number) for number in study.numbers)
    match study.name:
        case "sma" | "bb_upper" | "bb_lower":
            return lengths[0]
        case "ema":
            return lengths[0] * (_FORGETTING // 2)  # weight 2 / (length + 1)
        case "rsi" | "atr":
            return lengths[0] * _FORGETTING  # weight 1 / length
        case "macd":
            return (max(lengths[0], lengths[1]) + lengths[2]) * (_FORGETTING // 2)
        case _:
            assert_never(study.name)


def volume_bars(window: timedelta) -> tuple[Interval, int]:
    """Return the bars that a window's volume is summed from, and how many of them it is long."""
    by_days: Interval = "1d"
    interval = next((each for longest, each in _VOLUME_BARS if window <= longest), by_days)
    return interval, max(1, window // LENGTH[interval])


def window_of(metric: Metric) -> timedelta:
    """Return the window of a metric that has one."""
    if metric.window is None:
        raise ValueError(metric.key)
    return metric.window


def is_with_ticks(metric: Metric) -> bool:
    """Say whether every price makes a new value, and not only the close of a bar."""
    match metric.name:
        case "price" | "drop" | "rise" | "swing" | "drop_sigma" | "rise_sigma" | "swing_sigma":
            return True
        case "ratio":
            return metric.study is None
        case "volume" | "rsi" | "macd" | "atr":
            return False
        case _:
            assert_never(metric.name)


def is_in_sigmas(metric: Metric) -> bool:
    """Say whether a metric is a move in standard deviations."""
    return metric.name in ("drop_sigma", "rise_sigma", "swing_sigma")


def preview_days(metric: Metric) -> int:
    """Return how many days a preview looks back for a metric."""
    needed = needs(metric)
    if not needed or is_in_sigmas(metric):
        return PREVIEW_DAYS
    return _PREVIEW_DAYS[needed[0].interval]


def preview_need(metric: Metric) -> Need | None:
    """Return the bars on which a preview replays a metric, warm-up included; None for what prices alone make.

    None too for a ratio of studies over bars of two lengths, for which one run of bars is not enough.
    """
    needed = needs(metric)
    if len(needed) != 1:
        return None
    (need,) = needed
    return replace(need, bars=need.bars + timedelta(days=preview_days(metric)) // LENGTH[need.interval])
