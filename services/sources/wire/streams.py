"""A WebSocket that is kept open: silence, garbage and planned rotation are dealt with here, frames by the source."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException

from services.clock import Clock
from services.domain.quotes import Sample
from services.feed import Sink, SourceError
from services.sources.wire.budget import Budget
from services.sources.wire.gets import HOLDS_SECONDS
from services.sources.wire.readings import UNREADABLE
from services.sources.wire.refusals import Refused, Said, retry_after

MAX_FRAME_BYTES = 4_000_000
_ROTATION_FAILED = 4  # wait as after that many failures: the old connection still works
_LOST = (OSError, EOFError, UnicodeError, WebSocketException)  # UnicodeError: a host name that cannot be one

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Prices:
    """The frame told prices; perhaps none that is usable."""

    samples: tuple[Sample, ...]


@dataclass(frozen=True, slots=True)
class Say:
    """The frame wants an answer."""

    frame: str


@dataclass(frozen=True, slots=True)
class Leave:
    """The server is about to close; a new connection should take over now."""


@dataclass(frozen=True, slots=True)
class Idle:
    """The frame was a sign of life or a receipt."""


@dataclass(frozen=True, slots=True)
class Denied:
    """The server refuses what this connection is for."""

    reason: str


Heard = Prices | Say | Leave | Idle | Denied


@dataclass(frozen=True, slots=True)
class Line:
    """One source's side of a connection: whom to call, what to say first, how to read what comes."""

    source: str
    url: str
    hello: Callable[[], tuple[str, ...]]
    read: Callable[[bytes], Heard]  # raises one of UNREADABLE for a frame it cannot make sense of
    ping: str | None = None  # said in half-time of a silence


@dataclass(frozen=True, slots=True)
class Pace:
    """The patience of a connection, in seconds and counts."""

    silence_seconds: float = 15.0
    rotate_seconds: float = 23 * 3600.0  # Binance cuts at 24 h
    first_wait_seconds: float = 1.0
    longest_wait_seconds: float = 60.0
    failures: int = 10  # connections in a row without one price before the source counts as down
    garbage: int = 20  # unreadable frames in a row
    jitter: Callable[[], float] = random.random

    def wait_seconds(self, failures: int) -> float:
        """Return the wait after that many failures in a row: doubling, jittered by half, within the bounds."""
        longest = min(self.longest_wait_seconds, self.first_wait_seconds * 2.0 ** (failures - 1))
        return max(self.first_wait_seconds, longest * (1 + self.jitter()) / 2)


PACE = Pace()


class _Connect(connect):
    def process_redirect(self, exc: Exception) -> Exception:
        """Follow none: an upstream that moved is for the operator to look at."""
        return exc


async def listen(line: Line, sink: Sink, clock: Clock, budget: Budget, pace: Pace = PACE) -> None:
    """Keep `line` connected, its samples going into `sink`, until it is cancelled or fails for good (`SourceError`)."""
    budget.check()
    try:
        await _kept_open(line, sink, clock, pace)
    except SourceError as failure:
        if failure.retry_after_seconds is not None:
            budget.hold(failure.retry_after_seconds, failure.reason)
        raise


async def _kept_open(line: Line, sink: Sink, clock: Clock, pace: Pace) -> None:
    session = _Session(line, sink, clock, pace)
    failures = 0
    try:
        while True:
            await asyncio.wait((session.task, session.leaving), return_when=asyncio.FIRST_COMPLETED)
            if not session.task.done():
                session = await _rotated(session, _Session(line, sink, clock, pace), clock, pace)
                continue
            reason = session.task.result()
            failures = 1 if session.live.done() else failures + 1
            log.info("stream.lost", source=line.source, reason=reason, failures=failures)
            if failures >= pace.failures:
                break
            await clock.sleep(pace.wait_seconds(failures))
            session = _Session(line, sink, clock, pace)
    finally:
        await session.close()
    raise SourceError(line.source, f"no price from {failures} connections in a row")


async def _rotated(old: "_Session", new: "_Session", clock: Clock, pace: Pace) -> "_Session":
    """Return the connection to go on with; the old one is closed only when the new one has told a price."""
    try:
        await asyncio.wait((new.live, new.task, old.task), return_when=asyncio.FIRST_COMPLETED)
        if new.task.done() and not old.task.done():
            await new.close()
            await clock.sleep(pace.wait_seconds(_ROTATION_FAILED))
            return old
        await old.close()
    except asyncio.CancelledError:
        await asyncio.gather(new.close(), old.close())
        raise
    return new


class _Session:
    """One connection, from the handshake to its end; its task returns why it ended."""

    def __init__(self, line: Line, sink: Sink, clock: Clock, pace: Pace) -> None:
        loop = asyncio.get_running_loop()
        self.live: asyncio.Future[None] = loop.create_future()
        self.leaving: asyncio.Future[None] = loop.create_future()
        self._line = line
        self._sink = sink
        self._clock = clock
        self._pace = pace
        self._heard_at = clock.monotonic()
        self._silent = False
        self.task = asyncio.create_task(self._run(), name=f"{line.source} socket")

    async def close(self) -> None:
        """End the connection and wait until it has ended."""
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)

    async def _run(self) -> str:
        try:
            async with _Connect(
                self._line.url,
                proxy=None,
                compression=None,
                max_size=MAX_FRAME_BYTES,
                open_timeout=10,
                close_timeout=1,
                user_agent_header="flowbell",
            ) as socket:
                await self._talk(socket)
        except InvalidStatus as failure:
            return self._turned_away(failure)
        except _LOST as failure:
            return f"silent for {self._pace.silence_seconds:g} s" if self._silent else type(failure).__name__
        return "closed"

    def _turned_away(self, failure: InvalidStatus) -> str:
        status = failure.response.status_code
        asked = retry_after(failure.response.headers.get("Retry-After"), self._clock.now())
        if asked is None and not 400 <= status < 500:
            return f"handshake answered by HTTP {status}"
        hold = asked if asked is not None else HOLDS_SECONDS.get(status, 600.0)
        raise Refused(self._line.source, Said(None, "at the handshake"), status, retry_after_seconds=hold)

    async def _talk(self, socket: ClientConnection) -> None:
        self._heard_at = self._clock.monotonic()
        for frame in self._line.hello():
            await socket.send(frame)
        watch = asyncio.create_task(self._watch(socket), name=f"{self._line.source} watch")
        try:
            await self._read(socket)
        finally:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)

    async def _read(self, socket: ClientConnection) -> None:
        garbage = 0
        while True:
            frame = await socket.recv(decode=False)
            self._heard_at = self._clock.monotonic()
            try:
                heard = self._line.read(frame)
            except UNREADABLE as failure:
                garbage += 1
                if garbage >= self._pace.garbage:
                    raise SourceError(self._line.source, f"{garbage} unreadable frames in a row") from failure
                continue
            garbage = 0
            await self._act(heard, socket)

    async def _act(self, heard: Heard, socket: ClientConnection) -> None:
        match heard:
            case Prices(samples):
                if samples:
                    self._sink(samples)
                    _settle(self.live)
            case Say(frame):
                await socket.send(frame)
            case Leave():
                _settle(self.leaving)
            case Denied(reason):
                raise SourceError(self._line.source, reason)
            case Idle():
                pass

    async def _watch(self, socket: ClientConnection) -> None:
        """Cut the connection when it is silent for too long, and ask for a successor when it is old."""
        rotate_at = self._clock.monotonic() + self._pace.rotate_seconds
        half = self._pace.silence_seconds / 2
        while True:
            now = self._clock.monotonic()
            quiet = now - self._heard_at
            if quiet >= self._pace.silence_seconds:
                self._silent = True
                socket.transport.abort()  # a close handshake would wait for the peer that does not answer
                return
            if now >= rotate_at:
                _settle(self.leaving)
            if quiet >= half and self._line.ping is not None:
                await socket.send(self._line.ping)
            await self._clock.sleep(half if quiet < half else self._pace.silence_seconds - quiet)


def _settle(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)
