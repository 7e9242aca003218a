"""How soon a bot that was killed evaluates a million alerts again, beside an ORM that only loads them."""

import asyncio
import tempfile
from pathlib import Path
from statistics import median
from time import monotonic

from services.store.open import FILE
from tests.benchmarks import filled, start
from tests.benchmarks.processes import printed
from tests.benchmarks.report import Limit, Report

COUNT = 5
ALERTS = 1_000_000
_GOAL = (Limit("ready_s", "<=", 2.5), Limit("peak_mib", "<=", 250), Limit("times_faster", ">=", 5))
_LIBRARIES = ("python-telegram-bot", "discord.py", "sqlalchemy", "aiosqlite", "numpy")


def run(count: int, alerts: int, symbols: int) -> Report:
    """Start and kill the bot `count` times, then once more; each start finds the store as the kill left it."""
    return asyncio.run(_measured(count, alerts, symbols))


async def _measured(count: int, alerts: int, symbols: int) -> Report:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        await filled.fill(data, alerts, symbols)
        await start.killed(data)
        starts = [await start.killed(data) for _ in range(count)]
        begun = monotonic()
        held, peak, cpu_s = map(float, printed("-m", "tests.benchmarks.orm_load", str(data / FILE)).split())
        orm_s = monotonic() - begun
    assert held == alerts
    figures = {
        "ready_s": median(each.seconds for each in starts),
        "cpu_s": median(each.cpu_s for each in starts),
        "most_s": max(each.seconds for each in starts),
        "peak_mib": max(each.peak_mib for each in starts),
        "alerts": float(alerts),
    }
    figures["times_faster"] = orm_s / figures["ready_s"]
    reference = {"orm_s": orm_s, "orm_cpu_s": cpu_s, "orm_peak_mib": peak / 1024}
    return Report("recover", count, figures, reference, _GOAL, _LIBRARIES)
