"""A strict fake of the Telegram Bot API: the judge of what was sent."""

from .faults import Fault
from .model import Breach, Button, Call, Chat, Entity, FaultKind, Message, Standing, StoredFile, User
from .pacing import Limits
from .requests import BotCommand
from .server import TOKEN, FakeTelegram
from .world import Answer

__all__ = [
    "TOKEN",
    "Answer",
    "BotCommand",
    "Breach",
    "Button",
    "Call",
    "Chat",
    "Entity",
    "FakeTelegram",
    "Fault",
    "FaultKind",
    "Limits",
    "Message",
    "Standing",
    "StoredFile",
    "User",
]
