"""D1: on a full disk nothing is half done; when there is room again, everything is done, once."""

import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Final

from sqlalchemy import text

from handlers.dispatch import Failure
from services.store.errors import StoreFull
from tests.chaos.verdict import Scenario, Verdict
from tests.stage import START, Seat
from tests.world import World, scripted

_PEOPLE: Final = [Seat(number, number) for number in range(1, 11)]
_A_ROUND: Final = 40
_MORE_PAGES: Final = 1_000_000
_HEAL_SECONDS: Final = 10
_TRIES: Final = 5


async def run(seed: int, count: int, folder: Path) -> Verdict:
    """Fill the disk `count` times while alerts are set and fire, and make room again."""
    chance = Random(seed)
    asked, refused = dict[int, Seat](), 0
    async with scripted(folder / "data", btc=1_000) as world:
        for number in range(count):
            await _limit(world, await _pages(world) + chance.randrange(1, 8))
            again = [each for each in range(_A_ROUND) if not await _set(world, number * _A_ROUND + each, asked)]
            refused += len(again)
            passed = min([_A_ROUND // 2, *again])  # what could not be set yet is not passed
            await _say_while_full(world, number * 60 + 30, 1_000 + number * _A_ROUND + passed)
            await _limit(world, _MORE_PAGES)
            for second in range(_HEAL_SECONDS):
                await _moved(world, number * 60 + 31 + second)
            for each in again:
                assert await _set(world, number * _A_ROUND + each, asked)
            await world.say_at(number * 60 + 50, btc=1_000 + (number + 1) * _A_ROUND)
        await world.at(count * 60 + 300)
        fired = [(each.chat, int(level.replace(",", ""))) for each in world.alerts
                 for level in re.findall(r"BTC (?:is above|reaches) \$([\d,]+)", each.text)]  # fmt: skip
    owed = sorted((seat.chat, level) for level, seat in asked.items())
    broken = [f"told {len(fired)} of {len(owed)}: {sorted(set(owed) ^ set(fired))[:5]}"] * (sorted(fired) != owed)
    return Verdict({"alerts": len(owed), "told": len(fired), "refused_while_full": refused}, tuple(broken))


async def _set(world: World, number: int, asked: dict[int, Seat]) -> bool:
    level, who = 1_000 + number, _PEOPLE[number % len(_PEOPLE)]
    try:
        reply = await world.reply(f"/alert btc reaches {level}.5", who)
    except StoreFull:
        return False
    if isinstance(reply.data, Failure):
        return False
    asked[level] = who
    return True


async def _say_while_full(world: World, seconds: float, price: int) -> None:
    """Let a price be heard; what it fires cannot be stored, so nobody comes to rest."""
    await _moved(world, seconds)
    for exchange in world.exchanges:
        exchange.prices["bitcoin"] = Decimal(price)
        exchange.say()
    await _moved(world, seconds)


async def _moved(world: World, seconds: float) -> None:
    world.clock.set(START + timedelta(seconds=seconds))
    for _ in range(20):
        await _pages(world)  # through the store's thread and back


async def _limit(world: World, pages: int) -> None:
    for _ in range(_TRIES):
        try:
            await world.app.store.write(lambda tx: tx.rows(text(f"PRAGMA max_page_count = {pages}")))
        except StoreFull:  # it shared a commit with something that had no room
            continue
        return
    raise StoreFull


async def _pages(world: World) -> int:
    [[pages]] = await world.app.store.read(lambda tx: tx.rows(text("PRAGMA page_count")))
    assert isinstance(pages, int)
    return pages


SCENARIO = Scenario(
    "full", "D1", "times", 25, "a full disk loses, halves and repeats nothing; all is done within 10 s of room", run
)
