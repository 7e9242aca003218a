"""Who asks and from where: a person, an account on a platform, a chat."""

from dataclasses import dataclass
from typing import Literal

Platform = Literal["telegram", "discord", "console", "watchdog"]
"""The last is nobody's: what is sent there shows that sending works."""

NumberStyle = Literal["1,234.56", "1.234,56", "1 234.56"]


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a person has chosen; each has a default that needs no question."""

    zone: str = "UTC"  # IANA name
    currency: str = "usd"  # a key of FIATS
    numbers: NumberStyle | None = None  # None: not chosen yet, so a line like 100.000 is asked back


@dataclass(frozen=True, slots=True)
class Place:
    """A chat as a platform addresses it; `thread` is a forum topic or None."""

    platform: Platform
    bot_id: int
    chat_id: int
    thread: int | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """The person behind a command and the chat it came from. Ids are our own row ids."""

    person: int
    account: int  # the platform's numeric user id
    chat: int
    place: Place
    private: bool  # a chat of this person and the bot alone
    may_administer: bool = False  # this chat; decided by the platform at the moment of the command
    preferences: Preferences = Preferences()
