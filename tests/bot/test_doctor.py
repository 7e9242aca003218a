"""The doctor: a line for everything that stands in the way, and nothing changed by looking."""

import os
import socket
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.doctor import Finding, diagnose
from bot.settings import Settings, load_settings
from services.clock import FixedClock, SystemClock
from services.counters import Counters
from services.store.files import create
from services.store.sqlite import open_sqlite
from tests.fakes.discord import FakeDiscord
from tests.fakes.exchanges import FakeExchanges
from tests.fakes.exchanges.venue import HTML
from tests.fakes.telegram import TOKEN, FakeTelegram

DISCORD = "canary-discord.made-up.token-for-tests"


@pytest.fixture
async def exchanges() -> AsyncIterator[FakeExchanges]:
    async with FakeExchanges() as running:
        yield running


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def open_folder(data: Path) -> Path:
    """A data folder that everybody may look into."""
    data.chmod(0o755)
    return data


@pytest.fixture
def closed_folder(data: Path) -> Path:
    """A data folder that not even its owner may write."""
    data.chmod(0o500)
    return data


def settings_for(data: Path, exchanges: FakeExchanges | None = None, **more: str) -> Settings:
    """Settings whose every address is on loopback: the exchanges' if they run, and a closed port otherwise."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nobody = f"127.0.0.1:{unused.getsockname()[1]}"
    environ = {f"FLOWBELL_{name}__API_BASE": f"http://{nobody}" for name in ("TELEGRAM", "DISCORD")}
    for name in ("BINANCE", "COINBASE", "KRAKEN", "COINGECKO"):
        base = f"http://{nobody}" if exchanges is None else exchanges.urls[f"{name.lower()}.api"]
        environ[f"FLOWBELL_{name}__API_BASE"] = base
    return load_settings(environ | {"FLOWBELL_DATA_DIR": str(data)} | more)


async def found(settings: Settings, subject: str, env_file: Path = Path("none")) -> list[tuple[str, str]]:
    return [
        (each.state, each.line.partition(": ")[2])
        for each in await diagnose(settings, env_file=env_file)
        if each.subject == subject
    ]


async def test_a_sound_machine_has_nothing_to_mend(exchanges: FakeExchanges, data: Path) -> None:
    create(data / "flowbell.sqlite")
    async with FakeTelegram() as telegram, FakeDiscord(DISCORD) as discord:
        settings = settings_for(
            data, exchanges,
            FLOWBELL_TELEGRAM__TOKEN=TOKEN, FLOWBELL_TELEGRAM__API_BASE=telegram.base_url,
            FLOWBELL_DISCORD__TOKEN=DISCORD, FLOWBELL_DISCORD__API_BASE=discord.api_base,
        )  # fmt: skip
        findings = await diagnose(settings, env_file=Path("none"))
    assert [each for each in findings if each.state == "fail"] == []
    assert {each.subject for each in findings} == {
        "configuration", "data folder", "disk", "store", "binance", "coinbase", "kraken", "coingecko", "telegram",
        "discord", "clock",
    }  # fmt: skip
    lines = [each.line for each in findings]
    assert "ok    telegram: It answers as @FlowbellBot." in lines
    assert "ok    discord: It answers as Flowbell." in lines
    assert "ok    binance: It answers with prices." in lines
    assert "ok    clock: It agrees with the servers that answered." in lines
    assert not any("\n" in line for line in lines)


async def test_nobody_answers(data: Path) -> None:
    settings = settings_for(data, FLOWBELL_TELEGRAM__TOKEN=TOKEN, FLOWBELL_DISCORD__TOKEN=DISCORD)
    findings = await diagnose(settings, env_file=Path("none"))
    failed = {each.subject: each for each in findings if each.state == "fail"}
    assert set(failed) == {"binance", "coinbase", "kraken", "coingecko", "telegram", "discord"}
    assert all(each.what_to_do for each in failed.values())
    assert "FLOWBELL_KRAKEN__API_BASE" in failed["kraken"].what_to_do
    assert not any(secret in each.line for each in findings for secret in (TOKEN, DISCORD, "canary"))


async def test_platforms_without_a_token_are_off(data: Path, exchanges: FakeExchanges) -> None:
    settings = settings_for(data, exchanges)
    assert await found(settings, "telegram") == [("ok", "Off: FLOWBELL_TELEGRAM__TOKEN is not set.")]
    assert await found(settings, "discord") == [("ok", "Off: FLOWBELL_DISCORD__TOKEN is not set.")]


async def test_a_wrong_token_is_told_apart_from_no_network(data: Path, exchanges: FakeExchanges) -> None:
    async with FakeTelegram() as telegram, FakeDiscord(DISCORD) as discord:
        settings = settings_for(
            data, exchanges,
            FLOWBELL_TELEGRAM__TOKEN="7000000001:another", FLOWBELL_TELEGRAM__API_BASE=telegram.base_url,
            FLOWBELL_DISCORD__TOKEN="another", FLOWBELL_DISCORD__API_BASE=discord.api_base,
        )  # fmt: skip
        findings = {each.subject: each for each in await diagnose(settings, env_file=Path("none"))}
    assert findings["telegram"].what == "The token is refused."
    assert "@BotFather" in findings["telegram"].what_to_do
    assert findings["discord"].what == "The token is refused."
    assert "another" not in findings["telegram"].line + findings["discord"].line


async def test_a_source_that_answers_html_or_nothing_is_told(data: Path, exchanges: FakeExchanges) -> None:
    exchanges.binance.answers.extend([HTML] * 20)
    exchanges.kraken.missing.add("BTC")
    findings = {each.subject: each for each in await diagnose(settings_for(data, exchanges), env_file=Path("none"))}
    assert findings["binance"].state == "fail"
    assert "web page" in findings["binance"].what
    assert findings["kraken"].state == "warn"
    assert findings["coinbase"].state == "ok"


async def test_only_the_sources_that_are_set_are_asked(data: Path, exchanges: FakeExchanges) -> None:
    settings = settings_for(data, exchanges, FLOWBELL_MARKET__SOURCES="simulated")
    subjects = {each.subject for each in await diagnose(settings, env_file=Path("none"))}
    assert not subjects & {"binance", "coinbase", "kraken", "coingecko"}
    assert exchanges.binance.asked == []


async def test_a_folder_that_others_can_look_into(open_folder: Path, exchanges: FakeExchanges) -> None:
    ((state, line),) = await found(settings_for(open_folder, exchanges), "data folder")
    assert state == "fail"
    assert f"chmod 700 {open_folder}" in line


async def test_a_folder_to_be_made_and_a_file_in_its_place(data: Path, exchanges: FakeExchanges) -> None:
    ((state, line),) = await found(settings_for(data / "a" / "b", exchanges), "data folder")
    assert (state, "first start" in line) == ("ok", True)
    assert not (data / "a").exists()
    (data / "file").write_text("")
    ((state, line),) = await found(settings_for(data / "file", exchanges), "data folder")
    assert (state, "is a file" in line) == ("fail", True)


async def test_the_file_of_settings_should_be_private(data: Path, exchanges: FakeExchanges) -> None:
    env_file = data / ".env"
    env_file.touch()
    env_file.chmod(0o644)
    assert [state for state, _ in await found(settings_for(data, exchanges), "configuration", env_file)] == [
        "ok",
        "warn",
    ]
    env_file.chmod(0o600)
    assert [state for state, _ in await found(settings_for(data, exchanges), "configuration", env_file)] == ["ok"]


@pytest.mark.parametrize("content", [b"", b"not a database", b"SQLite format 3\0" + bytes(200)])
async def test_a_damaged_store_is_told_and_left_alone(data: Path, exchanges: FakeExchanges, content: bytes) -> None:
    store = data / "flowbell.sqlite"
    store.write_bytes(content)
    store.chmod(0o600)
    ((state, line),) = await found(settings_for(data, exchanges), "store")
    assert (state, "damaged" in line) == ("fail", True)
    assert store.read_bytes() == content


async def test_a_store_in_use_can_be_looked_at(data: Path, exchanges: FakeExchanges) -> None:
    path = data / "flowbell.sqlite"
    create(path)
    store = await open_sqlite(path, Counters())
    ((state, line),) = await found(settings_for(data, exchanges), "store")
    await store.close()
    assert state in {"ok", "warn"}
    assert "It can be opened" in line


async def test_a_database_that_does_not_answer(data: Path, exchanges: FakeExchanges) -> None:
    url = "postgresql+asyncpg://bell:canary@127.0.0.1:1/bell"
    ((state, line),) = await found(settings_for(data, exchanges, FLOWBELL_DATABASE_URL=url), "store")
    assert state == "fail"
    assert "canary" not in line


async def test_a_clock_that_is_off_is_told(data: Path, exchanges: FakeExchanges) -> None:
    clock = FixedClock(SystemClock().now() + timedelta(seconds=90))
    findings = await diagnose(settings_for(data, exchanges), clock, Path("none"))
    (finding,) = (each for each in findings if each.subject == "clock")
    assert finding.state == "warn"
    assert finding.what.endswith(" s ahead.")
    assert 85 <= int(finding.what.split()[2]) <= 95


async def test_recordings_that_cannot_be_read(data: Path, exchanges: FakeExchanges) -> None:
    (data / "here.csv").write_text("1")
    settings = settings_for(
        data, exchanges, FLOWBELL_MARKET__SOURCES="replay",
        FLOWBELL_REPLAY__FILES=f"{data / 'here.csv'},{data / 'gone.csv'}",
    )  # fmt: skip
    assert [state for state, _ in await found(settings, "replay")] == ["ok", "fail"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
async def test_a_folder_that_cannot_be_written(closed_folder: Path, exchanges: FakeExchanges) -> None:
    assert [state for state, _ in await found(settings_for(closed_folder, exchanges), "data folder")] == ["fail"]


def test_a_line_has_no_end_where_nothing_is_to_be_done() -> None:
    assert Finding("ok", "store", "Fine.").line == "ok    store: Fine."
