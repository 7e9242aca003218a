"""What the operator sees of a running bot: senders with an eye on them, the watchdog, and health over HTTP."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field, replace
from importlib import import_module

import structlog

from bot.app import App
from bot.measuring import Measured
from bot.readiness import Readiness
from bot.settings.forms import OperatorChat
from bot.tasks import supervise
from handlers.model import Reply
from services import watchdog
from services.domain.deliveries import Delivery, Looked, Moved, Outcome, Parked, Retry, Sent, Unreadable
from services.domain.language import say
from services.domain.pacing import UNLIMITED, Pace
from services.domain.people import Place, Platform
from services.failpoints import failpoint
from services.sender import Sender
from services.watchdog import PLACE, Watchdog

log = structlog.get_logger()
_START_SECONDS = 15.0  # then the operator wants to see what the bot waits for
_NOT_YET = say("its platform is not open yet")


@dataclass(slots=True)
class WatchdogSender:
    """Counts what reaches it; with an operator's chat, counts what the chat's platform has taken."""

    app: App
    watchdog: Watchdog
    chat: OperatorChat | None
    senders: dict[Platform, tuple[int, Sender[Reply[object]]]] = field(default_factory=dict)
    remembers_nonce: bool = False

    async def send(self, delivery: Delivery, reply: Reply[object], *, repeat: bool) -> Outcome:
        """Make one attempt."""
        outcome = Sent(None) if self.chat is None else await self._told(self.chat, delivery, reply, repeat=repeat)
        if isinstance(outcome, Sent) and delivery.kind == "alert":
            self.watchdog.came_through()
        return outcome

    def divide(self, reply: Reply[object]) -> tuple[Reply[object], ...]:
        """Return the message: it is short."""
        return (reply,)

    async def _told(self, chat: OperatorChat, delivery: Delivery, reply: Reply[object], *, repeat: bool) -> Outcome:
        if chat.platform not in self.senders:
            return Retry(watchdog.PERIOD / 10, _NOT_YET)
        bot_id, sender = self.senders[chat.platform]
        private = chat.platform == "telegram" and chat.chat > 0
        place = Place(chat.platform, bot_id, chat.chat)
        await self.app.outbox.turn(chat.platform, place, private=private)
        outcome = await sender.send(replace(delivery, place=place, private=private), reply, repeat=repeat)
        match outcome:
            case Moved():
                return Parked(say("the group has another id now: correct the setting"), chat=False)
            case Parked(reason):
                return Parked(reason, chat=False)
            case Retry(after, _, whole_bot):
                self.app.outbox.halt(place, after.total_seconds(), whole_bot=whole_bot)
            case _:
                pass
        return outcome

    async def is_answering(self, _place: Place) -> bool:
        """Let a second attempt show it."""
        return True

    async def look_up(self, _delivery: Delivery) -> Looked:
        """Leave the history alone."""
        return Unreadable()


@dataclass(slots=True)
class Oversight:
    """Everything that is not for people but for the one who runs the bot."""

    app: App
    readiness: Readiness
    bell: WatchdogSender | None = None
    _open: asyncio.Event = field(default_factory=asyncio.Event)

    async def begin(self) -> None:
        """Let the watchdog out where anybody looks, and end an earlier one where nobody does."""
        app, wanted = self.app, self.app.settings.health
        if not wanted.port and wanted.operator_chat is None:
            await watchdog.remove(app.store, app.services.alerts)
            return
        dog = Watchdog(app.store, app.clock, app.services.alerts)
        await dog.load()
        app.services.health.own_alerts = 1
        self.bell = WatchdogSender(app, dog, wanted.operator_chat)
        self.readiness.watchdog = dog
        app.outbox.register(PLACE.platform, PLACE.bot_id, self._measured(PLACE.platform, self.bell), UNLIMITED)
        await app.outbox.take_up(PLACE.platform, PLACE.bot_id)
        app.services.market.listen(dog.hear)

    async def open(self, platform: Platform, bot_id: int, sender: Sender[Reply[object]], pace: Pace) -> None:
        """Send through a platform that is connected."""
        measured = self._measured(platform, sender)
        self.app.outbox.register(platform, bot_id, measured, pace)
        failpoint("start.registered")
        self.readiness.senders[platform] = measured
        if self.bell is not None:
            self.bell.senders[platform] = (bot_id, sender)  # unmeasured: it is nobody's message
        await self.app.outbox.take_up(platform, bot_id)
        if len(self.readiness.senders) == len(self.readiness.platforms):
            self._open.set()

    def _measured(self, platform: Platform, sender: Sender[Reply[object]]) -> Measured:
        return Measured(platform, sender, self.app.clock, self.app.counters)

    def keep_going(self, group: asyncio.TaskGroup) -> list[asyncio.Task[None]]:
        """Start what goes on in the background."""
        app = self.app
        jobs = [("health", self._serve)] if app.settings.health.port else []
        jobs += [("watchdog", self.bell.watchdog.run)] if self.bell is not None else []
        return [
            group.create_task(supervise(name, job, app.clock, app.counters, app.services.health), name=name)
            for name, job in jobs
        ]

    async def _serve(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_START_SECONDS):
                await self._open.wait()
        await asyncio.to_thread(import_module, "bot.exporter")  # a web library: after the start, and beside the loop
        from bot.exporter import listening, serve

        wanted = self.app.settings.health
        await serve(self.readiness, listening(wanted.host, wanted.port))
