"""A bot on the real library, a strict fake of Discord, and people in it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.platforms.discord import DiscordBot
from services.counters import Counters
from tests.bot.platforms.discord.talk import Easel, QuickClock, Talk
from tests.fakes.discord import FakeDiscord, Limits
from tests.fakes.discord.tinybot import TOKEN, desk


@pytest.fixture
async def fake() -> AsyncIterator[FakeDiscord]:
    async with desk(replace(Limits().unpaced(), nonce_window_s=300.0)) as dc:
        yield dc


@pytest.fixture
def clock() -> QuickClock:
    return QuickClock()


@pytest.fixture
def talk(clock: QuickClock) -> Talk:
    return Talk(clock)


@pytest.fixture
def easel() -> Easel:
    return Easel()


@pytest.fixture
async def opened(fake: FakeDiscord, talk: Talk, easel: Easel, clock: QuickClock) -> AsyncIterator[DiscordBot]:
    """A bot that can send and does not listen."""
    bot = DiscordBot(talk, easel, clock, Counters(), TOKEN, fake.api_base, fake.gateway_url)
    await bot.open()
    talk.sender = bot.sender
    yield bot
    await bot.close()


@pytest.fixture
async def bot(fake: FakeDiscord, opened: DiscordBot) -> AsyncIterator[DiscordBot]:
    """A bot that answers people."""
    async with listening(fake, opened):
        yield opened


@contextlib.asynccontextmanager
async def listening(fake: FakeDiscord, opened: DiscordBot) -> AsyncIterator[asyncio.Task[None]]:
    """Run an opened bot until the block ends."""
    task = asyncio.create_task(opened.run(), name="discord bot")
    try:
        await fake.ready()
        yield task
    finally:
        await opened.stop_intake()
        async with asyncio.timeout(5):
            await asyncio.wait([task])
