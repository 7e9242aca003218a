"""The fake itself: one object that a test starts, scripts and questions."""

from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

from aiohttp import web

from tests.fakes.discord.answers import Answers
from tests.fakes.discord.commands import Command, Commands
from tests.fakes.discord.faults import Faults
from tests.fakes.discord.gateway import Gateway
from tests.fakes.discord.inputs import Value
from tests.fakes.discord.intents import MESSAGE_CONTENT
from tests.fakes.discord.interactions import Interaction
from tests.fakes.discord.limits import Clock, Limits
from tests.fakes.discord.log import Entry, Log, RestCall
from tests.fakes.discord.messages import Messages
from tests.fakes.discord.people import People
from tests.fakes.discord.refusals import RefusalError
from tests.fakes.discord.rest import Rest
from tests.fakes.discord.routes import Platform
from tests.fakes.discord.shapes import guild_create_json
from tests.fakes.discord.wire import JsonObject
from tests.fakes.discord.world import DM, GROUP_DM, TEXT, Channel, Guild, Message, User, World

_API = "/api/v10"
_SEND = "/channels/{channel}/messages"


class FakeDiscord:
    """REST and gateway on one loopback port; use it as an async context manager."""

    def __init__(
        self,
        token: str,
        *,
        limits: Limits | None = None,
        application_id: int = 1_100_000_000_000_000_001,
        bot_name: str = "Flowbell",
        granted_intents: int = MESSAGE_CONTENT,
        port: int = 0,
    ) -> None:
        self.token = token
        self.limits = limits or Limits()
        self.clock = Clock()
        self.log = Log()
        self.faults = Faults()
        self.world = World(self.clock, application_id, bot_name)
        self.gateway = Gateway(self.world, self.limits, self.log, token, granted_intents=granted_intents)
        self.commands = Commands(self.world, self.limits)
        messages = Messages(self.world, self.limits, self.gateway.dispatch)
        self.answers = Answers(self.world, self.limits, messages)
        self._messages = messages
        self._people = People(self.world, self.commands, self.answers, self.log)
        self._people.dispatch = self.gateway.dispatch
        self._port = port
        self._rest: Rest | None = None
        self._runner: web.ServerRunner | None = None

    async def __aenter__(self) -> Self:
        self._runner = web.ServerRunner(
            web.Server(self._serve, access_log=None, keepalive_timeout=75.0), shutdown_timeout=0.1
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = int(self._runner.addresses[0][1])
        self.world.cdn = f"http://127.0.0.1:{self._port}"
        self.gateway.resume_url = f"ws://127.0.0.1:{self._port}/gateway/resume"
        platform = Platform(self.world, self.commands, self._messages, self.answers, self.gateway, self.gateway_url)
        self._rest = Rest(platform, self.limits, self.log, self.faults, self.token)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._runner is not None
        self.rest.stopping.set()
        self.gateway.drop()
        await self._runner.cleanup()

    @property
    def rest(self) -> Rest:
        assert self._rest is not None, "The fake is not running."
        return self._rest

    @property
    def api_base(self) -> str:
        return f"http://127.0.0.1:{self._port}{_API}"

    @property
    def gateway_url(self) -> str:
        return f"ws://127.0.0.1:{self._port}/gateway"

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.path
        if path.startswith(f"{_API}/"):
            return await self.rest.serve(request, path[len(_API) :])
        if path in {"/gateway", "/gateway/", "/gateway/resume"}:
            return await self.gateway.serve(request)
        if path.startswith("/attachments/"):
            upload = self.world.files.get(int(path.split("/")[2]))
            return web.Response(status=404) if upload is None else web.Response(body=upload.content)
        return await self.other(request)

    async def other(self, request: web.BaseRequest) -> web.StreamResponse:
        """Any other address; the stand-alone process adds its controls here."""
        return web.Response(status=404, text=f"No {request.path} here.")

    # People and places

    def add_user(
        self, user_id: int, name: str, *, installed: bool = False, dm_open: bool | None = None, locale: str = "en-US"
    ) -> User:
        """A person. `installed`: has the app on the own account, usable everywhere."""
        self.world.users[user_id] = User(user_id, name, installed=installed, dm_open=dm_open, locale=locale)
        return self.world.users[user_id]

    def add_guild(
        self,
        guild_id: int,
        name: str = "Desk",
        *,
        channels: Sequence[int] = (),
        members: Sequence[int] = (),
        has_bot: bool = True,
    ) -> Guild:
        """A server with text channels; a connected bot hears that it joined."""
        guild = Guild(guild_id, name, members[0] if members else self.world.bot.id, frozenset(members), has_bot)
        self.world.guilds[guild_id] = guild
        for channel_id in channels:
            self.world.channels[channel_id] = Channel(channel_id, TEXT, f"channel-{channel_id}", guild_id)
        if has_bot:
            self.gateway.dispatch("GUILD_CREATE", guild_create_json(self.world, guild, joined_now=True), guild_id)
        return guild

    def remove_guild(self, guild_id: int) -> None:
        """The bot is thrown out: what was a channel answers 403 (50001)."""
        guild = self.world.guilds[guild_id]
        self.world.guilds[guild_id] = Guild(guild.id, guild.name, guild.owner_id, guild.members, has_bot=False)
        self.gateway.dispatch("GUILD_DELETE", {"id": str(guild_id)}, guild_id)

    def remove_channel(self, channel_id: int) -> None:
        """It no longer exists: 404 (10003)."""
        self.gateway.announce_channel("CHANNEL_DELETE", channel_id)
        del self.world.channels[channel_id]

    def deny(self, channel_id: int, refusal: RefusalError | None) -> None:
        """Refuse everything in a channel from now on, e.g. with `missing_permissions()`; None allows it again."""
        self.world.denied.pop(channel_id, None)
        if refusal is not None:
            self.world.denied[channel_id] = refusal

    def dm_channel(self, user_id: int) -> int:
        """The id of the channel between the bot and a person."""
        return self.world.dm_channel(user_id).id

    def private_channel(self, *people: int) -> int:
        """A channel between people without the bot, where only their own installation of the app works."""
        channel = Channel(self.world.snowflake(), DM if len(people) == 2 else GROUP_DM, people=people)
        self.world.channels[channel.id] = channel
        return channel.id

    def dm_open(self, user_id: int, accepts: bool | None) -> None:
        """Whether direct messages are accepted; None decides by shared servers and installation."""
        self.world.change_user(user_id, dm_open=accepts)

    # What people do

    async def slash(
        self, user_id: int, line: str, options: Mapping[str, Value] | None = None, *, channel_id: int | None = None
    ) -> Interaction:
        """Send a registered command, e.g. `/alerts list`; without a channel in the direct messages with the bot."""
        return self._people.slash(user_id, line, options or {}, channel_id)

    async def autocomplete(
        self,
        user_id: int,
        line: str,
        options: Mapping[str, Value],
        focused: str,
        *,
        channel_id: int | None = None,
        within: float = 5.0,
    ) -> tuple[JsonObject, ...]:
        """Type in the focused option and wait for its suggestions."""
        interaction = self._people.typed(user_id, line, options, focused, channel_id)
        return await interaction.suggestions(within)

    async def user_menu(self, user_id: int, name: str, target_id: int, *, channel_id: int | None = None) -> Interaction:
        return self._people.user_menu(user_id, name, target_id, channel_id)

    async def message_menu(self, user_id: int, name: str, message_id: int) -> Interaction:
        return self._people.message_menu(user_id, name, message_id)

    async def press(self, user_id: int, message_id: int, button: str, *, forged: bool = False) -> Interaction:
        """Press a button by its id or label. Forged: any id, whether or not it is on the message."""
        return self._people.press(user_id, message_id, button, forged=forged)

    async def choose(
        self, user_id: int, message_id: int, custom_id: str, values: Sequence[str], *, forged: bool = False
    ) -> Interaction:
        """Choose values in a menu."""
        return self._people.choose(user_id, message_id, custom_id, values, forged=forged)

    async def submit(self, opened: Interaction, values: Mapping[str, str | Sequence[str]]) -> Interaction:
        """Send the form that an interaction opened, by the ids of its inputs."""
        return self._people.submit(opened, values)

    async def say(self, user_id: int, content: str, *, channel_id: int | None = None) -> Message:
        """Write an ordinary message."""
        place = self.dm_channel(user_id) if channel_id is None else channel_id
        return self._messages.say(user_id, place, content)

    # What happens to the gateway

    def drop(self) -> None:
        """Cut every gateway connection without a word."""
        self.gateway.drop()

    async def close(self, code: int) -> None:
        """Close every gateway connection with a code."""
        await self.gateway.close(code)

    async def ready(self, within: float = 10.0) -> None:
        """Wait until a session has a live connection."""
        await self.log.until(lambda: self.gateway.ready_sessions > 0, within)

    # What the judge knows

    async def wait_for(self, predicate: Callable[[Entry], bool], within: float = 5.0, since: int = 0) -> Entry:
        """The first log entry from index `since` on that fits, past or to come."""
        return await self.log.wait_for(predicate, within, since)

    async def until(self, condition: Callable[[], bool], within: float = 5.0) -> None:
        """Wait until a condition on the fake's state holds; looked at after every event."""
        await self.log.until(condition, within)

    def registered(self, guild_id: int | None = None) -> tuple[Command, ...]:
        return self.commands.of(guild_id)

    def message(self, message_id: int) -> Message:
        return self.world.any_message(message_id)

    def messages(self, channel_id: int) -> tuple[Message, ...]:
        """What stands in a channel now, oldest first, ephemeral ones included."""
        return tuple(self.world.messages.get(channel_id, {}).values())

    def sent(self, channel_id: int | None = None) -> tuple[RestCall, ...]:
        """The executed channel sends in order of arrival: each made exactly one new message."""
        calls = (call for call in self.log.calls("POST", _SEND) if call.executed)
        return tuple(call for call in calls if channel_id is None or call.path == f"/channels/{channel_id}/messages")

    def invalid_requests(self) -> int:
        """Answers 401, 403 and 429 in the last ten minutes."""
        return self.rest.rates.invalid_requests()

    def identifies_today(self) -> int:
        return self.gateway.identifies_today()

    def interactions(self) -> tuple[Interaction, ...]:
        return self.answers.all()
