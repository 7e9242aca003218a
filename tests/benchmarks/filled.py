"""A store with very many alerts, written straight into its tables: the bot's own way would take hours."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from services.clock import SystemClock
from services.counters import Counters
from services.store.open import FILE, open_store
from tests.benchmarks import synthetic

_PER_PERSON = 50
_BOT = 7_000_000_001
_PERSON = "INSERT INTO person (id, created_at) VALUES (?, 0)"
_CHAT = "INSERT INTO chat (id, platform, bot_id, chat_id, private_to) VALUES (?1, 'telegram', ?2, ?3, ?1)"
_ACCOUNT = "INSERT INTO account (id, person_id, platform, user_id) VALUES (?1, ?1, 'telegram', ?2)"
_DESTINATION = "INSERT INTO destination (id, person_id) VALUES (?1, ?1)"
_ALERT = (
    "INSERT INTO alert (id, owner_person, number, destination_id, rule, currency, created_at)"
    " VALUES (?1, ?2, ?3, ?2, ?4, 'usd', 0)"
)
_CONDITION = (
    "INSERT INTO condition (alert_id, position, metric, op, level, armed, live, way, edge)"
    " VALUES (?, 0, ?, ?, ?, ?, 1, ?, ?)"
)
_MET_ONE_IN = 8  # waits for its way back


async def fill(data: Path, alerts: int, symbols: int) -> None:
    """Make a store in `data` with so many alerts."""
    store = await open_store(None, data, Counters(), SystemClock())
    await store.close()
    people = range(1, -(-alerts // _PER_PERSON) + 1)
    with closing(sqlite3.connect(data / FILE)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA journal_mode=OFF")
        connection.executemany(_PERSON, ((person,) for person in people))
        connection.executemany(_CHAT, ((person, _BOT, 60_000 + person) for person in people))
        connection.executemany(_ACCOUNT, ((person, 60_000 + person) for person in people))
        connection.executemany(_DESTINATION, ((person,) for person in people))
        connection.executemany(_ALERT, _alerts(alerts, symbols))
        connection.executemany(_CONDITION, _conditions(alerts, symbols))
        connection.commit()
        connection.execute("PRAGMA journal_mode=WAL")


def _alerts(alerts: int, symbols: int) -> Iterator[tuple[int, int, int, str]]:
    for entry, metric, way, level in synthetic.each(alerts, symbols):
        coin = metric.removeprefix("price@pair:").removesuffix("/usd")
        rule = f"{coin} {'>' if way == 'up' else '<'} {level:.4f}"
        yield entry + 1, entry // _PER_PERSON + 1, entry % _PER_PERSON + 1, rule


def _conditions(alerts: int, symbols: int) -> Iterator[tuple[int, str, str, str, int, int, float]]:
    for entry, metric, way, level in synthetic.each(alerts, symbols):
        op, armed = "above" if way == "up" else "below", entry % _MET_ONE_IN != 0
        yield entry + 1, metric, op, f"{level:.4f}", int(armed), 1 if (way == "up") is armed else -1, level
