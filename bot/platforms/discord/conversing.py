"""What this platform needs of the rest of the bot."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from handlers.declaration import Command
from handlers.dispatch import Call
from handlers.model import Chart, Reply
from services.domain.people import Caller, Place, Platform
from services.store.inbox import Receipt, Received

Words = Mapping[str, tuple[str, ...]]
Rows = tuple[tuple[tuple[str, str], ...], ...]
"""Rows of buttons as (label, reference)."""


class KnownCommands(Protocol):
    """The commands, and which of them a typed line calls."""

    @property
    def commands(self) -> tuple[Command, ...]:
        """Return all of them, in the order of the catalogue."""
        ...

    def find(self, path: tuple[str, ...]) -> Command | None:
        """Return the command of exactly this path."""
        ...

    def call(self, line: str) -> Call:
        """Return which command a line calls; raise `UserError`."""
        ...


class Pacing(Protocol):
    """Who may talk when."""

    async def turn(self, platform: Platform, place: Place, *, private: bool) -> None:
        """Wait until a request that is made directly may leave."""
        ...

    def halt(self, place: Place, seconds: float, *, whole_bot: bool = False) -> None:
        """Send nothing to this chat, or to none at all, for so long."""
        ...


class Pictures(Protocol):
    """Who draws charts."""

    async def png(self, chart: Chart) -> bytes:
        """Return the picture; raise `ChartError` if there is none."""
        ...


class Conversing(Protocol):
    """Questions in, answers out; the same for every platform."""

    @property
    def dispatch(self) -> KnownCommands:
        """Return the commands."""
        ...

    @property
    def outbox(self) -> Pacing:
        """Return who paces what is sent."""
        ...

    async def caller(self, place: Place, user_id: int, *, private: bool, may_administer: bool = False) -> Caller:
        """Return who asks, known from now on if new."""
        ...

    async def receive(self, batch: Sequence[tuple[Receipt, int | None, str]]) -> tuple[Receipt, ...]:
        """Keep updates; return those that are new."""
        ...

    async def unanswered(self, platform: Platform, bot_id: int) -> tuple[Received, ...]:
        """Return what a dead process left undone."""
        ...

    async def finish(self, receipt: Receipt) -> None:
        """Mark an update as done."""
        ...

    async def answer_call(
        self, call: Call, caller: Caller, receipt: Receipt | None = None, answers: str | None = None
    ) -> Reply[object] | None:
        """Answer a command; None when the answer comes through the outbox."""
        ...

    async def answer_press(
        self, ref: str, caller: Caller, receipt: Receipt | None = None, answers: str | None = None
    ) -> Reply[object] | None:
        """Answer a button; None when the answer comes through the outbox."""
        ...

    async def complete(
        self, command: Command, parameter: str, prefix: str, caller: Caller
    ) -> tuple[tuple[str, str], ...]:
        """Return what completes a half-typed word, as (label, value)."""
        ...

    async def offer(self, reply: Reply[object], owner: Caller | None, chat: int) -> Rows:
        """Return the references behind a reply's buttons, kept before they are shown."""
        ...

    async def back(self, place: Place) -> None:
        """Owe again what waits for a chat that takes messages again."""
        ...

    async def reconnected(self, platform: Platform, bot_id: int) -> None:
        """Wake what is parked for chats that may take messages again."""
        ...

    async def started(self, platform: Platform, bot_id: int) -> None:
        """Keep that a login happens now."""
        ...

    async def logins_since(self, platform: Platform, bot_id: int, since: datetime) -> int:
        """Return how many logins there were."""
        ...
