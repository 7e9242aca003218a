"""Who may administer a group, as Telegram says, asked at most once a minute each."""

from dataclasses import dataclass, field
from typing import Final

from telegram import Bot
from telegram.error import TelegramError

from services.clock import Clock

_REMEMBERED_SECONDS: Final = 60.0
_MOST_REMEMBERED: Final = 10_000
_STAFF: Final = ("creator", "administrator")


@dataclass(slots=True)
class Admins:
    """A short memory of who is an admin where."""

    bot: Bot
    clock: Clock
    _known: dict[tuple[int, int], tuple[bool, float]] = field(default_factory=dict)

    async def has(self, chat: int, user: int) -> bool:
        """Say whether this person is an admin of this group; no answer means no."""
        now = self.clock.monotonic()
        known = self._known.get((chat, user))
        if known is not None and now < known[1]:
            return known[0]
        try:
            member = await self.bot.get_chat_member(chat, user)
        except TelegramError:
            return False
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        is_admin = member.status in _STAFF
        self._known[chat, user] = (is_admin, now + _REMEMBERED_SECONDS)
        return is_admin
