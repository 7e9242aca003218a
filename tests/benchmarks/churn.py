"""One alert more, one alert less: among a million in memory, and as a command that is on disk when it is answered."""

import asyncio
import os
import random
import tempfile
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median
from time import perf_counter

from services.domain.matcher import Levels, Matcher, loaded
from tests.benchmarks import commands, synthetic
from tests.benchmarks.report import Limit, Report, percentile
from tests.benchmarks.typists import Typists
from tests.fakes.telegram import FakeTelegram

COUNT = 20_000
ALERTS = 1_000_000
_COMMANDS = 200  # at most, one after the other
_FLUSHES = 200
_REFERENCE_ROUNDS = 20
_BLOCK = b"\0" * 4096
_LEVEL = synthetic.PRICE + 5
_LIBRARIES = ("python-telegram-bot", "aiosqlite", "sqlalchemy", "numpy")
_GOAL = (
    Limit("add_p99_us", "<=", 50),
    Limit("remove_p99_us", "<=", 50),
    Limit("one_level_add_p99_us", "<=", 50),
    Limit("one_level_remove_p99_us", "<=", 50),
    Limit("durable_p99_ms", "<=", 15),
)


def run(count: int, alerts: int, symbols: int) -> Report:
    """Add and remove `count` alerts among evenly spread ones, and where half of all are on one level of one coin."""
    chance = random.Random(2)
    spread = synthetic.levels(alerts, symbols)
    skewed = Levels(
        (entry, metric, way, level) if entry % 2 else (entry, synthetic.metric(0), "up", _LEVEL)
        for entry, metric, way, level in spread
    )
    figures = {
        **_churned("", loaded(spread), count, lambda: synthetic.PRICE + synthetic.SPAN * (1 - chance.random())),
        **_churned("one_level_", loaded(skewed), count, lambda: _LEVEL),
        **asyncio.run(_durable(min(count, _COMMANDS))),
    }
    reference = {"list_remove_p50_us": _scanned(spread), "flush_p50_ms": _flushed()}
    return Report("churn", count, figures, reference, _GOAL, _LIBRARIES)


def _churned(name: str, matcher: Matcher, count: int, level: Callable[[], float]) -> dict[str, float]:
    chance = random.Random(3)
    first = len(matcher)
    added = [_time_add(matcher, first + number, level()) for number in range(count)]
    removed = [_time_remove(matcher, entry) for entry in chance.sample(range(first + count), count)]
    assert len(matcher) == first
    return {
        f"{name}add_p50_us": median(added),
        f"{name}add_p99_us": percentile(added, 99),
        f"{name}add_most_us": max(added),
        f"{name}remove_p50_us": median(removed),
        f"{name}remove_p99_us": percentile(removed, 99),
        f"{name}remove_most_us": max(removed),
    }


def _time_add(matcher: Matcher, entry: int, level: float) -> float:
    begun = perf_counter()
    matcher.add(entry, synthetic.metric(0), "up", level)
    return (perf_counter() - begun) * 1e6


def _time_remove(matcher: Matcher, entry: int) -> float:
    begun = perf_counter()
    matcher.remove(entry)
    return (perf_counter() - begun) * 1e6


async def _durable(count: int) -> dict[str, float]:
    """Return the milliseconds from a command's arrival to its answer, one command at a time."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        telegram = await stack.enter_async_context(FakeTelegram(commands.TOKEN))
        more = {"FLOWBELL_LIMITS__ALERTS_PER_PERSON": str(count + 1)}
        await commands.ready(telegram, await stack.enter_async_context(commands.flowbell(telegram, folder, more)))
        waits = await Typists(telegram, "/alert btc > 9000000", 1, count).talk()
        assert telegram.sent()[-1].text.count("9,000,000"), telegram.sent()[-1].text
    taken = [(arrived - delivered) * 1e3 for delivered, arrived in waits]
    return {"durable_p50_ms": median(taken), "durable_p99_ms": percentile(taken, 99)}


def _scanned(levels: Levels) -> float:
    """Return how long one alert is looked for in a list of dicts and taken out."""
    alerts = synthetic.plain(levels)
    chance = random.Random(4)
    taken = []
    for entry in chance.sample(range(len(alerts)), min(_REFERENCE_ROUNDS, len(alerts))):
        begun = perf_counter()
        del alerts[next(at for at, alert in enumerate(alerts) if alert["id"] == entry)]
        taken.append((perf_counter() - begun) * 1e6)
    return median(taken)


def _flushed() -> float:
    """Return how long the disk takes to keep one page."""
    taken = []
    with tempfile.TemporaryFile() as file:
        for _ in range(_FLUSHES):
            begun = perf_counter()
            os.write(file.fileno(), _BLOCK)
            os.fsync(file.fileno())
            taken.append((perf_counter() - begun) * 1e3)
    return median(taken)
