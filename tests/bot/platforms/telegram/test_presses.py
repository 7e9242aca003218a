"""Buttons: pressed by their owner, by strangers, forged and expired; answers that change in place."""

import pytest

from handlers.model import Button, Card, Chart, Reply
from tests.bot.platforms.telegram.conftest import Stage
from tests.bot.platforms.telegram.talk import AT
from tests.fakes.telegram import Fault, FaultKind, Message, User
from tests.fakes.telegram.cast import ANN, DESK

BOB = User(43, "Bob")
REFRESH = Button("Refresh", "/price btc")
DRAW = Button("Chart", "/chart btc")
UNDO = Button("Undo", "/alerts delete 1")
CHART = Chart("BTC/USD", "1h", (), "USD", (), "Binance", AT)


async def shown(stage: Stage, line: str = "/price btc", *, group: bool = False) -> Message:
    """Return the answer to a command."""
    await stage.finished(stage.tg.message(ANN, line, chat=DESK if group else None))
    return stage.tg.sent()[-1]


def cards(stage: Stage) -> None:
    """Write down a price, its chart, and who may undo what."""
    stage.talk.answers("/price btc", "Bitcoin 1", Reply(None, Card(""), buttons=((REFRESH, DRAW), (UNDO,))))
    stage.talk.answers("/chart btc", "A chart", Reply(None, Card(""), CHART, buttons=((REFRESH, DRAW),)))


async def test_a_press_changes_the_message_in_place(stage: Stage) -> None:
    cards(stage)
    message = await shown(stage)
    assert [[button.text for button in row] for row in message.keyboard] == [["Refresh", "Chart"], ["Undo"]]
    assert all(len((button.callback_data or "").encode()) <= 64 for button in message.buttons)
    stage.talk.answers("/price btc", "Bitcoin 2", Reply(None, Card(""), buttons=((REFRESH,),)))
    await stage.finished(stage.tg.press(message, ANN, "Refresh"))
    after = stage.tg.message_at(ANN.id, message.message_id)
    assert after is not None
    assert (after.text, [button.text for button in after.buttons]) == ("Bitcoin 2", ["Refresh"])
    assert len(stage.tg.sent()) == 1
    assert [(answer.text, answer.show_alert) for answer in stage.tg.answers] == [(None, False)]


async def test_what_has_not_changed_is_no_failure(stage: Stage) -> None:
    stage.talk.answers("/price btc", "Bitcoin", Reply(None, Card(""), buttons=((REFRESH,),)))
    message = await shown(stage)
    stage.talk.answers("/price btc", "Bitcoin")
    await stage.finished(stage.tg.press(message, ANN, "Refresh"))
    assert stage.tg.calls("editMessageText")[-1].status == 200
    await stage.finished(stage.tg.press(message, ANN, data=message.buttons[0].callback_data, forged=True))
    assert "not modified" in (stage.tg.calls("editMessageText")[-1].description or "")
    assert len(stage.tg.sent()) == 1


async def test_strangers_may_look_and_not_touch(stage: Stage) -> None:
    cards(stage)
    message = await shown(stage, group=True)
    stage.tg.message(BOB, "hello", chat=DESK)
    await stage.finished(stage.tg.press(message, BOB, "Undo"))
    [refused] = stage.tg.answers
    assert refused.text == "This button belongs to somebody else. Type the command yourself."
    assert refused.show_alert
    assert stage.tg.calls("editMessageText") == []
    await stage.finished(stage.tg.press(message, ANN, "Undo"))
    await stage.finished(stage.tg.press(message, BOB, "Refresh"))
    assert [told.words for told in stage.talk.told] == ["/price btc", "/alerts delete 1", "/price btc"]
    assert [answer.text for answer in stage.tg.answers[1:]] == [None, None]


@pytest.mark.parametrize("data", ["v1.00", "/forget", "", "x" * 64, "v1.'; drop table button"])
async def test_a_forged_press_only_says_so(stage: Stage, data: str) -> None:
    cards(stage)
    message = await shown(stage)
    await stage.finished(stage.tg.press(message, ANN, data=data, forged=True))
    assert [answer.text for answer in stage.tg.answers] == ["This button is no longer valid. Type the command again."]
    assert (len(stage.talk.told), len(stage.tg.sent())) == (1, 1)


async def test_a_button_belongs_to_its_chat(stage: Stage) -> None:
    cards(stage)
    message = await shown(stage, group=True)
    elsewhere = await shown(stage)
    data = message.button("Undo").callback_data
    await stage.finished(stage.tg.press(elsewhere, ANN, data=data, forged=True))
    assert [answer.text for answer in stage.tg.answers] == ["This button is no longer valid. Type the command again."]


async def test_a_late_press_is_still_worked_on(stage: Stage) -> None:
    cards(stage)
    message = await shown(stage)
    stage.tg.world.query_lifetime_s = -1.0
    await stage.finished(stage.tg.press(message, ANN, "Refresh"))
    assert "too old" in (stage.tg.calls("answerCallbackQuery")[0].description or "")
    assert len(stage.tg.calls("editMessageText")) == 1


async def test_a_press_that_breaks_is_answered_too(stage: Stage) -> None:
    cards(stage)
    message = await shown(stage)
    stage.talk.breaks = True
    stage.tg.press(message, ANN, "Refresh")
    await stage.tg.wait_for_call(lambda call: call.method == "answerCallbackQuery" and call.status == 200)
    assert [answer.text for answer in stage.tg.answers] == ["Something went wrong here. Try again."]
    stage.talk.breaks = False
    await shown(stage)


async def test_a_press_without_a_message_is_answered(stage: Stage) -> None:
    ann = {"id": ANN.id, "is_bot": False, "first_name": "Ann"}
    query = {"id": "77", "from": ann, "chat_instance": "1", "data": "v1.00", "inline_message_id": "abc"}
    await stage.finished(stage.tg.raw_update({"callback_query": query}))
    assert len(stage.tg.calls("answerCallbackQuery")) == 1
    assert stage.talk.told == []


async def test_a_message_that_is_gone_is_sent_anew(stage: Stage) -> None:
    cards(stage)
    message = await shown(stage)
    data = message.button("Refresh").callback_data
    stage.tg.delete(message)
    await stage.finished(stage.tg.press(message, ANN, data=data, forged=True))
    assert [sent.text for sent in stage.tg.sent()] == ["Bitcoin 1", "Bitcoin 1"]


async def test_a_chart_is_a_photo_that_refreshes_in_place(stage: Stage) -> None:
    cards(stage)
    photo = await shown(stage, "/chart btc")
    assert photo.file is not None
    assert (photo.file.kind, photo.text) == ("photo", "A chart")
    await stage.finished(stage.tg.press(photo, ANN, "Chart"))
    after = stage.tg.message_at(ANN.id, photo.message_id)
    assert after is not None
    assert after.file is not None
    assert after.file.content != photo.file.content
    assert (after.text, len(stage.tg.sent())) == ("A chart", 1)


async def test_a_text_can_become_a_photo_and_a_photo_no_text(stage: Stage) -> None:
    cards(stage)
    text = await shown(stage)
    await stage.finished(stage.tg.press(text, ANN, "Chart"))
    photo = stage.tg.message_at(ANN.id, text.message_id)
    assert photo is not None
    assert photo.file is not None
    await stage.finished(stage.tg.press(photo, ANN, "Refresh"))
    assert [(sent.text, sent.file is None) for sent in stage.tg.sent()] == [("Bitcoin 1", True), ("Bitcoin 1", True)]


async def test_a_chart_that_cannot_be_drawn_is_told_in_words(stage: Stage) -> None:
    stage.painter.broken = True
    stage.talk.answers("/chart btc", "A chart", Reply(None, Card("", notes=("Note.",)), CHART))
    message = await shown(stage, "/chart btc")
    assert message.file is None
    assert message.text.split("\n") == ["A chart", CHART.alt, "", "Note."]
    stage.talk.answers("/chart btc", "A chart", Reply(None, Card("", (CHART.alt,)), CHART))
    assert (await shown(stage, "/chart btc")).text.split("\n") == ["A chart", CHART.alt]


async def test_rows_are_broken_evenly_and_labels_whole(stage: Stage) -> None:
    row = tuple(Button(label, "/price btc") for label in ("15m", "1h", "4h", "1d"))
    wide = (Button("A label that is long", "/price btc"), Button("and another one", "/price btc"))
    stage.talk.answers("/price btc", "Bitcoin", Reply(None, Card(""), buttons=(row, wide, (Button(" ", "/x"),))))
    message = await shown(stage)
    assert [[button.text for button in each] for each in message.keyboard] == [
        ["15m", "1h", "4h", "1d"], ["A label that is long"], ["and another one"], ["…"],
    ]  # fmt: skip


async def test_a_photo_that_telegram_does_not_take_becomes_words(stage: Stage) -> None:
    cards(stage)
    stage.tg.faults.add(Fault(kind=FaultKind.BAD_REQUEST, method="sendPhoto", description="IMAGE_PROCESS_FAILED"))
    message = await shown(stage, "/chart btc")
    assert (message.file, message.text) == (None, "A chart")


async def test_a_long_card_stands_below_its_picture(stage: Stage) -> None:
    lines = tuple(f"line {number} " + "x" * 90 for number in range(20))
    stage.talk.answers("/chart btc", "A chart", Reply(None, Card("", lines), CHART, buttons=((REFRESH,),)))
    await shown(stage, "/chart btc")
    photo, text = stage.tg.sent()
    assert photo.file is not None
    assert (photo.text, [button.text for button in photo.buttons]) == ("A chart", ["Refresh"])
    assert text.text.split("\n") == ["A chart", *lines]
