"""What prices do to alerts: a touched alert is judged, fired and its message owed in one transaction."""

import asyncio
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol, assert_never
from zoneinfo import ZoneInfo

import structlog

from services.alerts.watching import Watching
from services.clock import Clock
from services.counters import Counters
from services.domain.alerts import LATE, Alert, Event, Standing, State, after_firing, condition_of
from services.domain.days import next_midnight
from services.domain.life import Fire, Hold, Resolve, Stay, moved, verdict
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

Touched = dict[int, list[int]]
"""Alerts, and the positions of their conditions that a fact concerns."""

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
    _heard: dict[str, Observation] = field(default_factory=dict)  # the last word on each metric
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    is_replaying: bool = False  # while the past is told, the present ends no wait

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
        self._heard[observation.metric] = observation
        touched = self.watching.touched(observation)
        if touched:
            alerts: dict[int, list[int]] = {}
            for each in touched:
                alert_id, position = condition_of(each)
                alerts.setdefault(alert_id, []).append(position)
            task = asyncio.get_running_loop().create_task(self._fire(alerts, observation), name="firing")
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

    async def _fire(self, touched: Touched, observation: Observation) -> None:
        failpoint("alerts.before_firing")
        try:
            await self.store.write(lambda tx: self._record(tx, touched, observation))
        except StoreError as failure:
            log.warning("alerts.store_failed", alerts=len(touched), reason=str(failure))
            await self._put_back(touched, 0)
        except Exception:
            log.exception("alerts.firing_failed", alerts=list(touched))
            await self._fire_apart(touched, observation)
        failpoint("alerts.after_firing")

    async def _fire_apart(self, touched: Touched, observation: Observation) -> None:
        """Keep one alert that cannot be recorded from holding up those that were touched with it."""
        if len(touched) == 1:
            await self._put_back(touched, _BROKEN_SECONDS)
            return
        for alert_id, positions in touched.items():
            await self._fire({alert_id: positions}, observation)

    async def _put_back(self, touched: Iterable[int], seconds: float) -> None:
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

    async def tell_due(self) -> None:
        """Fire what has been true for as long as it had to be, by the last word on each of its conditions."""
        now = self.clock.now()
        if self.is_replaying:
            return
        if await self.store.read(lambda tx: rows.true_long_enough(tx, now)):
            await self.store.write(lambda tx: self._tell_due(tx, now))

    def _tell_due(self, tx: Tx, now: datetime) -> None:
        for alert_id in rows.true_long_enough(tx, now):
            found = rows.by_id(tx, alert_id)
            if found is None or found.due_at is None:
                continue
            words = [self._heard.get(each.condition.metric.key) for each in found.standings]
            latest = [each for each in words if each is not None]
            if len(latest) < len(words):
                continue  # since the start nothing was heard of one of them: it is judged when it is
            after = found.standings
            for position, each in enumerate(latest):
                after = moved(replace(found, standings=after), [position], each)
            word = max(latest, key=lambda each: each.at)
            word = replace(word, at=max(word.at, found.due_at), seen_at=now)
            self._watch(tx, self._apply(tx, found, after, word))

    def _record(self, tx: Tx, touched: Touched, observation: Observation) -> None:
        failpoint("alerts.recording")
        for alert_id, positions in touched.items():
            found = rows.by_id(tx, alert_id)
            if found is None or found.state != "ok":
                continue
            if observation.basis != "bar" or observation.at >= found.created_at:  # else of before anybody waited for it
                own = [each for each in positions if each < len(found.standings)]
                found = self._apply(tx, found, moved(found, own, observation), observation)
            self._watch(tx, found)

    def _watch(self, tx: Tx, found: Alert) -> None:
        tx.after_commit(lambda: self.watching.watch(found))

    def _apply(self, tx: Tx, found: Alert, after: tuple[Standing, ...], observation: Observation) -> Alert:
        """Store what new standings mean, and return the alert as it is watched from now on."""
        rows.turn(tx, found, after)
        match verdict(found, after, observation.at, self._rest_until(tx, found)):
            case Stay():
                pass
            case Hold(due_at):
                rows.wait(tx, found.id, due_at)
            case Resolve():
                if found.due_at is not None:
                    rows.wait(tx, found.id, None)
            case Fire(at):
                return self._fire_one(tx, found, after, replace(observation, at=at))
            case other:
                assert_never(other)
        return replace(found, standings=after)

    def _rest_until(self, tx: Tx, found: Alert) -> datetime | None:
        last = event_rows.last(tx, found.id) if found.every is not None else None
        if last is None or found.every is None:
            return None
        if found.every == "daily":
            zone = "UTC" if found.owner_person is None else people.preferences(tx, found.owner_person).zone
            return next_midnight(last.at, ZoneInfo(zone))
        return last.at + found.every

    def _fire_one(self, tx: Tx, found: Alert, after: tuple[Standing, ...], observation: Observation) -> Alert:
        state: State = "done" if found.every is None else "ok"
        episode = found.episode + 1
        rows.fired(tx, found.id, episode, state)
        decided = _decided(after, observation)
        event = Event(
            id=0, alert=found.id, episode=episode, code=_code(tx), condition=decided.condition,
            value=observation.value, at=observation.at, seen_at=observation.seen_at, source=observation.source,
            basis=observation.basis, disputed=observation.disputed,
        )  # fmt: skip
        self._owe(tx, found, event_rows.add(tx, event, after))
        failpoint("alerts.recorded")
        tx.after_commit(lambda: self.counters.add("events_fired"))
        told = replace(found, standings=after, state=state, episode=episode, due_at=None)
        return told if len(after) > 1 else self._turned(tx, told)

    @staticmethod
    def _turned(tx: Tx, told: Alert) -> Alert:
        """Turn a cross round for its way back."""
        (only,) = told.standings
        turned = (replace(only, condition=after_firing(only.condition)),)
        rows.turn(tx, told, turned)
        return replace(told, standings=turned)

    def _owe(self, tx: Tx, found: Alert, event_id: int) -> None:
        chat_id = people.chat_for(tx, found.destination)
        chat = None if chat_id is None else people.chat_row(tx, chat_id)
        if chat is None:
            raise LookupError(f"alert {found.id} has no destination")
        key = f"event {event_id} to {found.destination} part 0"
        owed = Owed(key, "alert", chat.id, event=event_id, destination=found.destination)
        self.post.owe(tx, owed, chat.place, private=chat.private_to is not None)


def _decided(after: tuple[Standing, ...], observation: Observation) -> Standing:
    """Return the condition that an observation made true: of most alerts the only one."""
    own = [each for each in after if each.met and each.condition.metric.key == observation.metric]
    return own[0] if own else after[0]


def _code(tx: Tx) -> str:
    while True:
        code = "".join(secrets.choice(CROCKFORD) for _ in range(6))
        if not event_rows.is_code_taken(tx, code):
            return code


def lateness(event: Event, told_at: datetime) -> timedelta | None:
    """Return how late an alert is told, or None within the first minute."""
    late = told_at - event.at
    return late if late > LATE else None
