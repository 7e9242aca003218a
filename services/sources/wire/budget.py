"""How often a source may be asked: a sliding window, and the waits that the upstream itself imposed."""

from collections import deque

from services.clock import Clock
from services.feed import SourceError

PATIENCE_SECONDS = 5.0  # longer than that nobody waits for a call: the last good value is the better answer


class Budget:
    """At most `calls` in any `per_seconds`, and none while the upstream holds us off; failed calls count too."""

    def __init__(self, source: str, clock: Clock, calls: int, per_seconds: float = 60.0) -> None:
        self._source = source
        self._clock = clock
        self._calls = calls
        self._per_seconds = per_seconds
        self._taken: deque[tuple[float, int]] = deque()
        self._held_until = 0.0
        self._held_for = ""

    async def take(self, weight: int = 1) -> None:
        """Count one call of `weight`, waiting a little if need be; raise `SourceError` if the wait is too long."""
        waited = 0.0
        self.check()
        while (wait := self._wait(weight)) > 0:
            waited += wait
            if waited > PATIENCE_SECONDS:
                raise SourceError(self._source, "our call budget is used up", retry_after_seconds=wait)
            await self._clock.sleep(wait)
            self.check()
        self._taken.append((self._clock.monotonic(), weight))

    def hold(self, seconds: float, reason: str) -> None:
        """Refuse every call for that long, as the upstream asked."""
        until = self._clock.monotonic() + seconds
        if until > self._held_until:
            self._held_until, self._held_for = until, reason

    def check(self) -> None:
        """Raise `SourceError` while the upstream holds us off."""
        left = self._held_until - self._clock.monotonic()
        if self._held_for and left > 0:
            raise SourceError(self._source, f"on hold: {self._held_for}", retry_after_seconds=left)

    def _wait(self, weight: int) -> float:
        now = self._clock.monotonic()
        while self._taken and self._taken[0][0] <= now - self._per_seconds:
            self._taken.popleft()
        free = self._calls - sum(each for _, each in self._taken)
        for at, each in self._taken:
            if free >= weight:
                break
            free += each
            if free >= weight:
                return max(at + self._per_seconds - now, 0.001)
        return 0.0
