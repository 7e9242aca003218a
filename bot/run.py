"""`flowbell run`: platforms over one app, from the first connection to the last byte on disk."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from bot.app import App, opened
from bot.settings import Settings
from bot.tasks import supervise
from handlers.model import Reply
from services.clock import Clock
from services.domain.language import say
from services.domain.pacing import UNLIMITED, Pace
from services.domain.people import Platform
from services.outbox import Sender

log = structlog.get_logger()

_DRAIN_SECONDS = 6.0
_INTAKE_SECONDS = 2.0


class Adapter(Protocol):
    """What `run` needs of a platform."""

    @property
    def sender(self) -> Sender[Reply[object]]:
        """Return its side of a delivery."""
        ...

    async def open(self) -> int:
        """Connect and return the bot's own number."""
        ...

    async def run(self) -> None:
        """Take updates in, for ever."""
        ...

    async def stop_intake(self) -> None:
        """Take nothing more in and finish what is being worked on."""
        ...

    async def close(self) -> None:
        """Let every connection go."""
        ...


@dataclass(frozen=True, slots=True)
class Link:
    """One platform of this process: its adapter and how fast it may talk."""

    platform: Platform
    adapter: Adapter
    pace: Pace


@dataclass(slots=True)
class Runner:
    """One process from start to stop."""

    app: App
    links: tuple[Link, ...]
    fatal: Exception | None = None
    _stop: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Run until a signal or a fatal error; raise the latter."""
        loop = asyncio.get_running_loop()
        for each in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(each, self._stop.set)
        await self.app.outbox.load()
        async with asyncio.TaskGroup() as group:
            tasks = self.app.keep_going(group)
            tasks += [group.create_task(self._serve(link), name=link.platform) for link in self.links]
            log.info("run.started", platforms=[link.platform for link in self.links])
            await self._stop.wait()
            await self._wind_down()
            for task in tasks:
                task.cancel()
        if self.fatal is not None:
            raise self.fatal

    async def _serve(self, link: Link) -> None:
        health = self.app.services.health
        try:
            bot_id = await link.adapter.open()
            self.app.outbox.register(link.platform, bot_id, link.adapter.sender, link.pace)
            await self.app.outbox.take_up(link.platform, bot_id)
            await supervise(link.platform, link.adapter.run, self.app.clock, self.app.counters, health)
        except Exception as failure:
            log.exception("run.platform_failed", platform=link.platform)
            self.fatal = failure
            self._stop.set()

    async def _wind_down(self) -> None:
        log.info("run.stopping")
        for link in self.links:
            await _within(_INTAKE_SECONDS, link.adapter.stop_intake, f"{link.platform} intake")
        await self.app.outbox.drain(_DRAIN_SECONDS)
        for link in self.links:
            await _within(_INTAKE_SECONDS, link.adapter.close, f"{link.platform} connections")


async def _within(seconds: float, action: Callable[[], Awaitable[None]], name: str) -> None:
    try:
        async with asyncio.timeout(seconds):
            await action()
    except TimeoutError:
        log.warning("run.not_stopped_in_time", what=name)


async def run(settings: Settings, clock: Clock) -> None:
    """Run the platforms that have a token until told to stop."""
    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(opened(settings, clock))
        await Runner(app, links(settings, app)).run()


def links(settings: Settings, app: App) -> tuple[Link, ...]:
    """Return the platforms that the settings switch on."""
    found: list[Link] = []
    if settings.telegram.token is not None:
        from bot.platforms.telegram import PACE as TELEGRAM_PACE
        from bot.platforms.telegram import Telegram

        token, base = settings.telegram.token.get_secret_value(), settings.telegram.api_base
        telegram = Telegram(app.conversation, app.charts, app.clock, app.counters, token, base)
        found.append(Link("telegram", telegram, TELEGRAM_PACE if settings.telegram.pace == "on" else UNLIMITED))
    if settings.discord.token is not None:
        from bot.platforms.discord import PACE as DISCORD_PACE
        from bot.platforms.discord import DiscordBot

        token, base = settings.discord.token.get_secret_value(), settings.discord.api_base
        discord = DiscordBot(
            app.conversation, app.charts, app.clock, app.counters, token, base, settings.discord.gateway_url
        )
        found.append(Link("discord", discord, DISCORD_PACE if settings.discord.pace == "on" else UNLIMITED))
    return tuple(found)


def how_to_switch_on() -> str:
    """Return what to do when no platform has a token."""
    return say(
        "No platform has a token, so there is nobody to talk to.\n"
        "  Telegram: write to @BotFather, send /newbot, and set FLOWBELL_TELEGRAM__TOKEN.\n"
        "  Discord: make an application in the developer portal, open Bot, and set FLOWBELL_DISCORD__TOKEN.\n"
        "Put them into the environment or a file .env, or try `flowbell console` here and now."
    )
