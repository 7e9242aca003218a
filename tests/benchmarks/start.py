"""From nothing to a bot that listens on both platforms, in time and memory, beside its libraries alone."""

import asyncio
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from services.clock import SystemClock
from services.counters import Counters
from services.store.open import open_store
from tests.benchmarks.processes import START_SECONDS, python, run_time
from tests.benchmarks.report import Limit, Report
from tests.fakes.discord import FakeDiscord, Limits
from tests.fakes.exchanges import FakeExchanges
from tests.fakes.telegram import FakeTelegram

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
class _Start:
    seconds: float
    peak_mib: float


def run(count: int) -> Report:
    """Start the bot once on an empty folder, then `count` times on a store; every figure but the first is a median."""
    return asyncio.run(_measured(count))


async def _measured(count: int) -> Report:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        await run_time("-m", "bot", "version")  # leaves bytecode behind
        first = await _started(folder / "first")
        starts = [await _started(await _with_store(folder / f"data-{number}")) for number in range(count)]
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


async def _started(data: Path) -> _Start:
    limits = replace(Limits().unpaced(), nonce_window_s=300.0)
    async with (
        FakeTelegram(TELEGRAM_TOKEN) as telegram,
        FakeDiscord(DISCORD_TOKEN, limits=limits) as discord,
        FakeExchanges() as exchanges,
        python("-m", "bot", "run", settings=_settings(_Outside(telegram, discord, exchanges), data)) as process,
    ):
        polled = await process.until(telegram.wait_for_call(lambda call: call.method == "getUpdates", START_SECONDS))
        await process.until(discord.until(lambda: bool(discord.log.frames(_IDENTIFY)), START_SECONDS))
        ready_at = max(polled.at, discord.log.frames(_IDENTIFY)[0].at)
        return _Start(ready_at - process.started_at, process.peak_mib())


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
