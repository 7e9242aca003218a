"""Charts as PNG, drawn beside the event loop: one worker process, started at first use, and a cache of what it drew."""

import asyncio
import multiprocessing
import os
import signal
import tempfile
import threading
import warnings
from collections import OrderedDict
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Final

import msgspec

from handlers.model import Chart

DEADLINE_SECONDS: Final = 10.0
IN_FLIGHT: Final = 2  # one is drawn while the next one waits at the worker's door
CACHE_BYTES: Final = 64 * 2**20
TRIES: Final = 2  # a worker that died is started once more


class ChartError(Exception):
    """There is no picture this time; the card's words stand without it."""


@dataclass(frozen=True, slots=True)
class Worker:
    """The process that draws, and the only folder that it writes to."""

    pool: ProcessPoolExecutor
    folder: tempfile.TemporaryDirectory[str]


class Charts:
    """The door to the worker that draws; matplotlib, TA-Lib and numpy are loaded there and never here."""

    def __init__(self, *, cache_bytes: int = CACHE_BYTES) -> None:
        """Start nothing yet; `cache_bytes` bounds the pictures kept in memory, the least lately asked for go first."""
        self._cache_bytes = cache_bytes
        self._pictures: OrderedDict[bytes, bytes] = OrderedDict()
        self._held_bytes = 0
        self._places = asyncio.Semaphore(IN_FLIGHT)
        self._worker: asyncio.Task[Worker] | None = None  # started, or on its way
        self._closed = False

    async def png(self, chart: Chart, *, deadline_seconds: float = DEADLINE_SECONDS) -> bytes:
        """Return the picture, the same object while nothing it shows has changed; raise `ChartError` if there is none.

        The deadline counts everything: waiting for others, a cold start, drawing.
        """
        content = _content(chart)
        key = blake2b(content, digest_size=16).digest()
        if (known := self._recall(key)) is not None:
            return known
        limit = asyncio.timeout(deadline_seconds)
        try:
            async with limit, self._places:
                # Whoever waited here may have waited for this very picture.
                return self._recall(key) or self._keep(key, await self._drawn(content, limit))
        except TimeoutError as error:
            raise ChartError("not drawn in time") from error

    async def close(self) -> None:
        """End the worker and forget the pictures; what is being drawn fails, and so does every later call."""
        self._closed = True
        worker, self._worker = self._worker, None
        if worker is not None:
            await asyncio.to_thread(_end, await worker)
        self._pictures.clear()
        self._held_bytes = 0

    async def _drawn(self, content: bytes, limit: asyncio.Timeout) -> bytes:
        for _ in range(TRIES):
            worker = await self._running()
            try:
                return await asyncio.wrap_future(worker.pool.submit(_draw, content))
            except asyncio.CancelledError:
                if limit.expired():  # it may hang, and must not hold up the next picture
                    self._drop(worker)
                raise
            except BrokenProcessPool:
                self._drop(worker)
            except Exception as error:
                raise ChartError(f"not drawn: {error}") from error
        raise ChartError("the worker died over it")

    async def _running(self) -> Worker:
        """Return the worker, started off the event loop if need be."""
        if self._closed:
            raise ChartError("closed")
        if self._worker is None:
            self._worker = asyncio.create_task(asyncio.to_thread(_start), name="charts: start the worker")
        started = self._worker
        try:
            # Shielded: a start that its first caller no longer waits for goes on for the others, and for close().
            return await asyncio.shield(started)
        except OSError as error:
            if self._worker is started:
                self._worker = None
            raise ChartError("the worker does not start") from error

    def _drop(self, worker: Worker) -> None:
        """Give up a worker that died or hangs, once."""
        if self._worker is not None and self._worker.done() and self._worker.result() is worker:
            self._worker = None
            _end(worker, wait=False)

    def _recall(self, key: bytes) -> bytes | None:
        picture = self._pictures.get(key)
        if picture is not None:
            self._pictures.move_to_end(key)
        return picture

    def _keep(self, key: bytes, picture: bytes) -> bytes:
        """Remember a picture, forget the oldest beyond the bound; return the one remembered."""
        if (twin := self._recall(key)) is not None:
            return twin
        self._pictures[key] = picture
        self._held_bytes += len(picture)
        while self._held_bytes > self._cache_bytes:
            _, oldest = self._pictures.popitem(last=False)
            self._held_bytes -= len(oldest)
        return picture


def _content(chart: Chart) -> bytes:
    """Write down all that the picture shows; it shows minutes."""
    return msgspec.msgpack.encode(replace(chart, as_of=chart.as_of.replace(second=0, microsecond=0)))


def _start() -> Worker:
    folder = tempfile.TemporaryDirectory(prefix="flowbell-charts-", ignore_cleanup_errors=True)
    spawn = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(1, mp_context=spawn, initializer=_prepare, initargs=(folder.name,))
    pool.submit(os.getpid)  # the process is started by the first job: here, and not on the event loop
    return Worker(pool, folder)


def _end(worker: Worker, *, wait: bool = True) -> None:
    """Kill the process; `ProcessPoolExecutor.kill_workers` does this from Python 3.14 on."""
    for process in tuple((worker.pool._processes or {}).values()):
        process.kill()
    worker.pool.shutdown(wait=wait)  # what is still owed fails as broken; cancelled would look like the caller's wish
    worker.folder.cleanup()


def _prepare(folder: str) -> None:
    """Make a fresh process a worker: quiet, writing to `folder` only, and gone when its parent is."""
    os.environ["MPLCONFIGDIR"] = folder
    os.environ["PATH"] = ""  # matplotlib asks fc-list for fonts, which writes a cache of its own; ours are bundled
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    warnings.simplefilter("ignore")
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _draw(content: bytes) -> bytes:
    from bot.render.chart import draw

    return draw(msgspec.msgpack.decode(content, type=Chart))
