"""One price that crosses many people's alerts: how long until the last is told, within the limits and without."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from tests.benchmarks import stored
from tests.benchmarks.processes import START_SECONDS, Process, python
from tests.benchmarks.report import Limit, Report
from tests.fakes.exchanges.coinbase import FakeCoinbase
from tests.fakes.exchanges.market import Market
from tests.fakes.telegram import Call, FakeTelegram, User
from tests.fakes.telegram.pacing import Limits

COUNT, MATCHES, ALERTS = 3000, 1000, 10_000
TOKEN = "7000000001:AAbenchmark0of0many0at0once0000000"
_PRODUCT = "BTC-USD"
_PER_SECOND = 30
_IN_FLIGHT = 8
_PATIENCE_SECONDS = 600.0
_LOOK_SECONDS = 0.2  # seldom: looking costs what is measured
_LIBRARIES = ("aiohttp", "msgspec", "sqlalchemy", "python-telegram-bot")


def paced(count: int) -> Report:
    """Tell so many people under Telegram's limits, which the fake enforces; the ideal is what they allow."""
    return asyncio.run(_paced(count))


def unpaced(count: int, alerts: int) -> Report:
    """Tell so many people as fast as it goes, beside a client that only sends."""
    return asyncio.run(_unpaced(count, alerts))


async def _paced(count: int) -> Report:
    async with _crossed(count, count, Limits(), pace="on") as (telegram, _):
        sent = await _told(telegram, count)
        refused = [each for each in telegram.log if each.status == 429]
        taken = sent[-1].at - sent[0].at
    ideal = (count - 1) // _PER_SECOND
    times = [each.at for each in sent]
    most = max(sum(1 for each in times[at : at + 60] if each < times[at] + 1.0) for at in range(len(times)))
    figures = {
        "seconds": taken,
        "efficiency": min(1.0, (ideal or taken) / taken) if taken else 1.0,
        "refused": float(len(refused)),
        "most_in_a_second": float(most),
    }
    goal = (Limit("efficiency", ">=", 0.98), Limit("refused", "<=", 0), Limit("most_in_a_second", "<=", _PER_SECOND))
    return Report("fanout", count, figures, {"ideal_s": float(ideal), "per_s": float(_PER_SECOND)}, goal, _LIBRARIES)


async def _unpaced(count: int, alerts: int) -> Report:
    async with _crossed(count, alerts, None, pace="off") as (telegram, left_at):
        sent = await _told(telegram, count)
        length = len(str(sent[-1].raw["text"]))
        first_ms, last_ms = (sent[0].at - left_at) * 1000, (sent[-1].at - left_at) * 1000
        ours = count / (sent[-1].at - sent[0].at)
    bare = await _bare(count, length)
    figures = {
        "first_ms": first_ms,
        "last_ms": last_ms,
        "rate_per_s": ours,
        "alerts": float(alerts),
        "share_of_bare": ours / bare,
    }
    return Report("match", count, figures, {"rate_per_s": bare}, (Limit("share_of_bare", ">=", 0.6),), _LIBRARIES)


async def _bare(count: int, length: int) -> float:
    async with FakeTelegram(TOKEN) as telegram:
        _introduce(telegram, count)
        address = f"{telegram.base_url}/bot{TOKEN}"
        numbers = (stored.FIRST_PERSON, count, length, _IN_FLIGHT)
        async with python("-m", "tests.benchmarks.bare_client", address, *map(str, numbers)):
            sent = await _told(telegram, count)
    return count / (sent[-1].at - sent[0].at)


@asynccontextmanager
async def _crossed(
    count: int, alerts: int, limits: Limits | None, *, pace: str
) -> AsyncIterator[tuple[FakeTelegram, float]]:
    """A running bot whose feed has just told the price that crosses `count` alerts, and when it did."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        await stored.fill(folder / "data", TOKEN, crossings=count, alerts=max(alerts, count))
        telegram = await stack.enter_async_context(FakeTelegram(TOKEN, limits=limits))
        coinbase = await stack.enter_async_context(FakeCoinbase(Market()))
        _introduce(telegram, count)
        process = await stack.enter_async_context(_flowbell(telegram, coinbase, folder / "data", pace))
        await process.until(telegram.wait_for_call(lambda call: call.method == "getUpdates", START_SECONDS))
        await process.until(coinbase.until_subscribed(_PRODUCT))
        await coinbase.tick("BTC", stored.BEFORE)
        await asyncio.sleep(1)
        left_at = asyncio.get_running_loop().time()
        await coinbase.tick("BTC", stored.level(count - 1) + stored.STEP / 2)
        yield telegram, left_at


def _introduce(telegram: FakeTelegram, count: int) -> None:
    for number in range(count):
        person = User(stored.FIRST_PERSON + number)
        telegram.world.meet(person, person.private_chat)


@asynccontextmanager
async def _flowbell(telegram: FakeTelegram, coinbase: FakeCoinbase, data: Path, pace: str) -> AsyncIterator[Process]:
    settings = {
        "FLOWBELL_COINBASE__API_BASE": coinbase.api_base,
        "FLOWBELL_COINBASE__WS_BASE": coinbase.ws_base,
        "FLOWBELL_DATA_DIR": str(data),
        "FLOWBELL_LOG__LEVEL": "error",
        "FLOWBELL_MARKET__SOURCES": "coinbase",
        "FLOWBELL_TELEGRAM__API_BASE": telegram.base_url,
        "FLOWBELL_TELEGRAM__PACE": pace,
        "FLOWBELL_TELEGRAM__TOKEN": TOKEN,
    }
    async with python("-m", "bot", "run", settings=settings) as process:
        yield process


async def _told(telegram: FakeTelegram, count: int) -> Sequence[Call]:
    """Return the calls that told each person, in the order in which they arrived."""
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while len(sent := _sent(telegram)) < count:  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_SECONDS)  # an event for each call would cost more
    return sorted(sent, key=lambda each: each.at)


def _sent(telegram: FakeTelegram) -> list[Call]:
    return [each for each in telegram.log if each.method == "sendMessage" and each.status == 200]
