"""Watchlists: the coins that a person keeps an eye on."""

from collections.abc import Sequence

from services.domain.language import say
from services.errors import LimitReached
from services.store import watchlist as rows
from services.tx import Tx

MOST = 50


def coins(tx: Tx, person: int) -> tuple[str, ...]:
    """Return the ids of the coins on a person's list, in the order in which they were added."""
    return rows.of_person(tx, person)


def add(tx: Tx, person: int, new: Sequence[str]) -> tuple[str, ...]:
    """Put coins on a person's list and return those that were not there; raise `LimitReached` and add none."""
    there = rows.of_person(tx, person)
    added = tuple(each for each in dict.fromkeys(new) if each not in there)
    if len(there) + len(added) > MOST:
        sentence = say("A watchlist holds {most} coins, and yours has {count}. Remove some first: /watch.", most=MOST,
                       count=len(there))  # fmt: skip
        raise LimitReached(sentence)
    rows.add(tx, person, added)
    return added


def remove(tx: Tx, person: int, coin: str) -> bool:
    """Take a coin off a person's list; return False if it was not on it."""
    return rows.remove(tx, person, coin)


def clear(tx: Tx, person: int) -> int:
    """Take every coin off a person's list; return how many there were."""
    return rows.clear(tx, person)
