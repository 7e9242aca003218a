"""The store's file on SQLite: made whole or not at all, locked, and looked over before anyone trusts it."""

import fcntl
import os
import sqlite3
from pathlib import Path
from urllib.parse import quote

from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from services.domain.language import say
from services.store.errors import (
    AlreadyRunning,
    StoreConflict,
    StoreDamaged,
    StoreError,
    StoreFull,
    StoreUnavailable,
)
from services.store.schema import HEAD, metadata

DIALECT = sqlite.dialect(paramstyle="named")
_HEADER = b"SQLite format 3\0"
_CHECKED_BYTES = 64 * 1024 * 1024  # a check reads the whole file; beyond this it would hold up the start
_COMPANIONS = ("-wal", "-shm", "-journal")
_FULL = frozenset((sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY))
_DAMAGED = frozenset((sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB))
_OUT_OF_REACH = frozenset((sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOMEM))


def primary_code(failure: BaseException) -> int | None:
    """Return SQLite's primary result code; the driver reports the extended one, which holds it in its low byte."""
    code = getattr(failure, "sqlite_errorcode", None)
    return code & 0xFF if isinstance(code, int) else None


def store_error(failure: Exception) -> StoreError:
    """Return what a failure of the driver means for the store."""
    if isinstance(failure, StoreError):
        return failure
    code = primary_code(failure)
    error: StoreError = StoreUnavailable(str(failure))
    if code in _FULL:
        error = StoreFull()
    elif code in _DAMAGED or (code is None and isinstance(failure, sqlite3.OperationalError)):
        error = StoreDamaged()  # without a code it is text that is no UTF-8, told with the text itself
    elif isinstance(failure, sqlite3.IntegrityError):
        error = StoreConflict(str(failure))
    error.__cause__ = failure
    return error


def take_lock(path: Path) -> int:
    """Return the open lock file beside `path`, held until it is closed; raise `AlreadyRunning` or `StoreFull`."""
    try:
        descriptor = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as failure:
        raise StoreFull from failure
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as taken:
        os.close(descriptor)
        raise AlreadyRunning(path) from taken
    return descriptor


def create_tables(connection: sqlite3.Connection) -> None:
    """Make every table at once, for stores that never see a migration."""
    for table in metadata.sorted_tables:
        connection.execute(str(CreateTable(table).compile(dialect=DIALECT)))
        for index in sorted(table.indexes, key=lambda each: str(each.name)):
            connection.execute(str(CreateIndex(index).compile(dialect=DIALECT)))
    connection.execute(
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL,"
        " CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
    )
    connection.execute("INSERT INTO alembic_version VALUES (?)", (HEAD,))


def create(path: Path) -> None:
    """Make a new store at `path`; killed at any point it leaves either nothing there or a whole store."""
    draft = path.with_name(path.name + ".new")
    try:
        for leftover in (draft, *_companions(draft)):
            leftover.unlink(missing_ok=True)
        connection = sqlite3.connect(draft, isolation_level=None)
        try:
            draft.chmod(0o600)
            connection.execute("BEGIN IMMEDIATE")
            create_tables(connection)
            connection.execute("COMMIT")
        finally:
            connection.close()
        put_in_place(draft, path)
    except (OSError, sqlite3.OperationalError) as failure:
        raise StoreFull from failure


def put_in_place(draft: Path, path: Path) -> None:
    """Give a finished file its name, so that a power cut leaves it under the old name or the new one, never torn."""
    _sync(draft)
    draft.replace(path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def exists(path: Path) -> bool:
    """Say whether there is a store at `path`; raise `StoreDamaged` where only a part of one is left."""
    if path.exists():
        return True
    if any(each.exists() for each in _companions(path)):
        raise StoreDamaged
    return False


def version_of(path: Path) -> str:
    """Return the version of the store at `path`, changing nothing; raise `StoreDamaged` or `StoreUnavailable`."""
    _check_privacy(path)
    if not path.is_file() or not _has_header(path):
        raise StoreDamaged
    connection: sqlite3.Connection | None = None
    try:
        connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, isolation_level=None)
        connection.execute("PRAGMA busy_timeout=5000")
        return _version(connection, thoroughly=path.stat().st_size < _CHECKED_BYTES)
    except sqlite3.Error as failure:
        if primary_code(failure) in _FULL | _OUT_OF_REACH:
            raise store_error(failure) from failure
        raise StoreDamaged from failure  # whatever else stops SQLite from reading it is in the file
    except UnicodeDecodeError as failure:
        raise StoreDamaged from failure  # damaged names and texts, also within SQLite's own messages
    finally:
        if connection is not None:
            connection.close()


def _has_header(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_HEADER)) == _HEADER


def _version(connection: sqlite3.Connection, *, thoroughly: bool) -> str:
    if thoroughly and connection.execute("PRAGMA integrity_check(1)").fetchall() != [("ok",)]:
        raise StoreDamaged
    found = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    if len(found) != 1:
        raise StoreDamaged
    version = str(found[0][0])
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if version == HEAD and not tables.issuperset(metadata.tables):
        raise StoreDamaged
    return version


def _check_privacy(path: Path) -> None:
    for each in (path, *_companions(path)):
        if each.exists() and each.stat().st_mode & 0o077:
            raise StoreUnavailable(
                say("Other users of this machine can open {path}. Close it to them: chmod 600 {path}", path=each)
            )


def snapshot(path: Path, target: Path) -> None:
    """Write a sound copy of the store at `path` to `target`, which appears only when it is whole and checked."""
    draft = target.with_name(target.name + ".new")
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft.unlink(missing_ok=True)
        _ask(path, "VACUUM INTO ?", str(draft))
        draft.chmod(0o600)
        if _ask(draft, "PRAGMA integrity_check(1)") != [("ok",)]:
            raise StoreDamaged
        put_in_place(draft, target)
    except sqlite3.Error as failure:
        raise store_error(failure) from failure
    except OSError as failure:
        raise StoreFull from failure


def _ask(path: Path, statement: str, *values: str) -> list[tuple[str, ...]]:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        return connection.execute(statement, values).fetchall()
    finally:
        connection.close()


def _companions(path: Path) -> tuple[Path, ...]:
    return tuple(path.with_name(path.name + ending) for ending in _COMPANIONS)
