"""The only place that knows what time it is."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Wall time, monotonic time and sleep, as one thing that a test or a replay can replace."""

    def now(self) -> datetime:
        """Return the wall time, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never jump; only differences mean something."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait that long by this clock."""
        ...

    def timeout(self, seconds: float) -> asyncio.Timeout:
        """Return the context that raises TimeoutError after so long by this clock."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the machine's wall time, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return the machine's monotonic seconds."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait in real time."""
        await asyncio.sleep(seconds)

    def timeout(self, seconds: float) -> asyncio.Timeout:
        """Limit to real time."""
        return asyncio.timeout(seconds)


class FixedClock:
    """A wall clock that stands still until it is moved; `sleep` moves it. For replays and one-shot answers."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        """Return the time it was last set to."""
        return self._at

    def monotonic(self) -> float:
        """Return seconds since the epoch of the time it was last set to."""
        return self._at.timestamp()

    def set(self, at: datetime) -> None:
        """Move to `at`; a replay is allowed to move backwards only by starting over."""
        self._at = at

    async def sleep(self, seconds: float) -> None:
        """Let other tasks run once; time is moved by whoever owns this clock."""
        del seconds
        await asyncio.sleep(0)

    def timeout(self, seconds: float) -> asyncio.Timeout:
        """Limit nothing: by a clock that stands still no time passes."""
        del seconds
        return asyncio.timeout(None)


async def until(event: asyncio.Event, clock: Clock, seconds: float, name: str) -> None:
    """Wait until `event` is set, or so long by `clock`."""
    tasks = [asyncio.create_task(each, name=name) for each in (event.wait(), clock.sleep(seconds))]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
