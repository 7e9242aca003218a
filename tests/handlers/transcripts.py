"""A talk as text: what was typed, what came back, and what each button would type."""

import re
from collections.abc import Iterable

from bot.render.text import plain
from handlers.model import Reply
from tests.stage import ANN, Seat
from tests.world import World

_CODE = re.compile(r"^(Alert #\d+ +)[0-9A-Z]{6}$", re.MULTILINE)
EURO = ("/settings zone Europe/Berlin", "/settings currency eur", "/settings numbers 1.234,56")


def shown(reply: Reply[object]) -> str:
    """Return a reply with its buttons; an event's random code is blotted out."""
    rows = ["  ".join(f"[{each.label}: {each.line}]" for each in row) for row in reply.buttons]
    kept = ("(for your eyes only)",) if reply.private else ()
    return "\n".join((_CODE.sub(r"\1······", plain(reply)), *rows, *kept))


async def transcript(world: World, lines: Iterable[str], who: Seat = ANN) -> str:
    """Type `lines` one after the other and return everything that was said."""
    said: list[str] = []
    for line in lines:
        said += [f"> {line}", shown(await world.reply(line, who)), ""]
    return "\n".join(said[:-1])
