"""What upstreams say when they refuse, in the shapes they say it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import msgspec

from services.feed import SourceError
from services.sources.wire.readings import UNREADABLE

_MOST_HOLD_SECONDS = 3 * 86400.0  # the longest ban that Binance documents


class Refused(SourceError):
    """The upstream answered, and the answer is no: asking again at once would not help."""

    def __init__(self, source: str, said: "Said", status: int, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(source, f"HTTP {status} {said.text}".strip(), retry_after_seconds=retry_after_seconds)
        self.status = status
        self.code = said.code


@dataclass(frozen=True, slots=True)
class Said:
    """The upstream's own error number, where it has one, and its words."""

    code: int | None
    text: str


class _Status(msgspec.Struct):
    error_code: int | None = None
    error_message: str = ""


class _Nested(msgspec.Struct):
    status: _Status | None = None


class _Body(msgspec.Struct):
    status: _Status | None = None  # CoinGecko
    error: str | list[str] | _Nested | None = None  # CoinGecko: text or nested; Kraken: a list
    code: int | None = None  # Binance
    msg: str | None = None
    message: str | None = None  # Coinbase


_BODY = msgspec.json.Decoder(_Body)


def said(body: bytes) -> Said:
    """Read an error body of any of the known shapes; a page or other text says nothing."""
    try:
        read = _BODY.decode(body)
    except UNREADABLE:
        return Said(None, "")
    status = read.status
    if isinstance(read.error, _Nested):
        status = read.error.status or status
    if status is not None:
        return Said(status.error_code, _plain(status.error_message))
    if isinstance(read.error, list):
        return Said(None, _plain(", ".join(read.error)))
    own = read.error if isinstance(read.error, str) else None
    return Said(read.code, _plain(own or read.msg or read.message or ""))


def _plain(text: str) -> str:
    return "".join(each if each.isprintable() else " " for each in text[:200])


def retry_after(header: str | None, now: datetime) -> float | None:
    """Return the seconds a Retry-After header asks for, at most three days; None if there is none or it is off."""
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            at = parsedate_to_datetime(header)
        except ValueError:
            return None
        seconds = ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds()
    if not seconds >= 0:  # so that NaN is refused too
        return None
    return min(seconds, _MOST_HOLD_SECONDS)
