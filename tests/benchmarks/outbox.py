"""From alerts that fire to all of them on disk, each with its message owed; and whether a long queue slows it down."""

import asyncio
import sqlite3
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter

from services.clock import SystemClock
from services.counters import Counters
from services.domain.deliveries import Delivery, Sent
from services.domain.pacing import UNLIMITED, Pacer
from services.domain.people import Place
from services.lane import Lane
from services.settling import settle
from services.store import outbox, people
from services.store.open import open_store
from services.store.outbox import Owed
from services.tx import Store, Tx
from tests.benchmarks.report import Limit, Report

COUNT = 100
_MANY = 100_000
_ROUNDS = 20
_PERSON = 1
_PLACE = Place("telegram", 7, 1)
_GOAL = (Limit("owed_per_s", ">=", 15_000), Limit("owed_many_per_s", ">=", 50_000), Limit("take_ratio", "<=", 1.5))


def run(count: int) -> Report:
    """Owe `count` messages in one transaction, as often as a median needs, and a hundred thousand (or as many) once."""
    return asyncio.run(_measured(count, _MANY if count >= COUNT else count * 10))


async def _measured(count: int, many: int) -> Report:
    with tempfile.TemporaryDirectory() as folder:
        clock = SystemClock()
        store = await open_store(None, Path(folder) / "data", Counters(), clock)
        chat = await store.write(_chat)
        rounds = [await _owed(store, chat, f"round {number}", count) for number in range(_ROUNDS)]
        whole = await _owed(store, chat, "many", many)
        settled = await _settled(store, count)
        await store.close()
        plain = [_inserted(Path(folder) / "plain.sqlite", count) for _ in range(_ROUNDS)]
    short, long = _taken(1_000), _taken(many)
    figures = {
        "owed_per_s": count / median(rounds),
        "owed_many_per_s": many / whole,
        "settled_per_s": count / settled,
        "take_us": short * 1e6,
        "take_many_us": long * 1e6,
        "take_ratio": long / short,
    }
    return Report("outbox", count, figures, {"inserted_per_s": count / median(plain)}, _GOAL, ("sqlalchemy",))


def _chat(tx: Tx) -> int:
    person, _ = people.person_of(tx, "telegram", _PERSON, datetime.now(UTC))
    return people.chat_of(tx, _PLACE, person)


async def _owed(store: Store, chat: int, name: str, count: int) -> float:
    now = datetime.now(UTC)

    def work(tx: Tx) -> None:
        for number in range(count):
            outbox.add(tx, Owed(f"event {name} {number} part 0", "alert", chat), now, to=(_PLACE, True))

    began = perf_counter()
    await store.write(work)
    return perf_counter() - began


async def _settled(store: Store, count: int) -> float:
    """Settle so many, each in its own call as the outbox does it; the store gathers them."""
    now = datetime.now(UTC)
    owed = (await store.read(outbox.unsettled))[:count]
    began = perf_counter()
    await asyncio.gather(*(store.write(partial(settle, owed=each, outcome=Sent(1), now=now)) for each in owed))
    return perf_counter() - began


def _inserted(path: Path, count: int) -> float:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE IF NOT EXISTS owed (id INTEGER PRIMARY KEY, key TEXT UNIQUE, at INTEGER)")
    began = perf_counter()
    connection.execute("BEGIN IMMEDIATE")
    for _ in range(count):
        connection.execute("INSERT INTO owed (key, at) VALUES (hex(randomblob(12)), 1)")
    connection.execute("COMMIT")
    spent = perf_counter() - began
    connection.close()
    return spent


def _taken(waiting: int) -> float:
    """Return the median seconds in which the next message is taken out of a queue of so many chats."""
    lane = Lane(Pacer(UNLIMITED))
    for number in range(waiting):
        lane.wait_for(_delivery(number), 0.0)
    lane.next(1.0)  # what is due is lined up once
    lane.release(0, 1.0)
    spent: list[float] = []
    for _ in range(min(waiting - 1, 500)):
        began = perf_counter()
        taken = lane.next(1.0)
        spent.append(perf_counter() - began)
        assert isinstance(taken, Delivery)
        lane.release(taken.chat, 1.0)
    return median(spent)


_OWED = Delivery(
    id=0, key="", kind="alert", event=None, chat=0, place=_PLACE, private=True, answers=None, card=None,
    state="pending", attempt=0, unknowns=0, first_intended_at=None, not_before=datetime.now(UTC),
    created_at=datetime.now(UTC),
)  # fmt: skip


def _delivery(number: int) -> Delivery:
    return replace(_OWED, id=number, chat=number, place=Place("telegram", 7, number))
