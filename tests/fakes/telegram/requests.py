"""What each method may be given: unknown parameters are refused on purpose."""

import msgspec

from .model import Entity, ReplyMarkup

ChatRef = int | str


class Parameters(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The parameters of one method."""


class Nothing(Parameters):
    """A method without parameters."""


class LinkPreview(Parameters):
    """How a link in a text is previewed."""

    is_disabled: bool | None = None
    url: str | None = None
    prefer_small_media: bool | None = None
    prefer_large_media: bool | None = None
    show_above_text: bool | None = None


class ReplyTo(Parameters):
    """The message that is answered."""

    message_id: int
    chat_id: ChatRef | None = None
    allow_sending_without_reply: bool | None = None
    quote: str | None = None
    quote_parse_mode: str | None = None
    quote_entities: tuple[Entity, ...] | None = None
    quote_position: int | None = None


class InChat(Parameters):
    """A method on a chat."""

    chat_id: ChatRef | None = None


class Send(InChat):
    """What all sending methods share."""

    message_thread_id: int | None = None
    reply_parameters: ReplyTo | None = None
    reply_markup: ReplyMarkup | None = None
    parse_mode: str | None = None
    disable_notification: bool | None = None
    protect_content: bool | None = None
    message_effect_id: str | None = None
    allow_paid_broadcast: bool | None = None


class SendMessage(Send):
    """sendMessage."""

    text: str | None = None
    entities: tuple[Entity, ...] | None = None
    link_preview_options: LinkPreview | None = None


class SendPhoto(Send):
    """sendPhoto."""

    photo: str | None = None
    caption: str | None = None
    caption_entities: tuple[Entity, ...] | None = None
    show_caption_above_media: bool | None = None
    has_spoiler: bool | None = None


class SendDocument(Send):
    """sendDocument."""

    document: str | None = None
    caption: str | None = None
    caption_entities: tuple[Entity, ...] | None = None
    disable_content_type_detection: bool | None = None


class SendChatAction(InChat):
    """sendChatAction."""

    action: str | None = None
    message_thread_id: int | None = None


class OnMessage(InChat):
    """A method on a message that exists."""

    message_id: int | None = None
    inline_message_id: str | None = None


class EditMarkup(OnMessage):
    """editMessageReplyMarkup."""

    reply_markup: ReplyMarkup | None = None


class EditText(EditMarkup):
    """editMessageText."""

    text: str | None = None
    parse_mode: str | None = None
    entities: tuple[Entity, ...] | None = None
    link_preview_options: LinkPreview | None = None


class EditCaption(EditMarkup):
    """editMessageCaption."""

    caption: str | None = None
    parse_mode: str | None = None
    caption_entities: tuple[Entity, ...] | None = None
    show_caption_above_media: bool | None = None


class InputMedia(Parameters):
    """New media of a message."""

    type: str
    media: str
    caption: str | None = None
    parse_mode: str | None = None
    caption_entities: tuple[Entity, ...] | None = None
    show_caption_above_media: bool | None = None
    has_spoiler: bool | None = None


class EditMedia(EditMarkup):
    """editMessageMedia."""

    media: InputMedia | None = None


class DeleteMessage(InChat):
    """deleteMessage."""

    message_id: int | None = None


class PinMessage(InChat):
    """pinChatMessage and unpinChatMessage."""

    message_id: int | None = None
    disable_notification: bool | None = None


class AnswerCallback(Parameters):
    """answerCallbackQuery."""

    callback_query_id: str | None = None
    text: str | None = None
    show_alert: bool | None = None
    url: str | None = None
    cache_time: int | None = None


class InputText(Parameters):
    """The text that an inline result sends."""

    message_text: str
    parse_mode: str | None = None
    entities: tuple[Entity, ...] | None = None
    link_preview_options: LinkPreview | None = None


class InlineResult(Parameters):
    """One article or photo offered to an inline query."""

    type: str
    id: str
    title: str | None = None
    description: str | None = None
    input_message_content: InputText | None = None
    reply_markup: ReplyMarkup | None = None
    url: str | None = None
    thumbnail_url: str | None = None
    thumbnail_width: int | None = None
    thumbnail_height: int | None = None
    photo_url: str | None = None
    photo_file_id: str | None = None
    caption: str | None = None
    parse_mode: str | None = None
    caption_entities: tuple[Entity, ...] | None = None


class ResultsButton(Parameters):
    """The button above inline results."""

    text: str
    start_parameter: str | None = None


class AnswerInline(Parameters):
    """answerInlineQuery."""

    inline_query_id: str | None = None
    results: tuple[InlineResult, ...] | None = None
    cache_time: int | None = None
    is_personal: bool | None = None
    next_offset: str | None = None
    button: ResultsButton | None = None


class ChatMember(InChat):
    """getChatMember."""

    user_id: int | None = None


class BotCommand(Parameters):
    """One line of the command menu."""

    command: str
    description: str


class CommandScope(Parameters):
    """Who sees a command menu."""

    type: str = "default"
    chat_id: ChatRef | None = None
    user_id: int | None = None


class ScopedCommands(Parameters):
    """getMyCommands and deleteMyCommands."""

    scope: CommandScope | None = None
    language_code: str | None = None


class SetCommands(ScopedCommands):
    """setMyCommands."""

    commands: tuple[BotCommand, ...] | None = None


class Profile(Parameters):
    """The methods that set or read the bot's name and descriptions."""

    name: str | None = None
    description: str | None = None
    short_description: str | None = None
    language_code: str | None = None


class GetUpdates(Parameters):
    """getUpdates."""

    offset: int = 0
    limit: int = 100
    timeout: int = 0
    allowed_updates: tuple[str, ...] | None = None


class SetWebhook(Parameters):
    """setWebhook."""

    url: str | None = None
    max_connections: int | None = None
    allowed_updates: tuple[str, ...] | None = None
    drop_pending_updates: bool | None = None
    secret_token: str | None = None
    ip_address: str | None = None


class DeleteWebhook(Parameters):
    """deleteWebhook."""

    drop_pending_updates: bool | None = None
