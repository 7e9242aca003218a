"""Numbers with their units, and lengths of time, as a line has them."""

import re
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final, Literal

from services.domain.language import say
from services.domain.numbers import AmbiguousNumber, NotANumber, parse_number, plain
from services.domain.rule_language.tokens import Asked, Line, Token
from services.domain.rule_language.vocabulary import MONEY, SIGNS, SYMBOLS, Way
from services.domain.rules import Question, RuleError

LONGEST_WINDOW: Final = timedelta(days=30)
_VALUE = re.compile(
    r"([+\-−–/]*)([$€£¥]?)([+\-−]?)([0-9.,_]+)(k|m|bn|b)?([$€£¥]?)(%|x|×|σ|sigmas?)?", re.ASCII
)  # fmt: skip
_UNIT_SIGNS: dict[str, Literal["%", "x", "sigma"]] = {
    "%": "%", "percent": "%", "pct": "%", "x": "x", "×": "x", "times": "x", "σ": "sigma", "sigma": "sigma",
    "sigmas": "sigma",
}  # fmt: skip
_LENGTH = re.compile(r"([0-9]{1,4})([a-z]*)", re.ASCII)
_MINUTES = {
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 1),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 60),
    **dict.fromkeys(("d", "day", "days"), 1440),
    **dict.fromkeys(("w", "week", "weeks"), 10080),
}
_SECONDS = frozenset(("s", "sec", "secs", "second", "seconds"))
_ONE = frozenset(("a", "an", "one"))


@dataclass(frozen=True, slots=True)
class Value:
    """One number as written: `-5%`, `2.5sigma`, `3x`, `$100k`."""

    number: Decimal
    unit: Literal["", "%", "sigma", "x"]
    sign: Way | None
    currency: str | None
    token: Token


def is_value(word: str) -> bool:
    """Say whether a word is a number in some unit."""
    found = _VALUE.fullmatch(word)
    return found is not None and any(each.isdigit() for each in found[4])


def is_length(word: str) -> bool:
    """Say whether one word is a length of time: `1h`, `30min`."""
    found = _LENGTH.fullmatch(word)
    return found is not None and found[2] in _MINUTES


def is_range(word: str) -> bool:
    """Say whether one word is two numbers: `95k..98k`."""
    low, dots, high = word.partition("..")
    return bool(dots) and is_value(low) and is_value(high)


def begins_value(line: Line, ahead: int = 0) -> bool:
    """Say whether a value, a sign or a length of time comes next."""
    word = line.peek(ahead)
    return word in SIGNS or is_value(word) or is_length(word) or is_range(word)


def not_a_price(token: Token) -> RuleError:
    """Return what to say of a word that stands where a number should."""
    return RuleError(say("«{word}» is not a price. Write a number, like: btc > 100k.", word=token.shown))


def read_value(line: Line) -> Value:
    """Read a number with its sign and unit; raise `RuleError` or `Asked` where it is none or two."""
    lone = line.take() if line.peek() in SIGNS else None
    token = line.token()
    if token is None:
        raise RuleError(say("A number is missing at the end. Write it like: btc > 100k."))
    if token.word in SYMBOLS:
        raise RuleError(say("«{word}» stands where a number should. Write it like: btc > 100k.", word=token.shown))
    found = _VALUE.fullmatch(token.word)
    if found is None or not is_value(token.word):
        raise not_a_price(token)
    line.take()
    number = read_number(line, token, found.start(4), found[4] + (found[5] or ""))
    unit = _UNIT_SIGNS.get(found[7]) if found[7] else _UNIT_SIGNS.get(line.peek())
    if not found[7] and unit is not None:
        line.take()
    signed = _sign(lone, found, token)
    if lone is not None and unit is None:
        raise RuleError(say("«{word}» goes with percent. Write it like: btc -5% in 1h.", word=lone.shown))
    return Value(number, unit or "", signed, MONEY.get(found[2] or found[6]), token)


def _sign(lone: Token | None, found: re.Match[str], token: Token) -> Way | None:
    written = found[1] + found[3]
    if written and (written not in SIGNS or lone is not None):
        raise impossible(token)
    return SIGNS.get(lone.word if lone is not None else written)


def impossible(token: Token) -> RuleError:
    """Return what to say of a move that cannot be."""
    return RuleError(say("«{word}» is no possible move. Write it like: btc -5% in 1h.", word=token.shown))


def read_number(line: Line, token: Token, at: int, text: str) -> Decimal:
    """Return the number that a part of a token means, `at` characters into it."""
    try:
        return parse_number(text, line.style)
    except AmbiguousNumber as ambiguous:
        start = token.start + at
        answers = tuple(
            (f"{Decimal(plain(value)):,f}", line.with_instead(start, start + len(text), plain(value)))
            for value in ambiguous.readings
        )
        raise Asked(Question(say("Which number is «{word}»?", word=token.shown), answers)) from None
    except NotANumber:
        if any(mark in text for mark in ",."):
            raise not_a_price(token) from None
        raise RuleError(
            say("«{word}» is out of reach: 15 digits before the point and 18 behind it.", word=token.shown)
        ) from None


def read_length(line: Line) -> timedelta | None:
    """Read a length of time in whole minutes: `1h`, `30 minutes`, `an hour`, `the last 24h`; None if none comes."""
    at = line.at
    line.skip(("the", "last", "past"))
    word = line.peek()
    found = _LENGTH.fullmatch(word)
    count, unit = (1, line.peek(1)) if word in _ONE else (0, "")
    taken = 2
    if found is not None:
        count, unit, taken = int(found[1]), found[2] or line.peek(1), 1 if found[2] else 2
    elif word in _MINUTES and len(word) > 1:  # every hour, in the last day
        count, unit, taken = 1, word, 1
    if unit in _SECONDS and count % 60 == 0:
        count, unit = count // 60, "m"
    if unit not in _MINUTES or not count:
        line.at = at
        return None
    line.at += taken
    return timedelta(minutes=count * _MINUTES[unit])


def read_window(line: Line, after: str, *, short: bool = False) -> timedelta | None:
    """Read `in 1h`, or with `short` a bare `1h`; None where no window stands."""
    said = line.peek() in ("in", "within", "over", "during")
    if not said and not (short and is_length(line.peek())):
        return None
    if said:
        line.take()
    token = line.token()
    length = read_length(line)
    if token is None:
        raise RuleError(say("A time is missing. Write it like: {move} in 1h.", move=after))
    if length is None:
        raise RuleError(
            say("«{word}» is not a time. Write it like: {move} in 1h.", word=token.shown, move=after),
            repair=line.with_instead(token.start, token.end, "1h"),
        )
    if length > LONGEST_WINDOW:
        raise RuleError(
            say("A window is at most 30 days. Write it like: {move} in 24h.", move=after),
            repair=line.with_instead(token.start, line.read, "30d"),
        )
    return length
