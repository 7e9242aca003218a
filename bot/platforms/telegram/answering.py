"""One update → the command behind it → its answer."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import Final, assert_never

import structlog
from telegram import Bot
from telegram.constants import ChatAction
from telegram.error import TelegramError

from bot.platforms.telegram import origin
from bot.platforms.telegram.admins import Admins
from bot.platforms.telegram.messages import Messages, Target
from bot.platforms.telegram.needs import Answer, Conversation
from bot.platforms.telegram.origin import Origin
from bot.platforms.telegram.privately import Privately
from bot.platforms.telegram.render import MOST_ALERT, cut, plain, possible_repeat
from bot.platforms.telegram.updates import Asked, Migrated, Pressed, Seen, Stray, Wish
from handlers.dispatch import Failure
from handlers.model import Card, Reply
from services.clock import Clock
from services.domain.deliveries import Moved, Outcome, Parked, Retry, Sent, Unknown
from services.domain.language import say
from services.domain.people import Place
from services.errors import UserError
from services.store.inbox import Receipt

log = structlog.get_logger()
_SHOWS_WORK_AFTER_SECONDS: Final = 1.0
_SHOWS_WORK_EVERY_SECONDS: Final = 4.5  # Telegram takes it away after 5: core.telegram.org/bots/api#sendchataction
_ATTEMPTS: Final = 4
_LONGEST_WAIT_SECONDS: Final = 60.0  # who asked has gone on to other things by then
_UNKNOWN_WAIT_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True)
class Answering:
    """What happens with an update. `is_late` updates are carried out, but what only reads is not told any more."""

    bot: Bot
    bot_id: int
    conversation: Conversation
    messages: Messages
    privately: Privately
    admins: Admins
    clock: Clock
    noted: Callable[[Place, Outcome], None]

    async def answer(self, receipt: Receipt, wish: Wish, *, is_late: bool = False) -> None:
        """Do what is wished, once; the receipt is finished when this returns."""
        match wish:
            case Asked():
                await self._asked(receipt, wish, is_late=is_late)
            case Pressed():
                await self._pressed(receipt, wish, is_late=is_late)
            case Stray():
                await self._close_query(wish.query, say("This button is no longer valid. Type the command again."))
                await self.conversation.finish(receipt)
            case Seen():
                await self._seen(wish, is_late=is_late)
                await self.conversation.finish(receipt)
            case Migrated():
                await self.conversation.migrated("telegram", self.bot_id, wish.chat, wish.new_chat)
                await self.conversation.finish(receipt)
            case _:
                assert_never(wish)

    async def _asked(self, receipt: Receipt, asked: Asked, *, is_late: bool) -> None:
        conversation = self.conversation
        changes = asked.is_line and (is_late or not asked.private) and self._changes(asked.text)
        if is_late and asked.is_line and not changes:
            await conversation.finish(receipt)
            return
        place = Place("telegram", self.bot_id, asked.chat, asked.thread)
        administers = asked.administers or (
            changes and asked.named and not asked.private and await self.admins.has(asked.chat, asked.user)
        )
        caller = await conversation.caller(place, asked.user, private=asked.private, may_administer=administers)
        reply_to = None if asked.private else asked.message
        target = Target(place, asked.private, caller.chat, caller, reply_to)
        user = asked.user if asked.named else 0
        async with self._showing_work(place):
            if asked.reads_only and changes:
                reply: Answer = _notice(say("A channel can only ask. Set this up in a private chat or a group."))
            else:
                carry_out = conversation.answer_line if asked.is_line else conversation.answer_text
                origin_text = origin.write(Origin(user, reply_to))
                reply = await carry_out(asked.text, caller, receipt, origin_text)
            if reply is None:
                return
            if not is_late:
                await self._give(reply, target, user)
        await conversation.finish(receipt)

    async def _pressed(self, receipt: Receipt, press: Pressed, *, is_late: bool) -> None:
        place = Place("telegram", self.bot_id, press.chat, press.thread)
        sentence: str | None = say("Something went wrong here. Try again.")
        try:
            administers = not press.private and await self.admins.has(press.chat, press.user)
            caller = await self.conversation.caller(
                place, press.user, private=press.private, may_administer=administers
            )
            asked = Origin(press.user, None, press.message, press.is_photo)
            reply = await self.conversation.answer_press(press.ref, caller, receipt, origin.write(asked))
            sentence = _refusal(reply)
        finally:
            await self._close_query(press.query, sentence)
        if reply is None:
            return
        if sentence is None and not is_late:
            target = Target(place, press.private, caller.chat, caller, None, press.message, press.is_photo)
            async with self._showing_work(place):
                await self._give(reply, target, press.user)
        await self.conversation.finish(receipt)

    async def _close_query(self, query: str, sentence: str | None) -> None:
        """Stop the spinner on a button; too late is no failure."""
        text = None if sentence is None else cut(plain(sentence), MOST_ALERT)
        with suppress(TelegramError, KeyError):
            await self.bot.answer_callback_query(query, text, show_alert=None if text is None else True)

    async def _seen(self, seen: Seen, *, is_late: bool) -> None:
        place = Place("telegram", self.bot_id, seen.chat)
        match seen.presence:
            case "here":
                await self.conversation.back(place)
            case "silenced":
                await self.conversation.gone(place, "may not write")
            case "away":
                await self.conversation.gone(place, "blocked" if seen.private else "kicked")
            case _:
                assert_never(seen.presence)
        if seen.is_welcome and not is_late:
            sentence = say("Hello. Ask me things like /price btc; admins make alerts here with /alert btc > 100k.")
            await self._until_told(Target(place, False, 0), lambda to, _: self.messages.line(sentence, to))

    async def _give(self, reply: Reply[object], target: Target, user: int) -> None:
        if not reply.private or target.private:
            await self._until_told(target, lambda to, label: self.messages.show(reply, to, label=label))
            return
        group = replace(target, edit=None)
        if not user:
            await self._until_told(group, lambda to, _: self.privately.show(reply, to, 0))
            return
        alone = await self.privately.target(self.bot_id, user)
        outcome = await self._until_told(alone, lambda to, label: self.messages.show(reply, to, label=label))
        await self._until_told(group, lambda to, _: self.privately.tell(outcome, to))

    async def _until_told(self, target: Target, attempt: Callable[[Target, str | None], Awaitable[Outcome]]) -> Outcome:
        """Send directly, in turn and as often as is sensible for an answer that can be asked for again."""
        outbox = self.conversation.outbox
        label: str | None = None
        outcome: Outcome = Unknown("not tried")
        for _ in range(_ATTEMPTS):
            await outbox.turn("telegram", target.place, private=target.private)
            outcome = await attempt(target, label)
            self.noted(target.place, outcome)
            match outcome:
                case Sent():
                    break
                case Retry(after, _, whole_bot):
                    outbox.halt(target.place, after.total_seconds(), whole_bot=whole_bot)
                    if after.total_seconds() >= _LONGEST_WAIT_SECONDS:
                        break
                case Moved(chat):
                    await self.conversation.migrated("telegram", self.bot_id, target.place.chat_id, chat)
                    target = replace(target, place=replace(target.place, chat_id=chat))
                case Parked(reason, chat=whole_chat):
                    if whole_chat:
                        await self.conversation.gone(target.place, reason)
                    break
                case Unknown():
                    if label is not None:
                        break
                    label = possible_repeat(None)
                    await self.clock.sleep(_UNKNOWN_WAIT_SECONDS)
                case _:
                    assert_never(outcome)
        return outcome

    def _changes(self, line: str) -> bool:
        try:
            return self.conversation.dispatch.call(line).command.changes
        except UserError:
            return False

    @asynccontextmanager
    async def _showing_work(self, place: Place) -> AsyncIterator[None]:
        """Show «typing» while an answer takes longer than a moment."""
        loop = asyncio.get_running_loop()
        shown: list[asyncio.Task[None]] = []
        timer = loop.call_later(
            _SHOWS_WORK_AFTER_SECONDS,
            lambda: shown.append(loop.create_task(self._show_work(place), name="telegram: typing")),
        )
        try:
            yield
        finally:
            timer.cancel()
            for task in shown:
                task.cancel()

    async def _show_work(self, place: Place) -> None:
        with suppress(TelegramError, KeyError):
            while True:
                await self.bot.send_chat_action(place.chat_id, ChatAction.TYPING, place.thread)
                await self.clock.sleep(_SHOWS_WORK_EVERY_SECONDS)


def _refusal(reply: Answer) -> str | None:
    """Return the sentence of a refusal that offers no way on; such a press leaves the message as it is."""
    if reply is None or not isinstance(reply.data, Failure) or reply.buttons:
        return None
    return reply.card.title


def _notice(sentence: str) -> Reply[object]:
    return Reply(None, Card(sentence, tone="warning"))
