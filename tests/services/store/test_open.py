import asyncio
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from services.clock import FixedClock
from services.counters import Counters
from services.store import notes
from services.store.errors import (
    AlreadyRunning,
    StoreDamaged,
    StoreFull,
    StoreTooNew,
    StoreUnavailable,
)
from services.store.open import FILE, open_store
from services.store.schema import HEAD, metadata
from services.tx import Store, Tx
from tests.services.store.samples import NOW

_OPEN = """
import asyncio, sys
from pathlib import Path
from services.clock import SystemClock
from services.counters import Counters
from services.store.open import open_store

async def main() -> None:
    store = await open_store(sys.argv[1] or None, Path(sys.argv[2]), Counters(), SystemClock())
    print("open", *sorted({"alembic", "asyncpg"} & sys.modules.keys()))
    await store.close()

try:
    asyncio.run(main())
except Exception as failure:
    print(type(failure).__name__, failure)
"""


async def opened(data_dir: Path, url: str | None = None) -> Store:
    return await open_store(url, data_dir, Counters(), FixedClock(NOW))


def opened_elsewhere(data_dir: Path, url: str = "") -> str:
    """What another process says that opens the store and closes it again."""
    command = [sys.executable, "-c", _OPEN, url, str(data_dir)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.splitlines()[-1]


def planted(data_dir: Path, content: bytes, ending: str = "") -> Path:
    """A data folder that holds one file with this content."""
    shutil.rmtree(data_dir, ignore_errors=True)
    data_dir.mkdir()
    path = data_dir / (FILE + ending)
    path.write_bytes(content)
    path.chmod(0o600)
    return path


def read(path: Path) -> bytes:
    return path.read_bytes()


def names_in(folder: Path) -> set[str]:
    return {each.name for each in folder.iterdir()}


def modes_in(folder: Path) -> dict[str, int]:
    return {each.name: stat.S_IMODE(each.stat().st_mode) for each in (folder, *folder.iterdir())}


def run_on(path: Path, statement: str) -> bytes:
    """Change a closed store by hand; return what the file holds then."""
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()
    path.chmod(0o600)
    return path.read_bytes()


@pytest.fixture
async def filled(data_dir: Path) -> Path:
    """A closed store with 200 notes in it."""
    store = await opened(data_dir)

    def work(tx: Tx) -> None:
        for number in range(200):
            notes.put(tx, f"note {number}", "x" * 200)

    await store.write(work)
    await store.close()
    return data_dir / FILE


async def test_a_new_store_is_for_its_user_alone(data_dir: Path) -> None:
    store = await opened(data_dir)
    await store.write(lambda tx: notes.put(tx, "a", "b"))
    modes = modes_in(data_dir)
    await store.close()
    assert modes == {
        "data": 0o700, FILE: 0o600, f"{FILE}-wal": 0o600, f"{FILE}-shm": 0o600, f"{FILE}.lock": 0o600,
    }  # fmt: skip


async def test_what_was_written_is_there_again(url: str, data_dir: Path) -> None:
    store = await opened(data_dir, url)
    await store.write(lambda tx: notes.put(tx, "a", "b"))
    await store.close()
    store = await opened(data_dir, url)
    assert await store.read(partial(notes.get, name="a")) == "b"
    await store.close()


async def test_a_second_process_is_kept_out(url: str, data_dir: Path) -> None:
    store = await opened(data_dir, url)
    said = await asyncio.to_thread(opened_elsewhere, data_dir, url)
    assert said.startswith("AlreadyRunning Another Flowbell is running on ")
    with pytest.raises(AlreadyRunning):
        await opened(data_dir, url)
    await store.write(lambda tx: notes.put(tx, "a", "b"))
    await store.close()
    assert (await asyncio.to_thread(opened_elsewhere, data_dir, url)).startswith("open")


async def test_opening_loads_neither_migrations_nor_the_other_driver(data_dir: Path) -> None:
    assert [await asyncio.to_thread(opened_elsewhere, data_dir) for _ in range(2)] == ["open", "open"]


async def test_a_kill_while_it_is_made_leaves_nothing_or_a_whole_store(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.services.store.killed_creation", str(tmp_path)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    async with asyncio.timeout(120):
        output, _ = await process.communicate()
    *killed, last, left = output.decode().splitlines()
    whole = f"version {HEAD} with {len(metadata.tables) + 1} tables"
    assert last == f"0 {whole}"
    assert left == FILE
    assert set(killed) == {"-9 nothing", f"-9 {whole}"}
    assert len(killed) > 2 * len(metadata.tables)


@pytest.mark.parametrize("content", [b"", b"\0" * 8192, b"SQLite format 3\0", b"SQLite format 3\0" + b"\xff" * 8176])
async def test_what_is_no_database_is_never_replaced(data_dir: Path, content: bytes) -> None:
    path = planted(data_dir, content)
    with pytest.raises(StoreDamaged):
        await opened(data_dir)
    assert read(path) == content


@pytest.mark.parametrize("ending", ["-wal", "-shm", "-journal"])
async def test_a_log_without_its_database_is_no_new_store(data_dir: Path, ending: str) -> None:
    planted(data_dir, b"", ending)
    with pytest.raises(StoreDamaged):
        await opened(data_dir)
    assert names_in(data_dir) == {FILE + ending, f"{FILE}.lock"}


async def test_a_folder_or_a_foreign_database_is_refused(data_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "folder" / FILE).mkdir(parents=True)
    (tmp_path / "folder" / FILE).chmod(0o700)
    with pytest.raises(StoreDamaged):
        await opened(tmp_path / "folder")
    planted(data_dir, run_on(tmp_path / "theirs", "CREATE TABLE theirs (a)"))
    with pytest.raises(StoreDamaged):
        await opened(data_dir)


@pytest.mark.parametrize(
    "statement", ["DELETE FROM alembic_version", "DROP TABLE delivery", "DROP TABLE alembic_version"]
)
async def test_a_store_without_a_part_is_damaged(filled: Path, statement: str) -> None:
    run_on(filled, statement)
    with pytest.raises(StoreDamaged):
        await opened(filled.parent)


async def test_a_newer_store_is_left_alone(filled: Path) -> None:
    before = run_on(filled, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreTooNew, match="9999"):
        await opened(filled.parent)
    assert read(filled) == before


@pytest.mark.parametrize("ending", ["", "-wal"])
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
async def test_a_file_that_others_can_open_is_refused(filled: Path, ending: str, mode: int) -> None:
    leaky = filled.with_name(filled.name + ending)
    leaky.touch()
    leaky.chmod(mode)
    with pytest.raises(StoreUnavailable, match="chmod 600"):
        await opened(filled.parent)
    leaky.chmod(0o600)
    await (await opened(filled.parent)).close()


async def test_a_wrong_address_is_refused_without_showing_it(data_dir: Path) -> None:
    for url in ("mysql://ann:secret@host/x", "postgresql://ann:secret@host/x", "secret", "sqlite:secret"):
        with pytest.raises(StoreUnavailable) as refusal:
            await opened(data_dir, url)
        assert "secret" not in str(refusal.value)
    assert names_in(data_dir.parent) == set()


async def test_a_server_that_is_not_there_is_unavailable(data_dir: Path) -> None:
    with pytest.raises(StoreUnavailable):
        await opened(data_dir, "postgresql+asyncpg://ann:secret@127.0.0.1:1/x")


def _damaged(sound: bytes) -> Iterator[bytes]:
    for cut in range(0, len(sound), 16 * 1024):
        yield sound[: cut + 1]
        yield sound[:cut]
    for at in (*range(100), *range(100, len(sound), 1021)):
        yield sound[:at] + bytes([sound[at] ^ 0xFF]) + sound[at + 1 :]


async def test_a_damaged_file_is_refused_or_whole_but_never_empty(filled: Path) -> None:
    outcomes = Counter[str]()
    for content in _damaged(read(filled)):
        path = planted(filled.parent, content)
        outcome = await _outcome(filled.parent)
        outcomes[outcome] += 1
        assert outcome != "refused" or read(path) == content
    assert outcomes.total() > 250
    assert set(outcomes) == {"refused", "damaged", "200 notes"}
    assert outcomes["refused"] > 50
    assert outcomes["damaged"] < 80  # changed letters, which no check can see before they are read


async def _outcome(data_dir: Path) -> str:
    try:
        store = await opened(data_dir)
    except (StoreDamaged, StoreTooNew, StoreUnavailable):
        return "refused"
    try:
        found = await store.read(lambda tx: [notes.get(tx, f"note {number}") for number in range(200)])
        return f"{sum(each is not None for each in found)} notes"
    except StoreDamaged:
        return "damaged"
    finally:
        await store.close()


@pytest.fixture
def read_only_folder() -> Iterator[Path]:
    """A folder that this process cannot write, even where the tests run as root."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o555)
    user = os.geteuid()
    os.seteuid({0: 65534}.get(user, user))
    yield folder
    os.seteuid(user)
    shutil.rmtree(folder)


@pytest.mark.parametrize("below", [".", "data"])
async def test_a_folder_that_cannot_be_written_is_said_so(read_only_folder: Path, below: str) -> None:
    with pytest.raises(StoreFull, match="read-only"):
        await opened(read_only_folder / below)


async def test_a_snapshot_of_an_open_store_is_whole(data_dir: Path) -> None:
    from services.store.files import snapshot

    store = await opened(data_dir)
    for number in range(20):
        writing = asyncio.create_task(store.write(lambda tx, n=number: notes.put(tx, f"{n}", "x" * 500)))  # type: ignore[misc]  # no inference
        target = data_dir / "snapshots" / f"{number}.sqlite"
        await asyncio.to_thread(snapshot, data_dir / FILE, target)
        await writing
        assert stat.S_IMODE(target.stat().st_mode) == 0o600
        connection = sqlite3.connect(target)
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("SELECT count(*) FROM note").fetchone()[0] in (number, number + 1)
        connection.close()
    await store.close()
    assert names_in(data_dir / "snapshots") == {f"{number}.sqlite" for number in range(20)}
