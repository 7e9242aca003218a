"""Queries: what the unguessable references behind buttons stand for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select, update

from services.store.columns import integer, integer_or_none, micros, moment, words
from services.store.schema import button
from services.tx import Tx

_ADD = insert(button).values(
    ref=bindparam("ref"), line=bindparam("line"), person_id=bindparam("person_id"), chat_id=bindparam("chat_id"),
    changes=bindparam("changes"), expires_at=bindparam("expires_at"),
)  # fmt: skip
_FIND = select(
    button.c.line, button.c.person_id, button.c.chat_id, button.c.changes, button.c.expires_at, button.c.used_at
).where(button.c.ref == bindparam("the_ref"))
_USE = (
    update(button)
    .where(button.c.ref == bindparam("the_ref"), button.c.used_at.is_(None))
    .values(used_at=bindparam("now"))
)
_PURGE = delete(button).where(button.c.expires_at < bindparam("now"))


@dataclass(frozen=True, slots=True)
class ButtonRow:
    """What one reference stands for, and who may press it where and until when."""

    ref: str
    line: str
    person: int | None
    chat: int
    changes: bool
    expires_at: datetime
    used: bool = False


def add(tx: Tx, buttons: Sequence[ButtonRow]) -> None:
    """Keep what the references stand for."""
    tx.many(
        _ADD,
        [
            {
                "ref": each.ref, "line": each.line, "person_id": each.person, "chat_id": each.chat,
                "changes": int(each.changes), "expires_at": micros(each.expires_at),
            }
            for each in buttons
        ],
    )  # fmt: skip


def find(tx: Tx, ref: str) -> ButtonRow | None:
    """Return what a reference stands for; None for one that was never given out or is purged."""
    found = tx.rows(_FIND, {"the_ref": ref})
    if not found:
        return None
    line, person, chat_id, changes, expires_at, used_at = found[0]
    return ButtonRow(
        ref,
        words(line),
        integer_or_none(person),
        integer(chat_id),
        bool(changes),
        moment(expires_at),
        used_at is not None,
    )


def use(tx: Tx, ref: str, now: datetime) -> bool:
    """Spend a one-shot button; return False if it was spent before."""
    return tx.run(_USE, {"the_ref": ref, "now": micros(now)}) == 1


def purge(tx: Tx, now: datetime) -> int:
    """Drop references that have expired."""
    return tx.run(_PURGE, {"now": micros(now)})
