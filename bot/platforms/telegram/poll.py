"""Fetch updates: each batch is on disk before Telegram is told that it arrived."""

import json
import random
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

import msgspec
from telegram.error import Conflict, TelegramError

from bot.platforms.telegram.errors import Flooded, WrongToken, is_wrong_token
from bot.platforms.telegram.health import CONFLICT, WORKING, WRONG_TOKEN, Health
from bot.platforms.telegram.needs import Conversation
from bot.platforms.telegram.transport import Transport
from bot.platforms.telegram.updates import ALLOWED, number_of, wish_of
from bot.platforms.telegram.workload import Job, Workload
from services.clock import Clock
from services.counters import Counters
from services.failpoints import failpoint
from services.store.errors import StoreError
from services.store.inbox import Receipt

LONG_POLL_SECONDS: Final = 25
_BATCH: Final = 100
_LONGEST_WAIT_SECONDS: Final = 30.0
_KINDS: Final = json.dumps(ALLOWED)


def wait_seconds(failures: int) -> float:
    """Return the wait after so many failures in a row: doubling from 1 s to 30 s, jittered downwards."""
    longest = min(2.0 ** (failures - 1), _LONGEST_WAIT_SECONDS)
    return random.uniform(max(1.0, longest / 2), longest)  # noqa: S311  # not for secrets


@dataclass(slots=True)
class Poll:
    """The one reader of this bot's updates."""

    transport: Transport
    conversation: Conversation
    workload: Workload
    health: Health
    clock: Clock
    bot_id: int
    username: str
    counters: Counters
    _offset: int = 0

    async def run(self) -> None:
        """Fetch for ever; raise `WrongToken` when Telegram no longer knows the token."""
        failures = 0
        while True:
            await self.workload.room()
            try:
                fetched = await self._fetch()
                failpoint("poll.after_fetch")
                await self._keep(fetched)
            except (TelegramError, StoreError, KeyError) as failure:
                failures += 1
                self.counters.add("source_failures", "telegram")
                await self._recover(failure, failures)
            else:
                failures = 0
                self.health.turn(WORKING)

    async def _fetch(self) -> list[object]:
        asked = {
            "offset": self._offset,
            "limit": _BATCH,
            "timeout": LONG_POLL_SECONDS if self.health.is_working else 0,
            "allowed_updates": _KINDS,
        }
        result = await self.transport.post(f"/getUpdates?{urlencode(asked)}")
        return list(result) if isinstance(result, list) else []

    async def _keep(self, fetched: list[object]) -> None:
        """Commit a batch, hand on what is new, and only then move the offset that confirms it."""
        batch: list[tuple[Receipt, int | None, str]] = []
        jobs: list[Job] = []
        last = 0
        for raw in fetched:
            assert isinstance(raw, msgspec.Raw)
            last = number_of(raw)
            wish = wish_of(raw, self.username)
            if wish is not None:
                receipt = Receipt("telegram", self.bot_id, last)
                batch.append((receipt, wish.user, bytes(raw).decode()))
                jobs.append(Job(receipt, wish))
        fresh = set(await self.conversation.receive(batch)) if batch else set()
        for job in jobs:
            if job.receipt in fresh:
                self.workload.put(job)
        if fetched:
            failpoint("poll.before_confirm")
            self._offset = last + 1
        if fresh:
            await self.workload.begun()

    async def _recover(self, failure: Exception, failures: int) -> None:
        if is_wrong_token(failure):
            self.health.turn(WRONG_TOKEN)
            raise WrongToken from None
        if isinstance(failure, Conflict):
            self.health.turn(CONFLICT)
        elif isinstance(failure, StoreError):
            self.health.turn("storage does not take updates")
        else:
            self.health.turn(f"not connected: {type(failure).__name__}")
        if isinstance(failure, Flooded):
            await self.clock.sleep(failure.after.total_seconds())
        else:
            await self.clock.sleep(wait_seconds(failures))
