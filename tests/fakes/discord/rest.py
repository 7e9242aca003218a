"""HTTP: from bytes to a route and back, with identity, limits and faults in between, and one log line per request."""

import asyncio
import math
import socket
from collections.abc import Mapping
from dataclasses import dataclass, replace

from aiohttp import web

from tests.fakes.discord.bodies import read_body
from tests.fakes.discord.faults import Faults, Garbage, Hang, Kind, RateLimited, Reset, Slow, Status
from tests.fakes.discord.limits import Limits
from tests.fakes.discord.log import Log, RestCall, Upload
from tests.fakes.discord.rates import Rates, Verdict
from tests.fakes.discord.refusals import RefusalError, no_route, unauthorized
from tests.fakes.discord.replies import Reply, limited_by_fault, response, too_many
from tests.fakes.discord.routes import ROUTES, Bucket, Call, Done, Handler, Platform
from tests.fakes.discord.wire import Json, encode

_OPEN_PREFIXES = ("/interactions/", "/webhooks/", "/gateway")


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    template: str
    segments: tuple[str, ...]
    handler: Handler
    bucket: Bucket

    @property
    def needs_token(self) -> bool:
        return not self.template.startswith(_OPEN_PREFIXES) or self.template == "/gateway/bot"

    def match(self, segments: tuple[str, ...]) -> Mapping[str, str] | None:
        params: dict[str, str] = {}
        for own, given in zip(self.segments, segments, strict=True):
            if own[0] == "{":
                params[own[1:-1]] = given
            elif own != given:
                return None
        return params


@dataclass(frozen=True, slots=True)
class _Arrival:
    """A request as it came in."""

    number: int
    at: float
    method: str
    path: str
    query: Mapping[str, str]
    route: Route | None
    call: Call
    broken: RefusalError | None = None


class Rest:
    def __init__(self, platform: Platform, limits: Limits, log: Log, faults: Faults, token: str) -> None:
        self._platform = platform
        self._limits = limits
        self._log = log
        self._faults = faults
        self._token = token
        self._clock = platform.world.clock
        self.rates = Rates(limits, self._clock)
        self.stopping = asyncio.Event()
        self._index: dict[tuple[str, int], list[Route]] = {}
        for method, template, handler, bucket in ROUTES:
            segments = tuple(template.strip("/").split("/"))
            self._index.setdefault((method, len(segments)), []).append(
                Route(method, template, segments, handler, bucket)
            )

    async def serve(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        """Answer one request; `path` is what follows the API's base."""
        number, at = self._log.number(), self._clock.now()
        arrival = await self._arrive(request, path, number, at)
        verdict = self._ask(arrival)
        kind = None if verdict.wait_s is not None else self._strike(arrival)
        if isinstance(kind, Slow) and not kind.executed_first:
            await self._pause(kind.seconds)
        reply = self._decide(request, arrival, verdict, kind)
        self._note(arrival, verdict, reply)
        match kind:
            case Slow(seconds, True):
                await self._pause(seconds)
            case Hang():
                await self.stopping.wait()
            case Reset():
                _reset(request)
            case _:
                pass
        if reply.status is None:
            raise ConnectionResetError
        return response(reply)

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self.stopping.wait()
        except TimeoutError:
            return

    async def _arrive(self, request: web.BaseRequest, path: str, number: int, at: float) -> _Arrival:
        route, params = self._find(request.method, path)
        query: Mapping[str, str] = dict(request.query) if request.query_string else {}
        body: Json = None
        uploads: tuple[Upload, ...] = ()
        broken: RefusalError | None = None
        try:
            body, uploads = await read_body(request)
        except RefusalError as refusal:
            broken = refusal
        return _Arrival(number, at, request.method, path, query, route, Call(params, query, body, uploads), broken)

    def _find(self, method: str, path: str) -> tuple[Route | None, Mapping[str, str]]:
        segments = tuple(path.strip("/").split("/"))
        for route in self._index.get((method, len(segments)), ()):
            params = route.match(segments)
            if params is not None:
                return route, params
        return None, {}

    def _ask(self, arrival: _Arrival) -> Verdict:
        route = arrival.route
        if route is None:
            return Verdict()
        rate = {"channel": self._limits.channel_rate, "webhook": self._limits.webhook_rate}.get(route.bucket)
        return self.rates.ask(_bucket_of(arrival), rate, counts_globally=route.needs_token)

    def _strike(self, arrival: _Arrival) -> Kind | None:
        template = "" if arrival.route is None else arrival.route.template
        return self._faults.strike(arrival.method, template, arrival.path)

    def _decide(self, request: web.BaseRequest, arrival: _Arrival, verdict: Verdict, kind: Kind | None) -> Reply:
        if verdict.wait_s is not None:
            return self._limited(arrival, verdict)
        name = "" if kind is None else type(kind).__name__.lower()
        match kind:
            case Status(executed=False) | Reset(executed=False) | Hang(executed=False):
                reply = Reply(None)
            case RateLimited(retry_after_s, is_global):
                self.rates.block("global" if is_global else _bucket_of(arrival), retry_after_s)
                return limited_by_fault(kind)
            case _:
                reply = self._execute(request, arrival)
        match kind:
            case Status(status, code, message, html):
                body = b"" if html else encode({"message": message, "code": code})
                return replace(reply, status=status, code=code, body=body, html=html, fault=name)
            case Reset() | Hang():
                return replace(reply, status=None, fault=name)
            case Garbage(body):
                return replace(reply, status=200, body=body, fault=name)
            case _:
                return replace(reply, headers=self._headers(arrival, verdict), fault=name)

    def _execute(self, request: web.BaseRequest, arrival: _Arrival) -> Reply:
        try:
            if arrival.route is None:
                raise no_route()
            if arrival.route.needs_token:
                self._authenticate(request)
            if arrival.broken is not None:
                raise arrival.broken
            done = arrival.route.handler(self._platform, arrival.call)
        except RefusalError as refusal:
            return Reply(refusal.status, encode(refusal.body()), code=refusal.code)
        body = b"" if done.status == 204 else encode(done.body)
        return Reply(done.status, body, executed=not done.deduplicated, done=done)

    def _authenticate(self, request: web.BaseRequest) -> None:
        if request.headers.get("Authorization") != f"Bot {self._token}" or self._platform.gateway.token_was_reset:
            raise unauthorized()
        if not request.headers.get("User-Agent", "").startswith("DiscordBot ("):
            raise RefusalError(403, 40333, "internal network error")

    def _limited(self, arrival: _Arrival, verdict: Verdict) -> Reply:
        wait = verdict.wait_s or 0.0
        if verdict.is_banned:
            headers = {"Retry-After": str(math.ceil(wait))}
            return Reply(429, headers=headers, html=True, retry_after=wait, fault="ban")
        self.rates.block("global" if verdict.is_global else _bucket_of(arrival), wait)
        return too_many(wait, "global" if verdict.is_global else "user", self._headers(arrival, verdict))

    def _headers(self, arrival: _Arrival, verdict: Verdict) -> Mapping[str, str]:
        if not verdict.limit or arrival.route is None:
            return {}
        name = f"{arrival.method} {arrival.route.template}"
        return {
            "X-RateLimit-Limit": str(verdict.limit),
            "X-RateLimit-Remaining": str(verdict.remaining),
            "X-RateLimit-Reset": f"{self._clock.wall() + verdict.reset_after_s:.3f}",
            "X-RateLimit-Reset-After": f"{verdict.reset_after_s:.3f}",
            "X-RateLimit-Bucket": name.encode().hex()[-32:],
        }

    def _note(self, arrival: _Arrival, verdict: Verdict, reply: Reply) -> None:
        done = reply.done or Done()
        entry = RestCall(
            number=arrival.number,
            at=arrival.at,
            answered_at=self._clock.now(),
            method=arrival.method,
            route="" if arrival.route is None else arrival.route.template,
            path=arrival.path,
            query=arrival.query,
            body=arrival.call.body,
            uploads=arrival.call.uploads,
            status=reply.status,
            code=reply.code,
            executed=reply.executed,
            message_id=done.message_id,
            deduplicated=done.deduplicated,
            pings=done.pings,
            fault=reply.fault,
            retry_after=reply.retry_after,
            too_early=verdict.too_early,
        )
        if entry.invalid:
            self.rates.count_invalid()
        self._log.append(entry)


def _bucket_of(arrival: _Arrival) -> str:
    """Routes share a bucket per method, template and channel, server or webhook token."""
    if arrival.route is None:
        return arrival.path
    params = arrival.call.params
    major = params.get("channel") or params.get("guild") or params.get("token") or ""
    return f"{arrival.method} {arrival.route.template}:{major}"


def _reset(request: web.BaseRequest) -> None:
    transport = request.transport
    if transport is None:
        return
    raw: socket.socket | None = transport.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    transport.abort()
