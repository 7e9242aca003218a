"""Pointing clients at the fake: the library's addresses are class-wide, so they are put back afterwards."""

import contextlib
import warnings
from collections.abc import Iterator

import aiohttp
import yarl

from tests.fakes.discord.server import FakeDiscord
from tests.fakes.discord.wire import Json, JsonObject, as_object, decode

with warnings.catch_warnings():  # the library still imports audioop, which Python is about to drop
    warnings.simplefilter("ignore", DeprecationWarning)
    from discord.gateway import DiscordWebSocket
    from discord.http import Route


@contextlib.contextmanager
def library_at(api_base: str, gateway_url: str) -> Iterator[None]:
    """Within the block every client of the library talks to these addresses."""
    base, gateway = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = api_base, yarl.URL(gateway_url)
    try:
        yield
    finally:
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = base, gateway


async def exchange(fake: FakeDiscord, method: str, path: str, body: Json = None) -> tuple[int, JsonObject]:
    """One request without the library: status and JSON object."""
    headers = {"Authorization": f"Bot {fake.token}", "User-Agent": "DiscordBot (https://example.org, 1)"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.request(method, f"{fake.api_base}{path}", json=body) as answer,
    ):
        return answer.status, as_object(decode(await answer.read() or b"{}"))
