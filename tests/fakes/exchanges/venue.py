"""What all fake exchanges have in common: a server on loopback, sockets, faults on demand, and a log of requests."""

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal, Self

from aiohttp import WSMsgType, web

from tests.fakes.exchanges.market import Market


@dataclass(frozen=True, slots=True)
class Answer:
    """A REST answer, or the refusal of a handshake, given instead of the true one."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})


Fault = Literal["hang", "reset", "half", "slow"]
HTML = Answer(b"<!DOCTYPE html><html><title>Just a moment...</title></html>", headers={"Content-Type": "text/html"})


@dataclass(frozen=True, slots=True)
class Asked:
    path: str
    params: dict[str, str]
    headers: dict[str, str]


@dataclass(eq=False, slots=True)
class Socket:
    ws: web.WebSocketResponse
    request: web.Request
    subscribed: set[str] = field(default_factory=set)
    heard: list[str] = field(default_factory=list)


class Venue(ABC):
    """One exchange; `silent` keeps sockets open but mute, `lag` ages its times, `missing` tickers are unlisted."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.silent = False
        self.lag = timedelta()
        self.missing: set[str] = set()
        self.asked: list[Asked] = []
        self.sockets: list[Socket] = []
        self.connections = 0
        self.answers: deque[Answer | Fault] = deque()
        self.handshakes: deque[Answer] = deque()
        self._changed = asyncio.Event()
        self._closing = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self._port = 0

    @property
    def api_base(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def ws_base(self) -> str:
        return f"ws://127.0.0.1:{self._port}"

    @property
    def tickers(self) -> tuple[str, ...]:
        return tuple(each for each in self.market.traded if each not in self.missing)

    @abstractmethod
    async def rest(self, path: str, params: dict[str, str], headers: Mapping[str, str]) -> Answer:
        """Answer a GET as the exchange would."""

    @abstractmethod
    async def greet(self, socket: Socket) -> None:
        """Say what the exchange says first."""

    @abstractmethod
    async def heard(self, socket: Socket, text: str) -> None:
        """React to what a client says."""

    @abstractmethod
    def frames(self, ticker: str, price: Decimal, at: datetime) -> dict[str, str]:
        """Return subscription → frame for a new price of `ticker`."""

    @abstractmethod
    def life_sign(self) -> str | None:
        """Return the frame that is sent when there is nothing to tell."""

    async def tick(self, ticker: str, price: Decimal | None = None, at: datetime | None = None) -> None:
        """Tell the sockets that asked for it a price: the market's, or an own one, true now or at `at`."""
        value = self.market.prices[ticker] if price is None else price
        frames = self.frames(ticker, value, at or self.now())
        for socket in list(self.sockets):
            for name in socket.subscribed & frames.keys():
                await self._send(socket, frames[name])

    async def beat(self) -> None:
        """Give a sign of life."""
        sign = self.life_sign()
        if sign is not None:
            await self.say(sign)

    async def say(self, frame: str | bytes) -> None:
        """Send any text, or bytes as a binary frame, to every socket."""
        for socket in list(self.sockets):
            await self._send(socket, frame)

    async def _send(self, socket: Socket, frame: str | bytes) -> None:
        if self.silent or socket.ws.closed:
            return
        try:
            await (socket.ws.send_str(frame) if isinstance(frame, str) else socket.ws.send_bytes(frame))
        except ConnectionError:
            self._forget(socket)

    def drop(self) -> None:
        """Cut every socket without a word."""
        for socket in list(self.sockets):
            if socket.request.transport is not None:
                socket.request.transport.abort()

    def now(self) -> datetime:
        return self.market.now() - self.lag

    async def until(self, met: Callable[[], bool]) -> None:
        """Wait until something that this server sees has come true; fail after 5 s."""
        async with asyncio.timeout(5):
            while not met():
                self._changed.clear()
                await self._changed.wait()

    async def until_subscribed(self, name: str, sockets: int = 1) -> None:
        """Wait until that many open sockets are subscribed to `name`."""
        await self.until(lambda: sum(name in socket.subscribed for socket in self.sockets) >= sockets)

    async def until_connections(self, count: int) -> None:
        """Wait until clients have connected that many times since the start."""
        await self.until(lambda: self.connections >= count)

    def changed(self) -> None:
        self._changed.set()

    async def __aenter__(self) -> Self:
        self._closing.clear()
        app = web.Application()
        app.router.add_get("/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._closing.set()
        self.drop()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._socket(request)
        self.asked.append(Asked(request.path, dict(request.query), {k.lower(): v for k, v in request.headers.items()}))
        self.changed()
        answer: Answer | Fault
        if self.answers:
            answer = self.answers.popleft()
        else:
            answer = await self.rest(request.path, dict(request.query), request.headers)
        return await (_response(answer) if isinstance(answer, Answer) else self._broken(request, answer))

    async def _broken(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "1000"})
        if fault == "hang":
            await self._closing.wait()
        await response.prepare(request)
        if fault == "half":
            await response.write(b'{"price": "91')
        while fault == "slow" and not self._closing.is_set() and request.transport is not None:
            await response.write(b" ")
            await asyncio.sleep(0.01)
        if request.transport is not None:
            request.transport.abort()
        return response

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        self.connections += 1
        self.changed()
        if self.handshakes:
            return await _response(self.handshakes.popleft())
        ws = web.WebSocketResponse(autoping=True)
        await ws.prepare(request)
        socket = Socket(ws, request)
        self.sockets.append(socket)
        try:
            await self.greet(socket)
            async for message in ws:
                if message.type is WSMsgType.TEXT:
                    socket.heard.append(message.data)
                    await self.heard(socket, message.data)
                    self.changed()
        except ConnectionError:
            pass
        finally:
            self._forget(socket)
        return ws

    def _forget(self, socket: Socket) -> None:
        if socket in self.sockets:
            self.sockets.remove(socket)
        self.changed()


async def _response(answer: Answer) -> web.Response:
    return web.Response(body=answer.body, status=answer.status, headers=dict(answer.headers))
