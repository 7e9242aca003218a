"""The messages of deliveries: drawn when they are sent, and made ready where they are owed if they leave at once."""

from collections.abc import Callable
from dataclasses import dataclass, field

from bot.replies import decode, encode
from handlers.alerts import notices
from handlers.alerts.firing import buttons_of, fired
from handlers.alerts.summary import summary
from handlers.dispatch import Dispatch
from handlers.model import Card, Provenance, Reply, Request
from services.buttons import Buttons
from services.clock import Clock
from services.domain.alerts import Alert, Event, Standing
from services.domain.deliveries import Delivery
from services.domain.gaps import Gap
from services.domain.language import say
from services.domain.people import Caller, Place
from services.outbox import Outbox
from services.store import alerts, events, people
from services.store import outbox as rows
from services.store.outbox import Owed
from services.tx import Tx


@dataclass(frozen=True, slots=True)
class _Subject:
    """What the message of a firing is drawn from."""

    alert: Alert
    event: Event
    inputs: tuple[Standing, ...]
    reader: Caller


@dataclass(frozen=True, slots=True)
class Post:
    """The outbox as alerts use it: what may leave at once is made ready in the transaction that owes it."""

    outbox: Outbox[Reply[object]]
    make_ready: Callable[[Tx, Delivery], None]
    draw_gap: Callable[[Tx, int, Gap], str]  # the card that a chat gets

    def owe(self, tx: Tx, owed: Owed, place: Place, *, private: bool) -> None:
        """Owe a message inside the caller's transaction."""
        made = self.outbox.owe(tx, owed, place, private=private)
        if made is not None and made.state == "sending":
            self.make_ready(tx, made)

    def tell(self, tx: Tx, key: str, destination: int, gap: Gap) -> None:
        """Owe the notice of a gap to a destination; the same key owes it once."""
        chat_id = people.chat_for(tx, destination)
        chat = None if chat_id is None else people.chat_row(tx, chat_id)
        if chat is None:
            return  # nowhere to reach them
        owed = Owed(key, "notice", chat.id, destination=destination, card=self.draw_gap(tx, chat.id, gap))
        self.outbox.owe(tx, owed, chat.place, private=chat.private_to is not None)


@dataclass(frozen=True, slots=True)
class Drawing:
    """Makes messages of deliveries."""

    dispatch: Dispatch
    buttons: Buttons
    clock: Clock
    _ready: dict[int, _Subject] = field(default_factory=dict)  # by delivery, from its commit until it is drawn

    def make_ready(self, tx: Tx, owed: Delivery) -> None:
        """Read what an alert's message is drawn from and keep its buttons: later each would cost a trip or a commit."""
        drawn = owed.card is not None or owed.members or owed.place.platform == "watchdog"
        subject = None if drawn else _subject(tx, owed)
        if subject is None:
            return
        rows = [[(button.label, button.line) for button in row] for row in buttons_of(subject.alert)]
        self.buttons.keep(tx, rows, None, owed.chat)
        tx.after_commit(lambda: self._ready.update({owed.id: subject}))

    def draw_gap(self, tx: Tx, chat_id: int, gap: Gap) -> str:
        """Return the card of a notice as the outbox keeps it."""
        chat = people.chat_row(tx, chat_id)
        assert chat is not None
        person = chat.private_to or 0
        mine = people.preferences(tx, person)
        reader = Caller(person, chat.place.chat_id, chat.id, chat.place, chat.private_to is not None, preferences=mine)
        return encode(notices.gap(Request(reader, self.dispatch.services, self.dispatch.commands), gap))

    async def draw(self, owed: Delivery) -> Reply[object]:
        """Return the message of a delivery as it should read now; raise LookupError if its subject is gone."""
        if owed.card is not None:
            return decode(owed.card)
        if owed.place.platform == "watchdog":
            return sign_of_life(owed)
        services = self.dispatch.services
        if owed.members:
            subjects = await services.store.read(lambda tx: _subjects(tx, owed))
            request = Request(subjects[0].reader, services, self.dispatch.commands)
            return await summary(
                request, [(each.alert, each.event, each.inputs) for each in subjects], self.clock.now()
            )
        subject = self._ready.pop(owed.id, None) or await services.store.read(lambda tx: _subject(tx, owed))
        if subject is None:
            raise LookupError(owed.key)
        request = Request(subject.reader, services, self.dispatch.commands)
        return await fired(request, subject.alert, subject.event, self.clock.now(), subject.inputs)


def _subjects(tx: Tx, owed: Delivery) -> list[_Subject]:
    """Return what a summary is drawn from; raise LookupError if nothing of it is left."""
    members = (rows.by_id(tx, each) for each in owed.members)
    found = (None if each is None else _subject(tx, each) for each in members)
    subjects = [each for each in found if each is not None]
    if not subjects:
        raise LookupError(owed.key)
    return subjects


def sign_of_life(owed: Delivery) -> Reply[object]:
    """Return what the watchdog says, as of the moment when its alert fired."""
    words = say("Prices are heard, alerts fire and messages are sent.")
    return Reply(None, Card(say("Watchdog"), lines=(words,), source=Provenance("Flowbell", owed.created_at)))


def _subject(tx: Tx, owed: Delivery) -> _Subject | None:
    event = None if owed.event is None else events.by_id(tx, owed.event)
    alert = None if event is None else alerts.by_id_even_deleted(tx, event.alert)
    if event is None or alert is None:
        return None
    chat = people.chat_row(tx, owed.chat)
    person = 0 if chat is None else chat.private_to or 0
    mine = people.preferences(tx, person)
    inputs = events.inputs(tx, event.id) if len(alert.standings) > 1 else ()
    return _Subject(
        alert, event, inputs, Caller(person, owed.place.chat_id, owed.chat, owed.place, owed.private, preferences=mine)
    )  # fmt: skip
