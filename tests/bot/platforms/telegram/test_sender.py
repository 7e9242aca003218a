"""One delivery, every way in which it can end."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.platforms.telegram import origin
from bot.platforms.telegram.origin import Origin
from handlers.model import Button, Card, Reply
from services.domain.deliveries import Delivery, Moved, Outcome, Parked, Retry, Sent, Unknown, Unreadable
from tests.bot.platforms.telegram.conftest import Stage
from tests.bot.platforms.telegram.talk import AT
from tests.fakes.telegram import Fault, FaultKind, User
from tests.fakes.telegram.cast import ANN, DESK, FORUM

CARD = Card("#K7Q2 BTC ≥ 70,000", ("crossed 14:03:22 UTC at 70,001",))
ALERT: Reply[object] = Reply(None, CARD, buttons=((Button("Snooze 1h", "/alerts snooze 1 1h"),),))
BOB = User(43, "Bob")


def owed(stage: Stage, chat: int = ANN.id, thread: int | None = None, **changes: object) -> Delivery:
    """Return an alert that is owed to a chat."""
    base = Delivery(
        id=1, key="k", kind="alert", event=1, chat=chat * 1000, place=stage.place(chat, thread), private=chat > 0,
        answers=None, card=None, state="sending", attempt=1, unknowns=0, first_intended_at=AT, not_before=AT,
        created_at=AT,
    )  # fmt: skip
    return replace(base, **changes)  # type: ignore[arg-type]  # the fields of one dataclass


async def send(stage: Stage, delivery: Delivery, *, repeat: bool = False) -> Outcome:
    """Make one attempt."""
    return await stage.telegram.sender.send(delivery, ALERT, repeat=repeat)


async def test_a_sent_alert_says_where_it_is(opened: Stage) -> None:
    outcome = await send(opened, owed(opened))
    [message] = opened.tg.sent()
    assert outcome == Sent(message.message_id)
    assert message.text == "#K7Q2 BTC ≥ 70,000\ncrossed 14:03:22 UTC at 70,001"
    assert [button.text for button in message.buttons] == ["Snooze 1h"]


async def test_a_repeat_says_so_first(opened: Stage) -> None:
    await send(opened, owed(opened), repeat=True)
    [message] = opened.tg.sent()
    first, title, _ = message.text.split("\n")
    assert (first, title) == ("↻ Possible repeat of alert #K7Q2 BTC ≥ 70,000", "#K7Q2 BTC ≥ 70,000")
    notice = owed(opened, kind="notice")
    await send(opened, notice, repeat=True)
    assert opened.tg.sent()[-1].text.startswith("↻ Possible repeat")


FAULTS: list[tuple[Fault, Outcome, int]] = [
    (Fault(kind=FaultKind.RESET_BEFORE), Unknown("Unanswered"), 0),
    (Fault(kind=FaultKind.RESET_AFTER), Unknown("Unanswered"), 1),
    (Fault(kind=FaultKind.LOST_ANSWER), Unknown("Unanswered"), 1),
    (Fault(kind=FaultKind.TRUNCATED), Unknown("Unanswered"), 1),
    (Fault(kind=FaultKind.GARBAGE), Unknown("TelegramError"), 1),
    (Fault(kind=FaultKind.OK_FALSE), Unknown("KeyError"), 0),
    (Fault(kind=FaultKind.SERVER_ERROR), Unknown("NetworkError"), 0),
    (Fault(kind=FaultKind.SERVER_ERROR, status=500, executed=True), Unknown("NetworkError"), 1),
    (Fault(kind=FaultKind.SERVER_ERROR, status=403), Unknown("Forbidden"), 0),
    (Fault(kind=FaultKind.SERVER_ERROR, status=400), Unknown("BadRequest"), 0),
    (Fault(kind=FaultKind.SERVER_ERROR, status=404), Unknown("InvalidToken"), 0),
    (Fault(kind=FaultKind.FLOOD, retry_after=17), Retry(timedelta(seconds=17), "too many requests"), 0),
    (Fault(kind=FaultKind.FORBIDDEN), Parked("blocked"), 0),
    (Fault(kind=FaultKind.FORBIDDEN, description="user is deactivated"), Parked("deactivated"), 0),
    (Fault(kind=FaultKind.FORBIDDEN, description="bot was kicked from the supergroup chat"), Parked("kicked"), 0),
    (Fault(kind=FaultKind.FORBIDDEN, description="bot is not a member of the channel chat"), Parked("not a member"), 0),
    (Fault(kind=FaultKind.FORBIDDEN, description="the group chat was deleted"), Parked("deleted"), 0),
    (
        Fault(kind=FaultKind.FORBIDDEN, description="bot can't initiate conversation with a user"),
        Parked("not started"),
        0,
    ),
    (Fault(kind=FaultKind.FORBIDDEN, description="something new"), Parked("forbidden"), 0),
    (Fault(kind=FaultKind.BAD_REQUEST, description="chat not found"), Parked("chat not found"), 0),
    (Fault(kind=FaultKind.BAD_REQUEST, description="CHAT_WRITE_FORBIDDEN"), Parked("may not write"), 0),
    (
        Fault(kind=FaultKind.BAD_REQUEST, description="not enough rights to send text messages to the chat"),
        Parked("may not write"),
        0,
    ),
    (Fault(kind=FaultKind.BAD_REQUEST, description="BUTTON_DATA_INVALID"), Parked("bad request", chat=False), 0),
]


@pytest.mark.parametrize(
    ("fault", "expected", "executed"), FAULTS, ids=[f"{f.kind} {f.status} {f.description or ''}" for f, _, _ in FAULTS]
)
async def test_every_failure_has_its_class(opened: Stage, fault: Fault, expected: Outcome, executed: int) -> None:
    opened.tg.faults.add(replace(fault, method="sendMessage"))
    assert await send(opened, owed(opened)) == expected
    assert (len(opened.tg.calls("sendMessage")), len(opened.tg.sent())) == (1, executed)
    assert isinstance(await send(opened, owed(opened, FORUM.id)), Parked)  # it never heard of that chat


async def test_refused_connections_were_certainly_not_sent(opened: Stage) -> None:
    async with opened.tg.offline():
        assert not await opened.telegram.sender.is_answering(opened.place(ANN.id))
        assert await send(opened, owed(opened)) == Retry(timedelta(seconds=1), "not connected")
    assert await opened.telegram.sender.is_answering(opened.place(ANN.id))
    assert isinstance(await send(opened, owed(opened)), Sent)


async def test_a_server_error_while_asking_whether_it_answers(opened: Stage) -> None:
    opened.tg.faults.add(Fault(kind=FaultKind.OK_FALSE, method="getMe"))
    opened.tg.faults.add(Fault(kind=FaultKind.SERVER_ERROR, method="getMe"))
    answering = [await opened.telegram.sender.is_answering(opened.place(ANN.id)) for _ in range(3)]
    assert answering == [False, False, True]


async def test_two_chats_forbidden_at_once_halt_the_whole_bot(opened: Stage) -> None:
    opened.tg.message(ANN, "hello", chat=DESK)
    opened.tg.faults.add(Fault(kind=FaultKind.FLOOD, retry_after=9, everywhere=True, times=2))
    first = await send(opened, owed(opened))
    second = await send(opened, owed(opened, DESK.id))
    assert first == Retry(timedelta(seconds=9), "too many requests", whole_bot=False)
    assert second == Retry(timedelta(seconds=9), "too many requests", whole_bot=True)


async def test_a_group_that_moved(opened: Stage) -> None:
    opened.tg.message(ANN, "hello", chat=DESK)
    target = opened.tg.migrate(DESK, ANN)
    assert await send(opened, owed(opened, DESK.id)) == Moved(target.id)


async def test_a_wrong_token_stops_the_whole_bot_and_is_seen(opened: Stage) -> None:
    opened.tg.token = "another"
    outcome = await send(opened, owed(opened))
    assert outcome == Retry(timedelta(seconds=60), "wrong token", whole_bot=True)
    assert opened.telegram.health == "the token is wrong"


@pytest.mark.parametrize("closing", ["closed", "deleted"])
async def test_a_topic_that_is_gone_is_left_once(opened: Stage, closing: str) -> None:
    opened.tg.message(ANN, "hello", chat=FORUM)
    thread = opened.tg.open_topic(FORUM)
    {"closed": opened.tg.close_topic, "deleted": opened.tg.delete_topic}[closing](FORUM, thread)
    outcome = await send(opened, owed(opened, FORUM.id, thread))
    [message] = opened.tg.sent(FORUM.id)
    assert (outcome, message.thread_id) == (Sent(message.message_id), None)
    opened.tg.faults.add(Fault(kind=FaultKind.BAD_REQUEST, method="sendMessage", description="TOPIC_CLOSED", times=2))
    assert await send(opened, owed(opened, FORUM.id, thread)) == Parked("topic closed")


async def test_refused_entities_are_left_out_after_a_definite_refusal(opened: Stage) -> None:
    refusal = "entity begins after the end of the text at UTF-16 offset 99"
    opened.tg.faults.add(Fault(kind=FaultKind.BAD_REQUEST, method="sendMessage", description=refusal))
    assert isinstance(await send(opened, owed(opened)), Sent)
    [message] = opened.tg.sent()
    assert (message.text.split("\n")[0], message.entities) == ("#K7Q2 BTC ≥ 70,000", ())


async def test_what_is_unknown_is_never_tried_again_inside_an_attempt(opened: Stage) -> None:
    refusal = "entity begins after the end of the text at UTF-16 offset 99"
    opened.tg.faults.add(Fault(kind=FaultKind.BAD_REQUEST, method="sendMessage", description=refusal))
    opened.tg.faults.add(Fault(kind=FaultKind.LOST_ANSWER, method="sendMessage"))
    assert isinstance(await send(opened, owed(opened)), Unknown)
    assert len(opened.tg.calls("sendMessage")) == 2


async def test_a_part_that_fails_after_the_first_makes_the_whole_unknown(opened: Stage) -> None:
    long: Reply[object] = Reply(None, Card("Long", tuple(f"{number} " + "x" * 100 for number in range(60))))
    sender = opened.telegram.sender
    assert await sender.send(owed(opened), long, repeat=False) == Sent(opened.tg.sent()[0].message_id)
    assert [message.text.split("\n")[0] for message in opened.tg.sent()] == ["(1/2)", "(2/2)"]
    opened.tg.faults.add(Fault(kind=FaultKind.FLOOD, method="sendMessage", skip=1, retry_after=600))
    assert await sender.send(owed(opened), long, repeat=False) == Unknown("only a part was sent")
    opened.tg.pacing.ban(ANN.id, 0)
    opened.tg.forget()


async def test_a_part_waits_for_a_short_ban(opened: Stage) -> None:
    long: Reply[object] = Reply(None, Card("Long", tuple(f"{number} " + "x" * 100 for number in range(60))))
    opened.tg.faults.add(Fault(kind=FaultKind.FLOOD, method="sendMessage", chat=1, skip=1, retry_after=2))
    opened.tg.faults.add(Fault(kind=FaultKind.BAD_REQUEST, method="sendMessage", skip=1, description="odd"))
    assert isinstance(await opened.telegram.sender.send(owed(opened), long, repeat=False), Sent)
    assert len(opened.tg.sent()) == 1  # the second part was refused for good, and the first is there


async def test_an_answer_goes_where_it_was_asked(opened: Stage) -> None:
    opened.tg.message(ANN, "/alert btc > 1", chat=DESK)
    asked = max(number for chat, number in opened.tg.world.messages if chat == DESK.id)
    answer = owed(opened, DESK.id, kind="reply", answers=origin.write(Origin(ANN.id, asked)))
    assert isinstance(await send(opened, answer), Sent)
    [message] = opened.tg.sent(DESK.id)
    assert message.reply_to == asked
    assert [owner.person for _, owner, _ in opened.talk.buttons.values() if owner is not None] == [ANN.id]
    pressed = owed(opened, DESK.id, kind="reply", answers=origin.write(Origin(ANN.id, None, message.message_id)))
    other: Reply[object] = Reply(None, Card("Deleted."))
    assert await opened.telegram.sender.send(pressed, other, repeat=True) == Sent(message.message_id)
    after = opened.tg.message_at(DESK.id, message.message_id)
    assert after is not None
    assert after.text == "Deleted."  # an edit cannot repeat, so nothing is said of it
    opened.tg.delete(message)
    await opened.telegram.sender.send(pressed, other, repeat=True)
    assert opened.tg.sent(DESK.id)[-1].text == "↻ Possible repeat of an earlier message.\nDeleted."


async def test_a_personal_answer_from_the_outbox_never_reaches_the_group(opened: Stage) -> None:
    opened.tg.message(ANN, "hello", chat=DESK)
    personal: Reply[object] = Reply(None, Card("Bought 1 BTC"), private=True)
    answer = owed(opened, DESK.id, kind="reply", answers=origin.write(Origin(ANN.id, 1)))
    assert await opened.telegram.sender.send(answer, personal, repeat=False) == Sent(None)
    assert [message.text for message in opened.tg.sent(ANN.id)] == ["Bought 1 BTC"]
    assert [message.text for message in opened.tg.sent(DESK.id)] == ["I sent it to you privately."]
    opened.tg.message(BOB, "hello", chat=DESK)
    stranger = owed(opened, DESK.id, kind="reply", answers=origin.write(Origin(BOB.id, 1)))
    assert isinstance(await opened.telegram.sender.send(stranger, personal, repeat=False), Sent)
    assert opened.tg.sent(DESK.id)[-1].text == "Open a private chat with me first, then ask again."
    nobody = owed(opened, DESK.id, kind="reply", answers="not ours")
    await opened.telegram.sender.send(nobody, personal, repeat=False)
    assert opened.tg.sent(DESK.id)[-1].text == "This is personal. Ask me in a private chat."
    assert len(opened.tg.sent(ANN.id)) == 1


async def test_a_lost_store_is_no_reason_to_guess(opened: Stage) -> None:
    opened.talk.offer_fails = 1
    assert await send(opened, owed(opened)) == Retry(timedelta(seconds=5), "storage")
    assert opened.tg.calls("sendMessage") == []


async def test_there_is_no_nonce_and_no_history(opened: Stage) -> None:
    assert opened.telegram.sender.remembers_nonce is False
    assert await opened.telegram.sender.look_up(owed(opened)) == Unreadable()


async def test_words_from_a_parked_chat_owe_it_again(stage: Stage) -> None:
    stage.talk.answers("/price btc", "Bitcoin")
    stage.tg.faults.add(Fault(kind=FaultKind.FORBIDDEN, method="sendMessage"))
    assert await send(stage, owed(stage)) == Parked("blocked")
    await stage.finished(stage.tg.message(ANN, "/price btc"))
    await stage.finished(stage.tg.message(ANN, "/price btc"))
    assert stage.talk.unparked == [stage.place(ANN.id)]
