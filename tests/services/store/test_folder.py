"""The data folder: a file in its place, snapshots in it, others who can read it."""

import asyncio
import stat
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from services.clock import FixedClock
from services.counters import Counters
from services.store import notes
from services.store.errors import NoFolder, StoreDamaged
from services.store.open import FILE, open_store
from services.tx import Store
from tests.services.store.samples import NOW


async def opened(data_dir: Path) -> Store:
    return await open_store(None, data_dir, Counters(), FixedClock(NOW))


def planted(data_dir: Path, content: bytes, name: str = FILE) -> Path:
    """A data folder that holds one file with this content."""
    data_dir.mkdir()
    path = data_dir / name
    path.write_bytes(content)
    path.chmod(0o600)
    return path


def read(path: Path) -> bytes:
    return path.read_bytes()


def modes_in(folder: Path) -> dict[str, int]:
    return {each.name: stat.S_IMODE(each.stat().st_mode) for each in (folder, *folder.iterdir())}


@pytest.mark.parametrize("below", [".", "data", "data/deeper"])
async def test_a_file_where_the_folder_should_be_has_a_sentence_of_its_own(tmp_path: Path, below: str) -> None:
    file = planted(tmp_path / "folder", b"mine")
    with pytest.raises(NoFolder, match=f"{file} is a file"):
        await opened(file / below)
    assert read(file) == b"mine"


async def test_a_snapshot_is_spoken_of_where_there_is_one(data_dir: Path) -> None:
    planted(data_dir, b"no database")
    for folder in ("elsewhere", "snapshots"):
        (data_dir / folder).mkdir()
        with pytest.raises(StoreDamaged) as damage:
            await opened(data_dir)
        assert "snapshot" not in str(damage.value)
    (data_dir / "snapshots" / "before-0002.sqlite").touch()
    with pytest.raises(StoreDamaged, match="Restore a snapshot"):
        await opened(data_dir)


async def test_a_folder_that_others_can_read_holds_files_that_they_cannot(data_dir: Path) -> None:
    planted(data_dir, b"", "other")
    await asyncio.to_thread(data_dir.chmod, 0o755)
    with capture_logs() as lines:
        store = await opened(data_dir)
    await store.write(lambda tx: notes.put(tx, "a", "b"))
    modes = modes_in(data_dir)
    await store.close()
    assert modes.pop("data") == 0o755
    assert set(modes.values()) == {0o600}
    told = [line for line in lines if line["event"] == "store.folder_open_to_others"]
    assert [line["advice"] for line in told] == [f"chmod 700 {data_dir}"]
