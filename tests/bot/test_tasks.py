"""Supervised loops, on a clock that the test moves."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest
from structlog.testing import capture_logs

from bot.tasks import supervise
from services.counters import Counters
from services.hub import Health
from tests.fakes.exchanges.clock import HandClock


class WrongTokenError(Exception):
    """What no restart will mend."""


@asynccontextmanager
async def supervised(
    job: Callable[[], Awaitable[None]], clock: HandClock, health: Health, counters: Counters
) -> AsyncIterator[asyncio.Task[None]]:
    loop = supervise("feed", job, clock, counters, health, fatal=(WrongTokenError,), jitter=lambda: 1.0)
    task: asyncio.Task[None] = asyncio.create_task(loop)
    yield task
    task.cancel()
    with suppress(asyncio.CancelledError, WrongTokenError, ExceptionGroup):
        await task


async def fail() -> None:
    raise ConnectionError("gone")


async def end() -> None:
    return


async def for_ever() -> None:
    await asyncio.Event().wait()


async def test_delays_double_up_to_a_minute_and_are_counted() -> None:
    clock, health, counters = HandClock(), Health(), Counters()
    async with supervised(fail, clock, health, counters):
        for seconds in (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0):
            await clock.asleep(seconds)
            assert health.words == {"feed": "restarting"}
            clock.advance(seconds)
    assert counters.get("task_restarts", "feed") == 8


@pytest.mark.parametrize(("chance", "first", "second"), [(0.0, 1.0, 1.0), (0.5, 1.0, 1.5)])
async def test_chance_spreads_the_delays_but_never_below_a_second(chance: float, first: float, second: float) -> None:
    clock = HandClock()
    task = asyncio.create_task(supervise("feed", fail, clock, Counters(), Health(), jitter=lambda: chance))
    await clock.asleep(first)
    clock.advance(first)
    await clock.asleep(second)
    task.cancel()
    assert clock.slept[-1] == second


async def test_a_job_that_returns_is_started_again() -> None:
    clock, counters = HandClock(), Counters()
    with capture_logs() as lines:
        async with supervised(end, clock, Health(), counters):
            await clock.asleep(1.0)
    assert counters.get("task_restarts") == 1
    assert [(line["event"], line["reason"]) for line in lines] == [("task.failed", "returned")]


async def test_a_minute_without_trouble_starts_small_again() -> None:
    clock, health = HandClock(), Health()
    jobs = iter((fail, fail, for_ever))
    broken = asyncio.Event()

    async def job() -> None:
        await asyncio.wait(
            [asyncio.ensure_future(next(jobs)()), asyncio.ensure_future(broken.wait())],
            return_when=asyncio.FIRST_COMPLETED,
        )
        raise ConnectionError("gone")

    with capture_logs() as lines:
        async with supervised(job, clock, health, Counters()):
            await clock.asleep(1.0)
            clock.advance(1.0)
            await clock.asleep(2.0)
            clock.advance(2.0)
            await clock.asleep(60.0)
            assert health.words == {"feed": "restarting"}
            clock.advance(60.0)
            await asyncio.sleep(0)
            assert health.words == {"feed": "running"}
            broken.set()
            await clock.asleep(1.0)
    assert [line["event"] for line in lines] == ["task.failed", "task.recovered", "task.failed"]


async def test_one_line_per_change_and_not_per_failure() -> None:
    clock = HandClock()
    failures = iter((ConnectionError("a"), ConnectionError("b"), ValueError("c"), ValueError("d")))

    async def job() -> None:
        raise next(failures)

    with capture_logs() as lines:
        async with supervised(job, clock, Health(), Counters()):
            for seconds in (1.0, 2.0, 4.0):
                await clock.asleep(seconds)
                clock.advance(seconds)
            await clock.asleep(8.0)
    assert [(line["event"], line["task"], line["reason"]) for line in lines] == [
        ("task.failed", "feed", "ConnectionError"),
        ("task.failed", "feed", "ValueError"),
    ]


@pytest.mark.parametrize("failure", [WrongTokenError(), ExceptionGroup("", [OSError(), WrongTokenError()])])
async def test_what_no_restart_mends_passes_through(failure: Exception) -> None:
    health, counters = Health(), Counters()

    async def job() -> None:
        raise failure

    async with supervised(job, HandClock(), health, counters) as task:
        await asyncio.wait([task], timeout=5)
        assert isinstance(task.exception(), WrongTokenError | ExceptionGroup)
    assert health.words == {"feed": "stopped"}
    assert counters.get("task_restarts") == 0


async def test_a_broken_loop_leaves_its_neighbour_alone() -> None:
    clock, health, counters = HandClock(), Health(), Counters()
    async with supervised(fail, clock, health, counters):
        neighbour = asyncio.create_task(supervise("other", for_ever, clock, counters, health))
        await clock.asleep(1.0)
        assert health.words == {"feed": "restarting", "other": "running"}
        neighbour.cancel()
        with pytest.raises(asyncio.CancelledError):
            await neighbour
