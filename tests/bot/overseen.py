"""A world whose operator looks: its watchdog is out, and its health is told over HTTP on 127.0.0.1."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import httpx

from bot.exporter import listening, serve
from bot.oversight import Oversight
from bot.readiness import Readiness
from bot.settings.forms import OperatorChat
from bot.settings.model import HealthSettings
from services.domain.pacing import UNLIMITED
from tests.stage import BASES, BOT, START
from tests.world import World, scripted

_QUIET = 30  # turns of the loop in which nothing moved


@dataclass
class Overseen:
    """A world, what its operator has, and where to ask."""

    world: World
    oversight: Oversight
    http: httpx.AsyncClient

    @property
    def readiness(self) -> Readiness:
        return self.oversight.readiness

    async def walk(self, first: float, last: float, step: float = 10) -> None:
        """Let the exchange speak every `step` seconds."""
        second = first
        while second <= last:
            await self.say_at(second, btc=99)
            second += step

    async def say_at(self, second: float, **prices: float) -> None:
        """Have the exchange tell these prices, where it has any; what waits to be sent again may go on waiting."""
        self.world.clock.set(START + timedelta(seconds=second))
        (exchange,) = self.world.exchanges
        if exchange.prices:
            exchange.prices.update({BASES[name]: Decimal(str(price)) for name, price in prices.items()})
            exchange.say()
        quiet = 0
        async with asyncio.timeout(10):
            while quiet < _QUIET:
                await self.world.clock.let_others_run()
                quiet = quiet + 1 if self._is_quiet() else 0

    def _is_quiet(self) -> bool:
        app = self.world.app
        return self.world.clock.is_still and not app.services.alerts.is_firing and not app.outbox.in_flight()

    async def wrong(self) -> list[str]:
        """Ask whether the process is ready; return what is wrong."""
        answer = await self.http.get("/health/ready")
        told = answer.json()
        assert answer.status_code == (200 if told["ready"] else 503)
        assert told["ready"] == (told["wrong"] == [])
        return list(told["wrong"])

    async def metrics(self) -> str:
        answer = await self.http.get("/metrics")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/plain; version=")
        return answer.text


@asynccontextmanager
async def overseen(
    folder: Path | None = None, *, at: float = 0, chat: OperatorChat | None = None, connected: bool = True
) -> AsyncIterator[Overseen]:
    """Run a world as `flowbell run` does, with health on any free port."""
    async with scripted(folder, at=at, sends=False, btc=99) as world:
        health = HealthSettings(port=9464, operator_chat=chat)
        world.app.settings = world.app.settings.model_copy(update={"health": health})
        oversight = Oversight(world.app, Readiness(world.app, ("telegram",)))
        await oversight.begin()
        if connected:
            await oversight.open("telegram", BOT, world.sender, UNLIMITED)
            world.app.services.health.words["telegram"] = "running"
        await world.rest()
        listener = listening("127.0.0.1", 0)
        base = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = asyncio.create_task(serve(oversight.readiness, listener))
        async with httpx.AsyncClient(base_url=base, trust_env=False, timeout=10) as http:
            yield Overseen(world, oversight, http)
        server.cancel()
        await asyncio.wait([server])
