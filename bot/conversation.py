"""What every platform needs between an update and its answer: the inbox, the dispatch, the outbox and the buttons."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil

from bot.replies import encode
from handlers.declaration import Command
from handlers.dispatch import Applied, Call, Dispatch, refused
from handlers.model import Change, Reply
from services.buttons import Buttons
from services.clock import Clock
from services.domain.language import say
from services.domain.people import Caller, Place, Platform
from services.errors import LimitReached, NotAllowed, UserError
from services.failpoints import failpoint
from services.outbox import Outbox
from services.store import inbox, logins, people
from services.store.inbox import Receipt, Received
from services.store.outbox import Owed
from services.throttle import Slowed
from services.tx import Tx


@dataclass(frozen=True, slots=True)
class _Owing:
    """Applies a change, marks its update as done and owes its answer, all in one transaction."""

    conversation: "Conversation"
    caller: Caller
    receipt: Receipt | None
    answers: str | None

    async def __call__(self, change: Change[object]) -> Applied:
        if not self.conversation.keeps:
            raise NotAllowed(say("Nothing is kept here, so nothing can be changed. Name a folder with --data."))
        store = self.conversation.dispatch.services.store
        reply = await store.write(lambda tx: self._apply(tx, change))
        failpoint("inbox.after_done")
        if change.leaves_no_trace:
            await store.shred()
            for erase in self.conversation.erasers:
                await asyncio.to_thread(erase)
        return reply

    def _apply(self, tx: Tx, change: Change[object]) -> Applied:
        if self.receipt is None:
            return change.apply(tx)
        failpoint("inbox.before_done")
        if not inbox.finish(tx, self.receipt):
            return None
        reply = change.apply(tx)
        failpoint("inbox.changed")
        if change.leaves_no_trace:
            return reply
        key = f"reply to {self.receipt.platform} {self.receipt.bot_id} {self.receipt.update_id}"
        owed = Owed(key, "reply", self.caller.chat, answers=self.answers, card=encode(reply))
        self.conversation.outbox.owe(tx, owed, self.caller.place, private=self.caller.private)
        return None


@dataclass(frozen=True, slots=True)
class Conversation:
    """The one way from a platform's update to an answer, and from a delivery to its message."""

    dispatch: Dispatch
    outbox: Outbox[Reply[object]]
    buttons: Buttons
    clock: Clock
    keeps: bool = True  # False where the store ends with the answer: a change would be a false promise
    erasers: list[Callable[[], None]] = field(default_factory=list)  # delete what a platform keeps outside the store

    async def caller(self, place: Place, user_id: int, *, private: bool, may_administer: bool = False) -> Caller:
        """Return the person and the chat behind an update."""
        callers = self.dispatch.services.callers
        return await callers.find(place, user_id, private=private, may_administer=may_administer)

    async def receive(self, batch: Sequence[tuple[Receipt, int | None, str]]) -> tuple[Receipt, ...]:
        """Keep updates before they are confirmed to their platform; return those that did not come before."""
        failpoint("inbox.before_commit")
        now = self.clock.now()

        def work(tx: Tx) -> tuple[Receipt, ...]:
            failpoint("inbox.committing")
            return tuple(receipt for receipt, user_id, body in batch if inbox.receive(tx, receipt, user_id, body, now))

        new = await self.dispatch.services.store.write(work)
        failpoint("inbox.after_commit")
        counters = self.dispatch.services.counters
        counters.add("inbox_received", amount=len(new))
        counters.add("inbox_repeated", amount=len(batch) - len(new))
        return new

    async def unanswered(self, platform: Platform, bot_id: int) -> tuple[Received, ...]:
        """Return what a stopped process left undone, oldest first."""
        return tuple(await self.dispatch.services.store.read(lambda tx: inbox.unanswered(tx, platform, bot_id)))

    async def finish(self, receipt: Receipt) -> None:
        """Mark an update as done whose answer was sent directly, or that needs none."""
        failpoint("inbox.before_finish")
        await self.dispatch.services.store.write(lambda tx: inbox.finish(tx, receipt))
        failpoint("inbox.after_finish")

    async def answer_line(
        self, line: str, caller: Caller, receipt: Receipt | None = None, answers: str | None = None
    ) -> Applied:
        """Answer a typed command; None means that the answer comes, or came, through the outbox, or is not due."""
        slowed = self._slowed(caller)
        if slowed is not None:
            return await self._slow_down(slowed, caller, receipt)
        return await self.dispatch.answer_line(line, caller, _Owing(self, caller, receipt, answers))

    async def answer_text(
        self, text: str, caller: Caller, receipt: Receipt | None = None, answers: str | None = None
    ) -> Applied:
        """Answer plain words of a private chat."""
        slowed = self._slowed(caller)
        if slowed is not None:
            return await self._slow_down(slowed, caller, receipt)
        return await self.dispatch.answer_text(text, caller, _Owing(self, caller, receipt, answers))

    async def answer_call(
        self, call: Call, caller: Caller, receipt: Receipt | None = None, answers: str | None = None
    ) -> Applied:
        """Answer a command whose words came by name."""
        slowed = self._slowed(caller)
        if slowed is not None:
            return await self._slow_down(slowed, caller, receipt)
        return await self.dispatch.answer(call, caller, _Owing(self, caller, receipt, answers))

    async def answer_press(
        self, ref: str, caller: Caller, receipt: Receipt | None = None, answers: str | None = None
    ) -> Applied:
        """Answer a pressed button."""
        try:
            line = await self.buttons.pressed(ref, caller)
        except UserError as failure:
            return refused(failure)
        return await self.answer_line(line, caller, receipt, answers)

    def _slowed(self, caller: Caller) -> Slowed | None:
        """Count a command; the one person at a terminal may give as many as they like."""
        if caller.place.platform == "console":
            return None
        return self.dispatch.services.throttle.admit(caller.person)

    async def _slow_down(self, slowed: Slowed, caller: Caller, receipt: Receipt | None) -> Applied:
        """Say so once; Discord shows every command as waiting until it is answered, so there each is."""
        self.dispatch.services.counters.add("commands_slowed", caller.place.platform)
        if slowed.told and receipt is not None and caller.place.platform == "telegram":
            await self.finish(receipt)
            return None
        seconds = ceil(slowed.wait.total_seconds())
        most = self.dispatch.services.throttle.per_minute
        sentence = say(
            "Slow down: {most} commands a minute at most. Try again in {seconds} s.", most=most, seconds=seconds
        )
        return refused(LimitReached(sentence))

    async def complete(
        self, command: Command, parameter: str, prefix: str, caller: Caller
    ) -> tuple[tuple[str, str], ...]:
        """Return what completes a half-typed word: (label, value), at most 25."""
        return await self.dispatch.complete(command, parameter, prefix, caller)

    async def offer(
        self, reply: Reply[object], owner: Caller | None, chat: int
    ) -> tuple[tuple[tuple[str, str], ...], ...]:
        """Return rows of (label, reference) for a reply's buttons; they are on disk when this returns."""
        rows = [[(button.label, button.line) for button in row] for row in reply.buttons]
        return await self.buttons.offer(rows, None if owner is None else owner.person, chat)

    async def gone(self, place: Place, reason: str) -> None:
        """Note that a chat refuses messages; what is owed to it waits."""
        now = self.clock.now()

        def work(tx: Tx) -> None:
            for chat in people.chats_at(tx, place):
                people.park_chat(tx, chat, now, reason)

        await self.dispatch.services.store.write(work)

    async def back(self, place: Place) -> None:
        """Note that a chat takes messages again, and owe what waited."""

        def work(tx: Tx) -> list[int]:
            chats = people.chats_at(tx, place)
            for chat in chats:
                people.park_chat(tx, chat, None, None)
            return chats

        for chat in await self.dispatch.services.store.write(work):
            await self.outbox.wake(chat)

    async def reconnected(self, platform: Platform, bot_id: int) -> None:
        """Try again what this bot's parked chats are owed: rights may have changed while it was away."""
        for chat in await self.dispatch.services.store.read(lambda tx: people.parked_chats(tx, platform, bot_id)):
            await self.outbox.wake(chat)

    async def migrated(self, platform: Platform, bot_id: int, old_chat_id: int, new_chat_id: int) -> None:
        """Move a group to the id that the platform gave it."""
        store = self.dispatch.services.store
        await store.write(lambda tx: people.migrate_chat(tx, platform, bot_id, old_chat_id, new_chat_id))
        self.dispatch.services.callers.moved()

    async def started(self, platform: Platform, bot_id: int) -> None:
        """Note a log-in, on disk before it is made: too many in a day cost a Discord bot its token."""
        now = self.clock.now()
        await self.dispatch.services.store.write(lambda tx: logins.add(tx, platform, bot_id, now))

    async def logins_since(self, platform: Platform, bot_id: int, since: datetime) -> int:
        """Return how often this bot logged in since then."""
        return await self.dispatch.services.store.read(lambda tx: logins.count(tx, platform, bot_id, since))
