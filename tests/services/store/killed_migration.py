"""Migrate copies of a store, each killed at another statement: `python -m … store migrations version`."""

import os
import shutil
import signal
import sqlite3
import sys
from pathlib import Path

import alembic.command  # noqa: F401  # once here, not in every fork
from sqlalchemy import Engine, event

from services.store.files import version_of
from services.store.migrate import Migrations, upgrade_file

_MOST_STATEMENTS = 1_000


def _migrate_until(path: Path, migrations: Migrations, statement: int) -> None:
    statements = 0

    def count(*_: object) -> None:
        nonlocal statements
        statements += 1
        if statements == statement:
            os.kill(os.getpid(), signal.SIGKILL)

    for moment in ("before_cursor_execute", "after_cursor_execute", "commit"):
        event.listen(Engine, moment, count)
    upgrade_file(path, migrations)


def main(store: Path, migrations: Migrations) -> None:
    """Print the version and the notes that are left after each kill, and after the migration that went through."""
    copy = store.with_name("copy.sqlite")
    for statement in range(1, _MOST_STATEMENTS):
        for each in store.parent.glob("copy.sqlite*"):
            each.unlink()
        shutil.copy(store, copy)
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            _migrate_until(copy, migrations, statement)
            os._exit(0)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        connection = sqlite3.connect(copy)
        [[notes]] = connection.execute("SELECT group_concat(value) FROM note").fetchall()
        connection.close()
        sys.stdout.write(f"{code} {version_of(copy)} {notes}\n")
        if code == 0:
            break


if __name__ == "__main__":
    os.umask(0o077)
    main(Path(sys.argv[1]), Migrations(Path(sys.argv[2]), sys.argv[3]))
