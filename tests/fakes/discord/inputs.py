"""Filling in: the options of a command and the inputs of a form, checked as the client does."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from tests.fakes.discord import command_rules as kinds
from tests.fakes.discord.commands import Command
from tests.fakes.discord.component_rules import LABEL, ROW, TEXT_INPUT
from tests.fakes.discord.log import Upload
from tests.fakes.discord.refusals import ScriptError
from tests.fakes.discord.shapes import attachment_json, channel_json, member_json, role_json, user_json
from tests.fakes.discord.wire import Json, JsonObject, as_int, as_object, as_text, is_int, objects
from tests.fakes.discord.world import Attachment, World

Value: TypeAlias = str | int | float | bool | Upload
_Resolved: TypeAlias = dict[str, dict[str, Json]]


def slash_data(
    world: World, command: Command, path: Sequence[str], options: Mapping[str, Value], focused: str = ""
) -> tuple[JsonObject, Sequence[JsonObject]]:
    """The interaction's data, and the declared options of the chosen (sub)command."""
    chain, declared = _descend(command, path)
    resolved: _Resolved = {}
    values = _values(world, declared, options, focused, resolved)
    for step in reversed(chain):
        values = [{"type": step["type"], "name": step["name"], "options": values}]
    data: dict[str, Json] = {"id": str(command.id), "name": command.name, "type": command.kind, "options": values}
    if resolved:
        data["resolved"] = resolved
    if command.guild_id is not None:
        data["guild_id"] = str(command.guild_id)
    return data, declared


def focused_option(declared: Sequence[JsonObject], name: str) -> int:
    """The type of an option that has suggestions."""
    for option in declared:
        if option.get("name") == name and option.get("autocomplete") is True:
            return as_int(option.get("type"))
    raise ScriptError(f"Option {name!r} has no suggestions.")


def _descend(command: Command, path: Sequence[str]) -> tuple[list[JsonObject], Sequence[JsonObject]]:
    chain: list[JsonObject] = []
    options = objects(command.body.get("options"))
    for name in path:
        found = [option for option in options if option.get("name") == name and option.get("type") in {1, 2}]
        if not found:
            raise ScriptError(f"/{command.name} has no subcommand {name!r}: {_names(options)}.")
        chain.append(found[0])
        options = objects(found[0].get("options"))
    if any(option.get("type") in {kinds.SUBCOMMAND, kinds.GROUP} for option in options):
        raise ScriptError(f"/{command.name} needs a subcommand: {_names(options)}.")
    return chain, options


def _names(options: Sequence[JsonObject]) -> str:
    return ", ".join(as_text(option.get("name")) for option in options) or "none"


def _values(
    world: World, declared: Sequence[JsonObject], given: Mapping[str, Value], focused: str, resolved: _Resolved
) -> list[Json]:
    left_over = set(given) - {as_text(option.get("name")) for option in declared}
    if left_over:
        raise ScriptError(f"There are no options {sorted(left_over)}; there are: {_names(declared)}.")
    values: list[Json] = []
    for option in declared:
        name = as_text(option.get("name"))
        if name not in given:
            if option.get("required") and not focused:
                raise ScriptError(f"Option {name!r} is required.")
            continue
        is_focused = name == focused
        value = given[name] if is_focused else _value(world, option, given[name], resolved)
        sent: dict[str, Json] = {"name": name, "type": option.get("type"), "value": _plain(value)}
        values.append(sent | {"focused": True} if is_focused else sent)
    return values


def _plain(value: Value) -> Json:
    assert not isinstance(value, Upload)
    return value


def _value(world: World, option: JsonObject, value: Value, resolved: _Resolved) -> Value:
    kind, name = as_int(option.get("type")), as_text(option.get("name"))
    match kind:
        case kinds.STRING:
            fits = isinstance(value, str) and _in_length(option, value)
        case kinds.INTEGER:
            fits = isinstance(value, int) and is_int(value) and abs(value) <= 2**53 and _in_range(option, value)
        case kinds.NUMBER:
            fits = isinstance(value, int | float) and not isinstance(value, bool) and _in_range(option, float(value))
        case kinds.BOOLEAN:
            fits = isinstance(value, bool)
        case kinds.ATTACHMENT:
            fits = isinstance(value, Upload)
        case _:
            fits = isinstance(value, int) and is_int(value)
    choices = [choice.get("value") for choice in objects(option.get("choices"))]
    if not fits or (choices and value not in choices):
        raise ScriptError(f"Option {name!r} does not take {value!r}; choices: {choices}.")
    return (
        value
        if kind in {kinds.STRING, kinds.INTEGER, kinds.NUMBER, kinds.BOOLEAN}
        else _resolve(world, kind, value, resolved)
    )


def _in_length(option: JsonObject, value: str) -> bool:
    return as_int(option.get("min_length")) <= len(value) <= as_int(option.get("max_length"), 6000)


def _in_range(option: JsonObject, value: float) -> bool:
    low, high = option.get("min_value"), option.get("max_value")
    above = not isinstance(low, int | float) or value >= low
    return above and (not isinstance(high, int | float) or value <= high)


def _resolve(world: World, kind: int, value: Value, resolved: _Resolved) -> str:
    if isinstance(value, Upload):
        attachment = Attachment(world.snowflake(), value)
        world.files[attachment.id] = value
        resolved.setdefault("attachments", {})[str(attachment.id)] = attachment_json(world, attachment)
        return str(attachment.id)
    key = int(value)
    if kind == kinds.CHANNEL:
        resolved.setdefault("channels", {})[str(key)] = channel_json(world, world.place(key))
    elif key in world.users and kind in {kinds.USER, kinds.MENTIONABLE}:
        resolved.setdefault("users", {})[str(key)] = user_json(world.user(key))
    elif key in world.guilds and kind in {kinds.ROLE, kinds.MENTIONABLE}:
        resolved.setdefault("roles", {})[str(key)] = role_json(world.guilds[key])
    else:
        raise ScriptError(f"There is nobody and nothing with id {key}.")
    return str(key)


def user_resolved(world: World, user_ids: Sequence[int], guild_id: int | None) -> JsonObject:
    """The resolved part for people who were chosen."""
    users: dict[str, Json] = {str(user_id): user_json(world.user(user_id)) for user_id in user_ids}
    if guild_id is None:
        return {"users": users}
    members: dict[str, Json] = {}
    for user_id in user_ids:
        member = member_json(world.user(user_id), permissions="0")
        members[str(user_id)] = {key: value for key, value in member.items() if key not in {"user", "deaf", "mute"}}
    return {"users": users, "members": members}


def modal_components(modal: JsonObject, values: Mapping[str, str | Sequence[str]]) -> list[Json]:
    """The form as it is sent, in the order of its inputs."""
    left = dict(values)
    sent: list[Json] = []
    for index, part in enumerate(objects(modal.get("components"))):
        number = as_int(part.get("id"), index + 1)
        if part.get("type") == ROW:
            sent.append(
                {
                    "type": ROW,
                    "id": number,
                    "components": [_input(item, left) for item in objects(part.get("components"))],
                }
            )
        elif part.get("type") == LABEL:
            sent.append({"type": LABEL, "id": number, "component": _input(as_object(part.get("component")), left)})
    if left:
        raise ScriptError(f"The form has no inputs {sorted(left)}.")
    return sent


def _input(part: JsonObject, values: dict[str, str | Sequence[str]]) -> JsonObject:
    custom_id = as_text(part.get("custom_id"))
    value = values.pop(custom_id, as_text(part.get("value")) if part.get("type") == TEXT_INPUT else ())
    if part.get("required", True) and not value:
        raise ScriptError(f"The input {custom_id!r} is required.")
    head: dict[str, Json] = {"type": part.get("type"), "custom_id": custom_id, "id": as_int(part.get("id"), 1)}
    if part.get("type") != TEXT_INPUT:
        return head | {"values": list(value)}
    if not isinstance(value, str) or (value and not _in_length({"max_length": 4000, **part}, value)):
        raise ScriptError(f"The input {custom_id!r} does not take {value!r}.")
    return head | {"value": value}
