"""The control door for tests and benchmarks in another process: /_log and /_control."""

from collections import Counter

import msgspec
from aiohttp import web

from .faults import Fault
from .judge import Judge
from .model import Call, Chat, JsonObject, User


class Typed(msgspec.Struct, forbid_unknown_fields=True):
    """A message that a person types; a bare number is an id."""

    user: int | User
    text: str
    chat: int | Chat | None = None
    thread: int | None = None


async def handle(judge: Judge, request: web.BaseRequest) -> web.Response:
    """Answer a control request; 404 for any other path."""
    match request.method, request.path:
        case "GET", "/_log":
            return _json(_log(judge, request))
        case "POST", "/_control/messages":
            typed = msgspec.json.decode(await request.content.read(), type=list[Typed])
            return _json({"update_ids": [_type(judge, message) for message in typed]})
        case "POST", "/_control/faults":
            for fault in msgspec.json.decode(await request.content.read(), type=list[Fault]):
                judge.faults.add(fault)
            return _json({"planned": len(judge.faults.planned)})
        case "POST", "/_control/clear":
            judge.forget()
            return _json({"calls": 0})
        case _:
            return web.Response(status=404, text="404 Not Found")


def _type(judge: Judge, typed: Typed) -> int:
    user = User(typed.user) if isinstance(typed.user, int) else typed.user
    chat = judge.chat(typed.chat) if isinstance(typed.chat, int) else typed.chat
    private = chat is None or chat.id == user.id
    return judge.message(user, typed.text, chat=None if private else chat, thread=typed.thread)


def _log(judge: Judge, request: web.BaseRequest) -> JsonObject:
    since = int(request.query.get("since", "0"))
    calls = judge.log[since:]
    shown: JsonObject = {
        "calls": len(calls),
        "by_method": Counter(call.method for call in calls),
        "by_status": Counter(str(call.status) for call in calls),
        "sent": len(judge.world.sent),
        "violations": len(judge.violations),
        "sent_while_blocked": len(judge.sent_while_blocked),
        "conflicts": len(judge.conflicts),
        "pending_updates": judge.world.updates.pending,
    }
    if "full" in request.query:
        shown["log"] = [_call(call) for call in calls]
    return shown


def _call(call: Call) -> JsonObject:
    return {
        "number": call.number,
        "at": call.at,
        "settled_at": call.settled_at,
        "method": call.method,
        "chat_id": call.chat_id,
        "params": call.params,
        "status": call.status,
        "description": call.description,
        "message_id": call.message_id,
        "executed": call.executed,
        "fault": call.fault,
        "breach": call.breach,
    }


def _json(shown: JsonObject) -> web.Response:
    return web.Response(body=msgspec.json.encode(shown), content_type="application/json")
