"""Where people talk on Telegram: private words, groups, topics, other bots' commands, a group that moves."""

from decimal import Decimal

import pytest

from tests.fakes.telegram import Chat, Message
from tests.process.harness import ANN, BOB, FORUM, GROUP, PATIENCE, Fakes, Flowbell

pytestmark = pytest.mark.process


async def told(outside: Fakes, chat: Chat, *words: str) -> Message:
    return await outside.telegram.wait_for(
        lambda message: message.chat_id == chat.id and all(word in message.text for word in words),
        PATIENCE,
    )


async def test_plain_words_are_understood_in_a_private_chat(outside: Fakes, bot: Flowbell) -> None:
    outside.telegram.message(ANN, "eth")
    assert "$3,100.00" in (await told(outside, ANN.private_chat, "Ethereum (ETH)")).text
    outside.telegram.message(ANN, "btc 100k")
    await told(outside, ANN.private_chat, "Once, when BTC reaches $100,000 from below.")
    outside.telegram.message(ANN, "chart eth")
    assert (await told(outside, ANN.private_chat, "ETH/USD")).file is not None
    outside.telegram.message(ANN, "qwertyuiop is no coin")
    await told(outside, ANN.private_chat, "I know coins and rules: try")


async def test_a_group_is_answered_where_it_asked(outside: Fakes, bot: Flowbell) -> None:
    outside.telegram.message(ANN, "/price btc", chat=GROUP)
    assert (await told(outside, GROUP, "Bitcoin (BTC)")).reply_to is not None
    topic = outside.telegram.open_topic(FORUM)
    outside.telegram.message(ANN, "/price btc", chat=FORUM, thread=topic)
    assert (await told(outside, FORUM, "Bitcoin (BTC)")).thread_id == topic


async def test_words_and_other_bots_commands_are_left_alone_in_a_group(outside: Fakes, bot: Flowbell) -> None:
    outside.telegram.message(ANN, "btc", chat=GROUP)
    outside.telegram.message(ANN, "/price@OtherBot btc", chat=GROUP)
    outside.telegram.message(ANN, "/price@FlowbellBot eth", chat=GROUP)
    await told(outside, GROUP, "Ethereum (ETH)")
    assert len(outside.telegram.sent(GROUP.id)) == 1


async def test_a_groups_alert_follows_it_when_it_moves(outside: Fakes, bot: Flowbell) -> None:
    telegram = outside.telegram
    telegram.message(ANN, "/price btc", chat=GROUP)
    await told(outside, GROUP, "Bitcoin (BTC)")
    telegram.chat_member(GROUP, ANN, "administrator")
    telegram.message(BOB, "/alert btc > 91k here", chat=GROUP)
    await told(outside, GROUP, "admin")
    telegram.message(ANN, "/alert btc > 91k here", chat=GROUP)
    await told(outside, GROUP, "Alert #1 is set")
    moved = telegram.migrate(GROUP, ANN)
    await outside.exchanges.set_price("BTC", Decimal(91500))
    await told(outside, moved, "BTC is above $91,000\n")
    assert not [each for each in telegram.sent(GROUP.id) if "$91,500.00" in each.text]


async def test_a_blocked_chat_gets_its_alert_when_it_comes_back(outside: Fakes, bot: Flowbell) -> None:
    telegram = outside.telegram
    telegram.message(ANN, "/alert btc > 91k")
    await told(outside, ANN.private_chat, "Alert #1 is set")
    telegram.message(BOB, "/alert btc > 91k")
    await told(outside, BOB.private_chat, "Alert #1 is set")
    telegram.block(ANN)
    await outside.exchanges.set_price("BTC", Decimal(91500))
    await told(outside, BOB.private_chat, "BTC is above $91,000\n")
    telegram.unblock(ANN)
    await told(outside, ANN.private_chat, "BTC is above $91,000\n")
    assert len([each for each in telegram.sent(ANN.id) if "is above $91,000\n" in each.text]) == 1
