"""What people do in the client: each action is checked against what the client would let them do."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tests.fakes.discord import interactions
from tests.fakes.discord.answers import Answers
from tests.fakes.discord.command_rules import CHAT_INPUT, MESSAGE_MENU, USER_MENU
from tests.fakes.discord.commands import Command, Commands
from tests.fakes.discord.component_rules import BUTTON, SELECTS, STRING_SELECT, flatten
from tests.fakes.discord.inputs import Value, focused_option, modal_components, slash_data, user_resolved
from tests.fakes.discord.interactions import Interaction, Opening
from tests.fakes.discord.log import Log
from tests.fakes.discord.refusals import ScriptError
from tests.fakes.discord.shapes import channel_json, member_json, message_json, user_json
from tests.fakes.discord.wire import Json, JsonObject, as_int, as_text, objects
from tests.fakes.discord.world import DM, FULL_PERMISSIONS, LINK_BUTTON, Channel, Message, User, World

_IN_GUILD, _IN_BOT_DM, _IN_PRIVATE = 0, 1, 2
_UPLOAD_LIMIT = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where a person acts, and by whose installation."""

    user: User
    channel: Channel
    context: int
    owners: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Act:
    kind: int
    name: str
    data: JsonObject
    message: Message | None = None
    focused_kind: int = 0
    source_id: int | None = None


class People:
    def __init__(self, world: World, commands: Commands, answers: Answers, log: Log) -> None:
        self._world = world
        self._commands = commands
        self._answers = answers
        self._log = log
        self.dispatch: Callable[[str, JsonObject, int | None], int] = lambda _event, _data, _guild: 0

    def slash(self, user_id: int, line: str, options: Mapping[str, Value], channel_id: int | None) -> Interaction:
        """Send a chat command, e.g. `/alerts list`."""
        spot = self._spot(user_id, channel_id)
        command, path = self._find(spot, CHAT_INPUT, line)
        data, _ = slash_data(self._world, command, path, options)
        owners = _installs(command, spot)
        return self._start(_with(spot, owners), _Act(interactions.COMMAND, line.lstrip("/"), data))

    def typed(
        self, user_id: int, line: str, options: Mapping[str, Value], focused: str, channel_id: int | None
    ) -> Interaction:
        """Type in an option that has suggestions."""
        spot = self._spot(user_id, channel_id)
        command, path = self._find(spot, CHAT_INPUT, line)
        data, leaf = slash_data(self._world, command, path, options, focused=focused)
        kind = focused_option(leaf, focused)
        act = _Act(interactions.AUTOCOMPLETE, line.lstrip("/"), data, focused_kind=kind)
        return self._start(_with(spot, _installs(command, spot)), act)

    def user_menu(self, user_id: int, name: str, target_id: int, channel_id: int | None) -> Interaction:
        """Choose an app's entry in the menu of a person."""
        spot = self._spot(user_id, channel_id)
        command, _ = self._find(spot, USER_MENU, name)
        resolved = user_resolved(self._world, [target_id], spot.channel.guild_id)
        data: JsonObject = _menu_data(command, target_id, resolved)
        return self._start(_with(spot, _installs(command, spot)), _Act(interactions.COMMAND, name, data))

    def message_menu(self, user_id: int, name: str, message_id: int) -> Interaction:
        """Choose an app's entry in the menu of a message."""
        message = self._world.any_message(message_id)
        spot = self._spot(user_id, message.channel_id)
        command, _ = self._find(spot, MESSAGE_MENU, name)
        resolved: JsonObject = {"messages": {str(message_id): message_json(self._world, message)}}
        data = _menu_data(command, message_id, resolved)
        return self._start(_with(spot, _installs(command, spot)), _Act(interactions.COMMAND, name, data))

    def press(self, user_id: int, message_id: int, button: str, *, forged: bool) -> Interaction:
        """Press a button, named by its id or its label; a forged press may name one that is not there."""
        message = self._world.any_message(message_id)
        spot = self._spot(user_id, message.channel_id)
        custom_id = button if forged else self._button(spot.user, message, button)
        data: JsonObject = {"component_type": BUTTON, "custom_id": custom_id, "id": 1}
        act = _Act(interactions.COMPONENT, custom_id, data, message, source_id=message.id)
        return self._start(_with(spot, self._owners_of(message, spot)), act)

    def choose(
        self, user_id: int, message_id: int, custom_id: str, values: Sequence[str], *, forged: bool
    ) -> Interaction:
        """Choose in a menu."""
        message = self._world.any_message(message_id)
        spot = self._spot(user_id, message.channel_id)
        menu: JsonObject = {"type": STRING_SELECT} if forged else self._menu(spot.user, message, custom_id, values)
        data: dict[str, Json] = {
            "component_type": menu.get("type"),
            "custom_id": custom_id,
            "values": list(values),
            "id": 1,
        }
        if menu.get("type") == 5:
            data["resolved"] = user_resolved(self._world, [int(value) for value in values], spot.channel.guild_id)
        act = _Act(interactions.COMPONENT, custom_id, data, message, source_id=message.id)
        return self._start(_with(spot, self._owners_of(message, spot)), act)

    def submit(self, opened: Interaction, values: Mapping[str, str | Sequence[str]]) -> Interaction:
        """Fill in and send the form that an interaction opened; a form can be sent once."""
        modal = opened.progress.modal
        if modal is None or opened.progress.submitted:
            raise ScriptError("There is no open form.")
        components = modal_components(modal, values)
        opened.progress.submitted = True
        opening = opened.opening
        spot = self._spot(opening.user_id, opening.channel_id)
        data: JsonObject = {"custom_id": modal.get("custom_id"), "components": components}
        source = self._world.messages.get(opening.channel_id, {}).get(opening.source_id or 0)
        act = _Act(
            interactions.MODAL_SUBMIT, opening.name, data, source, source_id=None if source is None else source.id
        )
        return self._start(_with(spot, opening.owners), act)

    def _spot(self, user_id: int, channel_id: int | None) -> _Spot:
        user = self._world.user(user_id)
        channel = self._world.dm_channel(user_id) if channel_id is None else self._world.place(channel_id)
        owners: dict[str, str] = {"1": str(user_id)} if user.installed else {}
        if channel.guild_id is None:
            if user_id not in channel.people:
                raise ScriptError(f"{user.name} is not in channel {channel.id}.")
            is_bot_dm = channel.kind == DM and self._world.bot.id in channel.people
            if is_bot_dm:
                owners["0"] = "0"
            return _Spot(user, channel, _IN_BOT_DM if is_bot_dm else _IN_PRIVATE, owners)
        guild = self._world.guilds[channel.guild_id]
        if user_id not in guild.members:
            raise ScriptError(f"{user.name} is not a member of {guild.name}.")
        if guild.has_bot:
            owners["0"] = str(guild.id)
        return _Spot(user, channel, _IN_GUILD, owners)

    def _find(self, spot: _Spot, kind: int, line: str) -> tuple[Command, list[str]]:
        name, *path = line.lstrip("/").split() if kind == CHAT_INPUT else [line]
        offered = [command for command in self._commands.offered(spot.channel.guild_id) if command.kind == kind]
        for command in offered:
            if command.name == name:
                return command, path
        known = ", ".join(sorted(command.name for command in offered)) or "none"
        raise ScriptError(f"No command {name!r} is registered here; registered: {known}.")

    def _button(self, user: User, message: Message, name: str) -> str:
        self._can_see(user, message)
        buttons = [part for part in message.parts() if part.get("type") == BUTTON and part.get("style") != LINK_BUTTON]
        found = [part for part in buttons if name in {part.get("custom_id"), part.get("label")}]
        if len(found) != 1 or found[0].get("disabled"):
            raise ScriptError(f"No single enabled button {name!r} is on message {message.id}: {message.buttons}.")
        return as_text(found[0].get("custom_id"))

    def _menu(self, user: User, message: Message, custom_id: str, values: Sequence[str]) -> JsonObject:
        self._can_see(user, message)
        menus = [part for part in flatten(message.components) if part.get("type") in SELECTS]
        found = [part for part in menus if part.get("custom_id") == custom_id and not part.get("disabled")]
        if not found:
            raise ScriptError(f"No menu {custom_id!r} is on message {message.id}.")
        menu = found[0]
        choices = {as_text(option.get("value")) for option in objects(menu.get("options"))}
        if menu.get("type") == STRING_SELECT and not set(values) <= choices:
            raise ScriptError(f"{values} are not among the choices {sorted(choices)}.")
        if not as_int(menu.get("min_values"), 1) <= len(values) <= as_int(menu.get("max_values"), 1):
            raise ScriptError(f"The menu does not take {len(values)} values.")
        return menu

    def _can_see(self, user: User, message: Message) -> None:
        asked = self._answers.find(message.interaction_id)
        if message.ephemeral and (asked is None or asked.opening.user_id != user.id):
            raise ScriptError(f"Message {message.id} is shown to somebody else only.")

    def _owners_of(self, message: Message, spot: _Spot) -> Mapping[str, str]:
        asked = self._answers.find(message.interaction_id)
        return spot.owners if asked is None else asked.opening.owners

    def _start(self, spot: _Spot, act: _Act) -> Interaction:
        opening = Opening(
            id=self._world.snowflake(),
            token=secrets.token_hex(40),
            kind=act.kind,
            user_id=spot.user.id,
            channel_id=spot.channel.id,
            guild_id=spot.channel.guild_id,
            owners=spot.owners,
            name=act.name,
            sent_at=self._world.clock.now(),
            source_id=act.source_id,
            focused_kind=act.focused_kind,
        )
        interaction = Interaction(opening, self._world, self._log)
        self._answers.open(interaction)
        interaction.delivered = self.dispatch("INTERACTION_CREATE", self._event(opening, spot, act), opening.guild_id)
        return interaction

    def _event(self, opening: Opening, spot: _Spot, act: _Act) -> JsonObject:
        event: dict[str, Json] = {
            "id": str(opening.id),
            "application_id": str(self._world.application_id),
            "type": act.kind,
            "data": act.data,
            "token": opening.token,
            "version": 1,
            "channel": channel_json(self._world, spot.channel),
            "channel_id": str(spot.channel.id),
            "app_permissions": FULL_PERMISSIONS,
            "locale": spot.user.locale,
            "entitlements": [],
            "authorizing_integration_owners": dict(spot.owners),
            "context": spot.context,
            "attachment_size_limit": _UPLOAD_LIMIT,
        }
        if act.message is not None:
            event["message"] = message_json(self._world, act.message)
        if opening.guild_id is None:
            return event | {"user": user_json(spot.user)}
        guild = self._world.guilds[opening.guild_id]
        return event | {
            "guild_id": str(guild.id),
            "guild": {"id": str(guild.id), "locale": guild.locale, "features": []},
            "guild_locale": guild.locale,
            "member": member_json(spot.user, permissions=FULL_PERMISSIONS),
        }


def _with(spot: _Spot, owners: Mapping[str, str]) -> _Spot:
    return _Spot(spot.user, spot.channel, spot.context, owners)


def _installs(command: Command, spot: _Spot) -> Mapping[str, str]:
    """Whose installation offers the command there: the server's, the person's, or both."""
    if spot.context not in command.contexts():
        raise ScriptError(f"/{command.name} is not offered in context {spot.context}, only in {command.contexts()}.")
    owners = {key: owner for key, owner in spot.owners.items() if int(key) in command.installs()}
    if not owners:
        raise ScriptError(f"/{command.name} is not installed for {spot.user.name} here.")
    return owners


def _menu_data(command: Command, target_id: int, resolved: JsonObject) -> JsonObject:
    return {
        "id": str(command.id),
        "name": command.name,
        "type": command.kind,
        "target_id": str(target_id),
        "resolved": resolved,
    }
