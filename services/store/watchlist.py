"""Queries: the coins on a person's watchlist."""

from collections.abc import Iterable

from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import insert  # its ON CONFLICT clause is also SQLite's

from services.store.columns import integer, words
from services.store.schema import watch
from services.tx import Tx

_OF_PERSON = (
    select(watch.c.coin).where(watch.c.person_id == bindparam("the_person")).order_by(watch.c.position, watch.c.coin)
)
_LAST = select(func.coalesce(func.max(watch.c.position), 0)).where(watch.c.person_id == bindparam("the_person"))
_ADD = (
    insert(watch)
    .values(person_id=bindparam("person_id"), coin=bindparam("coin"), position=bindparam("position"))
    .on_conflict_do_nothing()
)
_REMOVE = delete(watch).where(watch.c.person_id == bindparam("the_person"), watch.c.coin == bindparam("the_coin"))
_CLEAR = delete(watch).where(watch.c.person_id == bindparam("the_person"))


def of_person(tx: Tx, person: int) -> tuple[str, ...]:
    """Return the coins by id, in the order in which they were added."""
    return tuple(words(row[0]) for row in tx.rows(_OF_PERSON, {"the_person": person}))


def add(tx: Tx, person: int, coins: Iterable[str]) -> None:
    """Put coins at the end; one that is there already stays where it is."""
    last = integer(tx.rows(_LAST, {"the_person": person})[0][0])
    for position, coin in enumerate(coins, last + 1):
        tx.run(_ADD, {"person_id": person, "coin": coin, "position": position})


def remove(tx: Tx, person: int, coin: str) -> bool:
    """Take one coin off; return False if it was not there."""
    return tx.run(_REMOVE, {"the_person": person, "the_coin": coin}) == 1


def clear(tx: Tx, person: int) -> int:
    """Take every coin off; return how many there were."""
    return tx.run(_CLEAR, {"the_person": person})
