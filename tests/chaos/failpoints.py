"""K2: the process dies at every named place, three times each, and the next one goes on as if nothing had been."""

import asyncio
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from services.failpoints import NAMES
from tests.chaos.load import Load, load
from tests.chaos.verdict import Scenario, Verdict
from tests.fakes.telegram import Fault, FaultKind
from tests.process import judge
from tests.process.harness import START_SECONDS, STOP_SECONDS

DIED: Final = 137
_DEATHS_A_LEVEL: Final = 3
_ONCE: Final = ("start.before_store", "start.after_store", "start.wired", "start.abandoned")
_SLOW: Final = ("upkeep.",)
"""Reached after a minute of life: these run beside the others, each in a world of its own."""
_MOST_TICKS: Final = 400  # 20 s; upkeep comes once a minute
_SLOW_TICKS: Final = 2_400
_TICKS_A_COMMAND: Final = 8


async def run(seed: int, count: int, folder: Path) -> Verdict:
    """Die `count` times at each place; occurrences that one life has only once are spread over lives."""
    quick = [name for name in NAMES if not name.startswith(_SLOW)]
    slow = [name for name in NAMES if name.startswith(_SLOW)]
    return await run_at(seed, count, folder, quick, slow)


async def run_at(seed: int, count: int, folder: Path, quick: Sequence[str], slow: Sequence[str] = ()) -> Verdict:
    """Die at these places: the quick ones one after the other, each of the slow ones in a world of its own."""
    worlds = [("quick", tuple(quick)), *((name, (name,)) for name in slow)]
    verdicts = await asyncio.gather(
        *(_world(seed + number, count, folder / name, names) for number, (name, names) in enumerate(worlds) if names)
    )
    figures = {name: sum(each.figures[name] for each in verdicts) for name in verdicts[0].figures}
    return Verdict(figures, tuple(each for verdict in verdicts for each in verdict.broken))


async def _world(seed: int, count: int, folder: Path, names: Sequence[str]) -> Verdict:
    folder.mkdir()  # noqa: ASYNC240  # before anything runs
    deaths = [(name, occurrence) for name in names for occurrence in range(1, count + 1)]
    async with load(seed, 10 + len(deaths) // _DEATHS_A_LEVEL, folder) as under:
        under.levels_a_tick = 1
        await under.bot.stop()
        broken = [fault for name, occurrence in deaths if (fault := await _die(under, name, occurrence))]
        await under.bot.launch()
        await under.finish()
        listed = await under.crowd.listings(START_SECONDS)
        status = await under.bot.stop()
        broken += [f"the last life ended with {status}"] if status else []
        figures = {"places": len(names), "deaths": len(deaths), "old_questions_unanswered": _forgive(under)}
        return under.verdict(len(deaths), figures, broken, listed)


def _forgive(under: Load) -> int:
    """Expect no answer to questions that changed nothing and were old when a life took them up; return how many."""
    expected = under.crowd.expected
    told = {each.number for each in judge.heard(under.bot.outside) if each.kind == "read"}
    unanswered = expected.read.keys() - told
    expected.read = {number: to for number, to in expected.read.items() if number in told}
    return len(unanswered)


async def _die(under: Load, name: str, occurrence: int) -> str | None:
    """Live until the process dies at this place; return what went otherwise."""
    bot = under.bot
    bot.settings["FLOWBELL_CHAOS"] = f"{name}:{_within_a_life(name, occurrence)}:exit137"
    if name == "outbox.before_look":  # asked only about what may have arrived
        fault = Fault(kind=FaultKind.LOST_ANSWER, method="sendMessage", times=occurrence + 1)
        slow = under.bot.outside.telegram.faults.planned
        under.bot.outside.telegram.faults.clear()
        for each in (fault, *slow):
            under.bot.outside.telegram.faults.add(each)
    status = await _lived(under, name)
    del bot.settings["FLOWBELL_CHAOS"]
    if status == DIED:
        return None
    await bot.clean_up()
    return f"{name} {occurrence}: ended with {status}: {bot.output.text[-200:]}"


def _within_a_life(name: str, occurrence: int) -> int:
    if name.startswith("stop.") or name in _ONCE:
        return 1
    return min(occurrence, 2) if name.startswith("start.") else occurrence  # once on each platform


async def _lived(under: Load, name: str) -> int | None:
    bot = under.bot
    under.crowd.type(1)
    if name.startswith("start."):
        await bot.launch()
        return await bot.ended(START_SECONDS)
    if name.startswith("stop."):
        await under.ready()
        under.crowd.type(2)
        await under.climb(0.1)
        bot.signal(signal.SIGTERM)
        return await bot.ended(STOP_SECONDS)
    await bot.launch()
    for tick in range(_SLOW_TICKS if name.startswith(_SLOW) else _MOST_TICKS):
        under.crowd.type(int(tick % _TICKS_A_COMMAND == 0))
        if not await under.climb(0.05):
            return await bot.ended(STOP_SECONDS)
    return None


SCENARIO = Scenario(
    "failpoints", "K2", "occurrences", 3,
    "dies at every named place (exit 137), and the next life loses and repeats nothing unsaid", run,
)  # fmt: skip
