"""A clock that a test moves by hand."""

import asyncio
from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


class HandClock:
    """Stands still; sleepers wake when `advance` passes their time."""

    def __init__(self, at: datetime = START) -> None:
        self._at = at
        self._monotonic = 1000.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []
        self._new_sleeper = asyncio.Event()
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self._at

    def monotonic(self) -> float:
        return self._monotonic

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self._monotonic + seconds, future))
        self._new_sleeper.set()
        await future

    def advance(self, seconds: float) -> None:
        """Move on, waking all whose time has come."""
        self._at += timedelta(seconds=seconds)
        self._monotonic += seconds
        due = [future for at, future in self._sleepers if at <= self._monotonic and not future.done()]
        self._sleepers = [(at, future) for at, future in self._sleepers if at > self._monotonic]
        for future in due:
            future.set_result(None)

    async def sleepers(self, count: int = 1) -> None:
        """Wait until `count` tasks are asleep at once; fail after 5 s."""
        async with asyncio.timeout(5):
            while sum(not future.done() for _, future in self._sleepers) < count:
                self._new_sleeper.clear()
                await self._new_sleeper.wait()


class EagerClock(HandClock):
    """Never lets anyone wait: a sleep moves the clock at once."""

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.advance(seconds)
        await asyncio.sleep(0)
