"""R1: a thousand alerts on one tick to a thousand private chats, under the limits that the fake Telegram enforces."""

import math
from decimal import Decimal
from pathlib import Path
from typing import Final

from tests.chaos.verdict import Scenario, Verdict
from tests.fakes.telegram import FakeTelegram, User
from tests.fakes.telegram.pacing import Limits
from tests.process import harness
from tests.process.harness import Flowbell

_PER_SECOND: Final = 30
_IDEAL_SHARE: Final = 0.98
_FIRST_PERSON: Final = 100_000


async def run(seed: int, count: int, folder: Path) -> Verdict:
    """Have `count` people wait for one level, pass it, and time what they are told. In real time, unscaled."""
    del seed  # nothing here is left to chance
    async with harness.fakes(pacing=Limits()) as outside:
        tokens = {"FLOWBELL_TELEGRAM__TOKEN": harness.TELEGRAM_TOKEN, "FLOWBELL_LOG__LEVEL": "info"}
        bot = Flowbell(outside, folder, harness.addresses(outside) | tokens)
        telegram = outside.telegram
        try:
            await bot.launch()
            await bot.listening_on_telegram()
            for number in range(count):
                telegram.message(User(_FIRST_PERSON + number, f"Person {number}"), "/alert btc > 91k")
            await telegram.wait_until(lambda: len(telegram.world.sent) >= count, 3.0 + count / _PER_SECOND * 3)
            await bot.lives_on(2.0)  # a full second of the limits passes
            took, in_time = await _told(outside, telegram, count)
            await bot.stop()
        finally:
            await bot.clean_up()
    ideal = float(math.ceil(count / _PER_SECOND) - 1)
    refused = [call for call in telegram.log if call.status == 429]
    share = ideal / took if took else 1.0
    broken = [f"{len(telegram.violations)} violations, {len(refused)} answers of 429"] * bool(
        telegram.violations or refused
    )
    broken += ["not everybody was told"] * (not in_time) + [f"{share:.1%} of the ideal time"] * (share < _IDEAL_SHARE)
    figures = {
        "violations": len(telegram.violations), "answers_429": len(refused), "last_accepted_seconds": took,
        "ideal_seconds": ideal, "share_of_ideal": share,
    }  # fmt: skip
    return Verdict(figures, tuple(broken))


async def _told(outside: harness.Fakes, telegram: FakeTelegram, count: int) -> tuple[float, bool]:
    """Return the seconds from the first alert to the last, and whether all were told, once each."""
    before = len(telegram.world.sent)
    await outside.exchanges.set_price("BTC", Decimal(91_500))
    try:
        await telegram.wait_until(lambda: len(telegram.world.sent) >= before + count, 10.0 + count / _PER_SECOND * 3)
    except TimeoutError:
        return 0.0, False
    told = [each for each in telegram.world.sent[before:] if "BTC is above" in each.text]
    return told[-1].at - told[0].at, len({each.chat_id for each in told}) == len(told) == count


SCENARIO = Scenario(
    "fanout", "R1", "chats", 1_000, "0 violations, 0 answers of 429, at least 98 % of the ideal time", run
)
