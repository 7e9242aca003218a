"""Forget a person: every row that is theirs, in every table; a test scans the schema for what is missing here."""

from sqlalchemy import BigInteger, Select, Text, bindparam, cast, delete, literal, or_, select

from services.store.schema import (
    account,
    alert,
    button,
    chat,
    choice,
    condition,
    delivery,
    destination,
    event,
    event_input,
    inbox,
    person,
    watch,
)
from services.tx import Tx

_PERSON = bindparam("the_person", type_=BigInteger)
_CHATS = select(chat.c.id).where(chat.c.private_to == _PERSON)
_THEIR_DESTINATION = or_(destination.c.person_id == _PERSON, destination.c.chat_id.in_(_CHATS))
_DESTINATIONS = select(destination.c.id).where(_THEIR_DESTINATION)
_THEIR_ALERT = or_(
    alert.c.owner_person == _PERSON,
    alert.c.owner_chat.in_(_CHATS),
    alert.c.destination_id.in_(_DESTINATIONS),
)
_ALERTS = select(alert.c.id).where(_THEIR_ALERT)
_EVENTS = select(event.c.id).where(event.c.alert_id.in_(_ALERTS))
_THEIR_UPDATE = (
    select(account.c.id)
    .where(account.c.person_id == _PERSON, account.c.platform == inbox.c.platform, account.c.user_id == inbox.c.user_id)
    .exists()
)


def _reply_keys() -> Select[str]:
    # A reply in a group belongs to the chat; that it answers this person is only in its key.
    return select(
        literal("reply to ") + inbox.c.platform
        + " " + cast(inbox.c.bot_id, Text) + " " + cast(inbox.c.update_id, Text)
    ).where(_THEIR_UPDATE)  # fmt: skip


_FORGET = (
    delete(delivery).where(
        or_(
            delivery.c.event_id.in_(_EVENTS),
            delivery.c.destination_id.in_(_DESTINATIONS),
            delivery.c.chat_id.in_(_CHATS),
            delivery.c.key.in_(_reply_keys()),
        )
    ),
    delete(event_input).where(event_input.c.event_id.in_(_EVENTS)),
    delete(event).where(event.c.alert_id.in_(_ALERTS)),
    delete(condition).where(condition.c.alert_id.in_(_ALERTS)),
    delete(alert).where(_THEIR_ALERT),
    delete(button).where(or_(button.c.person_id == _PERSON, button.c.chat_id.in_(_CHATS))),
    delete(choice).where(choice.c.person_id == _PERSON),
    delete(watch).where(watch.c.person_id == _PERSON),
    delete(inbox).where(_THEIR_UPDATE),
    delete(destination).where(_THEIR_DESTINATION),
    delete(chat).where(chat.c.private_to == _PERSON),
    delete(account).where(account.c.person_id == _PERSON),
    delete(person).where(person.c.id == _PERSON),
)


def forget(tx: Tx, person_id: int) -> None:
    """Remove a person with every row that is theirs; `Store.shred` afterwards takes the bytes out of the files."""
    for statement in _FORGET:
        tx.run(statement, {"the_person": person_id})
