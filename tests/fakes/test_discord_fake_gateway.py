"""The gateway through the real library: login, lost connections, killed processes."""

import asyncio
import signal
import sys
import warnings
from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.fakes.discord import FakeDiscord, RestCall
from tests.fakes.discord.driving import library_at
from tests.fakes.discord.tinybot import ANN, DESK, MESSAGES, NEWS, TOKEN, TRADES, Bot, desk, running
from tests.fakes.discord.wire import as_object, as_text, decode

with warnings.catch_warnings():  # the library still imports audioop, which Python is about to drop
    warnings.simplefilter("ignore", DeprecationWarning)
    import discord


@pytest.fixture
async def fake() -> AsyncIterator[FakeDiscord]:
    async with desk() as dc:
        yield dc


@pytest.fixture
async def bot(fake: FakeDiscord) -> AsyncIterator[Bot]:
    async with running() as client:
        yield client


SCRIPT = """
import asyncio, sys
from tests.fakes.discord.driving import library_at
import discord

async def main(api_base, gateway_url, token, channel):
    client = discord.Client(intents=discord.Intents.default(), guild_ready_timeout=0.05)

    @client.event
    async def on_ready():
        await client.get_channel(int(channel)).send("alert", nonce="event-1")

    with library_at(api_base, gateway_url):
        await client.start(token)

asyncio.run(main(*sys.argv[1:]))
"""


async def test_a_bot_logs_in_and_sees_its_server(fake: FakeDiscord, bot: Bot) -> None:
    assert [guild.id for guild in bot.guilds] == [DESK]
    assert {channel.id for channel in bot.guilds[0].text_channels} == {TRADES, NEWS}
    assert {command.name for command in fake.registered()} == {"alerts", "price", "ask", "Who is this"}
    assert fake.identifies_today() == 1
    assert "token" not in str([frame.data for frame in fake.log.frames(2)])


async def test_a_wrong_token_is_refused_and_counted(fake: FakeDiscord) -> None:
    client = Bot()
    with pytest.raises(discord.LoginFailure):
        await client.start("wrong")
    await client.close()
    assert fake.invalid_requests() == 1


async def test_a_cut_connection_is_resumed_and_misses_nothing(fake: FakeDiscord, bot: Bot) -> None:
    fake.drop()
    await fake.until(lambda: len(fake.log.links("end")) == 1)
    asked = await fake.slash(ANN, "/price", {"coin": "ethereum"})
    assert (await asked.answer()).text == "ethereum over 1"
    await bot.hears("resumed")
    assert fake.identifies_today() == 1
    assert fake.log.links("open")[-1].path == "/gateway/resume"


async def test_opcode_7_is_followed_by_a_resume(fake: FakeDiscord, bot: Bot) -> None:
    fake.gateway.reconnect()
    await bot.hears("resumed")
    assert fake.identifies_today() == 1


async def test_opcode_9_with_true_is_followed_by_a_resume(fake: FakeDiscord, bot: Bot) -> None:
    fake.gateway.invalidate(resumable=True)
    await bot.hears("resumed")
    assert fake.identifies_today() == 1


async def test_opcode_9_with_false_is_followed_by_a_new_session(fake: FakeDiscord, bot: Bot) -> None:
    fake.gateway.invalidate(resumable=False)
    await bot.hears("ready")
    assert fake.identifies_today() == 2


async def test_a_session_that_is_too_old_starts_anew(fake: FakeDiscord, bot: Bot) -> None:
    fake.drop()
    await fake.until(lambda: len(fake.log.links("end")) == 1)
    fake.clock.advance(fake.limits.resume_window_s)
    await bot.hears("ready")
    assert fake.identifies_today() == 2


async def test_words_in_a_server_are_blank_without_the_intent(fake: FakeDiscord, bot: Bot) -> None:
    await fake.say(ANN, "secret", channel_id=TRADES)
    await bot.hears("ann: ")
    await fake.say(ANN, "hello")
    await bot.hears("ann: hello")


async def test_a_half_open_connection_is_replaced(fake: FakeDiscord) -> None:
    async with running(heartbeat_timeout=0.5) as client:
        fake.gateway.half_open()
        await client.hears("resumed")
        assert fake.identifies_today() == 1


async def test_a_bot_that_dies_keeps_a_session_that_the_next_one_does_not_use(fake: FakeDiscord) -> None:
    async with running():
        assert fake.gateway.ready_sessions == 1
    await fake.until(lambda: fake.gateway.ready_sessions == 0)
    async with running():
        asked = await fake.slash(ANN, "/price", {"coin": "bitcoin"})
        assert asked.delivered == 1
        assert (await asked.answer()).text == "bitcoin over 1"
    assert fake.identifies_today() == 2


@pytest.mark.process
async def test_a_killed_process_comes_back_and_sends_once(fake: FakeDiscord) -> None:
    arguments = ("-c", SCRIPT, fake.api_base, fake.gateway_url, TOKEN, str(TRADES))
    for _ in range(2):
        since = len(fake.log)
        process = await asyncio.create_subprocess_exec(sys.executable, *arguments)
        await fake.wait_for(lambda entry: isinstance(entry, RestCall) and entry.route == MESSAGES, 20, since)
        process.send_signal(signal.SIGKILL)
        assert await process.wait() == -signal.SIGKILL
        await fake.until(lambda: fake.gateway.ready_sessions == 0)
    assert [call.deduplicated for call in fake.log.calls("POST", MESSAGES)] == [False, True]
    assert [message.text for message in fake.messages(TRADES)] == ["alert"]
    assert fake.identifies_today() == 2


@pytest.mark.process
async def test_the_stand_alone_process_injects_and_counts() -> None:
    arguments = ("-m", "tests.fakes.discord", "--token", TOKEN, "--users", "3", "--channels", "1")
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    addresses = as_object(decode(await process.stdout.readline()))
    control = as_text(addresses["control"])
    order = {"line": "/price", "options": {"coin": "bitcoin"}, "count": 30}
    with library_at(as_text(addresses["api_base"]), as_text(addresses["gateway_url"])):
        async with running() as client, aiohttp.ClientSession() as session:
            async with session.post(f"{control}/_control/slash", json=order) as injected:
                assert len((await injected.json())["interactions"]) == 30
            async with asyncio.timeout(10):
                while client.answered < 30:
                    await client.counted.wait()
                    client.counted.clear()
            async with session.get(f"{control}/_log") as counted:
                found = await counted.json()
            async with session.get(f"{control}/_log/entries") as listed:
                assert len(await listed.json()) >= 60
    process.terminate()
    assert await process.wait() == 0
    assert (found["interactions"], found["acknowledged"], len(found["answer_s"])) == (30, 30, 30)
