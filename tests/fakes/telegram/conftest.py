"""A running fake that Ann has written to, and two ways to call it."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from telegram import (
    Bot,
)

from . import (
    FakeTelegram,
)
from .cast import ANN


@pytest.fixture
async def tg() -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram() as fake:
        fake.message(ANN, "/start")
        yield fake


@pytest.fixture
async def bot(tg: FakeTelegram) -> AsyncIterator[Bot]:
    async with Bot(tg.token, base_url=f"{tg.base_url}/bot") as real:
        yield real


@pytest.fixture
async def http(tg: FakeTelegram) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(f"{tg.base_url}/bot{tg.token}/") as session:
        yield session
