"""What people do with their alerts, and what time does to them."""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from services.alerts.firing import Firing, Post
from services.alerts.watching import Past, Watching
from services.clock import Clock
from services.counters import Counters
from services.domain.alerts import Alert, State, counts, starts
from services.domain.language import say
from services.domain.metrics import Metric
from services.domain.people import Caller
from services.domain.quotes import Observation, Quote
from services.errors import LimitReached, NotFound
from services.series import Series
from services.store import alerts as rows
from services.store import conditions, people
from services.store.alerts import NewAlert
from services.tx import Store, Tx

_SWEEP_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Limits:
    """How many alerts may wait at once."""

    person: int = 50
    chat: int = 200


class Alerts:
    """Every alert of every person."""

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
        self._watching = Watching(clock, series, follow)
        self._firing = Firing(store, clock, counters, post, self._watching)

    async def load(self) -> None:
        """Watch everything that is stored as live."""
        self._watching.load(await self._store.read(conditions.live))

    def __len__(self) -> int:
        """Return how many alerts are watched."""
        return len(self._watching)

    # What people do.

    def add(self, tx: Tx, new: NewAlert, caller: Caller) -> Alert:
        """Store a new alert inside the caller's transaction and watch for it once that is on disk."""
        self._check_limit(tx, new.owner_person, new.owner_chat)
        if new.owner_chat is not None:
            destination = people.destination_of_chat(tx, new.owner_chat)
        else:
            destination = people.destination_of_person(tx, caller.person)
        made = rows.add(tx, new, destination, self._clock.now())
        tx.after_commit(lambda: self._watching.watch(made))
        return made

    def _check_limit(self, tx: Tx, person: int | None, chat: int | None) -> None:
        most = self.limits.person if chat is None else self.limits.chat
        if rows.count(tx, person=person, chat=chat) >= most:
            raise LimitReached(say("You have {most} alerts already. Delete one first: /alerts.", most=most))

    async def of(self, caller: Caller, *, here: bool = False) -> tuple[Alert, ...]:
        """Return the caller's own alerts, or with `here` those of the group they are in."""
        return await self._store.read(lambda tx: self.owned(tx, caller, here=here))

    def owned(self, tx: Tx, caller: Caller, *, here: bool = False) -> tuple[Alert, ...]:
        """Return the same alerts inside a transaction."""
        person, chat = _owner(caller, here=here)
        return tuple(rows.of_owner(tx, person=person, chat=chat))

    def numbered(self, tx: Tx, caller: Caller, number: int, *, here: bool = False) -> Alert:
        """Return the caller's own alert of that number, or the group's; raise `NotFound` if there is none."""
        for found in self.owned(tx, caller, here=here):
            if found.number == number:
                return found
        if here and not caller.private:
            raise NotFound(say("This chat has no alert #{number}. /alerts list here lists them.", number=number))
        if not caller.private:
            sentence = say("There is no alert #{number} of yours. For those of this chat add «here».", number=number)
            raise NotFound(sentence)
        raise NotFound(say("There is no alert #{number} of yours. /alerts lists them.", number=number))

    def same(self, tx: Tx, new: NewAlert) -> Alert | None:
        """Return the live alert of the same owner that waits for the very same already."""
        wish = new.wish
        asked = (new.rule, wish.until, wish.hold, wish.band, wish.loudness)
        for found in rows.of_owner(tx, person=new.owner_person, chat=new.owner_chat):
            if found.state == "ok" and (found.rule, found.expires_at, found.hold, found.band, found.loudness) == asked:
                return found
        return None

    def set_state(self, tx: Tx, found: Alert, state: State, *, until: datetime | None = None) -> Alert:
        """Pause, snooze or end; raise `NotFound` where somebody was faster."""
        if not rows.set_state(tx, found, state, until=until):
            raise NotFound(_changed_already(found))
        return self._reread(tx, found)

    def resume(self, tx: Tx, found: Alert) -> Alert:
        """Put an alert back to work; one that has fired waits anew, from where the price is now."""
        now = self._clock.now()
        if found.expires_at is not None and found.expires_at <= now:
            sentence = say("Alert #{number} has reached its end. Set it again.", number=found.number)
            raise NotFound(sentence, choices=((say("Set again"), f"/alert {found.rule}"),))
        if not counts(found):
            self._check_limit(tx, found.owner_person, found.owner_chat)
        if not rows.set_state(tx, found, "ok"):
            raise NotFound(_changed_already(found))
        self._arm_anew(tx, found)
        return self._reread(tx, found)

    def delete(self, tx: Tx, found: Alert) -> None:
        """Take an alert away; `undelete` puts it back."""
        if not rows.delete(tx, found, self._clock.now()):
            raise NotFound(_changed_already(found))
        tx.after_commit(lambda: self._watching.unwatch(found.id))

    def undelete(self, tx: Tx, caller: Caller, number: int, *, here: bool = False) -> Alert:
        """Put a deleted alert back to work."""
        person, chat = _owner(caller, here=here)
        alert_id = rows.deleted(tx, person=person, chat=chat, number=number)
        if alert_id is None:
            raise NotFound(say("There is no deleted alert #{number}.", number=number))
        self._check_limit(tx, person, chat)
        rows.undelete(tx, alert_id)
        found = rows.by_id(tx, alert_id)
        assert found is not None
        self._arm_anew(tx, found)
        return self._reread(tx, found)

    def last_deleted(self, tx: Tx, caller: Caller, *, here: bool = False) -> Alert | None:
        """Return what `undelete` could put back that was deleted last."""
        person, chat = _owner(caller, here=here)
        return rows.last_deleted(tx, person=person, chat=chat)

    def edit(self, tx: Tx, found: Alert, new: NewAlert) -> Alert:
        """Give an alert another rule under the same number."""
        if not counts(found):
            self._check_limit(tx, found.owner_person, found.owner_chat)
        if not rows.edit(tx, found, new):
            raise NotFound(_changed_already(found))
        return self._reread(tx, found)

    def _arm_anew(self, tx: Tx, found: Alert) -> None:
        # Only one that fires once ends as met; a repeating one keeps its band.
        if found.repeats or not found.is_true:
            return
        now = self._clock.now()
        values = [(each, self.value(each.condition.metric)) for each in found.standings]
        after = tuple(each if value is None else starts(each.condition, value, now) for each, value in values)
        rows.turn(tx, found, after)

    def _reread(self, tx: Tx, found: Alert) -> Alert:
        after = rows.by_id(tx, found.id)
        assert after is not None
        tx.after_commit(lambda: self._watching.watch(after))
        return after

    def unwatch(self, alert_id: int) -> None:
        """Forget an alert that is no longer stored."""
        self._watching.unwatch(alert_id)

    def value(self, metric: Metric) -> Decimal | None:
        """Return a metric as things stand."""
        return self._watching.value(metric)

    # What prices do.

    def hear(self, quotes: Iterable[Quote]) -> None:
        """Match new quotes; what they touch is fired in the background, in order."""
        self._firing.hear(quotes)

    def observe(self, observation: Observation) -> None:
        """Match one fact against everything that waits for its metric."""
        self._firing.observe(observation)

    @property
    def is_firing(self) -> bool:
        """Say whether something touched is not recorded yet."""
        return self._firing.is_under_way

    @contextmanager
    def replaying(self) -> Iterator[None]:
        """Let nothing end its wait by the present while the past is told."""
        self._firing.is_replaying = True
        try:
            yield
        finally:
            self._firing.is_replaying = False

    async def settled(self) -> None:
        """Wait until everything that was touched so far is recorded."""
        await self._firing.settled()

    def watched(self) -> frozenset[Metric]:
        """Return every metric that somebody waits for."""
        return self._watching.metrics()

    # What time does.

    async def run(self, past: Callable[[Metric], Awaitable[Past]]) -> None:
        """End snoozes, lives and cool-downs when they are due, and give new windows their past; for ever."""
        while True:
            await self._sweep()
            await self.fill_new_windows(past)
            await self._clock.sleep(_SWEEP_SECONDS)

    async def fill_new_windows(self, past: Callable[[Metric], Awaitable[Past]]) -> None:
        """Give windows that somebody has begun to wait for their past; until then they say nothing."""
        await self._watching.fill_new_windows(past)

    async def _sweep(self) -> None:
        now = self._clock.now()
        if await self._store.read(lambda tx: rows.due(tx, now)):
            await self._store.write(self._end_due)
        self._watching.rest_idle()
        await self._firing.watch_due()
        await self._firing.tell_due()

    def _end_due(self, tx: Tx) -> None:
        now = self._clock.now()
        for alert_id in rows.due(tx, now):
            found = rows.by_id(tx, alert_id)
            if found is None:
                continue
            over = found.expires_at is not None and found.expires_at <= now
            self.set_state(tx, found, "expired" if over else "ok")


def _owner(caller: Caller, *, here: bool) -> tuple[int | None, int | None]:
    return (None, caller.chat) if here and not caller.private else (caller.person, None)


def _changed_already(found: Alert) -> str:
    return say("Alert #{number} was already changed. /alerts shows it as it is now.", number=found.number)
