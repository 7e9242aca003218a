"""Told to stop, the bot ends in time, and its next life goes on without a loss or a repeat."""

import re
from random import Random

import pytest

from tests.fakes.telegram import Fault, FaultKind
from tests.process import harness, judge
from tests.process.crowd import Crowd
from tests.process.harness import ANN, PATIENCE, Fakes, Flowbell, Launcher

pytestmark = pytest.mark.process
SERVED_SECONDS = 60.0


@pytest.mark.parametrize("sent_before", [20, 200])
async def test_a_stop_under_load_loses_and_repeats_nothing(
    outside: Fakes, launcher: Launcher, sent_before: int
) -> None:
    crowd = Crowd(outside, Random(sent_before))
    crowd.settle_in()
    bot = launcher(**harness.UNPACED, FLOWBELL_LIMITS__ALERTS_PER_PERSON="1000")
    await bot.start()
    await crowd.watch()
    before = len(outside.telegram.sent())
    crowd.type(200)
    for _ in range(20):
        await crowd.slash()
    await crowd.walk(crowd.last_level)
    await outside.telegram.wait_until(lambda: len(outside.telegram.sent()) >= before + sent_before, PATIENCE)
    assert await bot.stop() == 0

    await bot.launch()
    await crowd.take_stock(SERVED_SECONDS)
    listed = await crowd.listings(SERVED_SECONDS)
    assert await bot.stop() == 0
    said = judge.heard(outside)
    assert judge.faults(crowd.expected, said, listed) == []
    assert [each for each in said if each.labelled] == []


async def test_a_stop_while_telegram_hangs_is_in_time_and_what_hung_comes_again(
    outside: Fakes, launcher: Launcher
) -> None:
    bot = launcher(**harness.UNPACED)
    await bot.start()
    outside.telegram.faults.add(Fault(kind=FaultKind.HANG, method="sendMessage", times=None))
    outside.telegram.message(ANN, "/alert btc > 91k")
    await outside.telegram.wait_for_call(lambda call: call.method == "sendMessage", PATIENCE)
    assert await bot.stop() == 0
    outside.telegram.faults.clear()
    await bot.launch()
    told = await outside.telegram.wait_for(lambda message: "Alert #1 is set" in message.text, PATIENCE)
    assert told.text.startswith(judge.LABEL)
    outside.telegram.message(ANN, "/alerts")
    listed = await outside.telegram.wait_for(lambda message: "Alerts, nearest first" in message.text)
    assert len(re.findall("BTC is above", listed.text)) == 1


async def test_an_idle_bot_stops_without_a_complaint(outside: Fakes, bot: Flowbell) -> None:
    outside.telegram.message(ANN, "/chart btc")
    await outside.telegram.wait_for(lambda message: message.file is not None, PATIENCE)
    assert await bot.stop() == 0
    assert re.findall(r"^\S+ (?:ERROR|CRITICAL) .*$", bot.output.text, re.MULTILINE) == []
    assert "Traceback" not in bot.output.text
