"""Commands and plain words, from a person's message to the answer in the chat."""

import pytest

from handlers.model import Card, Reply
from tests.bot.platforms.telegram.conftest import Stage
from tests.fakes.telegram import Chat, User
from tests.fakes.telegram.cast import ANN, DESK, FORUM

BOB = User(43, "Bob")


async def test_a_command_is_answered_and_finished(stage: Stage) -> None:
    stage.talk.answers("/price btc", "Bitcoin $91,234.01")
    asked = stage.tg.message(ANN, "/price btc")
    answer = await stage.tg.wait_for(lambda message: message.chat_id == ANN.id)
    await stage.finished(asked)
    assert (answer.text, answer.reply_to) == ("Bitcoin $91,234.01", None)
    [told] = stage.talk.told
    assert (told.kind, told.words, told.caller.account, told.caller.private) == ("line", "/price btc", ANN.id, True)
    assert told.caller.place == stage.place(ANN.id)


async def test_plain_words_are_for_private_chats(stage: Stage) -> None:
    stage.talk.answers("btc 100k", "Alert?")
    stage.talk.answers("/price btc", "Bitcoin")
    stage.tg.message(ANN, "btc 100k")
    await stage.tg.wait_for(lambda message: message.text == "Alert?")
    stage.tg.message(BOB, "btc 100k", chat=DESK)
    asked = stage.tg.message(BOB, "/price btc", chat=DESK)
    await stage.finished(asked)
    assert [(told.kind, told.words) for told in stage.talk.told] == [("text", "btc 100k"), ("line", "/price btc")]


@pytest.mark.parametrize("command", ["/price@FlowbellBot btc", "/price@flowbellbot btc"])
async def test_a_command_to_this_bot_by_name(stage: Stage, command: str) -> None:
    stage.talk.answers("/price btc", "Bitcoin")
    question = stage.tg.message(ANN, command, chat=DESK)
    answer = await stage.tg.wait_for(lambda message: message.chat_id == DESK.id)
    await stage.finished(question)
    asked = max(number for chat, number in stage.tg.world.messages if chat == DESK.id and number < answer.message_id)
    assert answer.reply_to == asked


async def test_what_is_not_for_us_is_left_alone(stage: Stage) -> None:
    stage.talk.answers("/price btc", "Bitcoin")
    robot = User(44, "Robot", is_bot=True)
    stage.tg.message(ANN, "/price@OtherBot btc", chat=DESK)
    stage.tg.message(robot, "/price btc", chat=DESK)
    stage.tg.message(ANN, "see /price btc", chat=DESK)
    chat = {"id": ANN.id, "type": "private"}
    ann = {"id": ANN.id, "is_bot": False, "first_name": "Ann"}
    told = {"message_id": 900, "date": 1, "chat": chat, "from": ann, "text": "/price btc"}
    command = {"entities": [{"type": "bot_command", "offset": 0, "length": 6}]}
    stage.tg.raw_update({"message": {**told, **command, "via_bot": {"id": 5, "is_bot": True, "first_name": "Other"}}})
    stage.tg.raw_update({"message": {**told, **command, "forward_origin": {"type": "hidden_user", "date": 1}}})
    stage.tg.raw_update({"message": {"message_id": "what", "chat": 7}})
    first = stage.tg.message(ANN, "/price btc")
    before = stage.tg.edited_message(ANN, max(n for chat_id, n in stage.tg.world.messages if chat_id == ANN.id), "x")
    await stage.finished(first)
    last = stage.tg.message(ANN, "/price btc")
    await stage.finished(last)
    assert [told.words for told in stage.talk.told] == ["/price btc", "/price btc"]
    assert [message.chat_id for message in stage.tg.sent()] == [ANN.id, ANN.id]
    assert before not in stage.talk.inbox


async def test_a_caption_can_hold_a_command(stage: Stage) -> None:
    stage.talk.answers("/price btc", "Bitcoin")
    chat = {"id": ANN.id, "type": "private"}
    photo = [{"file_id": "a", "file_unique_id": "b", "width": 1, "height": 1}]
    ann = {"id": ANN.id, "is_bot": False, "first_name": "Ann"}
    stage.tg.raw_update(
        {
            "message": {
                "message_id": 901, "date": 1, "chat": chat, "from": ann, "photo": photo, "caption": "/price btc",
                "caption_entities": [{"type": "bot_command", "offset": 0, "length": 6}],
            }
        }
    )  # fmt: skip
    assert (await stage.tg.wait_for(lambda message: True)).text == "Bitcoin"


async def test_an_answer_stays_in_its_topic(stage: Stage) -> None:
    stage.talk.answers("/price btc", "Bitcoin")
    thread = stage.tg.open_topic(FORUM)
    stage.tg.message(ANN, "/price btc", chat=FORUM, thread=thread)
    answer = await stage.tg.wait_for(lambda message: message.chat_id == FORUM.id)
    assert answer.thread_id == thread
    assert stage.talk.told[0].caller.place == stage.place(FORUM.id, thread)
    stage.tg.close_topic(FORUM, thread)
    asked = stage.tg.message(ANN, "/price btc", chat=FORUM, thread=thread)
    # A person's message opens the topic again in the fake's world, so it is closed once more before the answer.
    stage.tg.close_topic(FORUM, thread)
    await stage.finished(asked)
    assert [message.thread_id for message in stage.tg.sent(FORUM.id)] == [thread, None]


async def test_a_thread_of_replies_is_no_topic(stage: Stage) -> None:
    stage.talk.answers("/price btc", "Bitcoin")
    stage.tg.message(ANN, "hello", chat=DESK)
    ann = {"id": ANN.id, "is_bot": False, "first_name": "Ann"}
    stage.tg.raw_update(
        {
            "message": {
                "message_id": 902, "date": 1, "chat": {"id": DESK.id, "type": "group"}, "from": ann,
                "text": "/price btc", "message_thread_id": 77,
                "entities": [{"type": "bot_command", "offset": 0, "length": 6}],
            }
        }
    )  # fmt: skip
    answer = await stage.tg.wait_for(lambda message: message.chat_id == DESK.id)
    assert (answer.thread_id, stage.talk.told[0].caller.place.thread) == (None, None)


async def test_who_may_administer_is_asked_for_changes_in_groups_only(stage: Stage) -> None:
    stage.talk.answers("/price btc", "Bitcoin")
    stage.tg.message(ANN, "hello", chat=DESK)
    stage.tg.chat_member(DESK, ANN, "administrator")
    await stage.finished(stage.tg.message(ANN, "/price btc", chat=DESK))
    await stage.finished(stage.tg.message(ANN, "/settings zone"))
    assert stage.tg.calls("getChatMember") == []
    await stage.finished(stage.tg.message(ANN, "/alert btc > 1", chat=DESK))
    await stage.finished(stage.tg.message(ANN, "/alert btc > 2", chat=DESK))
    await stage.finished(stage.tg.message(BOB, "/alert btc > 3", chat=DESK))
    assert [told.caller.may_administer for told in stage.talk.told[2:]] == [True, True, False]
    assert len(stage.tg.calls("getChatMember")) == 2


async def test_an_anonymous_admin_is_an_admin_and_nobody_else(stage: Stage) -> None:
    stage.tg.message(ANN, "hello", chat=FORUM)
    chat = {"id": FORUM.id, "type": "supergroup", "is_forum": True}
    anonymous = {
        "message_id": 903, "date": 1, "chat": chat, "sender_chat": chat, "text": "/alert btc > 1",
        "from": {"id": 1087968824, "is_bot": True, "first_name": "Group"},
        "entities": [{"type": "bot_command", "offset": 0, "length": 6}],
    }  # fmt: skip
    await stage.finished(stage.tg.raw_update({"message": anonymous}))
    [told] = stage.talk.told
    assert told.caller.may_administer
    assert told.caller.account not in (1087968824, FORUM.id, ANN.id)
    assert stage.tg.calls("getChatMember") == []


async def test_a_channel_may_only_ask(stage: Stage) -> None:
    stage.talk.answers("/price btc", "Bitcoin")
    chat = {"id": -1009, "type": "channel", "title": "News"}
    news = Chat(-1009, "channel", title="News")
    await stage.finished(stage.tg.my_chat_member(news, ANN, "administrator"))
    assert stage.tg.sent() == []
    post = {"message_id": 1, "date": 1, "chat": chat, "sender_chat": chat, "text": "/price btc"}
    entities = {"entities": [{"type": "bot_command", "offset": 0, "length": 6}]}
    await stage.finished(stage.tg.raw_update({"channel_post": post | entities}))
    await stage.finished(stage.tg.raw_update({"channel_post": post | entities | {"text": "/alert btc > 1"}}))
    assert [told.words for told in stage.talk.told] == ["/price btc"]
    assert [message.text for message in stage.tg.sent(-1009)] == [
        "Bitcoin", "A channel can only ask. Set this up in a private chat or a group.",
    ]  # fmt: skip


async def test_a_private_answer_leaves_the_group(stage: Stage) -> None:
    stage.talk.answers("/settings", "Your settings", Reply(None, Card(""), private=True))
    stage.tg.message(ANN, "/settings", chat=DESK)
    await stage.finished(stage.tg.message(ANN, "/settings", chat=DESK))
    assert [message.text for message in stage.tg.sent(ANN.id)] == ["Your settings"] * 2
    assert [message.text for message in stage.tg.sent(DESK.id)] == ["I sent it to you privately."] * 2
    assert all(message.reply_to for message in stage.tg.sent(DESK.id))


async def test_who_never_wrote_to_the_bot_is_told_how(stage: Stage) -> None:
    stage.talk.answers("/settings", "Your settings", Reply(None, Card(""), private=True))
    await stage.finished(stage.tg.message(BOB, "/settings", chat=DESK))
    [told] = stage.tg.sent()
    assert (told.chat_id, told.text) == (DESK.id, "Open a private chat with me first, then ask again.")
    assert told.button("Open the chat").url == "https://t.me/FlowbellBot?start=hello"


async def test_blocking_adding_and_removing(stage: Stage) -> None:
    await stage.finished(stage.tg.block(ANN))
    assert stage.talk.parked == [(stage.place(ANN.id), "blocked")]
    await stage.finished(stage.tg.unblock(ANN))
    assert stage.talk.unparked == [stage.place(ANN.id)]
    assert stage.tg.sent() == []
    await stage.finished(stage.tg.my_chat_member(DESK, ANN, "member"))
    assert stage.talk.unparked[-1] == stage.place(DESK.id)
    [welcome] = stage.tg.sent(DESK.id)
    assert welcome.text.startswith("Hello.")
    assert "\n" not in welcome.text
    stage.tg.world.standings[DESK.id] = "member"
    await stage.finished(stage.tg.my_chat_member(DESK, ANN, "administrator"))
    await stage.finished(stage.tg.my_chat_member(DESK, ANN, "kicked"))
    assert stage.talk.parked[-1] == (stage.place(DESK.id), "kicked")
    assert len(stage.tg.sent(DESK.id)) == 1


async def test_a_group_that_moves_is_moved_once_from_either_side(stage: Stage) -> None:
    stage.tg.message(ANN, "hello", chat=DESK)
    target = stage.tg.migrate(DESK, ANN)
    await stage.talk.done.first((), lambda _: len(stage.talk.finished) == 2, 5)
    assert stage.talk.moves == [(DESK.id, target.id)] * 2


async def test_an_answer_follows_a_group_that_has_moved(stage: Stage) -> None:
    stage.talk.answers("/price btc", "Bitcoin")
    stage.tg.message(ANN, "hello", chat=DESK)
    target = stage.tg.migrate(DESK, ANN)
    ann = {"id": ANN.id, "is_bot": False, "first_name": "Ann"}
    late = {
        "message_id": 904, "date": 1, "chat": {"id": DESK.id, "type": "group"}, "from": ann, "text": "/price btc",
        "entities": [{"type": "bot_command", "offset": 0, "length": 6}],
    }  # fmt: skip
    await stage.finished(stage.tg.raw_update({"message": late}))
    assert [message.chat_id for message in stage.tg.sent()] == [target.id]
    assert stage.talk.moves[-1] == (DESK.id, target.id)
