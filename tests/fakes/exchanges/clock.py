"""A clock that a test moves by hand."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Sleeper:
    seconds: float
    until: float
    future: asyncio.Future[None]


class HandClock:
    """Stands still; sleepers wake when `advance` passes their time."""

    def __init__(self, at: datetime = START) -> None:
        self._at = at
        self._monotonic = 1000.0
        self._sleepers: list[_Sleeper] = []
        self._new_sleeper = asyncio.Event()
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self._at

    def monotonic(self) -> float:
        return self._monotonic

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append(_Sleeper(seconds, self._monotonic + seconds, future))
        self._new_sleeper.set()
        await future

    def timeout(self, seconds: float) -> asyncio.Timeout:
        del seconds
        return asyncio.timeout(None)

    def advance(self, seconds: float) -> None:
        """Move on, waking all whose time has come."""
        self.jump(seconds)
        due = [each for each in self._sleepers if each.until <= self._monotonic]
        self._sleepers = [each for each in self._sleepers if each.until > self._monotonic]
        for each in due:
            if not each.future.done():
                each.future.set_result(None)

    def jump(self, seconds: float) -> None:
        """Move on without waking anyone yet: what happens now happens before the sleepers look."""
        self._at += timedelta(seconds=seconds)
        self._monotonic += seconds

    async def asleep(self, seconds: float) -> None:
        """Wait until a task has gone to sleep for just so long; fail after 5 s."""
        async with asyncio.timeout(5):
            while not any(each.seconds == seconds and not each.future.done() for each in self._sleepers):
                self._new_sleeper.clear()
                await self._new_sleeper.wait()


class EagerClock(HandClock):
    """Never lets anyone wait: a sleep moves the clock at once."""

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.advance(seconds)
        await asyncio.sleep(0)
