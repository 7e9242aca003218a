"""What is stored about a person: all of it on demand, and none of it after they ask to be forgotten."""

from dataclasses import dataclass
from datetime import datetime

from services import watchlist
from services.alerts import Alerts
from services.callers import Callers
from services.domain.alerts import Alert, Event
from services.domain.people import Caller, Preferences
from services.store import alerts as alert_rows
from services.store import events as event_rows
from services.store import forget as forget_rows
from services.store import people
from services.tx import Store, Tx


@dataclass(frozen=True, slots=True)
class Belongings:
    """Everything that is stored about one person."""

    since: datetime
    accounts: tuple[tuple[str, int], ...]  # platform and the platform's number of the person
    preferences: Preferences
    choices: tuple[tuple[str, str], ...]  # ticker and the coin meant by it
    watched: tuple[str, ...]  # coins on the watchlist, by id
    alerts: tuple[Alert, ...]
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Personal:
    """Exports and erases what belongs to a person."""

    store: Store
    callers: Callers
    alerts: Alerts

    async def belongings(self, caller: Caller) -> Belongings:
        """Return everything that is stored about the caller."""

        def work(tx: Tx) -> Belongings:
            found = alert_rows.of_owner(tx, person=caller.person, chat=None)
            return Belongings(
                since=people.known_since(tx, caller.person),
                accounts=tuple(people.accounts(tx, caller.person)),
                preferences=people.preferences(tx, caller.person),
                choices=tuple(sorted(people.choices(tx, caller.person).items())),
                watched=watchlist.coins(tx, caller.person),
                alerts=tuple(found),
                events=tuple(event for each in found for event in event_rows.of_alert(tx, each.id)),
            )

        return await self.store.read(work)

    def forget(self, tx: Tx, caller: Caller) -> None:
        """Erase the caller from every table; the files are shredded by whoever applies the change."""
        theirs = [each.id for each in alert_rows.of_owner(tx, person=caller.person, chat=None)]
        forget_rows.forget(tx, caller.person)
        tx.after_commit(lambda: self._forgotten(caller.person, theirs))

    def _forgotten(self, person: int, alerts: list[int]) -> None:
        self.callers.forget(person)
        for each in alerts:
            self.alerts.unwatch(each)
