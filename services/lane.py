"""The order in which one bot on one platform sends: urgent first, fair between chats, never faster than allowed."""

import heapq
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from math import inf

from services.domain.deliveries import (
    BURST_SECONDS,
    BURST_SINGLES,
    MOST_TOGETHER,
    URGENCY,
    Delivery,
    is_burst,
    led_by,
)
from services.domain.pacing import Pacer
from services.domain.people import Place

MOST_IN_FLIGHT = 8
"""How many sends may be under way at once; after a crash at most so many carry the label of a possible repeat."""

_NOTHING_DUE_SECONDS = 60.0
_FORGETS = 1.001  # so much slower the fastest answer counts with each that follows: networks change
_LATEST_SECONDS = 1.0
_MOST_CHATS = 10_000  # remembered before those without a late alert are dropped


@dataclass(slots=True)
class _Queue:
    """What one chat waits for: due messages by urgency and age, later ones by time."""

    due: list[tuple[int, float, int, Delivery]] = field(default_factory=list)
    later: list[tuple[float, int, Delivery]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.due) + len(self.later)

    def ripen(self, now: float) -> None:
        while self.later and self.later[0][0] <= now:
            due, number, delivery = heapq.heappop(self.later)
            heapq.heappush(self.due, (URGENCY[delivery.kind], due, number, delivery))

    def hold(self, until: float) -> None:
        """Put the alerts that are due off: more may come that are told with them."""
        held = [each for each in self.due if each[3].joins]
        self.due = [each for each in self.due if not each[3].joins]
        heapq.heapify(self.due)
        for _, _, number, delivery in held:
            heapq.heappush(self.later, (until, number, delivery))

    def joining(self, most: int) -> list[Delivery]:
        """Take out the alerts that are due and may be told with another, oldest first."""
        found = sorted((each for each in self.due if each[3].joins), key=lambda each: each[:3])[:most]
        taken = {each[2] for each in found}
        self.due = [each for each in self.due if each[2] not in taken]
        heapq.heapify(self.due)
        return [each[3] for each in found]


@dataclass(slots=True)
class Lane:
    """What waits to be sent by one bot. Times are monotonic seconds; one message of a chat is under way at a time."""

    pacer: Pacer
    most_in_flight: int = MOST_IN_FLIGHT
    _chats: dict[int, _Queue] = field(default_factory=dict)
    _ready: list[tuple[int, int, int]] = field(default_factory=list)  # urgency, turn, chat
    _turn_of: dict[int, tuple[int, int]] = field(default_factory=dict)  # a chat's one valid entry in _ready
    _later: list[tuple[float, int]] = field(default_factory=list)  # when to look at a chat again
    _wake_of: dict[int, float] = field(default_factory=dict)  # a chat's earliest entry in _later
    _busy: set[int] = field(default_factory=set)
    _fastest: float = inf  # seconds from the first byte to the answer
    _noted: dict[int, float] = field(default_factory=dict)  # by chat, when what is under way left
    _told: dict[int, deque[float]] = field(default_factory=dict)  # by chat, when its last alerts left
    _prune_above: int = _MOST_CHATS
    _turns: Iterator[int] = field(default_factory=count)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def __len__(self) -> int:
        """Return how many messages wait."""
        return sum(len(queue) for queue in self._chats.values())

    def is_due(self, now: float) -> bool:
        """Say whether a message may be waiting for anything but its time."""
        return bool(self._ready) or (bool(self._later) and self._later[0][0] <= now)

    @property
    def in_flight(self) -> int:
        """Return how many messages are under way."""
        return len(self._busy)

    def admit(self, chat: int, place: Place, now: float, *, private: bool, alert: bool = False) -> bool:
        """Take a place for a message that may leave at once; callable from the store's thread."""
        with self._guard:
            if chat in self._busy or chat in self._chats or len(self._busy) >= self.most_in_flight:
                return False
            if self.pacer.wait(place, now, private=private) > 0 or (alert and self._recent(chat, now) >= BURST_SINGLES):
                return False
            self.pacer.note(place, now, private=private)
            self._busy.add(chat)
            self._noted[chat] = now
            if alert:
                self._tell(chat, now)
            return True

    def leaves(self, delivery: Delivery, now: float) -> None:
        """Count what is under way from `now` on: its first byte leaves, or it may have arrived so late."""
        with self._guard:
            noted = self._noted.get(delivery.chat)
            if noted is not None:
                self.pacer.move(delivery.place, noted, now, private=delivery.private)
                self._noted[delivery.chat] = now

    def answered(self, delivery: Delivery, left_at: float, now: float) -> None:
        """Count a message as late as it may have arrived: with what its answer took longer than the fastest does."""
        took = now - left_at
        self._fastest = min(took, self._fastest * _FORGETS)
        self.leaves(delivery, left_at + min(took - self._fastest, _LATEST_SECONDS))

    def release(self, chat: int, now: float) -> None:
        """Give the place of a settled message back."""
        with self._guard:
            self._busy.discard(chat)
            self._noted.pop(chat, None)
        self._line_up(chat, now)

    def wait_for(self, delivery: Delivery, due: float) -> None:
        """Queue a message that may leave from `due` on."""
        queue = self._chats.setdefault(delivery.chat, _Queue())
        heapq.heappush(queue.later, (due, delivery.id, delivery))
        self._look_again(delivery.chat, due)

    def next(self, now: float) -> Delivery | float:
        """Take out the message to send now, or return the seconds after which to ask again."""
        while self._later and self._later[0][0] <= now:
            time, chat = heapq.heappop(self._later)
            if self._wake_of.get(chat) == time:
                del self._wake_of[chat]
            self._line_up(chat, now)
        if len(self._busy) >= self.most_in_flight:
            return _NOTHING_DUE_SECONDS  # a release comes first
        wait = self.pacer.wait_for_bot(now)
        while self._ready and wait == 0:
            urgency, turn, chat = heapq.heappop(self._ready)
            if self._turn_of.get(chat) != (urgency, turn):
                continue
            del self._turn_of[chat]
            delivery = self._taken(chat, now)
            if delivery is not None:
                return delivery
        if self._ready:
            return wait
        return max(0.0, self._later[0][0] - now) if self._later else _NOTHING_DUE_SECONDS

    def _taken(self, chat: int, now: float) -> Delivery | None:
        queue = self._chats[chat]
        delivery = queue.due[0][3]
        if delivery.joins:
            return self._taken_alert(chat, queue, now)
        return self._let_go(chat, queue, delivery, now)

    def _taken_alert(self, chat: int, queue: _Queue, now: float) -> Delivery | None:
        """Take out an alert, or a summary of all that wait; a lone one of a burst waits for more to come."""
        with self._guard:
            recent = self._recent(chat, now)
        waiting = sum(each[3].joins for each in queue.due)
        if recent >= BURST_SINGLES:
            queue.hold(self._told[chat][-BURST_SINGLES] + BURST_SECONDS)
            self._line_up(chat, now)
            return None
        lead = self._let_go(chat, queue, queue.due[0][3], now)
        if lead is None:
            return None
        with self._guard:
            self._tell(chat, now)
        if not is_burst(waiting, recent):
            return lead
        others = queue.joining(MOST_TOGETHER - 1)
        if not queue:
            self._chats.pop(chat, None)
        return replace(lead, members=led_by(lead, others))

    def _recent(self, chat: int, now: float) -> int:
        times = self._told.get(chat)
        if times is None:
            return 0
        while times and times[0] <= now - BURST_SECONDS:
            times.popleft()
        if not times:
            del self._told[chat]
        return len(times)

    def _tell(self, chat: int, now: float) -> None:
        self._told.setdefault(chat, deque()).append(now)
        if len(self._told) > self._prune_above:
            self._told = {each: times for each, times in self._told.items() if times[-1] > now - BURST_SECONDS}
            self._prune_above = max(_MOST_CHATS, 2 * len(self._told))

    def _let_go(self, chat: int, queue: _Queue, delivery: Delivery, now: float) -> Delivery | None:
        with self._guard:
            if chat in self._busy:
                return None  # its release lines it up again
            wait = self.pacer.wait(delivery.place, now, private=delivery.private)
            if wait == 0:
                self.pacer.note(delivery.place, now, private=delivery.private)
                self._busy.add(chat)
                self._noted[chat] = now
        if wait > 0:
            self._look_again(chat, now + wait)
            return None
        heapq.heappop(queue.due)
        if not queue:
            del self._chats[chat]
        return delivery

    def _line_up(self, chat: int, now: float) -> None:
        queue = self._chats.get(chat)
        if queue is None or chat in self._busy:
            return
        queue.ripen(now)
        if queue.later:
            self._look_again(chat, queue.later[0][0])
        if not queue.due:
            return
        urgency = queue.due[0][0]
        held = self._turn_of.get(chat)
        if held is None or urgency < held[0]:
            turn = next(self._turns) if held is None else held[1]
            self._turn_of[chat] = (urgency, turn)
            heapq.heappush(self._ready, (urgency, turn, chat))

    def _look_again(self, chat: int, at: float) -> None:
        if at < self._wake_of.get(chat, inf):
            self._wake_of[chat] = at
            heapq.heappush(self._later, (at, chat))
