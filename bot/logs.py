"""One stream of log lines, for people or machines, from which no secret can be read."""

import json
import logging
import re
import sys
import threading
import traceback
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Literal, TextIO
from urllib.parse import quote, quote_plus

import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict, ExcInfo, WrappedLogger

Level = Literal["debug", "info", "warning", "error"]
Style = Literal["text", "json"]

CHATTY = (
    "aiohttp",
    "aiosqlite",
    "alembic",
    "asyncio",
    "discord",
    "httpcore",
    "httpx",
    "matplotlib",
    "PIL",
    "sqlalchemy",
    "telegram",
    "websockets",
)
"""Libraries that log addresses and payloads below WARNING."""

_HIDDEN = "***"
_SHORTEST = 4  # a shorter secret would blot out ordinary words
_END = 12  # enough of either end of a long secret to know a part of it again when a library has cut it
_SHAPES = (
    re.compile(r"\d{5,}(?::|%3A)[\w-]{30,}"),  # Telegram's bot tokens
    re.compile(r"\b[\w-]{23,28}\.[\w-]{6,7}\.[\w-]{27,}"),  # Discord's
    re.compile(r"(?<=://)[^/\s@\"']+(?=@)"),  # user and password in an address
    re.compile(r"(?i)(?<=authorization)([\"']?(?:, b|[:=,])\s*[\"']?)(?:bot|bearer|basic)\s+[^\s\"',)]+"),
)
_NAMED = (  # what comes before the secret stays
    re.compile(r"(/(?:webhooks|interactions)/\d+/)[\w.%-]{16,}"),  # with it anyone can answer an interaction
    re.compile(r"(?i)([\"'][\w.-]*token\\*[\"']\s*:\s*\\*[\"'])[^\"'\\\s]{16,}"),
)
_QUERY = re.compile(r"(?i)([?&;](?:[\w.-]*(?:key|token|secret|signature|password|passwd))=)[^&\s\"'#<>)]+")
_HEAD = frozenset({"at", "level", "logger", "event", "exception"})
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


class Mask:
    """Hides what must not be read: the exact secrets, their ends where they were cut, and what looks like a token."""

    def __init__(self, secrets: tuple[str, ...]) -> None:
        written = {way for secret in secrets if len(secret) >= _SHORTEST for way in _ways(secret)}
        self._exact = _either(re.escape(each) for each in sorted(written, key=len, reverse=True))
        self._ends = _either(each for secret in secrets if len(secret) >= 2 * _END for each in _cut(secret))

    def __call__(self, text: str) -> str:
        """Return `text` without secrets."""
        for pattern in (self._exact, self._ends, *_SHAPES):
            if pattern is not None:
                text = pattern.sub(_HIDDEN, text)
        for pattern in (*_NAMED, _QUERY):
            text = pattern.sub(rf"\1{_HIDDEN}", text)
        return text


def configure(level: Level, style: Style, secrets: tuple[str, ...], stream: TextIO | None = None) -> None:
    """Send every log line, warning and uncaught exception of this process to `stream` (standard error), masked.

    Calling it again replaces what was configured before.
    """
    handler = logging.StreamHandler(sys.stderr if stream is None else stream)
    handler.setFormatter(_formatter(style, Mask(secrets)))
    root = logging.getLogger()
    for old in tuple(root.handlers):
        if isinstance(old.formatter, ProcessorFormatter):
            root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.DEBUG if level == "debug" else logging.WARNING)
    logging.captureWarnings(capture=True)
    logging.raiseExceptions = False  # a line that cannot be written must not print its arguments instead
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.PositionalArgumentsFormatter(),
            ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    _catch_the_uncaught()


def _formatter(style: Style, mask: Mask) -> ProcessorFormatter:
    def line(_: WrappedLogger, level: str, event: EventDict) -> str:
        told = _told(level, event, mask)
        return mask(json.dumps(told) if style == "json" else _text(told))

    return ProcessorFormatter(processors=[line])


def _told(level: str, event: EventDict, mask: Mask) -> dict[str, object]:
    record = event.pop("_record")
    event.pop("_from_structlog")
    failure = [_plain(line, mask) for line in mask(_traceback(event.pop("exc_info", None))).splitlines()]
    head = {
        "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": level,
        "logger": record.name,
        "event": event.pop("event", ""),
    }
    told = {_plain(str(key), mask): _value(value, mask) for key, value in {**head, **event}.items()}
    return told | ({"exception": "\n".join(failure)} if failure else {})


def _value(value: object, mask: Mask) -> object:
    match value:
        case None | bool() | int() | float():
            return value
        case dict():
            return {_plain(str(key), mask): _value(each, mask) for key, each in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_value(each, mask) for each in value]
        case str():
            return _plain(value, mask)
    return _plain(str(value) if isinstance(value, BaseException) else repr(value), mask)


def _plain(text: str, mask: Mask) -> str:
    """Return `text` masked first, so that an escape cannot split a secret, then with control characters escaped."""
    return _CONTROL.sub(lambda found: found.group().encode("unicode_escape").decode("ascii"), mask(text))


def _text(told: Mapping[str, object]) -> str:
    head = f"{told['at']} {str(told['level']).upper():<7} {told['logger']}: {told['event']}"
    rest = [f"{key}={_word(value)}" for key, value in told.items() if key not in _HEAD]
    return "\n    ".join((" ".join((head, *rest)), *str(told.get("exception", "")).splitlines()))


def _word(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return json.dumps(text, ensure_ascii=False) if not text or set(text) & {" ", '"', "="} else text


def _traceback(failure: "ExcInfo | BaseException | bool | None") -> str:
    match failure:
        case BaseException():
            return "".join(traceback.format_exception(failure)).rstrip()
        case (_, BaseException() as raised, _):
            return "".join(traceback.format_exception(raised)).rstrip()
        case True:
            return traceback.format_exc().rstrip()
    return ""


def _ways(secret: str) -> tuple[str, ...]:
    """Return how a secret may be written: as it is, in an address, in a Python or JSON string."""
    inside = repr(secret)[1:-1]
    return secret, quote(secret, safe=""), quote(secret), quote_plus(secret), inside, json.dumps(secret)[1:-1]


def _cut(secret: str) -> tuple[str, str]:
    return rf"{re.escape(secret[:_END])}[\w:.%-]*", rf"[\w:.%-]{{0,80}}{re.escape(secret[-_END:])}"


def _either(patterns: Iterable[str]) -> re.Pattern[str] | None:
    joined = "|".join(patterns)
    return re.compile(joined) if joined else None


def _catch_the_uncaught() -> None:
    """Let what nobody caught go through the log too: Python's own hooks print it as it is."""
    log = logging.getLogger("uncaught")

    def uncaught(kind: type[BaseException], raised: BaseException, _: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            return
        log.critical("The process ends.", exc_info=raised)

    def in_thread(failure: threading.ExceptHookArgs) -> None:
        log.error("A thread ended.", exc_info=failure.exc_value)

    def unraisable(failure: "sys.UnraisableHookArgs") -> None:
        log.error("An exception could not be raised.", exc_info=failure.exc_value)

    sys.excepthook = uncaught
    threading.excepthook = in_thread
    sys.unraisablehook = unraisable
