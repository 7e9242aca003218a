"""Channel messages through the real library: sent once, refused, lost and read back."""

import asyncio
import contextlib
import warnings
from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.fakes.discord import FakeDiscord, Fault, Garbage, Hang, Kind, RateLimited, Reset, Status, missing_permissions
from tests.fakes.discord.tinybot import ANN, BOB, DESK, MESSAGES, NEWS, TRADES, Bot, channel_of, desk, running

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


async def test_the_same_nonce_makes_one_message(fake: FakeDiscord, bot: Bot) -> None:
    channel = channel_of(bot, TRADES)
    first = await channel.send("BTC crossed 70,000", nonce="abc")
    again = await channel.send("BTC crossed 70,000", nonce="abc")
    other = await channel_of(bot, NEWS).send("BTC crossed 70,000", nonce="abc")
    assert again.id == first.id != other.id
    assert [call.message_id for call in fake.sent(TRADES)] == [first.id]
    assert [call.deduplicated for call in fake.log.calls("POST", MESSAGES)] == [False, True, False]


async def test_a_nonce_is_forgotten_and_a_deleted_message_is_unknown(fake: FakeDiscord, bot: Bot) -> None:
    channel = channel_of(bot, TRADES)
    first = await channel.send("one", nonce="abc")
    await first.delete()
    with pytest.raises(discord.NotFound) as refused:
        await channel.send("one", nonce="abc")
    assert refused.value.code == 10008
    fake.clock.advance(fake.limits.nonce_window_s)
    second = await channel.send("one", nonce="abc")
    assert second.id != first.id
    assert len(fake.sent(TRADES)) == 2


async def test_direct_messages_are_refused_and_later_accepted(fake: FakeDiscord, bot: Bot) -> None:
    bob = await bot.fetch_user(BOB)
    with pytest.raises(discord.Forbidden) as refused:
        await bob.send("hello")
    assert refused.value.code == 50007
    fake.dm_open(BOB, True)
    sent = await bob.send("hello")
    assert [message.id for message in fake.messages(fake.dm_channel(BOB))] == [sent.id]


async def test_a_message_that_is_too_large_is_refused_with_its_place(fake: FakeDiscord, bot: Bot) -> None:
    channel = channel_of(bot, TRADES)
    long = discord.Embed(title="t", description="x" * 4097)
    with pytest.raises(discord.HTTPException) as refused:
        await channel.send(embed=long)
    assert (refused.value.status, refused.value.code) == (400, 50035)
    assert "In embeds.0.description: Must be 4096 or fewer in length." in refused.value.text
    pair = [discord.Embed(description="x" * 3001), discord.Embed(description="x" * 3001)]
    with pytest.raises(discord.HTTPException, match="Embed size exceeds maximum size of 6000"):
        await channel.send(embeds=pair)
    with pytest.raises(discord.HTTPException, match="Must be 2000 or fewer in length"):
        await channel.send("x" * 2001)
    with pytest.raises(discord.HTTPException) as empty:
        await channel.send(" ")
    assert empty.value.code == 50006
    assert fake.sent() == ()


async def test_pictures_arrive_whole(fake: FakeDiscord, bot: Bot) -> None:
    channel = channel_of(bot, TRADES)
    with contextlib.closing(discord.File(__file__, filename="chart.png")) as picture:
        sent = await channel.send("chart", file=picture)
    assert sent.attachments[0].filename == "chart.png"
    kept = fake.message(sent.id).attachments[0].upload
    assert kept.content == await sent.attachments[0].read()
    assert len(kept.content) == sent.attachments[0].size


async def test_pings_are_noted_unless_they_are_switched_off(fake: FakeDiscord, bot: Bot) -> None:
    channel = channel_of(bot, TRADES)
    await channel.send("@everyone look")
    await channel.send("@everyone look", allowed_mentions=discord.AllowedMentions.none())
    await channel.send(f"<@{ANN}> look", allowed_mentions=discord.AllowedMentions(users=True, everyone=False))
    assert [call.pings for call in fake.sent(TRADES)] == [("everyone",), (), ("users",)]
    assert [call.pinged for call in fake.sent(TRADES)] == [True, False, False]


async def test_history_reads_back_what_was_sent(fake: FakeDiscord, bot: Bot) -> None:
    channel = channel_of(bot, TRADES)
    ids = [(await channel.send(str(number))).id for number in range(5)]
    assert [message.id async for message in channel.history(limit=2)] == [ids[4], ids[3]]
    after = discord.Object(ids[1])
    assert [message.id async for message in channel.history(after=after, oldest_first=True)] == ids[2:]
    assert [message.id async for message in channel.history(before=discord.Object(ids[1]))] == ids[:1]


async def test_a_denied_and_a_deleted_channel(fake: FakeDiscord, bot: Bot) -> None:
    channel = channel_of(bot, TRADES)
    fake.deny(TRADES, missing_permissions())
    with pytest.raises(discord.Forbidden) as denied:
        await channel.send("hello")
    fake.deny(TRADES, None)
    await channel.send("hello")
    fake.remove_channel(TRADES)
    with pytest.raises(discord.NotFound) as gone:
        await channel.send("hello")
    assert (denied.value.code, gone.value.code) == (50013, 10003)


async def test_a_server_that_threw_the_bot_out(fake: FakeDiscord, bot: Bot) -> None:
    channel = channel_of(bot, TRADES)
    fake.remove_guild(DESK)
    with pytest.raises(discord.Forbidden) as refused:
        await channel.send("hello")
    assert refused.value.code == 50001


@pytest.mark.parametrize("kind", [Reset(executed=True), Hang(executed=True), Garbage(), Status(503, executed=True)])
async def test_a_lost_answer_leaves_a_message(fake: FakeDiscord, bot: Bot, kind: Kind) -> None:
    channel = channel_of(bot, TRADES)
    fake.faults.add(Fault("POST", MESSAGES, kind))
    with pytest.raises((aiohttp.ClientError, TimeoutError, discord.HTTPException, ValueError)):
        async with asyncio.timeout(0.5):
            await channel.send("alert", nonce="n1")
    again = await channel.send("alert", nonce="n1")
    assert [call.message_id for call in fake.sent(TRADES)] == [again.id]


@pytest.mark.parametrize(
    "kind", [Reset(executed=False), Hang(executed=False), Status(503, html=True), Status(403, 50013)]
)
async def test_a_fault_before_execution_leaves_nothing(fake: FakeDiscord, bot: Bot, kind: Kind) -> None:
    channel = channel_of(bot, TRADES)
    fake.faults.add(Fault("POST", f"/channels/{TRADES}/*", kind))
    with pytest.raises((aiohttp.ClientError, TimeoutError, discord.HTTPException)):
        async with asyncio.timeout(0.5):
            await channel.send("alert")
    assert fake.messages(TRADES) == ()
    assert fake.faults.pending == 0


async def test_a_rate_limit_on_purpose_is_obeyed_by_the_library(fake: FakeDiscord, bot: Bot) -> None:
    channel = channel_of(bot, TRADES)
    fake.faults.add(Fault("POST", MESSAGES, RateLimited(0.01)))
    await channel.send("alert")
    assert [call.status for call in fake.log.calls("POST", MESSAGES)] == [429, 200]
    assert not fake.log.calls("POST", MESSAGES)[1].too_early
