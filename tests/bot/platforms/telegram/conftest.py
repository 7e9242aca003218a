"""A running adapter between a fake Telegram and a conversation in memory."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from bot.platforms.telegram import Telegram
from services.counters import Counters
from services.domain.people import Place
from tests.bot.platforms.telegram.talk import Painter, PatientClock, Talk
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram.cast import ANN


@dataclass
class Stage:
    """Everything of one test."""

    tg: FakeTelegram
    talk: Talk
    clock: PatientClock
    painter: Painter
    telegram: Telegram

    async def finished(self, *updates: int) -> None:
        """Wait until the adapter is done with these updates."""
        for update in updates:
            await self.talk.until(update)

    def place(self, chat: int, thread: int | None = None) -> Place:
        """Return a chat as our own code names it."""
        return Place("telegram", 7000000001, chat, thread)


@pytest.fixture
async def tg() -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram() as fake:
        fake.world.meet(ANN, ANN.private_chat)
        yield fake


@pytest.fixture
async def opened(tg: FakeTelegram) -> AsyncIterator[Stage]:
    clock, talk, painter = PatientClock(), Talk(tg), Painter()
    telegram = Telegram(talk, painter, clock, Counters(), tg.token, tg.base_url)
    assert await telegram.open() == 7000000001
    yield Stage(tg, talk, clock, painter, telegram)
    await telegram.close()


@pytest.fixture
async def stage(opened: Stage) -> AsyncIterator[Stage]:
    running = asyncio.create_task(opened.telegram.run(), name="telegram")
    yield opened
    await opened.telegram.stop_intake()
    async with asyncio.timeout(5):
        await running
