"""I2, I3: stale buttons, buttons of others, and many edits of one alert at once."""

import asyncio
import re
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Final

from handlers.dispatch import Failure
from tests.chaos.verdict import Scenario, Verdict
from tests.stage import ANN, BEN, Seat
from tests.world import World, scripted

_EDITS_AT_ONCE: Final = 50
_ACTIONS: Final = ("pause", "resume", "delete", "restore")
_AFTER: Final = {
    ("on", "pause"): "paused", ("on", "resume"): "on", ("on", "delete"): "deleted", ("on", "restore"): "on",
    ("paused", "resume"): "on", ("paused", "pause"): "paused", ("paused", "delete"): "deleted",
    ("paused", "restore"): "paused", ("deleted", "restore"): "on", ("deleted", "pause"): "deleted",
    ("deleted", "resume"): "deleted", ("deleted", "delete"): "deleted",
}  # fmt: skip
"""What an action leaves behind: the whole model of a life under buttons. What is put back is at work."""


async def run(seed: int, count: int, folder: Path) -> Verdict:
    """Press `count` buttons in any order, however stale, by two people; then edit one alert 50 times at once."""
    del folder
    chance, broken = Random(seed), list[str]()
    refused = foreign = 0
    async with scripted(btc=90_000) as world:
        await world.ask("/alert btc > 100000")
        buttons = {each: (await _button(world, each)) for each in _ACTIONS}
        state = "on"
        for number in range(count):
            who, action = chance.choice((ANN, ANN, BEN)), chance.choice(_ACTIONS)
            rows = await world.dump()
            reply = await world.press_ref(buttons[action], who)
            is_refused = isinstance(reply.data, Failure)
            expected = state if who == BEN else _AFTER[state, action]
            found = await _state(world)
            foreign += who == BEN
            refused += is_refused
            if found != expected:
                broken.append(f"{number}: {action} of {who.user} on {state} left it {found}")
            if is_refused and _without_buttons(await world.dump()) != _without_buttons(rows):
                broken.append(f"{number}: a refused {action} changed something")
            if who == BEN and not is_refused:
                broken.append(f"{number}: a stranger's {action} was taken")
            state = expected
        if state == "deleted":
            await world.ask("/alerts restore 1")
        broken += await _edited_at_once(world)
    figures = {"pressed": count, "refused": refused, "by_a_stranger": foreign, "edits_at_once": _EDITS_AT_ONCE}
    return Verdict(figures, tuple(broken))


async def _button(world: World, action: str) -> str:
    """Return the reference of a button that says this, as it would stand under some old message."""
    caller = await world.caller(ANN)
    (((_, ref),),) = await world.app.conversation.buttons.offer(
        [[(action, f"/alerts {action} 1")]], caller.person, caller.chat
    )
    return ref


async def _state(world: World) -> str:
    listed = await world.ask("/alerts")
    if "#1 " not in listed:
        return "deleted"
    return "paused" if "paused" in listed.lower() else "on"


def _without_buttons(rows: str) -> str:
    """Return what is stored, without what every answer leaves: deliveries, buttons and when somebody was seen."""
    return "\n".join(row for row in rows.splitlines() if row.startswith(("alert", "condition", "event", "note")))


async def _edited_at_once(world: World) -> list[str]:
    levels = [200_000 + number for number in range(_EDITS_AT_ONCE)]
    before = len(world.sender.told)
    await asyncio.gather(*(_edit(world, level, ANN) for level in levels))
    await world.rest()
    told = sorted(world.sender.told[before:], key=lambda each: each.delivery.id)
    confirmed = [
        int(found[1].replace(",", "")) for each in told if (found := re.search(r"above \$([\d,]+)", each.text))
    ]
    shown = await world.ask("/alerts show 1")
    broken = [f"{len(confirmed)} of {_EDITS_AT_ONCE} edits were confirmed"] * (sorted(confirmed) != levels)
    broken += [f"confirmed last: {confirmed[-1:]}, but it shows {shown}"] * (f"{confirmed[-1]:,}" not in shown)
    broken += ["two confirmations with one number"] * any(
        one.delivery.id == other.delivery.id for one, other in pairwise(told)
    )
    return broken


async def _edit(world: World, level: int, who: Seat) -> None:
    talk, receipt = world.app.conversation, world.next_receipt()
    await talk.receive([(receipt, who.user, "{}")])
    direct = await talk.answer_line(f"/alerts edit 1 btc > {level}", await world.caller(who), receipt, f"{level}")
    assert direct is None, direct


SCENARIO = Scenario(
    "presses", "I2", "presses", 400,
    "a stale button does what it says or nothing, a stranger's nothing; of 50 edits at once the last confirmed stands",
    run,
)  # fmt: skip
