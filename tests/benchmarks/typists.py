"""People who type to a fake Telegram, each again when the answer has come, and how long they waited."""

from bisect import bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import pairwise

from tests.fakes.telegram import Call, FakeTelegram, User
from tests.fakes.telegram.requests import GetUpdates

PATIENCE_SECONDS = 300.0
_FIRST_PERSON = 50_001


@dataclass(slots=True)
class Typists:
    """`at_once` people with one question each under way, until `count` answers have come."""

    telegram: FakeTelegram
    line: str
    at_once: int
    count: int
    _typed: defaultdict[int, list[int]] = field(default_factory=lambda: defaultdict(list))  # by person, the updates
    _answered: list[tuple[int, float]] = field(default_factory=list)  # update and when its answer arrived
    _questions: int = 0
    _looked: int = 0
    _given: Counter[int] = field(default_factory=Counter)

    async def talk(self) -> list[tuple[float, float]]:
        """Return when each update was delivered and when its answer arrived, in the fake's seconds."""
        self._looked = len(self.telegram.log)
        for person in range(_FIRST_PERSON, _FIRST_PERSON + self.at_once):
            self._type(person)
        await self.telegram.wait_until(self._is_over, PATIENCE_SECONDS)
        await self._until_confirmed()
        delivered = _Deliveries(self.telegram.log)
        return [(delivered.at(update), arrived) for update, arrived in self._answered]

    def _type(self, person: int) -> None:
        if self._questions < self.count:
            self._questions += 1
            self._typed[person].append(self.telegram.message(User(person), self.line))

    def _is_over(self) -> bool:
        while self._looked < len(self.telegram.log):
            call = self.telegram.log[self._looked]
            self._looked += 1
            person = call.chat_id
            if call.method == "sendMessage" and person is not None and person in self._typed:
                self._answered.append((self._typed[person][self._given[person]], call.at))
                self._given[person] += 1
                self._type(person)
        return len(self._answered) >= self.count

    async def _until_confirmed(self) -> None:
        last = max(update for update, _ in self._answered)
        await self.telegram.wait_until(lambda: _confirmed_below(self.telegram.log) > last, PATIENCE_SECONDS)


class _Deliveries:
    """When each update left the fake: with the poll before the one that confirms it."""

    def __init__(self, log: list[Call]) -> None:
        polls = [call for call in log if isinstance(call.request, GetUpdates)]
        self._offsets: list[int] = []
        self._left: list[float] = []
        for before, after in pairwise(polls):
            assert isinstance(after.request, GetUpdates)
            assert before.settled_at is not None
            if after.request.offset > (self._offsets[-1] if self._offsets else 0):
                self._offsets.append(after.request.offset)
                self._left.append(before.settled_at)

    def at(self, update: int) -> float:
        return self._left[bisect_right(self._offsets, update)]


def _confirmed_below(log: list[Call]) -> int:
    for call in reversed(log):
        if isinstance(call.request, GetUpdates):
            return call.request.offset
    return 0
