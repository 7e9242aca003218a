"""P1: a power cut at any point: what was committed is there, and the file is sound."""

import random
import shutil
import sqlite3
from pathlib import Path
from typing import Final, cast

import apsw

from services.store.files import create_tables
from services.store.sqlite import _PRAGMAS
from tests.chaos.verdict import Scenario, Verdict

Name = str | apsw.URIFilename | None
SECTOR: Final = 512
_COMMITS: Final = 120
_IMAGES_A_DISK: Final = 100
log: list[tuple[str, str, int, bytes]] = []  # what was done to which file: write, truncate, sync, delete


class Disk(apsw.VFS):
    """The real file system, with a record of everything written."""

    def __init__(self) -> None:
        super().__init__("recorded", "")

    def xOpen(self, name: Name, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        return File(name, flags)

    def xDelete(self, name: str, sync: bool) -> None:  # noqa: N802
        log.append(("delete", Path(name).name, 0, b""))
        super().xDelete(name, sync)


class File(apsw.VFSFile):
    """One file of it."""

    def __init__(self, name: Name, flags: list[int]) -> None:
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


def image(folder: Path, cut: int, chance: random.Random) -> None:
    """Write the files as a cut at `cut` may leave them: what came after a file's last sync is there, lost or torn."""
    files: dict[str, bytearray] = {}
    synced = {name: at for at, (what, name, _, _) in enumerate(log[:cut]) if what == "sync"}
    for at, (what, name, where, data) in enumerate(log[:cut]):
        content = files.setdefault(name, bytearray())
        match what:
            case "write":
                kept = len(data) if at < synced.get(name, -1) else _kept(len(data), chance)
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


def _kept(length: int, chance: random.Random) -> int:
    whole = chance.choices(("kept", "lost", "torn"), (40, 34, 26))[0]
    return {"kept": length, "lost": 0, "torn": chance.randrange(0, length + 1, SECTOR)}[whole]


async def run(seed: int, count: int, folder: Path) -> Verdict:
    """Cut the power `count` times, on a new disk every 100 images."""
    lost = corrupt = commits = 0
    chance = random.Random(seed)
    for first in range(0, count, _IMAGES_A_DISK):
        acknowledged, begun = _written(folder / f"disk {first}", chance)
        commits += len(acknowledged)
        for _ in range(min(_IMAGES_A_DISK, count - first)):
            cut = chance.randrange(begun, len(log))
            there = _restored(folder / "image", cut, chance)
            corrupt += there is None
            lost += len({name for at, name in acknowledged if at <= cut} - (there or set()))
    broken = [f"{lost} acknowledged commits lost"] * bool(lost) + [f"{corrupt} corrupt images"] * bool(corrupt)
    return Verdict({"commits": commits, "lost_commits": lost, "corrupt": corrupt}, tuple(broken))


def _written(folder: Path, chance: random.Random) -> tuple[list[tuple[int, str]], int]:
    """Write as the store does; return what was acknowledged at which length of the log, and where it began."""
    folder.mkdir()
    log.clear()
    disk = Disk()
    connection = apsw.Connection(str(folder / "store"), vfs="recorded")
    checkpoint = f"PRAGMA wal_autocheckpoint={chance.choice((5, 20, 60, 1000))}"
    for pragma in ("PRAGMA journal_mode=WAL", *_PRAGMAS, checkpoint):
        connection.execute(pragma).fetchall()
    create_tables(cast("sqlite3.Connection", connection))  # it executes statements, and so does this one
    begun, acknowledged = len(log), []
    for number in range(_COMMITS):
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO note VALUES (?, ?)", (f"{number}", "x" * chance.randrange(3_000)))
        connection.execute("COMMIT")
        acknowledged.append((len(log), f"{number}"))
    end = len(log)
    connection.close()
    disk.unregister()
    del log[end:]  # closing folds the log in, which no power cut waits for
    return acknowledged, begun


def _restored(folder: Path, cut: int, chance: random.Random) -> set[str] | None:
    """Return what a store holds that finds the files as the cut left them; None for an unsound one."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    image(folder, cut, chance)
    restored = sqlite3.connect(folder / "store")
    try:
        if restored.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
            return None
        return {name for (name,) in restored.execute("SELECT name FROM note")}
    except sqlite3.DatabaseError:
        return None
    finally:
        restored.close()


SCENARIO = Scenario("power", "P1", "images", 2_000, "0 acknowledged commits lost; 0 corrupt stores", run)
