"""The memory of a million alerts: in the matcher, in a bot with both platforms, and beside plain dicts."""

import asyncio
import tempfile
from pathlib import Path

from tests.benchmarks import filled, start
from tests.benchmarks.processes import printed
from tests.benchmarks.report import Limit, Report

COUNT = 1
ALERTS = 1_000_000
_GOAL = (Limit("bytes_per_alert", "<=", 64), Limit("process_mib", "<=", 250))
_LIBRARIES = ("numpy", "python-telegram-bot", "discord.py", "sqlalchemy")


def run(count: int, alerts: int, symbols: int) -> Report:
    """Hold the alerts in processes of their own; `count` is only how often the line is asked for."""
    return asyncio.run(_measured(count, alerts, symbols))


async def _measured(count: int, alerts: int, symbols: int) -> Report:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        await filled.fill(data, alerts, symbols)
        bot = await start.started(data)
    figures = {
        "bytes_per_alert": _held("matcher", alerts, symbols),
        "bytes_in_pairs": _held("matcher", alerts // 5, max(alerts // 10, 1)),  # two alerts in each series
        "process_mib": bot.resident_mib,
        "process_peak_mib": bot.peak_mib,
    }
    reference = {"dict_bytes_per_alert": _held("dicts", alerts, symbols)}
    return Report("mem", count, figures, reference, _GOAL, _LIBRARIES)


def _held(kind: str, alerts: int, symbols: int) -> float:
    return int(printed("-m", "tests.benchmarks.held", kind, str(alerts), str(symbols))) / alerts
