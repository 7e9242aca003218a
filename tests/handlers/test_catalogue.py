"""The catalogue against the limits of every platform at once, and against itself."""

import re
from collections import defaultdict
from pathlib import Path

import pytest

from handlers.catalogue import COMMANDS, GROUPS
from handlers.declaration import Command, Parameter
from handlers.plain_words import as_line
from services.buttons import PREFIX
from tests.documents import ROOT
from tests.stage import ANN
from tests.world import simulated

TELEGRAM_NAME = re.compile(r"[a-z0-9_]{1,32}")  # core.telegram.org/bots/api#botcommand
TELEGRAM_MENU = 100
TELEGRAM_DESCRIPTION = 256
TELEGRAM_BUTTON_BYTES = 64
DISCORD_NAME = re.compile(r"[-_a-z0-9]{1,32}")  # docs.discord.com/developers/interactions/application-commands
DISCORD_DESCRIPTION = 100
DISCORD_COMMANDS = 100
DISCORD_SUBCOMMANDS = 25
DISCORD_OPTIONS = 25
DISCORD_CHOICES = 25
DISCORD_CHARACTERS = 8000

EVERY = pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)


def by_first_word() -> dict[str, list[Command]]:
    found: dict[str, list[Command]] = defaultdict(list)
    for command in COMMANDS:
        found[command.path[0]].append(command)
    return found


def characters(command: Command) -> int:
    return len(command.path[-1]) + len(command.summary) + sum(map(_characters, command.parameters))


def _characters(parameter: Parameter) -> int:
    return len(parameter.name) + len(parameter.kind.summary) + 2 * sum(map(len, parameter.choices))


def test_names_are_unique() -> None:
    names = [command.name for command in COMMANDS]
    assert len(names) == len(set(names))


@EVERY
def test_a_name_is_one_everywhere(command: Command) -> None:
    assert TELEGRAM_NAME.fullmatch(command.path[0])
    assert all(DISCORD_NAME.fullmatch(word) for word in command.path)
    assert len(command.path) <= 2


@EVERY
def test_summaries_and_details(command: Command) -> None:
    assert 1 <= len(command.summary) <= min(DISCORD_DESCRIPTION, TELEGRAM_DESCRIPTION)
    assert command.summary.endswith(".")
    assert command.handler.__doc__
    assert all(len(line) <= 120 for line in command.details.splitlines())


@EVERY
def test_parameters(command: Command) -> None:
    names = [parameter.name for parameter in command.parameters]
    assert len(set(names)) == len(names) <= DISCORD_OPTIONS
    for parameter in command.parameters:
        assert DISCORD_NAME.fullmatch(parameter.name)
        assert 1 <= len(parameter.kind.summary) <= DISCORD_DESCRIPTION
        assert len(parameter.choices) <= DISCORD_CHOICES
        assert all(1 <= len(choice) <= DISCORD_DESCRIPTION for choice in parameter.choices)
    required = [parameter.required for parameter in command.parameters]
    assert required == sorted(required, reverse=True)
    # What takes the rest of a line has to be the last.
    assert not any(parameter.kind.rest for parameter in command.parameters[:-1])


def test_menus_and_groups() -> None:
    groups = by_first_word()
    assert len(groups) <= min(TELEGRAM_MENU, DISCORD_COMMANDS)
    for members in groups.values():
        assert len(members) <= DISCORD_SUBCOMMANDS
        assert sum(map(characters, members)) <= DISCORD_CHARACTERS


def test_every_group_has_one_command_that_stands_for_it() -> None:
    groups = [members for members in by_first_word().values() if len(members[0].path) > 1]
    assert groups
    assert all(sum(member.default for member in members) == 1 for members in groups)
    assert not any(command.default for command in COMMANDS if len(command.path) == 1)


def test_headings_hold_every_command_once() -> None:
    assert sorted(each.name for _, members in GROUPS for each in members) == sorted(each.name for each in COMMANDS)


def test_what_changes_something_says_so() -> None:
    assert {each.name for each in COMMANDS if each.changes} == {
        "alert", "alerts pause", "alerts resume", "alerts snooze", "alerts edit", "alerts delete", "alerts restore",
        "watch add", "watch remove", "watch clear", "settings", "forget",
    }  # fmt: skip


def source_files() -> list[Path]:
    return [path for folder in ("bot", "handlers", "services") for path in (ROOT / folder).rglob("*.py")]


def test_a_help_text_is_written_once() -> None:
    texts = [path.read_text("utf-8") for path in source_files()]
    for command in COMMANDS:
        assert sum(text.count(command.summary) for text in texts) == 1, command.summary


def test_kinds_are_described_once() -> None:
    texts = [path.read_text("utf-8") for path in source_files()]
    kinds = {parameter.kind.summary for command in COMMANDS for parameter in command.parameters}
    for summary in kinds - {each for each in kinds if each.startswith("One of: ")}:
        assert sum(text.count(f'"{summary}"') for text in texts) == 1, summary


@pytest.mark.parametrize("word", ["price", "chart", "top", "movers", "market", "info", "convert", "alerts", "settings",
                                  "status", "help", "about", "privacy", "alert", "watch"])  # fmt: skip
def test_a_command_is_called_by_its_bare_word_too(word: str) -> None:
    assert as_line(f"{word} btc", lambda _: True) == f"/{word} btc"
    assert word in by_first_word()


async def test_references_of_buttons_fit_everywhere() -> None:
    async with simulated() as world:
        for line in ("/price btc", "/alert", "/settings currency"):
            refs = await world.refs(await world.reply(line), ANN)
            assert refs
            assert all(ref.startswith(PREFIX) and len(ref.encode()) <= TELEGRAM_BUTTON_BYTES for ref in refs.values())
            assert all(1 <= len(label) <= 80 for label in refs)  # Discord's longest label


async def test_completions_fit_discord() -> None:
    async with simulated() as world:
        caller = await world.caller(ANN)
        await world.ask('/alert btc > 200k every 4h note "a rather long note, for its place in the list, as they come"')
        for command in COMMANDS:
            for parameter in command.parameters:
                for prefix in ("", "b", "btc", "btc >", "btc > 100k", "eth 5%", "1", "btc -5% in 1h every 4h"):
                    offered = await world.app.conversation.complete(command, parameter.name, prefix, caller)
                    assert len(offered) <= DISCORD_CHOICES
                    assert all(1 <= len(label) <= 100 and 1 <= len(value) <= 100 for label, value in offered)
                    assert len({value for _, value in offered}) == len(offered)
