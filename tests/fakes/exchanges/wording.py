"""JSON as the exchanges write it: some of them numbers, some of them text."""

from datetime import UTC, datetime
from decimal import Decimal

import msgspec

from tests.fakes.exchanges.venue import Answer

_NUMBERS = msgspec.json.Encoder(decimal_format="number")


def answer(body: object, status: int = 200) -> Answer:
    """Return an answer whose Decimals are JSON numbers."""
    return Answer(_NUMBERS.encode(body), status)


def frame(body: object) -> str:
    """Return a frame whose Decimals are JSON numbers."""
    return _NUMBERS.encode(body).decode()


def plain(number: Decimal, places: int = 8) -> str:
    """Return a number as text without an exponent."""
    return f"{number:.{places}f}"


def iso(at: datetime) -> str:
    """Return the time as exchanges write it, with Z."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)
