"""What is stored of alerts, read back as a person or a machine would."""

from tests.stage import ANN, Seat
from tests.world import World


async def saved(world: World, who: Seat = ANN, *, here: bool = False) -> list[tuple[int, str]]:
    """Return number and rule of what is stored for `who`, or for the chat where `who` sits."""
    found = await world.app.services.alerts.of(await world.caller(who), here=here)
    return [(each.number, each.rule) for each in found]


async def rules(world: World, line: str) -> list[str]:
    """Type a line and return the rules that it added."""
    before = await saved(world)
    await world.ask(line)
    return [rule for number, rule in await saved(world) if (number, rule) not in before]


async def listed(world: World, line: str, who: Seat = ANN) -> list[int]:
    """Return the numbers of a list, in its order."""
    data = (await world.reply(line, who)).data
    assert isinstance(data, tuple)
    return [each.number for each in data]
