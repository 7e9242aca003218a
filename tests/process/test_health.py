"""Health of the real process: red until it is open, green, and red again from the moment it is told to stop."""

import asyncio
import socket

import httpx
import pytest

from tests.fakes.telegram import Fault, FaultKind
from tests.process import harness
from tests.process.harness import ANN, PATIENCE, SECRETS, Fakes, Launcher

pytestmark = pytest.mark.process


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def until(http: httpx.AsyncClient, status: int) -> str:
    """Ask until the answer has this status; return its text."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                answer = await http.get("/health/ready")
            except httpx.TransportError:
                await asyncio.sleep(0.1)
                continue
            if answer.status_code == status:
                return answer.text
            await asyncio.sleep(0.05)


async def test_health_of_the_process(outside: Fakes, launcher: Launcher) -> None:
    port = free_port()
    bot = launcher(**harness.UNPACED, FLOWBELL_HEALTH__PORT=str(port))
    await bot.start()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:
        assert await until(http, 200) == '{"ready":true,"wrong":[]}'
        figures = (await http.get("/metrics")).text
        assert 'flowbell_upstream_request_duration_seconds_count{source="binance"}' in figures
        outside.telegram.faults.add(Fault(kind=FaultKind.HANG, method="sendMessage", times=None))
        outside.telegram.message(ANN, "/alert btc > 91k")
        await outside.telegram.wait_for_call(lambda call: call.method == "sendMessage", PATIENCE)
        stopping = asyncio.create_task(bot.stop())
        told = await until(http, 503)
        assert "The process is stopping." in told
        assert await stopping == 0
    pages = figures + told
    assert not any(secret in pages for secret in SECRETS)
    assert "Traceback" not in bot.output.text
