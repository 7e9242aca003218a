"""How often one person may ask: some at once, then so many a minute."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from services.clock import Clock

_MINUTE: Final = 60.0
_MOST_PEOPLE: Final = 10_000  # remembered before those who have rested long enough are dropped


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float  # monotonic seconds
    told: bool = False


@dataclass(frozen=True, slots=True)
class Slowed:
    """One command too many: when the next is taken, and whether the person has heard so before."""

    wait: timedelta
    told: bool


@dataclass(slots=True)
class Throttle:
    """Counts commands by person, in memory. `at_once` may come together after a rest."""

    clock: Clock
    per_minute: int
    _buckets: dict[int, _Bucket] = field(default_factory=dict)
    _prune_above: int = _MOST_PEOPLE

    @property
    def at_once(self) -> int:
        """Return how many commands may come together."""
        return max(1, self.per_minute // 2)

    def admit(self, person: int) -> Slowed | None:
        """Count a command; None lets it through."""
        now = self.clock.monotonic()
        bucket = self._buckets.setdefault(person, _Bucket(self.at_once, now))
        pace = self.per_minute / _MINUTE
        bucket.left = min(float(self.at_once), bucket.left + (now - bucket.at) * pace)
        bucket.at = now
        if bucket.left >= 1:
            bucket.left -= 1
            bucket.told = False
            if len(self._buckets) > self._prune_above:
                self._prune(now)
            return None
        told, bucket.told = bucket.told, True
        return Slowed(timedelta(seconds=(1 - bucket.left) / pace), told)

    def _prune(self, now: float) -> None:
        self._buckets = {each: bucket for each, bucket in self._buckets.items() if now - bucket.at < _MINUTE}
        self._prune_above = max(_MOST_PEOPLE, 2 * len(self._buckets))
