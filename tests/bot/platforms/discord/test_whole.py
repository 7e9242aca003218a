"""The whole bot behind Discord: real commands, store and outbox over a simulated market."""

import asyncio
import re
from collections.abc import AsyncIterator

import pytest

from bot.app import App, opened
from bot.platforms.discord import PACE, DiscordBot
from bot.settings import Settings, load_settings
from services.clock import SystemClock
from tests.bot.platforms.discord.conftest import listening
from tests.fakes.discord import FakeDiscord
from tests.fakes.discord.tinybot import ANN, BOB, TOKEN, TRADES
from tests.fakes.discord.wire import as_object, as_text


@pytest.fixture
def settings() -> Settings:
    return load_settings({"FLOWBELL_MARKET__SOURCES": "simulated", "FLOWBELL_SIMULATED__SEED": "7"})


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[App]:
    async with opened(settings, SystemClock(), in_memory=True) as made:
        yield made


@pytest.fixture(autouse=True)
async def whole(app: App, fake: FakeDiscord) -> AsyncIterator[None]:
    """Everything runs as `flowbell run` would have it."""
    bot = DiscordBot(app.conversation, app.charts, app.clock, app.counters, TOKEN, fake.api_base, fake.gateway_url)
    async with asyncio.TaskGroup() as group:
        loops = app.keep_going(group)
        bot_id = await bot.open()
        app.outbox.register("discord", bot_id, bot.sender, PACE)
        async with listening(fake, bot):
            yield
        await bot.close()
        for loop in loops:
            loop.cancel()


async def test_a_price_names_its_source_and_time(fake: FakeDiscord) -> None:
    answer = await (await fake.slash(ANN, "/price", {"coin": "bitcoin"}, channel_id=TRADES)).answer()
    assert (answer.ephemeral, "SIMULATED" in answer.text) == (False, True)
    assert re.search(r"^-# .+ · <t:\d+:R>$", answer.text, re.MULTILINE)


async def test_an_alert_is_completed_set_and_taken_back(fake: FakeDiscord) -> None:
    (choice, *_) = await fake.autocomplete(ANN, "/alert", {"rule": "btc > 9m"}, "rule", channel_id=TRADES)
    asked = await fake.slash(ANN, "/alert", {"rule": as_text(choice["value"])}, channel_id=TRADES)
    answer = await asked.answer()
    assert answer.ephemeral
    assert "#1" in answer.text
    pressed = await fake.press(ANN, answer.id, "Undo")
    await fake.until(lambda: fake.message(answer.id).text != answer.text)
    assert pressed.acknowledged == 6
    assert [call.status for call in fake.log.calls("PATCH")] == [200, 200]


async def test_a_chart_is_drawn(fake: FakeDiscord) -> None:
    answer = await (await fake.slash(BOB, "/chart", {"coin": "bitcoin"}, channel_id=TRADES)).answer(30)
    (picture,) = answer.attachments
    assert picture.upload.content.startswith(b"\x89PNG")
    assert as_object(answer.embeds[0]["image"])["url"] == "attachment://chart.png"


async def test_a_wrong_word_is_refused_with_what_would_be_right(fake: FakeDiscord) -> None:
    answer = await (await fake.slash(BOB, "/price", {"coin": "nosuchcoinatall"}, channel_id=TRADES)).answer()
    assert "nosuchcoinatall" in answer.text
    assert fake.log.calls("POST", "/channels/{channel}/messages") == ()
