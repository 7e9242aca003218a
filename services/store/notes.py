"""Queries: single named facts about this store."""

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert  # its ON CONFLICT clause is also SQLite's

from services.store.columns import words
from services.store.schema import note
from services.tx import Tx

_GET = select(note.c.value).where(note.c.name == bindparam("the_name"))
_BEGINNING = select(note.c.name, note.c.value).where(note.c.name.startswith(bindparam("the_beginning")))
_DROP = delete(note).where(note.c.name == bindparam("the_name"))
_PUT = insert(note).values(name=bindparam("name"), value=bindparam("value"))
_PUT = _PUT.on_conflict_do_update(index_elements=["name"], set_={"value": _PUT.excluded.value})


def get(tx: Tx, name: str) -> str | None:
    """Return the fact of this name, or None where it was never put."""
    found = tx.rows(_GET, {"the_name": name})
    return words(found[0][0]) if found else None


def put(tx: Tx, name: str, value: str) -> None:
    """Write a fact in place of what it was before."""
    tx.run(_PUT, {"name": name, "value": value})


def drop(tx: Tx, name: str) -> None:
    """Remove a fact."""
    tx.run(_DROP, {"the_name": name})


def beginning_with(tx: Tx, beginning: str) -> list[tuple[str, str]]:
    """Return the names and values of the facts whose names begin so; no `%` or `_` in it."""
    return [(words(name), words(value)) for name, value in tx.rows(_BEGINNING, {"the_beginning": beginning})]
