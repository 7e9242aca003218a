"""The names of everything counted and timed, and the figures."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

Name = Literal[
    "bars_failed",
    "commands",
    "commands_failed",
    "commands_slowed",
    "commits",
    "deliveries_sent",
    "deliveries_retried",
    "deliveries_unknown",
    "deliveries_parked",
    "events_fired",
    "inbox_received",
    "inbox_repeated",
    "observations",
    "outcomes",
    "samples",
    "samples_refused",
    "source_failures",
    "task_restarts",
    "upstream_failures",
    "writes",
    "writes_failed",
]
NAMES: tuple[Name, ...] = get_args(Name)

Timed = Literal["delivery_delay", "upstream_request"]
BOUNDS: dict[Timed, tuple[float, ...]] = {
    "delivery_delay": (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600),
    "upstream_request": (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
}
"""Upper ends in seconds of the classes that times are counted in; one more class has no end."""


@dataclass(slots=True)
class Times:
    """How often something took how long."""

    counts: list[int]  # by class, in the order of BOUNDS, and one more
    seconds: float = 0.0


class Counters:
    """Counts since start, by name and label (a source, a platform, a reason; empty where there is none)."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[Name, str]] = Counter()
        self._times: dict[tuple[Timed, str], Times] = {}

    def add(self, name: Name, label: str = "", amount: int = 1) -> None:
        """Count `amount` more of `name`."""
        self._counts[name, label] += amount

    def get(self, name: Name, label: str | None = None) -> int:
        """Return the count of `name`, for one label or over all of them."""
        if label is not None:
            return self._counts[name, label]
        return sum(count for (each, _), count in self._counts.items() if each == name)

    def by_label(self, name: Name) -> Mapping[str, int]:
        """Return the counts of `name` by label."""
        return {label: count for (each, label), count in self._counts.items() if each == name}

    def time(self, name: Timed, seconds: float, label: str) -> None:
        """Note that something took so long; what ended before it began, by two clocks, took no time."""
        kept = self._times.get((name, label))
        if kept is None:
            kept = self._times[name, label] = Times([0] * (len(BOUNDS[name]) + 1))
        seconds = max(0.0, seconds)
        kept.counts[bisect_left(BOUNDS[name], seconds)] += 1
        kept.seconds += seconds

    def times(self, name: Timed) -> Mapping[str, Times]:
        """Return what was noted of `name`, by label."""
        return {label: kept for (each, label), kept in self._times.items() if each == name}
