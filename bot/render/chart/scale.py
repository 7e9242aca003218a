"""Scales: which prices and which times are written beside a chart, and how. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from math import ceil, floor, log10
from statistics import median

from services.domain.language import say

COMPACT_FROM = 1e7
UNITS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K"))
DECIMALS_MOST = 14
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
AIR = 26  # pixels between two time labels


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on a scale, in its own unit, and what is written there; a strong one begins a day or a year."""

    at: float
    label: str
    strong: bool = False


def ticks(low: float, high: float, most: int) -> tuple[Tick, ...]:
    """Return at most about `most` round values between `low` and `high`, all with the same decimals."""
    step = _round_step((high - low) / max(most, 1))
    size = max(abs(low), abs(high))
    values = [count * step for count in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)]
    return tuple(Tick(value, number(value, step, size) if value else "0") for value in values)


def number(value: float, step: float, size: float) -> str:
    """Write `value` to the precision of `step`, without exponent; in millions and so on if `size` asks for it."""
    unit, letter = next(((u, name) for u, name in UNITS if size >= COMPACT_FROM and size >= u), (1.0, ""))
    return f"{value / unit:,.{_decimals(step / unit)}f}{letter}"


def finer(value: float, low: float, high: float) -> str:
    """Write a value to about a hundredth of its scale."""
    return number(value, _round_step((high - low) / 200), max(abs(low), abs(high)))


def compact(value: float) -> str:
    """Write a volume in about three digits: 12.3K, 4.56M, 500, 0.0123."""
    unit, letter = next(((u, name) for u, name in UNITS if abs(value) >= u), (1.0, ""))
    scaled = value / unit
    places = 0 if not scaled else max(0, min(DECIMALS_MOST, 2 - floor(log10(abs(scaled)))))
    digits = f"{scaled:,.{places}f}"
    return f"{digits.rstrip('0').rstrip('.') if places else digits}{letter}"


def time_ticks(at: Sequence[datetime], x: Sequence[float], width: Callable[[str], float]) -> tuple[Tick, ...]:
    """Return labels for local times `at` drawn at pixels `x`, chosen so that they stand apart; `width` in pixels."""
    for step in STEPS:
        found = _boundaries(at, x, step)
        if len(found) < 2:
            break
        finer_than_bars = all(tick.strong for tick in found)
        longest = max((tick.label for tick in found), key=len)  # measuring all of them takes longer than drawing
        apart_by = median(right.at - left.at for left, right in pairwise(found))
        if not finer_than_bars and apart_by >= width(longest) + AIR:
            return _dated(at, found)
    return ends(at, x)


def ends(at: Sequence[datetime], x: Sequence[float]) -> tuple[Tick, ...]:
    """Return full labels for the first and the last bar."""
    return tuple(Tick(x[index], moment(at[index])) for index in sorted({0, len(at) - 1}))


def moment(at: datetime) -> str:
    """Write a day and a time of day."""
    return say("{day} {month} {time}", day=at.day, month=MONTHS[at.month - 1], time=f"{at:%H:%M}")


def apart(found: Sequence[Tick], width: Callable[[str], float], left: float, right: float) -> tuple[Tick, ...]:
    """Keep what can stand between the pixels `left` and `right` without touching; the strong have the right of way."""
    kept: list[Tick] = []
    for tick in sorted(found, key=lambda tick: not tick.strong):
        half = width(tick.label) / 2
        free = all(abs(tick.at - other.at) >= half + width(other.label) / 2 + AIR / 2 for other in kept)
        if free and tick.at - half >= left and tick.at + half <= right:
            kept.append(tick)
    return tuple(sorted(kept, key=lambda tick: tick.at))


def _round_step(raw: float) -> float:
    power: float = 10.0 ** floor(log10(raw))
    return next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= raw * 0.999)


def _decimals(step: float) -> int:
    """Return the decimals that tell multiples of `step` apart."""
    places = max(0, -floor(log10(step) + 1e-9))
    mantissa = step * 10.0**places
    return min(DECIMALS_MOST, places if abs(mantissa - round(mantissa)) < 1e-6 else places + 1)


def _minutes(length: int) -> Callable[[datetime], tuple[int, ...]]:
    return lambda at: (at.toordinal(), (at.hour * 60 + at.minute) // length)


def _days(length: int) -> Callable[[datetime], tuple[int, ...]]:
    return lambda at: ((at.toordinal() - 1) // length,)  # ordinal 1 is a Monday


def _months(length: int) -> Callable[[datetime], tuple[int, ...]]:
    return lambda at: ((at.year * 12 + at.month - 1) // length,)


@dataclass(frozen=True, slots=True)
class Step:
    """A distance between time labels: bars with the same key lie in one stretch."""

    key: Callable[[datetime], tuple[int, ...]]
    label: Callable[[datetime], str]
    strong: Callable[[datetime], tuple[int, ...]]  # a change of this one makes the label strong
    strong_label: Callable[[datetime], str]


def _day(at: datetime) -> str:
    return say("{day} {month}", day=at.day, month=MONTHS[at.month - 1])


def _year(at: datetime) -> str:
    return str(at.year)


def _years(length: int) -> Callable[[datetime], tuple[int, ...]]:
    return lambda at: (at.year // length,)


STEPS = (
    *(Step(_minutes(m), lambda at: f"{at:%H:%M}", _days(1), _day) for m in (1, 5, 10, 15, 30, 60, 120, 240, 360, 720)),
    *(Step(_days(d), _day, _years(1), _year) for d in (1, 2, 7, 14)),
    *(Step(_months(m), lambda at: MONTHS[at.month - 1], _years(1), _year) for m in (1, 3, 6)),
    *(Step(_years(y), _year, _years(1000), _year) for y in (1, 2, 5)),
)


def _boundaries(at: Sequence[datetime], x: Sequence[float], step: Step) -> tuple[Tick, ...]:
    """Return a tick where a new stretch begins."""
    found = []
    for place, (before, here) in zip(x[1:], pairwise(at), strict=True):
        if step.key(before) == step.key(here):
            continue
        strong = step.strong(before) != step.strong(here)
        found.append(Tick(place, step.strong_label(here) if strong else step.label(here), strong))
    return tuple(found)


def _dated(at: Sequence[datetime], found: tuple[Tick, ...]) -> tuple[Tick, ...]:
    """Write the day to the first time of day where all the times are of one day."""
    first = found[0]
    if any(tick.strong for tick in found) or ":" not in first.label:
        return found
    day = say("{day} {month} {time}", day=at[0].day, month=MONTHS[at[0].month - 1], time=first.label)
    return (Tick(first.at, day), *found[1:])
