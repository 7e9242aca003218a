"""D2: a damaged store is opened with all that was in it or refused with exit 65; never an empty start."""

import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final

from services.clock import FixedClock
from services.counters import Counters
from services.store import notes
from services.store.errors import StoreDamaged, StoreTooNew, StoreUnavailable
from services.store.open import FILE, open_store
from services.tx import Tx
from tests.chaos.verdict import Scenario, Verdict
from tests.process import harness
from tests.process.harness import Flowbell
from tests.stage import START

_NOTES: Final = 200
_PAGE: Final = 4096
_BY_PROCESS: Final = 50  # one of so many damaged stores is also given to the real process
_REFUSED: Final = 65
Damage = Callable[[bytes, random.Random], bytes]


def _flipped(sound: bytes, chance: random.Random) -> bytes:
    found = bytearray(sound)
    for _ in range(chance.choice((1, 8, 64))):
        found[chance.randrange(len(found))] ^= 1 << chance.randrange(8)
    return bytes(found)


def _cut(sound: bytes, chance: random.Random) -> bytes:
    return sound[: chance.randrange(1, len(sound) // _PAGE) * _PAGE + chance.choice((0, 0, 1, 511))]


def _zeroed(sound: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(sound) // _PAGE) * _PAGE
    return sound[:at] + b"\0" * _PAGE + sound[at + _PAGE :]


def _header(sound: bytes, chance: random.Random) -> bytes:
    return chance.randbytes(100) + sound[100:]


def _swapped(sound: bytes, chance: random.Random) -> bytes:
    one, other = sorted(chance.sample(range(len(sound) // _PAGE), 2))
    pages = [sound[at : at + _PAGE] for at in range(0, len(sound), _PAGE)]
    pages[one], pages[other] = pages[other], pages[one]
    return b"".join(pages)


def _nothing(sound: bytes, chance: random.Random) -> bytes:
    del chance
    return sound[:0]


_DAMAGES: Final[tuple[Damage, ...]] = (_flipped, _flipped, _cut, _zeroed, _header, _swapped, _nothing)


async def run(seed: int, count: int, folder: Path) -> Verdict:
    """Damage a store `count` times, each in its own way, and open it."""
    chance = random.Random(seed)
    sound, newer = await _filled(folder / "sound")
    outcomes: Counter[str] = Counter()
    broken: list[str] = []
    for number in range(count):
        harm = chance.choice(_DAMAGES)
        content = newer if number % 25 == 0 else harm(sound, chance)
        data = _planted(folder / "damaged", content, wal_only=number % 25 == 1)
        before = _contents(data)
        outcome = await _outcome(data)
        outcomes[outcome] += 1
        name = "newer" if number % 25 == 0 else harm.__name__
        if outcome.startswith("short") or (outcome == "refused" and _contents(data) != before):
            broken.append(f"{number} {name}: {outcome}, or changed although refused")
        if outcome == "refused" and number % _BY_PROCESS == 0:
            status, written = await _by_process(folder, content)
            outcomes["refused by the process"] += 1
            broken += [f"{number} {name}: the process ended with {status}: {written[-200:]}"] * (status != _REFUSED)
    figures = {name.replace(" ", "_"): float(times) for name, times in sorted(outcomes.items())}
    return Verdict(figures, tuple(broken))


async def _filled(folder: Path) -> tuple[bytes, bytes]:
    """Return a store with notes in it, and the same as a newer Flowbell would have left it."""
    store = await open_store(None, folder, Counters(), FixedClock(START))

    def work(tx: Tx) -> None:
        for number in range(_NOTES):
            notes.put(tx, f"note {number}", "x" * 200)

    await store.write(work)
    await store.close()
    sound = (folder / FILE).read_bytes()
    with sqlite3.connect(folder / FILE) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    return sound, (folder / FILE).read_bytes()


def _planted(folder: Path, content: bytes, *, wal_only: bool = False) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    path = folder / (FILE + "-wal" * wal_only)
    path.write_bytes(content)
    path.chmod(0o600)
    return folder


def _contents(folder: Path) -> dict[str, bytes]:
    return {
        each.name: each.read_bytes()
        for each in folder.iterdir()
        if each.name in (FILE, FILE + "-wal") and each.stat().st_size
    }


async def _outcome(data: Path) -> str:
    try:
        store = await open_store(None, data, Counters(), FixedClock(START))
    except (StoreDamaged, StoreTooNew, StoreUnavailable):
        return "refused"
    try:
        found = await store.read(lambda tx: [notes.get(tx, f"note {number}") for number in range(_NOTES)])
    except StoreDamaged:
        return "found out when read"
    finally:
        await store.close()
    there = sum(each is not None for each in found)
    return "intact" if there == _NOTES else f"short by {_NOTES - there} of {_NOTES}"


async def _by_process(folder: Path, content: bytes) -> tuple[int, str]:
    async with harness.fakes() as outside:
        own = folder / "process"
        own.mkdir(exist_ok=True)  # before anything runs
        _planted(own / "data", content)
        return await Flowbell(outside, own, harness.addresses(outside) | harness.TOKENS).run()


SCENARIO = Scenario(
    "damage", "D2", "stores", 250, "a damaged store is whole or refused with exit 65, unchanged; never an empty start",
    run,
)  # fmt: skip
