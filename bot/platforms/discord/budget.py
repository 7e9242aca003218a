"""How often the bot may log in to the gateway, over all its lives: too often, and Discord resets its token."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

import structlog

from bot.platforms.discord.conversing import Conversing
from services.clock import Clock
from services.store.errors import StoreError

log = structlog.get_logger()
MOST_PER_DAY: Final = 50
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
_GAPS: Final = tuple(timedelta(seconds=s) for s in (0, 5, 30, 120, 600))


def gap(in_hour: int, in_day: int) -> timedelta | None:
    """Return how long ago the last login must be, given how many there were; None while the day is used up."""
    return None if in_day >= MOST_PER_DAY else _GAPS[min(in_hour, len(_GAPS) - 1)]


class LoginBudget:
    """Counts logins in the store, so that a process that dies at once and is started again is slowed down too."""

    def __init__(self, conversation: Conversing, clock: Clock, bot_id: int, waits: Callable[[str], None]) -> None:
        """`waits` hears why there is a wait."""
        self._conversation = conversation
        self._clock = clock
        self._bot_id = bot_id
        self._waits = waits

    async def admit(self) -> None:
        """Return when a login is allowed."""
        while True:
            try:
                wait = await self._wait_seconds()
                if wait == 0:
                    return
            except StoreError as failure:
                wait = 5.0
                log.warning("discord.logins_unknown", reason=str(failure))
            self._waits("too many logins lately")
            await self._clock.sleep(wait)

    async def spend(self) -> None:
        """Count a login that happens now; raise `StoreError` if it cannot be counted, and then it must not happen."""
        await self._conversation.started("discord", self._bot_id)

    async def _wait_seconds(self) -> float:
        needed = gap(await self._since(_HOUR), await self._since(_DAY))
        if needed is None:
            return 600.0
        if not needed or not await self._since(needed):
            return 0.0
        return max(1.0, needed.total_seconds() / 10)

    async def _since(self, span: timedelta) -> int:
        return await self._conversation.logins_since("discord", self._bot_id, self._clock.now() - span)
