"""What is Discord's own: suggestions, a gateway that goes away, private messages that are refused."""

from decimal import Decimal

import pytest

from tests.fakes.discord import RestCall
from tests.process.harness import DI, ED, FAR_CHANNEL, PATIENCE, Fakes, Flowbell

pytestmark = pytest.mark.process

IDENTIFY, RESUME = 2, 6


async def test_a_rule_is_completed_with_a_sentence_and_its_distance(outside: Fakes, bot: Flowbell) -> None:
    (found,) = await outside.discord.autocomplete(DI, "/alert", {"rule": "btc > 99k"}, "rule")
    assert found["name"] == "Once, when BTC is above $99,000. now $90,000.00, +10.00% to go"
    asked = await outside.discord.slash(DI, "/alert", {"rule": str(found["value"])})
    assert "Once, when BTC is above $99,000." in (await asked.answer(PATIENCE)).text


async def test_a_coin_is_completed_by_its_name(outside: Fakes, bot: Flowbell) -> None:
    found = await outside.discord.autocomplete(DI, "/price", {"coin": "ethe"}, "coin")
    asked = await outside.discord.slash(DI, "/price", {"coin": str(found[0]["value"])})
    assert "Ethereum (ETH)" in (await asked.answer(PATIENCE)).text


async def test_a_dropped_gateway_is_resumed_and_no_command_is_lost(outside: Fakes, bot: Flowbell) -> None:
    outside.discord.drop()
    await outside.discord.until(lambda: outside.discord.gateway.ready_sessions == 0, PATIENCE)
    missed = [await outside.discord.slash(DI, "/alert", {"rule": f"btc > {level}k"}) for level in (101, 102, 103)]
    assert [each.delivered for each in missed] == [0, 0, 0]
    answers = [(await each.answer(PATIENCE)).text for each in missed]
    assert [("$101,000" in answers[0]), ("$102,000" in answers[1]), ("$103,000" in answers[2])] == [True] * 3
    assert len(outside.discord.log.frames(RESUME)) == 1
    assert len(outside.discord.log.frames(IDENTIFY)) == 1
    listed = await outside.discord.slash(DI, "/alerts list")
    assert (await listed.answer(PATIENCE)).text.count("BTC is above") == 3


async def test_a_refused_private_message_arrives_after_the_reconnect(outside: Fakes, bot: Flowbell) -> None:
    discord = outside.discord
    asked = await discord.slash(ED, "/alert", {"rule": "btc > 91k"}, channel_id=FAR_CHANNEL)
    answer = await asked.answer(PATIENCE)
    assert "Once, when BTC is above $91,000." in answer.text
    assert answer.ephemeral
    discord.dm_open(ED, accepts=False)
    await outside.exchanges.set_price("BTC", Decimal(91500))
    await discord.wait_for(lambda entry: isinstance(entry, RestCall) and entry.code == 50007, PATIENCE)
    other = await discord.slash(DI, "/alert", {"rule": "btc > 99k"})
    await other.answer(PATIENCE)  # by now the refusal is on disk
    assert discord.sent(discord.dm_channel(ED)) == ()

    discord.dm_open(ED, accepts=True)
    discord.drop()
    await discord.until(lambda: len(discord.sent(discord.dm_channel(ED))) == 1, PATIENCE)
    (message,) = discord.messages(discord.dm_channel(ED))
    assert "BTC is above $91,000\n" in message.text
