"""A small conversation to hang the adapter on: a few commands, buttons and an inbox in memory."""

import asyncio
import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from sqlalchemy.sql import Executable

from bot.render.charts import ChartError
from handlers.declaration import Command, read
from handlers.dispatch import Call, bind, refused
from handlers.model import Button, Card, Change, Chart, Reply, Request
from handlers.params import Coin, Count, Fiat, Rule, Words
from services.domain.deliveries import Delivery, Outcome
from services.domain.people import Caller, Place, Platform
from services.errors import NotAllowed, NotFound
from services.sender import Sender
from services.store.inbox import Receipt, Received
from services.tx import Row, Values

Answerer = Callable[[Call, Caller], Reply[object] | Change[object]]
Rows = tuple[tuple[tuple[str, str], ...], ...]


class QuickClock:
    """Wall time that sleeping moves forward at once."""

    def __init__(self) -> None:
        self.offset = timedelta()
        self.slept: list[float] = []
        self._reached = (0, asyncio.Event())

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def monotonic(self) -> float:
        return self.now().timestamp()

    def timeout(self, seconds: float) -> asyncio.Timeout:
        del seconds
        return asyncio.timeout(None)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.offset += timedelta(seconds=seconds)
        if len(self.slept) == self._reached[0]:
            self._reached[1].set()
        await asyncio.sleep(0)

    async def until_slept(self, times: int) -> None:
        """Wait until it has been slept so often."""
        self._reached = (times, asyncio.Event())
        async with asyncio.timeout(5):
            await self._reached[1].wait()


async def price(request: Request, coins: tuple[Coin, ...], fiat: Fiat | None = None) -> Reply[object]:
    """Show the latest price of one coin or several."""
    raise NotImplementedError


async def top(request: Request, count: Count | None = None, by: Literal["cap", "volume"] = "cap") -> Reply[object]:
    """Show the largest coins."""
    raise NotImplementedError


async def convert(request: Request, from_: Coin, to: Coin) -> Reply[object]:
    """Convert."""
    raise NotImplementedError


async def alert(request: Request, rule: Rule) -> Change[object]:
    """Set an alert."""
    raise NotImplementedError


async def list_(request: Request, coin: Coin | None = None) -> Reply[object]:
    """List your alerts."""
    raise NotImplementedError


async def note(request: Request, words: Words) -> Change[object]:
    """Put a note beside an alert."""
    raise NotImplementedError


COMMANDS = (
    read(price),
    read(top),
    read(convert),
    read(alert),
    read(list_, "alerts", default=True),
    read(note, "alerts"),
)


@dataclass(frozen=True, slots=True)
class Known:
    """The commands of these tests."""

    commands: tuple[Command, ...] = COMMANDS

    def find(self, path: tuple[str, ...]) -> Command | None:
        return next((each for each in self.commands if each.path == path), None)

    def call(self, line: str) -> Call:
        name, *words = line.removeprefix("/").split()
        command = self.find((name,))
        if command is None:
            raise NotFound("no such command")
        return Call(command, bind(command, words))


@dataclass(slots=True)
class Turns:
    """Paces nothing and keeps what it was told."""

    halted: list[tuple[int, float, bool]] = field(default_factory=list)

    async def turn(self, platform: Platform, place: Place, *, private: bool) -> None:
        del platform, place, private

    def halt(self, place: Place, seconds: float, *, whole_bot: bool = False) -> None:
        self.halted.append((place.chat_id, seconds, whole_bot))


@dataclass(slots=True)
class Talk:
    """Answers each command with what the test laid down; changes are owed and delivered like the outbox would."""

    clock: QuickClock
    answers: dict[str, Answerer] = field(default_factory=dict)
    suggestions: tuple[tuple[str, str], ...] = ()
    trouble: Exception | None = None  # what completing a word runs into
    asked: list[tuple[str, str, Caller]] = field(default_factory=list)  # parameter, prefix, who
    calls: list[tuple[Call, Caller]] = field(default_factory=list)
    buttons: dict[str, tuple[str, int | None, int]] = field(default_factory=dict)  # ref → line, owner, chat
    inbox: dict[int, tuple[str, str]] = field(default_factory=dict)  # update → body, state
    logins: list[datetime] = field(default_factory=list)
    woken: list[str] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    sender: Sender[Reply[object]] | None = None
    dispatch: Known = field(default_factory=Known)
    outbox: Turns = field(default_factory=Turns)
    _people: dict[int, int] = field(default_factory=dict)
    _chats: dict[Place, int] = field(default_factory=dict)

    async def caller(self, place: Place, user_id: int, *, private: bool, may_administer: bool = False) -> Caller:
        person = self._people.setdefault(user_id, len(self._people) + 1)
        chat = self._chats.setdefault(place, len(self._chats) + 1)
        return Caller(person, user_id, chat, place, private, may_administer)

    async def receive(self, batch: Sequence[tuple[Receipt, int | None, str]]) -> tuple[Receipt, ...]:
        new = tuple(receipt for receipt, _, _ in batch if receipt.update_id not in self.inbox)
        self.inbox |= {receipt.update_id: (body, "new") for receipt, _, body in batch if receipt in new}
        return new

    async def unanswered(self, platform: Platform, bot_id: int) -> tuple[Received, ...]:
        left = ((number, body) for number, (body, state) in self.inbox.items() if state == "new")
        return tuple(Received(Receipt(platform, bot_id, number), body, self.clock.now()) for number, body in left)

    async def finish(self, receipt: Receipt) -> None:
        self.inbox[receipt.update_id] = (self.inbox[receipt.update_id][0], "done")

    async def answer_call(
        self, call: Call, caller: Caller, receipt: Receipt | None = None, answers: str | None = None
    ) -> Reply[object] | None:
        self.calls.append((call, caller))
        await asyncio.sleep(0)
        done = self.answers[call.command.name](call, caller)
        if isinstance(done, Reply):
            return done
        assert receipt is not None
        await self.finish(receipt)
        reply = done.apply(NOWHERE)
        owed = owe(caller.place, key=f"reply to {receipt.update_id}", answers=answers, private=caller.private)
        assert self.sender is not None
        self.outcomes.append(await self.sender.send(owed, reply, repeat=False))
        return None

    async def answer_press(
        self, ref: str, caller: Caller, receipt: Receipt | None = None, answers: str | None = None
    ) -> Reply[object] | None:
        line, owner, chat = self.buttons.get(ref, ("", None, 0))
        if chat != caller.chat:
            return refused(NotFound("This button is no longer valid. Type the command again."))
        call = self.dispatch.call(line)
        if call.command.changes and owner != caller.person:
            return refused(NotAllowed("This button belongs to somebody else. Type the command yourself."))
        return await self.answer_call(call, caller, receipt, answers)

    async def complete(
        self, command: Command, parameter: str, prefix: str, caller: Caller
    ) -> tuple[tuple[str, str], ...]:
        self.asked.append((f"{command.name} {parameter}", prefix, caller))
        if self.trouble is not None:
            raise self.trouble
        return self.suggestions

    async def offer(self, reply: Reply[object], owner: Caller | None, chat: int) -> Rows:
        return tuple(tuple((each.label, self._ref(each.line, owner, chat)) for each in row) for row in reply.buttons)

    def _ref(self, line: str, owner: Caller | None, chat: int) -> str:
        ref = f"v1.{len(self.buttons):020x}"
        self.buttons[ref] = (line, None if owner is None else owner.person, chat)
        return ref

    async def back(self, place: Place) -> None:
        self.woken.append(f"chat {place.chat_id}")

    async def reconnected(self, platform: Platform, bot_id: int) -> None:
        self.woken.append(f"{platform} {bot_id}")

    async def started(self, platform: Platform, bot_id: int) -> None:
        del platform, bot_id
        self.logins.append(self.clock.now())

    async def logins_since(self, platform: Platform, bot_id: int, since: datetime) -> int:
        del platform, bot_id
        return sum(at > since for at in self.logins)


class Easel:
    """Draws every chart as the same bytes, or none."""

    def __init__(self, picture: bytes | None = b"\x89PNG made up") -> None:
        self.picture = picture

    async def png(self, chart: Chart) -> bytes:
        del chart
        if self.picture is None:
            raise ChartError("not drawn")
        return self.picture


class Nowhere:
    """A transaction that touches nothing."""

    def rows(self, statement: Executable, values: Values | None = None) -> list[Row]:
        del statement, values
        return []

    def run(self, statement: Executable, values: Values | None = None) -> int:
        del statement, values
        return 0

    def many(self, statement: Executable, values: Sequence[Values]) -> None:
        del statement, values

    def after_commit(self, action: Callable[[], None]) -> None:
        del action

    def after_rollback(self, action: Callable[[], None]) -> None:
        del action


NOWHERE = Nowhere()


def owe(
    place: Place,
    *,
    key: str = "event 1 to 1",
    answers: str | None = None,
    private: bool = False,
    at: datetime | None = None,
) -> Delivery:
    """A delivery under way."""
    now = at or datetime.now(UTC)
    return Delivery(
        id=1, key=key, kind="alert" if answers is None else "reply", event=1, chat=1, place=place, private=private,
        answers=answers, card=None, state="sending", attempt=1, unknowns=0, first_intended_at=now, not_before=now,
        created_at=now,
    )  # fmt: skip


def nonce_of(key: str) -> str:
    """What the nonce of a key must be."""
    return base64.b32encode(hashlib.sha256(key.encode()).digest()).decode()[:25].lower()


def said(*lines: str, title: str = "Bitcoin", private: bool = False, buttons: tuple[Button, ...] = ()) -> Reply[object]:
    """A plain reply with one row of buttons."""
    return Reply(None, Card(title, lines), buttons=(buttons,), private=private)


def changing(reply: Reply[object]) -> Change[object]:
    """A change that is answered so."""
    return Change(lambda _tx: reply)
