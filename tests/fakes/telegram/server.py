"""The HTTP server of the fake Bot API."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

import msgspec
from aiohttp import web

from . import control, wire
from .faults import Fault
from .judge import Judge
from .methods import METHODS, Method
from .model import Call, FaultKind, Refusal, User
from .pacing import EVERYWHERE, Limits, Pacing, Stop
from .requests import GetUpdates
from .world import Execution, World

TOKEN = "7000000001:fake-token-for-tests-only-AAAAAAAAA"
HOST = "127.0.0.1"
WEBHOOK_ACTIVE = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)
ENCODE = msgspec.json.Encoder().encode
JSON_HEADERS = {"Content-Type": "application/json"}


class FakeTelegram(Judge):
    """A Bot API for one bot on loopback; strict, scriptable, and the judge of what was sent."""

    def __init__(
        self,
        token: str = TOKEN,
        *,
        limits: Limits | None = None,
        username: str = "FlowbellBot",
        port: int = 0,
        query_lifetime_s: float = 15.0,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        bot = User(int(token.split(":", maxsplit=1)[0]), "Flowbell", username, None, is_bot=True)
        super().__init__(World(token, bot, query_lifetime_s, now))
        self.token = token
        self.port = port
        self.pacing = Pacing(limits)
        self._now = now
        self._closing = asyncio.Event()
        self._runner: web.ServerRunner | None = None

    async def __aenter__(self) -> Self:
        await self._listen()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.world.hook.stop()
        await self._fall_silent()

    @property
    def base_url(self) -> str:
        """The address of the server; the bot calls `{base_url}/bot{token}/{method}`."""
        return f"http://{HOST}:{self.port}"

    @asynccontextmanager
    async def offline(self) -> AsyncIterator[None]:
        """Refuse connections for a while; the state is kept and the port stays the same."""
        await self._fall_silent()
        try:
            yield
        finally:
            await self._listen()

    async def _listen(self) -> None:
        self._closing.clear()
        server = web.Server(self._handle)
        self._runner = web.ServerRunner(server, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, self.port, backlog=1024, reuse_address=True)
        await site.start()
        self.port = site.port

    async def _fall_silent(self) -> None:
        self._closing.set()
        self.world.updates.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.path
        if not path.startswith("/bot"):
            return await control.handle(self, request)
        token, _, name = path.removeprefix("/bot").partition("/")
        try:
            raw, uploads = await wire.read_parameters(request)
        except Refusal as refusal:
            return _respond(refusal.status, _error_body(refusal))
        method = METHODS.get(name.lower())
        call = Call(len(self.log), self._now(), method.name if method is not None else name, raw, uploads)
        self.log.append(call)
        try:
            parameters = self._read(call, method, token, raw)
        except Refusal as refusal:
            self._calls.tell(call)
            return self._refuse(call, refusal)
        self._calls.tell(call)
        return await self._answer(request, call, parameters)

    def _read(self, call: Call, method: Method | None, token: str, raw: dict[str, object]) -> Method:
        if token != self.token:
            raise Refusal(401, "Unauthorized")
        if method is None:
            raise Refusal(404, "Not Found: method not found")
        call.request = method.read(raw)
        chat_id = raw.get("chat_id")
        call.chat_id = chat_id if isinstance(chat_id, int) else self._named_chat(chat_id)
        return method

    def _named_chat(self, name: object) -> int | None:
        if not isinstance(name, str):
            return None
        return next((chat.id for chat in self.world.chats.values() if name == f"@{chat.username}"), None)

    async def _answer(self, request: web.BaseRequest, call: Call, method: Method) -> web.StreamResponse:
        stop = self.pacing.admit(call.method, self.world.chats.get(call.chat_id or 0), call.at)
        if stop is not None:
            return self._stop(call, stop)
        fault = self.faults.take(call.method, call.chat_id)
        if fault is not None:
            return await self._spoil(request, call, method, fault)
        try:
            body = await self._execute(call, method)
        except Refusal as refusal:
            return self._refuse(call, refusal, gone=wire.is_gone(request))
        self._settle(call, None if wire.is_gone(request) else 200)
        return _respond(200, body)

    async def _execute(self, call: Call, method: Method) -> bytes:
        """Carry a call out and return the body of its answer."""
        if isinstance(call.request, GetUpdates):
            result = await self._poll(call.request)
            call.executed = True
            return b'{"ok":true,"result":' + result + b"}"
        run = Execution(self.world, call.number, call.at, dict(call.uploads))
        assert call.request is not None
        result_json = ENCODE(method.run(run, call.request))
        call.executed = True
        call.message_id = run.message.message_id if run.message is not None else None
        return b'{"ok":true,"result":' + result_json + b"}"

    async def _poll(self, request: GetUpdates) -> bytes:
        if self.world.hook.url:
            raise Refusal(409, WEBHOOK_ACTIVE)
        try:
            return await self.world.updates.poll(request)
        finally:
            await asyncio.sleep(0)  # lets the loop notice a client that has died meanwhile

    def _stop(self, call: Call, stop: Stop) -> web.Response:
        call.breach = stop.breach
        wait = stop.retry_after
        return self._refuse(call, Refusal(429, f"Too Many Requests: retry after {wait}", {"retry_after": wait}))

    def _refuse(self, call: Call, refusal: Refusal, *, gone: bool = False) -> web.Response:
        call.description = refusal.description
        headers = dict(JSON_HEADERS)
        wait = (refusal.parameters or {}).get("retry_after")
        if isinstance(wait, int):
            call.retry_after = wait
            headers["Retry-After"] = str(wait)
        self._settle(call, None if gone else refusal.status)
        return web.Response(status=refusal.status, body=_error_body(refusal), headers=headers)

    def _settle(self, call: Call, status: int | None) -> None:
        call.status = status
        call.settled_at = self._now()
        self._calls.tell(call)

    async def _spoil(self, request: web.BaseRequest, call: Call, method: Method, fault: Fault) -> web.StreamResponse:
        call.fault = fault.kind
        refusal = fault.refusal()
        if refusal is not None:
            if fault.kind is FaultKind.FLOOD and (fault.everywhere or call.chat_id is not None):
                scope = EVERYWHERE if fault.everywhere else call.chat_id or EVERYWHERE
                self.pacing.ban(scope, self._now() + fault.retry_after)
            return self._refuse(call, refusal)
        body = b'{"ok":true,"result":true}'
        if fault.executes:
            try:
                body = await self._execute(call, method)
            except Refusal as error:
                call.description = error.description
                body = _error_body(error)
        return await self._misbehave(request, call, fault, body)

    async def _misbehave(self, request: web.BaseRequest, call: Call, fault: Fault, body: bytes) -> web.StreamResponse:
        status: int | None = None
        answer = _respond(200, body)
        match fault.kind:
            case FaultKind.RESET_BEFORE | FaultKind.RESET_AFTER:
                wire.reset(request)
            case FaultKind.LOST_ANSWER:
                wire.hang_up(request)
            case FaultKind.TRUNCATED:
                wire.cut_off(request, body)
            case FaultKind.HANG:
                await self._closing.wait()
                wire.hang_up(request)
            case FaultKind.SLOW:
                await self._pause(fault.delay_s)
                status = None if wire.is_gone(request) else 200
            case FaultKind.GARBAGE:
                status, answer = 200, _respond(200, b"\x00<!-- not json -->{")
            case FaultKind.OK_FALSE:
                status, answer = 200, _respond(200, b'{"ok":false}')
            case _:
                status, answer = (
                    fault.status,
                    web.Response(status=fault.status, text=fault.html(), content_type="text/html"),
                )
        self._settle(call, status)
        return answer

    async def _pause(self, delay_s: float) -> None:
        try:
            async with asyncio.timeout(delay_s):
                await self._closing.wait()
        except TimeoutError:
            return


def _respond(status: int, body: bytes) -> web.Response:
    return web.Response(status=status, body=body, headers=JSON_HEADERS)


def _error_body(refusal: Refusal) -> bytes:
    shown: dict[str, object] = {"ok": False, "error_code": refusal.status, "description": refusal.description}
    if refusal.parameters is not None:
        shown["parameters"] = refusal.parameters
    return ENCODE(shown)
