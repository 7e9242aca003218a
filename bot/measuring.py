"""What is timed and counted at the two edges: attempts to send, and requests to upstreams."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never
from urllib.parse import urlsplit

import httpx

from bot.settings import Settings
from handlers.model import Reply
from services.clock import Clock
from services.counters import Counters
from services.domain.deliveries import Delivery, Found, Looked, Moved, Outcome, Parked, Retry, Sent, Unknown
from services.domain.people import Place, Platform
from services.sender import Sender
from services.sources import coingecko

_LIMITED = frozenset({418, 429})


@dataclass(slots=True)
class Measured:
    """A sender with an eye on it: what became of each attempt, how late alerts were, and whether it works at all."""

    platform: Platform
    sender: Sender[Reply[object]]
    clock: Clock
    counters: Counters
    failing_since: datetime | None = None  # no attempt has had an answer since

    @property
    def remembers_nonce(self) -> bool:
        """Return what the platform does."""
        return self.sender.remembers_nonce

    async def send(self, delivery: Delivery, reply: Reply[object], *, repeat: bool) -> Outcome:
        """Make one attempt."""
        outcome: Outcome = Unknown("stopped")
        try:
            outcome = await self.sender.send(delivery, reply, repeat=repeat)
        finally:
            self._note(delivery, reply, outcome)
        return outcome

    def divide(self, reply: Reply[object]) -> tuple[Reply[object], ...]:
        """Return a message as numbered ones that the platform takes."""
        return self.sender.divide(reply)

    async def is_answering(self, place: Place) -> bool:
        """Make a harmless call."""
        return await self.sender.is_answering(place)

    async def look_up(self, delivery: Delivery) -> Looked:
        """Look for the message in the chat's history."""
        looked = await self.sender.look_up(delivery)
        if isinstance(looked, Found):
            self.counters.add("outcomes", f"{self.platform} found")
        return looked

    def _note(self, delivery: Delivery, reply: Reply[object], outcome: Outcome) -> None:
        self.counters.add("outcomes", f"{self.platform} {_word(outcome)}")
        if isinstance(outcome, Unknown) or (isinstance(outcome, Retry) and outcome.whole_bot):
            self.failing_since = self.failing_since or self.clock.now()
        else:
            self.failing_since = None
        met = reply.card.source  # an alert's card is as of the moment when its condition was met
        is_of_today = "REPLAY" not in reply.card.marks
        if isinstance(outcome, Sent) and delivery.kind == "alert" and met is not None and is_of_today:
            self.counters.time("delivery_delay", (self.clock.now() - met.as_of).total_seconds(), self.platform)


def _word(outcome: Outcome) -> str:
    match outcome:
        case Sent():
            return "sent"
        case Retry():
            return "retry"
        case Unknown():
            return "unknown"
        case Parked():
            return "parked"
        case Moved():
            return "moved"
        case _:
            assert_never(outcome)


class _MeasuredTransport(httpx.AsyncBaseTransport):
    """Times requests until their answer begins, and counts those that fail, by the source behind their address."""

    def __init__(self, clock: Clock, counters: Counters, names: dict[str, str]) -> None:
        self._inner = httpx.AsyncHTTPTransport(trust_env=False)
        self._clock = clock
        self._counters = counters
        self._names = names

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        source = self._names.get(request.url.netloc.decode("ascii"), "other")
        began = self._clock.monotonic()
        try:
            response = await self._inner.handle_async_request(request)
        except (httpx.HTTPError, asyncio.CancelledError):  # cancelled: whoever asked waited no longer
            self._counters.add("upstream_failures", f"{source} silent")
            raise
        finally:
            self._counters.time("upstream_request", self._clock.monotonic() - began, source)
        if response.is_error:
            self._counters.add("upstream_failures", f"{source} {_failure(response.status_code)}")
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


def _failure(status: int) -> str:
    if status in _LIMITED:
        return "limited"
    return "broken" if status >= 500 else "refused"


def measured_client(settings: Settings, clock: Clock, counters: Counters) -> httpx.AsyncClient:
    """Return the client of every source; it obeys nothing but the settings and follows no redirect."""
    gecko = settings.coingecko.api_base
    bases = {
        "binance": (settings.binance.api_base,),
        "coinbase": (settings.coinbase.api_base,),
        "kraken": (settings.kraken.api_base,),
        "coingecko": tuple(coingecko.API_BASES.values()) if gecko is None else (gecko,),
    }
    names = {urlsplit(base).netloc: name for name, each in bases.items() for base in each}
    transport = _MeasuredTransport(clock, counters, names)
    return httpx.AsyncClient(transport=transport, trust_env=False, follow_redirects=False)
