"""What stops the bot on Discord until its operator acts, and the codes with which Discord says so."""

from types import MappingProxyType
from typing import Final

_INTENTS: Final = "Discord refuses the intents. Switch the privileged ones off for this bot."
_SHARDING: Final = "Discord wants this bot split into shards. Run more than one process."
FATAL_CLOSES: Final = MappingProxyType(
    {
        4004: "Discord refuses the token. Make a new one in the developer portal and set it.",
        4010: _SHARDING,
        4011: _SHARDING,
        4012: "Discord no longer speaks this version of its gateway. Update the bot.",
        4013: _INTENTS,
        4014: _INTENTS,
    }
)


class TokenRefused(Exception):
    """The token is wrong or was reset; the text says what to do."""

    def __init__(self) -> None:
        super().__init__(FATAL_CLOSES[4004])


class GatewayRefused(Exception):
    """The gateway closed with a code after which reconnecting cannot help; the text says what to do."""

    def __init__(self, code: int) -> None:
        super().__init__(FATAL_CLOSES[code])
        self.code = code


class NotSent(Exception):
    """The request certainly never reached Discord."""


class NoAnswer(Exception):
    """The request may have reached Discord; nobody knows what became of it."""
