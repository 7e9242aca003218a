"""F1: one person types ten thousand commands; how long do twenty others wait? Measured, and reported as it is."""

from collections import defaultdict
from pathlib import Path
from random import Random
from typing import Final

from tests.chaos.verdict import Scenario, Verdict, percentile
from tests.fakes.telegram import FakeTelegram, User
from tests.process import harness
from tests.process.harness import Flowbell

_OTHERS: Final = 20
_BEFORE, _DURING = 80_000, 85_000  # the first of those who ask before, and of those who ask beside the burst
_FLOODER: Final = User(90_000, "Flooder")
_ROUNDS: Final = 10
_GAP_SECONDS: Final = 0.3
_ALLOWED_SECONDS: Final = 0.5


async def run(seed: int, count: int, folder: Path) -> Verdict:
    """Let one person type `count` commands at once, and twenty others one each, ten times. In real time, no pacing."""
    async with harness.fakes() as outside:
        settings = harness.addresses(outside) | {
            "FLOWBELL_TELEGRAM__TOKEN": harness.TELEGRAM_TOKEN, "FLOWBELL_TELEGRAM__PACE": "off",
        }  # fmt: skip
        bot = Flowbell(outside, folder, settings | {"FLOWBELL_LOG__LEVEL": "info"})
        try:
            await bot.launch()
            await bot.listening_on_telegram()
            before = await _waits(bot, outside.telegram, Random(seed), _BEFORE)
            for _ in range(count):
                outside.telegram.message(_FLOODER, "/price btc")
            during = await _waits(bot, outside.telegram, Random(seed), _DURING)
            flooded = len(outside.telegram.sent(_FLOODER.id))
            await bot.stop()
        finally:
            await bot.clean_up()
    expected = _ROUNDS * _OTHERS
    broken = [f"{expected - len(during)} of {expected} others had no answer"] * (len(during) < expected)
    broken += ["others' p99 above 500 ms"] * (percentile(during, 99) > _ALLOWED_SECONDS)
    figures = {
        "others_p50_ms": percentile(during, 50) * 1000, "others_p99_ms": percentile(during, 99) * 1000,
        "alone_p50_ms": percentile(before, 50) * 1000, "alone_p99_ms": percentile(before, 99) * 1000,
        "flooder_answered": flooded,
    }  # fmt: skip
    return Verdict(figures, tuple(broken))


async def _waits(bot: Flowbell, telegram: FakeTelegram, chance: Random, first: int) -> list[float]:
    """Return the seconds between each question of the others and its answer."""
    asked: defaultdict[int, list[float]] = defaultdict(list)
    start = len(telegram.world.sent)
    people = [User(first + number, f"Person {number}") for number in range(_OTHERS)]
    for _ in range(_ROUNDS):
        for each in chance.sample(people, _OTHERS):
            asked[each.id].append(telegram.world.now())
            telegram.message(each, "/price eth")
            await bot.lives_on(_GAP_SECONDS / _OTHERS)
    await bot.lives_on(3.0)
    told: defaultdict[int, list[float]] = defaultdict(list)
    for message in telegram.world.sent[start:]:
        told[message.chat_id].append(message.at)
    return [at - when for person, times in asked.items() for when, at in zip(times, told[person], strict=False)]


SCENARIO = Scenario("burst", "F1", "commands", 10_000, "others' answers take at most 500 ms at p99", run)
