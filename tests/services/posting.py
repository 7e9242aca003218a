"""An outbox over a real store, a sender that does as it is told, and a clock that a test moves."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from services.counters import Counters
from services.domain.deliveries import Delivery, Kind
from services.domain.pacing import UNLIMITED, Pace
from services.domain.people import Place
from services.outbox import Outbox
from services.store import outbox as rows
from services.store import people
from services.store.errors import StoreFull
from services.store.open import open_store
from services.store.outbox import Owed
from services.tx import Store, Tx
from tests.fakes.senders import FakeSender
from tests.stage import START, SteppedClock

T = TypeVar("T")
BOT = 7
_PATIENCE = 10  # seconds
_QUIET = 30  # turns of the event loop in which nothing moved


class FillableStore:
    """A store whose disk a test fills: then nothing is written."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.is_full = False
        self.refused = 0

    async def write(self, work: Callable[[Tx], T]) -> T:
        if self.is_full:
            self.refused += 1
            raise StoreFull
        return await self._store.write(work)

    async def read(self, work: Callable[[Tx], T]) -> T:
        return await self._store.read(work)

    async def shred(self) -> None:
        await self._store.shred()

    async def close(self) -> None:
        await self._store.close()


class Post:
    """One running outbox."""

    def __init__(self, store: FillableStore, clock: SteppedClock) -> None:
        self.store, self.clock, self.counters = store, clock, Counters()
        self.sender = FakeSender(clock)
        self.undrawable: set[str] = set()
        self.outbox: Outbox[str] = Outbox(store, clock, self.counters, self._draw, str)

    async def _draw(self, owed: Delivery) -> str:
        if owed.key in self.undrawable:
            raise LookupError(owed.key)
        if owed.members:
            return f"{len(owed.members)} together: {owed.members}"
        return owed.key if owed.card in (None, "text") else owed.card

    def connect(self, pace: Pace = UNLIMITED, *, one_commit: bool = True) -> None:
        self.outbox.register("telegram", BOT, self.sender, pace, one_commit=one_commit)

    async def owe(
        self,
        key: str,
        chat: int = 1,
        kind: Kind = "alert",
        *,
        fails: Exception | None = None,
        card: str | None = "text",
    ) -> int:
        """Owe a message in a transaction that may fail at its end; return the delivery's id, 0 where it was owed."""
        place = Place("telegram", BOT, chat)

        def work(tx: Tx) -> int:
            person, _ = people.person_of(tx, "telegram", chat, self.clock.now())
            owed = Owed(key, kind, people.chat_of(tx, place, person), card=card)
            made = self.outbox.owe(tx, owed, place, private=True)
            for failure in filter(None, [fails]):
                raise failure
            return 0 if made is None else made.id

        return await self.store.write(work)

    async def owed(self, number: int) -> Delivery:
        found = await self.store.read(lambda tx: rows.by_id(tx, number))
        assert found is not None
        return found

    async def sent(self, key: str, chat: int = 1) -> Delivery:
        """Owe a message, let everything happen that happens at once, and return it as it is stored then."""
        number = await self.owe(key, chat)
        await self.rest()
        return await self.owed(number)

    async def after(self, seconds: float) -> None:
        """Move the clock and let everything that is due happen."""
        self.clock.set(self.clock.now() + timedelta(seconds=seconds))
        await self.rest()

    async def rest(self) -> None:
        """Wait until nothing moves any more."""
        quiet = 0
        async with asyncio.timeout(_PATIENCE):
            while quiet < _QUIET:
                await self.clock.let_others_run()
                quiet = quiet + 1 if self._is_resting() else 0

    def _is_resting(self) -> bool:
        is_held = self.sender.hold is not None or self.store.is_full
        return "outbox: rest" in self.clock.asleep and (is_held or not self.outbox.in_flight())


@asynccontextmanager
async def posting(clock: SteppedClock | None = None, store: Store | None = None) -> AsyncIterator[Post]:
    """An outbox that runs; without a store it has one in memory, which is closed at the end."""
    clock = clock or SteppedClock(START)
    opened = store or await open_store("sqlite:///:memory:", Path("unused"), Counters(), clock)
    post = Post(FillableStore(opened), clock)
    running = asyncio.create_task(post.outbox.run(), name="outbox")
    try:
        yield post
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await post.outbox.drain(0)
        for each in [opened] * (store is None):
            await each.close()
