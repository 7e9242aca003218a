"""From Telegram's updates to what a person wants; everything that concerns nobody is None."""

from dataclasses import dataclass
from typing import Final, Literal

import msgspec

_UNNAMED: Final = 1 << 60
"""Anonymous admins and channels have no number of their own; theirs is this plus the chat's, so it is nobody else's."""

ALLOWED: Final = ("message", "channel_post", "callback_query", "my_chat_member")
"""What we ask to hear of. Edits are not among it: a command is what was sent first."""

Presence = Literal["here", "silenced", "away"]


class User(msgspec.Struct):
    """Who wrote or pressed."""

    id: int
    is_bot: bool = False


class Chat(msgspec.Struct):
    """Where; `title` and names are not read."""

    id: int
    type: str

    @property
    def is_private(self) -> bool:
        """Say whether it is a chat of one person and the bot."""
        return self.type == "private"


class Entity(msgspec.Struct):
    """A marked part of a text, in UTF-16 units."""

    type: str
    offset: int
    length: int


class Message(msgspec.Struct):
    """A message, as far as we read it. Absent fields are those of other kinds of messages."""

    message_id: int
    chat: Chat
    sender: User | None = msgspec.field(default=None, name="from")
    sender_chat: Chat | None = None
    text: str | None = None
    caption: str | None = None
    entities: tuple[Entity, ...] = ()
    caption_entities: tuple[Entity, ...] = ()
    photo: tuple[msgspec.Raw, ...] = ()
    message_thread_id: int | None = None
    is_topic_message: bool = False
    is_automatic_forward: bool = False
    forward_origin: msgspec.Raw | None = None
    via_bot: msgspec.Raw | None = None
    migrate_to_chat_id: int | None = None
    migrate_from_chat_id: int | None = None

    @property
    def thread(self) -> int | None:
        """Return the forum topic; outside forums the same field only numbers a chain of replies."""
        return self.message_thread_id if self.is_topic_message else None


class CallbackQuery(msgspec.Struct):
    """A press. Without `message` it is a button of an inline result."""

    id: str
    sender: User = msgspec.field(name="from")
    message: Message | None = None
    data: str | None = None


class Member(msgspec.Struct):
    """What somebody may do in a chat."""

    status: str
    is_member: bool = True
    can_send_messages: bool = True


class MemberUpdate(msgspec.Struct):
    """A change of what the bot may do in a chat."""

    chat: Chat
    old_chat_member: Member
    new_chat_member: Member


class Update(msgspec.Struct):
    """One of the kinds in `ALLOWED`."""

    update_id: int
    message: Message | None = None
    channel_post: Message | None = None
    callback_query: CallbackQuery | None = None
    my_chat_member: MemberUpdate | None = None


class _Numbered(msgspec.Struct):
    update_id: int


@dataclass(frozen=True, slots=True)
class Asked:
    """A command (`is_line`) or plain words of a private chat."""

    text: str
    is_line: bool
    user: int
    chat: int
    thread: int | None
    message: int
    private: bool
    named: bool = True  # False: an anonymous admin or a channel; no private chat leads there
    administers: bool = False  # certain without asking: an anonymous admin
    reads_only: bool = False  # a channel speaks: nobody can be held to a change


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button. `message` is None where the message can no longer be edited."""

    query: str
    ref: str
    user: int
    chat: int
    thread: int | None
    message: int | None
    is_photo: bool
    private: bool


@dataclass(frozen=True, slots=True)
class Stray:
    """A press that leads nowhere: on an inline result, or without data."""

    query: str
    user: int
    chat: int


@dataclass(frozen=True, slots=True)
class Seen:
    """What the bot may do in a chat has changed."""

    chat: int
    user: int
    presence: Presence
    private: bool
    is_welcome: bool  # the bot has just been added to a group


@dataclass(frozen=True, slots=True)
class Migrated:
    """A group has a new number."""

    chat: int
    new_chat: int
    user: int = 0


Wish = Asked | Pressed | Stray | Seen | Migrated

_UPDATE: Final = msgspec.json.Decoder(Update)
_NUMBERED: Final = msgspec.json.Decoder(_Numbered)


def number_of(body: bytes | str | msgspec.Raw) -> int:
    """Return an update's number; raise msgspec.DecodeError for what is no update at all."""
    return _NUMBERED.decode(body).update_id


def wish_of(body: bytes | str | msgspec.Raw, username: str) -> Wish | None:
    """Return what an update asks of the bot called `username`; None for what it should not answer or cannot read."""
    try:
        update = _UPDATE.decode(body)
    except (msgspec.ValidationError, RecursionError):
        return None
    if update.message is not None:
        return _of_message(update.message, username)
    if update.channel_post is not None:
        return _of_message(update.channel_post, username)
    if update.callback_query is not None:
        return _of_press(update.callback_query)
    return None if update.my_chat_member is None else _of_member(update.my_chat_member)


def _of_message(message: Message, username: str) -> Wish | None:
    chat = message.chat
    if message.migrate_to_chat_id is not None:
        return Migrated(chat.id, message.migrate_to_chat_id)
    if message.migrate_from_chat_id is not None:
        return Migrated(message.migrate_from_chat_id, chat.id)
    if message.via_bot is not None or message.forward_origin is not None or message.is_automatic_forward:
        return None
    text, is_line = _words(message, username)
    if not text or not (is_line or chat.is_private):
        return None
    if message.sender_chat is not None:
        own = message.sender_chat.id == chat.id and chat.type != "channel"
        user = _UNNAMED + abs(message.sender_chat.id)
        return Asked(
            text, is_line, user, chat.id, message.thread, message.message_id, private=False, named=False,
            administers=own, reads_only=not own,
        )  # fmt: skip
    if message.sender is None or message.sender.is_bot:
        return None
    return Asked(text, is_line, message.sender.id, chat.id, message.thread, message.message_id, private=chat.is_private)


def _words(message: Message, username: str) -> tuple[str, bool]:
    """Return the text and whether it is a command line; the empty text for a command to another bot."""
    text = (message.text or message.caption or "").strip()
    if not text.startswith("/"):
        return text, False
    entities = message.entities or message.caption_entities
    if not message.chat.is_private and not any(e.type == "bot_command" and e.offset == 0 for e in entities):
        return text, False
    first, _, _ = text.partition("\n")
    first, _, _ = first.partition(" ")
    name, at, bot = first.partition("@")
    if at and bot.lower() != username.lower():
        return "", False
    return name + text[len(first) :], True


def _of_press(query: CallbackQuery) -> Pressed | Stray | None:
    if query.sender.is_bot:
        return None
    message = query.message
    if message is None or query.data is None:
        return Stray(query.id, query.sender.id, query.sender.id)
    is_editable = message.sender is not None  # Telegram shows an inaccessible message as chat and number alone
    return Pressed(
        query.id, query.data, query.sender.id, message.chat.id, message.thread,
        message.message_id if is_editable else None, bool(message.photo), message.chat.is_private,
    )  # fmt: skip


def _of_member(change: MemberUpdate) -> Seen:
    before, after = _presence(change.old_chat_member), _presence(change.new_chat_member)
    chat = change.chat
    is_welcome = before == "away" and after == "here" and chat.type in ("group", "supergroup")
    return Seen(chat.id, chat.id, after, chat.is_private, is_welcome)


def _presence(member: Member) -> Presence:
    if member.status in ("left", "kicked") or not member.is_member:
        return "away"
    return "here" if member.can_send_messages else "silenced"
