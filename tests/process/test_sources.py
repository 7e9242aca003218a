"""Upstreams and disks that fail while the bot runs: what can be served goes on being served."""

import asyncio
import re
import resource
from decimal import Decimal

import pytest

from tests.fakes.exchanges.venue import HTML, Answer
from tests.fakes.telegram import Message
from tests.process.harness import ANN, DI, PATIENCE, UNPACED, Fakes, Flowbell, Launcher

pytestmark = pytest.mark.process
MANY = 10_000


async def answer(outside: Fakes, line: str) -> Message:
    """What Ann is answered to a line."""
    before = len(outside.telegram.world.sent)
    outside.telegram.message(ANN, line)
    await outside.telegram.wait_until(lambda: len(outside.telegram.world.sent) > before, PATIENCE)
    return outside.telegram.world.sent[-1]


async def answer_with(outside: Fakes, line: str, *words: str) -> str:
    """What Ann is answered to a line that she repeats, as fast as the bot's pace allows, until it has these words."""
    text = ""
    async with asyncio.timeout(40):
        while not all(word in text for word in words):
            text = (await answer(outside, line)).text
    return text


async def test_a_source_that_answers_html_is_named_and_done_without(outside: Fakes, launcher: Launcher) -> None:
    outside.exchanges.binance.answers.extend([HTML] * MANY)
    outside.exchanges.binance.handshakes.extend([Answer(HTML.body, 200, HTML.headers)] * MANY)
    bot = launcher()
    await bot.start()
    assert "Binance" not in await answer_with(outside, "/price btc", "$90,000.00", "Coinbase, Kraken")
    status = await answer_with(outside, "/status", "Some sources are silent", "Binance: ")
    assert "<" not in status


async def test_an_exchange_that_falls_silent_is_shown_and_prices_stay_right(outside: Fakes, launcher: Launcher) -> None:
    bot = launcher(**UNPACED)
    await bot.start()
    await answer_with(outside, "/price btc", "$90,000.00", "Binance, Coinbase, Kraken")
    outside.exchanges.kraken.answers.extend([Answer(status=503)] * MANY)
    outside.exchanges.silence("kraken")
    await bot.output.until("source.down source=kraken", within=60)
    status = (await answer(outside, "/status")).text
    assert "Some sources are silent" in status
    assert re.search(r"Kraken +silent for \d+ s", status)
    await answer(outside, "/alert btc > 91k")
    await outside.exchanges.set_price("BTC", Decimal(91500))
    await outside.telegram.wait_for(lambda message: "$91,500.00 at " in message.text)
    await answer_with(outside, "/price btc", "$91,500.00", "Binance, Coinbase · ")


async def test_a_full_disk_is_told_and_survived(outside: Fakes, bot: Flowbell) -> None:
    asked = await outside.discord.slash(DI, "/alert", {"rule": "btc > 91k"})
    await asked.answer(PATIENCE)
    _, hard = bot.limit(resource.RLIMIT_FSIZE, 0)
    refused = await outside.discord.slash(DI, "/alert", {"rule": "btc > 92k"})
    assert "Nothing was saved" in (await refused.answer(PATIENCE)).text
    read = await outside.discord.slash(DI, "/price", {"coin": "btc"})
    assert "$90,000.00" in (await read.answer(PATIENCE)).text
    outside.telegram.message(ANN, "/alert btc > 91k")
    await outside.exchanges.set_price("BTC", Decimal(91500))
    await bot.output.until("alerts.store_failed", within=10)
    bot.limit(resource.RLIMIT_FSIZE, hard)
    await outside.discord.until(lambda: len(outside.discord.sent(outside.discord.dm_channel(DI))) == 1, PATIENCE)
    again = await outside.discord.slash(DI, "/alert", {"rule": "btc > 92k"})
    assert "Once, when BTC is above $92,000." in (await again.answer(PATIENCE)).text
    await outside.telegram.wait_for(lambda message: "Alert #1 is set" in message.text, 60)
    await outside.exchanges.set_price("BTC", Decimal(92500))
    await outside.discord.until(lambda: len(outside.discord.sent(outside.discord.dm_channel(DI))) == 2, PATIENCE)
