"""`python -m tests.benchmarks.plain_alerts SOCKET BOT PATH COUNT`: the way of an alert made of plain parts.

A frame is decoded, the lowest level compared, one row inserted and one updated through SQLAlchemy's async API in one
commit that is flushed to disk, and the message posted.
"""

import asyncio
import sys
from collections import deque

import aiohttp
import msgspec
from sqlalchemy import Column, Float, Integer, MetaData, String, Table, event, insert, select, update
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from tests.benchmarks import stored

_METADATA = MetaData()
_ALERT = Table(
    "alert", _METADATA, Column("id", Integer, primary_key=True), Column("level", Float), Column("state", String)
)
_DELIVERY = Table(
    "delivery", _METADATA, Column("id", Integer, primary_key=True), Column("alert", Integer), Column("text", String)
)
_SUBSCRIPTION = '{"type":"subscribe","product_ids":["BTC-USD"],"channels":["ticker"]}'


class _Frame(msgspec.Struct):
    type: str
    price: str = "0"


async def _opened(path: str, count: int) -> AsyncEngine:
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}")

    @event.listens_for(engine.sync_engine, "connect")
    def flush_every_commit(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.close()

    async with engine.begin() as connection:
        await connection.run_sync(_METADATA.create_all)
        levels = [{"level": float(stored.level(number)), "state": "ok"} for number in range(count)]
        await connection.execute(insert(_ALERT), levels)
    return engine


async def _fired(engine: AsyncEngine, alert: int, text: str) -> None:
    async with engine.begin() as connection:
        await connection.execute(update(_ALERT).where(_ALERT.c.id == alert).values(state="done"))
        await connection.execute(insert(_DELIVERY).values(alert=alert, text=text))


async def main(socket: str, bot: str, path: str, count: int) -> None:
    """Listen to the exchange and post until it hangs up."""
    engine = await _opened(path, count)
    async with engine.connect() as connection:
        found = await connection.execute(select(_ALERT.c.id, _ALERT.c.level).order_by(_ALERT.c.level))
        waiting = deque((int(alert), float(level)) for alert, level in found.all())
    async with aiohttp.ClientSession() as session, session.ws_connect(socket) as feed:
        await feed.send_str(_SUBSCRIPTION)
        await session.get(f"{bot}/getUpdates?timeout=0")
        async for message in feed:
            price = float(msgspec.json.decode(message.data, type=_Frame).price)
            while waiting and price > waiting[0][1]:
                alert, level = waiting.popleft()
                text = f"Bitcoin is above {level:,.2f} USD: {price:,.2f} USD"
                await _fired(engine, alert, text)
                await session.post(
                    f"{bot}/sendMessage", json={"chat_id": stored.FIRST_PERSON + alert - 1, "text": text}
                )
    await engine.dispose()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
