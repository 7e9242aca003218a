"""Answers for one person's eyes, asked for in a group: they go to the private chat, and the group gets one line."""

from dataclasses import dataclass

from telegram import Bot

from bot.platforms.telegram.messages import Messages, Target
from bot.platforms.telegram.needs import Conversation
from handlers.model import Reply
from services.domain.deliveries import Outcome, Parked, Sent
from services.domain.language import say
from services.domain.people import Place


@dataclass(frozen=True, slots=True)
class Privately:
    """The way from a group into private chats."""

    bot: Bot
    conversation: Conversation
    messages: Messages

    async def target(self, bot_id: int, user: int) -> Target:
        """Return a person's private chat."""
        place = Place("telegram", bot_id, user)
        caller = await self.conversation.caller(place, user, private=True)
        return Target(place, True, caller.chat, caller)

    async def show(self, reply: Reply[object], group: Target, user: int, *, label: str | None = None) -> Outcome:
        """Make one attempt; what the group is told besides is not worth a second one."""
        if not user:
            return await self.messages.line(say("This is personal. Ask me in a private chat."), group)
        outcome = await self.messages.show(reply, await self.target(group.place.bot_id, user), label=label)
        told = await self.tell(outcome, group)
        match outcome:
            case Sent():
                return Sent(None)
            case Parked():
                return told
            case _:
                return outcome

    async def tell(self, outcome: Outcome, group: Target) -> Outcome:
        """Tell the group what became of a private answer, where that is certain."""
        match outcome:
            case Sent():
                return await self.messages.line(say("I sent it to you privately."), group)
            case Parked(chat=True):
                address = f"https://t.me/{self.bot.username}?start=hello"
                sentence = say("Open a private chat with me first, then ask again.")
                return await self.messages.line(sentence, group, link=(say("Open the chat"), address))
            case _:
                return outcome
