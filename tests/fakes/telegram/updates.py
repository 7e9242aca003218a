"""The queue of updates and its one long poll."""

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from .model import Refusal
from .requests import GetUpdates

FIRST_UPDATE_ID = 700_000_001
MAX_POLL_S = 50
NOT_BY_DEFAULT = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
CONFLICT = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"


@dataclass(slots=True)
class Entry:
    """One update that is not confirmed yet."""

    update_id: int
    body: bytes
    stray: bool = False  # repeats an id at or below one confirmed before
    deliveries: int = 0


class Updates:
    """Updates until the bot confirms them; what is not confirmed comes again."""

    def __init__(self) -> None:
        self.next_id = FIRST_UPDATE_ID
        self.confirmed_below = 0
        self.allowed: frozenset[str] | None = None
        self._queue: deque[Entry] = deque()
        self._poll: asyncio.Future[None] | None = None
        self._waiting: dict[int, asyncio.Future[None]] = {}

    @property
    def pending(self) -> int:
        """How many updates are not confirmed."""
        return len(self._queue)

    def add(self, update: Mapping[str, object], update_id: int | None = None) -> int:
        """Queue an update of one kind, unless the bot has not asked for that kind; returns its id."""
        own = self.next_id if update_id is None else update_id
        self.next_id = max(self.next_id, own + 1)
        if not any(self._wanted(kind) for kind in update):
            return own
        body = msgspec.json.encode({"update_id": own, **update})
        self._queue.append(Entry(own, body, stray=own < self.confirmed_below))
        self._wake()
        return own

    def skip(self, count: int) -> None:
        """Leave a gap in the update ids."""
        self.next_id += count

    def _wanted(self, kind: str) -> bool:
        return kind not in NOT_BY_DEFAULT if self.allowed is None else kind in self.allowed

    def allow(self, kinds: tuple[str, ...] | None) -> None:
        """Remember which kinds are wanted from now on; None changes nothing, empty means the default."""
        if kinds is not None:
            self.allowed = frozenset(kinds) or None

    def drop(self) -> None:
        """Forget everything that is pending."""
        self._queue.clear()

    def confirm(self, offset: int) -> None:
        """Forget updates below a positive offset, or all but the last ones for a negative one."""
        if offset > 0:
            self.confirmed_below = max(self.confirmed_below, offset)
            while self._queue and self._is_confirmed(self._queue[0], offset):
                self._queue.popleft()
            if any(self._is_confirmed(entry, offset) for entry in self._queue):
                self._queue = deque(entry for entry in self._queue if not self._is_confirmed(entry, offset))
        elif offset < 0:
            while len(self._queue) > -offset:
                self._queue.popleft()

    @staticmethod
    def _is_confirmed(entry: Entry, offset: int) -> bool:
        return entry.update_id < offset and (not entry.stray or entry.deliveries > 0)

    def batch(self, limit: int) -> list[bytes]:
        """The oldest pending updates, encoded."""
        bodies: list[bytes] = []
        for entry in self._queue:
            if len(bodies) == limit:
                break
            entry.deliveries += 1
            bodies.append(entry.body)
        return bodies

    async def poll(self, request: GetUpdates) -> bytes:
        """The JSON list for getUpdates; raises Refusal when a second poller takes over."""
        self.interrupt(CONFLICT)
        self.allow(request.allowed_updates)
        self.confirm(request.offset)
        limit = min(max(request.limit, 1), 100)
        if not self._queue and request.timeout > 0:
            await self._arrival(min(request.timeout, MAX_POLL_S))
        return b"[" + b",".join(self.batch(limit)) + b"]"

    async def _arrival(self, timeout_s: float) -> None:
        poll: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._poll = poll
        try:
            async with asyncio.timeout(timeout_s):
                await poll
        except TimeoutError:
            return
        finally:
            if self._poll is poll:
                self._poll = None

    def interrupt(self, reason: str) -> None:
        """End a waiting getUpdates with a 409."""
        if self._poll is not None and not self._poll.done():
            self._poll.set_exception(Refusal(409, reason))
            self._poll = None

    def _wake(self) -> None:
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(None)
        arrived = self._waiting.pop(0, None)
        if arrived is not None and not arrived.done():
            arrived.set_result(None)

    async def oldest(self) -> Entry:
        """The update a webhook gets next; waits for one."""
        while not self._queue:
            self._waiting[0] = asyncio.get_running_loop().create_future()
            await self._waiting[0]
        return self._queue[0]

    def settle(self, entry: Entry) -> None:
        """The webhook took it."""
        if self._queue and self._queue[0] is entry:
            self._queue.popleft()
            self.confirmed_below = max(self.confirmed_below, entry.update_id + 1)

    def close(self) -> None:
        """Let a waiting getUpdates end with what there is."""
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(None)
