"""I1: every command of an update that comes one to five times, out of order, between kills, is carried out once."""

from pathlib import Path
from random import Random
from typing import Final

from tests.chaos.load import Load
from tests.chaos.verdict import Scenario, Verdict
from tests.fakes.telegram import User
from tests.process import harness, judge
from tests.process.crowd import Crowd
from tests.process.harness import PATIENCE, Flowbell

_PEOPLE: Final = [User(60_000 + number, f"Person {number}") for number in range(50)]
_FIRST_UPDATE: Final = 700_100_000
_FIRST_LEVEL: Final = 90_050
_UPDATES_A_KILL: Final = 100
_MOST_IN_FLIGHT: Final = 8


async def run(seed: int, count: int, folder: Path) -> Verdict:
    """Send `count` commands, each 1 to 5 times, shuffled, and kill the process after every 100 or so."""
    chance = Random(seed)
    async with harness.fakes() as outside:
        crowd = Crowd(outside, chance)
        settings = harness.addresses(outside) | harness.UNPACED | {"FLOWBELL_TELEGRAM__TOKEN": harness.TELEGRAM_TOKEN}
        settings |= {"FLOWBELL_LIMITS__ALERTS_PER_PERSON": "100000", "FLOWBELL_LOG__LEVEL": "info"}
        under = Load(Flowbell(outside, folder, settings), crowd)
        try:
            await _meet(under, _FIRST_UPDATE + count + 10)
            deliveries = [number for number in range(count) for _ in range(chance.randint(1, 5))]
            chance.shuffle(deliveries)
            kills = await _send(under, deliveries, count)
            return await _judged(under, len(deliveries), kills)
        finally:
            await under.bot.clean_up()


async def _meet(under: Load, far: int) -> None:
    """Let the ids of all that follows be lower than one confirmed before, as after a week of silence."""
    telegram = under.bot.outside.telegram
    for each in _PEOPLE:
        telegram.world.meet(each, each.private_chat)
    telegram.raw_update(_typed(_PEOPLE[0], "/about"), update_id=far)
    await under.bot.launch()
    await under.bot.listening_on_telegram()
    await telegram.wait_until(lambda: len(telegram.world.sent) >= 1, PATIENCE)


async def _send(under: Load, deliveries: list[int], count: int) -> int:
    bot, crowd, kills = under.bot, under.crowd, 0
    for first in range(0, len(deliveries), _UPDATES_A_KILL * 3):
        for number in deliveries[first : first + _UPDATES_A_KILL * 3]:
            person, level = _PEOPLE[number % len(_PEOPLE)], _FIRST_LEVEL + number
            crowd.expected.set[level] = crowd.expected.fired[level] = ("telegram", person.id)
            bot.outside.telegram.raw_update(_typed(person, f"/alert btc > {level}"), update_id=_FIRST_UPDATE + number)
        await bot.lives_on(crowd.chance.uniform(0.02, 0.4))
        await bot.kill()
        kills += 1
        await bot.launch()
        await bot.listening_on_telegram()
    assert len(crowd.expected.set) == count
    return kills


async def _judged(under: Load, delivered: int, kills: int) -> Verdict:
    crowd, fired = under.crowd, under.crowd.expected.fired
    crowd.expected.fired = {}
    await under.served()
    crowd.expected.fired = fired
    await crowd.walk(max(fired) + 1)
    await under.served()
    await under.bot.stop()
    said = judge.heard(under.bot.outside)
    labelled = sum(each.labelled for each in said)
    broken = judge.faults(crowd.expected, said, {chat.id: _listed(said, chat.id) for chat in _PEOPLE})
    broken += [f"{labelled} labelled after {kills} kills"] if labelled > _MOST_IN_FLIGHT * kills else []
    figures = {
        "deliveries": delivered, "kills": kills, "effects": len({each.number for each in said if each.kind == "fired"}),
        "lost": sum(each.startswith("lost") for each in broken), "labelled": labelled,
        "applied_twice": sum("without a label: ('fired'" in each for each in broken),
    }  # fmt: skip
    return Verdict(figures, tuple(broken))


def _listed(said: list[judge.Said], chat: int) -> str:
    """Stand in for /alerts, which shows only what has not fired: here every alert has, and is judged by that."""
    return "\n".join(f"#1 BTC is above ${each.number:,}" for each in said
                     if each.kind == "fired" and each.chat == chat and not each.labelled)  # fmt: skip


def _typed(person: User, text: str) -> dict[str, object]:
    return {
        "message": {
            "message_id": 1, "date": 1_790_000_000, "text": text,
            "chat": {"id": person.id, "type": "private", "first_name": person.first_name},
            "from": {"id": person.id, "is_bot": False, "first_name": person.first_name},
            "entities": [{"type": "bot_command", "offset": 0, "length": len(text.split(maxsplit=1)[0])}],
        }
    }  # fmt: skip


SCENARIO = Scenario(
    "inbound", "I1", "updates", 2_000, "each update, sent 1 to 5 times between kills, has one effect", run
)
