"""The JSON that goes to Discord and comes from it, as typed structures."""

from dataclasses import dataclass
from typing import Final

from msgspec import UNSET, DecodeError, Raw, Struct, UnsetType, field, json

EPHEMERAL: Final = 1 << 6
ROW, BUTTON, GREY = 1, 2, 2


class Image(Struct, frozen=True):
    """A picture in an embed."""

    url: str


class Embed(Struct, frozen=True):
    """One framed block of text. Limits: title 256, description 4096, 6000 characters over all of a message."""

    color: int
    description: str | UnsetType = UNSET
    title: str | UnsetType = UNSET
    image: Image | UnsetType = UNSET


class PressButton(Struct, frozen=True):
    """A grey button; `custom_id` comes back when it is pressed."""

    label: str
    custom_id: str
    type: int = BUTTON
    style: int = GREY


class ButtonRow(Struct, frozen=True):
    """Up to five buttons."""

    components: tuple[PressButton, ...]
    type: int = ROW


class Attachment(Struct, frozen=True):
    """What is said about an uploaded file; `id` is its place among the files of this request."""

    id: int
    filename: str
    description: str


class NoMentions(Struct, frozen=True):
    """Nobody is pinged, whatever the text says."""

    parse: tuple[()] = ()


class Message(Struct, frozen=True):
    """A message as it shall stand. Empty parts are sent too, so that an edit leaves nothing of what was there."""

    content: str = ""
    embeds: tuple[Embed, ...] = ()
    components: tuple[ButtonRow, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    allowed_mentions: NoMentions = NoMentions()
    flags: int | UnsetType = UNSET
    nonce: str | UnsetType = UNSET
    enforce_nonce: bool | UnsetType = UNSET


class Deferral(Struct, frozen=True):
    """The flags of an answer that is still to come."""

    flags: int = 0


class Callback(Struct, frozen=True):
    """The first answer to an interaction: 4 a message, 5 «thinking», 6 «will edit», 8 suggestions."""

    type: int
    data: Message | Deferral | UnsetType = UNSET


class Recipient(Struct, frozen=True):
    """With whom a private channel is opened."""

    recipient_id: str


class Refusal(Struct, frozen=True):
    """How Discord says no. `retry_after` is in seconds."""

    code: int = 0
    message: str = ""
    retry_after: float | None = None
    is_global: bool = field(name="global", default=False)


class Numbered(Struct, frozen=True):
    """Anything with an id."""

    id: str


class OldMessage(Struct, frozen=True):
    """A message in a channel's history."""

    id: str
    author: Numbered


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `spent_seconds` is given when the bucket is empty: for how long."""

    status: int
    body: bytes = b""
    retry_after_header: str | None = None
    via: str | None = None
    spent_seconds: float | None = None

    @property
    def ok(self) -> bool:
        """Say whether the request was carried out."""
        return 200 <= self.status < 300

    @property
    def refusal(self) -> Refusal:
        """Return what the body says about a refusal; code 0 where it says nothing."""
        try:
            return json.decode(self.body, type=Refusal)
        except (DecodeError, RecursionError):
            return Refusal()

    @property
    def number(self) -> int | None:
        """Return the id of what was made; None for a body that has none."""
        try:
            return int(json.decode(self.body, type=Numbered).id)
        except (DecodeError, ValueError):
            return None


def history(body: bytes) -> tuple[tuple[OldMessage, bytes], ...] | None:
    """Return the messages of a history page, each with the JSON it came in; None for a body that is not a page."""
    try:
        raws = json.decode(body, type=tuple[Raw, ...])
        return tuple((json.decode(raw, type=OldMessage), bytes(raw)) for raw in raws)
    except (DecodeError, RecursionError):
        return None
