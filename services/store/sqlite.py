"""The store on SQLite: one writer connection owned by one task, group commit, read-only readers."""

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Generic, TypeVar, cast
from urllib.parse import quote

import aiosqlite
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine.interfaces import Compiled
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlalchemy.sql import ClauseElement, Executable

from services.counters import Counters
from services.failpoints import FailpointError, failpoint
from services.store.errors import AlreadyRunning, StoreDamaged, StoreFull, StoreUnavailable
from services.store.schema import HEAD, metadata
from services.tx import Row, Tx, Values

T = TypeVar("T")
_DIALECT = sqlite.dialect(paramstyle="named")
_BATCH = 256  # transactions in one commit; more only delays the first of them
_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=5000",
    "PRAGMA secure_delete=ON",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-16000",
)


@lru_cache(maxsize=1024)
def _compiled(statement: Executable) -> tuple[str, Compiled]:
    assert isinstance(statement, ClauseElement)
    compiled = statement.compile(dialect=_DIALECT)
    return compiled.string, compiled


class _SqliteTx:
    """Statements on the driver, on the connection's own thread."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.committed: list[Callable[[], None]] = []
        self.rolled_back: list[Callable[[], None]] = []

    def _execute(self, statement: Executable, values: Values | None) -> sqlite3.Cursor:
        sql, compiled = _compiled(statement)
        return self._connection.execute(sql, dict(compiled.construct_params(values or {}) or {}))

    def rows(self, statement: Executable, values: Values | None = None) -> list[Row]:
        """Run `statement` and return its rows."""
        return self._execute(statement, values).fetchall()

    def run(self, statement: Executable, values: Values | None = None) -> int:
        """Run `statement` and return how many rows it changed."""
        return self._execute(statement, values).rowcount

    def many(self, statement: Executable, values: Sequence[Values]) -> None:
        """Run `statement` once for each of `values`."""
        sql, compiled = _compiled(statement)
        fixed = compiled.params
        self._connection.executemany(sql, ({**fixed, **each} for each in values))

    def after_commit(self, action: Callable[[], None]) -> None:
        """Keep `action` for after the commit."""
        self.committed.append(action)

    def after_rollback(self, action: Callable[[], None]) -> None:
        """Keep `action` for the case that nothing was written."""
        self.rolled_back.append(action)


@dataclass(slots=True)
class _Submitted(Generic[T]):
    work: Callable[[Tx], T]
    future: asyncio.Future[T]
    tx: "_SqliteTx | None" = None


@dataclass(frozen=True, slots=True)
class _Done(Generic[T]):
    value: T


class _Connection(aiosqlite.Connection):
    """An aiosqlite connection that runs a whole function on its thread: one hop a transaction, not one a statement."""

    async def call(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` with the driver's connection on the connection's thread."""
        result: T = await self._execute(lambda: work(self._conn))  # type: ignore[no-untyped-call]  # untyped there
        return result


class SqliteStore:
    """The store in one file. Open it with `open_sqlite`; every write goes through one queue."""

    def __init__(
        self, writer: _Connection, reader: _Connection | None, lock: int | None, path: Path | None, counters: Counters
    ) -> None:
        self.path = path
        self._writer = writer
        self._reader = reader
        self._lock = lock
        self._counters = counters
        self._queue: asyncio.Queue[_Submitted[object] | None] = asyncio.Queue()
        self._task = asyncio.create_task(self._write_loop(), name="store writer")

    async def write(self, work: Callable[[Tx], T]) -> T:
        """Run `work` in a transaction that is on disk when this returns.

        Cancelling the caller cancels nothing: whether it was written is unknown until it is read again.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait(cast("_Submitted[object]", _Submitted(work, future)))
        return await future

    async def read(self, work: Callable[[Tx], T]) -> T:
        """Run `work`, which only reads, on a connection that cannot write."""
        try:
            return await (self._reader or self._writer).call(lambda connection: work(_SqliteTx(connection)))
        except sqlite3.Error as failure:
            raise _store_error(failure) from failure

    async def close(self) -> None:
        """Finish what is queued, fold the log into the file and let the lock go."""
        self._queue.put_nowait(None)
        await self._task
        if self._reader is not None:
            await self._reader.close()
        await self._writer.close()
        if self._lock is not None:
            os.close(self._lock)

    async def shred(self) -> None:
        """Fold the log into the file and truncate it, so that no deleted byte stays in either."""
        await self._writer.call(lambda connection: connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())

    async def _write_loop(self) -> None:
        while (first := await self._queue.get()) is not None:
            batch = [first]
            last = False
            while len(batch) < _BATCH and not self._queue.empty() and not last:
                following = self._queue.get_nowait()
                last = following is None
                if following is not None:
                    batch.append(following)
            await self._commit(batch)
            if last:
                return

    async def _commit(self, batch: list[_Submitted[object]]) -> None:
        try:
            failpoint("writer.before_commit")
            outcomes = await self._writer.call(lambda connection: _together(connection, batch))
            failpoint("writer.after_commit")
        except (sqlite3.Error, FailpointError) as failure:
            outcomes = [_store_error(failure) for _ in batch]
        self._counters.add("writes", amount=len(batch))
        for submitted, outcome in zip(batch, outcomes, strict=True):
            self._settle(submitted, outcome)

    def _settle(self, submitted: _Submitted[object], outcome: "_Done[object] | Exception") -> None:
        future, tx = submitted.future, submitted.tx
        done = isinstance(outcome, _Done)
        for action in () if tx is None else tx.committed if done else tx.rolled_back:
            action()
        if isinstance(outcome, _Done):
            if not future.done():
                future.set_result(outcome.value)
            return
        self._counters.add("writes_failed", type(outcome).__name__)
        if not future.done():
            future.set_exception(outcome)


def _together(connection: sqlite3.Connection, batch: list[_Submitted[object]]) -> list["_Done[object] | Exception"]:
    # A file opened while another process holds the write lock waits busy_timeout, then fails as a whole.
    connection.execute("BEGIN IMMEDIATE")
    try:
        outcomes = [_alone(connection, submitted) for submitted in batch]
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return outcomes


def _alone(connection: sqlite3.Connection, submitted: _Submitted[object]) -> "_Done[object] | Exception":
    tx = submitted.tx = _SqliteTx(connection)
    connection.execute("SAVEPOINT work")
    try:
        value = submitted.work(tx)
    except sqlite3.OperationalError:
        raise  # a full or failing disk concerns the whole commit, not this transaction alone
    except Exception as failure:  # noqa: BLE001  # handed to the caller that submitted it
        connection.execute("ROLLBACK TO work")
        connection.execute("RELEASE work")
        return failure
    connection.execute("RELEASE work")
    return _Done(value)


def _store_error(failure: Exception) -> Exception:
    code = getattr(failure, "sqlite_errorcode", None)
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY):
        return StoreFull()
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return StoreDamaged()
    return StoreUnavailable(str(failure))


async def open_sqlite(path: Path | None, counters: Counters) -> SqliteStore:
    """Open the store at `path`, or one in memory; raise `AlreadyRunning`, `StoreDamaged` or `StoreUnavailable`."""
    lock = None if path is None else _locked(path)
    try:
        target, read_only = (":memory:", "") if path is None else (str(path), f"file:{quote(str(path))}?mode=ro")
        writer = await _connect(target, uri=False)
        for pragma in _PRAGMAS:
            await writer.execute_fetchall(pragma)
        if path is None:
            await writer.call(create_tables)
            return SqliteStore(writer, None, None, None, counters)
        reader = await _connect(read_only, uri=True)
    except BaseException:
        if lock is not None:
            os.close(lock)
        raise
    return SqliteStore(writer, reader, lock, path, counters)


async def _connect(target: str, *, uri: bool) -> _Connection:
    def connector() -> sqlite3.Connection:
        return sqlite3.connect(target, isolation_level=None, uri=uri, cached_statements=512)

    connection = _Connection(connector, 64)
    connection._thread.daemon = True  # a writer that hangs on a dead disk must not keep the process alive
    await connection
    return connection


def _locked(path: Path) -> int:
    descriptor = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as taken:
        os.close(descriptor)
        raise AlreadyRunning(path) from taken
    return descriptor


def create_tables(connection: sqlite3.Connection) -> None:
    """Make every table at once, for stores that never see a migration."""
    for table in metadata.sorted_tables:
        connection.execute(str(CreateTable(table).compile(dialect=_DIALECT)))
        for index in sorted(table.indexes, key=lambda each: str(each.name)):
            connection.execute(str(CreateIndex(index).compile(dialect=_DIALECT)))
    connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
    connection.execute("INSERT INTO alembic_version VALUES (?)", (HEAD,))
