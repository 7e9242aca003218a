"""Numbers and durations as people write them: `100k`, `1.5m`, `5%`, `1,000`, `70_000`, `4h`."""

import re
import unicodedata
from datetime import timedelta
from decimal import Context, Decimal

from services.domain.people import NumberStyle

_LONGEST = 40  # 15 integer and 18 fraction digits with grouping fit; longer text is not a number
_INTEGER_DIGITS = 15
_FRACTION_DIGITS = 18
_EXACT = Context(prec=2 * _LONGEST)  # the usual 28 digits would round a long number
_SUFFIX = {"": 1, "k": 1_000, "m": 1_000_000, "b": 1_000_000_000, "bn": 1_000_000_000}
_NUMBER = re.compile(r"\$?([0-9][0-9.,_]*|[.,][0-9]+)(k|m|bn|b)?\$?", re.ASCII)
_DURATION = re.compile(r"([0-9]{1,4})(m|min|h|d|w)", re.ASCII)
_UNIT = {"m": 1, "min": 1, "h": 60, "d": 1440, "w": 10080}


class NotANumber(ValueError):
    """The text is no number in any reading."""


class AmbiguousNumber(ValueError):
    """The text has more than one reading; `readings` are plain numbers."""

    def __init__(self, readings: tuple[Decimal, ...]) -> None:
        super().__init__(readings)
        self.readings = readings


def parse_number(text: str, style: NumberStyle | None) -> Decimal:
    """Return the number that `text` means, above or at zero; `style` None means the person has not said how they write.

    Raise `AmbiguousNumber` where readers of different countries differ, and `NotANumber` for anything else.
    """
    if len(text) > _LONGEST:
        raise NotANumber
    found = _NUMBER.fullmatch(_ascii_digits(text.lower()))
    if found is None:
        raise NotANumber
    scale = _SUFFIX[found[2] or ""]
    readings = _readings(found[1].replace("_", ""), style)
    values = tuple(dict.fromkeys(_EXACT.multiply(_bounded(reading), scale) for reading in readings))
    if len(values) > 1:
        raise AmbiguousNumber(values)
    return _bounded(format(values[0], "f"))


def readings(text: str) -> tuple[Decimal, ...]:
    """Return every number that `text` may mean to people who write differently; none where it is no number."""
    try:
        return (parse_number(text, None),)
    except AmbiguousNumber as ambiguous:
        return ambiguous.readings
    except NotANumber:
        return ()


def style_of(text: str, meant: Decimal) -> NumberStyle | None:
    """Return how a person writes numbers who means `meant` by `text`; None where that does not tell."""
    possible = readings(text)
    if len(possible) < 2 or meant not in possible:
        return None
    is_decimal = meant == possible[0]
    return "1,234.56" if ("." in text) == is_decimal else "1.234,56"


def parse_duration(text: str) -> timedelta:
    """Return the duration of `20m`, `4h`, `3d` or `1w`; raise `NotANumber` for other text or none at all."""
    found = _DURATION.fullmatch(text.lower())
    if found is None or int(found[1]) == 0:
        raise NotANumber
    return timedelta(minutes=int(found[1]) * _UNIT[found[2]])


def write_duration(duration: timedelta) -> str:
    """Return the shortest form that `parse_duration` reads back: `90m`, `4h`, `1w`."""
    minutes = int(duration.total_seconds()) // 60
    for unit, length in (("w", 10080), ("d", 1440), ("h", 60)):
        if minutes % length == 0:
            return f"{minutes // length}{unit}"
    return f"{minutes}m"


def plain(value: Decimal) -> str:
    """Return the digits of `value` without exponent; `parse_number` reads them back in any style.

    Trailing zeros go, except for one where 1.234 could be taken for a thousand.
    """
    digits = format(value, "f")
    digits = digits.rstrip("0").rstrip(".") if "." in digits else digits
    return f"{digits}0" if "." in digits and _is_grouped(digits, ".") and digits[0] != "0" else digits


def _ascii_digits(text: str) -> str:
    # Digits of any script are numbers; other compatibility forms (½, ², ﬁ) are not folded into something else.
    return "".join(str(unicodedata.digit(c)) if c.isdecimal() else c for c in text)


def _bounded(text: str) -> Decimal:
    integer, _, fraction = text.partition(".")
    if len(integer.lstrip("0")) > _INTEGER_DIGITS or len(fraction.rstrip("0")) > _FRACTION_DIGITS:
        raise NotANumber
    return Decimal(text)


def _readings(text: str, style: NumberStyle | None) -> tuple[str, ...]:
    comma, dot = text.count(","), text.count(".")
    if comma and dot:
        return (_with_both(text),)
    if not comma and not dot:
        return (text,)
    mark = "," if comma else "."
    return _with_one(text, mark, style)


def _with_both(text: str) -> str:
    decimal = max(",.", key=text.rfind)
    group = "," if decimal == "." else "."
    whole, _, fraction = text.rpartition(decimal)
    if decimal in whole or not _is_grouped(whole, group) or not fraction:
        raise NotANumber
    return f"{whole.replace(group, '')}.{fraction}"


def _with_one(text: str, mark: str, style: NumberStyle | None) -> tuple[str, ...]:
    whole, _, fraction = text.rpartition(mark)
    as_decimal = f"{whole or '0'}.{fraction}"
    as_group = text.replace(mark, "")
    if text.count(mark) > 1:
        if not _is_grouped(text, mark):
            raise NotANumber
        return (as_group,)
    if not fraction:
        raise NotANumber
    grouped = _is_grouped(text, mark) and not whole.startswith("0")
    decimal_mark = {None: None, "1,234.56": ".", "1.234,56": ",", "1 234.56": "."}[style]
    if decimal_mark is not None:
        return (as_decimal,) if mark == decimal_mark or not grouped else (as_group,)
    if mark == ",":
        return (as_group,) if grouped else (as_decimal,) if whole.startswith("0") else (as_decimal, as_group)
    return (as_decimal, as_group) if grouped else (as_decimal,)


def _is_grouped(text: str, mark: str) -> bool:
    head, *groups = text.split(mark)
    return 1 <= len(head) <= 3 and all(len(group) == 3 for group in groups)
