"""A power cut at any point: what was committed is there, and the file is sound. Needs the library apsw."""

import random
import sqlite3
from pathlib import Path

import pytest

from services.store.files import create_tables
from services.store.sqlite import _PRAGMAS

apsw = pytest.importorskip("apsw", reason="apsw is not installed")

IMAGES = 30
SECTOR = 512
log: list[tuple[str, str, int, bytes]] = []  # what was done to which file: write, truncate, sync, delete


class Disk(apsw.VFS):  # type: ignore[name-defined, misc]  # not installed for everybody
    """The real file system, with a record of everything written."""

    def __init__(self) -> None:
        super().__init__("recorded", "")

    def xOpen(self, name: object, flags: list[int]) -> object:  # noqa: N802
        return File(name, flags)

    def xDelete(self, name: str, sync: bool) -> None:  # noqa: N802
        log.append(("delete", Path(name).name, 0, b""))
        super().xDelete(name, sync)


class File(apsw.VFSFile):  # type: ignore[name-defined, misc]  # not installed for everybody
    """One file of it."""

    def __init__(self, name: object, flags: list[int]) -> None:
        self.name = Path(name.filename() if isinstance(name, apsw.URIFilename) else str(name)).name
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        log.append(("write", self.name, offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:  # noqa: N802
        log.append(("truncate", self.name, size, b""))
        super().xTruncate(size)

    def xSync(self, flags: int) -> None:  # noqa: N802
        log.append(("sync", self.name, 0, b""))
        super().xSync(flags)


def image(folder: Path, cut: int, dice: random.Random) -> None:
    """Write the files as a cut at `cut` may leave them: what came after a file's last sync is there, lost or torn."""
    files: dict[str, bytearray] = {}
    synced = {name: at for at, (what, name, _, _) in enumerate(log[:cut]) if what == "sync"}
    for at, (what, name, where, data) in enumerate(log[:cut]):
        content = files.setdefault(name, bytearray())
        match what:
            case "write":
                kept = len(data) if at < synced.get(name, -1) else _kept(len(data), dice)
                content.extend(b"\0" * (where + kept - len(content)))
                content[where : where + kept] = data[:kept]
            case "truncate":
                del content[where:]
            case "delete":
                del files[name]
            case _:
                pass
    for name, content in files.items():
        (folder / name).write_bytes(content)


def _kept(length: int, dice: random.Random) -> int:
    whole = dice.choices(("kept", "lost", "torn"), (40, 34, 26))[0]
    return {"kept": length, "lost": 0, "torn": dice.randrange(0, length + 1, SECTOR)}[whole]


def test_what_was_committed_survives_a_power_cut(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(10**9)
    dice, disk = random.Random(seed), Disk()
    log.clear()
    (tmp_path / "disk").mkdir()
    connection = apsw.Connection(str(tmp_path / "disk" / "store"), vfs="recorded")
    for pragma in ("PRAGMA journal_mode=WAL", *_PRAGMAS, "PRAGMA wal_autocheckpoint=20"):
        connection.execute(pragma).fetchall()
    create_tables(connection)
    begun, acknowledged = len(log), []
    for number in range(120):
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO note VALUES (?, ?)", (f"{number}", "x" * dice.randrange(3_000)))
        connection.execute("COMMIT")
        acknowledged.append((len(log), f"{number}"))
    for number in range(IMAGES):
        cut = dice.randrange(begun, len(log))
        folder = tmp_path / f"image {number}"
        folder.mkdir()
        image(folder, cut, dice)
        restored = sqlite3.connect(folder / "store")
        assert restored.execute("PRAGMA integrity_check").fetchall() == [("ok",)], seed
        there = {name for (name,) in restored.execute("SELECT name FROM note")}
        restored.close()
        assert {name for at, name in acknowledged if at <= cut} <= there, seed
    connection.close()
    disk.unregister()
