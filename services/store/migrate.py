"""Migrations of a store that an older Flowbell wrote. Alembic is loaded only when there is something to migrate."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, NullPool, create_engine, event, text
from sqlalchemy.exc import DBAPIError

from services.store.errors import StoreDamaged, StoreTooNew
from services.store.files import store_error
from services.store.schema import HEAD

if TYPE_CHECKING:
    from alembic.config import Config


@dataclass(frozen=True, slots=True)
class Migrations:
    """A folder of migrations, and the newest of them."""

    folder: Path
    head: str


SHIPPED = Migrations(Path(__file__).parent / "migrations", HEAD)


def check_known(version: str, migrations: Migrations) -> None:
    """Raise `StoreTooNew` for a version that no migration here ends in."""
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory.from_config(_config(migrations))
    if version not in {script.revision for script in scripts.walk_revisions()}:
        raise StoreTooNew(version)


def upgrade(connection: Connection, migrations: Migrations, to: str = "head") -> None:
    """Migrate inside the caller's transaction, so that a kill leaves either the old store or the new one."""
    from alembic import command

    config = _config(migrations)
    config.attributes["connection"] = connection
    command.upgrade(config, to)


def downgrade(connection: Connection, migrations: Migrations, to: str) -> None:
    """Go back to an older version inside the caller's transaction."""
    from alembic import command

    config = _config(migrations)
    config.attributes["connection"] = connection
    command.downgrade(config, to)


def upgrade_file(path: Path, migrations: Migrations) -> None:
    """Migrate the store at `path` in one transaction; raise `StoreDamaged` where its rows do not hold together."""
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    event.listen(engine, "connect", _leave_transactions_to_us)
    event.listen(engine, "begin", _begin)
    try:
        with engine.begin() as connection:
            upgrade(connection, migrations)
            if connection.execute(text("PRAGMA foreign_key_check")).first() is not None:
                raise StoreDamaged
    except DBAPIError as failure:
        driver = failure.orig
        raise store_error(driver if isinstance(driver, Exception) else failure) from failure
    finally:
        engine.dispose()


def _leave_transactions_to_us(driver: sqlite3.Connection, _record: object) -> None:
    driver.isolation_level = None  # the driver would commit before it changes a table
    driver.execute("PRAGMA synchronous=FULL")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _config(migrations: Migrations) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(migrations.folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
