"""What the fake Telegram knows: people, chats, messages, received calls."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, TypeAlias

import msgspec

JsonObject: TypeAlias = dict[str, object]
ChatType: TypeAlias = Literal["private", "group", "supergroup", "channel"]
Standing: TypeAlias = Literal["creator", "administrator", "member", "restricted", "left", "kicked"]


class Refusal(Exception):
    """A call that the platform refuses; carries what the answer says."""

    def __init__(self, status: int, description: str, parameters: JsonObject | None = None) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.parameters = parameters


def bad_request(description: str) -> Refusal:
    """A 400; Telegram lowers the first letter of its server's own sentences."""
    return Refusal(400, f"Bad Request: {description}")


def forbidden(description: str) -> Refusal:
    """A 403."""
    return Refusal(403, f"Forbidden: {description}")


@dataclass(frozen=True, slots=True)
class Chat:
    """Where messages stand; groups and channels have negative ids."""

    id: int
    type: ChatType = "private"
    title: str | None = None
    username: str | None = None
    first_name: str | None = None
    is_forum: bool = False


@dataclass(frozen=True, slots=True)
class User:
    """A person, or the bot."""

    id: int
    first_name: str = "Ann"
    username: str | None = None
    language_code: str | None = "en"
    is_bot: bool = False

    @property
    def private_chat(self) -> Chat:
        """The chat between this person and the bot; it has the person's id."""
        return Chat(self.id, "private", username=self.username, first_name=self.first_name)


class Entity(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A formatted part of a text; offset and length in UTF-16 units."""

    type: str
    offset: int
    length: int
    url: str | None = None
    user: dict[str, int | str | bool | None] | None = None
    language: str | None = None
    custom_emoji_id: str | None = None
    unix_time: int | None = None
    date_time_format: str | None = None


class CopyText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a button copies when pressed."""

    text: str


class WebApp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The address a button opens as a Mini App."""

    url: str


class Button(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One button of an inline keyboard."""

    text: str = ""
    callback_data: str | None = None
    url: str | None = None
    copy_text: CopyText | None = None
    web_app: WebApp | None = None
    switch_inline_query: str | None = None
    switch_inline_query_current_chat: str | None = None
    style: str | None = None
    icon_custom_emoji_id: str | None = None


class KeyboardKey(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One key of a reply keyboard."""

    text: str
    style: str | None = None
    icon_custom_emoji_id: str | None = None
    request_contact: bool | None = None
    request_location: bool | None = None
    web_app: WebApp | None = None


class ReplyMarkup(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Any of the four kinds of reply markup; exactly one of the first four fields is set."""

    inline_keyboard: tuple[tuple[Button, ...], ...] | None = None
    keyboard: tuple[tuple[KeyboardKey | str, ...], ...] | None = None
    remove_keyboard: bool | None = None
    force_reply: bool | None = None
    resize_keyboard: bool | None = None
    one_time_keyboard: bool | None = None
    is_persistent: bool | None = None
    selective: bool | None = None
    input_field_placeholder: str | None = None


@dataclass(frozen=True, slots=True)
class Upload:
    """A file part of a multipart body."""

    file_name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that Telegram keeps; `file_id` sends it again."""

    kind: Literal["photo", "document"]
    file_id: str
    file_name: str
    content: bytes
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it stood at one moment; `text` is the caption when there is a file."""

    chat_id: int
    message_id: int
    sender: User
    at: float
    date: int
    text: str = ""
    entities: tuple[Entity, ...] = ()
    reply_markup: ReplyMarkup | None = None
    file: StoredFile | None = None
    thread_id: int | None = None
    reply_to: int | None = None
    silent: bool = False
    parse_mode: str | None = None
    edits: int = 0
    call_number: int | None = None

    @property
    def keyboard(self) -> tuple[tuple[Button, ...], ...]:
        """The rows of inline buttons; empty without an inline keyboard."""
        return (self.reply_markup.inline_keyboard or ()) if self.reply_markup is not None else ()

    @property
    def buttons(self) -> tuple[Button, ...]:
        """All inline buttons, row after row."""
        return tuple(button for row in self.keyboard for button in row)

    def button(self, label: str) -> Button:
        """The inline button with this label; LookupError names those that exist."""
        for button in self.buttons:
            if button.text == label:
                return button
        labels = [button.text for button in self.buttons]
        raise LookupError(f"No button {label!r}; there are {labels}.")


class Breach(StrEnum):
    """Why pacing refused a call."""

    WINDOW = "window"  # more calls than the limit allows
    BAN = "ban"  # before the retry_after of an earlier 429 had passed


class FaultKind(StrEnum):
    """What goes wrong with a call."""

    FLOOD = "flood"  # 429 with retry_after
    FORBIDDEN = "forbidden"  # 403 with a description
    BAD_REQUEST = "bad_request"  # 400 with a description
    SERVER_ERROR = "server_error"  # 5xx with an HTML body
    RESET_BEFORE = "reset_before"  # RST, nothing executed
    RESET_AFTER = "reset_after"  # RST, executed
    LOST_ANSWER = "lost_answer"  # executed, connection closed without an answer
    SLOW = "slow"  # executed, answered late
    HANG = "hang"  # never answered
    TRUNCATED = "truncated"  # executed, body cut in half
    GARBAGE = "garbage"  # executed, 200 with a body that is not JSON
    OK_FALSE = "ok_false"  # 200 {"ok":false}


@dataclass(slots=True)
class Call:
    """One received call; appended when it arrives, settled once when its answer is decided."""

    number: int
    at: float
    method: str
    raw: Mapping[str, object]
    uploads: Mapping[str, Upload] = field(default_factory=dict)
    request: msgspec.Struct | None = None
    chat_id: int | None = None
    status: int | None = None  # None: no answer was written
    description: str | None = None  # of an error
    retry_after: int | None = None
    message_id: int | None = None
    executed: bool = False
    settled_at: float | None = None
    fault: FaultKind | None = None
    breach: Breach | None = None

    @property
    def params(self) -> Mapping[str, object]:
        """The parameters as typed JSON; as received when they could not be typed."""
        if self.request is None:
            return self.raw
        typed = {name: getattr(self.request, name) for name in self.raw}
        return {
            name: self.raw[name] if isinstance(value, (tuple, msgspec.Struct)) else value
            for name, value in typed.items()
        }

    @property
    def text(self) -> str | None:
        """The text or caption that the bot asked to show."""
        value = self.raw.get("text", self.raw.get("caption"))
        return value if isinstance(value, str) else None

    @property
    def parse_mode(self) -> str | None:
        """The markup language, None when the call carried entities or plain text."""
        value = self.raw.get("parse_mode")
        return value if isinstance(value, str) else None
