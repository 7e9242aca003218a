"""The judge: everything that was received, in order, and how it was answered."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from tests.fakes.discord.wire import Json, JsonObject, as_object


@dataclass(frozen=True, slots=True)
class Upload:
    """One file of a multipart request; the bytes are kept so that a test can open the picture."""

    filename: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class RestCall:
    """One HTTP request. `status` is None when no answer was sent; times are monotonic seconds of the fake's clock."""

    number: int
    at: float
    answered_at: float
    method: str
    route: str
    path: str
    query: Mapping[str, str]
    body: Json
    uploads: tuple[Upload, ...]
    status: int | None
    code: int | None
    executed: bool
    message_id: int | None
    deduplicated: bool
    pings: tuple[str, ...]
    fault: str
    retry_after: float | None
    too_early: bool

    @property
    def payload(self) -> JsonObject:
        """The JSON body, or an empty object."""
        return as_object(self.body)

    @property
    def pinged(self) -> bool:
        """Whether it would have notified a whole channel, server or role."""
        return "everyone" in self.pings or "roles" in self.pings

    @property
    def invalid(self) -> bool:
        """Whether the platform counts it towards the ban for invalid requests."""
        return self.status in {401, 403, 429} and self.fault != "shared"


@dataclass(frozen=True, slots=True)
class Frame:
    """One gateway payload from the bot; the token is left out."""

    number: int
    at: float
    connection: int
    op: int
    data: Json
    size: int


@dataclass(frozen=True, slots=True)
class Link:
    """A gateway connection opened or ended. `code` is the close code that the bot sent, if it sent one."""

    number: int
    at: float
    connection: int
    event: Literal["open", "end"]
    path: str
    code: int | None


Entry: TypeAlias = RestCall | Frame | Link


class Log:
    """Append-only; waiting on it is event-based."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._next = 0
        self._waiting: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def number(self) -> int:
        """The next number; requests take theirs on arrival and are appended when their outcome is known."""
        self._next += 1
        return self._next

    def append(self, entry: Entry) -> None:
        self._entries.append(entry)
        self.pulse()

    def pulse(self) -> None:
        """Look again at what is waited for: called after every change of state."""
        for condition, future in self._waiting:
            if not future.done() and condition():
                future.set_result(None)

    async def until(self, condition: Callable[[], bool], within: float = 5.0) -> None:
        """Return once the condition holds; `TimeoutError` after that many seconds."""
        if condition():
            return
        future = asyncio.get_running_loop().create_future()
        waiting = (condition, future)
        self._waiting.append(waiting)
        try:
            async with asyncio.timeout(within):
                await future
        finally:
            self._waiting.remove(waiting)

    async def wait_for(self, predicate: Callable[[Entry], bool], within: float = 5.0, since: int = 0) -> Entry:
        """The first entry from index `since` on that fits, past or to come."""
        position = since
        found: list[Entry] = []

        def look() -> bool:
            nonlocal position
            while position < len(self._entries) and not found:
                entry = self._entries[position]
                position += 1
                found.extend([entry] if predicate(entry) else [])
            return bool(found)

        await self.until(look, within)
        return found[0]

    def calls(self, method: str = "", route: str = "") -> tuple[RestCall, ...]:
        """The HTTP requests, of one method or one route template if named."""
        return tuple(
            entry
            for entry in self._entries
            if isinstance(entry, RestCall) and method in {"", entry.method} and route in {"", entry.route}
        )

    def frames(self, op: int | None = None) -> tuple[Frame, ...]:
        return tuple(entry for entry in self._entries if isinstance(entry, Frame) and op in {None, entry.op})

    def links(self, event: str = "") -> tuple[Link, ...]:
        return tuple(entry for entry in self._entries if isinstance(entry, Link) and event in {"", entry.event})
