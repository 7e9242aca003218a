"""The Bot API over aiohttp: one pool, an own deadline, bounded answers; the token lives here and nowhere else."""

import asyncio
from datetime import timedelta
from typing import Final

import aiohttp
import msgspec
from telegram._utils.types import JSONDict, ODVInput
from telegram.error import TelegramError
from telegram.request import BaseRequest, RequestData
from yarl import URL

from bot.platforms.telegram.errors import Flooded, NotSent, Unanswered

_CONNECT_SECONDS: Final = 5.0
_KEEP_ALIVE_SECONDS: Final = 20.0  # shorter than the server's, or a reused connection may die under a request
_JSON: Final = {"Content-Type": "application/json"}


class _Parameters(msgspec.Struct):
    retry_after: float | None = None


class _Flood(msgspec.Struct):
    parameters: _Parameters | None = None


class Transport(BaseRequest):
    """Carries the library's calls. `address` is `{api_base}/bot{token}`; the library sees only `/{method}`."""

    def __init__(
        self, address: str, *, deadline_seconds: float, most_bytes: int, connections: int, raw_results: bool = False
    ) -> None:
        """`raw_results` leaves the items of a result undecoded, as `msgspec.Raw`."""
        self._address = address
        self._deadline_seconds = deadline_seconds
        self._most_bytes = most_bytes
        self._connections = connections
        self._raw_results = raw_results
        self._session: aiohttp.ClientSession | None = None
        self._urls: dict[str, URL] = {}

    @property
    def read_timeout(self) -> float | None:
        """Return the seconds within which a call ends, whatever happens."""
        return self._deadline_seconds

    async def initialize(self) -> None:
        """Open the pool; the running loop is its home."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=_KEEP_ALIVE_SECONDS),
            timeout=aiohttp.ClientTimeout(total=None, connect=_CONNECT_SECONDS, sock_connect=_CONNECT_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": "Flowbell"},
        )

    async def shutdown(self) -> None:
        """Close the pool and every connection in it."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        write_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        connect_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        pool_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Carry one call; raise `NotSent`, `Unanswered` or `Flooded`. The deadline is the transport's own."""
        del read_timeout, write_timeout, connect_timeout, pool_timeout
        failure: TelegramError
        try:
            async with asyncio.timeout(self._deadline_seconds):
                status, payload, header = await self._exchange(method, url, request_data)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            failure = NotSent(type(error).__name__)
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            failure = Unanswered(type(error).__name__)
        else:
            if status == 429:
                raise Flooded(_wait(payload, header))
            return status, payload
        # Raised out here, because aiohttp's own errors quote the address, and with it the token.
        raise failure

    async def _exchange(self, method: str, url: str, data: RequestData | None) -> tuple[int, bytes, str | None]:
        if self._session is None:
            raise NotSent("closed")
        headers, body = _body(data)
        async with self._session.request(
            method, self._url(url), data=body, headers=headers, allow_redirects=False
        ) as answer:
            return answer.status, await self._bounded(answer), answer.headers.get("Retry-After")

    async def _bounded(self, answer: aiohttp.ClientResponse) -> bytes:
        chunks: list[bytes] = []
        size = 0
        async for chunk in answer.content.iter_any():
            size += len(chunk)
            if size > self._most_bytes:
                raise aiohttp.ClientPayloadError("too long")
            chunks.append(chunk)
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def _url(self, path: str) -> URL:
        known = self._urls.get(path)
        if known is None:
            known = self._urls[path] = URL(self._address + path)
        return known

    def parse_json_payload(self, payload: bytes) -> JSONDict:  # type: ignore[override]  # it may depend on what we ask
        """Return the answer's object; raise TelegramError, and log nothing, for what is not one."""
        try:
            if self._raw_results:
                return _raw(payload)
            return _short(_OBJECT.decode(payload))
        except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
            raise TelegramError("the answer is not JSON") from error


class _Answer(msgspec.Struct):
    ok: bool
    description: str | None = None
    result: list[msgspec.Raw] | None = None


_KEPT: Final = ("message_id", "date", "chat")
_OBJECT: Final = msgspec.json.Decoder(JSONDict)
_ANSWER: Final = msgspec.json.Decoder(_Answer)
_FLOOD: Final = msgspec.json.Decoder(_Flood)


def _short(answer: JSONDict) -> JSONDict:
    """Return the answer without what a message holds: we wrote it, and reading it back costs more than sending it."""
    result = answer.get("result")
    if isinstance(result, dict) and "message_id" in result:
        answer["result"] = {name: result[name] for name in _KEPT if name in result}
    return answer


def _raw(payload: bytes) -> JSONDict:
    answer = _ANSWER.decode(payload)
    read: JSONDict = {"description": answer.description}
    return read if answer.result is None else {**read, "result": answer.result}


def _body(data: RequestData | None) -> tuple[dict[str, str] | None, bytes | aiohttp.FormData | None]:
    if data is None:
        return None, None
    if not data.contains_files:
        return _JSON, msgspec.json.encode(data.parameters)
    form = aiohttp.FormData(quote_fields=False)
    for name, value in data.json_parameters.items():
        form.add_field(name, value)
    for name, (file_name, content, content_type) in data.multipart_data.items():
        form.add_field(name, content, filename=file_name, content_type=content_type)
    return None, form


def _wait(payload: bytes, header: str | None) -> timedelta:
    """Return how long a 429 forbids; Telegram says it twice, a proxy perhaps only in the header."""
    try:
        parameters = _FLOOD.decode(payload).parameters
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        parameters = None
    if parameters is not None and parameters.retry_after is not None:
        return timedelta(seconds=parameters.retry_after)
    return timedelta(seconds=int(header) if header is not None and header.isdecimal() else 1)
