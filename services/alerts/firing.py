"""What prices do to alerts: a touched alert is judged, fired and its message owed in one transaction."""

import asyncio
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, assert_never

import structlog

from services.alerts.watching import Watching
from services.clock import Clock
from services.counters import Counters
from services.domain.alerts import LATE, Alert, Arm, Event, Fire, Wait, after_firing, judge
from services.domain.people import Place
from services.domain.quotes import Observation, Quote
from services.errors import StoreError
from services.failpoints import failpoint
from services.store import alerts as rows
from services.store import events as event_rows
from services.store import people
from services.store.outbox import Owed
from services.tx import Store, Tx

log = structlog.get_logger()

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
HOLD_SECONDS = 30
"""How long a crossing waits at most while the sources lie too far apart."""

_BROKEN_SECONDS = 60.0  # before an alert whose firing failed is tried again


class Post(Protocol):
    """What alerts need of the outbox."""

    def owe(self, tx: Tx, owed: Owed, place: Place, *, private: bool) -> object | None:
        """Owe a message inside the caller's transaction."""
        ...


@dataclass(slots=True)
class Firing:
    """Matches facts against what is watched, and records what they touch in the order in which they came."""

    store: Store
    clock: Clock
    counters: Counters
    post: Post
    watching: Watching
    _held: dict[str, float] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def hear(self, quotes: Iterable[Quote]) -> None:
        """Match new quotes; what they touch is fired in the background."""
        for quote in quotes:
            for observation in self.watching.observations(quote):
                self.observe(observation)

    def observe(self, observation: Observation) -> None:
        """Match one fact against everything that waits for its metric."""
        self.counters.add("observations")
        if observation.disputed and not self._held_long_enough(observation):
            return
        if not observation.disputed:
            self._held.pop(observation.metric, None)
        touched = self.watching.touched(observation)
        if touched:
            task = asyncio.get_running_loop().create_task(self._fire(touched, observation), name="firing")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _held_long_enough(self, observation: Observation) -> bool:
        if not self.watching.would_touch(observation):
            self._held.pop(observation.metric, None)
            return False
        since = self._held.setdefault(observation.metric, self.clock.monotonic())
        return self.clock.monotonic() - since >= HOLD_SECONDS

    @property
    def is_under_way(self) -> bool:
        """Say whether something touched is not recorded yet."""
        return bool(self._tasks)

    async def settled(self) -> None:
        """Wait until everything that was touched so far is recorded."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def _fire(self, touched: list[int], observation: Observation) -> None:
        failpoint("alerts.before_firing")
        try:
            await self.store.write(lambda tx: self._record(tx, touched, observation))
        except StoreError as failure:
            log.warning("alerts.store_failed", alerts=len(touched), reason=str(failure))
            await self._put_back(touched, 0)
        except Exception:
            log.exception("alerts.firing_failed", alerts=touched)
            await self._fire_apart(touched, observation)
        failpoint("alerts.after_firing")

    async def _fire_apart(self, touched: list[int], observation: Observation) -> None:
        """Keep one alert that cannot be recorded from holding up those that were touched with it."""
        if len(touched) == 1:
            await self._put_back(touched, _BROKEN_SECONDS)
            return
        for each in touched:
            await self._fire([each], observation)

    async def _put_back(self, touched: list[int], seconds: float) -> None:
        for each in touched:
            self.watching.again_after(each, seconds)
        try:
            await self.watch_due()
        except StoreError as failure:
            log.warning("alerts.not_read", reason=str(failure))  # the sweep reads them as soon as the store answers

    async def watch_due(self) -> None:
        """Watch again for what was put off until now; raise `StoreError` and keep it where the store fails."""
        due = self.watching.due_again()
        if not due:
            return
        for found in await self.store.read(lambda tx: [rows.by_id(tx, each) for each in due]):
            if found is not None:
                self.watching.watch(found)
        self.watching.watched_again(due)

    def _record(self, tx: Tx, touched: list[int], observation: Observation) -> None:
        for alert_id in touched:
            found = rows.by_id(tx, alert_id)
            if found is None or found.state != "ok":
                continue
            self._apply(tx, found, observation)

    def _apply(self, tx: Tx, found: Alert, observation: Observation) -> None:
        if observation.basis == "bar" and observation.at < found.created_at:
            tx.after_commit(lambda: self.watching.watch(found))  # a bar of the time before anybody waited for it
            return
        match judge(found.condition, armed=found.armed, repeats=found.repeats, observation=observation):
            case Wait():
                tx.after_commit(lambda: self.watching.watch(found))
            case Arm():
                rows.turn(tx, found, found.condition, observation, armed=True, live=True)
                self._watch_as_stored(tx, found)
            case Fire():
                self._fire_one(tx, found, observation)
            case verdict:
                assert_never(verdict)

    def _fire_one(self, tx: Tx, found: Alert, observation: Observation) -> None:
        last = event_rows.last(tx, found.id) if found.every is not None else None
        if last is not None and found.every is not None and observation.at < last.at + found.every:
            rest = (last.at + found.every - observation.at).total_seconds()
            tx.after_commit(lambda: self.watching.again_after(found.id, rest))
            return
        once = found.every is None
        episode = found.episode + 1
        rows.fired(tx, found.id, episode, "done" if once else "ok")
        following = after_firing(found.condition)
        rows.turn(tx, found, following, observation, armed=False, live=not once)
        event = Event(
            id=0, alert=found.id, episode=episode, code=_code(tx), condition=found.condition, value=observation.value,
            at=observation.at, seen_at=observation.seen_at, source=observation.source, basis=observation.basis,
            disputed=observation.disputed,
        )  # fmt: skip
        self._owe(tx, found, event_rows.add(tx, event))
        if not once:
            self._watch_as_stored(tx, found)
        tx.after_commit(lambda: self.counters.add("events_fired"))

    def _watch_as_stored(self, tx: Tx, found: Alert) -> None:
        after = rows.by_id(tx, found.id)
        assert after is not None
        tx.after_commit(lambda: self.watching.watch(after))

    def _owe(self, tx: Tx, found: Alert, event_id: int) -> None:
        chat_id = people.chat_for(tx, found.destination)
        chat = None if chat_id is None else people.chat_row(tx, chat_id)
        if chat is None:
            raise LookupError(f"alert {found.id} has no destination")
        key = f"event {event_id} to {found.destination} part 0"
        owed = Owed(key, "alert", chat.id, event=event_id, destination=found.destination)
        self.post.owe(tx, owed, chat.place, private=chat.private_to is not None)


def _code(tx: Tx) -> str:
    while True:
        code = "".join(secrets.choice(CROCKFORD) for _ in range(6))
        if not event_rows.is_code_taken(tx, code):
            return code


def lateness(event: Event, told_at: datetime) -> timedelta | None:
    """Return how late an alert is told, or None within the first minute."""
    late = told_at - event.at
    return late if late > LATE else None
