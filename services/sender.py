"""One platform's side of a delivery, and one attempt at it."""

import asyncio
from datetime import datetime
from typing import Protocol, TypeVar

import structlog

from services.domain.deliveries import NONCE_WINDOW, Delivery, Looked, Missing, Outcome, Unknown
from services.domain.people import Place
from services.failpoints import failpoint

log = structlog.get_logger()
R = TypeVar("R")
_DEADLINE_SECONDS = 20


class Sender(Protocol[R]):
    """One platform's side of a delivery. `send` never raises: what it does not know is `Unknown`."""

    @property
    def remembers_nonce(self) -> bool:
        """Say whether the same nonce within `NONCE_WINDOW` makes no second message."""
        ...

    async def send(self, delivery: Delivery, reply: R, *, repeat: bool) -> Outcome:
        """Make one attempt; `repeat` asks for the words that say that this may be a second copy."""
        ...

    def divide(self, reply: R) -> tuple[R, ...]:
        """Return a message as numbered ones that the platform takes; most are one."""
        ...

    async def is_answering(self, place: Place) -> bool:
        """Make a harmless call, to see whether the platform answers at all."""
        ...

    async def look_up(self, delivery: Delivery) -> Looked:
        """Look for the message in the chat's history."""
        ...


async def attempt(sender: Sender[R], owed: Delivery, reply: R, *, repeat: bool) -> Outcome:
    """Make one attempt; it ends in time, and in an outcome."""
    try:
        async with asyncio.timeout(_DEADLINE_SECONDS):
            return await sender.send(owed, reply, repeat=repeat)
    except TimeoutError:
        return Unknown("no answer in time")
    except Exception as failure:  # an outcome that nobody foresaw is unknown: fail safe
        log.exception("outbox.send_failed", delivery=owed.id)
        return Unknown(type(failure).__name__)


async def earlier(sender: Sender[R], owed: Delivery, now: datetime) -> Looked:
    """Return whether an earlier attempt got there; missing where one more makes no second message anyway."""
    began = owed.first_intended_at
    if sender.remembers_nonce and began is not None and began > now - NONCE_WINDOW:
        return Missing()
    failpoint("outbox.before_look")
    return await sender.look_up(owed)
