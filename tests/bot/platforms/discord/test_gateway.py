"""The gateway: lost and found, refused, and never logged in to too often."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from bot.platforms.discord import DiscordBot, GatewayRefused, TokenRefused
from services.counters import Counters
from tests.bot.platforms.discord.conftest import listening
from tests.bot.platforms.discord.talk import Easel, QuickClock, Talk, said
from tests.fakes.discord import FakeDiscord, Fault, RateLimited, Status
from tests.fakes.discord.tinybot import ANN, TOKEN, TRADES


async def answers(fake: FakeDiscord) -> bool:
    asked = await fake.slash(ANN, "/price", {"coins": "btc"}, channel_id=TRADES)
    return (await asked.answer()).text == "Bitcoin\nhere"


@pytest.fixture(autouse=True)
def here(talk: Talk) -> None:
    talk.answers["price"] = lambda _call, _caller: said("here")


async def test_a_cut_connection_is_resumed_and_misses_nothing(fake: FakeDiscord, bot: DiscordBot, talk: Talk) -> None:
    fake.drop()
    await fake.until(lambda: len(fake.log.links("end")) == 1)
    assert await answers(fake)
    assert fake.identifies_today() == 1
    assert fake.log.links("open")[-1].path == "/gateway/resume"
    assert talk.woken == [f"discord {fake.world.application_id}"] * 2
    assert bot.health.state == "connected"


async def test_opcode_7_and_a_lasting_opcode_9_are_resumed(fake: FakeDiscord, bot: DiscordBot) -> None:
    fake.gateway.reconnect()
    await fake.until(lambda: len(fake.log.frames(6)) == 1 and fake.gateway.ready_sessions == 1)
    fake.gateway.invalidate(resumable=True)
    await fake.until(lambda: len(fake.log.frames(6)) == 2 and fake.gateway.ready_sessions == 1)
    assert await answers(fake)
    assert fake.identifies_today() == 1


async def test_an_invalid_session_is_replaced_by_a_new_one(
    fake: FakeDiscord, bot: DiscordBot, talk: Talk, clock: QuickClock
) -> None:
    fake.gateway.invalidate(resumable=False)
    await fake.until(lambda: fake.identifies_today() == 2)
    assert await answers(fake)
    assert len(talk.logins) == 2
    assert 3.0 in clock.slept


async def test_a_session_that_is_too_old_is_replaced(fake: FakeDiscord, bot: DiscordBot) -> None:
    fake.drop()
    await fake.until(lambda: len(fake.log.links("end")) == 1)
    fake.clock.advance(fake.limits.resume_window_s)
    await fake.until(lambda: fake.identifies_today() == 2)
    assert await answers(fake)


@pytest.mark.parametrize("code", [4004, 4010, 4011, 4012, 4013, 4014])
async def test_a_fatal_close_says_what_to_do(fake: FakeDiscord, opened: DiscordBot, code: int) -> None:
    async with listening(fake, opened) as running:
        await fake.close(code)
        with pytest.raises(GatewayRefused) as refused:
            await asyncio.wait_for(asyncio.shield(running), 5)
    assert refused.value.code == code
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize("code", [1000, 4000, 4008])
async def test_other_closes_are_followed_by_a_new_connection(fake: FakeDiscord, bot: DiscordBot, code: int) -> None:
    await fake.close(code)
    await fake.until(lambda: len(fake.log.links("open")) > 1 and fake.gateway.ready_sessions == 1)
    assert await answers(fake)


async def test_a_gateway_that_is_away_at_first_is_waited_for(fake: FakeDiscord, talk: Talk, clock: QuickClock) -> None:
    nobody = "ws://127.0.0.1:1/gateway"
    bot = DiscordBot(talk, Easel(), clock, Counters(), TOKEN, fake.api_base, nobody)
    await bot.open()
    running = asyncio.create_task(bot.run())
    await clock.until_slept(60)
    assert bot.health.reason == "ClientConnectorError"
    assert talk.logins == []
    await bot.stop_intake()
    await bot.close()
    await asyncio.wait([running])


async def test_a_crash_loop_stays_within_the_days_logins(fake: FakeDiscord, clock: QuickClock) -> None:
    talk = Talk(clock)
    began = clock.now()
    for _ in range(60):
        bot = DiscordBot(talk, Easel(), clock, Counters(), TOKEN, fake.api_base, fake.gateway_url)
        await bot.open()
        async with listening(fake, bot):
            pass
        await bot.close()
        await fake.until(lambda: fake.gateway.ready_sessions == 0)
    assert fake.identifies_today() == 60
    assert most_in(talk.logins, timedelta(days=1)) <= 50
    assert most_in(talk.logins, timedelta(minutes=2)) <= 4
    assert clock.now() - began > timedelta(days=1)


def most_in(times: Sequence[datetime], span: timedelta) -> int:
    """The most of these times that lie within one span."""
    return max(sum(timedelta() <= other - at < span for other in times) for at in times)


async def test_a_wrong_token_is_said_at_once(fake: FakeDiscord, talk: Talk, clock: QuickClock) -> None:
    bot = DiscordBot(talk, Easel(), clock, Counters(), "wrong", fake.api_base, fake.gateway_url)
    with pytest.raises(TokenRefused, match="developer portal"):
        await bot.open()
    await bot.close()
    assert fake.invalid_requests() == 1
    assert talk.logins == []


async def test_an_api_that_is_away_at_first_is_waited_for(fake: FakeDiscord, talk: Talk, clock: QuickClock) -> None:
    fake.faults.add(
        Fault("GET", "/users/@me", Status(503, html=True)),
        Fault("GET", "/users/@me", RateLimited(3)),
        Fault("GET", "/oauth2/applications/@me", Status(503)),
    )
    bot = DiscordBot(talk, Easel(), clock, Counters(), TOKEN, fake.api_base, fake.gateway_url)
    assert await bot.open() == fake.world.bot.id
    await bot.close()
    assert len(clock.slept) == 3


async def test_after_the_intake_stops_messages_still_go_out(fake: FakeDiscord, opened: DiscordBot) -> None:
    async with listening(fake, opened):
        pass
    await fake.until(lambda: fake.gateway.ready_sessions == 0)
    assert opened.health.state == "closed"
    assert (await opened.sender.is_answering(None)) is True  # type: ignore[arg-type]  # the place is not looked at


async def test_the_token_is_in_no_log(
    fake: FakeDiscord,
    talk: Talk,
    clock: QuickClock,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    bot = DiscordBot(talk, Easel(), clock, Counters(), TOKEN, fake.api_base, fake.gateway_url)
    await bot.open()
    async with listening(fake, bot):
        assert await answers(fake)
        fake.gateway.invalidate(resumable=False)
        await fake.until(lambda: fake.identifies_today() == 2)
    await bot.close()
    printed = capsys.readouterr()
    assert len(caplog.records) > 20
    assert TOKEN not in caplog.text + printed.out + printed.err
