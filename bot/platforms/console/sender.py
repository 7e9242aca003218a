"""Deliveries to the terminal."""

from dataclasses import dataclass

from bot.platforms.console.screen import Screen
from handlers.model import Reply
from services.domain.deliveries import Delivery, Looked, Outcome, Parked, Sent, Unreadable
from services.domain.language import say
from services.domain.people import Place


@dataclass(frozen=True, slots=True)
class ConsoleSender:
    """Prints what is owed to the person at the terminal."""

    screen: Screen
    remembers_nonce: bool = False

    async def send(self, delivery: Delivery, reply: Reply[object], *, repeat: bool) -> Outcome:
        """Print a message; parked where nobody can read it any more."""
        try:
            if delivery.kind == "reply":
                await self.screen.answer(reply, say("↻ Possible repeat of this answer.") if repeat else None)
            else:
                await self.screen.deliver(reply, _above(delivery, repeat=repeat))
        except (OSError, ValueError) as failure:  # ValueError: the stream was closed on our side
            return Parked(type(failure).__name__, chat=False)
        return Sent(None)

    def divide(self, reply: Reply[object]) -> tuple[Reply[object], ...]:
        """Return the reply as it is: a terminal takes any length."""
        return (reply,)

    async def is_answering(self, _place: Place) -> bool:
        """Say that a terminal needs no asking."""
        return True

    async def look_up(self, _delivery: Delivery) -> Looked:
        """Say that what was printed cannot be read back."""
        return Unreadable()


def _above(delivery: Delivery, *, repeat: bool) -> tuple[str, ...]:
    if repeat:
        return (say("↻ Possible repeat of this alert."),)
    return (say("Alert"),) if delivery.kind == "alert" else ()
