"""Every outcome of an attempt, and what people see in the end."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from services.domain.deliveries import Found, Missing, Moved, Parked, Retry, Sent, Unknown, Unreadable
from services.domain.pacing import Pace, Window
from services.domain.people import Place
from services.store import people
from services.tx import Tx
from tests.fakes.senders import Ending
from tests.services.posting import BOT, Post, posting

SILENCE = Ending(Unknown("no answer"))
ARRIVED = Ending(Unknown("no answer"), arrives=True)
BREAKDOWN = Ending(RuntimeError("nobody foresaw this"), arrives=True)
TIMEOUT = Ending(TimeoutError(), arrives=True)


@pytest.fixture
async def post() -> AsyncIterator[Post]:
    async with posting() as made:
        made.connect()
        yield made


async def test_a_message_arrives_once_and_keeps_no_text(post: Post) -> None:
    owed = await post.sent("a")
    assert post.sender.seen == [(1, "a")]
    assert (owed.state, owed.attempt, owed.unknowns, owed.card) == ("sent", 1, 0, None)
    assert post.counters.get("deliveries_sent", "telegram") == 1
    assert (post.outbox.waiting(), post.outbox.in_flight()) == (0, 0)
    await post.after(100_000)
    assert len(post.sender.attempts) == 1


@pytest.mark.parametrize("one_commit", [True, False])
async def test_what_may_leave_at_once_is_intended_when_it_is_owed(post: Post, *, one_commit: bool) -> None:
    post.connect(one_commit=one_commit)
    await post.sent("a")
    [attempt] = post.sender.attempts
    assert attempt.delivery.state == ("sending" if one_commit else "pending")
    assert not attempt.repeat


async def test_the_same_message_is_not_owed_twice_and_holds_nothing_up(post: Post) -> None:
    await post.sent("a")
    assert await post.owe("a") == 0
    await post.rest()
    assert (await post.sent("b")).state == "sent"
    assert post.sender.seen == [(1, "a"), (1, "b")]


async def test_what_is_rolled_back_was_never_owed(post: Post) -> None:
    with pytest.raises(ValueError, match="late"):
        await post.owe("a", fails=ValueError("late"))
    assert (await post.sent("b")).state == "sent"
    assert post.sender.seen == [(1, "b")]


async def test_messages_of_one_chat_keep_the_pace(post: Post) -> None:
    post.connect(Pace(None, Window(1, 1.0), None))
    for key in "abc":
        await post.owe(key)
    await post.rest()
    assert post.sender.seen == [(1, "a")]
    await post.after(0.9)
    assert len(post.sender.seen) == 1
    for _ in range(3):
        await post.after(1.1)
    assert post.sender.seen == [(1, "a"), (1, "b"), (1, "c")]
    first, second, third = post.sender.times()
    assert second - first >= 1
    assert third - second >= 1


async def test_not_before_is_obeyed_for_the_chat_alone(post: Post) -> None:
    post.sender.then(Retry(timedelta(seconds=7), "too fast"))
    owed = await post.sent("a")
    assert (owed.state, owed.unknowns) == ("pending", 0)
    await post.sent("b", chat=2)
    await post.after(6.9)
    assert post.sender.seen == [(2, "b")]
    await post.after(0.2)
    assert post.sender.seen == [(2, "b"), (1, "a")]
    assert not any(each.repeat for each in post.sender.attempts)
    assert post.counters.get("deliveries_retried", "telegram") == 1


async def test_not_before_for_the_whole_bot_halts_every_chat(post: Post) -> None:
    post.sender.then(Retry(timedelta(seconds=7), "too fast", whole_bot=True))
    await post.sent("a")
    await post.sent("b", chat=2)
    await post.after(6.9)
    assert post.sender.seen == []
    await post.after(0.2)
    assert sorted(post.sender.seen) == [(1, "a"), (2, "b")]


@pytest.mark.parametrize("ending", [SILENCE, ARRIVED, BREAKDOWN, TIMEOUT])
async def test_after_an_unknown_outcome_a_copy_says_that_it_may_be_one(post: Post, ending: Ending) -> None:
    post.sender.then(ending)
    owed = await post.sent("a")
    assert (owed.state, owed.unknowns, owed.card) == ("unknown", 1, "text")
    await post.after(4.9)
    assert len(post.sender.attempts) == 1
    await post.after(0.2)
    assert post.sender.seen == [(1, "a")] * ending.arrives + [(1, "repeat: a")]
    assert (await post.owed(owed.id)).state == "sent"
    assert post.counters.get("deliveries_unknown", "telegram") == 1
    assert post.sender.asked == 1


async def test_only_the_first_copy_goes_without_the_label_however_often_it_fails(post: Post) -> None:
    post.sender.then(ARRIVED, ARRIVED, Retry(timedelta(seconds=3), "x"), Moved(99), ARRIVED, SILENCE)
    await post.owe("a")
    for seconds in (0, 5.1, 30.1, 3.1, 0.1, 120.1, 600.1):
        await post.after(seconds)
    assert [text for _, text in post.sender.seen] == ["a", "repeat: a", "repeat: a", "repeat: a"]
    assert [each.repeat for each in post.sender.attempts] == [False] + [True] * 6
    assert [int(at - post.sender.attempts[0].at) for at in post.sender.times()] == [0, 5, 35, 38, 38, 158, 758]


async def test_nothing_is_repeated_while_the_platform_does_not_answer(post: Post) -> None:
    post.sender.then(ARRIVED)
    post.sender.is_up = False
    owed = await post.sent("a")
    for _ in range(10):
        await post.after(5.1)
    assert len(post.sender.attempts) == 1
    assert post.sender.asked >= 9
    post.sender.is_up = True
    await post.after(5.1)
    assert post.sender.seen == [(1, "a"), (1, "repeat: a")]
    assert (await post.owed(owed.id)).attempt == 2


@pytest.mark.parametrize("ending", [SILENCE, ARRIVED])
async def test_where_a_nonce_is_remembered_it_is_simply_sent_again(post: Post, ending: Ending) -> None:
    post.sender.remembers_nonce = True
    post.sender.then(ending, ending)
    await post.owe("a")
    for seconds in (0, 5.1, 30.1):
        await post.after(seconds)
    assert post.sender.seen == [(1, "a")]
    assert len({each.delivery.nonce for each in post.sender.attempts}) == 1
    assert (len(post.sender.attempts), post.sender.looked_up) == (3, [])


@pytest.mark.parametrize(
    ("looked", "more"), [(Found(5), []), (Missing(), [(1, "a")]), (Unreadable(), [(1, "repeat: a")])]
)
async def test_later_than_a_nonce_is_remembered_the_history_decides(
    post: Post, looked: Found | Missing | Unreadable, more: list[tuple[int, str]]
) -> None:
    post.sender.remembers_nonce, post.sender.looked = True, looked
    post.sender.then(ARRIVED, ARRIVED, ARRIVED)
    owed = await post.sent("a")
    for seconds in (5.1, 30.1):
        await post.after(seconds)
    assert (post.sender.seen, post.sender.looked_up) == ([(1, "a")], [])
    await post.after(120.1)
    assert post.sender.looked_up == ["a"]
    assert post.sender.seen == [(1, "a"), *more]
    assert (await post.owed(owed.id)).state == "sent"


async def test_a_refused_message_is_kept_and_tried_again_after_hours(post: Post) -> None:
    post.sender.then(*[Parked("blocked")] * 40)
    owed = await post.sent("a")
    assert (owed.state, owed.card) == ("parked", "text")
    chat = await post.store.read(lambda tx: people.chat_row(tx, owed.chat))
    assert chat is not None
    assert chat.parked_reason == "blocked"
    tries = [1]
    for _ in range(60):
        await post.after(3_600)
        tries.append(len(post.sender.attempts))
    assert [tries.index(number) for number in (2, 3, 4, 5)] == pytest.approx([1, 7, 31, 55], abs=1)
    for _ in range(40):
        await post.after(86_400)
        tries.append(len(post.sender.attempts))
    assert 29 <= tries[-1] <= 33
    assert tries[-8:] == [tries[-1]] * 8
    assert (await post.owed(owed.id)).state == "parked"
    await post.outbox.wake(owed.chat)
    await post.rest()
    assert len(post.sender.attempts) == tries[-1] + 1


async def test_a_chat_that_takes_messages_again_gets_what_waited(post: Post) -> None:
    post.sender.then(Parked("blocked"))
    owed = await post.sent("a")
    await post.outbox.wake(owed.chat)
    await post.rest()
    assert post.sender.seen == [(1, "a")]
    chat = await post.store.read(lambda tx: people.chat_row(tx, owed.chat))
    assert chat is not None
    assert chat.parked_at is None


async def test_a_refusal_of_one_message_does_not_park_its_chat(post: Post) -> None:
    post.sender.then(Parked("too long", chat=False))
    owed = await post.sent("a")
    assert owed.state == "parked"
    assert await post.store.read(lambda tx: people.parked_chats(tx, "telegram", BOT)) == []


@pytest.mark.parametrize("heard_before", [False, True])
async def test_a_moved_group_gets_it_under_its_new_id(post: Post, *, heard_before: bool) -> None:
    def hear(tx: Tx) -> None:
        for _ in range(int(heard_before)):
            people.chat_of(tx, Place("telegram", BOT, -100), None)

    await post.store.write(hear)
    post.sender.then(Moved(-100))
    owed = await post.sent("a")
    assert post.sender.seen == [(-100, "a")]
    assert (owed.state, owed.place.chat_id) == ("sent", -100)
    assert not any(each.repeat for each in post.sender.attempts)


async def test_what_cannot_be_drawn_is_kept_and_holds_nobody_up(post: Post) -> None:
    post.undrawable = {"a"}
    owed = await post.sent("a")
    assert owed.state == "parked"
    await post.sent("b")
    assert post.sender.seen == [(1, "b")]
    post.undrawable = set()
    await post.after(3_700)
    assert post.sender.seen == [(1, "b"), (1, "a")]


async def test_a_direct_answer_waits_for_its_turn_and_takes_it(post: Post) -> None:
    post.connect(Pace(None, Window(1, 1.0), None))
    place = Place("telegram", BOT, 1)
    await post.outbox.turn("telegram", place, private=True)
    await post.owe("a")
    await post.after(0.9)
    assert post.sender.seen == []
    await post.after(0.2)
    assert post.sender.seen == [(1, "a")]


async def test_sent_is_the_end_of_it(post: Post) -> None:
    post.sender.then(Sent(None))
    owed = await post.sent("a")
    assert owed.state == "sent"
    await post.outbox.wake(owed.chat)
    await post.after(100_000)
    assert len(post.sender.attempts) == 1
