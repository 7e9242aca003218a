"""Discord's REST interface: one request, one answer. No retries in here: whoever asks knows what a second try means."""

from typing import Final

import aiohttp
from msgspec import Struct, json

from bot.platforms.discord.errors import NoAnswer, NotSent
from bot.platforms.discord.wire import Answer

_TIMEOUT: Final = aiohttp.ClientTimeout(total=15, connect=10)
_USER_AGENT: Final = "DiscordBot (flowbell, 0.1.0)"


class Rest:
    """Requests to one address with one token."""

    def __init__(self, token: str, base: str) -> None:
        self._base = base.rstrip("/")
        self._authorization = {"Authorization": f"Bot {token}"}
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """End the connections; a later call opens new ones."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def call(
        self, method: str, path: str, body: Struct | None = None, *, png: bytes | None = None, token: bool = True
    ) -> Answer:
        """Return the answer, whatever it says; raise `NotSent` or `NoAnswer` when there is none.

        `token` is left out where the path itself carries one: interactions and their messages.
        """
        headers = dict(self._authorization) if token else {}
        data: bytes | aiohttp.FormData | None = None
        if body is not None and png is not None:
            data = _form(body, png)
        elif body is not None:
            data = json.encode(body)
            headers["Content-Type"] = "application/json"
        try:
            async with self._opened().request(method, f"{self._base}{path}", data=data, headers=headers) as response:
                return _answer(response, await response.read())
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as failure:
            raise NotSent(type(failure).__name__) from failure
        except (aiohttp.ClientError, TimeoutError, OSError) as failure:
            raise NoAnswer(type(failure).__name__) from failure

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": _USER_AGENT},
                timeout=_TIMEOUT,
            )
        return self._session


def _form(body: Struct, png: bytes) -> aiohttp.FormData:
    form = aiohttp.FormData(quote_fields=False)  # the brackets of a field's name must stay as they are
    form.add_field("payload_json", json.encode(body).decode(), content_type="application/json")
    form.add_field("files[0]", png, filename="chart.png", content_type="image/png")
    return form


def _answer(response: aiohttp.ClientResponse, body: bytes) -> Answer:
    headers = response.headers
    spent = _seconds(headers.get("X-RateLimit-Reset-After")) if headers.get("X-RateLimit-Remaining") == "0" else None
    return Answer(response.status, body, headers.get("Retry-After"), headers.get("Via"), spent)


def _seconds(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None
