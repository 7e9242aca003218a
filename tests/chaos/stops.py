"""K3: told to stop under load, the process ends in time, and nothing is lost or repeated."""

from pathlib import Path
from time import monotonic
from typing import Final

from tests.chaos.load import EVENTS_PER_SECOND, load
from tests.chaos.verdict import Scenario, Verdict, percentile
from tests.process.harness import STOP_SECONDS

_IN_TIME_SECONDS: Final = 5.0


async def run(seed: int, count: int, folder: Path) -> Verdict:
    """Send SIGTERM to `count` lives at random moments."""
    seconds: list[float] = []
    broken: list[str] = []
    async with load(seed, count * EVENTS_PER_SECOND // 180 + 4, folder) as under:
        for number in range(count):
            await under.climb(under.crowd.chance.uniform(0.25, 0.75))
            began = monotonic()
            status = await under.bot.stop(STOP_SECONDS)
            seconds.append(monotonic() - began)
            broken += [f"life {number} ended with {status}"] if status else []
            if number + 1 < count:
                await under.ready()
        await under.bot.launch()
        await under.finish()
        await under.bot.stop()
        figures = {f"exit_p{each}_seconds": percentile(seconds, each) for each in (50, 99)}
        broken += ["p99 above 5 s"] if figures["exit_p99_seconds"] > _IN_TIME_SECONDS else []
        return under.verdict(0, figures | {"exit_most_seconds": max(seconds)}, broken)


SCENARIO = Scenario("stops", "K3", "stops", 60, "0 lost; 0 repeats; exit within 5 s in 99 of 100", run)
