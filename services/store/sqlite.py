"""The store on SQLite: one writer connection owned by one task, group commit, read-only readers."""

import asyncio
import os
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Generic, TypeVar, cast
from urllib.parse import quote

from sqlalchemy.sql import ClauseElement, Executable
from sqlalchemy.sql.compiler import SQLCompiler

from services.counters import Counters
from services.failpoints import FailpointError, failpoint
from services.store.connection import Connection, connect
from services.store.errors import StoreUnavailable
from services.store.files import DIALECT, create_tables, primary_code, store_error, take_lock
from services.tx import Row, Tx, Values

T = TypeVar("T")
_BATCH = 256  # transactions in one commit; more only delays the first
_PRAGMAS = (
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=5000",
    "PRAGMA secure_delete=ON",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-16000",
)
_SHRED_ATTEMPTS = 3  # each waits for the readers as long as busy_timeout
_CLOSED = "the store is closed"


@lru_cache(maxsize=1024)
def _compiled(statement: Executable) -> tuple[str, Values]:
    # The text of a statement, and the values that are part of it; the items of an IN list among them.
    assert isinstance(statement, ClauseElement)
    compiled = statement.compile(dialect=DIALECT)
    assert isinstance(compiled, SQLCompiler)
    expanded = compiled.construct_expanded_state(compiled.params)
    asked = {each.key for each in compiled.binds.values() if each.required}
    return expanded.statement, {name: value for name, value in expanded.parameters.items() if name not in asked}


class _SqliteTx:
    """Statements on the driver, on the connection's own thread."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.committed: list[Callable[[], None]] = []
        self.rolled_back: list[Callable[[], None]] = []

    def _execute(self, statement: Executable, values: Values | None) -> sqlite3.Cursor:
        sql, fixed = _compiled(statement)
        return self._connection.execute(sql, {**fixed, **(values or {})})

    def rows(self, statement: Executable, values: Values | None = None) -> list[Row]:
        """Run `statement` and return its rows."""
        return self._execute(statement, values).fetchall()

    def run(self, statement: Executable, values: Values | None = None) -> int:
        """Run `statement` and return how many rows it changed."""
        return self._execute(statement, values).rowcount

    def many(self, statement: Executable, values: Sequence[Values]) -> None:
        """Run `statement` once for each of `values`."""
        sql, fixed = _compiled(statement)
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


class SqliteStore:
    """The store in one file. Open it with `open_sqlite`; every write goes through one queue."""

    def __init__(
        self, writer: Connection, reader: Connection | None, lock: int | None, path: Path | None, counters: Counters
    ) -> None:
        self.path = path
        self._writer = writer
        self._reader = reader
        self._lock = lock
        self._counters = counters
        self._queue: asyncio.Queue[_Submitted[object] | None] = asyncio.Queue()
        self._task = asyncio.create_task(self._write_loop(), name="store writer")
        self._closing: asyncio.Task[None] | None = None

    async def write(self, work: Callable[[Tx], T]) -> T:
        """Run `work` in a transaction that is on disk when this returns.

        Cancelling the caller cancels nothing: whether it was written is unknown until it is read again.
        """
        if self._closing is not None:
            raise StoreUnavailable(_CLOSED)
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait(cast("_Submitted[object]", _Submitted(work, future)))
        return await future

    async def read(self, work: Callable[[Tx], T]) -> T:
        """Run `work`, which only reads, on a connection that cannot write; all that it reads is of one moment."""
        if self._closing is not None:
            raise StoreUnavailable(_CLOSED)
        reading = _reading if self._reader is not None else _reading_in_memory
        try:
            return await (self._reader or self._writer).call(lambda connection: reading(connection, work))
        except sqlite3.Error as failure:
            tried_to_write = primary_code(failure) == sqlite3.SQLITE_READONLY
            raise (StoreUnavailable(str(failure)) if tried_to_write else store_error(failure)) from failure

    async def shred(self) -> None:
        """Fold the log into the file and truncate it, so that no deleted byte stays in either."""
        for _ in range(_SHRED_ATTEMPTS):
            if await self._writer.call(_fold):
                return
        raise StoreUnavailable("the log is still being read")

    async def close(self) -> None:
        """Finish what is queued, fold the log into the file and let the lock go; a second call waits for the first."""
        if self._closing is None:
            self._queue.put_nowait(None)
            self._closing = asyncio.create_task(self._close(), name="store closing")
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        await self._task
        if self._reader is not None:
            await self._reader.close()
        await self._writer.close()
        if self._lock is not None:
            os.close(self._lock)

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
        outcomes: list[_Done[object] | BaseException]
        try:
            failpoint("writer.before_commit")
            outcomes = list(await self._writer.call(lambda connection: _together(connection, batch)))
            self._counters.add("commits")
        except Exception as failure:  # noqa: BLE001  # the writer outlives every failure; its callers get it
            outcomes = [store_error(failure) for _ in batch]
        with suppress(FailpointError):  # what is on disk is on disk
            failpoint("writer.after_commit")
        self._counters.add("writes", amount=len(batch))
        for submitted, outcome in zip(batch, outcomes, strict=True):
            self._settle(submitted, outcome)

    def _settle(self, submitted: _Submitted[object], outcome: "_Done[object] | BaseException") -> None:
        future, tx = submitted.future, submitted.tx
        done = isinstance(outcome, _Done)
        for action in () if tx is None else tx.committed if done else tx.rolled_back:
            future.get_loop().call_soon(action)  # before its caller wakes; a failing one is the loop's to report
        if isinstance(outcome, _Done):
            if not future.done():
                future.set_result(outcome.value)
            return
        self._counters.add("writes_failed", type(outcome).__name__)
        if not future.done():
            future.set_exception(outcome)


def _together(connection: sqlite3.Connection, batch: list[_Submitted[object]]) -> list["_Done[object] | BaseException"]:
    # A file opened while another process holds the write lock waits busy_timeout, then fails as a whole.
    connection.execute("BEGIN IMMEDIATE")
    try:
        failpoint("writer.begun")
        outcomes = [_alone(connection, submitted) for submitted in batch]
        failpoint("writer.worked")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    with suppress(FailpointError):  # what is on disk is on disk
        failpoint("writer.committed")
    return outcomes


def _alone(connection: sqlite3.Connection, submitted: _Submitted[object]) -> "_Done[object] | BaseException":
    tx = submitted.tx = _SqliteTx(connection)
    connection.execute("SAVEPOINT work")
    try:
        value = submitted.work(tx)
    except BaseException as failure:  # noqa: BLE001  # handed to the caller that submitted it, whatever it is
        return _undone(connection, failure)
    connection.execute("RELEASE work")
    return _Done(value)


def _undone(connection: sqlite3.Connection, failure: BaseException) -> BaseException:
    if not connection.in_transaction:
        # A full or failing disk made SQLite roll back the whole commit: it concerns every transaction in it.
        raise store_error(failure) if isinstance(failure, Exception) else StoreUnavailable(type(failure).__name__)
    connection.execute("ROLLBACK TO work")
    connection.execute("RELEASE work")
    if isinstance(failure, sqlite3.OperationalError | sqlite3.IntegrityError):
        return store_error(failure)
    if isinstance(failure, StopIteration):
        return RuntimeError("the work ran out of items")  # no future can hold a StopIteration
    return failure


def _reading(connection: sqlite3.Connection, work: Callable[[Tx], T]) -> T:
    connection.execute("BEGIN")
    try:
        return work(_SqliteTx(connection))
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _reading_in_memory(connection: sqlite3.Connection, work: Callable[[Tx], T]) -> T:
    connection.execute("PRAGMA query_only=ON")
    try:
        return _reading(connection, work)
    finally:
        connection.execute("PRAGMA query_only=OFF")


def _fold(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0)


async def open_sqlite(path: Path | None, counters: Counters, lock: int | None = None) -> SqliteStore:
    """Open the store at `path`, which must exist, or a new one in memory; raise a `StoreError`.

    `lock` is what `take_lock` returned, and is taken here where it is None; the store closes it.
    """
    async with AsyncExitStack() as opened:
        if path is None:
            writer = await connect(":memory:", uri=False)
            opened.push_async_callback(writer.close)
            await writer.call(_prepare)
            await writer.call(create_tables)
            opened.pop_all()
            return SqliteStore(writer, None, None, None, counters)
        held = take_lock(path) if lock is None else lock
        opened.callback(os.close, held)
        try:
            writer = await connect(f"file:{quote(str(path))}?mode=rw", uri=True)
            opened.push_async_callback(writer.close)
            await writer.call(_prepare)
            reader = await connect(f"file:{quote(str(path))}?mode=ro", uri=True)
        except sqlite3.Error as failure:
            raise store_error(failure) from failure
        opened.pop_all()
        return SqliteStore(writer, reader, held, path, counters)


def _prepare(connection: sqlite3.Connection) -> None:
    mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
    if mode not in ("wal", "memory"):
        raise StoreUnavailable(f"journal_mode is {mode}; the file system cannot hold this store")
    for pragma in _PRAGMAS:
        connection.execute(pragma)
