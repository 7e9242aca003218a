"""From a price that leaves an exchange to its alert at Telegram, beside the same way made of plain parts."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from statistics import median
from time import monotonic

from tests.benchmarks import stored
from tests.benchmarks.processes import START_SECONDS, Process, python
from tests.benchmarks.report import Limit, Report, percentile
from tests.fakes.exchanges.coinbase import FakeCoinbase
from tests.fakes.exchanges.market import Market
from tests.fakes.telegram import FakeTelegram, User

COUNT = 500
ALERTS = 10_000
TOKEN = "7000000001:AAbenchmark0of0the0whole0way000000"
_PRODUCT = "BTC-USD"
_WARM_UP = 20
_OTHERS = ("ETH", "SOL", "XRP", "DOGE") * 5  # what the feed tells between two crossings, while a message is settled
_APART_SECONDS = 0.001
_PATIENCE_SECONDS = 10.0
_LIBRARIES = ("websockets", "msgspec", "aiosqlite", "sqlalchemy", "aiohttp")
_GOAL = (Limit("p50_ms", "<=", 3), Limit("p99_ms", "<=", 10))


@dataclass(frozen=True, slots=True)
class _World:
    telegram: FakeTelegram
    coinbase: FakeCoinbase


def run(count: int, alerts: int) -> Report:
    """Cross `count` alerts one by one while `alerts` are stored; each is committed before it is sent."""
    return asyncio.run(_measured(count, alerts))


async def _measured(count: int, alerts: int) -> Report:
    crossings = count + _WARM_UP
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        await stored.fill(folder / "data", TOKEN, crossings=crossings, alerts=max(alerts, crossings))
        ours = await stack.enter_async_context(_world(crossings))
        await _ready(ours, await stack.enter_async_context(_flowbell(ours, folder / "data")))
        theirs = await stack.enter_async_context(_world(crossings))
        await _ready(theirs, await stack.enter_async_context(_plain(theirs, folder / "plain.sqlite", crossings)))
        prices = [stored.level(number) + stored.STEP / 2 for number in range(crossings)]
        waits = [(await _crossing(ours, price), await _crossing(theirs, price)) for price in prices]
    own, plain = zip(*waits[_WARM_UP:], strict=True)
    figures = {**_figures(own), "alerts": float(alerts), "times_reference": median(own) / median(plain)}
    return Report("e2e", count, figures, _figures(plain), _GOAL, _LIBRARIES)


@asynccontextmanager
async def _world(people: int) -> AsyncIterator[_World]:
    async with FakeTelegram(TOKEN) as telegram, FakeCoinbase(Market()) as coinbase:
        for number in range(people):
            person = User(stored.FIRST_PERSON + number)
            telegram.world.meet(person, person.private_chat)
        yield _World(telegram, coinbase)


def _flowbell(world: _World, data: Path) -> AbstractAsyncContextManager[Process]:
    settings = {
        "FLOWBELL_COINBASE__API_BASE": world.coinbase.api_base,
        "FLOWBELL_COINBASE__WS_BASE": world.coinbase.ws_base,
        "FLOWBELL_DATA_DIR": str(data),
        "FLOWBELL_LOG__LEVEL": "error",
        "FLOWBELL_MARKET__SOURCES": "coinbase",
        "FLOWBELL_TELEGRAM__API_BASE": world.telegram.base_url,
        "FLOWBELL_TELEGRAM__PACE": "off",
        "FLOWBELL_TELEGRAM__TOKEN": TOKEN,
    }
    return python("-m", "bot", "run", settings=settings)


def _plain(world: _World, path: Path, crossings: int) -> AbstractAsyncContextManager[Process]:
    addresses = (world.coinbase.ws_base, f"{world.telegram.base_url}/bot{TOKEN}")
    return python("-m", "tests.benchmarks.plain_alerts", *addresses, str(path), str(crossings))


async def _ready(world: _World, process: Process) -> None:
    await process.until(world.telegram.wait_for_call(lambda call: call.method == "getUpdates", START_SECONDS))
    await process.until(world.coinbase.until_subscribed(_PRODUCT))
    await world.coinbase.tick("BTC", stored.BEFORE)


async def _crossing(world: _World, price: Decimal) -> float:
    telegram = world.telegram
    before = len(telegram.log)
    for ticker in _OTHERS:
        await world.coinbase.tick(ticker)
        await asyncio.sleep(_APART_SECONDS)
    left_at = monotonic()
    await world.coinbase.tick("BTC", price)
    await telegram.wait_until(
        lambda: any(call.method == "sendMessage" and call.status == 200 for call in telegram.log[before:]),
        _PATIENCE_SECONDS,
    )
    sent = [call.at for call in telegram.log[before:] if call.method == "sendMessage"]
    if len(sent) != 1:
        raise RuntimeError(f"{len(sent)} messages for one crossing")
    return (sent[0] - left_at) * 1000


def _figures(waits: Sequence[float]) -> dict[str, float]:
    return {"p50_ms": median(waits), "p99_ms": percentile(waits, 99), "most_ms": max(waits)}
