"""The store on PostgreSQL, for when one machine is not enough: the same tables, the same statements."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.sql import Executable

from services.counters import Counters
from services.store.errors import AlreadyRunning, StoreUnavailable
from services.tx import Row, Tx, Values

T = TypeVar("T")
_ONE_PROCESS = 0x466C6F77  # the advisory lock that keeps a second process out


class _PostgresTx:
    """Statements on SQLAlchemy's connection; it blocks a greenlet, not the event loop."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.committed: list[Callable[[], None]] = []
        self.rolled_back: list[Callable[[], None]] = []

    def rows(self, statement: Executable, values: Values | None = None) -> list[Row]:
        """Run `statement` and return its rows."""
        return [tuple(row) for row in self._connection.execute(statement, dict(values or {}))]

    def run(self, statement: Executable, values: Values | None = None) -> int:
        """Run `statement` and return how many rows it changed."""
        return self._connection.execute(statement, dict(values or {})).rowcount

    def many(self, statement: Executable, values: Sequence[Values]) -> None:
        """Run `statement` once for each of `values`."""
        if values:
            self._connection.execute(statement, [dict(each) for each in values])

    def after_commit(self, action: Callable[[], None]) -> None:
        """Keep `action` for after the commit."""
        self.committed.append(action)

    def after_rollback(self, action: Callable[[], None]) -> None:
        """Keep `action` for the case that nothing was written."""
        self.rolled_back.append(action)


class PostgresStore:
    """The store in a PostgreSQL database. Open it with `open_postgres`."""

    def __init__(self, engine: AsyncEngine, guard: AsyncConnection, counters: Counters) -> None:
        self._engine = engine
        self._guard = guard
        self._counters = counters

    async def write(self, work: Callable[[Tx], T]) -> T:
        """Run `work` in a transaction; a cancelled caller cancels nothing, as on SQLite."""
        return await asyncio.shield(asyncio.ensure_future(self._write(work)))

    async def _write(self, work: Callable[[Tx], T]) -> T:
        opened: list[_PostgresTx] = []
        try:
            async with self._engine.begin() as connection:
                value = await connection.run_sync(lambda sync: _run(sync, work, opened))
        except BaseException as failure:
            self._counters.add("writes_failed", type(failure).__name__)
            for action in (action for tx in opened for action in tx.rolled_back):
                action()
            if isinstance(failure, OperationalError | OSError):
                raise StoreUnavailable(type(failure).__name__) from failure
            raise
        self._counters.add("writes")
        for action in (action for tx in opened for action in tx.committed):
            action()
        return value

    async def read(self, work: Callable[[Tx], T]) -> T:
        """Run `work` in a read-only transaction."""
        async with self._engine.connect() as connection:
            await connection.execute(text("SET TRANSACTION READ ONLY"))
            return await connection.run_sync(lambda sync: _run(sync, work, []))

    async def shred(self) -> None:
        """Rewrite the tables that held deleted rows; the server's own log is its operator's to rotate."""
        async with self._engine.connect() as connection:
            outside = await connection.execution_options(isolation_level="AUTOCOMMIT")
            await outside.execute(text("VACUUM"))

    async def close(self) -> None:
        """Let the lock go and close every connection."""
        await self._guard.close()
        await self._engine.dispose()


def _run(connection: Connection, work: Callable[[Tx], T], opened: list[_PostgresTx]) -> T:
    tx = _PostgresTx(connection)
    opened.append(tx)
    return work(tx)


async def open_postgres(url: str, counters: Counters) -> PostgresStore:
    """Open the store at a `postgresql+asyncpg://` address; raise `AlreadyRunning` or `StoreUnavailable`."""
    engine = create_async_engine(url, pool_size=8, max_overflow=0)
    try:
        guard = await engine.connect()
        held = (await guard.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": _ONE_PROCESS})).scalar_one()
        await guard.commit()
    except (OSError, DBAPIError) as failure:
        await engine.dispose()
        raise StoreUnavailable(type(failure).__name__) from failure
    if not held:
        await guard.close()
        await engine.dispose()
        raise AlreadyRunning(engine.url.render_as_string(hide_password=True))
    return PostgresStore(engine, guard, counters)
