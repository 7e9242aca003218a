"""Starting where something is wrong: a sentence that says what to do, a status for service managers, no traceback."""

import pytest

from tests.process.harness import ANN, DI, PATIENCE, TELEGRAM_TOKEN, Fakes, Flowbell, Launcher

pytestmark = pytest.mark.process

CONFIGURATION, DAMAGED, BUSY = 78, 65, 75


def sentence(written: str) -> str:
    """What stands between the log lines: the one thing told to a person."""
    (told,) = (line for line in written.splitlines() if not line.startswith(("20", " ")))
    return told


@pytest.mark.parametrize(
    ("settings", "advice"),
    [
        ({"FLOWBELL_TELEGRAM__TOKEN": "7000000001:AAwrong000000000000000000000000000"}, "@BotFather"),
        ({"FLOWBELL_DISCORD__TOKEN": "NzAwMDAwMDAwMDAwMDAwMDAx.Wronge.0000000000000000000000000000000"}, "portal"),
    ],
    ids=["telegram", "discord"],
)
async def test_a_wrong_token_is_named(launcher: Launcher, settings: dict[str, str], advice: str) -> None:
    bot = launcher(**settings)
    status, written = await bot.run()
    assert status == CONFIGURATION
    assert "refuses the token" in sentence(written)
    assert advice in sentence(written)
    assert "Traceback" not in written
    assert not [token for token in settings.values() if token in written]


async def test_without_a_token_it_says_how_to_get_one(launcher: Launcher) -> None:
    status, written = await launcher(FLOWBELL_TELEGRAM__TOKEN="", FLOWBELL_DISCORD__TOKEN="").run()
    assert status == CONFIGURATION
    assert "@BotFather" in written
    assert "FLOWBELL_TELEGRAM__TOKEN" in written
    assert "FLOWBELL_DISCORD__TOKEN" in written


async def test_every_fault_of_the_settings_is_told_at_once(launcher: Launcher) -> None:
    bot = launcher(
        FLOWBELL_TELEGRAM__TOKN=TELEGRAM_TOKEN,
        FLOWBELL_LOG__LEVEL="deafening",
        FLOWBELL_LIMITS__ALERTS_PER_PERSON="plenty",
    )
    status, written = await bot.run()
    assert status == CONFIGURATION
    assert sorted(line.partition(":")[0] for line in written.splitlines()) == [
        "FLOWBELL_LIMITS__ALERTS_PER_PERSON", "FLOWBELL_LOG__LEVEL", "FLOWBELL_TELEGRAM__TOKN",
    ]  # fmt: skip
    assert "Did you mean FLOWBELL_TELEGRAM__TOKEN?" in written
    assert "deafening" not in written
    assert "plenty" not in written


async def test_a_second_process_on_the_same_store_steps_back(outside: Fakes, launcher: Launcher) -> None:
    first = launcher()
    await first.start()
    second = launcher(first.folder)
    second.lives = first.lives
    status, written = await second.run()
    assert status == BUSY
    assert "Another Flowbell is running on " in sentence(written)
    assert "Traceback" not in written
    outside.telegram.message(ANN, "/price btc")
    await outside.telegram.wait_for(lambda message: "Bitcoin (BTC)" in message.text, PATIENCE)
    assert outside.telegram.conflicts == []


async def test_a_damaged_store_is_left_as_it_is(outside: Fakes, launcher: Launcher) -> None:
    bot = launcher()
    await bot.start()
    assert await bot.stop() == 0
    store = bot.data / "flowbell.sqlite"
    damaged = b"nonsense" * 512 + store.read_bytes()[4096:]
    store.write_bytes(damaged)
    status, written = await bot.run()
    assert status == DAMAGED
    assert "damaged" in sentence(written)
    assert "Traceback" not in written
    assert store.read_bytes() == damaged


async def test_a_store_from_the_future_is_left_as_it_is(launcher: Launcher) -> None:
    import sqlite3
    from contextlib import closing

    bot = launcher()
    await bot.start()
    assert await bot.stop() == 0
    store = bot.data / "flowbell.sqlite"
    with closing(sqlite3.connect(store)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    before = store.read_bytes()
    status, written = await bot.run()
    assert status == DAMAGED
    assert "9999" in sentence(written)
    assert "Update Flowbell." in sentence(written)
    assert store.read_bytes() == before


async def test_a_data_folder_that_is_a_file_is_named(launcher: Launcher) -> None:
    bot = launcher()
    bot.data.write_text("A file stands where the folder should be.")
    status, written = await bot.run()
    assert status == CONFIGURATION
    assert f"{bot.data} is a file." in sentence(written)
    assert "Traceback" not in written


async def test_without_a_network_it_waits_and_then_answers(outside: Fakes, launcher: Launcher) -> None:
    bot = launcher()
    async with outside.silence():
        await bot.launch()
        await bot.output.until('telegram.health state="not connected', within=30)
        assert await bot.lives_on(1.0)
    await bot.listening_on_telegram(within=60)
    await bot.listening_on_discord(within=60)
    outside.telegram.message(ANN, "/price btc")
    asked = await outside.discord.slash(DI, "/price", {"coin": "btc"})
    await outside.telegram.wait_for(lambda message: "$90,000.00" in message.text, 60)
    assert "$90,000.00" in (await asked.answer(PATIENCE)).text


async def test_a_platform_that_turns_the_bot_away_does_not_take_the_other_along(outside: Fakes, bot: Flowbell) -> None:
    await outside.discord.close(4004)
    await bot.output.until("run.platform_refused", PATIENCE)
    outside.telegram.message(ANN, "/status")
    await outside.telegram.wait_for(lambda message: "refused, see the log" in message.text, PATIENCE)
    outside.telegram.token = "7000000001:AAanother000000000000000000000000000"
    assert await bot.ended(PATIENCE) == CONFIGURATION
    assert bot.output.text.count("run.platform_refused") == 2
    assert "@BotFather" in sentence(bot.output.text)
    assert "Traceback" not in bot.output.text
