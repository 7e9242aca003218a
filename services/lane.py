"""The order in which one bot on one platform sends: urgent first, fair between chats, never faster than allowed."""

import heapq
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

from services.domain.deliveries import URGENCY, Delivery
from services.domain.pacing import Pacer
from services.domain.people import Place

MOST_IN_FLIGHT = 8
"""How many sends may be under way at once; after a crash at most so many carry the label of a possible repeat."""


@dataclass(slots=True)
class Lane:
    """What waits to be sent by one bot. Times are monotonic seconds; one message of a chat is under way at a time."""

    pacer: Pacer
    most_in_flight: int = MOST_IN_FLIGHT
    _waiting: dict[int, list[tuple[float, int, int, Delivery]]] = field(default_factory=dict)
    _ready: list[tuple[int, int, int]] = field(default_factory=list)  # urgency, turn, chat
    _later: list[tuple[float, int]] = field(default_factory=list)  # due, chat
    _busy: set[int] = field(default_factory=set)
    _turns: Iterator[int] = field(default_factory=count)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def __len__(self) -> int:
        """Return how many messages wait."""
        return sum(len(queue) for queue in self._waiting.values())

    @property
    def in_flight(self) -> int:
        """Return how many messages are under way."""
        return len(self._busy)

    def admit(self, chat: int, place: Place, now: float, *, private: bool) -> bool:
        """Take a place for a message that may leave at once; callable from the store's thread."""
        with self._guard:
            if chat in self._busy or chat in self._waiting or len(self._busy) >= self.most_in_flight:
                return False
            if self.pacer.wait(place, now, private=private) > 0:
                return False
            self.pacer.note(place, now, private=private)
            self._busy.add(chat)
            return True

    def release(self, chat: int, now: float) -> None:
        """Give the place of a settled message back."""
        with self._guard:
            self._busy.discard(chat)
        self._line_up(chat, now)

    def wait_for(self, delivery: Delivery, due: float) -> None:
        """Queue a message that may leave from `due` on."""
        queue = self._waiting.setdefault(delivery.chat, [])
        heapq.heappush(queue, (due, URGENCY[delivery.kind], delivery.id, delivery))
        self._line_up(delivery.chat, due)

    def next(self, now: float) -> Delivery | float:
        """Take out the message to send now, or return the seconds after which to ask again."""
        while self._later and self._later[0][0] <= now:
            self._line_up(heapq.heappop(self._later)[1], now)
        while self._ready:
            if len(self._busy) >= self.most_in_flight:
                return 60.0
            chat = heapq.heappop(self._ready)[2]
            queue = self._waiting.get(chat)
            if chat in self._busy or not queue or queue[0][0] > now:
                self._line_up(chat, now)
                continue
            delivery = queue[0][3]
            wait = self._admission(delivery, now)
            if wait == 0:
                heapq.heappop(queue)
                if not queue:
                    del self._waiting[chat]
                return delivery
            heapq.heappush(self._later, (now + wait, chat))
        return max(0.0, self._later[0][0] - now) if self._later else 60.0

    def _admission(self, delivery: Delivery, now: float) -> float:
        with self._guard:
            wait = self.pacer.wait(delivery.place, now, private=delivery.private)
            if wait == 0:
                self.pacer.note(delivery.place, now, private=delivery.private)
                self._busy.add(delivery.chat)
            return wait

    def _line_up(self, chat: int, now: float) -> None:
        queue = self._waiting.get(chat)
        if not queue or chat in self._busy:
            return
        due, urgency, _, _ = queue[0]
        if due > now:
            heapq.heappush(self._later, (due, chat))
        else:
            heapq.heappush(self._ready, (urgency, next(self._turns), chat))
