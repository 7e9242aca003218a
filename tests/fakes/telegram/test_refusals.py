"""What the platform refuses is refused with its words."""

import aiohttp
import pytest
from telegram import (
    Bot,
)
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken

from . import (
    FakeTelegram,
    User,
)
from .cast import ANN, DESK, refusal


async def test_strangers_blockers_and_unknown_chats_are_refused(tg: FakeTelegram, bot: Bot) -> None:
    bob = User(43, "Bob")
    tg.message(bob, "hi all", chat=DESK)
    with pytest.raises(Forbidden, match="bot can't initiate conversation with a user"):
        await bot.send_message(bob.id, "hello")
    with pytest.raises(BadRequest, match=r"(?i)chat not found"):
        await bot.send_message(99, "hello")
    blocked = tg.block(ANN)
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await bot.send_message(ANN.id, "hello")
    [update] = await bot.get_updates(offset=blocked)
    assert update.my_chat_member is not None
    assert update.my_chat_member.new_chat_member.status == "kicked"
    tg.unblock(ANN)
    await bot.send_message(ANN.id, "welcome back")
    tg.deactivate(ANN)
    with pytest.raises(Forbidden, match="user is deactivated"):
        await bot.send_message(ANN.id, "hello")
    tg.my_chat_member(DESK, bob, "kicked")
    with pytest.raises(Forbidden, match="bot was kicked from the group chat"):
        await bot.send_message(DESK.id, "hello")
    assert [message.text for message in tg.sent()] == ["welcome back"]


async def test_a_migrated_group_answers_with_its_new_id(tg: FakeTelegram, bot: Bot) -> None:
    first = tg.message(ANN, "hi", chat=DESK)
    target = tg.migrate(DESK, ANN)
    with pytest.raises(ChatMigrated) as caught:
        await bot.send_message(DESK.id, "hello")
    assert caught.value.new_chat_id == target.id
    await bot.send_message(target.id, "hello")
    leaving, arriving = (await bot.get_updates(offset=first + 1))[-2:]
    assert leaving.message is not None
    assert arriving.message is not None
    assert leaving.message.migrate_to_chat_id == target.id
    assert arriving.message.migrate_from_chat_id == DESK.id


BUTTON = {"text": "x", "callback_data": "x"}
BROKEN: list[tuple[dict[str, object], str]] = [
    ({"text": ""}, "message text is empty"),
    ({"text": " \n "}, "message text is empty"),
    ({"text": "x" * 4097}, "message is too long"),
    ({"text": "💰" * 2049}, "message is too long"),
    ({"text": "x", "colour": "red"}, "unknown parameter colour"),
    ({"text": "x", "entities": "[{"}, "can't parse entities JSON object"),
    ({"text": "x", "entities": [{"type": "shiny", "offset": 0, "length": 1}]}, "Unsupported type specified"),
    ({"text": "x", "entities": [{"type": "bold", "offset": 5, "length": 1}]}, "entity begins after the end"),
    ({"text": "x", "entities": [{"type": "bold", "offset": 0, "length": 2}]}, "ends after the end of the text"),
    (
        {"text": "💰x", "entities": [{"type": "bold", "offset": 1, "length": 2}]},
        "begins in a middle of a UTF-16 symbol",
    ),
    ({"text": "x💰", "entities": [{"type": "bold", "offset": 0, "length": 2}]}, "ends in a middle of a UTF-16 symbol"),
    ({"text": "x", "entities": [{"type": "text_link", "offset": 0, "length": 1}]}, 'Can\'t find field "url"'),
    ({"text": "<b>x", "parse_mode": "HTML"}, 'Can\'t find end tag corresponding to start tag "b"'),
    ({"text": "<h1>x</h1>", "parse_mode": "HTML"}, 'Unsupported start tag "h1" at byte offset 0'),
    ({"text": "é</b>", "parse_mode": "HTML"}, "Unexpected end tag at byte offset 2"),
    ({"text": "<b><i>x</b></i>", "parse_mode": "HTML"}, 'expected "</i>", found "</b>"'),
    ({"text": "a < b", "parse_mode": "HTML"}, "Unclosed start tag at byte offset 2"),
    ({"text": "1.0", "parse_mode": "MarkdownV2"}, "Character '.' is reserved and must be escaped"),
    ({"text": "*x", "parse_mode": "MarkdownV2"}, "Can't find end of Bold entity at byte offset 0"),
    ({"text": "é_a *b_", "parse_mode": "MarkdownV2"}, "Can't find end of Bold entity at byte offset 5"),
    ({"text": "x", "parse_mode": "BBCode"}, "unsupported parse_mode"),
    ({"text": "x", "reply_markup": {}}, "can't parse reply keyboard markup JSON object"),
    ({"text": "x", "reply_markup": {"inline_keyboard": [[{"text": "x"}]]}}, "Text buttons are unallowed"),
    ({"text": "x", "reply_markup": {"inline_keyboard": [[BUTTON | {"callback_data": ""}]]}}, "BUTTON_DATA_INVALID"),
    (
        {"text": "x", "reply_markup": {"inline_keyboard": [[BUTTON | {"callback_data": "é" * 33}]]}},
        "BUTTON_DATA_INVALID",
    ),
    ({"text": "x", "reply_markup": {"inline_keyboard": [[BUTTON | {"colour": 1}]]}}, "unknown parameter reply_markup"),
    ({"text": "x", "reply_markup": {"inline_keyboard": [[BUTTON]] * 101}}, "reply markup is too long"),
]


@pytest.mark.parametrize(("params", "reason"), BROKEN, ids=[reason for _, reason in BROKEN])
async def test_broken_messages_are_refused(
    tg: FakeTelegram, http: aiohttp.ClientSession, params: dict[str, object], reason: str
) -> None:
    status, description = await refusal(http, "sendMessage", chat_id=ANN.id, **params)
    assert status == 400
    assert description.startswith("Bad Request: ")
    assert reason in description
    assert tg.sent() == []
    assert (tg.log[-1].executed, tg.log[-1].description) == (False, description)


@pytest.mark.parametrize(
    ("markup", "parse_mode", "plain", "kinds"),
    [
        (
            '<b>B <i>I</i></b> &lt; <a href="https://a.example/">L</a>',
            "HTML",
            "B I < L",
            ["bold", "italic", "text_link"],
        ),
        (
            "<blockquote expandable>Q</blockquote><tg-spoiler>S</tg-spoiler>",
            "HTML",
            "QS",
            ["expandable_blockquote", "spoiler"],
        ),
        (r"*B _I_* 1\.5 [L](https://a.example/)", "MarkdownV2", "B I 1.5 L", ["bold", "italic", "text_link"]),
        (
            "__U__~S~||P||`c`\n>Q",
            "MarkdownV2",
            "USPc\nQ",
            ["underline", "strikethrough", "spoiler", "code", "blockquote"],
        ),
        ("```py\n1.5\n```", "MarkdownV2", "1.5", ["pre"]),
    ],
)
async def test_markup_becomes_text_and_entities(
    tg: FakeTelegram, bot: Bot, markup: str, parse_mode: str, plain: str, kinds: list[str]
) -> None:
    sent = await bot.send_message(ANN.id, markup, parse_mode=parse_mode)
    assert sent.text == plain
    assert [entity.type for entity in sent.entities] == kinds
    assert tg.calls("sendMessage")[0].parse_mode == parse_mode


async def test_wrong_tokens_and_methods(tg: FakeTelegram, http: aiohttp.ClientSession) -> None:
    assert await refusal(http, "sendEverything") == (404, "Not Found: method not found")
    async with http.get(f"{tg.base_url}/bot1:wrong/getMe") as answer:
        assert (answer.status, (await answer.json())["description"]) == (401, "Unauthorized")
    stranger = Bot("1:wrong", base_url=f"{tg.base_url}/bot")
    with pytest.raises(InvalidToken):
        await stranger.initialize()
    await stranger.shutdown()
    assert [call.status for call in tg.log] == [404, 401, 401]
