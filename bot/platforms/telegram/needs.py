"""What this platform needs from the rest of the bot, as narrow as it is."""

from collections.abc import Sequence
from typing import Protocol

from handlers.declaration import Command
from handlers.dispatch import Call
from handlers.model import Chart, Reply
from services.domain.people import Caller, Place, Platform
from services.store.inbox import Receipt, Received

Answer = Reply[object] | None
"""None: the change is applied and its answer comes through the outbox."""


class Commands(Protocol):
    """The catalogue, and which command a line calls."""

    @property
    def commands(self) -> tuple[Command, ...]:
        """Return every command."""
        ...

    def call(self, line: str) -> Call:
        """Return what a line calls; raise `UserError` for a line that calls nothing."""
        ...


class Turns(Protocol):
    """The outbox's pacing, for what is sent past it."""

    async def turn(self, platform: Platform, place: Place, *, private: bool) -> None:
        """Wait until a message may leave."""
        ...

    def halt(self, place: Place, seconds: float, *, whole_bot: bool = False) -> None:
        """Let nothing leave for so long."""
        ...


class Conversation(Protocol):
    """Everything behind a chat: people, commands, buttons, inbox."""

    @property
    def dispatch(self) -> Commands:
        """Return the commands."""
        ...

    @property
    def outbox(self) -> Turns:
        """Return the pacing."""
        ...

    async def caller(self, place: Place, user_id: int, *, private: bool, may_administer: bool = False) -> Caller:
        """Find or make the person."""
        ...

    async def receive(self, batch: Sequence[tuple[Receipt, int | None, str]]) -> tuple[Receipt, ...]:
        """Commit updates; return the new ones."""
        ...

    async def unanswered(self, platform: Platform, bot_id: int) -> tuple[Received, ...]:
        """Return what a stopped process left undone."""
        ...

    async def finish(self, receipt: Receipt) -> None:
        """Mark an update as done."""
        ...

    async def answer_line(
        self, line: str, caller: Caller, receipt: Receipt | None = None, answers: str | None = None
    ) -> Answer:
        """Carry out a command line."""
        ...

    async def answer_text(
        self, text: str, caller: Caller, receipt: Receipt | None = None, answers: str | None = None
    ) -> Answer:
        """Answer plain words."""
        ...

    async def answer_press(
        self, ref: str, caller: Caller, receipt: Receipt | None = None, answers: str | None = None
    ) -> Answer:
        """Carry out what a button's reference stands for."""
        ...

    async def offer(
        self, reply: Reply[object], owner: Caller | None, chat: int
    ) -> tuple[tuple[tuple[str, str], ...], ...]:
        """Return a reply's buttons as rows of (label, reference)."""
        ...

    async def gone(self, place: Place, reason: str) -> None:
        """Park a chat that takes no messages."""
        ...

    async def back(self, place: Place) -> None:
        """Owe a chat again what was parked."""
        ...

    async def migrated(self, platform: Platform, bot_id: int, old_chat_id: int, new_chat_id: int) -> None:
        """Move everything of a group to its new number."""
        ...


class Painter(Protocol):
    """Draws charts."""

    async def png(self, chart: Chart) -> bytes:
        """Return the picture; raise `ChartError` if there is none."""
        ...
