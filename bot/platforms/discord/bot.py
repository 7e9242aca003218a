"""The bot on Discord: open, run, stop, close."""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

import aiohttp
import discord
import structlog

from bot.platforms.discord.budget import LoginBudget
from bot.platforms.discord.conversing import Conversing, Pictures
from bot.platforms.discord.desk import Desk
from bot.platforms.discord.errors import NoAnswer, NotSent, TokenRefused
from bot.platforms.discord.gateway import Gateway, Hooks, point_library
from bot.platforms.discord.rest import Rest
from bot.platforms.discord.sender import DiscordSender
from bot.platforms.discord.showing import Stage
from bot.platforms.discord.sync import register
from bot.platforms.discord.tree import Tree
from services.clock import Clock
from services.counters import Counters

log = structlog.get_logger()
API_BASE: Final = "https://discord.com/api/v10"
GATEWAY_URL: Final = "wss://gateway.discord.gg/"
_LONGEST_WAIT_SECONDS: Final = 60.0
_REST_SECONDS: Final = 1.5
State = Literal["closed", "opening", "connecting", "connected"]


@dataclass(frozen=True, slots=True)
class Health:
    """How the connection is. `reason` says what is in the way; empty when nothing is."""

    state: State
    since: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Opened:
    """What exists once Discord has taken the token."""

    bot_id: int
    application: int
    gateway: Gateway
    tree: Tree
    desk: Desk
    sender: DiscordSender


class DiscordBot:
    """Everything Flowbell does on Discord with one token."""

    def __init__(
        self,
        conversation: Conversing,
        charts: Pictures,
        clock: Clock,
        counters: Counters,
        token: str,
        api_base: str = API_BASE,
        gateway_url: str = GATEWAY_URL,
    ) -> None:
        self._conversation = conversation
        self._clock = clock
        self._counters = counters
        self._token = token
        self._api_base = api_base
        self._gateway_url = gateway_url
        self._rest = Rest(token, api_base)
        self._stage = Stage(conversation, charts, clock, self._rest)
        self._charts = charts
        self._opened: _Opened | None = None
        self._is_registered = False
        self._health = Health("closed", clock.now())

    @property
    def health(self) -> Health:
        """Return how the connection is."""
        return self._health

    @property
    def sender(self) -> DiscordSender:
        """Return who delivers; there after `open`."""
        return self._ready().sender

    async def open(self) -> int:
        """Return the bot's id when Discord has taken the token; raise `TokenRefused` if it does not.

        From here on messages can be sent, whether or not the gateway can be reached.
        """
        failures = 0
        while (opened := await self._try_to_open()) is None:
            failures += 1
            await self._clock.sleep(min(_LONGEST_WAIT_SECONDS, 2.0**failures))
        self._opened = opened
        self._report("connecting")
        return opened.bot_id

    async def run(self) -> None:
        """Answer people until the intake is stopped; raise `GatewayRefused` when Discord does not let the bot in."""
        opened = self._ready()
        self._is_registered = await register(opened.tree, self._rest, opened.application)
        left = await self._conversation.unanswered("discord", opened.bot_id)
        await opened.desk.take_up(left)
        await opened.gateway.connect()

    async def stop_intake(self) -> None:
        """Take nothing more and finish what is under way; messages can still be sent."""
        if self._opened is not None:
            await self._opened.gateway.leave()
            await self._opened.desk.rest(_REST_SECONDS)
        self._report("closed")

    async def close(self) -> None:
        """End every connection."""
        if self._opened is not None:
            await self._opened.gateway.close()
        await self._rest.close()
        self._report("closed")

    async def _try_to_open(self) -> _Opened | None:
        self._report("opening", self._health.reason)
        try:
            answer = await self._rest.call("GET", "/users/@me")
        except (NotSent, NoAnswer) as failure:
            self._report("opening", str(failure))
            return None
        if answer.status == 401:
            raise TokenRefused
        bot_id = answer.number if answer.ok else None
        if bot_id is None:
            self._report("opening", f"status {answer.status}")
            return None
        return await self._log_in(bot_id)

    async def _log_in(self, bot_id: int) -> _Opened | None:
        budget = LoginBudget(self._conversation, self._clock, bot_id, self._waits)
        sender = DiscordSender(self._conversation, self._charts, self._clock, self._rest, bot_id)
        desk = Desk(self._conversation, self._clock, self._stage, bot_id, sender.refusing)
        gateway = Gateway(
            self._clock, self._gateway_url, Hooks(budget.admit, budget.spend, self._connected, self._lost, desk.press)
        )
        tree = Tree(gateway, self._conversation.dispatch.commands, desk)
        point_library(self._api_base)
        async with AsyncExitStack() as undoing:
            undoing.push_async_callback(gateway.close)
            try:
                await gateway.login(self._token)
            except discord.LoginFailure:
                raise TokenRefused from None
            except (discord.DiscordException, aiohttp.ClientError, OSError) as failure:
                self._report("opening", type(failure).__name__)
                return None
            undoing.pop_all()
        return _Opened(bot_id, gateway.application_id or bot_id, gateway, tree, desk, sender)

    async def _connected(self) -> None:
        self._report("connected")
        opened = self._ready()
        await self._conversation.reconnected("discord", opened.bot_id)
        if not self._is_registered:
            self._is_registered = await register(opened.tree, self._rest, opened.application)

    def _lost(self, reason: str) -> None:
        self._counters.add("task_restarts", "discord gateway")
        self._report("connecting", reason)

    def _waits(self, reason: str) -> None:
        self._report("connecting", reason)

    def _report(self, state: State, reason: str = "") -> None:
        if (state, reason) != (self._health.state, self._health.reason):
            self._health = Health(state, self._clock.now(), reason)

    def _ready(self) -> _Opened:
        if self._opened is None:
            raise RuntimeError("open() comes first")
        return self._opened
