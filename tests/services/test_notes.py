from collections.abc import AsyncIterator

import pytest

from services.counters import Counters
from services.store import notes
from services.store.sqlite import SqliteStore, open_sqlite


@pytest.fixture
async def store() -> AsyncIterator[SqliteStore]:
    opened = await open_sqlite(None, Counters())
    yield opened
    await opened.close()


async def test_notes_are_put_and_got(store: SqliteStore) -> None:
    assert await store.read(lambda tx: notes.get(tx, "origin")) is None
    await store.write(lambda tx: notes.put(tx, "origin", "1"))
    await store.write(lambda tx: notes.put(tx, "origin", "2"))
    assert await store.read(lambda tx: notes.get(tx, "origin")) == "2"
