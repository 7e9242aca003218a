"""The catalogue as Discord's slash commands: names, options, choices and suggestions, generated."""

import inspect
import keyword
from collections.abc import Callable, Coroutine, Mapping
from typing import TypeAlias

import discord
import structlog
from discord import app_commands
from discord.app_commands import AppCommandContext, AppInstallationType

from bot.platforms.discord.asked import Interaction
from bot.platforms.discord.desk import Desk
from handlers.declaration import Command, Parameter
from handlers.params import COUNT
from services.domain.language import say

log = structlog.get_logger()
_DESCRIPTION, _MOST_CHOICES = 100, 25
_BARE = "show"  # a group's own command; Discord has no group that is also a command
Callback: TypeAlias = Callable[..., Coroutine[object, object, None]]
Leaf: TypeAlias = app_commands.Command[discord.app_commands.Group, ..., None]


class Tree(app_commands.CommandTree[discord.Client]):
    """All commands, for servers and for people who installed the bot themselves."""

    def __init__(self, client: discord.Client, commands: tuple[Command, ...], desk: Desk) -> None:
        super().__init__(
            client,
            allowed_contexts=AppCommandContext(guild=True, dm_channel=True, private_channel=True),
            allowed_installs=AppInstallationType(guild=True, user=True),
        )
        self._desk = desk
        for name, members in _groups(commands).items():
            self.add_command(_leaf(name, members[0], desk) if _is_alone(members) else _group(name, members, desk))

    async def on_error(self, interaction: Interaction, error: app_commands.AppCommandError, /) -> None:
        """Answer what no longer fits our commands; log the rest, it is a fault of ours."""
        if isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch):
            await self._desk.refuse(interaction, say("This command has changed. Reload Discord and try again."))
            return
        log.error("discord.command_failed", exc_info=error.__cause__ or error)


def words(command: Command, options: Mapping[str, str | int | None]) -> dict[str, tuple[str, ...]]:
    """Return the words of each parameter from the options given; a currency behind many coins is the currency."""
    found: dict[str, tuple[str, ...]] = {}
    for parameter in command.parameters:
        value = options.get(parameter.name)
        if value is not None and str(value).strip():
            found[parameter.name] = tuple(str(value).split()) if parameter.many else (str(value),)
    for at, parameter in enumerate(command.parameters):
        listed = found.get(parameter.name, ())
        if parameter.many and len(listed) > 1:
            taker = _taker(command.parameters[at + 1 :], listed[-1], found)
            if taker is not None:
                found[parameter.name], found[taker] = listed[:-1], listed[-1:]
    return found


def _taker(following: tuple[Parameter, ...], word: str, found: Mapping[str, object]) -> str | None:
    takers = (each.name for each in following if each.name not in found and not each.many and each.kind.accepts(word))
    return next(takers, None)


def _groups(commands: tuple[Command, ...]) -> dict[str, list[Command]]:
    groups: dict[str, list[Command]] = {}
    for command in commands:
        groups.setdefault(command.path[0], []).append(command)
    return groups


def _is_alone(members: list[Command]) -> bool:
    return len(members) == 1 and len(members[0].path) == 1


def _group(name: str, members: list[Command], desk: Desk) -> app_commands.Group:
    names = [member.path[1] if len(member.path) > 1 else _BARE for member in members]
    group = app_commands.Group(name=name, description=_cut(", ".join(names)))
    for leaf, member in zip(names, members, strict=True):
        group.add_command(_leaf(leaf, member, desk))
    return group


def _leaf(name: str, command: Command, desk: Desk) -> Leaf:
    async def callback(interaction: Interaction, **options: str | int | None) -> None:
        given = {option.removesuffix("_"): value for option, value in options.items()}
        await desk.command(interaction, command, words(command, given))

    leaf: Leaf = app_commands.Command(
        name=name, description=_cut(command.summary), callback=_declared(callback, command.parameters)
    )
    for parameter in command.parameters:
        if parameter.kind.complete is not None and not parameter.choices:
            leaf.autocomplete(_identifier(parameter))(_suggesting(command, parameter, desk))
    return leaf


def _declared(callback: Callback, parameters: tuple[Parameter, ...]) -> Callback:
    """Give a callback the signature that the library reads its options from."""
    asked = inspect.Parameter("interaction", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    signature = inspect.Signature([asked, *map(_option, parameters)])
    callback.__signature__ = signature  # type: ignore[attr-defined]  # functions have it; their type does not say so
    if parameters:
        app_commands.describe(**{_identifier(each): _cut(each.kind.summary) for each in parameters})(callback)
        app_commands.rename(**{_identifier(each): each.name for each in parameters})(callback)
        app_commands.choices(**{_identifier(each): _choices(each) for each in parameters if _is_closed(each)})(callback)
    return callback


def _option(parameter: Parameter) -> inspect.Parameter:
    kind = int if parameter.kind is COUNT else str
    return inspect.Parameter(
        _identifier(parameter),
        inspect.Parameter.KEYWORD_ONLY,
        default=inspect.Parameter.empty if parameter.required else None,
        annotation=kind if parameter.required else kind | None,
    )


def _identifier(parameter: Parameter) -> str:
    return f"{parameter.name}_" if keyword.iskeyword(parameter.name) else parameter.name


def _is_closed(parameter: Parameter) -> bool:
    return 0 < len(parameter.choices) <= _MOST_CHOICES and not parameter.many


def _choices(parameter: Parameter) -> list[app_commands.Choice[str | int | float]]:
    return [app_commands.Choice(name=each, value=each) for each in parameter.choices]


def _suggesting(
    command: Command, parameter: Parameter, desk: Desk
) -> Callable[[Interaction, str], Coroutine[object, object, list[app_commands.Choice[str]]]]:
    async def suggest(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        found = await desk.suggest(interaction, command, parameter.name, typed)
        return [app_commands.Choice(name=shown, value=value) for shown, value in found]

    return suggest


def _cut(summary: str) -> str:
    return summary if len(summary) <= _DESCRIPTION else f"{summary[: _DESCRIPTION - 1]}…"
