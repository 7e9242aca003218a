"""The running bot in conversation, the same on both platforms."""

from decimal import Decimal

import pytest

from tests.fakes.telegram import Message
from tests.process.harness import ANN, BOB, DI, PATIENCE, Fakes, Flowbell

pytestmark = pytest.mark.process


async def told(outside: Fakes, *words: str) -> Message:
    """What Ann is told on Telegram with these words in it."""
    return await outside.telegram.wait_for(
        lambda message: message.chat_id == ANN.id and all(word in message.text for word in words),
        PATIENCE,
    )


async def told_on_discord(outside: Fakes, *words: str) -> None:
    """Wait until Di's private channel shows one message with these words, sent there unasked."""
    channel = outside.discord.dm_channel(DI)
    await outside.discord.until(
        lambda: any(
            all(word in outside.discord.message(call.message_id).text for word in words)
            for call in outside.discord.sent(channel)
            if call.message_id is not None
        ),
        PATIENCE,
    )


async def test_a_price_is_answered(outside: Fakes, bot: Flowbell) -> None:
    outside.telegram.message(ANN, "/price btc")
    asked = await outside.discord.slash(DI, "/price", {"coin": "btc"})
    shown = await told(outside, "Bitcoin (BTC)")
    answer = await asked.answer(PATIENCE)
    assert "$90,000.00" in shown.text
    assert "$90,000.00" in answer.text


async def test_a_chart_is_sent(outside: Fakes, bot: Flowbell) -> None:
    outside.telegram.message(ANN, "/chart eth")
    asked = await outside.discord.slash(DI, "/chart", {"coin": "eth"})
    photo = (await told(outside, "ETH/USD")).file
    answer = await asked.answer(PATIENCE)
    assert photo is not None
    assert photo.kind == "photo"
    assert (photo.width, photo.height) == (1200, 800)
    (picture,) = answer.attachments
    assert picture.upload.content.startswith(b"\x89PNG\r\n")
    assert "ETH/USD" in answer.text


async def test_an_alert_set_by_command_is_delivered(outside: Fakes, bot: Flowbell) -> None:
    outside.telegram.message(ANN, "/alert btc > 91k")
    asked = await outside.discord.slash(DI, "/alert", {"rule": "btc > 91k"})
    assert "Once, when BTC is above $91,000." in (await told(outside, "Alert #1 is set")).text
    assert "Once, when BTC is above $91,000." in (await asked.answer(PATIENCE)).text
    await outside.exchanges.set_price("BTC", Decimal("91234.5"))
    assert "$91,234.50 at " in (await told(outside, "BTC is above $91,000\n")).text
    await told_on_discord(outside, "BTC is above $91,000\n", "$91,234.50 at ")


async def test_an_alert_set_by_buttons_is_delivered(outside: Fakes, bot: Flowbell) -> None:
    outside.telegram.message(ANN, "/alert")
    outside.telegram.press(await told(outside, "Which coin?"), ANN, "BTC")
    outside.telegram.press(await told(outside, "Tell you when BTC"), ANN, "↑ $94,500")
    await told(outside, "Alert #1 is set", "$94,500")

    asked = await outside.discord.slash(DI, "/alert")
    shown = await asked.answer(PATIENCE)
    pressed = await outside.discord.press(DI, shown.id, "BTC")
    await outside.discord.until(lambda: "Tell you when BTC" in outside.discord.message(shown.id).text, PATIENCE)
    assert pressed.acknowledged is not None
    await outside.discord.press(DI, shown.id, "↓ $85,500")
    await outside.discord.until(lambda: "Alert #1 is set" in outside.discord.message(shown.id).text, PATIENCE)

    await outside.exchanges.set_price("BTC", Decimal(94600))
    await told(outside, "BTC is above $94,500\n", "$94,600.00 at ")
    await outside.exchanges.set_price("BTC", Decimal(85400))
    await told_on_discord(outside, "BTC is below $85,500\n", "$85,400.00 at ")


async def test_refresh_edits_in_place(outside: Fakes, bot: Flowbell) -> None:
    outside.telegram.message(ANN, "/price btc")
    shown = await told(outside, "Bitcoin (BTC)")
    asked = await outside.discord.slash(DI, "/price", {"coin": "btc"})
    answer = await asked.answer(PATIENCE)
    outside.telegram.message(ANN, "/alert btc > 91k")
    await told(outside, "Alert #1 is set")
    await outside.exchanges.set_price("BTC", Decimal(91500))
    await told(outside, "BTC is above $91,000\n")  # so the new price has arrived

    outside.telegram.press(shown, ANN, "Refresh")
    edited = await outside.telegram.wait_for(
        lambda message: message.message_id == shown.message_id and message.edits > 0,
        PATIENCE,
    )
    assert "$91,500.00" in edited.text
    await outside.discord.press(DI, answer.id, "Refresh")
    await outside.discord.until(lambda: "$91,500.00" in outside.discord.message(answer.id).text)
    assert len([message for message in outside.telegram.sent(ANN.id) if "Bitcoin (BTC)" in message.text]) == 1


async def test_a_stranger_cannot_press_what_changes_something(outside: Fakes, bot: Flowbell) -> None:
    outside.telegram.message(ANN, "/alert btc > 91k")
    saved = await told(outside, "Alert #1 is set")
    reference = saved.button("Undo").callback_data
    outside.telegram.message(BOB, "/help")
    other = await outside.telegram.wait_for(lambda message: message.chat_id == BOB.id, PATIENCE)
    outside.telegram.press(other, BOB, data=reference, forged=True)
    await outside.telegram.wait_until(lambda: bool(outside.telegram.answers), PATIENCE)
    (answer,) = outside.telegram.answers
    assert answer.text
    outside.telegram.message(ANN, "/alerts")
    assert "#1 BTC is above $91,000" in (await told(outside, "Alerts, nearest first")).text
