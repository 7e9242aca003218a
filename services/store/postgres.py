"""The store on PostgreSQL, for when one machine is not enough: the same tables, the same statements."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.sql import Executable

from services.counters import Counters
from services.store.errors import (
    AlreadyRunning,
    StoreConflict,
    StoreDamaged,
    StoreFull,
    StoreUnavailable,
)
from services.store.migrate import SHIPPED, Migrations, check_known, upgrade
from services.store.schema import HEAD, metadata
from services.tx import Row, Tx, Values

T = TypeVar("T")
_ONE_PROCESS = 0x466C6F77  # the advisory lock that keeps a second process out
_NO_ROOM = ("53100", "53200", "25006")  # disk full, out of memory, a server that only reads
_CLOSED = "the store is closed"
_VERSION_TABLE = (
    "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL,"
    " CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
)


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
        self._turn = asyncio.Lock()  # one after the other, as on SQLite: what a work reads stays true until it writes
        self._writing: set[asyncio.Task[object]] = set()
        self._closing: asyncio.Task[None] | None = None

    async def write(self, work: Callable[[Tx], T]) -> T:
        """Run `work` in a transaction; a cancelled caller cancels nothing, as on SQLite."""
        if self._closing is not None:
            raise StoreUnavailable(_CLOSED)
        task = asyncio.create_task(self._write(work), name="store write")
        self._writing.add(task)
        task.add_done_callback(self._written)
        return await asyncio.shield(task)

    def _written(self, task: "asyncio.Task[T]") -> None:
        self._writing.discard(task)
        if not task.cancelled():
            task.exception()  # its caller may be gone; asking for it keeps the loop from reporting it

    async def _write(self, work: Callable[[Tx], T]) -> T:
        opened: list[_PostgresTx] = []
        loop = asyncio.get_running_loop()
        try:
            async with self._turn, self._engine.begin() as connection:
                value = await connection.run_sync(lambda sync: _run(sync, work, opened))
        except BaseException as failure:
            self._counters.add("writes_failed", type(failure).__name__)
            for action in (action for tx in opened for action in tx.rolled_back):
                loop.call_soon(action)
            raise _store_error(failure) from failure
        self._counters.add("writes")
        self._counters.add("commits")
        for action in (action for tx in opened for action in tx.committed):
            loop.call_soon(action)  # before its caller wakes; a failing one is the loop's to report
        return value

    async def read(self, work: Callable[[Tx], T]) -> T:
        """Run `work` in a read-only transaction; all that it reads is of one moment."""
        if self._closing is not None:
            raise StoreUnavailable(_CLOSED)
        try:
            async with self._engine.connect() as connection:
                await connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
                return await connection.run_sync(lambda sync: _run(sync, work, []))
        except DBAPIError as failure:
            raise StoreUnavailable(_first_line(failure)) from failure
        except OSError as failure:
            raise StoreUnavailable(type(failure).__name__) from failure

    async def shred(self) -> None:
        """Rewrite the tables without their deleted rows; the server's own log is its operator's to rotate."""
        async with self._engine.connect() as connection:
            outside = await connection.execution_options(isolation_level="AUTOCOMMIT")
            await outside.execute(text(f"VACUUM (FULL) {', '.join(metadata.tables)}"))

    async def close(self) -> None:
        """Finish what is under way, let the lock go and close every connection; a second call waits for the first."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(), name="store closing")
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        while self._writing:
            await asyncio.wait(set(self._writing))
        await self._guard.close()
        await self._engine.dispose()


def _run(connection: Connection, work: Callable[[Tx], T], opened: list[_PostgresTx]) -> T:
    tx = _PostgresTx(connection)
    opened.append(tx)
    return work(tx)


def _store_error(failure: BaseException) -> BaseException:
    if isinstance(failure, IntegrityError):
        return StoreConflict(_first_line(failure))
    if isinstance(failure, DBAPIError):
        state = getattr(failure.orig, "sqlstate", None)
        return StoreFull() if state in _NO_ROOM else StoreUnavailable(_first_line(failure))
    if isinstance(failure, OSError | InvalidRequestError):
        return StoreUnavailable(type(failure).__name__)
    return failure


def _first_line(failure: DBAPIError) -> str:
    return str(failure.orig).partition("\n")[0]  # what follows holds the row's values


async def open_postgres(url: str, counters: Counters, migrations: Migrations = SHIPPED) -> PostgresStore:
    """Open the store at a `postgresql+asyncpg://` address, made or migrated first where it must be."""
    try:
        engine = create_async_engine(url, pool_size=8, max_overflow=0)
    except ArgumentError as failure:
        raise StoreUnavailable(type(failure).__name__) from failure
    try:
        guard = await _guarded(engine, migrations)
    except BaseException as failure:
        await engine.dispose()
        if isinstance(failure, DBAPIError | OSError):
            raise StoreUnavailable(type(failure).__name__) from failure
        raise
    return PostgresStore(engine, guard, counters)


async def _guarded(engine: AsyncEngine, migrations: Migrations) -> AsyncConnection:
    guard = await engine.connect()
    try:
        await guard.run_sync(_lock)
        await guard.run_sync(_make_ready, migrations)
        await guard.commit()
    except BaseException:
        await guard.invalidate()
        await guard.close()
        raise
    return guard


def _lock(connection: Connection) -> None:
    held = connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": _ONE_PROCESS}).scalar_one()
    if not held:
        raise AlreadyRunning(connection.engine.url.render_as_string(hide_password=True))


def _make_ready(connection: Connection, migrations: Migrations) -> None:
    tables = set(inspect(connection).get_table_names())
    if not tables & {*metadata.tables, "alembic_version"}:
        metadata.create_all(connection)
        connection.execute(text(_VERSION_TABLE))
        connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": HEAD})
        tables |= {*metadata.tables, "alembic_version"}
    if "alembic_version" not in tables:
        raise StoreDamaged
    version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if version is None or (version == HEAD and not tables.issuperset(metadata.tables)):
        raise StoreDamaged
    if version != migrations.head:
        check_known(version, migrations)
        upgrade(connection, migrations)
