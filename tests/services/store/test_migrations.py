import asyncio
import re
import shutil
import sqlite3
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from services.clock import FixedClock
from services.counters import Counters
from services.store import notes
from services.store.errors import StoreDamaged, StoreError
from services.store.files import create
from services.store.migrate import SHIPPED, Migrations, downgrade, upgrade
from services.store.open import FILE, open_store
from services.store.schema import HEAD, metadata
from services.tx import Store
from tests.services.store.samples import NOW

T = TypeVar("T")
_NEXT = '''"""A column that a later version needs."""

import sqlalchemy as sa
from alembic import op

revision = "later"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("note", sa.Column("colour", sa.Text(), nullable=False, server_default="grey"))
    with op.batch_alter_table("person") as batch:
        batch.alter_column("zone", server_default="Europe/Berlin")
    {more}


def downgrade() -> None:
    """Drop the column."""
    with op.batch_alter_table("note") as batch:
        batch.drop_column("colour")
'''


def later(folder: Path, more: str = "pass") -> Migrations:
    """The shipped migrations and one more."""
    copy = folder / "migrations"
    shutil.copytree(SHIPPED.folder, copy)
    (copy / "versions" / "later.py").write_text(_NEXT.format(head=HEAD, more=more))
    return Migrations(copy, "later")


async def opened(url: str, data_dir: Path, migrations: Migrations = SHIPPED) -> Store:
    return await open_store(url, data_dir, Counters(), FixedClock(NOW), migrations)


async def on(url: str, work: Callable[[Connection], T]) -> T:
    """Run `work` in one transaction of a database that no store holds open."""
    engine = create_async_engine(url.replace("sqlite:", "sqlite+aiosqlite:"))
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(work)
    finally:
        await engine.dispose()


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_server_default": True})
    return list(compare_metadata(context, metadata))


def tables_of(path: Path) -> list[tuple[str, ...]]:
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall()
    connection.close()
    return sorted((*names, _normal(sql or "")) for *names, sql in rows)


def _normal(sql: str) -> str:
    # Alembic and SQLAlchemy wrap their lines in different places and order a table's constraints differently.
    head, _, body = " ".join(re.sub(r"([(),])", r" \1 ", sql).split()).partition(" ( ")
    clauses = re.split(r" , (?![^(]*\))", body.removesuffix(" )"))
    return f"{head} ( {' , '.join(sorted(clauses))}"


def test_the_newest_migration_is_the_version_of_the_schema() -> None:
    scripts = ScriptDirectory(str(SHIPPED.folder))
    assert scripts.get_heads() == [HEAD]
    assert SHIPPED.head == HEAD


async def test_migrating_from_nothing_makes_what_is_made_at_once(tmp_path: Path) -> None:
    create(tmp_path / "at_once")
    await on(f"sqlite:///{tmp_path / 'migrated'}", partial(upgrade, migrations=SHIPPED))
    assert tables_of(tmp_path / "migrated") == tables_of(tmp_path / "at_once")
    assert len(tables_of(tmp_path / "at_once")) > 2 * len(metadata.tables)


async def test_after_migrating_the_schema_asks_for_nothing_more(url: str, data_dir: Path) -> None:
    await (await opened(url, data_dir)).close()
    assert await on(url, differences) == []
    await on(url, partial(downgrade, migrations=SHIPPED, to="base"))
    assert len(await on(url, differences)) >= len(metadata.tables)
    await on(url, partial(upgrade, migrations=SHIPPED))
    assert await on(url, differences) == []


async def test_an_older_store_is_migrated_after_a_snapshot(url: str, data_dir: Path, tmp_path: Path) -> None:
    store = await opened(url, data_dir)
    await store.write(lambda tx: notes.put(tx, "a", "kept"))
    await store.close()
    migrations = later(tmp_path)
    for _ in range(2):
        store = await opened(url, data_dir, migrations)
        [row] = await store.read(lambda tx: tx.rows(text("SELECT name, value, colour FROM note")))
        assert tuple(row) == ("a", "kept", "grey")
        await store.close()
    await on(url, partial(downgrade, migrations=migrations, to=HEAD))
    store = await opened(url, data_dir)
    assert await store.read(partial(notes.get, name="a")) == "kept"
    await store.close()


async def test_the_snapshot_is_the_store_as_it_was(sqlite_url: str, data_dir: Path, tmp_path: Path) -> None:
    store = await opened(sqlite_url, data_dir)
    await store.write(lambda tx: notes.put(tx, "a", "kept"))
    await store.close()
    before = tables_of(data_dir / FILE)
    await (await opened(sqlite_url, data_dir, later(tmp_path))).close()
    snapshot = data_dir / "snapshots" / "before-later-20261122T090000Z.sqlite"
    assert tables_of(snapshot) == before
    again = await opened(f"sqlite:///{snapshot}", data_dir)
    assert await again.read(partial(notes.get, name="a")) == "kept"
    await again.close()


@pytest.mark.parametrize(
    ("more", "failure"),
    [("raise RuntimeError", RuntimeError), ("op.execute('INSERT INTO nowhere VALUES (1)')", StoreError)],
)
async def test_a_migration_that_fails_changes_nothing(
    url: str, data_dir: Path, tmp_path: Path, more: str, failure: type[Exception]
) -> None:
    store = await opened(url, data_dir)
    await store.write(lambda tx: notes.put(tx, "a", "kept"))
    await store.close()
    with pytest.raises(failure):
        await opened(url, data_dir, later(tmp_path, more))
    assert await on(url, differences) == []
    store = await opened(url, data_dir)
    assert await store.read(partial(notes.get, name="a")) == "kept"
    await store.close()


async def test_a_migration_may_not_leave_rows_without_their_owner(
    sqlite_url: str, data_dir: Path, tmp_path: Path
) -> None:
    await (await opened(sqlite_url, data_dir)).close()
    broken = "op.execute(\"INSERT INTO choice (person_id, word, coin_id) VALUES (404, 'bat', 'x')\")"
    with pytest.raises(StoreDamaged):
        await opened(sqlite_url, data_dir, later(tmp_path, broken))
    assert await on(sqlite_url, differences) == []
    await (await opened(sqlite_url, data_dir)).close()


async def test_a_kill_at_any_statement_leaves_the_old_store_or_the_new_one(
    sqlite_url: str, data_dir: Path, tmp_path: Path
) -> None:
    store = await opened(sqlite_url, data_dir)
    await store.write(lambda tx: notes.put(tx, "a", "kept"))
    await store.close()
    migrations = later(tmp_path)
    command = [sys.executable, "-m", "tests.services.store.killed_migration", str(data_dir / FILE)]
    process = await asyncio.create_subprocess_exec(
        *command, str(migrations.folder), migrations.head, stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(120):
        output, _ = await process.communicate()
    *killed, last = output.decode().splitlines()
    assert last == "0 later kept"
    assert set(killed) <= {f"-9 {HEAD} kept", "-9 later kept"}
    assert len(killed) > 10
