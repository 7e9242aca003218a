"""The names of everything counted, and the counts."""

from collections import Counter
from typing import Literal, get_args

Name = Literal[
    "bars_failed",
    "commands",
    "commands_failed",
    "commands_slowed",
    "deliveries_sent",
    "deliveries_retried",
    "deliveries_unknown",
    "deliveries_parked",
    "events_fired",
    "inbox_received",
    "inbox_repeated",
    "observations",
    "samples",
    "samples_refused",
    "source_failures",
    "task_restarts",
    "writes",
    "writes_failed",
]
NAMES: tuple[Name, ...] = get_args(Name)


class Counters:
    """Counts since start, by name and label (a source, a platform, a reason; empty where there is none)."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[Name, str]] = Counter()

    def add(self, name: Name, label: str = "", amount: int = 1) -> None:
        """Count `amount` more of `name`."""
        self._counts[name, label] += amount

    def get(self, name: Name, label: str | None = None) -> int:
        """Return the count of `name`, for one label or over all of them."""
        if label is not None:
            return self._counts[name, label]
        return sum(count for (each, _), count in self._counts.items() if each == name)
