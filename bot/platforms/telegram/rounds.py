"""Whose turn it is: every person gets one turn after the other, and in each chat one thing happens at a time."""

from collections import deque
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class Rounds(Generic[T]):
    """What waits to be worked on. The words of one person in one chat keep their order."""

    _waiting: dict[tuple[int, int], deque[T]] = field(default_factory=dict)  # by person and chat
    _people: deque[int] = field(default_factory=deque)  # who is next
    _chats: dict[int, deque[int]] = field(default_factory=dict)  # of each person in the ring, where they may be next
    _blocked: dict[int, deque[int]] = field(default_factory=dict)  # by chat, who waits for it to be free
    _busy: set[int] = field(default_factory=set)
    _count: int = 0

    def __len__(self) -> int:
        """Return how many wait."""
        return self._count

    def put(self, user: int, chat: int, item: T) -> None:
        """Add what `user` wants in `chat`."""
        queue = self._waiting.get((user, chat))
        self._count += 1
        if queue is not None:
            queue.append(item)
            return
        self._waiting[user, chat] = deque((item,))
        self._line_up(user, chat)

    def take(self) -> tuple[int, T] | None:
        """Take out the next one with its chat, which is busy until `release`; None while nothing can be worked on."""
        while self._people:
            user = self._people.popleft()
            chats = self._chats[user]
            chat = chats.popleft()
            if chats:
                self._people.append(user)
            else:
                del self._chats[user]
            if chat in self._busy:
                self._blocked.setdefault(chat, deque()).append(user)
                continue
            return chat, self._taken(user, chat)
        return None

    def release(self, chat: int) -> None:
        """Let the next one in this chat have a turn."""
        self._busy.discard(chat)
        blocked = self._blocked.get(chat)
        if blocked is None:
            return
        user = blocked.popleft()
        if not blocked:
            del self._blocked[chat]
        self._line_up(user, chat)

    def _taken(self, user: int, chat: int) -> T:
        queue = self._waiting[user, chat]
        item = queue.popleft()
        self._busy.add(chat)
        self._count -= 1
        if queue:
            self._blocked.setdefault(chat, deque()).append(user)
        else:
            del self._waiting[user, chat]
        return item

    def _line_up(self, user: int, chat: int) -> None:
        chats = self._chats.get(user)
        if chats is None:
            self._chats[user] = deque((chat,))
            self._people.append(user)
        else:
            chats.append(chat)
