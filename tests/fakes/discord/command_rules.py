"""What a registered command must satisfy."""

import unicodedata
from collections.abc import Sequence

from tests.fakes.discord.form import Form, Path
from tests.fakes.discord.wire import Json, JsonObject, as_int, as_list, as_object, as_text, is_int, objects

CHAT_INPUT, USER_MENU, MESSAGE_MENU = 1, 2, 3
SUBCOMMAND, GROUP, STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = range(1, 12)
PER_KIND = {CHAT_INPUT: 100, USER_MENU: 15, MESSAGE_MENU: 15}
_CHOOSABLE = (STRING, INTEGER, NUMBER)
_MAX_CHARACTERS = 8000
_SCRIPTS = ("DEVANAGARI", "THAI")


def check_command(form: Form, path: Path, command: JsonObject) -> None:
    """One command as it is sent for registration; faults go into the form."""
    kind = as_int(command.get("type"), CHAT_INPUT)
    form.choice((*path, "type"), kind, tuple(PER_KIND))
    for key, allowed in (("integration_types", (0, 1)), ("contexts", (0, 1, 2))):
        for index, value in enumerate(as_list(command.get(key))):
            form.choice((*path, key, index), value, allowed)
    if kind != CHAT_INPUT:
        form.text((*path, "name"), command.get("name"), 1, 32)
        _check_menu(form, path, command)
        return
    _check_words(form, path, command)
    _check_options(form, (*path, "options"), command.get("options"), depth=0)
    if characters(command) > _MAX_CHARACTERS:
        form.fault(path, "APPLICATION_COMMAND_TOO_LARGE", f"Command exceeds maximum size ({_MAX_CHARACTERS})")


def _check_menu(form: Form, path: Path, command: JsonObject) -> None:
    if command.get("description"):
        form.fault(
            (*path, "description"),
            "APPLICATION_COMMAND_INVALID_DESCRIPTION",
            "Context menu commands cannot have a description",
        )
    if command.get("options"):
        form.fault(
            (*path, "options"), "APPLICATION_COMMAND_CONTEXT_MENU_OPTIONS", "Context menu commands cannot have options"
        )


def _check_words(form: Form, path: Path, part: JsonObject) -> None:
    form.text((*path, "name"), part.get("name"), 1, 32)
    form.text((*path, "description"), part.get("description"), 1, 100)
    if part.get("name") and not is_name(part.get("name")):
        form.fault((*path, "name"), "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
    for locale, name in as_object(part.get("name_localizations")).items():
        if not is_name(name):
            form.fault(
                (*path, "name_localizations", locale), "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid"
            )
    for locale, text in as_object(part.get("description_localizations")).items():
        form.text((*path, "description_localizations", locale), text, 1, 100)


def is_name(name: Json) -> bool:
    """Letters, numbers, `-`, `_` and `'`, 1 to 32 of them, in lower case where there is one."""
    return (
        isinstance(name, str) and 1 <= len(name) <= 32 and name == name.lower() and all(map(_is_name_character, name))
    )


def _is_name_character(character: str) -> bool:
    if character in "-_'" or unicodedata.category(character)[0] in "LN":
        return True
    return unicodedata.name(character, "").startswith(_SCRIPTS)


def _check_options(form: Form, path: Path, value: Json, depth: int) -> None:
    options = objects(value)
    form.size(path, len(options), 0, 25)
    kinds = [as_int(option.get("type")) for option in options]
    nested = [kind in {SUBCOMMAND, GROUP} for kind in kinds]
    if any(nested) and not all(nested):
        form.fault(
            path,
            "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
            "Sub-command and sub-command group option types are mutually exclusive to all other types",
        )
    names = [as_text(option.get("name")) for option in options]
    if len(set(names)) != len(names):
        form.fault(path, "APPLICATION_COMMAND_OPTIONS_NAME_INVALID", "Option names must be unique")
    required = [option.get("required") is True for option in options]
    if required != sorted(required, reverse=True):
        form.fault(
            path,
            "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
            "Required options must be placed before non-required options",
        )
    allowed = {0: range(SUBCOMMAND, ATTACHMENT + 1), 1: range(SUBCOMMAND, SUBCOMMAND + 1)}.get(
        depth, range(STRING, ATTACHMENT + 1)
    )
    for index, option in enumerate(options):
        form.choice((*path, index, "type"), option.get("type"), allowed)
        _check_option(form, (*path, index), option, depth)


def _check_option(form: Form, path: Path, option: JsonObject, depth: int) -> None:
    _check_words(form, path, option)
    kind = as_int(option.get("type"))
    if kind == GROUP:
        _check_options(form, (*path, "options"), option.get("options"), depth=1)
    elif kind == SUBCOMMAND:
        _check_options(form, (*path, "options"), option.get("options"), depth=2)
    else:
        _check_value_option(form, path, option, kind)


def _check_value_option(form: Form, path: Path, option: JsonObject, kind: int) -> None:
    choices = objects(option.get("choices"))
    form.size((*path, "choices"), len(choices), 0, 25)
    if choices and kind not in _CHOOSABLE:
        form.fault(
            (*path, "choices"),
            "APPLICATION_COMMAND_OPTION_CHOICES_INVALID",
            "Choices are only valid for strings, integers and numbers",
        )
    if option.get("autocomplete") and (choices or kind not in _CHOOSABLE):
        form.fault(
            (*path, "autocomplete"),
            "APPLICATION_COMMAND_AUTOCOMPLETE_CHOICES_INVALID",
            "Cannot set autocomplete to true if choices are present or the type takes none",
        )
    for index, choice in enumerate(choices):
        check_choice(form, (*path, "choices", index), choice, kind)
    for key in ("min_length", "max_length"):
        length = option.get(key)
        if length is not None and not (is_int(length) and kind == STRING and 0 <= length <= 6000):
            form.fault((*path, key), "NUMBER_TYPE_MAX", "int value should be less than or equal to 6000.")
    for key in ("min_value", "max_value"):
        if option.get(key) is not None and kind not in {INTEGER, NUMBER}:
            form.fault(
                (*path, key), "APPLICATION_COMMAND_OPTION_VALUE_RANGE", "Ranges are only valid for integers and numbers"
            )


def check_choice(form: Form, path: Path, choice: JsonObject, kind: int) -> None:
    """A choice of an option, registered or suggested."""
    form.text((*path, "name"), choice.get("name"), 1, 100)
    value = choice.get("value")
    if kind == STRING:
        form.text((*path, "value"), value, 1, 100)
    elif not is_int(value) and not (kind == NUMBER and isinstance(value, float)):
        form.fault((*path, "value"), "NUMBER_TYPE_COERCE", f'Value "{value}" is not a number.')


def characters(part: JsonObject) -> int:
    """Name, description and value of a command with all below it; of translations only the longest counts."""
    own = sum(_longest(part, key) for key in ("name", "description"))
    value = part.get("value")
    own += len(value) if isinstance(value, str) else 0
    return own + sum(characters(inner) for key in ("options", "choices") for inner in objects(part.get(key)))


def _longest(part: JsonObject, key: str) -> int:
    texts = [part.get(key), *as_object(part.get(f"{key}_localizations")).values()]
    return max(len(as_text(text)) for text in texts)


def check_unique(form: Form, commands: Sequence[JsonObject]) -> None:
    """No two of a kind share a name, and there are not too many of a kind."""
    seen: set[tuple[int, str]] = set()
    for index, command in enumerate(commands):
        key = (as_int(command.get("type"), CHAT_INPUT), as_text(command.get("name")))
        if key in seen:
            form.fault((index,), "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique")
        seen.add(key)
