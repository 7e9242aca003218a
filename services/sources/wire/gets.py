"""One GET over HTTP as every source makes it: bounded in time and size, checked, retried, counted, shared."""

import asyncio
import random
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from services.clock import Clock
from services.feed import SourceError
from services.sources.wire.budget import Budget
from services.sources.wire.refusals import Refused, retry_after, said

DEADLINE_SECONDS = 10.0
MAX_BODY_BYTES = 2_000_000  # after decompression
TRIES = 3
HOLDS_SECONDS = {429: 30.0, 418: 120.0, 401: 600.0, 403: 600.0, 451: 600.0}
"""How long we keep away after these answers if the upstream does not say; 418 is Binance's ban."""

_PASSING = frozenset({408, 500, 502, 503, 504})
_TIMEOUT = httpx.Timeout(DEADLINE_SECONDS, connect=5.0)
Params = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Patience:
    """The seconds a GET may take with all its tries, and the chance that spreads the waits between them."""

    deadline_seconds: float = DEADLINE_SECONDS
    jitter: Callable[[], float] = random.random


PATIENCE = Patience()


class _Passing(SourceError):
    """A failure that may be gone at the next try."""


@dataclass(frozen=True, slots=True)
class _Ask:
    url: str
    params: Params
    weight: int


@dataclass(slots=True)
class _Flight:
    task: "asyncio.Task[bytes]"
    waiters: int = 0


class Wire:
    """The HTTP side of one source. `tolerated` are the upstream's error numbers that do not mean a bad key."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        clock: Clock,
        budget: Budget,
        source: str,
        *,
        headers: Params = (),
        tolerated: frozenset[int] = frozenset(),
        patience: Patience = PATIENCE,
    ) -> None:
        self._client = client
        self._clock = clock
        self._budget = budget
        self._source = source
        self._headers = (
            ("user-agent", "flowbell"),  # Coinbase refuses requests without one
            ("accept", "application/json"),
            ("accept-encoding", "gzip"),
            *headers,
        )
        self._tolerated = tolerated
        self._patience = patience
        self._flights: dict[_Ask, _Flight] = {}

    async def get(self, url: str, params: Params = (), weight: int = 1) -> bytes:
        """Return the body, decompressed; raise `SourceError`. Equal calls at one time are one call."""
        ask = _Ask(url, params, weight)
        flight = self._flights.get(ask)
        if flight is None:
            flight = _Flight(asyncio.create_task(self._fetch(ask), name=f"{self._source} get"))
            self._flights[ask] = flight
            flight.task.add_done_callback(lambda task: self._landed(ask, task))
        flight.waiters += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiters -= 1
            if not flight.waiters and not flight.task.done():
                flight.task.cancel()
                self._flights.pop(ask, None)

    def _landed(self, ask: _Ask, task: "asyncio.Task[bytes]") -> None:
        if not task.cancelled():
            task.exception()  # read here, or asyncio complains when every waiter has gone
        flight = self._flights.get(ask)
        if flight is not None and flight.task is task:
            del self._flights[ask]

    async def _fetch(self, ask: _Ask) -> bytes:
        try:
            async with asyncio.timeout(self._patience.deadline_seconds):
                return await self._tried(ask)
        except TimeoutError as failure:
            raise SourceError(self._source, f"no full answer within {self._patience.deadline_seconds:g} s") from failure

    async def _tried(self, ask: _Ask) -> bytes:
        for attempt in range(1, TRIES):
            try:
                return await self._once(ask)
            except _Passing:
                await self._clock.sleep(self._patience.jitter() * 2**attempt / 2)
        return await self._once(ask)

    async def _once(self, ask: _Ask) -> bytes:
        await self._budget.take(ask.weight)
        try:
            async with self._client.stream(
                "GET",
                ask.url,
                params=list(ask.params),
                headers=list(self._headers),
                timeout=_TIMEOUT,
                follow_redirects=False,
            ) as response:
                body = await self._body(response)
        except httpx.HTTPError as failure:
            raise _Passing(self._source, f"no answer: {type(failure).__name__}") from failure
        except (httpx.InvalidURL, httpx.StreamError, ValueError, zlib.error) as failure:
            raise SourceError(self._source, f"unreadable answer: {type(failure).__name__}") from failure
        return self._checked(response, body)

    async def _body(self, response: httpx.Response) -> bytes:
        encoding = response.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ("identity", "gzip", ""):
            raise SourceError(self._source, "an encoding that was not asked for")
        # httpx would inflate a whole chunk at once: a bomb must stop at the limit, not after it.
        inflate = zlib.decompressobj(wbits=31) if encoding == "gzip" else None
        body = bytearray()
        async for chunk in response.aiter_raw():
            room = MAX_BODY_BYTES + 1 - len(body)
            body += chunk[:room] if inflate is None else inflate.decompress(chunk, room)
            if len(body) > MAX_BODY_BYTES:
                raise SourceError(self._source, f"an answer over {MAX_BODY_BYTES} bytes")
        if inflate is not None and body and not inflate.eof:
            raise _Passing(self._source, "half an answer")
        return bytes(body)

    def _checked(self, response: httpx.Response, body: bytes) -> bytes:
        if not response.is_success:
            raise self._refusal(response, body)
        if "html" in response.headers.get("content-type", "") or body.lstrip()[:1] == b"<":
            raise SourceError(self._source, "a web page instead of data")
        return body

    def _refusal(self, response: httpx.Response, body: bytes) -> SourceError:
        status = response.status_code
        words = said(body)
        asked = retry_after(response.headers.get("retry-after"), self._clock.now())
        if status in _PASSING and asked is None:
            return _Passing(self._source, f"HTTP {status} {words.text}".strip())
        hold = asked if asked is not None else HOLDS_SECONDS.get(status)
        if words.code in self._tolerated:
            hold = None
        if hold is not None:
            self._budget.hold(hold, f"HTTP {status}")
        return Refused(self._source, words, status, retry_after_seconds=hold)
