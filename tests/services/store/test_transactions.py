import asyncio
import gc
import threading
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from services.clock import FixedClock
from services.counters import Counters
from services.store import events, notes
from services.store.errors import StoreConflict, StoreError, StoreUnavailable
from services.store.open import open_store
from services.tx import Store, Tx
from tests.services.store.cancelling import survives
from tests.services.store.samples import NOW, firing, someone, stored_alert

MOST_STEPS = 5_000


def put(name: str, tx: Tx) -> str:
    notes.put(tx, name, "written")
    return name


def put_and_fail(name: str, failure: BaseException, tx: Tx) -> None:
    notes.put(tx, name, "half written")
    raise failure


async def written(store: Store, *names: str) -> list[str]:
    found = await store.read(lambda tx: [(name, notes.get(tx, name)) for name in names])
    return [name for name, value in found if value is not None]


async def step(times: int) -> None:
    for _ in range(times):
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    "failure", [ValueError("mine"), LookupError("mine"), asyncio.CancelledError(), StopIteration()], ids=type
)
async def test_a_failing_work_does_not_touch_its_neighbours(store: Store, failure: BaseException) -> None:
    before, failed, after = await asyncio.gather(
        store.write(partial(put, "before")),
        store.write(partial(put_and_fail, "failed", failure)),
        store.write(partial(put, "after")),
        return_exceptions=True,
    )
    assert (before, after) == ("before", "after")
    assert isinstance(failed, type(failure) | RuntimeError)
    assert await written(store, "before", "failed", "after") == ["before", "after"]


async def test_a_broken_rule_of_the_schema_concerns_one_work_only(store: Store) -> None:
    def twice(tx: Tx) -> None:
        notes.put(tx, "failed", "half written")
        made = stored_alert(tx, someone(tx))
        for _ in range(2):
            events.add(tx, firing(made))

    results = await asyncio.gather(
        store.write(partial(put, "before")), store.write(twice), store.write(partial(put, "after")),
        return_exceptions=True,
    )  # fmt: skip
    assert [type(each) for each in results] == [str, StoreConflict, str]
    assert await written(store, "before", "failed", "after") == ["before", "after"]


async def test_actions_run_once_in_order_and_before_their_caller_goes_on(store: Store) -> None:
    told: list[str] = []

    def work(name: str, failure: Exception | None, tx: Tx) -> None:
        for ending in ("1", "2"):
            tx.after_commit(partial(told.append, f"{name} committed {ending}"))
            tx.after_rollback(partial(told.append, f"{name} rolled back {ending}"))
        notes.put(tx, name, "x")
        for each in filter(None, [failure]):
            raise each

    async def call(name: str, failure: Exception | None) -> None:
        await asyncio.gather(store.write(partial(work, name, failure)), return_exceptions=True)
        told.append(f"{name} goes on")

    await asyncio.gather(call("a", None), call("b", ValueError()), call("c", None))
    assert sorted(told) == sorted([
        "a committed 1", "a committed 2", "a goes on",
        "b rolled back 1", "b rolled back 2", "b goes on",
        "c committed 1", "c committed 2", "c goes on",
    ])  # fmt: skip
    for name, ending in (("a", "committed"), ("b", "rolled back"), ("c", "committed")):
        mine = [each for each in told if each.startswith(name)]
        assert mine == [f"{name} {ending} 1", f"{name} {ending} 2", f"{name} goes on"]
    assert [each for each in told if each.endswith("committed 1")] == ["a committed 1", "c committed 1"]


async def test_a_failing_action_is_reported_and_stops_nothing(store: Store) -> None:
    reported: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context["exception"]))
    told: list[str] = []
    failure = ZeroDivisionError("an action")

    def fail() -> None:
        raise failure

    def work(tx: Tx) -> None:
        tx.after_commit(fail)
        tx.after_commit(partial(told.append, "the next"))
        put("a", tx)

    await store.write(work)
    assert told == ["the next"]
    assert reported == [failure]
    assert await store.write(partial(put, "b")) == "b"


async def test_a_caller_cancelled_at_any_step_leaves_all_or_nothing(store: Store) -> None:
    told: list[int] = []
    finished = 0

    def work(number: int, tx: Tx) -> None:
        tx.after_commit(partial(told.append, number))
        put(f"{number} first", tx)
        put(f"{number} second", tx)

    async with asyncio.timeout(60):
        for steps in range(MOST_STEPS):
            task = asyncio.create_task(store.write(partial(work, steps)))
            await step(steps)
            task.cancel()
            outcome = (await asyncio.gather(task, return_exceptions=True))[0]
            await store.write(partial(put, f"{steps} neighbour"))
            found = await written(store, f"{steps} first", f"{steps} second")
            assert len(found) == 2 * told.count(steps)
            assert told.count(steps) <= 1
            finished += outcome is None
            if finished == 3:  # it came to its end before the cancellation
                break
    assert finished == 3


async def test_a_caller_cancelled_while_its_work_runs_cancels_nothing(file_store: Store) -> None:
    running, may_go_on = threading.Event(), threading.Event()

    def work(tx: Tx) -> None:
        put("first", tx)
        running.set()
        assert may_go_on.wait(10)
        put("second", tx)

    task = asyncio.create_task(file_store.write(work))
    await asyncio.to_thread(running.wait, 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    may_go_on.set()
    await file_store.write(partial(put, "third"))
    assert await written(file_store, "first", "second", "third") == ["first", "second", "third"]


async def test_a_cancelled_reader_harms_nobody(store: Store) -> None:
    await store.write(partial(put, "a"))
    for number in count():
        if await survives(number, store.read(partial(notes.get, name="a"))):
            break
        assert await written(store, "a") == ["a"]
    assert await store.write(partial(put, "b")) == "b"


async def test_a_reader_cannot_write(store: Store) -> None:
    with pytest.raises(StoreError):
        await store.read(partial(put, "a"))
    assert await written(store, "a") == []
    assert await store.write(partial(put, "b")) == "b"


async def test_nobody_can_write_by_reading_in_memory() -> None:
    store = await open_store("sqlite:///:memory:", Path("unused"), Counters(), FixedClock(NOW))
    with pytest.raises(StoreError):
        await store.read(partial(put, "a"))
    assert await store.write(partial(put, "b")) == "b"
    assert await written(store, "a", "b") == ["b"]
    await store.close()


async def test_what_a_work_reads_is_of_one_moment(file_store: Store) -> None:
    has_read, has_written = threading.Event(), threading.Event()

    def work(tx: Tx) -> tuple[str | None, str | None]:
        first = notes.get(tx, "a")
        has_read.set()
        assert has_written.wait(10)
        return first, notes.get(tx, "a")

    reading = asyncio.create_task(file_store.read(work))
    await asyncio.to_thread(has_read.wait, 10)
    await file_store.write(partial(put, "a"))
    has_written.set()
    assert await reading == (None, None)
    assert await written(file_store, "a") == ["a"]


async def test_closing_finishes_what_is_queued(url: str, data_dir: Path, counters: Counters) -> None:
    store = await open_store(url, data_dir, counters, FixedClock(NOW))
    names = [f"name {number}" for number in range(600)]
    writing = [asyncio.create_task(store.write(partial(put, name))) for name in names]
    await step(1)
    await asyncio.gather(store.close(), store.close())
    assert await asyncio.gather(*writing) == names
    with pytest.raises(StoreUnavailable):
        await store.write(partial(put, "late"))
    with pytest.raises(StoreUnavailable):
        await store.read(partial(notes.get, name="late"))
    await store.close()
    again = await open_store(url, data_dir, counters, FixedClock(NOW))
    assert await written(again, *names, "late") == names
    await again.close()


async def test_a_closing_that_is_cancelled_goes_on(url: str, data_dir: Path, counters: Counters) -> None:
    for number in count():
        store = await open_store(url, data_dir, counters, FixedClock(NOW))
        writing = asyncio.create_task(store.write(partial(put, f"name {number}")))
        await step(1)
        survived = await survives(number, store.close())
        assert await writing == f"name {number}"
        await store.close()
        if survived:
            break


@pytest.mark.parametrize(("url", "stride"), [("sqlite", 1), ("postgres", 7)], indirect=["url"])
async def test_an_opening_that_is_cancelled_lets_everything_go(
    url: str, stride: int, data_dir: Path, counters: Counters
) -> None:
    for number in range(0, MOST_STEPS, stride):
        opened: list[Store] = []

        async def opening(opened: list[Store] = opened) -> None:
            opened.append(await open_store(url, data_dir, counters, FixedClock(NOW)))

        if await survives(number, opening()):
            await opened[0].close()
            break
    store = await open_store(url, data_dir, counters, FixedClock(NOW))
    assert await store.write(partial(put, "a")) == "a"
    await store.close()
    gc.collect()  # from 3.13 on a connection that nobody closed warns, and the warning is an error


async def test_writes_are_counted(store: Store, counters: Counters) -> None:
    await store.write(partial(put, "a"))
    with pytest.raises(ValueError, match="mine"):
        await store.write(partial(put_and_fail, "b", ValueError("mine")))
    assert counters.get("writes_failed", "ValueError") == 1
    assert counters.get("writes") >= 1
