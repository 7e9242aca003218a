"""Work on many updates at once, fairly, with a bound on how many are held in memory."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import structlog

from bot.platforms.telegram.rounds import Rounds
from bot.platforms.telegram.updates import Wish
from services.store.inbox import Receipt

log = structlog.get_logger()
MOST_AT_ONCE: Final = 64
MOST_WAITING: Final = 20_000


@dataclass(frozen=True, slots=True)
class Job:
    """One update to work on."""

    receipt: Receipt
    wish: Wish
    is_late: bool = False


class Workload:
    """Jobs under way and jobs that wait. What is dropped here is still in the inbox."""

    def __init__(self, work: Callable[[Job], Awaitable[None]]) -> None:
        self._work = work
        self._rounds: Rounds[Job] = Rounds()
        self._workers: set[asyncio.Task[None]] = set()
        self._room = asyncio.Event()
        self._room.set()
        self._open = True

    def put(self, job: Job) -> None:
        """Take a job in; it starts at once if there is a free place."""
        if not self._open:
            return
        self._rounds.put(job.wish.user, job.wish.chat, job)
        if len(self._rounds) >= MOST_WAITING:
            self._room.clear()
        if len(self._workers) < MOST_AT_ONCE:
            worker = asyncio.get_running_loop().create_task(self._run(), name="telegram: work")
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)

    async def begun(self) -> None:
        """Let what was put begin before anything else is done."""
        turn = asyncio.Event()
        asyncio.get_running_loop().call_soon(turn.set)
        await turn.wait()

    async def room(self) -> None:
        """Wait until more may be taken in."""
        await self._room.wait()

    async def stop(self, seconds: float) -> None:
        """Start nothing more, and let what is under way end within the time given."""
        self._open = False
        workers = set(self._workers)
        if workers:
            _, late = await asyncio.wait(workers, timeout=seconds)
            for worker in late:
                worker.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _run(self) -> None:
        while self._open and (taken := self._rounds.take()) is not None:
            chat, job = taken
            if len(self._rounds) < MOST_WAITING:
                self._room.set()
            try:
                await self._work(job)
            except Exception:
                # It stays in the inbox, so the next start tries again.
                log.exception("telegram.update_failed", update=job.receipt.update_id)
            finally:
                self._rounds.release(chat)
