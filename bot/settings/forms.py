"""The forms a setting's text may have: each says in one sentence what to write instead."""

from dataclasses import dataclass
from decimal import Decimal
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, get_args
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from services.domain.language import say
from services.domain.people import Platform
from services.failpoints import NAMES as FAILPOINTS
from services.sources.coingecko import Plan as CoinGeckoPlan

SourceName = Literal["binance", "coinbase", "kraken", "coingecko", "replay", "simulated"]
MADE_UP: frozenset[SourceName] = frozenset({"replay", "simulated"})
"""Sources whose prices are not today's: each stands alone, and no card mixes them with live ones."""

Level = Literal["debug", "info", "warning", "error"]
Style = Literal["text", "json"]


@dataclass(frozen=True, slots=True)
class Operator:
    """A person who runs this bot, by the platform's own numeric id."""

    platform: Platform
    account: int


@dataclass(frozen=True, slots=True)
class OperatorChat:
    """A chat that gets what is for the operator; on Discord a channel."""

    platform: Platform
    chat: int


def _words(value: object) -> object:
    if not isinstance(value, str):
        return value
    return tuple(word for word in (each.strip() for each in value.split(",")) if word)


def _lower(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


def _sources(names: tuple[SourceName, ...]) -> tuple[SourceName, ...]:
    if not names:
        raise ValueError(say("Name at least one source: {names}.", names=", ".join(get_args(SourceName))))
    if len(set(names)) != len(names):
        raise ValueError(say("Name each source once."))
    if MADE_UP & set(names) and len(names) > 1:
        raise ValueError(say("Let replay and simulated stand alone: their prices must not mix with live ones."))
    return names


def _operators(value: object) -> object:
    words = _words(value)
    if not isinstance(value, str) or not isinstance(words, tuple):
        return value
    return tuple(_operator(word) for word in words)


def _operator(word: str) -> Operator:
    match word.partition(":"):
        case "telegram" | "discord" as platform, ":", account if account.isascii() and account.isdigit():
            return Operator(platform, int(account))
    raise ValueError(say("Write each as platform:id with the numeric id, like telegram:123456789."))


def _operator_chat(value: object) -> object:
    if not isinstance(value, str):
        return value
    platform, colon, chat = value.strip().partition(":")
    number = chat.removeprefix("-")
    if platform in ("telegram", "discord") and colon and number.isascii() and number.isdigit():
        return OperatorChat("telegram" if platform == "telegram" else "discord", int(chat))
    raise ValueError(say("Write it as platform:id with the numeric id of the chat, like telegram:123456789."))


def _listen_address(value: str) -> str:
    try:
        return str(ip_address(value.strip()))
    except ValueError:
        raise ValueError(say("Give the number of an address of this machine, like 127.0.0.1.")) from None


def _telegram_token(token: SecretStr) -> SecretStr:
    bot_id, colon, key = token.get_secret_value().partition(":")
    if not (bot_id.isascii() and bot_id.isdigit() and colon and key) or any(each.isspace() for each in key):
        raise ValueError(say("This is no bot token: copy it as @BotFather gave it, digits, a colon and letters."))
    return token


def _discord_token(token: SecretStr) -> SecretStr:
    if any(each.isspace() for each in token.get_secret_value()):
        raise ValueError(say("This is no bot token: copy it from the developer portal, without the word Bot."))
    return token


def _web_address(value: str) -> str:
    return _address(value, ("http", "https"))


def _socket_address(value: str) -> str:
    return _address(value, ("ws", "wss"))


def _address(value: str, schemes: tuple[str, str]) -> str:
    wrong = say("Give an address that starts with {plain}:// or {safe}://.", plain=schemes[0], safe=schemes[1])
    try:
        parts = urlsplit(value)
        _ = parts.port  # raises on a port that is none
    except ValueError:
        raise ValueError(wrong) from None
    if parts.scheme not in schemes or not parts.hostname or any(each.isspace() for each in value):
        raise ValueError(wrong)
    return value.rstrip("/")


def _database(url: SecretStr) -> SecretStr:
    scheme = "postgresql+asyncpg"
    wrong = say("Give an address like {scheme}://user:password@host/name, or leave it out.", scheme=scheme)
    try:
        parts = urlsplit(url.get_secret_value())
        _ = parts.port
    except ValueError:
        raise ValueError(wrong) from None
    if parts.scheme != scheme or not parts.path.strip("/"):
        raise ValueError(wrong)
    return url


def _pace(value: object) -> object:
    return None if isinstance(value, str) and value.strip().lower() == "max" else value


def _failpoints(plan: str) -> str:
    for part in plan.split(","):
        match part.split(":"):
            case name, occurrence, "kill" | "exit137" | "stop" | "raise" if name in FAILPOINTS and occurrence.isdigit():
                continue
        raise ValueError(say("Write name:occurrence:action, with commas between."))
    return plan


WebAddress = Annotated[str, AfterValidator(_web_address)]
SocketAddress = Annotated[str, AfterValidator(_socket_address)]
DatabaseUrl = Annotated[SecretStr, AfterValidator(_database)]
TelegramToken = Annotated[SecretStr, AfterValidator(_telegram_token)]
DiscordToken = Annotated[SecretStr, AfterValidator(_discord_token)]
ListenAddress = Annotated[str, AfterValidator(_listen_address)]
Port = Annotated[int, Field(ge=0, le=65535)]
OperatorChatId = Annotated[OperatorChat, BeforeValidator(_operator_chat)]
Operators = Annotated[tuple[Operator, ...], BeforeValidator(_operators)]
Sources = Annotated[
    tuple[Annotated[SourceName, BeforeValidator(_lower)], ...], BeforeValidator(_words), AfterValidator(_sources)
]
Files = Annotated[tuple[Path, ...], BeforeValidator(_words)]
Failpoints = Annotated[str, AfterValidator(_failpoints)]
Plan = Annotated[CoinGeckoPlan, BeforeValidator(_lower)]
Switch = Annotated[Literal["on", "off"], BeforeValidator(_lower)]
LogLevel = Annotated[Level, BeforeValidator(_lower)]
LogFormat = Annotated[Style, BeforeValidator(_lower)]
Speed = Annotated[Decimal, Field(gt=0, le=1_000_000)]
Pace = Annotated[Speed | None, BeforeValidator(_pace)]
Count = Annotated[int, Field(ge=1, le=100_000)]
