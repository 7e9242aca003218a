"""The gateway connection: the library's protocol, with our own rules for when to connect, resume and give up."""

import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import aiohttp
import discord
import structlog
import yarl
from discord.gateway import DiscordWebSocket, ReconnectWebSocket
from discord.http import Route

from bot.platforms.discord.errors import FATAL_CLOSES, GatewayRefused
from services.clock import Clock

log = structlog.get_logger()
_LONGEST_WAIT_SECONDS: Final = 60.0
_STEADY_SECONDS: Final = 30.0  # a connection that held so long was a good one
_NEW_SESSION_SECONDS: Final = 3.0  # Discord asks for one to five after an invalid session
_FAILURES_PER_SESSION: Final = 5


@dataclass(frozen=True, slots=True)
class _Session:
    """What it takes to go on where a lost connection ended."""

    gateway: yarl.URL
    number: str
    sequence: int | None


@dataclass(frozen=True, slots=True)
class Hooks:
    """Who hears of what happens on the gateway."""

    admit: Callable[[], Awaitable[None]]  # returns when a login is allowed
    spend: Callable[[], Awaitable[None]]  # a login happens now
    connected: Callable[[], Awaitable[None]]
    lost: Callable[[str], None]
    pressed: Callable[[discord.Interaction[discord.Client], str], Awaitable[None]]


def point_library(api_base: str) -> None:
    """Make the library log in at another address than Discord's; it knows one for the whole process."""
    if api_base != Route.BASE:
        Route.BASE = api_base


class Gateway(discord.Client):
    """One session after another, until it is closed or Discord refuses the bot for good."""

    def __init__(self, clock: Clock, gateway_url: str, hooks: Hooks) -> None:
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # nobody wants to talk here
        super().__init__(
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            max_ratelimit_timeout=30,
        )
        self._clock = clock
        self._address = yarl.URL(gateway_url)
        self._told = hooks
        self._leaving = False

    async def connect(self, *, reconnect: bool = True) -> None:
        """Stay connected; raise `GatewayRefused` when that has no use.

        The library's own loop logs in as often as it likes, and fails when the very first connection is refused.
        """
        del reconnect
        session: _Session | None = None
        failures = 0
        while not self._has_ended():
            if session is None:
                await self._told.admit()
            began = self._clock.monotonic()
            reason, may_resume = await self._converse(session)
            if self._has_ended():
                return
            failures = 0 if self._clock.monotonic() - began >= _STEADY_SECONDS else failures + 1
            session = self._session() if may_resume and failures < _FAILURES_PER_SESSION else None
            log.info("discord.connection_lost", reason=reason, resumable=session is not None)
            self._told.lost(reason)
            if not may_resume:
                await self._clock.sleep(_NEW_SESSION_SECONDS)
            elif failures > 1:
                await self._clock.sleep(min(_LONGEST_WAIT_SECONDS, 2.0 ** (failures - 1)))

    async def leave(self) -> None:
        """End the connection and take nothing more; REST goes on."""
        self._leaving = True
        await self._hang_up(1000)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Count the login: the gateway is there, and the next thing it gets is the token."""
        del shard_id, initial
        await self._told.spend()

    async def on_connect(self) -> None:
        """A new session has begun."""
        await self._told.connected()

    async def on_resumed(self) -> None:
        """A session goes on where it was lost."""
        await self._told.connected()

    async def on_interaction(self, interaction: discord.Interaction[discord.Client]) -> None:
        """Route pressed buttons; commands go through the tree."""
        if interaction.type is discord.InteractionType.component and interaction.data is not None:
            custom_id = interaction.data.get("custom_id")
            await self._told.pressed(interaction, custom_id if isinstance(custom_id, str) else "")

    async def on_error(self, event_method: str, /, *args: object, **kwargs: object) -> None:
        """Log what a listener let through; nothing of the event itself, it may hold tokens."""
        del args, kwargs
        log.error("discord.listener_failed", event=event_method, exc_info=sys.exception())

    async def _converse(self, session: _Session | None) -> tuple[str, bool]:
        """Hold one connection; return why it ended and whether its session can go on."""
        try:
            if session is None:
                self.ws = await DiscordWebSocket.from_client(self, initial=True, gateway=self._address)
            else:
                self.ws = await DiscordWebSocket.from_client(
                    self,
                    gateway=session.gateway,
                    session=session.number,
                    sequence=session.sequence,
                    resume=True,
                )
            while True:
                await self.ws.poll_event()
        except ReconnectWebSocket as change:
            return change.op.lower(), change.resume
        except discord.ConnectionClosed as closed:
            if closed.code in FATAL_CLOSES:
                raise GatewayRefused(closed.code) from None
            return f"closed with {closed.code}", True
        except (aiohttp.ClientError, OSError) as failure:
            return type(failure).__name__, True
        finally:
            await self._hang_up(4000)

    async def _hang_up(self, code: int) -> None:
        ws: DiscordWebSocket | None = self.ws  # None before the first connection, whatever its type says
        if ws is not None and ws.open:
            await ws.close(code=code)

    def _has_ended(self) -> bool:
        return self._leaving or self.is_closed()

    def _session(self) -> _Session | None:
        ws: DiscordWebSocket | None = self.ws
        if ws is None or ws.session_id is None:
            return None
        return _Session(ws.gateway, ws.session_id, ws.sequence)
