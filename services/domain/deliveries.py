"""A message owed to one chat, and what can become of an attempt to send it."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from services.domain.people import Place

Kind = Literal["alert", "reply", "notice"]
DeliveryState = Literal["pending", "sending", "unknown", "sent", "parked"]

URGENCY: dict[Kind, int] = {"alert": 0, "reply": 1, "notice": 2}

NONCE_WINDOW = timedelta(seconds=120)
"""How long Discord is trusted to remember a nonce; staff say only «the past few minutes»."""

_UNKNOWN_WAITS = tuple(timedelta(seconds=s) for s in (5, 30, 120, 600))
_PARKED_WAITS = tuple(timedelta(hours=h) for h in (1, 6, 24))
PARKED_FOR = timedelta(days=30)
"""After so long a refused message is not tried again by itself, only when the chat speaks."""

BURST_SECONDS = 10.0
BURST_SINGLES = 3
"""So many alerts of one chat within so many seconds are single messages; what comes on top is one summary."""

MOST_TOGETHER = 20
"""So many alerts at most in one summary, so that it is one message on every platform."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message owed, as it is stored. Its text is drawn when it is sent."""

    id: int
    key: str
    kind: Kind
    event: int | None
    chat: int
    place: Place
    private: bool  # a chat of one person and the bot; on Discord `place` then holds the person's id
    answers: str | None
    card: str | None
    state: DeliveryState
    attempt: int
    unknowns: int
    first_intended_at: datetime | None
    not_before: datetime
    created_at: datetime
    members: tuple[int, ...] = ()  # the deliveries told in this one's message, itself among them; none for a single

    @property
    def joins(self) -> bool:
        """Say whether it may be told in a summary: an alert that nobody can have seen yet."""
        return self.kind == "alert" and self.card is None and not self.unknowns and not self.members

    @property
    def nonce(self) -> str:
        """Return 25 characters that are the same for every attempt at this delivery."""
        return base64.b32encode(hashlib.sha256(self.key.encode()).digest()).decode()[:25].lower()


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much is not delivered, in numbers alone."""

    waiting: int
    oldest: datetime | None  # since when the longest of them has been owed
    parked: int


@dataclass(frozen=True, slots=True)
class Sent:
    """The platform has it; None where it does not say under which number."""

    message_id: int | None


@dataclass(frozen=True, slots=True)
class Retry:
    """Certainly not delivered; try again after this long. `whole_bot` halts every chat, not this one alone."""

    after: timedelta
    reason: str
    whole_bot: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """The request may or may not have had its effect."""

    reason: str


@dataclass(frozen=True, slots=True)
class Parked:
    """The platform refuses as things stand; kept and tried again. `chat`: it refuses every message to that chat."""

    reason: str
    chat: bool = True


@dataclass(frozen=True, slots=True)
class Moved:
    """Certainly not delivered: the group has another id now."""

    chat_id: int


@dataclass(frozen=True, slots=True)
class Found:
    """A look into the chat's history shows that the message is there."""

    message_id: int


@dataclass(frozen=True, slots=True)
class Missing:
    """The history is readable and the message is not in it."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """This platform or this chat has no history that can be read."""


Looked = Found | Missing | Unreadable
Outcome = Sent | Retry | Unknown | Parked | Moved


def wait_after_unknown(unknowns: int) -> timedelta:
    """Return how long to hold back after the n-th attempt whose outcome nobody knows, counted from 1."""
    return _UNKNOWN_WAITS[min(unknowns, len(_UNKNOWN_WAITS)) - 1]


def wait_after_parking(refused_for: timedelta) -> timedelta | None:
    """Return when a refused delivery is tried again, given how long it has been refused; None: not by itself.

    That is 1 h, 7 h and 31 h after the first refusal, then daily.
    """
    if refused_for >= PARKED_FOR:
        return None
    begun = timedelta()
    for wait in _PARKED_WAITS:
        begun += wait
        if refused_for < begun:
            return wait
    return _PARKED_WAITS[-1]


def is_burst(waiting: int, told: int) -> bool:
    """Say whether what waits goes into a summary, given how many alerts were told in the last `BURST_SECONDS`."""
    return waiting > 1 and waiting + told > BURST_SINGLES


def led_by(lead: Delivery, others: Sequence[Delivery]) -> tuple[int, ...]:
    """Return the members of a summary, in the order in which they are told."""
    return tuple(sorted((lead.id, *(each.id for each in others))))
