"""Send what is owed: intent on disk before the first byte, outcome classified and settled, nothing dropped."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Generic, TypeVar, assert_never

import structlog

from services.clock import Clock, until
from services.counters import Counters
from services.domain.deliveries import (
    Delivery,
    Found,
    Missing,
    Moved,
    Outcome,
    Parked,
    Retry,
    Sent,
    Unknown,
    Unreadable,
    wait_after_unknown,
)
from services.domain.pacing import Pace, Pacer
from services.domain.people import Place, Platform
from services.failpoints import failpoint
from services.lane import MOST_IN_FLIGHT, Lane
from services.sender import Sender, attempt, earlier
from services.settling import settle
from services.store import departures
from services.store import outbox as rows
from services.store.errors import StoreError, StoreFull, StoreUnavailable
from services.tx import Store, Tx

log = structlog.get_logger()
R = TypeVar("R")
_SWEEP_SECONDS = 60
_STORE_WAIT = timedelta(seconds=5)


class Outbox(Generic[R]):
    """Everything owed to people, from the store's rows to the platforms."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        counters: Counters,
        draw: Callable[[Delivery], Awaitable[R]],
        keep: Callable[[R], str],
        make_ready: Callable[[Tx, Delivery], None] = lambda _tx, _owed: None,
    ) -> None:
        """`draw` makes a delivery's message, `keep` writes one down, `make_ready` reads for it as it is intended."""
        self._store = store
        self._clock = clock
        self._counters = counters
        self._draw = draw
        self._keep = keep
        self._make_ready = make_ready
        self._lanes: dict[tuple[Platform, int], tuple[Lane, Sender[R]]] = {}
        self._patient: set[Platform] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._open = True

    def register(
        self, platform: Platform, bot_id: int, sender: Sender[R], pace: Pace, *, one_commit: bool = True
    ) -> None:
        """Send for this bot through `sender`, no faster than `pace`.

        With `one_commit` a message that may leave at once is intended in the transaction that owes it: faster, and a
        kill between the two leaves a copy that is labelled although it is the first.
        """
        self._lanes[platform, bot_id] = (Lane(Pacer(pace), MOST_IN_FLIGHT), sender)
        if not one_commit:
            self._patient.add(platform)

    async def load(self) -> None:
        """Begin after an earlier process: what it was sending is unknown now."""
        await self._store.write(rows.abandon)

    async def take_up(self, platform: Platform, bot_id: int) -> None:
        """Queue what this bot owes from before it was registered, and keep to windows that an earlier process began."""
        pacer, now = self._lanes[platform, bot_id][0].pacer, self._clock.now()
        for place, private, ago in await self._store.read(lambda tx: departures.lately(tx, platform, bot_id, now)):
            pacer.note(place, self._clock.monotonic() - ago, private=private)
        for owed in await self._store.read(rows.unsettled):
            if (owed.place.platform, owed.place.bot_id) == (platform, bot_id):
                self.enqueue(owed)

    def waiting(self) -> int:
        """Return how many messages are owed and not under way."""
        return sum(len(lane) for lane, _ in self._lanes.values())

    def is_due(self) -> bool:
        """Say whether a message waits for anything but its time."""
        return any(lane.is_due(self._clock.monotonic()) for lane, _ in self._lanes.values())

    def in_flight(self) -> int:
        """Return how many messages are under way."""
        return sum(lane.in_flight for lane, _ in self._lanes.values())

    def owe(self, tx: Tx, owed: rows.Owed, place: Place, *, private: bool) -> Delivery | None:
        """Owe a message inside the caller's transaction: one commit where it may leave at once. None if owed before."""
        lane = self._lanes.get((place.platform, place.bot_id))
        now = self._clock.now()
        at_once = self._open and lane is not None and place.platform not in self._patient
        if lane is not None and at_once:
            since, is_alert = self._clock.monotonic(), owed.kind == "alert"
            at_once = lane[0].admit(owed.chat, place, since, private=private, alert=is_alert)
        give_back = [partial(lane[0].release, owed.chat, self._clock.monotonic())] if lane and at_once else []
        for each in give_back:
            tx.after_rollback(each)  # before anything can fail
        made = rows.add(tx, owed, now, sending=at_once, to=(place, private))
        for each in give_back if made is None else [partial(self._owed, made)]:
            tx.after_commit(each)
        return made

    def _owed(self, made: Delivery) -> None:
        if made.state == "sending":
            self._start(self._attempt(made, intended=True), made)
        else:
            self.enqueue(made)

    def enqueue(self, owed: Delivery) -> None:
        """Queue a message that is owed and not under way."""
        lane = self._lanes.get((owed.place.platform, owed.place.bot_id))
        if lane is None:
            return  # its platform is off; the row waits
        wait = max(0.0, (owed.not_before - self._clock.now()).total_seconds())
        lane[0].wait_for(owed, self._clock.monotonic() + wait)
        self._wake.set()

    async def run(self) -> None:
        """Send what is due, for ever."""
        sweep = self._clock.monotonic() + _SWEEP_SECONDS
        while True:
            self._wake.clear()
            wait = min([self._start_due(lane) for lane, _ in self._lanes.values()], default=60.0)
            if self._clock.monotonic() >= sweep:
                sweep = self._clock.monotonic() + _SWEEP_SECONDS
                await self._retry_parked()
            await until(self._wake, self._clock, min(max(wait, 0.001), _SWEEP_SECONDS), "outbox: rest")

    def _start_due(self, lane: Lane) -> float:
        while self._open:
            following = lane.next(self._clock.monotonic())
            if isinstance(following, float):
                return following
            self._start(self._attempt(following, intended=False), following)
        return 60.0

    def _start(self, work: Coroutine[None, None, None], owed: Delivery) -> None:
        task = asyncio.get_running_loop().create_task(work, name=f"delivery {owed.id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def drain(self, seconds: float) -> None:
        """Start nothing more and let what is under way end; what does not end in time stays unknown."""
        self._open = False
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await asyncio.gather(self._store.write(lambda _: None), return_exceptions=True)  # commits may still owe
                await asyncio.gather(*self._tasks, return_exceptions=True)
        for task in set(self._tasks):
            task.cancel()

    async def turn(self, platform: Platform, place: Place, *, private: bool) -> None:
        """Wait until a message that is sent directly may leave."""
        lane = self._lanes[platform, place.bot_id][0]
        while (wait := lane.pacer.wait(place, self._clock.monotonic(), private=private)) > 0:
            await self._clock.sleep(wait)
        lane.pacer.note(place, self._clock.monotonic(), private=private)

    def halt(self, place: Place, seconds: float, *, whole_bot: bool = False) -> None:
        """Obey a platform's «not before»: for one chat, or for all of them."""
        lane = self._lanes[place.platform, place.bot_id][0]
        lane.pacer.halt(None if whole_bot else place, self._clock.monotonic() + seconds)

    async def wake(self, chat: int) -> None:
        """Owe again what was parked for a chat that takes messages again."""
        await self._owe_again(lambda tx: rows.wake_chat(tx, chat, self._clock.now()))

    async def _retry_parked(self) -> None:
        await self._owe_again(lambda tx: rows.wake_due(tx, self._clock.now()))

    async def _owe_again(self, query: Callable[[Tx], list[int]]) -> None:
        def work(tx: Tx) -> list[Delivery | None]:
            return [rows.by_id(tx, each) for each in query(tx)]

        for owed in await self._store.write(work):
            if owed is not None:
                self.enqueue(owed)

    async def _attempt(self, owed: Delivery, *, intended: bool) -> None:
        lane, sender = self._lanes[owed.place.platform, owed.place.bot_id]
        try:
            outcome = await self._send(owed, sender, intended=intended)
            if outcome is not None:
                self._heed(owed, outcome)
                await self._settle(owed, outcome)
        except StoreError as failure:
            log.warning("outbox.store_failed", delivery=owed.id, reason=str(failure))
            self.enqueue(replace(owed, not_before=self._clock.now() + _STORE_WAIT))
        except Exception:
            log.exception("outbox.attempt_failed", delivery=owed.id)
            self.enqueue(replace(owed, not_before=self._clock.now() + timedelta(seconds=60)))
        finally:
            lane.release(owed.chat, self._clock.monotonic())
            self._wake.set()

    async def _send(self, owed: Delivery, sender: Sender[R], *, intended: bool) -> Outcome | Found | None:
        now = self._clock.now()
        looked = await earlier(sender, owed, now) if owed.unknowns else Missing()
        if isinstance(looked, Found):
            return looked
        if owed.unknowns and not await sender.is_answering(owed.place):
            self.enqueue(replace(owed, not_before=now + wait_after_unknown(owed.unknowns)))
            return None
        if not intended:
            failpoint("outbox.before_intent")
            if not await self._intend(owed):
                return None
        failpoint("outbox.after_intent")
        try:
            reply = await self._draw(owed)
        except Exception:
            log.exception("outbox.draw_failed", delivery=owed.id)
            return Parked("could not be drawn", chat=False)
        parts = (reply,) if owed.answers is not None else sender.divide(reply)
        if len(parts) > 1:
            await self._write_down(owed, parts)
        lane, left_at = self._lanes[owed.place.platform, owed.place.bot_id][0], self._clock.monotonic()
        lane.leaves(owed, left_at)
        outcome = await attempt(sender, owed, parts[0], repeat=isinstance(looked, Unreadable))
        lane.answered(owed, left_at, self._clock.monotonic())
        failpoint("outbox.after_send")
        return outcome

    async def _intend(self, owed: Delivery) -> bool:
        """Commit that this leaves now, with whom it is told, and make it ready; False if it is owed no longer."""

        def work(tx: Tx) -> bool:
            if (owed.members and not rows.gather(tx, owed)) or not rows.intend(tx, owed, self._clock.now()):
                return False
            self._make_ready(tx, owed)
            return True

        is_owed = await self._store.write(work)
        if not is_owed and owed.members:
            await self._owe_again(lambda tx: rows.open_among(tx, owed.members))
        return is_owed

    async def _write_down(self, owed: Delivery, parts: tuple[R, ...]) -> None:
        """Commit the words of a message of several parts, and owe those that follow."""
        first, *more = (self._keep(each) for each in parts)

        def work(tx: Tx) -> list[Delivery | None]:
            rows.rewrite(tx, owed.id, first)
            return [rows.add(tx, each, self._clock.now()) for each in rows.following(owed, more)]

        for each in await self._store.write(work):
            if each is not None:
                self.enqueue(each)

    def _heed(self, owed: Delivery, outcome: Outcome | Found) -> None:
        platform = owed.place.platform
        match outcome:
            case Sent() | Found():
                self._counters.add("deliveries_sent", platform)
            case Retry(after, _, whole_bot):
                self._counters.add("deliveries_retried", platform)
                self.halt(owed.place, after.total_seconds(), whole_bot=whole_bot)
            case Unknown():
                self._counters.add("deliveries_unknown", platform)
            case Parked(reason):
                self._counters.add("deliveries_parked", reason)
            case Moved():
                pass
            case _:
                assert_never(outcome)

    async def _settle(self, owed: Delivery, outcome: Outcome | Found) -> None:
        now = self._clock.now()
        while True:
            try:
                stored = await self._store.write(lambda tx: settle(tx, owed, outcome, now))
                break
            except (StoreFull, StoreUnavailable) as failure:  # what is known is kept; the chat waits
                log.warning("outbox.settle_failed", delivery=owed.id, reason=str(failure))
                await self._clock.sleep(_STORE_WAIT.total_seconds())
        failpoint("outbox.after_settle")
        if stored is not None and stored.state in ("pending", "unknown"):
            self.enqueue(stored)
