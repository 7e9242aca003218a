"""What was asked, by whom and where: in a form that outlives the process."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

import discord
from msgspec import Struct, json

from bot.platforms.discord.wire import EPHEMERAL

_EPOCH: Final = datetime(2015, 1, 1, tzinfo=UTC)
TOKEN_LIFE: Final = timedelta(minutes=15)
Interaction = discord.Interaction[discord.Client]
Waiting = Literal["thinking", "editing"]
"""What a person sees until the answer comes: words that the bot is thinking, or the message as it was."""


class Address(Struct, frozen=True):
    """Where an answer belongs: the interaction's own message. `hidden`: only the person who asked may see it."""

    application: int
    interaction: int
    token: str
    user: int
    hidden: bool

    @property
    def original(self) -> str:
        """Return the path of the message that answers it."""
        return f"{self.hook}/messages/@original"

    @property
    def hook(self) -> str:
        """Return the path for further messages."""
        return f"/webhooks/{self.application}/{self.token}"

    @property
    def flags(self) -> int:
        """Return the flags of further messages."""
        return EPHEMERAL if self.hidden else 0

    def is_alive(self, now: datetime) -> bool:
        """Say whether Discord still takes answers."""
        return now - moment(self.interaction) < TOKEN_LIFE


class Spot(Struct, frozen=True):
    """Where an interaction came from, as Flowbell sees it."""

    chat: int  # a channel's id; for a private chat the person's
    private: bool  # a chat of this person and the bot
    shared: bool  # others can read the answer
    may_administer: bool


class Asked(Struct, frozen=True):
    """One slash command or one pressed button. `press` is a button's reference, else `command` is given."""

    address: Address
    spot: Spot
    command: tuple[str, ...] = ()
    words: Mapping[str, tuple[str, ...]] = {}
    press: str | None = None
    edits: bool = False  # the answer takes the place of the message with the button

    @property
    def waiting(self) -> Waiting:
        """Return how Discord is told that an answer will come."""
        return "editing" if self.edits else "thinking"


def spot(interaction: Interaction) -> Spot:
    """Return the place of an interaction.

    Where the bot itself is not present, a person's own installation of it asks: what is owed later then goes to that
    person's private chat, the only place where the bot may write unasked.
    """
    user = interaction.user.id
    if interaction.context.dm_channel:
        return Spot(user, private=True, shared=False, may_administer=False)
    channel = interaction.channel_id
    if channel is None or not interaction.is_guild_integration():
        return Spot(user, private=True, shared=True, may_administer=False)
    return Spot(channel, private=False, shared=True, may_administer=interaction.permissions.manage_guild)


def address(interaction: Interaction, *, hidden: bool) -> Address:
    """Return where the answer to an interaction belongs."""
    return Address(interaction.application_id, interaction.id, interaction.token, interaction.user.id, hidden)


def moment(snowflake: int) -> datetime:
    """Return when an id was made."""
    return _EPOCH + timedelta(milliseconds=snowflake >> 22)


def snowflake(at: datetime) -> int:
    """Return the smallest id of a moment."""
    return max(0, int((at - _EPOCH) / timedelta(milliseconds=1))) << 22


def encode(what: Struct) -> str:
    """Return a structure as it is stored."""
    return json.encode(what).decode()


def decode_address(stored: str) -> Address:
    """Return a stored address; raise `msgspec.DecodeError` for anything else."""
    return json.decode(stored, type=Address)


def decode_asked(stored: str) -> Asked:
    """Return a stored question; raise `msgspec.DecodeError` for anything else."""
    return json.decode(stored, type=Asked)
