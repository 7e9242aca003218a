"""K1: killed again and again under load, the process loses nothing and repeats nothing without saying so."""

from pathlib import Path
from time import monotonic

from tests.chaos.load import EVENTS_PER_SECOND, MOST_IN_FLIGHT, Load, labelled, load
from tests.chaos.verdict import Scenario, Verdict
from tests.process import judge

_SHORTEST, _LONGEST = 0.25, 0.75  # seconds of a life after it can send


async def run(seed: int, count: int, folder: Path) -> Verdict:
    """Kill `count` lives at random moments, each 0.25 to 0.75 s after it could send."""
    levels_each = count * EVENTS_PER_SECOND // 180 + 4
    async with load(seed, levels_each, folder) as under:
        began = monotonic()
        broken = await _kill(under, count)
        per_kill = (monotonic() - began) / count
        await under.bot.launch()
        await under.finish()
        status = await under.bot.stop()
        broken += [f"the last life ended with {status}"] if status else []
        return under.verdict(count, {"seconds_per_kill": per_kill}, broken)


async def _kill(under: Load, count: int) -> list[str]:
    broken: list[str] = []
    for number in range(count):
        if not await under.climb(under.crowd.chance.uniform(_SHORTEST, _LONGEST)):
            broken.append(f"life {number} ended by itself: {under.bot.output.text[-300:]}")
        await under.bot.kill()
        told = labelled(judge.heard(under.bot.outside))
        if told > MOST_IN_FLIGHT * number:
            broken.append(f"{told} labelled after {number} deaths")
        if number + 1 < count:
            await under.ready()
    return broken


SCENARIO = Scenario(
    "kills", "K1", "kills", 500,
    "0 lost; 0 unlabelled duplicates on Telegram; 0 duplicates on Discord; labelled at most 8 a kill", run,
)  # fmt: skip
