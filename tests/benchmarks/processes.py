"""Processes as a user starts them, measured from outside."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TypeVar

T = TypeVar("T")

ROOT = Path(__file__).parents[2]
START_SECONDS = 30.0
_STOP_SECONDS = 10.0
_MEMORY = re.compile(r"^(Vm\w+):\s+(\d+) kB$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Process:
    """A running Python; `started_at` is by the clock that all processes of the machine share."""

    inner: asyncio.subprocess.Process
    started_at: float

    async def until(self, ready: Coroutine[None, None, T]) -> T:
        """Return what `ready` returns; raise RuntimeError if the process ends before, or takes too long."""
        waiting = asyncio.create_task(ready, name="until ready")
        ended = asyncio.create_task(self.inner.wait(), name="until ended")
        done, _ = await asyncio.wait((waiting, ended), timeout=START_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        if waiting not in done:
            waiting.cancel()
            raise RuntimeError(f"not ready, status {self.inner.returncode}")
        return waiting.result()

    def peak_mib(self) -> float:
        """Return the most memory that it has held so far."""
        return self._memory("VmHWM")

    def resident_mib(self) -> float:
        """Return the memory that it holds now."""
        return self._memory("VmRSS")

    def cpu_s(self) -> float:
        """Return the processor's seconds that it has used so far; a busy machine changes these less."""
        after_name = Path(f"/proc/{self.inner.pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, after_name[11:13])) / os.sysconf("SC_CLK_TCK")

    def _memory(self, kind: str) -> float:
        return int(dict(_MEMORY.findall(Path(f"/proc/{self.inner.pid}/status").read_text()))[kind]) / 1024

    async def kill(self) -> None:
        """End it as a power cut would."""
        self.inner.kill()
        await self.inner.wait()


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Return an environment with these settings and no others; compiled bytecode is kept, as for any user."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("FLOWBELL_", "PYTHON"))}
    return inherited | {"PYTHONPATH": str(ROOT)} | dict(settings)


@asynccontextmanager
async def python(
    *arguments: str, settings: Mapping[str, str] | None = None, folder: Path = ROOT
) -> AsyncIterator[Process]:
    """Run Python with these arguments in `folder` until the block ends."""
    own = environment(settings or {})
    started_at = monotonic()
    inner = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, env=own, cwd=folder, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield Process(inner, started_at)
    finally:
        await _end(inner)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(_STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


async def run_time(*arguments: str, settings: Mapping[str, str] | None = None) -> float:
    """Return the seconds that a Python with these arguments lives; raise RuntimeError if it fails."""
    async with python(*arguments, settings=settings) as process:
        status = await process.inner.wait()
        lived = monotonic() - process.started_at
    if status:
        raise RuntimeError(f"{arguments} ended with status {status}")
    return lived


def printed(*arguments: str) -> str:
    """Return what a Python with these arguments prints; raise CalledProcessError if it fails."""
    ran = subprocess.run(
        [sys.executable, *arguments], stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT, env=environment({})
    )
    return ran.stdout
