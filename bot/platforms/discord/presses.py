"""What a button's `custom_id` says: how its answer is shown, for which chat, and the reference that says the rest.

None of it decides what a press may do: that is the reference's matter alone.
"""

from dataclasses import dataclass

from bot.platforms.discord.conversing import Conversing, KnownCommands
from bot.platforms.discord.render import Naming
from handlers.model import Reply
from services.domain.people import Caller, Place
from services.errors import UserError

_IN_PLACE, _ANEW = "e", "a"
_PERSONAL, _HERE = "p", "h"


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose buttons a reply carries. `personal`: they act for that person's private chat, wherever they are shown."""

    caller: Caller
    personal: bool


@dataclass(frozen=True, slots=True)
class Press:
    """A `custom_id`, read. `edits`: the answer takes the message's place."""

    ref: str
    edits: bool
    personal: bool


async def owner_of(conversation: Conversing, reply: Reply[object], asker: Caller) -> Owner:
    """Return whose buttons a reply carries; those of a private one act as if it had been asked for in private."""
    if not reply.private or asker.private:
        return Owner(asker, personal=False)
    alone = Place("discord", asker.place.bot_id, asker.account)
    return Owner(await conversation.caller(alone, asker.account, private=True), personal=True)


def naming(commands: KnownCommands, *, in_place: bool | None, personal: bool = False, tag: str = "") -> Naming:
    """Return how buttons are named; `in_place` None: the answer replaces the message only if it changes nothing."""

    def name(line: str, ref: str) -> str:
        edits = not may_change(commands, line) if in_place is None else in_place
        return f"{_IN_PLACE if edits else _ANEW}{_PERSONAL if personal else _HERE}{tag}.{ref}"

    return name


def read(custom_id: str) -> Press:
    """Return what a button's name says; one that is not ours has a reference that is not known either."""
    head, dot, ref = custom_id.partition(".")
    return Press(ref if dot else custom_id, head[:1] == _IN_PLACE, head[1:2] == _PERSONAL)


def may_change(commands: KnownCommands, line: str) -> bool:
    """Say whether a command line may change something."""
    try:
        return commands.call(line).command.changes
    except UserError:
        return False
