"""Every REST route: its address, who may call it, which limit applies, and what it does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from tests.fakes.discord.answers import Answers
from tests.fakes.discord.commands import Commands
from tests.fakes.discord.gateway import Gateway
from tests.fakes.discord.log import Upload
from tests.fakes.discord.messages import Draft, Messages
from tests.fakes.discord.refusals import RefusalError, unknown
from tests.fakes.discord.shapes import channel_json, guild_json, member_json, message_json, role_json, user_json
from tests.fakes.discord.wire import Json, as_id, as_object, objects
from tests.fakes.discord.world import Channel, Guild, Message, World


@dataclass(frozen=True, slots=True)
class Platform:
    """All that a route may ask."""

    world: World
    commands: Commands
    messages: Messages
    answers: Answers
    gateway: Gateway
    gateway_url: str


@dataclass(frozen=True, slots=True)
class Call:
    """One parsed request."""

    params: Mapping[str, str]
    query: Mapping[str, str]
    body: Json
    uploads: tuple[Upload, ...]

    def number(self, name: str) -> int:
        value = as_id(self.params[name])
        if value is None:
            raise RefusalError(
                400,
                50035,
                "Invalid Form Body",
                {
                    name: {
                        "_errors": [
                            {"code": "NUMBER_TYPE_COERCE", "message": f'Value "{self.params[name]}" is not snowflake.'}
                        ]
                    }
                },
            )
        return value

    @property
    def draft(self) -> Draft:
        return Draft(as_object(self.body), self.uploads)


@dataclass(frozen=True, slots=True)
class Done:
    """What an executed request answers, and what the judge notes about it."""

    body: Json = None
    status: int = 200
    message_id: int | None = None
    deduplicated: bool = False
    pings: tuple[str, ...] = ()


_NO_CONTENT = Done(status=204)
Handler: TypeAlias = Callable[[Platform, Call], Done]
Bucket: TypeAlias = Literal["", "channel", "webhook"]


def _me(platform: Platform, _call: Call) -> Done:
    user = user_json(platform.world.bot)
    return Done({**user, "verified": True, "mfa_enabled": True, "email": None, "flags": 0, "locale": "en-US"})


def _user(platform: Platform, call: Call) -> Done:
    return Done(user_json(platform.world.user(call.number("user"))))


def _application(platform: Platform, _call: Call) -> Done:
    world = platform.world
    return Done(
        {
            "id": str(world.application_id),
            "name": world.bot.name,
            "icon": None,
            "description": "",
            "bot_public": True,
            "bot_require_code_grant": False,
            "verify_key": "0" * 64,
            "flags": 0,
            "owner": user_json(world.bot),
            "team": None,
            "interactions_endpoint_url": None,
            "approximate_guild_count": len(world.guilds),
            "integration_types_config": {"0": {}, "1": {}},
        }
    )


def _gateway(platform: Platform, _call: Call) -> Done:
    return Done({"url": platform.gateway_url})


def _gateway_bot(platform: Platform, _call: Call) -> Done:
    return Done({"url": platform.gateway_url, "shards": 1, "session_start_limit": platform.gateway.start_limit()})


def _scope(platform: Platform, call: Call) -> int | None:
    if as_id(call.params["application"]) != platform.world.application_id:
        raise RefusalError(403, 20012, "You are not authorized to perform this action on this application")
    return platform.world.guild(call.number("guild")).id if "guild" in call.params else None


def _list_commands(platform: Platform, call: Call) -> Done:
    return Done([command.body for command in platform.commands.of(_scope(platform, call))])


def _overwrite_commands(platform: Platform, call: Call) -> Done:
    guild_id = _scope(platform, call)
    if not isinstance(call.body, list):
        raise RefusalError(
            400,
            50035,
            "Invalid Form Body",
            {"_errors": [{"code": "LIST_TYPE_CONVERT", "message": "Only iterables may be used in a ListType."}]},
        )
    return Done([command.body for command in platform.commands.overwrite(guild_id, objects(call.body))])


def _create_command(platform: Platform, call: Call) -> Done:
    command, is_new = platform.commands.upsert(_scope(platform, call), as_object(call.body))
    return Done(command.body, status=201 if is_new else 200)


def _get_command(platform: Platform, call: Call) -> Done:
    return Done(platform.commands.get(_scope(platform, call), call.number("command")).body)


def _edit_command(platform: Platform, call: Call) -> Done:
    return Done(platform.commands.change(_scope(platform, call), call.number("command"), as_object(call.body)).body)


def _delete_command(platform: Platform, call: Call) -> Done:
    platform.commands.remove(_scope(platform, call), call.number("command"))
    return _NO_CONTENT


def _callback(platform: Platform, call: Call) -> Done:
    _, answer, message = platform.answers.callback(call.number("interaction"), call.params["token"], call.draft)
    with_body = call.query.get("with_response", "").lower() in {"1", "true"}
    noted = (None, ()) if message is None else (message.id, message.pings)
    return Done(answer if with_body else None, 200 if with_body else 204, noted[0], False, noted[1])


def _shown(platform: Platform, message: Message, status: int = 200) -> Done:
    return Done(message_json(platform.world, message), status, message.id, False, message.pings)


def _follow_up(platform: Platform, call: Call) -> Done:
    holder = platform.answers.holder(call.params["application"], call.params["token"])
    return _shown(platform, platform.answers.follow_up(holder, call.draft))


def _get_answer(platform: Platform, call: Call) -> Done:
    holder = platform.answers.holder(call.params["application"], call.params["token"])
    return _shown(platform, platform.answers.get(holder, call.params["message"]))


def _edit_answer(platform: Platform, call: Call) -> Done:
    holder = platform.answers.holder(call.params["application"], call.params["token"])
    return _shown(platform, platform.answers.edit(holder, call.params["message"], call.draft))


def _delete_answer(platform: Platform, call: Call) -> Done:
    holder = platform.answers.holder(call.params["application"], call.params["token"])
    platform.answers.delete(holder, call.params["message"])
    return _NO_CONTENT


def _send(platform: Platform, call: Call) -> Done:
    message, is_new = platform.messages.send(call.number("channel"), call.draft)
    return Done(message_json(platform.world, message), 200, message.id, not is_new, message.pings)


def _history(platform: Platform, call: Call) -> Done:
    found = platform.messages.history(call.number("channel"), call.query)
    return Done([message_json(platform.world, message) for message in found])


def _get_message(platform: Platform, call: Call) -> Done:
    platform.world.channel(call.number("channel"))
    return _shown(platform, platform.world.message(call.number("channel"), call.number("message")))


def _edit_message(platform: Platform, call: Call) -> Done:
    return _shown(platform, platform.messages.edit(call.number("channel"), call.number("message"), call.draft))


def _delete_message(platform: Platform, call: Call) -> Done:
    platform.messages.delete(call.number("channel"), call.number("message"))
    return _NO_CONTENT


def _typing(platform: Platform, call: Call) -> Done:
    platform.world.channel(call.number("channel"))
    return _NO_CONTENT


def _open_dm(platform: Platform, call: Call) -> Done:
    user_id = as_id(as_object(call.body).get("recipient_id"))
    if user_id is None or user_id not in platform.world.users:
        raise unknown("User")
    if user_id == platform.world.bot.id:
        raise RefusalError(400, 50007, "Cannot send messages to this user")
    return Done(channel_json(platform.world, platform.world.dm_channel(user_id)))


def _channel(platform: Platform, call: Call) -> Done:
    return Done(channel_json(platform.world, platform.world.channel(call.number("channel"))))


def _found_guild(platform: Platform, call: Call) -> Guild:
    return platform.world.guild(call.number("guild"))


def _guild(platform: Platform, call: Call) -> Done:
    return Done(guild_json(platform.world, _found_guild(platform, call)))


def _guild_channels(platform: Platform, call: Call) -> Done:
    guild = _found_guild(platform, call)

    def is_there(channel: Channel) -> bool:
        return channel.guild_id == guild.id

    return Done(
        [channel_json(platform.world, channel) for channel in filter(is_there, platform.world.channels.values())]
    )


def _guild_roles(platform: Platform, call: Call) -> Done:
    return Done([role_json(_found_guild(platform, call))])


def _member(platform: Platform, call: Call) -> Done:
    guild, user_id = _found_guild(platform, call), call.number("user")
    if user_id not in guild.members and user_id != platform.world.bot.id:
        raise unknown("Member")
    return Done(member_json(platform.world.user(user_id)))


_APP, _IN = "/applications/{application}/commands", "/applications/{application}/guilds/{guild}/commands"
_MESSAGES, _HOOK = "/channels/{channel}/messages", "/webhooks/{application}/{token}"
_COMMAND_ROUTES: tuple[tuple[str, str, Handler, Bucket], ...] = tuple(
    route
    for base in (_APP, _IN)
    for route in (
        ("GET", base, _list_commands, ""),
        ("PUT", base, _overwrite_commands, ""),
        ("POST", base, _create_command, ""),
        ("GET", f"{base}/{{command}}", _get_command, ""),
        ("PATCH", f"{base}/{{command}}", _edit_command, ""),
        ("DELETE", f"{base}/{{command}}", _delete_command, ""),
    )
)
ROUTES: tuple[tuple[str, str, Handler, Bucket], ...] = (
    ("POST", _MESSAGES, _send, "channel"),
    ("POST", "/interactions/{interaction}/{token}/callback", _callback, ""),
    ("POST", _HOOK, _follow_up, "webhook"),
    ("GET", f"{_HOOK}/messages/{{message}}", _get_answer, "webhook"),
    ("PATCH", f"{_HOOK}/messages/{{message}}", _edit_answer, "webhook"),
    ("DELETE", f"{_HOOK}/messages/{{message}}", _delete_answer, "webhook"),
    ("GET", _MESSAGES, _history, "channel"),
    ("GET", f"{_MESSAGES}/{{message}}", _get_message, "channel"),
    ("PATCH", f"{_MESSAGES}/{{message}}", _edit_message, "channel"),
    ("DELETE", f"{_MESSAGES}/{{message}}", _delete_message, "channel"),
    ("POST", "/channels/{channel}/typing", _typing, "channel"),
    ("POST", "/users/@me/channels", _open_dm, ""),
    ("GET", "/channels/{channel}", _channel, ""),
    ("GET", "/guilds/{guild}", _guild, ""),
    ("GET", "/guilds/{guild}/channels", _guild_channels, ""),
    ("GET", "/guilds/{guild}/roles", _guild_roles, ""),
    ("GET", "/guilds/{guild}/members/{user}", _member, ""),
    ("GET", "/users/@me", _me, ""),
    ("GET", "/users/{user}", _user, ""),
    ("GET", "/oauth2/applications/@me", _application, ""),
    ("GET", "/applications/@me", _application, ""),
    ("GET", "/gateway", _gateway, ""),
    ("GET", "/gateway/bot", _gateway_bot, ""),
    *_COMMAND_ROUTES,
)
