"""The methods by name: how their parameters are typed and what carries them out."""

import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from . import answers, chats, editing, requests, sending
from .model import Refusal, bad_request
from .requests import Parameters
from .world import Execution

R = TypeVar("R", bound=Parameters)


@dataclass(frozen=True, slots=True)
class Method:
    """One method: reading its parameters, and running it."""

    name: str
    type: type[Parameters]
    run: Callable[[Execution, msgspec.Struct], object]
    fields: frozenset[str]
    structured: frozenset[str]

    def read(self, raw: dict[str, object]) -> Parameters:
        """The typed parameters; JSON-encoded fields are decoded in place. Raises Refusal."""
        for name in raw:
            if name not in self.fields:
                raise bad_request(f"unknown parameter {name}")
        for name in self.structured.intersection(raw):
            raw[name] = _decoded(name, raw[name])
        _number_chat(raw)
        try:
            return msgspec.convert(raw, self.type, strict=False)
        except msgspec.ValidationError as error:
            raise _untyped(self.name, error) from None


def _decoded(name: str, value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return msgspec.json.decode(value)
    except msgspec.DecodeError:
        raise bad_request(f"can't parse {name} JSON object") from None


def _number_chat(raw: dict[str, object]) -> None:
    value = raw.get("chat_id")
    if isinstance(value, str) and value.removeprefix("-").isdecimal():
        raw["chat_id"] = int(value)


def _untyped(method: str, error: msgspec.ValidationError) -> Refusal:
    reason, _, path = str(error).partition(" - at ")
    field = path.strip("`").removeprefix("$.") or method
    if reason.startswith("Object contains unknown field"):
        return bad_request(f"unknown parameter {field}.{reason.split('`')[1]}")
    return bad_request(f"can't parse {field}: {reason}")


def _is_structured(annotation: object) -> bool:
    if isinstance(annotation, types.UnionType):
        return any(_is_structured(part) for part in typing.get_args(annotation))
    return typing.get_origin(annotation) is tuple or (
        isinstance(annotation, type) and issubclass(annotation, msgspec.Struct)
    )


def _method(name: str, parameters: type[R], action: Callable[[Execution, R], object]) -> Method:
    hints = typing.get_type_hints(parameters)
    hints = {field: hints[field] for field in parameters.__struct_fields__}
    structured = frozenset(field for field, hint in hints.items() if _is_structured(hint))

    def run(execution: Execution, request: msgspec.Struct) -> object:
        assert isinstance(request, parameters)
        return action(execution, request)

    return Method(name, parameters, run, frozenset(hints), structured)


def _polled(_run: Execution, _request: requests.GetUpdates) -> object:
    raise AssertionError("getUpdates waits, so the server runs it itself")


ALL = (
    _method("getMe", requests.Nothing, chats.get_me),
    _method("getUpdates", requests.GetUpdates, _polled),
    _method("setWebhook", requests.SetWebhook, chats.set_webhook),
    _method("deleteWebhook", requests.DeleteWebhook, chats.delete_webhook),
    _method("getWebhookInfo", requests.Nothing, chats.get_webhook),
    _method("sendMessage", requests.SendMessage, sending.send_message),
    _method("sendPhoto", requests.SendPhoto, sending.send_photo),
    _method("sendDocument", requests.SendDocument, sending.send_document),
    _method("sendChatAction", requests.SendChatAction, sending.send_chat_action),
    _method("editMessageText", requests.EditText, editing.edit_text),
    _method("editMessageCaption", requests.EditCaption, editing.edit_caption),
    _method("editMessageMedia", requests.EditMedia, editing.edit_media),
    _method("editMessageReplyMarkup", requests.EditMarkup, editing.edit_markup),
    _method("deleteMessage", requests.DeleteMessage, editing.delete_message),
    _method("pinChatMessage", requests.PinMessage, editing.pin_message),
    _method("unpinChatMessage", requests.PinMessage, editing.unpin_message),
    _method("answerCallbackQuery", requests.AnswerCallback, answers.answer_callback),
    _method("answerInlineQuery", requests.AnswerInline, answers.answer_inline),
    _method("getChat", requests.InChat, chats.get_chat),
    _method("getChatMember", requests.ChatMember, chats.get_chat_member),
    _method("getChatAdministrators", requests.InChat, chats.get_administrators),
    _method("getChatMemberCount", requests.InChat, chats.get_member_count),
    _method("leaveChat", requests.InChat, chats.leave_chat),
    _method("setMyCommands", requests.SetCommands, chats.set_commands),
    _method("getMyCommands", requests.ScopedCommands, chats.get_commands),
    _method("deleteMyCommands", requests.ScopedCommands, chats.delete_commands),
    _method("setMyName", requests.Profile, chats.set_profile("name", 64)),
    _method("getMyName", requests.Profile, chats.get_profile("name")),
    _method("setMyDescription", requests.Profile, chats.set_profile("description", 512)),
    _method("getMyDescription", requests.Profile, chats.get_profile("description")),
    _method("setMyShortDescription", requests.Profile, chats.set_profile("short_description", 120)),
    _method("getMyShortDescription", requests.Profile, chats.get_profile("short_description")),
)
METHODS = {method.name.lower(): method for method in ALL}
