"""How each source is doing: one log line per change."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from services.domain.oracle import Reason

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """One source as people and operators see it."""

    name: str
    live: bool
    since: datetime  # when it became live or ceased to be
    last_at: datetime | None  # when its last good sample came
    last_error: str | None
    last_refusal: Reason | None
    samples: int
    refused: int


class Pulse:
    """The health of one source as it goes on."""

    def __init__(self, name: str, now: datetime) -> None:
        self.name = name
        self.samples = 0
        self.refused = 0
        self.last_refusal: Reason | None = None
        self.last_at: datetime | None = None
        self.streamed_at: datetime | None = None
        self._max_age = timedelta()
        self._error: str | None = None
        self._live = False
        self._since = now

    def beat(self, now: datetime, max_age: timedelta, *, streamed: bool) -> None:
        """Note a good sample, and for how long it keeps the source alive."""
        self.samples += 1
        self.last_at = now
        self._max_age = max_age
        if streamed:
            self.streamed_at = now
        if not self._live:
            self._live, self._since = True, now
            log.info("source.live", source=self.name)

    def refuse(self, reason: Reason) -> None:
        """Note a sample that does not count."""
        self.samples += 1
        self.refused += 1
        self.last_refusal = reason

    def failed(self, reason: str, now: datetime) -> None:
        """Note a failure; the source is down only once its last good sample is too old."""
        self._error = reason
        self.judge(now)

    def judge(self, now: datetime) -> None:
        """See whether the source has fallen silent."""
        if self._live and (self.last_at is None or now - self.last_at > self._max_age):
            self._live, self._since = False, now
            log.warning("source.down", source=self.name, reason=self._error or "silent")

    def seen(self, now: datetime) -> SourceHealth:
        """Return the health at `now`."""
        self.judge(now)
        return SourceHealth(
            name=self.name,
            live=self._live,
            since=self._since,
            last_at=self.last_at,
            last_error=self._error,
            last_refusal=self.last_refusal,
            samples=self.samples,
            refused=self.refused,
        )
