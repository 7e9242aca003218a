"""The log of everything received, and the questions that tests ask of it."""

from collections.abc import Callable

from .faults import Faults
from .model import Breach, Call, Chat, ChatType, Message
from .people import People
from .requests import BotCommand
from .watch import Watch
from .world import Answer, World


class Judge(People):
    """What the bot did, as the server saw it; never what the bot believes."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.log: list[Call] = []
        self.faults = Faults()
        self._calls: Watch[Call] = Watch()

    def calls(self, method: str | None = None, chat: int | None = None) -> list[Call]:
        """The received calls of a method and to a chat, in order."""
        return [call for call in self.log if method in (None, call.method) and chat in (None, call.chat_id)]

    def sent(self, chat: int | None = None) -> list[Message]:
        """Every message that the bot really sent, as it was sent, in order."""
        return [message for message in self.world.sent if chat in (None, message.chat_id)]

    def message_at(self, chat: int, message_id: int) -> Message | None:
        """A message as it stands after edits; None when it is deleted or never was."""
        return self.world.messages.get((chat, message_id))

    def chat(self, chat_id: int) -> Chat:
        """A chat that is known, or a new one: positive is private, -100… a supergroup, else a group."""
        kind: ChatType = "private" if chat_id > 0 else "supergroup" if chat_id < -1_000_000_000_000 else "group"
        return self.world.chats.get(chat_id) or Chat(chat_id, kind)

    def commands(self, scope: str = "default", language: str = "") -> tuple[BotCommand, ...]:
        """The command menu of a scope without a chat."""
        return self.world.commands.get((scope, 0, 0, language), ())

    def forget(self) -> None:
        """Empty the log and the list of what was sent; chats and messages stay."""
        self.log.clear()
        self.world.sent.clear()
        self.world.answers.clear()

    @property
    def answers(self) -> list[Answer]:
        """The answers to callback queries, in order."""
        return self.world.answers

    @property
    def violations(self) -> list[Call]:
        """Calls that broke a sending limit, or came before the end of a ban."""
        return [call for call in self.log if call.breach is not None]

    @property
    def sent_while_blocked(self) -> list[Call]:
        """Calls that came before the `retry_after` of an earlier 429 had passed."""
        return [call for call in self.log if call.breach is Breach.BAN]

    @property
    def conflicts(self) -> list[Call]:
        """Calls answered with 409; one whose client had died before is not among them."""
        return [call for call in self.log if call.status == 409]

    async def wait_for(self, predicate: Callable[[Message], bool], timeout_s: float = 10.0) -> Message:
        """The first message of the bot, sent or edited, that fits; TimeoutError otherwise."""
        past = (self.message_at(sent.chat_id, sent.message_id) or sent for sent in tuple(self.world.sent))
        return await self.world.shown.first(past, predicate, timeout_s)

    async def wait_for_call(self, predicate: Callable[[Call], bool], timeout_s: float = 10.0) -> Call:
        """The first call that fits, looked at when it arrives and when it is settled."""
        return await self._calls.first(tuple(self.log), predicate, timeout_s)

    async def wait_until(self, condition: Callable[[], bool], timeout_s: float = 10.0) -> None:
        """Return when the condition holds; it is looked at after every call and every settled answer."""
        if not condition():
            await self._calls.first((), lambda _call: condition(), timeout_s)
