"""What a button's `custom_id` says: how its answer is shown, and the reference that says all the rest."""

from bot.platforms.discord.conversing import KnownCommands
from bot.platforms.discord.render import Naming
from services.errors import UserError

_IN_PLACE, _ANEW = "e", "a"


def naming(commands: KnownCommands, *, in_place: bool | None, tag: str = "") -> Naming:
    """Return how buttons are named; `in_place`: the answer replaces the message, None: only one that changes nothing.

    The name decides nothing about what a press may do: that is the reference's matter alone.
    """

    def name(line: str, ref: str) -> str:
        edits = not may_change(commands, line) if in_place is None else in_place
        return f"{_IN_PLACE if edits else _ANEW}{tag}.{ref}"

    return name


def read(custom_id: str) -> tuple[str, bool]:
    """Return the reference, and whether the answer takes the message's place."""
    head, dot, ref = custom_id.partition(".")
    return (ref, head[:1] == _IN_PLACE) if dot else (custom_id, False)


def may_change(commands: KnownCommands, line: str) -> bool:
    """Say whether a command line may change something."""
    try:
        return commands.call(line).command.changes
    except UserError:
        return False
