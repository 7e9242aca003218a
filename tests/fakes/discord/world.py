"""Who and what exists: people, servers, channels, messages."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from tests.fakes.discord.limits import Clock
from tests.fakes.discord.log import Upload
from tests.fakes.discord.refusals import RefusalError, ScriptError, missing_access, unknown
from tests.fakes.discord.wire import JsonObject, as_text, objects

EPOCH_MS: Final = 1_420_070_400_000
TEXT, DM, GROUP_DM, ANNOUNCEMENT = 0, 1, 3, 5
EPHEMERAL, LOADING, COMPONENTS_V2 = 1 << 6, 1 << 7, 1 << 15
FULL_PERMISSIONS: Final = "2248473465835073"
EVERYONE_PERMISSIONS: Final = "2248473465835073"
BUTTON, LINK_BUTTON = 2, 5


@dataclass(frozen=True, slots=True)
class User:
    """A person, or the bot. `installed`: has the app on the own account. `dm_open`: True accepts direct messages,
    False refuses them, None decides as the platform does (a shared server or the app installed)."""

    id: int
    name: str
    bot: bool = False
    installed: bool = False
    dm_open: bool | None = None
    locale: str = "en-US"


@dataclass(frozen=True, slots=True)
class Channel:
    id: int
    kind: int
    name: str = ""
    guild_id: int | None = None
    people: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Guild:
    """A server. `has_bot` is False where people only use the app that they installed for themselves."""

    id: int
    name: str
    owner_id: int
    members: frozenset[int]
    has_bot: bool = True
    locale: str = "en-US"


@dataclass(frozen=True, slots=True)
class Attachment:
    id: int
    upload: Upload


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it stands; an edit puts a new value in its place."""

    id: int
    channel_id: int
    author_id: int
    content: str = ""
    embeds: tuple[JsonObject, ...] = ()
    components: tuple[JsonObject, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    flags: int = 0
    nonce: str | None = None
    created_at: float = 0.0
    edited_at: float | None = None
    interaction_id: int | None = None
    pings: tuple[str, ...] = ()

    @property
    def ephemeral(self) -> bool:
        """Only the person who asked can see it."""
        return bool(self.flags & EPHEMERAL)

    @property
    def loading(self) -> bool:
        """It still says that the bot is thinking."""
        return bool(self.flags & LOADING)

    @property
    def text(self) -> str:
        """All words of it: content, embeds, text displays; one per line."""
        return "\n".join(part for part in (self.content, *map(_embed_text, self.embeds), *_displays(self)) if part)

    def parts(self) -> tuple[JsonObject, ...]:
        """All components, however deep."""
        return tuple(_walk(self.components))

    @property
    def buttons(self) -> tuple[str, ...]:
        """The labels of its buttons, in order."""
        return tuple(as_text(part.get("label")) for part in self.parts() if part.get("type") == BUTTON)


def _embed_text(embed: JsonObject) -> str:
    fields = (f"{as_text(field.get('name'))}: {as_text(field.get('value'))}" for field in objects(embed.get("fields")))
    author, footer = embed.get("author"), embed.get("footer")
    ends = [as_text(end.get(key)) for end, key in ((author, "name"), (footer, "text")) if isinstance(end, dict)]
    return "\n".join(
        part for part in (as_text(embed.get("title")), as_text(embed.get("description")), *fields, *ends) if part
    )


def _displays(message: Message) -> Iterable[str]:
    return (as_text(part.get("content")) for part in message.parts() if part.get("type") == 10)


def _walk(parts: Iterable[JsonObject]) -> Iterable[JsonObject]:
    for part in parts:
        yield part
        yield from _walk(objects(part.get("components")))
        inner = [part.get(key) for key in ("accessory", "component")]
        yield from _walk(item for item in inner if isinstance(item, dict))


class World:
    """The state; every question that the platform answers with a refusal raises it."""

    def __init__(self, clock: Clock, application_id: int, bot_name: str) -> None:
        self.clock = clock
        self.application_id = application_id
        self.bot = User(application_id, bot_name, bot=True)
        self.users: dict[int, User] = {self.bot.id: self.bot}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.messages: dict[int, dict[int, Message]] = {}
        self.denied: dict[int, RefusalError] = {}
        self.files: dict[int, Upload] = {}
        self.cdn = ""
        self._dm_of: dict[int, int] = {}
        self._last_id = 0

    def snowflake(self) -> int:
        """A new id: later ones are larger, and it holds the wall time."""
        self._last_id = max(self._last_id + 1, (int(self.clock.wall() * 1000) - EPOCH_MS) << 22)
        return self._last_id

    def user(self, user_id: int) -> User:
        if user_id not in self.users:
            raise unknown("User")
        return self.users[user_id]

    def guild(self, guild_id: int) -> Guild:
        guild = self.guilds.get(guild_id)
        if guild is None:
            raise unknown("Guild")
        if not guild.has_bot:
            raise missing_access()
        return guild

    def channel(self, channel_id: int) -> Channel:
        """A channel that the bot can see."""
        channel = self.channels.get(channel_id)
        if channel is None:
            raise unknown("Channel")
        if channel.guild_id is not None:
            self.guild(channel.guild_id)
        elif self.bot.id not in channel.people:
            raise missing_access()
        if channel_id in self.denied:
            raise self.denied[channel_id]
        return channel

    def dm_channel(self, user_id: int) -> Channel:
        """The channel between the bot and one person; made at first use."""
        self.user(user_id)
        known = self._dm_of.get(user_id)
        if known is not None:
            return self.channels[known]
        channel = Channel(self.snowflake(), DM, people=(self.bot.id, user_id))
        self.channels[channel.id] = channel
        self._dm_of[user_id] = channel.id
        return channel

    def accepts_dm(self, user_id: int) -> bool:
        user = self.user(user_id)
        if user.dm_open is not None:
            return user.dm_open
        return user.installed or any(guild.has_bot and user_id in guild.members for guild in self.guilds.values())

    def place(self, channel_id: int) -> Channel:
        """Any channel, for a test's person; `ScriptError` if there is none."""
        if channel_id not in self.channels:
            raise ScriptError(f"There is no channel {channel_id}.")
        return self.channels[channel_id]

    def put(self, message: Message) -> Message:
        self.messages.setdefault(message.channel_id, {})[message.id] = message
        return message

    def message(self, channel_id: int, message_id: int) -> Message:
        """A message that the bot can read through the channel: ephemeral ones cannot be read so."""
        message = self.messages.get(channel_id, {}).get(message_id)
        if message is None or message.ephemeral:
            raise unknown("Message")
        return message

    def any_message(self, message_id: int) -> Message:
        """A message wherever it is, for a test; `ScriptError` if it does not exist (any more)."""
        for found in self.messages.values():
            if message_id in found:
                return found[message_id]
        raise ScriptError(f"There is no message {message_id}.")

    def change_user(self, user_id: int, *, dm_open: bool | None) -> None:
        self.users[user_id] = replace(self.user(user_id), dm_open=dm_open)
