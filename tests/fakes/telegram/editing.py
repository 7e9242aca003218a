"""Edits, deletions and pins."""

from dataclasses import replace

from .keyboards import check_inline_only
from .model import Message, ReplyMarkup, Standing, bad_request
from .parse_mode import formatted
from .pictures import given_file
from .requests import DeleteMessage, EditCaption, EditMarkup, EditMedia, EditText, OnMessage, PinMessage
from .sending import Styled, shown_caption, shown_text
from .world import Execution, message_json

NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current "
    "content and reply markup of the message"
)
STAFF: tuple[Standing, ...] = ("creator", "administrator")


def _target(run: Execution, request: OnMessage) -> Message:
    if request.inline_message_id is not None:
        raise bad_request("MESSAGE_ID_INVALID")
    chat = run.world.reachable(request.chat_id)
    if request.message_id is None:
        raise bad_request("message identifier is not specified")
    message = run.world.messages.get((chat.id, request.message_id))
    if message is None:
        raise bad_request("message to edit not found")
    if not message.sender.is_bot:
        raise bad_request("message can't be edited")
    return message


def _change(run: Execution, before: Message, after: Message) -> object:
    check_inline_only(after.reply_markup)
    same = (before.text, before.entities, before.keyboard, before.file) == (
        after.text,
        after.entities,
        after.keyboard,
        after.file,
    )
    if same:
        raise bad_request(NOT_MODIFIED)
    changed = replace(after, edits=before.edits + 1, call_number=run.number)
    run.message = run.world.show(changed, sent=False)
    return message_json(run.world, changed)


def _restyled(message: Message, styled: Styled, markup: ReplyMarkup | None, parse_mode: str | None) -> Message:
    return replace(message, text=styled[0], entities=styled[1], reply_markup=markup, parse_mode=parse_mode)


def edit_text(run: Execution, request: EditText) -> object:
    """editMessageText."""
    if not request.text:
        raise bad_request("message text is empty")
    text, entities = formatted(request.text, request.parse_mode, request.entities)
    before = _target(run, request)
    if before.file is not None:
        raise bad_request("there is no text in the message to edit")
    styled = shown_text(text, entities)
    return _change(run, before, _restyled(before, styled, request.reply_markup, request.parse_mode))


def edit_caption(run: Execution, request: EditCaption) -> object:
    """editMessageCaption."""
    text, entities = formatted(request.caption or "", request.parse_mode, request.caption_entities)
    before = _target(run, request)
    if before.file is None:
        raise bad_request("there is no caption in the message to edit")
    styled = shown_caption(text, entities)
    return _change(run, before, _restyled(before, styled, request.reply_markup, request.parse_mode))


def edit_media(run: Execution, request: EditMedia) -> object:
    """editMessageMedia, for photos and documents."""
    media = request.media
    if media is None:
        raise bad_request("input media is not specified")
    text, entities = formatted(media.caption or "", media.parse_mode, media.caption_entities)
    before = _target(run, request)
    styled = shown_caption(text, entities)
    match media.type:
        case "photo":
            file = given_file(run, "photo", "media", media.media)
        case "document":
            file = given_file(run, "document", "media", media.media)
        case _:
            raise bad_request(f"type {media.type} is unsupported")
    after = _restyled(before, styled, request.reply_markup, media.parse_mode)
    result = _change(run, before, replace(after, file=file))
    run.world.keep_file(file)
    return result


def edit_markup(run: Execution, request: EditMarkup) -> object:
    """editMessageReplyMarkup."""
    before = _target(run, request)
    return _change(run, before, replace(before, reply_markup=request.reply_markup))


def delete_message(run: Execution, request: DeleteMessage) -> object:
    """deleteMessage; a person's message in a group needs administrator rights."""
    chat = run.world.reachable(request.chat_id)
    message = run.world.messages.get((chat.id, request.message_id or 0))
    if message is None:
        raise bad_request("message to delete not found")
    foreign = not message.sender.is_bot and chat.type != "private"
    if foreign and run.world.standings.get(chat.id) not in STAFF:
        raise bad_request("message can't be deleted")
    del run.world.messages[chat.id, message.message_id]
    return True


def pin_message(run: Execution, request: PinMessage) -> object:
    """pinChatMessage; needs administrator rights outside private chats."""
    chat = run.world.reachable(request.chat_id)
    if (chat.id, request.message_id) not in run.world.messages or request.message_id is None:
        raise bad_request("message to pin not found")
    if chat.type != "private" and run.world.standings.get(chat.id) not in STAFF:
        raise bad_request("not enough rights to manage pinned messages in the chat")
    run.world.pinned[chat.id] = request.message_id
    return True


def unpin_message(run: Execution, request: PinMessage) -> object:
    """unpinChatMessage."""
    chat = run.world.reachable(request.chat_id)
    if run.world.pinned.pop(chat.id, None) is None:
        raise bad_request("message to unpin not found")
    return True
