"""Open the store: find it, look it over, migrate it if it is old, and never start empty over what is broken."""

import os
import sqlite3
from datetime import datetime
from functools import cache
from pathlib import Path

import structlog
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from services.clock import Clock
from services.counters import Counters
from services.domain.language import say
from services.store import files
from services.store.errors import NoFolder, StoreDamaged, StoreFull, StoreUnavailable
from services.store.migrate import SHIPPED, Migrations, check_known, upgrade_file
from services.store.sqlite import open_sqlite
from services.tx import Store

log = structlog.get_logger()
FILE = "flowbell.sqlite"
_SOUND_SQLITE = (3, 51, 3)  # before it, two connections that write or fold the log could corrupt it (WAL-reset bug)


async def open_store(
    url: str | None, data_dir: Path, counters: Counters, clock: Clock, migrations: Migrations = SHIPPED
) -> Store:
    """Open the store at `url`, by default a file in `data_dir`; raise a `StoreError` whose text says what to do.

    From here on every file that this process makes is for its user alone. Blocks while it looks the file over.
    """
    os.umask(0o077)
    path = _path_of(url, data_dir)
    if path is None:
        from services.store.postgres import open_postgres

        return await open_postgres(url or "", counters, migrations)
    _warn_of_old_sqlite(sqlite3.sqlite_version_info)
    if path.name == ":memory:":
        return await open_sqlite(None, counters)
    _make_folder(path.parent)
    lock = files.take_lock(path)
    snapshots = data_dir / "snapshots"
    to_restore = any(snapshots.glob("*.sqlite"))
    try:
        _make_ready(path, snapshots, clock.now(), migrations)
    except StoreDamaged as damage:
        os.close(lock)
        raise StoreDamaged(snapshots=to_restore) from damage
    except BaseException:
        os.close(lock)
        raise
    return await open_sqlite(path, counters, lock)


def _path_of(url: str | None, data_dir: Path) -> Path | None:
    # None: a PostgreSQL server.
    if url is None:
        return data_dir / FILE
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise _wrong_address() from None  # its text would show the password
    if parsed.get_backend_name() == "sqlite":
        return Path(parsed.database or ":memory:")
    if parsed.drivername == "postgresql+asyncpg":
        return None
    raise _wrong_address()


def _wrong_address() -> StoreUnavailable:
    return StoreUnavailable(say("The store's address must begin with sqlite:/// or postgresql+asyncpg://. Correct it."))


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as failure:
        for place in (folder, *folder.parents):
            if place.exists() and not place.is_dir():
                raise NoFolder(place) from failure
        raise StoreFull from failure
    if folder.stat().st_mode & 0o077:
        log.warning("store.folder_open_to_others", path=str(folder), advice=f"chmod 700 {folder}")
    if not os.access(folder, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
        raise StoreFull


def _make_ready(path: Path, snapshots: Path, now: datetime, migrations: Migrations) -> None:
    if not files.exists(path):
        files.create(path)
    version = files.version_of(path)
    if version == migrations.head:
        return
    check_known(version, migrations)
    files.snapshot(path, snapshots / f"before-{migrations.head}-{now:%Y%m%dT%H%M%SZ}.sqlite")
    upgrade_file(path, migrations)
    log.info("store.migrated", version=migrations.head, before=version)


@cache
def _warn_of_old_sqlite(version: tuple[int, ...]) -> None:
    if version < _SOUND_SQLITE:
        log.warning("store.old_sqlite", version=".".join(map(str, version)), sound_from="3.51.3")
