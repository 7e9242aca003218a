"""One connection to a SQLite file, on a thread of its own."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

import aiosqlite

T = TypeVar("T")


class Connection(aiosqlite.Connection):
    """An aiosqlite connection that runs a whole function on its thread: one hop a transaction, not one a statement."""

    async def call(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` with the driver's connection on the connection's thread."""
        result: T = await self._execute(lambda: work(self._conn))  # type: ignore[no-untyped-call]  # untyped there
        return result


async def connect(target: str, *, uri: bool) -> Connection:
    """Open `target`; raise `sqlite3.Error`. Whoever is cancelled meanwhile leaves nothing open."""

    def connector() -> sqlite3.Connection:
        return sqlite3.connect(target, isolation_level=None, uri=uri, cached_statements=512)

    connection = Connection(connector, 64)
    connection._thread.daemon = True  # a writer that hangs on a dead disk must not keep the process alive
    opening = asyncio.ensure_future(_opened(connection))
    try:
        await asyncio.shield(opening)
    except asyncio.CancelledError:
        with suppress(sqlite3.Error):  # what is being opened on the thread must be closed by somebody
            await opening
            await connection.close()
        raise
    return connection


async def _opened(connection: Connection) -> None:
    await connection
