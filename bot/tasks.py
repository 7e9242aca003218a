"""Background loops that may break without taking others along."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Never

import structlog

from services.clock import Clock
from services.counters import Counters
from services.domain.language import say
from services.hub import Health

FIRST_DELAY_SECONDS = 1.0
LAST_DELAY_SECONDS = 60.0
HEALTHY_AFTER_SECONDS = 60.0

log = structlog.get_logger()
Job = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class _Trouble:
    """What a loop has been suffering from since it last ran well: for one log line per change, not per failure."""

    failures: int = 0
    kind: str = ""

    def delay(self, jitter: Callable[[], float]) -> float:
        """Return the seconds to wait: twice as long each time, half of it by chance, so that loops keep out of step."""
        whole = min(LAST_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2.0 ** min(self.failures, 10))
        return max(FIRST_DELAY_SECONDS, whole * (0.5 + jitter() / 2))


async def supervise(
    name: str,
    job: Job,
    clock: Clock,
    counters: Counters,
    health: Health,
    *,
    fatal: tuple[type[Exception], ...] = (),
    jitter: Callable[[], float] = random.random,
) -> Never:
    """Run `job` for ever: whatever it raises, and if it returns, it is started again after 1 to 60 s.

    `fatal` exceptions pass through, alone or in a group. After a minute without trouble the delay starts small again.
    """
    trouble = _Trouble()
    health.words[name] = say("running")
    while True:
        try:
            await _run(name, job, clock, trouble, health)
        except Exception as failure:
            if _is_fatal(failure, fatal):
                health.words[name] = say("stopped")
                raise
            _note(name, failure, trouble)
        else:
            _note(name, None, trouble)
        health.words[name] = say("restarting")
        counters.add("task_restarts", name)
        await clock.sleep(trouble.delay(jitter))
        trouble.failures += 1


async def _run(name: str, job: Job, clock: Clock, trouble: _Trouble, health: Health) -> None:
    """Run `job` once; while it runs, a minute without trouble makes it healthy again."""
    recovery = asyncio.create_task(_recover(name, clock, trouble, health), name=f"{name}: recovery")
    try:
        await job()
    finally:
        recovery.cancel()


async def _recover(name: str, clock: Clock, trouble: _Trouble, health: Health) -> None:
    await clock.sleep(HEALTHY_AFTER_SECONDS)
    health.words[name] = say("running")
    if trouble.kind:
        log.info("task.recovered", task=name, restarts=trouble.failures)
    trouble.failures, trouble.kind = 0, ""


def _note(name: str, failure: Exception | None, trouble: _Trouble) -> None:
    kind = "returned" if failure is None else type(failure).__qualname__
    if kind != trouble.kind:
        log.error("task.failed", task=name, reason=kind, exc_info=failure)
    trouble.kind = kind


def _is_fatal(failure: Exception, fatal: tuple[type[Exception], ...]) -> bool:
    if isinstance(failure, ExceptionGroup):
        return bool(fatal) and failure.subgroup(fatal) is not None
    return isinstance(failure, fatal)
