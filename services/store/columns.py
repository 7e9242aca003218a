"""How the store writes times, money and conditions: integer microseconds, text, three columns."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from services.domain.metrics import parse_metric
from services.domain.rules import Condition, Op
from services.tx import Value

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_OPS: dict[str, Op] = {
    "above": "above", "below": "below", "up": "up", "down": "down", "cross_up": "cross_up", "cross_down": "cross_down",
}  # fmt: skip


def micros(at: datetime) -> int:
    """Return microseconds since the epoch, exactly."""
    return (at - _EPOCH) // _MICROSECOND


def moment(value: Value) -> datetime:
    """Return the aware UTC time of stored microseconds."""
    return _EPOCH + timedelta(microseconds=integer(value))


def moment_or_none(value: Value) -> datetime | None:
    """Return the time, or None where the column is NULL."""
    return None if value is None else moment(value)


def integer(value: Value) -> int:
    """Return a whole-number column."""
    assert isinstance(value, int)
    return value


def integer_or_none(value: Value) -> int | None:
    """Return a whole-number column that may be NULL."""
    return None if value is None else integer(value)


def number(value: Value) -> float:
    """Return a column of floats."""
    assert isinstance(value, float)
    return value


def words(value: Value) -> str:
    """Return a text column."""
    assert isinstance(value, str)
    return value


def words_or_none(value: Value) -> str | None:
    """Return a text column that may be NULL."""
    return None if value is None else words(value)


def money(value: Value) -> Decimal:
    """Return the exact number that a text column holds."""
    return Decimal(words(value))


def money_or_none(value: Value) -> Decimal | None:
    """Return the number, or None where the column is NULL."""
    return None if value is None else money(value)


def text_or_none(value: Decimal | None) -> str | None:
    """Write money as plain digits, never with an exponent."""
    return None if value is None else format(value, "f")


def stored_condition(metric: Value, op: Value, level: Value) -> Condition:
    """Return the condition that the three columns of an alert or an event hold."""
    return Condition(parse_metric(words(metric)), _OPS[words(op)], money(level))
