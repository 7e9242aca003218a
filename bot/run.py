"""`flowbell run`: platforms over one app, from the first connection to the last byte on disk."""

import asyncio
import gc
import signal
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from bot.app import App, opened
from bot.oversight import Oversight
from bot.readiness import Readiness
from bot.settings import Settings
from bot.tasks import supervise
from handlers.model import Reply
from services.clock import Clock
from services.domain.language import say
from services.domain.pacing import UNLIMITED, Pace
from services.domain.people import Platform
from services.failpoints import failpoint
from services.sender import Sender

log = structlog.get_logger()

_YOUNG = 10_000  # objects that are made between two collections
_INTAKE_SECONDS = 2.0
_DRAIN_SECONDS = 5.0
_CLOSE_SECONDS = 1.0
# Together below the 10 seconds that container hosts give a process between SIGTERM and SIGKILL.


class PlatformRefused(Exception):
    """A platform does not let the bot in until its operator acts; the text says what to do."""


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
    refusals: tuple[type[Exception], ...]  # what no further attempt can cure; the text says what does


@dataclass(slots=True)
class Runner:
    """One process from start to stop."""

    app: App
    links: tuple[Link, ...]
    oversight: Oversight
    fatal: Exception | None = None
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _turned_away: set[Platform] = field(default_factory=set)

    async def run(self) -> None:
        """Run until a signal or a fatal error; raise the latter."""
        loop = asyncio.get_running_loop()
        for each in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(each, self._stop.set)
        await self.app.outbox.load()
        failpoint("start.abandoned")
        await self.oversight.begin()
        async with asyncio.TaskGroup() as group:
            tasks = self.app.keep_going(group)
            tasks += [group.create_task(self._serve(link), name=link.platform) for link in self.links]
            tasks += self.oversight.keep_going(group)
            log.info("run.started", platforms=[link.platform for link in self.links])
            _leave_out_of_collection()
            await self._stop.wait()
            await self._wind_down(tasks)
        if self.fatal is not None:
            raise self.fatal

    async def _serve(self, link: Link) -> None:
        is_in = False
        try:
            bot_id = await link.adapter.open()
            failpoint("start.opened")
            await self.oversight.open(link.platform, bot_id, link.adapter.sender, link.pace)
            failpoint("start.taken_up")
            is_in = True
            await self._listen(link)
        except link.refusals as refusal:
            self._turn_away(link.platform, refusal, is_in=is_in)
        except Exception as failure:
            log.exception("run.platform_failed", platform=link.platform)
            self.fatal = failure
            self._stop.set()

    def _turn_away(self, platform: Platform, refusal: Exception, *, is_in: bool) -> None:
        """Do without a platform that let the bot in before; end where it never did, or where no other is left."""
        log.warning("run.platform_refused", platform=platform, reason=str(refusal))
        self.app.services.health.words[platform] = say("refused, see the log")
        self._turned_away.add(platform)
        if not is_in or self._turned_away == {link.platform for link in self.links}:
            self.fatal = PlatformRefused(str(refusal))
            self._stop.set()

    async def _listen(self, link: Link) -> None:
        async def listen() -> None:
            await link.adapter.run()
            if self._stop.is_set():
                await asyncio.Event().wait()  # it has returned because it was told to: no reason to start it again

        app = self.app
        await supervise(link.platform, listen, app.clock, app.counters, app.services.health, fatal=link.refusals)

    async def _wind_down(self, tasks: list[asyncio.Task[None]]) -> None:
        self.oversight.readiness.is_stopping = True  # first of all: who asks now is sent elsewhere
        log.info("run.stopping")
        failpoint("stop.begun")
        await self._each(_INTAKE_SECONDS, lambda adapter: adapter.stop_intake(), "intake")
        failpoint("stop.intake_over")
        await self.app.outbox.drain(_DRAIN_SECONDS)
        failpoint("stop.drained")
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=_CLOSE_SECONDS)  # one that is still connecting would open anew what is closed
        failpoint("stop.tasks_over")
        await self._each(_CLOSE_SECONDS, lambda adapter: adapter.close(), "connections")
        failpoint("stop.connections_over")

    async def _each(self, seconds: float, action: Callable[[Adapter], Awaitable[None]], name: str) -> None:
        """Do this on every platform at once; what fails or takes too long is left to the end of the process."""
        actions = [_within(seconds, action(link.adapter), f"{link.platform} {name}") for link in self.links]
        await asyncio.gather(*actions)


def _leave_out_of_collection() -> None:
    """Take what is loaded by now out of the collector's sight: looking through it took 50 ms, with the loop at rest."""
    gc.freeze()
    gc.set_threshold(_YOUNG, 20, 20)


async def _within(seconds: float, action: Awaitable[None], name: str) -> None:
    try:
        async with asyncio.timeout(seconds):
            await action
    except TimeoutError:
        log.warning("run.not_stopped_in_time", what=name)
    except Exception:
        log.exception("run.not_stopped", what=name)


async def run(settings: Settings, clock: Clock) -> None:
    """Run the platforms that have a token until told to stop."""
    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(opened(settings, clock))
        linked = links(settings, app)
        readiness = Readiness(app, tuple(link.platform for link in linked))
        await Runner(app, linked, Oversight(app, readiness)).run()


def links(settings: Settings, app: App) -> tuple[Link, ...]:
    """Return the platforms that the settings switch on."""
    found: list[Link] = []
    if settings.telegram.token is not None:
        from bot.platforms.telegram import PACE as TELEGRAM_PACE
        from bot.platforms.telegram import Telegram, WrongToken

        token, base = settings.telegram.token.get_secret_value(), settings.telegram.api_base
        telegram = Telegram(app.conversation, app.charts, app.clock, app.counters, token, base)
        pace = TELEGRAM_PACE if settings.telegram.pace == "on" else UNLIMITED
        found.append(Link("telegram", telegram, pace, (WrongToken,)))
    if settings.discord.token is not None:
        from bot.platforms.discord import PACE as DISCORD_PACE
        from bot.platforms.discord import DiscordBot, GatewayRefused, TokenRefused

        token, base = settings.discord.token.get_secret_value(), settings.discord.api_base
        discord = DiscordBot(
            app.conversation, app.charts, app.clock, app.counters, token, base, settings.discord.gateway_url
        )
        pace = DISCORD_PACE if settings.discord.pace == "on" else UNLIMITED
        found.append(Link("discord", discord, pace, (TokenRefused, GatewayRefused)))
    return tuple(found)


def how_to_switch_on() -> str:
    """Return what to do when no platform has a token."""
    return say(
        "No platform has a token, so there is nobody to talk to.\n"
        "  Telegram: write to @BotFather, send /newbot, and set FLOWBELL_TELEGRAM__TOKEN.\n"
        "  Discord: make an application in the developer portal, open Bot, and set FLOWBELL_DISCORD__TOKEN.\n"
        "Put them into the environment or a file .env, or try `flowbell console` here and now."
    )
