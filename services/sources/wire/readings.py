"""What an upstream's numbers, times and rows mean; whatever is no usable number or time becomes None."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TypeVar

import msgspec

from services.domain.candles import Candle
from services.domain.quotes import Sample
from services.feed import SourceError

T = TypeVar("T")
Instant = str | int | float | None
"""A time as upstreams write it: ISO text, or a number of seconds, ms, µs or ns since 1970."""

UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)
"""What decoding of hostile bytes can raise: `ValueError` for bad UTF-8, `RecursionError` for deep nesting."""

_LEAST = Decimal("1e-30")
_MOST = Decimal("1e15")
_MOST_AMOUNT = Decimal("1e30")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ROWS = msgspec.json.Decoder(list[msgspec.Raw])
_UNITS = ((1e11, 1), (1e14, 1_000), (1e17, 1_000_000), (1e20, 1_000_000_000))
"""Below which a number of this many parts per second is meant; good for the years 1973 to 5138."""


@dataclass(frozen=True, slots=True)
class Pair:
    """What is priced in what, in our words: coin ids, fiat codes, "usdt"."""

    base: str
    quote: str


@dataclass(frozen=True, slots=True)
class Day:
    """The last 24 hours as the upstream tells them, unchecked; volume in the quote currency."""

    open: Decimal | None = None
    high: Decimal | None = None
    low: Decimal | None = None
    volume: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """Who said it and when we got it."""

    source: str
    at: datetime


UNKNOWN_DAY = Day()


def price(value: Decimal | None) -> Decimal | None:
    """Return `value` if it can be a price: finite, above zero, below 1e15."""
    if value is None or not value.is_finite() or not _LEAST <= value < _MOST:
        return None
    return value


def amount(value: Decimal | None) -> Decimal | None:
    """Return `value` if it can be a volume or a market cap: finite, not negative, below 1e30."""
    if value is None or not value.is_finite() or not 0 <= value < _MOST_AMOUNT:
        return None
    return value


def percent(value: Decimal | None) -> Decimal | None:
    """Return `value` if it can be a change of a price in percent: finite, above -100, below 1e9."""
    if value is None or not value.is_finite() or not -100 < value < 1_000_000_000:
        return None
    return value


def product(left: Decimal | None, right: Decimal | None) -> Decimal | None:
    """Return left times right where both are usable amounts."""
    first, second = amount(left), amount(right)
    return None if first is None or second is None else first * second


def before(value: Decimal | None, change: Decimal | None) -> Decimal | None:
    """Return the price `value` had before it changed by `change`, where both are usable."""
    last = price(value)
    if last is None or change is None or not change.is_finite() or not -_MOST < change < _MOST:
        return None
    return price(last - change)


def instant(value: Instant | Decimal) -> datetime | None:
    """Return the time in UTC, whatever its unit; text without an offset is UTC."""
    if value is None or isinstance(value, bool):
        return None
    try:
        if isinstance(value, str) and not value.lstrip("-").replace(".", "", 1).isdigit():
            parsed = datetime.fromisoformat(value)
            return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)
        return _counted(Decimal(str(value)))  # by its text: a float is off in the last microsecond
    except (ValueError, OverflowError, ArithmeticError):
        return None


def _counted(value: Decimal) -> datetime | None:
    for below, per_second in _UNITS:
        if 0 < value < below:
            return _EPOCH + timedelta(microseconds=int(value * 1_000_000 / per_second))
    return None


def sample(
    pair: Pair, value: Decimal | None, at: Instant | Decimal, seen: Seen, day: Day = UNKNOWN_DAY
) -> Sample | None:
    """Return the sample, or None if its price or its time is unusable; an upstream without a time means now."""
    usable = price(value)
    true_at = seen.at if at is None else instant(at)
    if usable is None or true_at is None:
        return None
    high, low = price(day.high), price(day.low)
    if high is not None and low is not None and high < low:
        high = low = None
    return Sample(
        source=seen.source,
        base=pair.base,
        quote=pair.quote,
        price=usable,
        at=true_at,
        seen_at=seen.at,
        open_24h=price(day.open),
        high_24h=high,
        low_24h=low,
        volume_24h=amount(day.volume),
    )


def candle(at: Instant, prices: tuple[Decimal, Decimal, Decimal, Decimal], volume: Decimal) -> Candle | None:
    """Return the bar with `prices` open, high, low, close; None if a number is unusable or they contradict."""
    opened = instant(at)
    usable = tuple(number for number in map(price, prices) if number is not None)
    traded = amount(volume)
    if opened is None or traded is None or len(usable) != len(prices):
        return None
    first, high, low, last = usable
    if low > min(first, last) or high < max(first, last):
        return None
    return Candle(at=opened, open=first, high=high, low=low, close=last, volume=traded)


def trimmed(candles: Iterable[Candle | None], first: datetime, last: datetime) -> tuple[Candle, ...]:
    """Return the usable bars that open in [first, last], oldest first, each opening once."""
    bars = {bar.at: bar for bar in candles if bar is not None and first <= bar.at <= last}
    return tuple(bars[at] for at in sorted(bars))


def decoded(source: str, body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """Decode an answer; raise `SourceError` if it is not what the source promised."""
    try:
        return decoder.decode(body)
    except UNREADABLE as failure:
        raise SourceError(source, f"unreadable answer: {type(failure).__name__}") from failure


def listed(source: str, body: bytes, decoder: msgspec.json.Decoder[T]) -> tuple[T, ...]:
    """Decode an answer that is a list; raise `SourceError` if it is none, leave out rows that are unreadable."""
    rows: list[msgspec.Raw] = decoded(source, body, _ROWS)
    return tuple(readable(rows, decoder))


def readable(rows: Iterable[msgspec.Raw], decoder: msgspec.json.Decoder[T]) -> Iterator[T]:
    """Decode row by row, so that one bad row costs one row."""
    for row in rows:
        try:
            yield decoder.decode(row)
        except UNREADABLE:
            continue


def present(samples: Iterable[Sample | None]) -> tuple[Sample, ...]:
    """Return the samples that are there."""
    return tuple(each for each in samples if each is not None)
