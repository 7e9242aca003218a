"""Messages, photos, topics, commands and members, through the real library."""

import asyncio

import aiohttp
import pytest
from telegram import (
    Bot,
    BotCommandScopeAllPrivateChats,
    InputMediaPhoto,
    MessageEntity,
    ReplyParameters,
)
from telegram.error import BadRequest

from . import (
    FakeTelegram,
    Message,
)
from .cast import ANN, DESK, FORUM, PNG, REFRESH, refusal


async def test_sends_and_logs_what_the_library_sent(tg: FakeTelegram, bot: Bot) -> None:
    sent = await bot.send_message(ANN.id, "💰 BTC", entities=[MessageEntity("bold", 3, 3)], reply_markup=REFRESH)
    assert sent.text == "💰 BTC"
    [message] = tg.sent(ANN.id)
    assert (message.message_id, message.text, message.buttons[0].callback_data) == (
        sent.message_id,
        "💰 BTC",
        "price btc",
    )
    call = tg.calls("sendMessage")[0]
    assert (call.status, call.executed, call.message_id, call.parse_mode) == (200, True, sent.message_id, None)
    assert call.params["chat_id"] == ANN.id
    assert call.params["entities"] == [{"type": "bold", "offset": 3, "length": 3}]
    assert [entry.method for entry in tg.log] == ["getMe", "sendMessage"]
    assert tg.log[0].at <= tg.log[1].at


async def test_edits_change_the_message_and_unchanged_edits_are_refused(tg: FakeTelegram, bot: Bot) -> None:
    sent = await bot.send_message(ANN.id, "one", reply_markup=REFRESH)
    with pytest.raises(BadRequest, match=r"(?i)message is not modified: specified new message content"):
        await bot.edit_message_text("one", ANN.id, sent.message_id, reply_markup=REFRESH)
    await bot.edit_message_text("two", ANN.id, sent.message_id)
    current = tg.message_at(ANN.id, sent.message_id)
    assert current is not None
    assert (current.text, current.edits, current.buttons) == ("two", 1, ())
    assert [message.text for message in tg.sent()] == ["one"]
    await bot.edit_message_reply_markup(ANN.id, sent.message_id, reply_markup=REFRESH)
    await bot.delete_message(ANN.id, sent.message_id)
    assert tg.message_at(ANN.id, sent.message_id) is None
    with pytest.raises(BadRequest, match=r"(?i)message to edit not found"):
        await bot.edit_message_text("three", ANN.id, sent.message_id)
    with pytest.raises(BadRequest, match=r"(?i)message to delete not found"):
        await bot.delete_message(ANN.id, sent.message_id)


async def test_photos_are_uploaded_reused_and_replaced(tg: FakeTelegram, bot: Bot) -> None:
    first = await bot.send_photo(ANN.id, PNG, caption="chart")
    assert (first.photo[0].width, first.photo[0].height, first.caption) == (64, 32, "chart")
    stored = tg.sent()[0].file
    assert stored is not None
    assert stored.content == PNG
    again = await bot.send_photo(ANN.id, first.photo[0].file_id)
    assert again.photo[0].file_id == first.photo[0].file_id
    await bot.edit_message_media(InputMediaPhoto(PNG, caption="new"), ANN.id, first.message_id)
    changed = tg.message_at(ANN.id, first.message_id)
    assert changed is not None
    assert (changed.text, changed.file == stored) == ("new", False)
    await bot.edit_message_caption(ANN.id, first.message_id, caption="newer")
    with pytest.raises(BadRequest, match=r"(?i)IMAGE_PROCESS_FAILED"):
        await bot.send_photo(ANN.id, b"GIF89a")
    with pytest.raises(BadRequest, match="too big for a photo"):
        await bot.send_photo(ANN.id, PNG + bytes(10 * 1024 * 1024))
    with pytest.raises(BadRequest, match=r"(?i)caption is too long"):
        await bot.send_photo(ANN.id, PNG, caption="x" * 1025)
    with pytest.raises(BadRequest, match=r"(?i)no text in the message to edit"):
        await bot.edit_message_text("text", ANN.id, first.message_id)
    with pytest.raises(BadRequest, match=r"(?i)wrong file identifier"):
        await bot.send_photo(ANN.id, "AgACunknown")
    assert len(tg.sent()) == 2


async def test_topics(tg: FakeTelegram, bot: Bot) -> None:
    topic = tg.open_topic(FORUM)
    sent = await bot.send_message(FORUM.id, "in the topic", message_thread_id=topic)
    assert sent.message_thread_id == topic
    with pytest.raises(BadRequest, match=r"(?i)message thread not found"):
        await bot.send_message(FORUM.id, "nowhere", message_thread_id=topic + 50)
    tg.close_topic(FORUM, topic)
    with pytest.raises(BadRequest, match=r"(?i)topic_closed"):
        await bot.send_message(FORUM.id, "too late", message_thread_id=topic)
    assert [message.thread_id for message in tg.sent()] == [topic]


async def test_replies_need_their_message(tg: FakeTelegram, bot: Bot) -> None:
    reply = await bot.send_message(ANN.id, "yes", reply_parameters=ReplyParameters(1))
    assert reply.reply_to_message is not None
    assert reply.reply_to_message.text == "/start"
    with pytest.raises(BadRequest, match=r"(?i)message to be replied not found"):
        await bot.send_message(ANN.id, "yes", reply_parameters=ReplyParameters(77))


async def test_commands_by_scope_and_language(tg: FakeTelegram, bot: Bot, http: aiohttp.ClientSession) -> None:
    scope = BotCommandScopeAllPrivateChats()
    await bot.set_my_commands([("price", "Show a price")], scope=scope, language_code="de")
    [command] = await bot.get_my_commands(scope=scope, language_code="de")
    assert (command.command, command.description) == ("price", "Show a price")
    assert await bot.get_my_commands() == ()
    assert tg.commands("all_private_chats", "de")[0].command == "price"
    bad_name = await refusal(http, "setMyCommands", commands=[{"command": "Price", "description": "x"}])
    assert bad_name == (400, "Bad Request: BOT_COMMAND_INVALID")
    many = [{"command": f"c{n}", "description": "x"} for n in range(101)]
    assert await refusal(http, "setMyCommands", commands=many) == (400, "Bad Request: BOT_COMMANDS_TOO_MUCH")
    await bot.delete_my_commands(scope=scope, language_code="de")
    assert await bot.get_my_commands(scope=scope, language_code="de") == ()
    await bot.set_my_description("Prices and alerts")
    assert (await bot.get_my_description()).description == "Prices and alerts"


async def test_members_and_administrators(tg: FakeTelegram, bot: Bot) -> None:
    tg.message(ANN, "hi", chat=DESK)
    tg.chat_member(DESK, ANN, "administrator")
    assert (await bot.get_chat_member(DESK.id, ANN.id)).status == "administrator"
    assert [member.user.id for member in await bot.get_chat_administrators(DESK.id)] == [ANN.id]
    assert (await bot.get_chat(DESK.id)).title == "Desk"
    assert (await bot.get_me()).username == "FlowbellBot"
    with pytest.raises(BadRequest, match=r"(?i)not enough rights"):
        await bot.pin_chat_message(DESK.id, 2)
    await bot.send_chat_action(DESK.id, "typing")


async def test_blank_ends_are_trimmed(tg: FakeTelegram, bot: Bot) -> None:
    sent = await bot.send_message(ANN.id, "\nBTC \n", entities=[MessageEntity("bold", 1, 5)])
    assert (sent.text, sent.entities[0].offset, sent.entities[0].length) == ("BTC", 0, 3)


async def test_form_and_query_parameters_are_typed(tg: FakeTelegram, http: aiohttp.ClientSession) -> None:
    form = {
        "chat_id": str(ANN.id),
        "text": "a+b & c",
        "disable_notification": "true",
        "reply_markup": '{"remove_keyboard":true}',
    }
    async with http.post("SENDmessage", data=form) as answer:
        assert answer.status == 200
    assert tg.log[-1].params == {
        "chat_id": ANN.id,
        "text": "a+b & c",
        "disable_notification": True,
        "reply_markup": {"remove_keyboard": True},
    }
    assert tg.sent()[0].silent
    async with http.get("sendMessage", params={"chat_id": str(ANN.id), "text": "query"}) as answer:
        assert answer.status == 200
    assert tg.sent()[1].text == "query"


async def test_waiting_sees_past_and_coming_messages(tg: FakeTelegram, bot: Bot) -> None:
    coming = asyncio.create_task(tg.wait_for(lambda message: message.text == "edited", 5))
    sent = await bot.send_message(ANN.id, "first")
    assert (await tg.wait_for(lambda message: message.text == "first", 5)).message_id == sent.message_id
    await bot.edit_message_text("edited", ANN.id, sent.message_id)
    assert (await coming).edits == 1
    await tg.wait_until(lambda: len(tg.sent()) == 1)
    with pytest.raises(TimeoutError):
        await tg.wait_for(lambda message: message.text == "never", 0.01)

    def mistaken(message: Message) -> bool:
        raise LookupError(message.text)

    with pytest.raises(LookupError, match="edited"):
        await tg.wait_for(mistaken, 5)


async def test_multipart_parts_are_typed_and_attached(tg: FakeTelegram, http: aiohttp.ClientSession) -> None:
    form = aiohttp.FormData()
    form.add_field("chat_id", str(ANN.id))
    form.add_field("photo", "attach://chart")
    form.add_field("caption", "π ≈ 3")
    form.add_field("caption_entities", '[{"type":"bold","offset":0,"length":1}]')
    form.add_field("chart", PNG, filename="chart.png", content_type="image/png")
    async with http.post("sendPhoto", data=form) as answer:
        assert answer.status == 200
    [message] = tg.sent()
    assert message.file is not None
    assert (message.text, message.entities[0].type, message.file.content) == ("π ≈ 3", "bold", PNG)
    assert tg.log[0].uploads["chart"].file_name == "chart.png"
    assert tg.log[0].params["caption_entities"] == [{"type": "bold", "offset": 0, "length": 1}]
