"""What a gateway connection must say about itself, and which events it may hear."""

from tests.fakes.discord.wire import JsonObject, as_int, as_list, is_int

GUILDS, GUILD_MEMBERS, PRESENCES = 1 << 0, 1 << 1, 1 << 8
GUILD_MESSAGES, DIRECT_MESSAGES, MESSAGE_CONTENT = 1 << 9, 1 << 12, 1 << 15
_PRIVILEGED = GUILD_MEMBERS | PRESENCES | MESSAGE_CONTENT
_ALL_INTENTS = (1 << 26) - 1


class CloseError(Exception):
    """The gateway hangs up with this code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def check_version(version: str) -> None:
    """Only version 10 is spoken."""
    if version != "10":
        raise CloseError(4012)


def intents_of(data: JsonObject, granted: int) -> int:
    """The intents of an IDENTIFY: known ones, and the privileged ones only if granted."""
    intents = data.get("intents")
    if not is_int(intents) or intents & ~_ALL_INTENTS:
        raise CloseError(4013)
    if intents & _PRIVILEGED & ~granted:
        raise CloseError(4014)
    return intents


def shard_of(data: JsonObject) -> tuple[int, int]:
    """Shard number and count; one of one unless said otherwise."""
    shard = [as_int(item, -1) for item in as_list(data.get("shard", [0, 1]))]
    if len(shard) != 2 or not 0 <= shard[0] < shard[1]:
        raise CloseError(4010)
    return shard[0], shard[1]


def wants(intents: int, event: str, guild_id: int | None) -> bool:
    """Whether these intents entitle to the event."""
    if event.startswith("MESSAGE_"):
        return bool(intents & (DIRECT_MESSAGES if guild_id is None else GUILD_MESSAGES))
    if event.startswith(("GUILD_", "CHANNEL_")):
        return bool(intents & GUILDS)
    return True
