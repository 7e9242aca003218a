"""The documents agree with the code, and name nothing that is not there."""

import re
import tomllib
from pathlib import Path

import pytest

from bot import cli
from bot.settings import EX_CONFIG, example, keys
from bot.version import VERSION
from handlers.catalogue import COMMANDS
from services.domain.coins import Coin
from services.rules import FindCoin
from tests.documents import ROOT, command_table, readme_with_commands
from tests.stage import ANN
from tests.world import World, simulated

DOCUMENTS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", *sorted(
    str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md")
))  # fmt: skip


def text_of(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def test_the_example_of_settings_is_what_the_settings_say() -> None:
    assert text_of(".env.example") == example(), "run make docs"


def test_the_readme_lists_the_commands_of_the_catalogue() -> None:
    readme = text_of("README.md")
    assert readme == readme_with_commands(readme), "run make docs"
    assert all(f"| `/{command.name}" in command_table() for command in COMMANDS)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_file_a_document_names_exists(name: str) -> None:
    text = text_of(name)
    linked = re.findall(r"\]\((?!https?:)([^)#]+)\)", text)
    named = re.findall(r"`((?:bot|handlers|services|tests|docs)/[\w./-]*)`", text)
    folder = (ROOT / name).parent
    assert [each for each in linked if not (folder / each).exists()] == []
    assert [each for each in named if not (ROOT / each).exists()] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_setting_a_document_names_exists(name: str) -> None:
    named = set(re.findall(r"FLOWBELL_\w*[A-Z]", text_of(name)))
    assert named <= set(keys())


def test_every_subcommand_the_readme_names_exists() -> None:
    known = {command.callback.__name__ for command in cli.app.registered_commands if command.callback is not None}
    assert set(re.findall(r"`flowbell (\w+)", text_of("README.md"))) <= known


def test_the_exit_statuses_of_the_readme_are_those_of_the_command_line() -> None:
    told = {int(status) for status in re.findall(r"^\| (\d+) \|", text_of("README.md"), re.MULTILINE)}
    assert told == {0, 1, 2, cli.STORE, cli.NO_RECORDING, cli.NO_FILE, cli.BUSY, cli.CONFIGURATION}
    assert cli.CONFIGURATION == EX_CONFIG


def test_every_make_target_a_document_names_exists() -> None:
    targets = set(re.findall(r"^(\w+):", text_of("Makefile"), re.MULTILINE))
    named = {each for name in DOCUMENTS for each in re.findall(r"`make (\w+)", text_of(name))}
    assert named <= targets
    assert {"demo", "run", "test", "bench", "docs", "lock", "clean"} <= targets


def test_one_version() -> None:
    assert tomllib.loads(text_of("pyproject.toml"))["project"]["version"] == VERSION
    assert "## Unreleased" in text_of("CHANGELOG.md")


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_has_hashes_and_no_addresses(name: str) -> None:
    text = text_of(name)
    pinned = re.findall(
        r"^([\w.-]+)(?:\[[\w,-]+\])?==\S+(.*(?:\n    --hash=sha256:[0-9a-f]{64}(?: \\)?)+)", text, re.MULTILINE
    )
    assert "://" not in text
    assert "--index" not in text
    assert len(pinned) == len(re.findall(r"^[^\s#]", text, re.MULTILINE))


def test_the_locks_name_what_the_project_asks_for() -> None:
    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    wanted = {re.split(r"[<>=]", each)[0].lower().replace(".", "-") for each in project["dependencies"]}
    for development in ("pandas", "polars", "ruff", "pytest"):
        assert not re.search(rf"^{development}==", text_of("requirements.lock"), re.MULTILINE)
    assert wanted <= set(re.findall(r"^([\w-]+)==", text_of("requirements.lock"), re.MULTILINE))


def test_the_glossary_names_no_word_that_is_banned() -> None:
    banned = re.compile(r"(?:^|_)(manager|helper|util|utils|processor|misc)(?:_|$)")
    names = [path.stem for folder in ("bot", "handlers", "services") for path in Path(ROOT / folder).rglob("*.py")]
    assert [name for name in names if banned.search(name)] == []


async def test_every_rule_that_is_shown_is_understood_and_reads_back() -> None:
    text = (ROOT / "docs/rules.md").read_text("utf-8")
    lines = text.partition("```rules\n")[2].partition("```")[0].splitlines()
    assert len(lines) > 10
    async with simulated() as world:
        for number, line in enumerate(lines, 1):
            said = await world.ask(f"/alert {line}")
            assert "is set" in said or "are set" in said, said
            stored = await world.app.services.alerts.of(await world.caller(ANN))
            again = await world.app.services.rules.understand(stored[-1].rule, await world.caller(ANN), _found(world))
            assert isinstance(again, tuple), line
            assert again[0].new.wish.expression == stored[-1].expression, (number, line)


def _found(world: World) -> FindCoin:
    async def find(word: str) -> Coin:
        coin = world.app.services.coins.coin(word)
        assert coin is not None, word
        return coin

    return find
