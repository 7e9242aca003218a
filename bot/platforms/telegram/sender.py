"""Telegram's side of the outbox: one attempt at one delivery, and what became of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from telegram.error import TelegramError

from bot.platforms.telegram import origin
from bot.platforms.telegram.messages import Messages, Target
from bot.platforms.telegram.needs import Conversation
from bot.platforms.telegram.privately import Privately
from bot.platforms.telegram.render import MOST_TEXT, parts, possible_repeat, units
from bot.render.dividing import divided
from handlers.model import Card, Reply
from services.domain.deliveries import Delivery, Looked, Outcome, Parked, Retry, Unreadable
from services.domain.people import Place
from services.failpoints import failpoint
from services.store.errors import StoreError

_STORAGE: Final = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class TelegramSender:
    """Sends what is owed. Telegram neither knows a nonce nor lets a bot read a chat's history."""

    messages: Messages
    conversation: Conversation
    privately: Privately
    noted: Callable[[Place, Outcome], None]  # hears every outcome

    @property
    def remembers_nonce(self) -> bool:
        """Return False: Telegram sends the same message twice if asked twice."""
        return False

    async def send(self, delivery: Delivery, reply: Reply[object], *, repeat: bool) -> Outcome:
        """Make one attempt; a repeat says so in its first line."""
        named = reply.card.title if delivery.kind == "alert" and not delivery.members else None
        label = possible_repeat(named) if repeat else None
        failpoint("telegram.before_send")
        try:
            outcome = await self._send(delivery, reply, label)
        except StoreError:
            return Retry(_STORAGE, "storage")
        failpoint("telegram.after_send")
        self.noted(delivery.place, outcome)
        return outcome

    async def _send(self, delivery: Delivery, reply: Reply[object], label: str | None) -> Outcome:
        asked = origin.read(delivery.answers)
        owner = None
        if asked.user:
            owner = await self.conversation.caller(delivery.place, asked.user, private=delivery.private)
        target = Target(
            delivery.place, delivery.private, delivery.chat, owner, asked.reply_to, asked.edit, asked.is_photo
        )
        if not reply.private or delivery.private:
            return await self.messages.show(reply, target, label=label)
        if delivery.kind != "reply":
            return Parked("personal, but owed to a group", chat=False)
        return await self.privately.show(reply, target, asked.user, label=label)

    def divide(self, reply: Reply[object]) -> tuple[Reply[object], ...]:
        """Return a reply as messages of at most 4096 units, each with room for a label."""
        return divided(reply, fits)

    async def is_answering(self, place: Place) -> bool:
        """Ask Telegram who we are, which changes nothing."""
        del place
        try:
            await self.messages.bot.get_me()
        except (TelegramError, KeyError):
            return False
        return True

    async def look_up(self, delivery: Delivery) -> Looked:
        """Return that there is nothing to read: a bot sees no history."""
        del delivery
        return Unreadable()


def fits(card: Card) -> bool:
    """Say whether a card is one message, however it is labelled."""
    pages = parts(card, first=possible_repeat(card.title))
    return len(pages) == 1 and units(pages[0].text) <= MOST_TEXT
