"""The platform's sending limits: strict sliding windows, and bans that follow a 429."""

import math
from collections import deque
from dataclasses import dataclass

from .model import Breach, Chat

SENDS = frozenset({"sendMessage", "sendPhoto", "sendDocument"})
EDITS = frozenset({"editMessageText", "editMessageCaption", "editMessageMedia", "editMessageReplyMarkup"})
OTHER_WRITES = frozenset({"sendChatAction", "deleteMessage", "answerCallbackQuery", "answerInlineQuery"})
WRITES = SENDS | EDITS | OTHER_WRITES
EVERYWHERE = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a bot may send; `counted` methods fill the windows."""

    overall_per_second: int = 30
    private_per_second: int = 1
    group_per_minute: int = 20
    counted: frozenset[str] = SENDS


@dataclass(frozen=True, slots=True)
class Stop:
    """A refusal by pacing."""

    breach: Breach
    retry_after: int


class _Window:
    """The times of the last calls that were admitted."""

    __slots__ = ("most", "span_s", "times")

    def __init__(self, most: int, span_s: float) -> None:
        self.most = most
        self.span_s = span_s
        self.times: deque[float] = deque()

    def wait_s(self, at: float) -> float:
        """Seconds until one more fits; 0 when it fits now."""
        while self.times and self.times[0] <= at - self.span_s:
            self.times.popleft()
        return 0.0 if len(self.times) < self.most else self.times[0] + self.span_s - at


class Pacing:
    """Admits or refuses calls; scope `EVERYWHERE` is the bot, any other a chat."""

    def __init__(self, limits: Limits | None) -> None:
        self.limits = limits
        self._bans: dict[int, float] = {}
        self._chats: dict[int, _Window] = {}
        self._overall = _Window(limits.overall_per_second if limits is not None else 0, 1.0)

    def ban(self, scope: int, until: float) -> None:
        """Refuse writes in a scope until a time of the server's clock."""
        self._bans[scope] = max(until, self._bans.get(scope, until))

    def admit(self, method: str, chat: Chat | None, at: float) -> Stop | None:
        """None when the call may go on; a breach of a window starts a ban."""
        if method not in WRITES:
            return None
        banned_s = self._banned_s(chat, at) if self._bans else 0.0
        if banned_s > 0:
            return Stop(Breach.BAN, math.ceil(banned_s))
        if self.limits is None or chat is None or method not in self.limits.counted:
            return None
        return self._count(self.limits, chat, at)

    def _banned_s(self, chat: Chat | None, at: float) -> float:
        scopes = (EVERYWHERE,) if chat is None else (EVERYWHERE, chat.id)
        return max(self._bans.get(scope, at) for scope in scopes) - at

    def _count(self, limits: Limits, chat: Chat, at: float) -> Stop | None:
        window = self._chats.get(chat.id)
        if window is None:
            private = chat.type == "private"
            window = _Window(limits.private_per_second, 1.0) if private else _Window(limits.group_per_minute, 60.0)
            self._chats[chat.id] = window
        for scope, full in ((EVERYWHERE, self._overall), (chat.id, window)):
            wait_s = full.wait_s(at)
            if wait_s > 0:
                retry_after = max(1, math.ceil(wait_s))
                self.ban(scope, at + retry_after)
                return Stop(Breach.WINDOW, retry_after)
        self._overall.times.append(at)
        window.times.append(at)
        return None
