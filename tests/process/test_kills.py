"""Killed at any moment, the bot loses nothing, does nothing twice and repeats nothing without saying so."""

import os
import secrets
from random import Random

import pytest

from tests.process import harness, judge
from tests.process.crowd import Crowd
from tests.process.harness import Fakes, Launcher
from tests.process.lives import Lives

pytestmark = pytest.mark.process

SEED = int(os.environ.get("KILL_SEED", secrets.randbits(32)))
KILLS = int(os.environ.get("KILLS", "50"))
COMMANDS = 1_000
SLASHED = 40
SERVED_SECONDS = 60.0
MOST_IN_FLIGHT = 8


async def test_kills_lose_nothing_and_repeat_nothing_unsaid(outside: Fakes, launcher: Launcher) -> None:
    print(f"KILL_SEED={SEED}")  # noqa: T201  # shown when it fails, to do the same again
    crowd = Crowd(outside, Random(SEED))
    crowd.settle_in()
    bot = launcher(**harness.UNPACED, FLOWBELL_LIMITS__ALERTS_PER_PERSON="1000")
    await bot.start()
    await crowd.watch()
    for _ in range(SLASHED):
        await crowd.slash()
    assert await bot.lives_on(crowd.chance.uniform(0.0, 0.2))
    await bot.kill()
    await Lives(bot, crowd, KILLS - 1, COMMANDS).spend()

    await bot.launch()
    await crowd.walk(crowd.last_level)
    await crowd.take_stock(SERVED_SECONDS)
    listed = await crowd.listings(SERVED_SECONDS)
    assert await bot.stop() == 0

    said = judge.heard(outside)
    labelled = sum(each.labelled for each in said)
    print(f"{bot.lives} lives, {len(crowd.expected.owed())} owed, {labelled} with a label")  # noqa: T201  # the figures
    assert judge.faults(crowd.expected, said, listed) == []
    assert labelled <= MOST_IN_FLIGHT * bot.lives
    assert outside.telegram.conflicts == []
