"""Queries: people, their accounts, chats and destinations."""

from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert  # its ON CONFLICT clause is also SQLite's

from services.domain.people import NumberStyle, Place, Platform, Preferences
from services.store.columns import integer, integer_or_none, micros, moment, words, words_or_none
from services.store.merging import merge_chats
from services.store.schema import account, chat, choice, destination, person
from services.tx import Row, Tx

_NUMBERS: dict[str, NumberStyle] = {"1,234.56": "1,234.56", "1.234,56": "1.234,56", "1 234.56": "1 234.56"}
_PLATFORMS: dict[str, Platform] = {each: each for each in get_args(Platform)}

_FIND = (
    select(person.c.id, person.c.zone, person.c.currency, person.c.numbers)
    .join(account, account.c.person_id == person.c.id)
    .where(account.c.platform == bindparam("platform"), account.c.user_id == bindparam("user_id"))
)
_ADD_PERSON = insert(person).values(created_at=bindparam("created_at")).returning(person.c.id)
_ADD_ACCOUNT = insert(account).values(
    person_id=bindparam("person_id"), platform=bindparam("platform"), user_id=bindparam("user_id")
)
_PLACE = (chat.c.platform, chat.c.bot_id, chat.c.chat_id, chat.c.thread)
_FIND_CHAT = select(chat.c.id, chat.c.private_to, chat.c.parked_at).where(
    *(column == bindparam(f"the_{column.name}") for column in _PLACE)
)
_ADD_CHAT = (
    insert(chat)
    .values(private_to=bindparam("private_to"), **{column.name: bindparam(column.name) for column in _PLACE})
    .returning(chat.c.id)
)
_CHAT = select(*_PLACE, chat.c.parked_at, chat.c.parked_reason, chat.c.private_to).where(
    chat.c.id == bindparam("the_id")
)
_PRIVATE_CHAT = (
    select(chat.c.id).where(chat.c.private_to == bindparam("person_id"), chat.c.parked_at.is_(None)).order_by(chat.c.id)
)
_PARKED_PRIVATE_CHAT = (
    select(chat.c.id)
    .where(chat.c.private_to == bindparam("person_id"), chat.c.parked_at.is_not(None))
    .order_by(chat.c.parked_at.desc(), chat.c.id)
)
_CHATS_AT = select(chat.c.id).where(
    chat.c.platform == bindparam("the_platform"),
    chat.c.bot_id == bindparam("the_bot"),
    chat.c.chat_id == bindparam("the_chat"),
)
_PARKED_CHATS = select(chat.c.id).where(
    chat.c.platform == bindparam("the_platform"), chat.c.bot_id == bindparam("the_bot"), chat.c.parked_at.is_not(None)
)
_PARK = (
    update(chat)
    .where(chat.c.id == bindparam("the_id"))
    .values(parked_at=func.coalesce(chat.c.parked_at, bindparam("at")), parked_reason=bindparam("reason"))
)
_UNPARK = update(chat).where(chat.c.id == bindparam("the_id")).values(parked_at=None, parked_reason=None)
_MIGRATE = (
    update(chat)
    .where(
        chat.c.platform == bindparam("the_platform"),
        chat.c.bot_id == bindparam("the_bot_id"),
        chat.c.chat_id == bindparam("old"),
    )
    .values(chat_id=bindparam("new"))
)
_MOVED = chat.alias()
_TWINS = (
    select(_MOVED.c.id, chat.c.id)
    .join(_MOVED, (_MOVED.c.platform == chat.c.platform) & (_MOVED.c.bot_id == chat.c.bot_id))
    .where(
        chat.c.platform == bindparam("the_platform"),
        chat.c.bot_id == bindparam("the_bot_id"),
        chat.c.chat_id == bindparam("old"),
        _MOVED.c.chat_id == bindparam("new"),
        _MOVED.c.thread == chat.c.thread,
    )
)
_DESTINATION_OF_CHAT = select(destination.c.id).where(destination.c.chat_id == bindparam("the_chat"))
_DESTINATION_OF_PERSON = select(destination.c.id).where(destination.c.person_id == bindparam("the_person"))
_ADD_DESTINATION = (
    insert(destination)
    .values(chat_id=bindparam("chat_id"), person_id=bindparam("person_id"))
    .returning(destination.c.id)
)
_DESTINATION = select(destination.c.chat_id, destination.c.person_id).where(destination.c.id == bindparam("the_id"))
_PREFER = {
    name: update(person).where(person.c.id == bindparam("the_id")).values(**{name: bindparam("value")})
    for name in ("zone", "currency", "numbers")
}
_CHOICES = select(choice.c.word, choice.c.coin_id).where(choice.c.person_id == bindparam("the_person"))
_PREFERENCES = select(person.c.zone, person.c.currency, person.c.numbers).where(person.c.id == bindparam("the_id"))
_CHOOSE = insert(choice).values(person_id=bindparam("person_id"), word=bindparam("word"), coin_id=bindparam("coin_id"))
_CHOOSE = _CHOOSE.on_conflict_do_update(
    index_elements=["person_id", "word"], set_={"coin_id": _CHOOSE.excluded.coin_id}
)
_SINCE = select(person.c.created_at).where(person.c.id == bindparam("the_id"))
_ACCOUNTS = select(account.c.platform, account.c.user_id).where(account.c.person_id == bindparam("the_person"))


@dataclass(frozen=True, slots=True)
class ChatRow:
    """A chat as it is stored."""

    id: int
    place: Place
    parked_at: int | None
    parked_reason: str | None
    private_to: int | None


def person_of(tx: Tx, platform: Platform, user_id: int, now: datetime) -> tuple[int, Preferences]:
    """Return the person behind an account and what they chose, making both when they are new."""
    found = tx.rows(_FIND, {"platform": platform, "user_id": user_id})
    if found:
        return integer(found[0][0]), _preferences(found[0][1:])
    made = integer(tx.rows(_ADD_PERSON, {"created_at": micros(now)})[0][0])
    tx.run(_ADD_ACCOUNT, {"person_id": made, "platform": platform, "user_id": user_id})
    return made, Preferences()


def _preferences(row: Row) -> Preferences:
    zone, currency, numbers = row
    return Preferences(words(zone), words(currency), _NUMBERS.get(words_or_none(numbers) or ""))


def chat_of(tx: Tx, place: Place, private_to: int | None) -> int:
    """Return the row of a chat, making it when it is new; a message from a parked chat un-parks it."""
    values = {
        "platform": place.platform,
        "bot_id": place.bot_id,
        "chat_id": place.chat_id,
        "thread": place.thread or 0,
    }
    found = tx.rows(_FIND_CHAT, {f"the_{name}": value for name, value in values.items()})
    if not found:
        return integer(tx.rows(_ADD_CHAT, {**values, "private_to": private_to})[0][0])
    if found[0][2] is not None:
        tx.run(_UNPARK, {"the_id": found[0][0]})
    return integer(found[0][0])


def chat_row(tx: Tx, chat_id: int) -> ChatRow | None:
    """Return one chat by its row id."""
    found = tx.rows(_CHAT, {"the_id": chat_id})
    if not found:
        return None
    platform, bot_id, number, thread, parked_at, reason, private_to = found[0]
    place = Place(_PLATFORMS[words(platform)], integer(bot_id), integer(number), integer(thread) or None)
    return ChatRow(chat_id, place, integer_or_none(parked_at), words_or_none(reason), integer_or_none(private_to))


def private_chats(tx: Tx, person_id: int) -> list[int]:
    """Return the chats in which a person can be reached alone, oldest first, parked ones left out."""
    return [integer(row[0]) for row in tx.rows(_PRIVATE_CHAT, {"person_id": person_id})]


def chats_at(tx: Tx, place: Place) -> list[int]:
    """Return the rows of a chat with all of its topics."""
    values = {"the_platform": place.platform, "the_bot": place.bot_id, "the_chat": place.chat_id}
    return [integer(row[0]) for row in tx.rows(_CHATS_AT, values)]


def parked_chats(tx: Tx, platform: Platform, bot_id: int) -> list[int]:
    """Return the chats that refuse messages at present."""
    return [integer(row[0]) for row in tx.rows(_PARKED_CHATS, {"the_platform": platform, "the_bot": bot_id})]


def park_chat(tx: Tx, chat_id: int, at: datetime | None, reason: str | None) -> None:
    """Note that a chat refuses messages, since when it first did, or with None that it takes them again."""
    if at is None:
        tx.run(_UNPARK, {"the_id": chat_id})
    else:
        tx.run(_PARK, {"the_id": chat_id, "at": micros(at), "reason": reason})


def refused_since(tx: Tx, chat_id: int) -> datetime | None:
    """Return when a chat's refusals began, or None while it takes messages."""
    found = chat_row(tx, chat_id)
    return None if found is None or found.parked_at is None else moment(found.parked_at)


def migrate_chat(tx: Tx, platform: Platform, bot_id: int, old: int, new: int) -> None:
    """Move every topic of a group to the id that the platform gave it, also where that was heard of before."""
    ids = {"the_platform": platform, "the_bot_id": bot_id, "old": old, "new": new}
    for twin, kept in tx.rows(_TWINS, ids):
        merge_chats(tx, integer(twin), integer(kept))
    tx.run(_MIGRATE, ids)


def destination_of_chat(tx: Tx, chat_id: int) -> int:
    """Return the destination that is this chat."""
    found = tx.rows(_DESTINATION_OF_CHAT, {"the_chat": chat_id})
    return integer((found or tx.rows(_ADD_DESTINATION, {"chat_id": chat_id, "person_id": None}))[0][0])


def destination_of_person(tx: Tx, person_id: int) -> int:
    """Return the destination that is this person, wherever they can be reached."""
    found = tx.rows(_DESTINATION_OF_PERSON, {"the_person": person_id})
    return integer((found or tx.rows(_ADD_DESTINATION, {"chat_id": None, "person_id": person_id}))[0][0])


def chat_for(tx: Tx, destination_id: int) -> int | None:
    """Return the chat in which a destination is reached now, or None where there never was one.

    A person whose every chat is parked is owed it in the one parked last: it goes out when they come back.
    """
    found = tx.rows(_DESTINATION, {"the_id": destination_id})
    if not found:
        return None
    chat_id, person_id = found[0]
    if chat_id is not None:
        return integer(chat_id)
    reachable = private_chats(tx, integer(person_id))
    if reachable:
        return reachable[0]
    parked = tx.rows(_PARKED_PRIVATE_CHAT, {"person_id": person_id})
    return integer(parked[0][0]) if parked else None


def prefer(tx: Tx, person_id: int, name: str, value: str) -> None:
    """Store one preference: zone, currency or numbers."""
    tx.run(_PREFER[name], {"the_id": person_id, "value": value})


def preferences(tx: Tx, person_id: int) -> Preferences:
    """Return what a person chose; the defaults for a person who is gone."""
    found = tx.rows(_PREFERENCES, {"the_id": person_id})
    return _preferences(found[0]) if found else Preferences()


def choices(tx: Tx, person_id: int) -> dict[str, str]:
    """Return which coin this person meant by each clashing ticker the last time."""
    return {words(word): words(coin) for word, coin in tx.rows(_CHOICES, {"the_person": person_id})}


def choose(tx: Tx, person_id: int, word: str, coin_id: str) -> None:
    """Remember which coin this person means by a clashing ticker."""
    tx.run(_CHOOSE, {"person_id": person_id, "word": word, "coin_id": coin_id})


def known_since(tx: Tx, person_id: int) -> datetime:
    """Return when a person first wrote."""
    return moment(tx.rows(_SINCE, {"the_id": person_id})[0][0])


def accounts(tx: Tx, person_id: int) -> list[tuple[str, int]]:
    """Return the platforms on which a person is known, with their number there."""
    return [(words(platform), integer(user)) for platform, user in tx.rows(_ACCOUNTS, {"the_person": person_id})]
