"""Registering the commands: only when Discord has others, since it allows few registrations a day."""

import aiohttp
import discord
import structlog
from msgspec import DecodeError, Struct, ValidationError, convert, json

from bot.platforms.discord.errors import NoAnswer, NotSent
from bot.platforms.discord.rest import Rest
from bot.platforms.discord.tree import Tree

log = structlog.get_logger()


class _Choice(Struct, frozen=True):
    name: str
    value: str | int | float


class _Option(Struct, frozen=True):
    """What people see of an option; absent keys mean what Discord takes them to mean."""

    type: int
    name: str
    description: str
    required: bool = False
    autocomplete: bool = False
    choices: tuple[_Choice, ...] = ()
    options: tuple["_Option", ...] = ()


class _Registered(Struct, frozen=True):
    """What people see of a command."""

    name: str
    description: str = ""
    type: int = 1
    options: tuple[_Option, ...] = ()
    contexts: frozenset[int] | None = None
    integration_types: frozenset[int] = frozenset((0,))


async def register(tree: Tree, rest: Rest, application: int) -> bool:
    """Make Discord's commands ours; return False if that has to be tried again later."""
    try:
        answer = await rest.call("GET", f"/applications/{application}/commands")
        if answer.ok and _registered(answer.body) == _declared(tree):
            return True
        made = await tree.sync()
    except (NotSent, NoAnswer, discord.DiscordException, aiohttp.ClientError, OSError) as failure:
        log.warning("discord.not_registered", reason=str(failure))
        return False
    log.info("discord.registered", commands=len(made))
    return True


def _registered(body: bytes) -> dict[str, _Registered] | None:
    try:
        return {each.name: each for each in json.decode(body, type=tuple[_Registered, ...])}
    except DecodeError:
        return None


def _declared(tree: Tree) -> dict[str, _Registered] | None:
    payload = [command.to_dict(tree) for command in tree.get_commands()]
    try:
        return {each.name: each for each in convert(payload, type=tuple[_Registered, ...])}
    except ValidationError:
        return None
