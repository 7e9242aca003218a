"""A sender whose attempts end as a test says, and what people see of them."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

from services.clock import Clock
from services.domain.deliveries import NONCE_WINDOW, Delivery, Looked, Outcome, Sent, Unreadable
from services.domain.people import Place


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call of `send`."""

    at: float  # monotonic seconds
    delivery: Delivery
    reply: str
    repeat: bool


@dataclass(frozen=True, slots=True)
class Ending:
    """How an attempt ends: what is returned or raised, and whether the message got there all the same."""

    outcome: Outcome | Exception
    arrives: bool = False


@dataclass
class FakeSender:
    """Delivers everything until told otherwise; `hold` keeps attempts on their way."""

    clock: Clock
    remembers_nonce: bool = False
    looked: Looked = field(default_factory=Unreadable)
    is_up: bool = True
    attempts: list[Attempt] = field(default_factory=list)
    seen: list[tuple[int, str]] = field(default_factory=list)  # chat and text, labelled where it was asked for
    looked_up: list[str] = field(default_factory=list)
    asked: int = 0
    hold: asyncio.Event | None = None
    _endings: list[Ending] = field(default_factory=list)
    _nonces: dict[str, float] = field(default_factory=dict)

    def then(self, *endings: Ending | Outcome) -> None:
        """Let the next attempts end like this."""
        self._endings += [each if isinstance(each, Ending) else Ending(each) for each in endings]

    async def send(self, delivery: Delivery, reply: str, *, repeat: bool) -> Outcome:
        self.attempts.append(Attempt(self.clock.monotonic(), delivery, reply, repeat))
        for gate in filter(None, [self.hold]):
            await gate.wait()
        ending = self._endings.pop(0) if self._endings else Ending(Sent(1000 + len(self.attempts)))
        if ending.arrives or isinstance(ending.outcome, Sent):
            self._show(delivery, f"repeat: {reply}" if repeat else reply)
        if isinstance(ending.outcome, Exception):
            raise ending.outcome
        return ending.outcome

    def _show(self, delivery: Delivery, text: str) -> None:
        known = self._nonces.setdefault(delivery.nonce, self.clock.monotonic())
        fresh = known == self.clock.monotonic() or self.clock.monotonic() - known > NONCE_WINDOW.total_seconds()
        if fresh or not self.remembers_nonce:
            self.seen.append((delivery.place.chat_id, text))

    def divide(self, reply: str) -> tuple[str, ...]:
        return tuple(reply.split("|"))

    async def is_answering(self, place: Place) -> bool:
        del place
        self.asked += 1
        return self.is_up

    async def look_up(self, delivery: Delivery) -> Looked:
        self.looked_up.append(delivery.key)
        return self.looked

    def times(self) -> Iterable[float]:
        """When the attempts were made."""
        return [each.at for each in self.attempts]
