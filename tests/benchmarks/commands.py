"""How fast a typed command is answered, beside a bot on python-telegram-bot's default transport."""

import asyncio
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from statistics import median

from tests.benchmarks.processes import START_SECONDS, Process, python
from tests.benchmarks.report import Limit, Report, percentile
from tests.benchmarks.typists import Typists
from tests.fakes.telegram import FakeTelegram

TOKEN = "7000000001:AAbenchmark0of0commands000000000000"
COUNT = 3000
AT_ONCE = 32
_LINE = "/price btc"
_WARM_UP = 320
_ROUNDS = 3  # the machine's own changes meet both bots alike
_LIBRARIES = ("python-telegram-bot", "aiohttp", "httpx", "msgspec", "sqlalchemy")
_GOAL = (
    Limit("rate_per_s", ">=", 1000),
    Limit("p99_ms", "<=", 100),
    Limit("unloaded_p50_ms", "<=", 2),
    Limit("times_reference", ">=", 4),
)


def run(count: int) -> Report:
    """Ask each bot `count` times with 32 questions under way, and a sixth as often one after the other; in rounds."""
    return asyncio.run(_measured(max(count // _ROUNDS, 1)))


async def _measured(count: int) -> Report:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ours = await stack.enter_async_context(FakeTelegram(TOKEN))
        theirs = await stack.enter_async_context(FakeTelegram(TOKEN))
        await ready(ours, await stack.enter_async_context(flowbell(ours, folder)))
        length = len(ours.sent()[-1].text)
        await ready(theirs, await stack.enter_async_context(_plain_bot(theirs, length)))
        rounds = [(await _round(ours, count), await _round(theirs, count)) for _ in range(_ROUNDS)]
    figures, reference = (_middle(each) for each in zip(*rounds, strict=True))
    figures["times_reference"] = median(own["rate_per_s"] / plain["rate_per_s"] for own, plain in rounds)
    return Report("commands", count * _ROUNDS, figures, reference, _GOAL, _LIBRARIES)


def flowbell(
    telegram: FakeTelegram, folder: Path, more: Mapping[str, str] | None = None
) -> AbstractAsyncContextManager[Process]:
    """Run the bot on a simulated market; `more` are settings."""
    settings = {
        "FLOWBELL_LIMITS__COMMANDS_PER_MINUTE": "100000",
        "FLOWBELL_DATA_DIR": str(folder / "data"),
        "FLOWBELL_LOG__LEVEL": "warning",
        "FLOWBELL_MARKET__SOURCES": "simulated",
        "FLOWBELL_TELEGRAM__API_BASE": telegram.base_url,
        "FLOWBELL_TELEGRAM__PACE": "off",
        "FLOWBELL_TELEGRAM__TOKEN": TOKEN,
        **(more or {}),
    }
    return python("-m", "bot", "run", settings=settings, folder=folder)


def _plain_bot(telegram: FakeTelegram, length: int) -> AbstractAsyncContextManager[Process]:
    return python("-m", "tests.benchmarks.plain_bot", telegram.base_url, TOKEN, str(length))


async def ready(telegram: FakeTelegram, process: Process) -> None:
    """Wait until a bot answers, and has answered often enough to be warm."""
    await process.until(telegram.wait_for_call(lambda call: call.method == "getUpdates", START_SECONDS))
    await Typists(telegram, _LINE, AT_ONCE, _WARM_UP).talk()


async def _round(telegram: FakeTelegram, count: int) -> dict[str, float]:
    alone = [_milliseconds(each) for each in await Typists(telegram, _LINE, 1, max(count // 6, 1)).talk()]
    together = await Typists(telegram, _LINE, AT_ONCE, count).talk()
    seconds = max(arrived for _, arrived in together) - min(delivered for delivered, _ in together)
    waits = [_milliseconds(each) for each in together]
    return {
        "rate_per_s": count / seconds,
        "p50_ms": median(waits),
        "p99_ms": percentile(waits, 99),
        "unloaded_p50_ms": median(alone),
        "unloaded_p99_ms": percentile(alone, 99),
    }


def _middle(rounds: Sequence[dict[str, float]]) -> dict[str, float]:
    return {name: median(each[name] for each in rounds) for name in rounds[0]}


def _milliseconds(answered: tuple[float, float]) -> float:
    delivered, arrived = answered
    return (arrived - delivered) * 1000
