"""The watchdog: an alert of nobody's that fires every five minutes, to show that alerts fire and are sent."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from services.alerts import Alerts
from services.clock import Clock
from services.domain.alerts import Standing
from services.domain.metrics import Metric
from services.domain.people import Caller, Place
from services.domain.quotes import Part, Quote
from services.domain.rules import Condition, Rule
from services.store import alerts as alert_rows
from services.store import people
from services.store import watchdog as rows
from services.store.alerts import NewAlert
from services.tx import Store, Tx

COIN: Final = "flowbell-watchdog"
PLACE: Final = Place("watchdog", 0, 0)
PERIOD: Final = timedelta(minutes=5)
STALE: Final = timedelta(minutes=10)
"""If nothing has come through for so long, something between a price and a message is broken."""

_TIDY_SECONDS = 3600
_REST = timedelta(seconds=60)
_LOW, _HIGH = Decimal(0), Decimal(1)
_CONDITION = Condition(Metric("price", COIN), "above", Decimal("0.5"))


class Watchdog:
    """Goes every step that an alert goes: a tick, the matcher, one transaction, the outbox, a sender."""

    def __init__(self, store: Store, clock: Clock, alerts: Alerts) -> None:
        self._store = store
        self._clock = clock
        self._alerts = alerts
        self._chat = 0
        self._is_high = False
        self._due = self._came_at = clock.now()

    async def load(self) -> None:
        """Watch for it: the stored one, or a new one."""
        await self._store.write(self._found_or_made)
        self._due = self._came_at = self._clock.now()

    def _found_or_made(self, tx: Tx) -> None:
        self._chat = people.chat_of(tx, PLACE, None)
        stored = alert_rows.of_owner(tx, person=None, chat=self._chat)
        if stored:
            self._is_high = stored[0].standings[0].met
            return
        new = NewAlert(
            owner_person=None, owner_chat=self._chat, rule=COIN, currency="usd", wish=Rule(_CONDITION, every=_REST),
            standings=(Standing(_CONDITION, False, None, None),),
        )  # fmt: skip
        self._alerts.add(tx, new, Caller(0, 0, self._chat, PLACE, private=False))

    def hear(self, quotes: Iterable[Quote]) -> None:
        """Take the market's tick as its own when it is due: up, and half a period later down again."""
        del quotes  # it counts that there are any
        now = self._clock.now()
        if now < self._due:
            return
        self._due = now + PERIOD / 2
        self._is_high = not self._is_high
        self._alerts.hear((_quote(_HIGH if self._is_high else _LOW, now),))

    def came_through(self) -> None:
        """Note that its message was sent."""
        self._came_at = self._clock.now()

    @property
    def age(self) -> timedelta:
        """Return the time since it came through, or since it began to watch."""
        return self._clock.now() - self._came_at

    @property
    def is_stale(self) -> bool:
        """Say whether it should have come through long ago."""
        return self.age > STALE

    async def run(self) -> None:
        """Drop what it left, once an hour, for ever."""
        while True:
            await self._clock.sleep(_TIDY_SECONDS)
            await self._store.write(lambda tx: rows.tidy(tx, self._chat))


async def remove(store: Store, alerts: Alerts) -> None:
    """End a watchdog of an earlier start: nobody looks any more."""

    def work(tx: Tx) -> None:
        chat = rows.chat_of(tx)
        if chat is None:
            return
        for each in alert_rows.of_owner(tx, person=None, chat=chat):
            alerts.unwatch(each.id)
        rows.remove(tx, chat)

    if await store.read(rows.chat_of) is not None:
        await store.write(work)


def _quote(price: Decimal, now: datetime) -> Quote:
    return Quote(
        coin=COIN, price=price, at=now, seen_at=now, basis="tick", parts=(Part("watchdog", price, now),),
        spread=Decimal(0), disputed=False, change_24h_pct=None, high_24h=None, low_24h=None, volume_24h=None,
    )  # fmt: skip
