"""Alerts: stored, watched, fired. Matching and recording are one transaction; the store is the truth."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol, assert_never

import structlog

from services.clock import Clock
from services.counters import Counters
from services.domain.alerts import (
    Alert,
    Arm,
    Event,
    Fire,
    State,
    Wait,
    after_firing,
    judge,
    watch,
)
from services.domain.language import say
from services.domain.matcher import Matcher, loaded
from services.domain.metrics import Metric, parse_metric
from services.domain.people import Caller, Place
from services.domain.quotes import Observation, Quote
from services.errors import LimitReached, NotFound
from services.failpoints import failpoint
from services.series import Series
from services.store import alerts as rows
from services.store import people
from services.store.alerts import NewAlert
from services.store.errors import StoreError
from services.store.outbox import Owed
from services.tx import Store, Tx

log = structlog.get_logger()

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
HOLD_SECONDS = 30
"""How long a crossing waits at most while the sources lie too far apart."""

_SWEEP_SECONDS = 1.0

Past = Iterable[tuple[datetime, Decimal, Decimal]]
"""Time, high and low of each bar of a window, oldest first."""


class Post(Protocol):
    """What alerts need of the outbox."""

    def owe(self, tx: Tx, owed: Owed, place: Place, *, private: bool) -> object | None:
        """Owe a message inside the caller's transaction."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """How many alerts may wait at once."""

    person: int = 50
    chat: int = 200


class Alerts:
    """Every alert of every person: what is stored, and the index that finds what a price touches."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        counters: Counters,
        post: Post,
        series: Series,
        limits: Limits,
        follow: Callable[[str], None] = lambda _coin: None,
    ) -> None:
        self.limits = limits
        self._store = store
        self._clock = clock
        self._counters = counters
        self._post = post
        self._series = series
        self._follow = follow  # have this coin's prices streamed
        self._matcher = Matcher()
        self._held: dict[str, float] = {}
        self._cooling: dict[int, float] = {}
        self._firing: set[asyncio.Task[None]] = set()
        self._new_windows: list[Metric] = []

    async def load(self) -> None:
        """Watch everything that is stored as live."""
        entries = await self._store.read(rows.live)
        self._matcher = loaded(entries)
        for key in self._matcher.metrics():
            self._subscribe(parse_metric(key))

    def __len__(self) -> int:
        """Return how many alerts are watched."""
        return len(self._matcher)

    # What people do.

    def add(self, tx: Tx, new: NewAlert, caller: Caller) -> Alert:
        """Store a new alert inside the caller's transaction and watch for it once that is on disk."""
        self._check_limit(tx, new)
        if new.owner_chat is not None:
            destination = people.destination_of_chat(tx, new.owner_chat)
        else:
            destination = people.destination_of_person(tx, caller.person)
        made = rows.add(tx, new, destination, self._clock.now())
        tx.after_commit(lambda: self._watch(made))
        return made

    def _check_limit(self, tx: Tx, new: NewAlert) -> None:
        most = self.limits.person if new.owner_chat is None else self.limits.chat
        if rows.count(tx, person=new.owner_person, chat=new.owner_chat) >= most:
            raise LimitReached(say("You have {most} alerts already. Delete one first: /alerts.", most=most))

    async def of(self, caller: Caller) -> tuple[Alert, ...]:
        """Return the alerts that this caller may see here: their own in private, the chat's in a group."""
        person, chat = (caller.person, None) if caller.private else (None, caller.chat)
        return tuple(await self._store.read(lambda tx: rows.of_owner(tx, person=person, chat=chat)))

    def numbered(self, tx: Tx, caller: Caller, number: int) -> Alert:
        """Return the caller's alert of that number; raise `NotFound` if there is none here."""
        person, chat = (caller.person, None) if caller.private else (None, caller.chat)
        for found in rows.of_owner(tx, person=person, chat=chat):
            if found.number == number:
                return found
        raise NotFound(say("There is no alert #{number} here. /alerts lists them.", number=number))

    def set_state(self, tx: Tx, found: Alert, state: State, *, until: datetime | None = None) -> Alert:
        """Pause, resume or snooze; raise `NotFound` where somebody was faster."""
        if not rows.set_state(tx, found, state, until=until):
            raise NotFound(_changed_already(found))
        return self._reread(tx, found)

    def delete(self, tx: Tx, found: Alert) -> None:
        """Take an alert away; `undelete` puts it back."""
        if not rows.delete(tx, found, self._clock.now()):
            raise NotFound(_changed_already(found))
        tx.after_commit(lambda: self._matcher.remove(found.id))

    def undelete(self, tx: Tx, caller: Caller, number: int) -> Alert:
        """Put a deleted alert back to work."""
        person, chat = (caller.person, None) if caller.private else (None, caller.chat)
        alert_id = rows.deleted(tx, person=person, chat=chat, number=number)
        if alert_id is None:
            raise NotFound(say("There is no deleted alert #{number} here.", number=number))
        rows.undelete(tx, alert_id)
        found = rows.by_id(tx, alert_id)
        assert found is not None
        tx.after_commit(lambda: self._watch(found))
        return found

    def edit(self, tx: Tx, found: Alert, new: NewAlert) -> Alert:
        """Give an alert another rule under the same number."""
        if not rows.edit(tx, found, new):
            raise NotFound(_changed_already(found))
        return self._reread(tx, found)

    def _reread(self, tx: Tx, found: Alert) -> Alert:
        after = rows.by_id(tx, found.id)
        assert after is not None
        tx.after_commit(lambda: self._watch(after))
        return after

    def unwatch(self, alert_id: int) -> None:
        """Forget an alert that is no longer stored."""
        self._matcher.remove(alert_id)

    def value(self, metric: Metric) -> Decimal | None:
        """Return a metric as things stand."""
        return self._series.value(metric)

    def is_known(self, metric: Metric) -> bool:
        """Say whether somebody waits for this metric already."""
        return metric.base in self._series.coins()

    async def fired(self, event_id: int) -> tuple[Alert, Event] | None:
        """Return one firing with its alert, for drawing its message; None once it is forgotten."""

        def work(tx: Tx) -> tuple[Alert, Event] | None:
            event = rows.event_by_id(tx, event_id)
            alert = None if event is None else rows.by_id_even_deleted(tx, event.alert)
            return None if event is None or alert is None else (alert, event)

        return await self._store.read(work)

    # What prices do.

    def hear(self, quotes: Iterable[Quote]) -> None:
        """Match new quotes; what they touch is fired in the background, in order."""
        for quote in quotes:
            for observation in self._series.observe(quote):
                self.observe(observation)

    def observe(self, observation: Observation) -> None:
        """Match one fact against everything that waits for its metric."""
        self._counters.add("observations")
        if observation.disputed and not self._held_long_enough(observation):
            return
        if not observation.disputed:
            self._held.pop(observation.metric, None)
        touched = self._matcher.touched(observation.metric, float(observation.value))
        if touched:
            task = asyncio.get_running_loop().create_task(self._fire(touched, observation), name="firing")
            self._firing.add(task)
            task.add_done_callback(self._firing.discard)

    def _held_long_enough(self, observation: Observation) -> bool:
        if not self._matcher.would_touch(observation.metric, float(observation.value)):
            self._held.pop(observation.metric, None)
            return False
        since = self._held.setdefault(observation.metric, self._clock.monotonic())
        return self._clock.monotonic() - since >= HOLD_SECONDS

    @property
    def is_firing(self) -> bool:
        """Say whether something touched is not recorded yet."""
        return bool(self._firing)

    async def settled(self) -> None:
        """Wait until everything that was touched so far is recorded."""
        while self._firing:
            await asyncio.wait(set(self._firing))

    async def _fire(self, touched: list[int], observation: Observation) -> None:
        failpoint("alerts.before_firing")
        try:
            await self._store.write(lambda tx: self._record(tx, touched, observation))
        except StoreError as failure:
            log.warning("alerts.store_failed", alerts=len(touched), reason=str(failure))
            await self._watch_again(touched)
        failpoint("alerts.after_firing")

    async def _watch_again(self, touched: list[int]) -> None:
        for found in await self._store.read(lambda tx: [rows.by_id(tx, each) for each in touched]):
            if found is not None:
                self._watch(found)

    def _record(self, tx: Tx, touched: list[int], observation: Observation) -> None:
        for alert_id in touched:
            found = rows.by_id(tx, alert_id)
            if found is None or found.state != "ok":
                continue
            self._apply(tx, found, observation)

    def _apply(self, tx: Tx, found: Alert, observation: Observation) -> None:
        match judge(found.condition, armed=found.armed, repeats=found.repeats, observation=observation):
            case Wait():
                tx.after_commit(lambda: self._watch(found))
            case Arm():
                rows.turn(tx, found, found.condition, observation, armed=True, live=True)
                self._reread(tx, found)
            case Fire():
                self._fire_one(tx, found, observation)
            case verdict:
                assert_never(verdict)

    def _fire_one(self, tx: Tx, found: Alert, observation: Observation) -> None:
        last = rows.last_event(tx, found.id) if found.every is not None else None
        if last is not None and found.every is not None and observation.at < last.at + found.every:
            rest = (last.at + found.every - observation.at).total_seconds()
            tx.after_commit(lambda: self._cool(found.id, rest))
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
        self._owe(tx, found, rows.add_event(tx, event))
        if not once:
            self._reread(tx, found)
        tx.after_commit(lambda: self._counters.add("events_fired"))

    def _owe(self, tx: Tx, found: Alert, event_id: int) -> None:
        chat_id = people.chat_for(tx, found.destination)
        chat = None if chat_id is None else people.chat_row(tx, chat_id)
        if chat is None:
            raise LookupError(f"alert {found.id} has no destination")
        key = f"event {event_id} to {found.destination} part 0"
        owed = Owed(key, "alert", chat.id, event=event_id, destination=found.destination)
        self._post.owe(tx, owed, chat.place, private=chat.private_to is not None)

    def _cool(self, alert_id: int, seconds: float) -> None:
        self._cooling[alert_id] = self._clock.monotonic() + seconds

    def _watch(self, found: Alert) -> None:
        if found.state != "ok" or (not found.armed and found.every is None and found.episode > 0):
            self._matcher.remove(found.id)
            return
        self._subscribe(found.condition.metric)
        way, level = watch(found.condition, armed=found.armed, repeats=found.repeats)
        self._matcher.add(found.id, found.condition.metric.key, way, level)

    def _subscribe(self, metric: Metric) -> None:
        self._follow(metric.base)
        if self._series.subscribe(metric):
            self._new_windows.append(metric)

    def watched(self) -> frozenset[Metric]:
        """Return every metric that somebody waits for."""
        return frozenset(parse_metric(key) for key in self._matcher.metrics())

    # What time does.

    async def run(self, past: Callable[[Metric], Awaitable[Past]]) -> None:
        """End snoozes, lives and cool-downs when they are due, and give new windows their past; for ever."""
        while True:
            await self._sweep()
            while self._new_windows:
                metric = self._new_windows.pop()
                self._series.feed(metric, await past(metric))
            await self._clock.sleep(_SWEEP_SECONDS)

    async def _sweep(self) -> None:
        now = self._clock.now()
        if await self._store.read(lambda tx: rows.due(tx, now)):
            await self._store.write(self._end_due)
        cooled = [each for each, until in self._cooling.items() if until <= self._clock.monotonic()]
        for each in cooled:
            del self._cooling[each]
        if cooled:
            await self._watch_again(cooled)

    def _end_due(self, tx: Tx) -> None:
        now = self._clock.now()
        for alert_id in rows.due(tx, now):
            found = rows.by_id(tx, alert_id)
            if found is None:
                continue
            over = found.expires_at is not None and found.expires_at <= now
            self.set_state(tx, found, "expired" if over else "ok")


def _changed_already(found: Alert) -> str:
    return say("Alert #{number} was already changed. /alerts shows it as it is now.", number=found.number)


def _code(tx: Tx) -> str:
    while True:
        code = "".join(secrets.choice(CROCKFORD) for _ in range(6))
        if not rows.is_code_taken(tx, code):
            return code


def lateness(event: Event, told_at: datetime) -> timedelta | None:
    """Return how late an alert is told, or None within the first minute."""
    late = told_at - event.at
    return late if late > timedelta(seconds=60) else None
