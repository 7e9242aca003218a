"""From nothing to a bot that listens on both platforms, in time and memory, beside its libraries alone."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from services.clock import SystemClock
from services.counters import Counters
from services.store.open import open_store
from tests.benchmarks.processes import START_SECONDS, Process, python, run_time
from tests.benchmarks.report import Limit, Report
from tests.fakes.discord import FakeDiscord, Limits
from tests.fakes.exchanges import FakeExchanges
from tests.fakes.telegram import Call, FakeTelegram

COUNT = 7
TELEGRAM_TOKEN = "7000000001:AAbenchmark0of0the0start00000000000"
DISCORD_TOKEN = "NzAwMDAwMDAwMDAwMDAwMDAx.Benchm.of-the-start-00000000000000000000000"
_IDENTIFY = 2
_BARE = ("-c", "pass")
_BARE_LIBRARIES = ("-c", "import telegram.ext, discord, sqlalchemy.ext.asyncio, aiosqlite, httpx, numpy")
_LIBRARIES = ("python-telegram-bot", "discord.py", "sqlalchemy", "aiosqlite", "httpx", "numpy")
_GOAL = (Limit("ready_s", "<=", 1.3), Limit("peak_mib", "<=", 130), Limit("version_ms", "<=", 150))


@dataclass(frozen=True, slots=True)
class _Outside:
    telegram: FakeTelegram
    discord: FakeDiscord
    exchanges: FakeExchanges


@dataclass(frozen=True, slots=True)
class Start:
    """How soon a bot was ready, and what memory it held."""

    seconds: float
    peak_mib: float
    resident_mib: float
    cpu_s: float


def run(count: int) -> Report:
    """Start the bot once on an empty folder, then `count` times on a store; every figure but the first is a median."""
    return asyncio.run(_measured(count))


async def _measured(count: int) -> Report:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        await run_time("-m", "bot", "version")  # leaves bytecode behind
        first = await started(folder / "first")
        starts = [await started(await _with_store(folder / f"data-{number}")) for number in range(count)]
        figures = {
            "ready_s": median(each.seconds for each in starts),
            "peak_mib": median(each.peak_mib for each in starts),
            "version_ms": await _run_time(count, "-m", "bot", "--version") * 1000,
            "first_ready_s": first.seconds,
        }
    reference = {
        "python_s": await _run_time(count, *_BARE),
        "libraries_s": await _run_time(count, *_BARE_LIBRARIES),
    }
    figures["times_libraries"] = figures["ready_s"] / reference["libraries_s"]
    return Report("start", count, figures, reference, _GOAL, _LIBRARIES)


async def _with_store(data: Path) -> Path:
    """Make a store of its own for each start: the bot spares log-ins to Discord when it has made many."""
    store = await open_store(None, data, Counters(), SystemClock())
    await store.close()
    return data


async def started(data: Path) -> Start:
    """Start the bot on a store until it listens on both platforms, then end it."""
    async with _running(data) as (outside, process):
        polled_at = await _polled_at(outside, process)
        await process.until(outside.discord.until(lambda: bool(outside.discord.log.frames(_IDENTIFY)), START_SECONDS))
        ready_at = max(polled_at, outside.discord.log.frames(_IDENTIFY)[0].at)
        return _as_it_is(process, ready_at)


async def killed(data: Path) -> Start:
    """Start the bot on a store until it asks Telegram for messages, which it does when all is loaded, and kill it."""
    async with _running(data) as (outside, process):
        polled_at = await _polled_at(outside, process)
        start = _as_it_is(process, polled_at)
        await process.kill()
        return start


def _as_it_is(process: Process, ready_at: float) -> Start:
    return Start(ready_at - process.started_at, process.peak_mib(), process.resident_mib(), process.cpu_s())


@asynccontextmanager
async def _running(data: Path) -> AsyncIterator[tuple[_Outside, Process]]:
    limits = replace(Limits().unpaced(), nonce_window_s=300.0)
    async with (
        FakeTelegram(TELEGRAM_TOKEN) as telegram,
        FakeDiscord(DISCORD_TOKEN, limits=limits) as discord,
        FakeExchanges() as exchanges,
    ):
        outside = _Outside(telegram, discord, exchanges)
        async with python("-m", "bot", "run", settings=_settings(outside, data)) as process:
            yield outside, process


async def _polled_at(outside: _Outside, process: Process) -> float:
    return (await process.until(outside.telegram.wait_for_call(_is_poll, START_SECONDS))).at


def _is_poll(call: Call) -> bool:
    return call.method == "getUpdates"


def _settings(outside: _Outside, data: Path) -> dict[str, str]:
    venues = {f"FLOWBELL_{name.replace('.', '__').upper()}_BASE": url for name, url in outside.exchanges.urls.items()}
    return venues | {
        "FLOWBELL_DATA_DIR": str(data),
        "FLOWBELL_LOG__LEVEL": "error",
        "FLOWBELL_DISCORD__API_BASE": outside.discord.api_base,
        "FLOWBELL_DISCORD__GATEWAY_URL": outside.discord.gateway_url,
        "FLOWBELL_DISCORD__TOKEN": DISCORD_TOKEN,
        "FLOWBELL_TELEGRAM__API_BASE": outside.telegram.base_url,
        "FLOWBELL_TELEGRAM__TOKEN": TELEGRAM_TOKEN,
    }


async def _run_time(count: int, *arguments: str) -> float:
    return median([await run_time(*arguments) for _ in range(count)])
