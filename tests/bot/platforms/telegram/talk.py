"""A conversation in memory: what it is told, it remembers; what it answers, a test has written down."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from bot.render.charts import ChartError
from handlers.declaration import Command, read
from handlers.dispatch import Call, refused
from handlers.model import Card, Change, Chart, Reply, Request
from services.clock import FixedClock
from services.domain.people import Caller, Place, Platform
from services.errors import NotAllowed, NotFound
from services.store.errors import StoreFull
from services.store.inbox import Receipt, Received
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram.cast import PNG
from tests.fakes.telegram.watch import Watch

AT = datetime(2026, 11, 20, 14, 3, 22, tzinfo=UTC)


async def price(request: Request) -> Reply[str]:
    """Show the latest price of one coin or several."""
    raise AssertionError(request)


async def alert(request: Request) -> Change[str]:
    """Make an alert."""
    raise AssertionError(request)


async def list_(request: Request) -> Reply[str]:
    """Show your alerts."""
    raise AssertionError(request)


async def pause(request: Request) -> Change[str]:
    """Pause an alert."""
    raise AssertionError(request)


async def settings(request: Request) -> Change[str]:
    """Change what you like."""
    raise AssertionError(request)


COMMANDS = (read(price), read(alert), read(pause, "alerts"), read(list_, "alerts", default=True), read(settings))


@dataclass(frozen=True)
class Told:
    """One thing the conversation was asked."""

    kind: str
    words: str
    caller: Caller
    answers: str | None


@dataclass
class Catalogue:
    """The commands above."""

    commands: tuple[Command, ...] = COMMANDS

    def call(self, line: str) -> Call:
        """Return the command of the first word."""
        word = line.removeprefix("/").split()[0]
        for command in self.commands:
            if command.path[0] == word:
                return Call(command, {})
        raise NotFound(f"There is no command /{word}.")


@dataclass
class Turns:
    """Pacing that lets everything through and remembers what it was told."""

    taken: list[Place] = field(default_factory=list)
    halts: list[tuple[int, float, bool]] = field(default_factory=list)

    async def turn(self, platform: Platform, place: Place, *, private: bool) -> None:
        assert platform == "telegram"
        assert private == (place.chat_id > 0)
        self.taken.append(place)

    def halt(self, place: Place, seconds: float, *, whole_bot: bool = False) -> None:
        self.halts.append((place.chat_id, seconds, whole_bot))


class PatientClock(FixedClock):
    """Stands still, and remembers how long it was asked to wait."""

    def __init__(self) -> None:
        super().__init__(AT)
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await super().sleep(seconds)


@dataclass
class Painter:
    """Draws the same picture each time, larger for each one before; or fails."""

    broken: bool = False
    drawn: int = 0

    async def png(self, chart: Chart) -> bytes:
        if self.broken:
            raise ChartError(f"no picture of {chart.title}")
        self.drawn += 1
        return PNG + bytes(self.drawn)


@dataclass
class Talk:
    """The rest of the bot, as the adapter sees it."""

    tg: FakeTelegram
    replies: dict[str, Reply[object]] = field(default_factory=dict)  # by line; a line without one is a change
    told: list[Told] = field(default_factory=list)
    inbox: dict[int, Received] = field(default_factory=dict)
    finished: list[int] = field(default_factory=list)
    done: Watch[int] = field(default_factory=Watch)
    parked: list[tuple[Place, str]] = field(default_factory=list)
    unparked: list[Place] = field(default_factory=list)
    moves: list[tuple[int, int]] = field(default_factory=list)
    calls_before: dict[int, int] = field(default_factory=dict)  # by update, how many calls Telegram had seen
    storage_fails: int = 0
    offer_fails: int = 0
    breaks: bool = False
    dispatch: Catalogue = field(default_factory=Catalogue)
    outbox: Turns = field(default_factory=Turns)
    buttons: dict[str, tuple[str, Caller | None, int]] = field(default_factory=dict)
    now: datetime = AT

    async def caller(self, place: Place, user_id: int, *, private: bool, may_administer: bool = False) -> Caller:
        return Caller(
            person=user_id, account=user_id, chat=place.chat_id * 1000 + (place.thread or 0), place=place,
            private=private, may_administer=may_administer,
        )  # fmt: skip

    async def receive(self, batch: Sequence[tuple[Receipt, int | None, str]]) -> tuple[Receipt, ...]:
        if self.storage_fails:
            self.storage_fails -= 1
            raise StoreFull
        new = [(receipt, body) for receipt, _, body in batch if receipt.update_id not in self.inbox]
        for receipt, body in new:
            self.calls_before[receipt.update_id] = len(self.tg.log)
            self.inbox[receipt.update_id] = Received(receipt, body, self.now)
        return tuple(receipt for receipt, _ in new)

    async def unanswered(self, platform: Platform, bot_id: int) -> tuple[Received, ...]:
        assert (platform, bot_id) == ("telegram", 7000000001)
        return tuple(each for number, each in self.inbox.items() if number not in self.finished)

    async def finish(self, receipt: Receipt) -> None:
        self._finish(receipt.update_id)

    async def until(self, update: int) -> None:
        """Wait until the adapter is done with an update."""
        await self.done.first(tuple(self.finished), lambda done: done == update, 5)

    def _finish(self, update: int) -> None:
        self.finished.append(update)
        self.done.tell(update)

    async def answer_line(
        self, line: str, caller: Caller, receipt: Receipt | None = None, answers: str | None = None
    ) -> Reply[object] | None:
        return self._answer("line", line, caller, receipt, answers)

    async def answer_text(
        self, text: str, caller: Caller, receipt: Receipt | None = None, answers: str | None = None
    ) -> Reply[object] | None:
        return self._answer("text", text, caller, receipt, answers)

    async def answer_press(
        self, ref: str, caller: Caller, receipt: Receipt | None = None, answers: str | None = None
    ) -> Reply[object] | None:
        if self.breaks:
            raise RuntimeError("broken")
        line, owner, chat = self.buttons.get(ref, ("", None, 0))
        if not line or chat != caller.chat:
            return refused(NotFound("This button is no longer valid. Type the command again."))
        if owner is not None and owner.person != caller.person and line not in self.replies:
            return refused(NotAllowed("This button belongs to somebody else. Type the command yourself."))
        return self._answer("press", line, caller, receipt, answers)

    def _answer(
        self, kind: str, words: str, caller: Caller, receipt: Receipt | None, answers: str | None
    ) -> Reply[object] | None:
        self.told.append(Told(kind, words, caller, answers))
        reply = self.replies.get(words)
        if reply is None and receipt is not None:
            self._finish(receipt.update_id)
        return reply

    async def offer(
        self, reply: Reply[object], owner: Caller | None, chat: int
    ) -> tuple[tuple[tuple[str, str], ...], ...]:
        if self.offer_fails:
            self.offer_fails -= 1
            raise StoreFull
        rows: list[tuple[tuple[str, str], ...]] = []
        for row in reply.buttons:
            refs = [(f"v1.{len(self.buttons) + at:020x}", button) for at, button in enumerate(row)]
            self.buttons |= {ref: (button.line, owner, chat) for ref, button in refs}
            rows.append(tuple((button.label, ref) for ref, button in refs))
        return tuple(rows)

    async def gone(self, place: Place, reason: str) -> None:
        self.parked.append((place, reason))

    async def back(self, place: Place) -> None:
        self.unparked.append(place)

    async def migrated(self, platform: Platform, bot_id: int, old_chat_id: int, new_chat_id: int) -> None:
        assert (platform, bot_id) == ("telegram", 7000000001)
        self.moves.append((old_chat_id, new_chat_id))

    def answers(self, line: str, title: str, reply: Reply[object] | None = None) -> None:
        """Write down the answer to a line: `reply` with this title, or a bare card."""
        given = reply or Reply(None, Card(title))
        self.replies[line] = replace(given, card=replace(given.card, title=title))
