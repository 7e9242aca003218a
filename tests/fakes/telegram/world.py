"""The state behind the Bot API: chats, memberships, messages, files, open queries."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count

from .model import Chat, JsonObject, Message, Refusal, Standing, StoredFile, Upload, User, bad_request, forbidden
from .requests import BotCommand
from .updates import Updates
from .watch import Watch
from .webhook import Hook

MessageKey = tuple[int, int]
CommandKey = tuple[str, int, int, str]


@dataclass(slots=True)
class Query:
    """A callback or inline query that waits for its answer."""

    user: User
    asked_at: float
    answered: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What the bot answered to a callback query."""

    query_id: str
    user: User
    text: str | None
    show_alert: bool


class World:
    """Everything that outlives a call. One bot, many chats."""

    def __init__(self, token: str, bot: User, query_lifetime_s: float, now: Callable[[], float]) -> None:
        self.token = token
        self.bot = bot
        self.now = now
        self.query_lifetime_s = query_lifetime_s
        self.started_wall = time.time() - now()
        self.users: dict[int, User] = {bot.id: bot}
        self.chats: dict[int, Chat] = {}
        self.standings: dict[int, Standing] = {}
        self.members: dict[MessageKey, Standing] = {}
        self.deactivated: set[int] = set()
        self.migrated: dict[int, int] = {}
        self.topics: dict[MessageKey, bool] = {}  # (chat, thread) → open
        self.messages: dict[MessageKey, Message] = {}
        self.sent: list[Message] = []
        self.pinned: dict[int, int] = {}
        self.files: dict[str, StoredFile] = {}
        self.callbacks: dict[str, Query] = {}
        self.inline: dict[str, Query] = {}
        self.answers: list[Answer] = []
        self.commands: dict[CommandKey, tuple[BotCommand, ...]] = {}
        self.profile: dict[tuple[str, str], str] = {}
        self.updates = Updates()
        self.hook = Hook()
        self.shown: Watch[Message] = Watch()
        self._shared_ids = count(1)  # private chats and basic groups count together, as for a real account
        self._own_ids: dict[int, Iterator[int]] = {}
        self._serial = count(1)

    def wall(self) -> int:
        """Unix seconds, moved by the same clock as everything else."""
        return int(self.started_wall + self.now())

    def serial(self, prefix: str) -> str:
        """A new identifier for a query or a file."""
        return f"{prefix}{next(self._serial)}"

    def new_message_id(self, chat: Chat) -> int:
        """The next message id of a chat."""
        if chat.type in ("supergroup", "channel"):
            return next(self._own_ids.setdefault(chat.id, count(1)))
        return next(self._shared_ids)

    def meet(self, user: User, chat: Chat) -> None:
        """A person did something in a chat: both are known from now on."""
        self.users[user.id] = user
        if chat.id not in self.chats:
            self.chats[chat.id] = chat
            self.standings.setdefault(chat.id, "member")
        if chat.type != "private":
            self.members.setdefault((chat.id, user.id), "member")

    def find_chat(self, chat_id: int | str | None) -> Chat:
        """The chat a call names; raises Refusal as Telegram does."""
        if chat_id is None or chat_id == "":
            raise bad_request("chat_id is empty")
        if isinstance(chat_id, str):
            chat = next((c for c in self.chats.values() if c.username and f"@{c.username}" == chat_id), None)
        else:
            chat = self.chats.get(chat_id)
        if chat is None:
            if chat_id in self.users:
                raise forbidden("bot can't initiate conversation with a user")
            raise bad_request("chat not found")
        if chat.id in self.migrated:
            raise Refusal(
                400,
                "Bad Request: group chat was upgraded to a supergroup chat",
                {"migrate_to_chat_id": self.migrated[chat.id]},
            )
        return chat

    def reachable(self, chat_id: int | str | None) -> Chat:
        """A chat that the bot may write to; raises Refusal otherwise."""
        chat = self.find_chat(chat_id)
        standing = self.standings.get(chat.id, "member")
        if standing == "member" and chat.type != "channel" and chat.id not in self.deactivated:
            return chat
        noun = "group chat" if chat.type == "group" else f"{chat.type} chat"
        if chat.id in self.deactivated:
            raise forbidden("user is deactivated")
        if standing == "kicked":
            raise forbidden(
                "bot was blocked by the user" if chat.type == "private" else f"bot was kicked from the {noun}"
            )
        if standing == "left":
            raise forbidden(f"bot is not a member of the {noun}")
        if standing == "restricted":
            raise bad_request("not enough rights to send text messages to the chat")
        if chat.type == "channel" and standing == "member":
            raise bad_request("need administrator rights in the channel chat")
        return chat

    def check_thread(self, chat: Chat, thread_id: int | None) -> None:
        """Refuse a topic that does not exist or is closed."""
        if thread_id is None:
            return
        is_open = self.topics.get((chat.id, thread_id))
        if is_open is None:
            raise bad_request("message thread not found")
        if not is_open:
            raise bad_request("TOPIC_CLOSED")

    def show(self, message: Message, *, sent: bool) -> Message:
        """Store a new or changed message and tell those who wait for it."""
        self.messages[message.chat_id, message.message_id] = message
        if sent:
            self.sent.append(message)
        self.shown.tell(message)
        return message

    def keep_file(self, stored: StoredFile) -> StoredFile:
        """Remember a file under its id."""
        self.files[stored.file_id] = stored
        return stored

    def move(self, group: Chat, target: Chat) -> None:
        """Turn a group into a supergroup; messages stay behind."""
        self.migrated[group.id] = target.id
        self.chats[target.id] = target
        self.standings[target.id] = self.standings.get(group.id, "member")
        for (chat_id, user_id), standing in list(self.members.items()):
            if chat_id == group.id:
                self.members[target.id, user_id] = standing

    def rename(self, chat: Chat) -> None:
        """Replace what is known of a chat."""
        self.chats[chat.id] = replace(self.chats.get(chat.id, chat), title=chat.title, is_forum=chat.is_forum)


@dataclass(slots=True)
class Execution:
    """One call while it is carried out: what it may use and what it leaves behind."""

    world: World
    number: int
    at: float
    uploads: dict[str, Upload] = field(default_factory=dict)
    message: Message | None = None


def user_json(user: User) -> JsonObject:
    """A `User` object."""
    shown: JsonObject = {"id": user.id, "is_bot": user.is_bot, "first_name": user.first_name}
    if user.username is not None:
        shown["username"] = user.username
    if user.language_code is not None and not user.is_bot:
        shown["language_code"] = user.language_code
    return shown


def chat_json(chat: Chat) -> JsonObject:
    """A `Chat` object."""
    shown: JsonObject = {"id": chat.id, "type": chat.type}
    optional = {"title": chat.title, "username": chat.username, "first_name": chat.first_name}
    shown.update({key: value for key, value in optional.items() if value is not None})
    if chat.is_forum:
        shown["is_forum"] = True
    return shown


def message_json(world: World, message: Message) -> JsonObject:
    """A `Message` object; its file is described, not included."""
    shown: JsonObject = {
        "message_id": message.message_id,
        "from": user_json(message.sender),
        "chat": chat_json(world.chats[message.chat_id]),
        "date": message.date,
    }
    if message.file is None:
        shown["text"] = message.text
    else:
        shown.update(_file_json(message.file))
        if message.text:
            shown["caption"] = message.text
    if message.entities:
        shown["entities" if message.file is None else "caption_entities"] = message.entities
    if message.keyboard:
        shown["reply_markup"] = message.reply_markup
    if message.thread_id is not None:
        shown |= {"message_thread_id": message.thread_id, "is_topic_message": True}
    if message.edits:
        shown["edit_date"] = world.wall()
    replied = world.messages.get((message.chat_id, message.reply_to)) if message.reply_to is not None else None
    if replied is not None:
        shown["reply_to_message"] = message_json(world, replace(replied, reply_to=None))
    return shown


def _file_json(stored: StoredFile) -> JsonObject:
    shown: JsonObject = {
        "file_id": stored.file_id,
        "file_unique_id": f"u{stored.file_id}",
        "file_size": len(stored.content),
    }
    if stored.kind == "document":
        return {"document": shown | {"file_name": stored.file_name}}
    return {"photo": [shown | {"width": stored.width, "height": stored.height}]}
