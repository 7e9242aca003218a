"""Stops, restarts and full disks: nothing is lost, and nothing repeated without saying so."""

import asyncio
import threading
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from services.counters import Counters
from services.domain.deliveries import Delivery, Parked, Unknown
from services.domain.pacing import Pace, Window
from services.domain.people import Place
from services.store import people
from services.store.errors import StoreFull
from services.store.open import open_store
from services.store.outbox import Owed
from services.tx import Store, Tx
from tests.fakes.senders import Ending
from tests.services.posting import Post, posting
from tests.stage import START, SteppedClock


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    """What is on disk while processes come and go."""
    opened = await open_store("sqlite:///:memory:", Path("unused"), Counters(), SteppedClock(START))
    yield opened
    await opened.close()


@pytest.fixture
async def post(store: Store) -> AsyncIterator[Post]:
    async with posting(store=store) as made:
        made.connect()
        yield made


async def restarted(post: Post, later: float = 0) -> None:
    """Begin as a new process does."""
    post.clock.set(post.clock.now() + timedelta(seconds=later))
    await post.outbox.load()
    post.connect()
    await post.outbox.take_up("telegram", 7)
    await post.rest()


async def test_what_was_on_its_way_at_a_stop_is_labelled_and_the_rest_is_not(store: Store) -> None:
    async with posting(store=store) as before:
        before.connect()
        before.sender.hold = asyncio.Event()
        for key, chat in (("a", 1), ("b", 2), ("c", 2)):
            await before.owe(key, chat)
        await before.rest()
        assert before.outbox.in_flight() == 2
    async with posting(store=store) as after:
        await restarted(after)
        assert sorted(after.sender.seen) == [(1, "repeat: a"), (2, "c"), (2, "repeat: b")]


async def test_what_waited_for_its_time_still_waits_after_a_restart(store: Store) -> None:
    async with posting(store=store) as before:
        before.connect()
        before.sender.then(Ending(Unknown("no answer")))
        owed = await before.sent("a")
    async with posting(SteppedClock(START + timedelta(seconds=2)), store) as after:
        await restarted(after)
        assert after.sender.attempts == []
        await after.after(3.1)
        assert after.sender.seen == [(1, "repeat: a")]
        assert (await after.owed(owed.id)).state == "sent"


async def test_what_has_arrived_or_is_refused_is_not_taken_up(store: Store) -> None:
    async with posting(store=store) as before:
        before.connect()
        await before.sent("a")
        before.sender.then(Parked("blocked"))
        await before.sent("b", chat=2)
    async with posting(store=store) as after:
        await restarted(after)
        assert after.sender.attempts == []


async def test_without_its_platform_a_message_waits_in_the_store(store: Store) -> None:
    async with posting(store=store) as off:
        owed = await off.sent("a")
        assert owed.state == "pending"
    async with posting(store=store) as on:
        await restarted(on)
        assert on.sender.seen == [(1, "a")]


async def test_a_message_taken_up_twice_goes_out_once(post: Post) -> None:
    post.connect(one_commit=False)
    post.sender.then(Ending(Unknown("no answer"), arrives=True))
    await post.owe("a")
    await post.outbox.take_up("telegram", 7)
    await post.rest()
    assert len(post.sender.attempts) == 1
    await post.after(5.1)
    await post.after(60)
    assert post.sender.seen == [(1, "a"), (1, "repeat: a")]


async def test_draining_ends_what_is_under_way_and_starts_nothing(post: Post) -> None:
    post.sender.hold = asyncio.Event()
    first, second = await post.owe("a"), await post.owe("b")
    await post.rest()
    draining = asyncio.create_task(post.outbox.drain(10))
    await post.rest()
    third = await post.owe("c", chat=3)
    post.sender.hold.set()
    await draining
    post.sender.hold = None
    await post.rest()
    assert post.sender.seen == [(1, "a")]
    assert [(await post.owed(each)).state for each in (first, second, third)] == ["sent", "pending", "pending"]


async def test_what_does_not_end_in_time_stays_unknown(store: Store) -> None:
    async with posting(store=store) as before:
        before.connect()
        before.sender.hold = asyncio.Event()
        number = await before.owe("a")
        await before.rest()
        await before.outbox.drain(0)
        assert (await before.owed(number)).state == "sending"
    async with posting(store=store) as after:
        await after.outbox.load()
        assert ((await after.owed(number)).state, (await after.owed(number)).unknowns) == ("unknown", 1)


async def test_a_full_disk_holds_back_what_cannot_be_intended(post: Post) -> None:
    post.connect(one_commit=False)
    post.sender.hold = asyncio.Event()
    await post.owe("a")
    await post.rest()
    number = await post.owe("b")
    post.store.is_full = True
    post.sender.hold.set()
    await post.rest()
    assert post.sender.seen == [(1, "a")]
    post.sender.hold, post.store.is_full = None, False
    await post.after(5.1)
    await post.after(5.1)
    assert post.sender.seen == [(1, "a"), (1, "b")]
    assert (await post.owed(number)).state == "sent"


async def test_an_outcome_that_cannot_be_stored_is_kept_until_it_can(post: Post) -> None:
    post.sender.hold = asyncio.Event()
    number = await post.owe("a")
    await post.rest()
    post.store.is_full = True
    post.sender.hold.set()
    for _ in range(3):
        await post.after(5.1)
    assert (await post.owed(number)).state == "sending"
    assert post.store.refused >= 3
    post.store.is_full = False
    await post.after(5.1)
    post.sender.hold = None
    await post.after(1_000)
    assert (await post.owed(number)).state == "sent"
    assert [each.repeat for each in post.sender.attempts] == [False]


async def test_a_restart_does_not_break_a_window(store: Store) -> None:
    pace = Pace(None, Window(2, 60.0), None)
    async with posting(store=store) as before:
        before.connect(pace)
        await before.sent("a")
        await before.after(10)
        await before.sent("b")
    async with posting(store=store) as after:
        after.clock.set(before.clock.now() + timedelta(seconds=5))
        await after.outbox.load()
        after.connect(pace)
        await after.outbox.take_up("telegram", 7)
        await after.owe("c")
        await after.rest()
        assert after.sender.seen == []
        await after.after(44)
        assert after.sender.seen == []
        await after.after(2)
        assert after.sender.seen == [(1, "c")]


async def owe_many(post: Post, count: int) -> None:
    for number in range(count):
        await post.owe(f"message {number}", chat=number + 1)


async def test_a_message_for_which_the_disk_has_no_room_keeps_no_place(post: Post) -> None:
    [[pages]] = await post.store.read(lambda tx: tx.rows(text("PRAGMA page_count")))
    await post.store.write(lambda tx: tx.rows(text(f"PRAGMA max_page_count = {pages!r}")))
    with pytest.raises(StoreFull):
        await owe_many(post, 1_000)
    await post.rest()
    assert post.outbox.in_flight() == 0


async def test_what_a_commit_under_way_owes_at_a_stop_is_sent_before_the_end(post: Post) -> None:
    inside, going_on = threading.Event(), threading.Event()

    def slow(tx: Tx) -> Delivery | None:
        person, _ = people.person_of(tx, "telegram", 1, START)
        owed = Owed("a", "alert", people.chat_of(tx, Place("telegram", 7, 1), person), card="text")
        made = post.outbox.owe(tx, owed, Place("telegram", 7, 1), private=True)
        inside.set()
        going_on.wait(10)
        return made

    committing = asyncio.create_task(post.store.write(slow))
    await asyncio.to_thread(inside.wait, 10)
    draining = asyncio.create_task(post.outbox.drain(10))
    await post.clock.let_others_run()
    going_on.set()
    made = await committing
    await draining
    assert made is not None
    assert (await post.owed(made.id)).state == "sent"
