"""Many alerts of one chat at once: three by themselves, the rest in one message, and each of them settled."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from services.counters import Counters
from services.domain.deliveries import Delivery, Parked, Retry, Unknown
from services.domain.pacing import Pace, Window
from services.store.open import open_store
from services.tx import Store
from tests.fakes.senders import Ending
from tests.services.posting import Post, posting
from tests.stage import START, SteppedClock


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    opened = await open_store("sqlite:///:memory:", Path("unused"), Counters(), SteppedClock(START))
    yield opened
    await opened.close()


@pytest.fixture
async def post(store: Store) -> AsyncIterator[Post]:
    async with posting(store=store) as made:
        made.connect(Pace(None, Window(1, 1.0), None))
        yield made


async def fire(post: Post, count: int, first: int = 1, chat: int = 1) -> list[int]:
    """Owe so many alerts, each in its own transaction."""
    return [await post.owe(f"event {first + number} to 1 part 0", chat, card=None) for number in range(count)]


async def states(post: Post, numbers: list[int]) -> set[str]:
    return {(await post.owed(number)).state for number in numbers}


async def seconds_of(post: Post) -> list[float]:
    began = post.sender.attempts[0].at
    return [each.at - began for each in post.sender.attempts]


@pytest.mark.parametrize("count", [1, 2, 3])
async def test_up_to_three_alerts_are_single_messages(post: Post, count: int) -> None:
    await fire(post, count)
    for _ in range(12):
        await post.after(1)
    assert [text for _, text in post.sender.seen] == [f"event {number} to 1 part 0" for number in range(1, count + 1)]


async def test_the_first_of_many_leaves_at_once_and_the_others_together(post: Post) -> None:
    numbers = await fire(post, 8)
    await post.rest()
    assert len(post.sender.seen) == 1
    await post.after(1.1)
    assert post.sender.seen[1:] == [(1, f"7 together: {tuple(numbers[1:])}")]
    assert await states(post, numbers) == {"sent"}
    assert not post.outbox.waiting()


async def test_a_fourth_within_ten_seconds_waits_for_those_that_follow_it(post: Post) -> None:
    numbers = []
    for number in range(6):
        numbers += await fire(post, 1, number)
        await post.after(1.1)
    assert len(post.sender.seen) == 3
    for _ in range(12):
        await post.after(1)
    assert post.sender.seen[3:] == [(1, f"3 together: {tuple(numbers[3:])}")]
    assert (await seconds_of(post))[3] == pytest.approx(10, abs=1)


async def test_replies_do_not_wait_behind_a_burst(post: Post) -> None:
    for number in range(4):
        await fire(post, 1, number)
        await post.after(1.1)
    await post.owe("an answer", kind="reply")
    await post.after(1.1)
    assert post.sender.seen[3:] == [(1, "an answer")]


async def test_other_chats_are_not_held_up(post: Post) -> None:
    await fire(post, 50)
    await fire(post, 1, 100, chat=2)
    await post.rest()
    assert [chat for chat, _ in post.sender.seen] == [1, 2]


async def test_a_summary_holds_twenty_at_most(post: Post) -> None:
    numbers = await fire(post, 42)
    for _ in range(12):
        await post.after(1.1)
    told = [text.partition(":")[0] for _, text in post.sender.seen]
    assert told == ["event 1 to 1 part 0", "20 together", "20 together", "event 42 to 1 part 0"]
    assert await states(post, numbers) == {"sent"}


async def test_a_refused_summary_comes_again_as_it_was(post: Post) -> None:
    numbers = await fire(post, 5)
    post.sender.then()
    await post.rest()
    post.sender.then(Parked("blocked"))
    await post.after(1.1)
    assert await states(post, numbers[1:]) == {"parked"}
    await fire(post, 1, 100)
    await post.rest()
    await post.outbox.wake((await post.owed(numbers[0])).chat)
    for _ in range(15):
        await post.after(1.1)
    assert (1, f"4 together: {tuple(numbers[1:])}") in post.sender.seen
    assert await states(post, numbers) == {"sent"}


async def test_a_summary_told_to_wait_is_sent_once(post: Post) -> None:
    numbers = await fire(post, 5)
    await post.rest()
    post.sender.then(Retry(timedelta(seconds=30), "too many requests"))
    await post.after(1.1)
    await post.after(31)
    assert [text for _, text in post.sender.seen][1:] == [f"4 together: {tuple(numbers[1:])}"]
    assert await states(post, numbers) == {"sent"}


async def test_after_an_unknown_outcome_the_same_summary_says_that_it_may_be_a_repeat(post: Post) -> None:
    numbers = await fire(post, 5)
    await post.rest()
    post.sender.then(Ending(Unknown("no answer"), arrives=True))
    await post.after(1.1)
    assert {(await post.owed(each)).unknowns for each in numbers[1:]} == {1}
    more = await fire(post, 1, 100)
    await post.after(6)
    await post.after(1.1)
    together = f"4 together: {tuple(numbers[1:])}"
    assert [text for _, text in post.sender.seen if "together" in text] == [together, f"repeat: {together}"]
    assert await states(post, [*numbers, *more]) == {"sent"}


async def test_a_stop_while_a_summary_is_on_its_way_repeats_it_as_one(store: Store) -> None:
    async with posting(store=store) as before:
        before.connect(Pace(None, Window(1, 1.0), None))
        numbers = await fire(before, 6)
        await before.rest()
        before.sender.hold = asyncio.Event()
        await before.after(1.1)
        assert await states(before, numbers[1:]) == {"sending"}
    async with posting(store=store) as after:
        after.clock.set(before.clock.now())
        await after.outbox.load()
        after.connect()
        await after.outbox.take_up("telegram", 7)
        await after.rest()
        assert after.sender.seen == [(1, f"repeat: 5 together: {tuple(numbers[1:])}")]
        assert await states(after, numbers) == {"sent"}


async def test_a_message_of_several_parts_is_owed_part_by_part(post: Post) -> None:
    number = await post.owe("event 1 to 1 part 0", card="one|two|three")
    for _ in range(4):
        await post.after(1.1)
    assert [text for _, text in post.sender.seen] == ["one", "two", "three"]
    keys: list[Delivery] = [await post.owed(number + each) for each in range(3)]
    assert [each.key for each in keys] == [f"event 1 to 1 part {each}" for each in range(3)]
    assert {each.state for each in keys} == {"sent"}


async def test_only_the_part_that_is_unknown_comes_again(post: Post) -> None:
    await post.owe("event 1 to 1 part 0", card="one|two|three")
    await post.rest()
    await post.after(1.1)
    post.sender.then(Ending(Unknown("no answer"), arrives=True))
    for _ in range(9):
        await post.after(1.1)
    assert sorted(text for _, text in post.sender.seen) == ["one", "repeat: three", "three", "two"]
