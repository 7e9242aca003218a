"""Levels after a comparison: one or several numbers, and the currency behind them."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Final

from services.domain.language import say
from services.domain.rule_language import vocabulary as words
from services.domain.rule_language.heads import Draft, read_way_after
from services.domain.rule_language.mending import refuse_if_misspelt
from services.domain.rule_language.studies import at_study
from services.domain.rule_language.tokens import Asked, Line, Token
from services.domain.rule_language.values import Value, is_length, is_range, is_value, not_a_price, read_value
from services.domain.rules import Question, RuleError

MOST_LEVELS: Final = 10
_NAME = re.compile(r"[$\w][\w.=/-]{0,60}")
_APART: Final = 20  # a number in millions this far from the other levels is minutes
_END = words.TERMS | words.JOINERS.keys() | {"", ")"}

Check = Callable[[Line, Value], Decimal]
"""Turns a value into a level of the series, or raises."""


def is_name(line: Line, ahead: int = 0) -> bool:
    """Say whether a word can be a coin and nothing else."""
    word = line.peek(ahead)
    return (
        _NAME.fullmatch(word) is not None
        and word not in words.KEYWORDS
        and not is_value(word)
        and not is_length(word)
        and not is_range(word)
    )


def read_unit(line: Line, draft: Draft, *, has_coin: bool) -> str | None:
    """Read a currency, or where the coin is known the words for another coin; None where neither comes."""
    word = line.peek()
    if word in words.MONEY:
        line.take()
        return words.MONEY[word]
    if not has_coin or not is_name(line):
        return None
    token = line.token()
    assert token is not None
    refuse_if_misspelt(line, token, words.TAILS)
    _ask_for_joiner(line, token)
    return line.take().word


def _ask_for_joiner(line: Line, token: Token) -> None:
    """Ask where a coin after a level begins another condition: `btc > 100k eth > 5k`."""
    following = line.peek(1)
    if following in words.SYMBOLS or following in words.COMPARED or following in words.CROSS or at_study(line, 1):
        answers = tuple(
            (label, line.with_instead(token.start, token.start, f"{joiner} "))
            for label, joiner in ((say("Both must be true"), "and"), (say("Either is enough"), "or"))
        )
        raise Asked(Question(say("Both, or either?"), answers))


def read_levels(
    line: Line, draft: Draft, check: Check, *, has_coin: bool, money: bool
) -> tuple[list[Decimal], str | None]:
    """Read one level or several, with the currency behind any of them."""
    levels: list[Decimal] = []
    unit: str | None = None
    while True:
        if levels and read_way_after(line, draft):
            continue
        if levels and money and unit is None and (said := read_unit(line, draft, has_coin=has_coin)) is not None:
            unit = said
            continue
        if levels and not _is_another(line, levels):
            break
        value = read_value(line)
        if money:
            unit = unit or value.currency
        levels.append(check(line, value))
    if len(levels) > MOST_LEVELS:
        raise RuleError(say("At most {most} prices in one line.", most=MOST_LEVELS))
    return list(dict.fromkeys(levels)), unit


def _is_another(line: Line, levels: list[Decimal]) -> bool:
    """Say whether one more level comes, and step over the `and` before it."""
    if line.peek() in words.JOINERS and is_value(line.peek(1)):
        after = line.peek(2)
        if not is_length(line.peek(1)) and (after in _END or after in words.MONEY):
            line.take()
            return True
        return False
    word = line.peek()
    if not is_value(word):
        return False
    return not is_length(word) or _is_millions(word, levels)


def _is_millions(word: str, levels: list[Decimal]) -> bool:
    # `btc 1m 2m` are prices, `btc > 100k 1h` is a time left without its word; minutes are told apart by size.
    if not word.endswith("m") or not word[:-1].isdigit():
        return False
    size = Decimal(word[:-1]) * 1_000_000
    return size <= _APART * levels[-1] and size * _APART >= levels[0]


def price_level(line: Line, value: Value) -> Decimal:
    """Return a price, which is a plain number above zero."""
    _refuse_unit(line, value)
    if value.sign == "-" or (value.number <= 0 and value.sign is None):
        raise RuleError(say("A price is above zero, so «{word}» can never come.", word=value.token.shown))
    if value.sign is not None:
        raise not_a_price(value.token)
    return value.number


def rsi_level(line: Line, value: Value) -> Decimal:
    """Return a level of an index from 0 to 100."""
    if value.unit not in ("", "%") or value.sign is not None or not 0 < value.number < 100:
        raise RuleError(
            say(
                "RSI lies between 0 and 100, so «{word}» can never come. Like: rsi(14,4h) < 30.", word=value.token.shown
            )
        )
    return value.number


def macd_level(line: Line, value: Value) -> Decimal:
    """Return a level of a histogram, in dollars and of either sign."""
    _refuse_unit(line, value)
    if value.currency not in (None, "usd") or value.sign == "±":
        raise RuleError(say("MACD is a plain number in dollars, like: macd(12,26,9,4h) > 0."))
    return -value.number if value.sign == "-" else value.number


def atr_level(line: Line, value: Value) -> Decimal:
    """Return a level in percent of the price."""
    if value.unit == "" and value.sign is None:
        raise RuleError(
            say("ATR is watched in percent of the price, like: atr(14,1d) > 5%."),
            repair=line.with_instead(value.token.end, value.token.end, "%"),
        )
    if value.unit != "%" or value.sign is not None or not 0 < value.number <= 1000:
        raise RuleError(say("«{word}» is no possible ATR. Write it like: atr(14,1d) > 5%.", word=value.token.shown))
    return value.number


def _refuse_unit(line: Line, value: Value) -> None:
    if value.unit:
        raise not_a_price(_whole(line, value))


def _whole(line: Line, value: Value) -> Token:
    return Token(line.text[value.token.start : line.read], "", value.token.start, line.read)
