"""Telegram as one of the bot's platforms: opened, run, stopped."""

import asyncio
from datetime import timedelta
from typing import Final

import structlog
from telegram import Bot
from telegram.error import TelegramError

from bot.platforms.telegram import menu
from bot.platforms.telegram.admins import Admins
from bot.platforms.telegram.answering import Answering
from bot.platforms.telegram.errors import Flooded, WrongToken, is_wrong_token
from bot.platforms.telegram.health import STOPPED, WRONG_TOKEN, Health
from bot.platforms.telegram.messages import Messages
from bot.platforms.telegram.needs import Conversation, Painter
from bot.platforms.telegram.poll import LONG_POLL_SECONDS, Poll, wait_seconds
from bot.platforms.telegram.privately import Privately
from bot.platforms.telegram.sender import TelegramSender
from bot.platforms.telegram.transport import Transport
from bot.platforms.telegram.updates import wish_of
from bot.platforms.telegram.workload import Job, Workload
from services.clock import Clock
from services.counters import Counters
from services.domain.deliveries import Outcome, Parked, Retry
from services.domain.pacing import Pace, Window
from services.domain.people import Place

log = structlog.get_logger()

PACE: Final = Pace(bot=Window(30, 1.0), private=Window(1, 1.0), group=Window(20, 60.0))
"""What Telegram asks bots to keep to: core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this"""

_CALL_SECONDS: Final = 15.0  # shorter than the outbox's own deadline, so that the reason is known
_MOST_BYTES: Final = 2 * 2**20
_MOST_UPDATE_BYTES: Final = 32 * 2**20  # a hundred updates
_CONNECTIONS: Final = 100
_FORGOTTEN: Final = timedelta(seconds=60)  # who asked before that no longer waits for what only reads
_ALIAS: Final = "0:kept-by-the-transport"
"""What the library is told instead of the token, because it logs and raises with what it knows."""


class Telegram:
    """One bot. Use in this order: `open`, register `sender` with the outbox under `PACE`, `run`, `stop_intake`."""

    def __init__(
        self,
        conversation: Conversation,
        charts: Painter,
        clock: Clock,
        counters: Counters,
        token: str,
        api_base: str,
    ) -> None:
        self._conversation = conversation
        self._clock = clock
        self._counters = counters
        address = f"{api_base.rstrip('/')}/bot{token}"
        self._updates = Transport(
            address, deadline_seconds=LONG_POLL_SECONDS + _CALL_SECONDS, most_bytes=_MOST_UPDATE_BYTES, connections=2,
            raw_results=True,
        )  # fmt: skip
        calls = Transport(address, deadline_seconds=_CALL_SECONDS, most_bytes=_MOST_BYTES, connections=_CONNECTIONS)
        self._bot = Bot(_ALIAS, base_url=lambda _: "", request=calls, get_updates_request=self._updates)
        self._calls = calls
        self._health = Health(clock)
        self._messages = Messages(self._bot, conversation, charts, clock)
        self._privately = Privately(self._bot, conversation, self._messages)
        self._parked: set[int] = set()  # chats that refused something since the start
        self._polling: asyncio.Task[None] | None = None
        self._workload: Workload | None = None
        self._is_stopped = False
        self._bot_id = 0
        self.sender = TelegramSender(self._messages, conversation, self._privately, self._note)

    @property
    def health(self) -> str:
        """Return how the connection is, in words."""
        return self._health.words

    async def open(self) -> int:
        """Return the bot's id once Telegram answers, however long that takes; raise `WrongToken` if it knows none."""
        await self._updates.initialize()
        await self._calls.initialize()
        failures = 0
        while True:
            try:
                self._bot_id = (await self._bot.get_me()).id
                webhook = await self._bot.get_webhook_info()
                if webhook.url:
                    log.warning("telegram.webhook_removed")
                    await self._bot.delete_webhook()
                break
            except (TelegramError, KeyError) as failure:
                failures += 1
                await self._open_later(failure, failures)
        await menu.publish(self._bot, self._conversation.dispatch.commands)
        return self._bot_id

    async def run(self) -> None:
        """Work on what an earlier process left, then on what comes; return after `stop_intake`."""
        if self._is_stopped:
            return
        if self._workload is None:
            self._workload = self._new_workload()
            await self._resume(self._workload)
        poll = Poll(
            self._updates, self._conversation, self._workload, self._health, self._clock, self._bot_id,
            self._bot.username, self._counters,
        )  # fmt: skip
        self._polling = asyncio.create_task(poll.run(), name="telegram: poll")
        try:
            await asyncio.wait((self._polling,))
        finally:
            self._polling.cancel()
        if not self._is_stopped:
            await self._polling

    async def stop_intake(self, seconds: float = 1.5) -> None:
        """Read nothing more and finish what is under way; what is not worked on stays in the inbox."""
        self._is_stopped = True
        if self._polling is not None:
            self._polling.cancel()
        if self._workload is not None:
            await self._workload.stop(seconds)
        self._health.turn(STOPPED)

    async def close(self) -> None:
        """Stop at once and close every connection; nothing can be sent any more."""
        await self.stop_intake(0)
        await self._updates.shutdown()
        await self._calls.shutdown()

    async def _open_later(self, failure: Exception, failures: int) -> None:
        if is_wrong_token(failure):
            self._health.turn(WRONG_TOKEN)
            raise WrongToken from None
        self._health.turn(f"not connected: {type(failure).__name__}")
        wait = failure.after.total_seconds() if isinstance(failure, Flooded) else wait_seconds(failures)
        await self._clock.sleep(wait)

    async def _resume(self, workload: Workload) -> None:
        before = self._clock.now() - _FORGOTTEN
        for received in await self._conversation.unanswered("telegram", self._bot_id):
            wish = wish_of(received.body, self._bot.username)
            if wish is None:
                await self._conversation.finish(received.receipt)
            else:
                workload.put(Job(received.receipt, wish, is_late=received.at < before))

    def _new_workload(self) -> Workload:
        answering = Answering(
            self._bot, self._bot_id, self._conversation, self._messages, self._privately,
            Admins(self._bot, self._clock), self._clock, self._note,
        )  # fmt: skip

        async def work(job: Job) -> None:
            if job.wish.chat in self._parked:
                self._parked.discard(job.wish.chat)
                await self._conversation.back(Place("telegram", self._bot_id, job.wish.chat))
            await answering.answer(job.receipt, job.wish, is_late=job.is_late)

        return Workload(work)

    def _note(self, place: Place, outcome: Outcome) -> None:
        match outcome:
            case Parked(chat=True):
                self._parked.add(place.chat_id)
            case Retry(reason="wrong token"):
                self._health.turn(WRONG_TOKEN)
            case _:
                return
