"""Settings: what is read, what is refused, and that no refusal shows a value."""

import random
import traceback
from decimal import Decimal
from pathlib import Path

import pytest

from bot.settings import EX_CONFIG, ConfigurationError, Settings, example, load_settings, secrets
from bot.settings.forms import Operator, OperatorChat
from bot.settings.loading import keys

TELEGRAM = "7000000002:canary-telegram-AAAAAAAAAAAAAAAAAAAA"
DISCORD = "canary-discord.AAAAAA.BBBBBBBBBBBBBBBBBBBBBBBBBBBBB"
BROKEN = {
    "FLOWBELL_DATABASE_URL": "canary://user:pass@host/name",
    "FLOWBELL_OPERATORS": "telegram:canary",
    "FLOWBELL_CHAOS": "canary:1:kill",
    "FLOWBELL_MARKET__SOURCES": "canary",
    "FLOWBELL_TELEGRAM__TOKEN": "canary",
    "FLOWBELL_TELEGRAM__API_BASE": "canary://host",
    "FLOWBELL_TELEGRAM__PACE": "canary",
    "FLOWBELL_DISCORD__TOKEN": "canary with spaces",
    "FLOWBELL_DISCORD__API_BASE": "http://canary:port",
    "FLOWBELL_DISCORD__GATEWAY_URL": "https://canary",
    "FLOWBELL_DISCORD__PACE": "canary",
    "FLOWBELL_BINANCE__API_BASE": "canary",
    "FLOWBELL_BINANCE__WS_BASE": "http://canary",
    "FLOWBELL_COINBASE__API_BASE": "http://canary host",
    "FLOWBELL_KRAKEN__WS_BASE": "wss://",
    "FLOWBELL_COINGECKO__API_BASE": "http://[canary",
    "FLOWBELL_COINGECKO__PLAN": "canary",
    "FLOWBELL_COINGECKO__CALLS_PER_MINUTE": "0",
    "FLOWBELL_SIMULATED__SEED": "canary",
    "FLOWBELL_SIMULATED__SPEED": "-1",
    "FLOWBELL_REPLAY__SPEED": "NaN",
    "FLOWBELL_LIMITS__ALERTS_PER_PERSON": "1e309",
    "FLOWBELL_LIMITS__ALERTS_PER_CHAT": "9999999",
    "FLOWBELL_HEALTH__PORT": "70000",
    "FLOWBELL_HEALTH__HOST": "canary",
    "FLOWBELL_HEALTH__OPERATOR_CHAT": "canary:5",
    "FLOWBELL_LOG__LEVEL": "canary",
    "FLOWBELL_LOG__FORMAT": "canary",
    "FLOWBELL_CANARY": "canary",
}


def refused(environ: dict[str, str], env_file: Path | None = None) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(environ, env_file)
    return caught.value


def test_nothing_set_is_a_working_configuration() -> None:
    settings = load_settings({})
    assert settings.market.sources == ("binance", "coinbase", "kraken", "coingecko")
    assert settings.store_path == Path("data/flowbell.sqlite")
    assert settings.telegram.token is None
    assert settings.discord.token is None
    assert (settings.limits.alerts_per_person, settings.limits.alerts_per_chat) == (50, 200)
    assert settings.binance.ws_base.startswith("wss://")
    assert secrets(settings) == ()


def test_everything_can_be_set() -> None:
    settings = load_settings(
        {
            "FLOWBELL_DATA_DIR": "/srv/bell",
            "flowbell_market__sources": " Kraken, coinbase ",
            "FLOWBELL_TELEGRAM__TOKEN": TELEGRAM,
            "FLOWBELL_TELEGRAM__API_BASE": "http://127.0.0.1:8081/",
            "FLOWBELL_DISCORD__PACE": "OFF",
            "FLOWBELL_OPERATORS": "telegram:5, discord:7",
            "FLOWBELL_HEALTH__PORT": "9464",
            "FLOWBELL_HEALTH__OPERATOR_CHAT": "telegram:-1001234567890",
            "FLOWBELL_SIMULATED__SPEED": "2.5",
            "FLOWBELL_REPLAY__FILES": "one.csv.gz, two.json",
            "FLOWBELL_REPLAY__SPEED": "max",
            "FLOWBELL_CHAOS": "outbox.after_send:3:kill",
            "FLOWBELL_LOG__LEVEL": "",
            "HOME": "/nowhere",
        }
    )
    assert settings.store_path == Path("/srv/bell/flowbell.sqlite")
    assert settings.market.sources == ("kraken", "coinbase")
    assert settings.telegram.api_base == "http://127.0.0.1:8081"
    assert settings.discord.pace == "off"
    assert settings.operators == (Operator("telegram", 5), Operator("discord", 7))
    assert (settings.health.port, settings.health.host) == (9464, "127.0.0.1")
    assert settings.health.operator_chat == OperatorChat("telegram", -1_001_234_567_890)
    assert settings.simulated.speed == Decimal("2.5")
    assert settings.replay.files == (Path("one.csv.gz"), Path("two.json"))
    assert settings.replay.speed is None
    assert settings.chaos == "outbox.after_send:3:kill"
    assert settings.log.level == "info"


def test_health_is_off_and_local_until_somebody_says_otherwise() -> None:
    settings = load_settings({})
    assert (settings.health.port, settings.health.host, settings.health.operator_chat) == (0, "127.0.0.1", None)


def test_an_operators_chat_needs_its_platform() -> None:
    ((key, advice),) = refused({"FLOWBELL_HEALTH__OPERATOR_CHAT": "discord:5"}).faults
    assert key == "FLOWBELL_HEALTH__OPERATOR_CHAT"
    assert advice == "Give its platform a token, or name a chat elsewhere."


def test_the_environment_of_the_process_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWBELL_TELEGRAM__TOKEN", TELEGRAM)
    assert load_settings({}).telegram.token is None
    assert Settings().telegram.token is None


def test_a_file_is_read_and_the_environment_overrules_it(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text(
        "# a comment\nOTHER=1\nexport FLOWBELL_LOG__LEVEL='debug'\nFLOWBELL_LOG__FORMAT=json\nFLOWBELL_DATA_DIR=\n",
        "utf-8",
    )
    settings = load_settings({"FLOWBELL_LOG__LEVEL": "error"}, env_file)
    assert (settings.log.level, settings.log.format, settings.data_dir) == ("error", "json", Path("data"))
    assert load_settings({"FLOWBELL_LOG__LEVEL": ""}, env_file).log.level == "info"
    assert load_settings({}, tmp_path / "missing").log.level == "info"


@pytest.mark.parametrize("key", ["flowbell_log__level", "Flowbell_Log__Level"])
def test_a_key_may_be_written_in_small_letters(tmp_path: Path, key: str) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text(f"{key}=error\n", "utf-8")
    assert load_settings({key: "error"}).log.level == load_settings({}, env_file).log.level == "error"
    assert load_settings({"FLOWBELL_LOG__LEVEL": "debug"}, env_file).log.level == "debug"
    assert [each for each, _ in refused({"flowbell_whatever": "1"}).faults] == ["FLOWBELL_WHATEVER"]


def test_a_key_that_is_written_in_two_ways_is_a_fault(tmp_path: Path) -> None:
    twice = ("FLOWBELL_LOG__LEVEL", "It is set twice, in large and in small letters. Leave one.")
    both = {"FLOWBELL_LOG__LEVEL": "debug", "flowbell_log__level": "error"}
    assert refused(both).faults == (twice,)
    assert load_settings(dict.fromkeys(both, "error")).log.level == "error"
    assert load_settings(both | {"flowbell_log__level": ""}).log.level == "debug"
    assert load_settings(both | {"FLOWBELL_LOG__LEVEL": ""}).log.level == "error"
    env_file = tmp_path / ".env"
    env_file.write_text("".join(f"{key}={text}\n" for key, text in both.items()), "utf-8")
    assert refused({}, env_file).faults == (twice,)


def test_every_fault_is_told_at_once_by_key() -> None:
    error = refused(BROKEN)
    assert {key for key, _ in error.faults} >= set(BROKEN)
    assert all(advice.endswith((".", "?")) for _, advice in error.faults)
    assert EX_CONFIG == 78


@pytest.mark.parametrize("seed", range(400))
def test_no_broken_configuration_shows_a_value(seed: int) -> None:
    chance = random.Random(seed)
    chosen = dict(chance.sample(sorted(BROKEN.items()), chance.randint(1, 8)))
    spoiled = {key: "".join(chance.sample((value, "\x1b", "🔔", "'", "{0}"), 5)) for key, value in chosen.items()}
    error = refused(spoiled | {"FLOWBELL_CANARY": "canary"})
    shown = "".join(traceback.format_exception(error)) + str(error.faults) + repr(error)
    assert "canary" not in shown
    assert "\x1b" not in shown
    assert {key for key, _ in error.faults} >= {"FLOWBELL_CANARY"}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("FLOWBELL_TELEGRAM_TOKEN", "FLOWBELL_TELEGRAM__TOKEN"),
        ("FLOWBELL_MARKET__SOURCE", "FLOWBELL_MARKET__SOURCES"),
        ("FLOWBELL_LOG_LEVEL", "FLOWBELL_LOG__LEVEL"),
        ("FLOWBELL_DATADIR", "FLOWBELL_DATA_DIR"),
    ],
)
def test_an_unknown_key_is_a_fault_with_a_suggestion(typed: str, meant: str) -> None:
    assert refused({typed: "x"}).faults == ((typed, f"There is no such setting. Did you mean {meant}?"),)


def test_an_unknown_key_in_the_file_is_a_fault_too(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("FLOWBELL_WHATEVER=1\n", "utf-8")
    ((key, advice),) = refused({}, env_file).faults
    assert key == "FLOWBELL_WHATEVER"
    assert ".env.example" in advice


def test_a_value_that_slipped_into_the_key_is_not_shown(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text(f"\n\nFLOWBELL_TELEGRAM__TOKEN {TELEGRAM}\nFLOWBELL_X{TELEGRAM}=1\n{DISCORD}\n", "utf-8")
    error = refused({}, env_file)
    assert [key for key, _ in error.faults] == [".env line 3", ".env line 5", "FLOWBELL_X7000000002…"]
    assert "canary" not in str(error)


def test_a_file_that_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    garbage = tmp_path / ".env"
    garbage.write_bytes(b"\xff\xfe\x00")
    assert [key for key, _ in refused({}, garbage).faults] == [".env"]
    assert [key for key, _ in refused({}, tmp_path).faults] == [tmp_path.name]


@pytest.mark.parametrize(
    ("environ", "key"),
    [
        ({"FLOWBELL_MARKET__SOURCES": "replay"}, "FLOWBELL_REPLAY__FILES"),
        ({"FLOWBELL_MARKET__SOURCES": "simulated,kraken"}, "FLOWBELL_MARKET__SOURCES"),
        ({"FLOWBELL_MARKET__SOURCES": "kraken,kraken"}, "FLOWBELL_MARKET__SOURCES"),
        ({"FLOWBELL_MARKET__SOURCES": ","}, "FLOWBELL_MARKET__SOURCES"),
        ({"FLOWBELL_COINGECKO__KEY": "canary"}, "FLOWBELL_COINGECKO__PLAN"),
        ({"FLOWBELL_COINGECKO__PLAN": "demo"}, "FLOWBELL_COINGECKO__KEY"),
        ({"FLOWBELL_TELEGRAM": '{"token": "canary"}'}, "FLOWBELL_TELEGRAM"),
        ({"FLOWBELL_DATA_DIR": "a\nb"}, "FLOWBELL_DATA_DIR"),
        ({"FLOWBELL_DATABASE_URL": "postgresql://host/name"}, "FLOWBELL_DATABASE_URL"),
    ],
)
def test_what_does_not_go_together_is_a_fault(environ: dict[str, str], key: str) -> None:
    error = refused(environ)
    assert [each for each, _ in error.faults] == [key]
    assert "canary" not in str(error)


def test_secrets_are_all_of_them_and_hidden_from_print() -> None:
    settings = load_settings(
        {
            "FLOWBELL_TELEGRAM__TOKEN": TELEGRAM,
            "FLOWBELL_DISCORD__TOKEN": DISCORD,
            "FLOWBELL_COINGECKO__KEY": "CG-canary",
            "FLOWBELL_COINGECKO__PLAN": "demo",
            "FLOWBELL_DATABASE_URL": "postgresql+asyncpg://bell:canary%2Fword@127.0.0.1/bell",
        }
    )
    assert set(secrets(settings)) == {
        TELEGRAM,
        DISCORD,
        "CG-canary",
        "postgresql+asyncpg://bell:canary%2Fword@127.0.0.1/bell",
        "canary%2Fword",
        "canary/word",
    }
    assert settings.store_path is None
    assert "canary" not in f"{settings} {settings!r} {settings.model_dump_json()}"


def test_the_example_names_every_setting_but_those_for_tests() -> None:
    offered = {line[1:].partition("=")[0] for line in example().splitlines() if line.startswith("#FLOWBELL_")}
    assert offered == set(keys()) - {"FLOWBELL_CHAOS"}


def test_the_example_with_every_line_switched_on_is_the_default(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text(example().replace("\n#FLOWBELL", "\nFLOWBELL"), "utf-8")
    assert load_settings({}, env_file) == load_settings({})
