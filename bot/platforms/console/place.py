"""Where the terminal's one chat is, for the store and the outbox."""

from typing import Final

from bot.conversation import Conversation
from handlers.dispatch import Applied
from services.domain.pacing import UNLIMITED
from services.domain.people import Caller, Place

PLACE: Final = Place("console", bot_id=0, chat_id=1)
USER_ID: Final = 1
PACE: Final = UNLIMITED


async def caller(conversation: Conversation) -> Caller:
    """Return the person at the terminal, with what they prefer by now."""
    return await conversation.caller(PLACE, USER_ID, private=True)


async def answer(conversation: Conversation, text: str) -> Applied:
    """Answer a command or, without its slash, plain words."""
    who = await caller(conversation)
    if text.startswith("/"):
        return await conversation.answer_line(text, who)
    return await conversation.answer_text(text, who)
