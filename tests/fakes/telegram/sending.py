"""sendMessage, sendPhoto, sendDocument, sendChatAction."""

from collections.abc import Sequence

from .entities import check_entities, trim, utf16_length
from .keyboards import check_markup
from .model import Chat, Entity, Message, StoredFile, bad_request
from .parse_mode import formatted
from .pictures import given_file
from .requests import Send, SendChatAction, SendDocument, SendMessage, SendPhoto
from .world import Execution, message_json

MAX_TEXT = 4096
MAX_CAPTION = 1024
ACTIONS = frozenset(
    [
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    ]
)

Styled = tuple[str, tuple[Entity, ...]]


def shown_text(text: str, entities: Sequence[Entity]) -> Styled:
    """A message text after the checks and the trimming of the platform."""
    check_entities(text, entities)
    trimmed = trim(text, entities)
    if not trimmed[0]:
        raise bad_request("message text is empty")
    if utf16_length(trimmed[0]) > MAX_TEXT:
        raise bad_request("message is too long")
    return trimmed


def shown_caption(text: str, entities: Sequence[Entity]) -> Styled:
    """A caption after the checks; empty is allowed."""
    check_entities(text, entities)
    trimmed = trim(text, entities)
    if utf16_length(trimmed[0]) > MAX_CAPTION:
        raise bad_request("message caption is too long")
    return trimmed


def send_message(run: Execution, request: SendMessage) -> object:
    """sendMessage."""
    if not request.text:
        raise bad_request("message text is empty")
    text, entities = formatted(request.text, request.parse_mode, request.entities)
    chat = run.world.reachable(request.chat_id)
    return _post(run, chat, request, shown_text(text, entities), None)


def send_photo(run: Execution, request: SendPhoto) -> object:
    """sendPhoto."""
    text, entities = formatted(request.caption or "", request.parse_mode, request.caption_entities)
    chat = run.world.reachable(request.chat_id)
    caption = shown_caption(text, entities)
    return _post(run, chat, request, caption, given_file(run, "photo", "photo", request.photo))


def send_document(run: Execution, request: SendDocument) -> object:
    """sendDocument."""
    text, entities = formatted(request.caption or "", request.parse_mode, request.caption_entities)
    chat = run.world.reachable(request.chat_id)
    caption = shown_caption(text, entities)
    return _post(run, chat, request, caption, given_file(run, "document", "document", request.document))


def _post(run: Execution, chat: Chat, request: Send, styled: Styled, file: StoredFile | None) -> object:
    world = run.world
    world.check_thread(chat, request.message_thread_id)
    reply_to = _replied(run, chat, request)
    check_markup(request.reply_markup)
    if file is not None:
        world.keep_file(file)
    message = Message(
        chat_id=chat.id,
        message_id=world.new_message_id(chat),
        sender=world.bot,
        at=run.at,
        date=world.wall(),
        text=styled[0],
        entities=styled[1],
        reply_markup=request.reply_markup,
        file=file,
        thread_id=request.message_thread_id,
        reply_to=reply_to,
        silent=bool(request.disable_notification),
        parse_mode=request.parse_mode,
        call_number=run.number,
    )
    run.message = world.show(message, sent=True)
    return message_json(world, message)


def _replied(run: Execution, chat: Chat, request: Send) -> int | None:
    reply = request.reply_parameters
    if reply is None:
        return None
    if (chat.id, reply.message_id) in run.world.messages:
        return reply.message_id
    if reply.allow_sending_without_reply:
        return None
    raise bad_request("message to be replied not found")


def send_chat_action(run: Execution, request: SendChatAction) -> object:
    """sendChatAction."""
    chat = run.world.reachable(request.chat_id)
    run.world.check_thread(chat, request.message_thread_id)
    if request.action not in ACTIONS:
        raise bad_request("wrong parameter action in request")
    return True
