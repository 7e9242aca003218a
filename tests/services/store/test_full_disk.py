import asyncio
import sqlite3
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import text

from services.store import notes
from services.store.errors import StoreFull
from services.store.open import FILE
from services.tx import Store, Tx

BIG = "x" * 100_000


async def limit(store: Store, pages: int) -> None:
    """Let the database file hold so many pages and no more, as a full disk would."""
    await store.write(lambda tx: tx.rows(text(f"PRAGMA max_page_count = {pages}")))


async def pages_of(store: Store) -> int:
    [[pages]] = await store.read(lambda tx: tx.rows(text("PRAGMA page_count")))
    assert isinstance(pages, int)
    return pages


def put_both(told: list[str], name: str, value: str, tx: Tx) -> None:
    tx.after_commit(partial(told.append, f"{name} written"))
    tx.after_rollback(partial(told.append, f"{name} given up"))
    notes.put(tx, f"{name} first", "small")
    notes.put(tx, f"{name} second", value)


async def test_a_full_disk_leaves_nothing_half_written_and_heals(file_store: Store) -> None:
    told: list[str] = []
    await file_store.write(partial(put_both, told, "before", "small"))
    await limit(file_store, await pages_of(file_store) + 4)
    with pytest.raises(StoreFull):
        await file_store.write(partial(put_both, told, "big", BIG))
    assert await file_store.read(partial(notes.get, name="big first")) is None
    await file_store.write(partial(put_both, told, "small", "small"))
    await limit(file_store, 100_000)
    await file_store.write(partial(put_both, told, "after", BIG))
    assert told == ["before written", "big given up", "small written", "after written"]
    assert await file_store.read(partial(notes.get, name="after second")) == BIG


async def test_all_of_one_commit_are_told_that_it_was_given_up(file_store: Store, data_dir: Path) -> None:
    told: list[str] = []
    await limit(file_store, await pages_of(file_store) + 4)
    results = await asyncio.gather(
        *(file_store.write(partial(put_both, told, name, value)) for name, value in (("a", ""), ("b", BIG), ("c", ""))),
        return_exceptions=True,
    )
    await limit(file_store, 100_000)
    for name, result in zip("abc", results, strict=True):
        stored = await file_store.read(partial(notes.get, name=f"{name} first"))
        assert (stored is None) == isinstance(result, StoreFull)
        assert told.count(f"{name} written") == (stored is not None)
        assert told.count(f"{name} given up") <= (stored is None)
    assert isinstance(results[1], StoreFull)
    await file_store.close()
    connection = sqlite3.connect(data_dir / FILE)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
