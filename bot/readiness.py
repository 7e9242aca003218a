"""Whether this process can be relied on right now, and if not, why not."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.app import App
from bot.measuring import Measured
from handlers import format as write
from services.domain.language import say
from services.domain.people import Platform
from services.errors import StoreError
from services.store import notes
from services.watchdog import Watchdog

FAILING = timedelta(seconds=60)
"""A platform that has answered no attempt for so long is told as unable."""

_STORE_SECONDS = 2.0


@dataclass(slots=True)
class Readiness:
    """What must be so for alerts to be heard, fired and sent. `senders` has each platform from when it is open."""

    app: App
    platforms: tuple[Platform, ...]
    watchdog: Watchdog | None = None
    senders: dict[Platform, Measured] = field(default_factory=dict)
    is_stopping: bool = False

    async def wrong(self) -> tuple[str, ...]:
        """Return what is wrong, a sentence each, without anything secret or personal; nothing if all is well."""
        found: list[str] = []
        if self.is_stopping:
            found.append(say("The process is stopping."))
        health = self.app.services.market.health()
        if not any(each.live for each in health):
            names = ", ".join(each.name for each in health) or say("none")
            found.append(say("No source of prices is live: {names}.", names=names))
        if not await self._store_answers():
            found.append(say("The store does not answer."))
        now = self.app.clock.now()
        found += [reason for each in self.platforms for reason in self._wrong_with(each, now)]
        if self.watchdog is not None and self.watchdog.is_stale:
            found.append(say("The watchdog has not come through for {age}.", age=write.span(self.watchdog.age)))
        return tuple(found)

    async def _store_answers(self) -> bool:
        try:
            async with asyncio.timeout(_STORE_SECONDS):
                await self.app.store.read(lambda tx: notes.get(tx, "health"))
        except (StoreError, TimeoutError):
            return False
        return True

    def _wrong_with(self, platform: Platform, now: datetime) -> Iterator[str]:
        sender = self.senders.get(platform)
        if sender is None:
            yield say("{platform} is not connected.", platform=platform.capitalize())
            return
        word = self.app.services.health.words.get(platform, say("starting"))
        if word != say("running"):
            yield say("{platform} is {word}.", platform=platform.capitalize(), word=word)
        since = sender.failing_since
        if since is not None and now - since > FAILING:
            age = write.span(now - since)
            yield say("{platform} has answered no attempt to send for {age}.", platform=platform.capitalize(), age=age)
