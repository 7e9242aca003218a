"""Requests to upstreams by the source behind their address: times of all, and a count of those that fail."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from bot.measuring import measured_client
from bot.settings import Settings
from bot.settings.model import BinanceSettings, CoinGeckoSettings
from services.clock import FixedClock
from services.counters import Counters
from tests.stage import START


@asynccontextmanager
async def upstream(status: int) -> AsyncIterator[str]:
    """A server that answers everything with this status, or closes the connection for 0."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if status:
            writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}".encode())
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize(
    ("status", "failure"),
    [(200, None), (404, "refused"), (429, "limited"), (418, "limited"), (503, "broken"), (0, "silent")],
)
async def test_what_becomes_of_a_request(status: int, failure: str | None) -> None:
    counters = Counters()
    async with upstream(status) as base, upstream(200) as other:
        settings = Settings(binance=BinanceSettings(api_base=base), coingecko=CoinGeckoSettings(api_base=other))
        async with measured_client(settings, FixedClock(START), counters) as client:
            try:
                assert (await client.get(f"{base}/api/v3/ping")).status_code == status
            except httpx.TransportError:
                assert status == 0
            assert (await client.get(f"{other}/ping")).status_code == 200
    expected = {} if failure is None else {f"binance {failure}": 1}
    assert counters.by_label("upstream_failures") == expected
    assert {name: sum(kept.counts) for name, kept in counters.times("upstream_request").items()} == {
        "binance": 1, "coingecko": 1,
    }  # fmt: skip
