"""`flowbell demo` without a terminal: a short tour that ends with an alert which survives a kill."""

import asyncio
import os
import re
import shutil
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import IO

from services.clock import Clock, SystemClock
from services.domain import simulation
from services.domain.language import say

_SEED = 1
_COIN = "bitcoin"
_SOONEST = 6  # seconds from setting the alert to the crossing: time to answer first
_STAYS = 3  # seconds
_LATEST = 14
_LONGEST = 45.0  # seconds to wait for one thing before the tour gives up


_FIRED = r"^Alert #\d+\s+[0-9A-Z]{6}$"  # the line with an event's code, which only a fired alert has


@dataclass(frozen=True, slots=True)
class Crossing:
    """A level that the simulated price will cross soon, and the rule that waits for it."""

    rule: str
    at: datetime


@dataclass(slots=True)
class Chat:
    """One Flowbell process whose words are shown as they come and can be waited for."""

    process: asyncio.subprocess.Process
    said: list[str] = field(default_factory=list)
    _over: bool = False
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def listen(self) -> None:
        """Show every line of the process until it ends."""
        assert self.process.stdout is not None
        async for raw in self.process.stdout:
            line = raw.decode(errors="replace").rstrip()
            sys.stdout.write(f"    {line}\n")
            sys.stdout.flush()
            async with self._news:
                self.said.append(line)
                self._news.notify_all()
        async with self._news:
            self._over = True
            self._news.notify_all()

    async def type(self, line: str) -> None:
        """Type a line and show it."""
        assert self.process.stdin is not None
        _show(f"  > {line}")
        self.process.stdin.write(f"{line}\n".encode())
        await self.process.stdin.drain()

    async def until(self, pattern: str) -> None:
        """Wait for a line that matches; raise TimeoutError if it does not come, or cannot any more."""
        async with asyncio.timeout(_LONGEST), self._news:
            await self._news.wait_for(lambda: self.count(pattern) > 0 or self._over)
        if not self.count(pattern):
            raise TimeoutError(pattern)

    def count(self, pattern: str) -> int:
        """Return how many lines match so far."""
        return sum(1 for line in self.said if re.search(pattern, line))


async def tour(folder: Path) -> int:
    """Show price, chart and an alert that survives SIGKILL; return 0 if it arrived exactly once."""
    clock = SystemClock()
    data = folder / "tour"
    await asyncio.to_thread(shutil.rmtree, data, ignore_errors=True)
    _show(say("Flowbell: a tour on a simulated market. No keys, no network, made-up prices."))
    try:
        return await _played(clock, data)
    except TimeoutError:
        _show(say("The tour waited too long for an answer and stops here."))
        return 1


async def _played(clock: Clock, data: Path) -> int:
    _show(say("1. Ask for prices and a chart."))
    first, listening = await _started(data, chaos="outbox.before_intent:1:kill")
    await first.type("/price btc eth")
    await first.until(r"BTC\s+\$")
    await first.type("/chart btc 1h")
    await first.until(r"\.png")
    crossing = next_crossing(clock.now())
    _show(say("2. Set an alert. This process will be killed with SIGKILL after the crossing, before the message."))
    await first.type(f"/alert {crossing.rule}")
    await first.until(r"is set")
    async with asyncio.timeout(_LONGEST):
        status = await first.process.wait()
    await listening
    killed = status == -signal.SIGKILL
    _show(say("   The process is dead (signal {number}). The alert has fired and nobody was told.", number=-status))
    _show(say("3. Start again: what is owed is sent."))
    second, listening = await _started(data, chaos=None)
    await second.until(_FIRED)
    await clock.sleep(3)  # a second copy would come by now
    assert second.process.stdin is not None
    second.process.stdin.close()
    async with asyncio.timeout(_LONGEST):
        await second.process.wait()
    await listening
    copies = first.count(_FIRED) + second.count(_FIRED)
    _show(say("   The alert arrived: {count} time, after the restart.", count=copies))
    _show(say("Try it yourself in a terminal: make demo"))
    return 0 if killed and copies == 1 else 1


async def _started(data: Path, *, chaos: str | None) -> tuple[Chat, asyncio.Task[None]]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("FLOWBELL_")}
    environ |= {"FLOWBELL_SIMULATED__SEED": str(_SEED), "FLOWBELL_LOG__LEVEL": "error"}
    if chaos is not None:
        environ["FLOWBELL_CHAOS"] = chaos
    arguments = ("-m", "bot", "console", "--simulated", "--data", str(data))
    with await asyncio.to_thread(_log_of, data) as errors:
        process = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, env=environ, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=errors,
        )  # fmt: skip
    chat = Chat(process)
    return chat, asyncio.create_task(chat.listen(), name="tour listening")


def _log_of(data: Path) -> IO[bytes]:
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    return (data / "log.txt").open("ab")


def next_crossing(now: datetime) -> Crossing:
    """Choose a level that the seeded path crosses in a few seconds: the tour looks ahead so as not to make you wait."""
    path = [_price(now, second) for second in range(_LATEST + 30)]
    for soonest in range(_SOONEST, 1, -1):  # a calm market leaves less time to answer
        for stays in range(_STAYS, 0, -1):  # the stream looks at other moments: what lasts a second may be missed
            for second in range(soonest, len(path) - stays + 1):
                soon, beyond = path[:soonest], path[second : second + stays]
                if min(beyond) > max(soon):
                    return _crossing(now, second, ">", (min(beyond) + max(soon)) / 2)
                if max(beyond) < min(soon):
                    return _crossing(now, second, "<", (max(beyond) + min(soon)) / 2)
    return _crossing(now, _LATEST, ">", max(path))


def _price(now: datetime, second: int) -> Decimal:
    return simulation.price_at(_SEED, _COIN, now + timedelta(seconds=second))


def _crossing(now: datetime, second: int, op: str, level: Decimal) -> Crossing:
    return Crossing(f"btc {op} {level.quantize(Decimal('0.01')):f}", now + timedelta(seconds=second))


def _show(line: str) -> None:
    with suppress(BrokenPipeError):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
