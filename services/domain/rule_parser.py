"""Read one line of the rule language. Pure: what needs a price or a coin list is decided by the caller."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Literal

from services.domain.language import say
from services.domain.numbers import AmbiguousNumber, NotANumber, parse_duration, parse_number, plain
from services.domain.people import NumberStyle
from services.domain.rule_terms import TERMS, Line, read_terms, short
from services.domain.rules import LevelLine, LineOp, MoveLine, Op, Question, RuleError, RuleLine

LONGEST = 512  # characters of a line that are read at all
_MOST_LEVELS = 10
_LONGEST_WINDOW = timedelta(days=30)
_TOKEN = re.compile(r'"[^"]*"|(?:>=|<=|=>|=<|[<>≥≤±])|[^\s<>≥≤±"]+|"')

_OPS: dict[str, Op] = {
    ">": "above", "above": "above", "over": "above", "exceeds": "above",
    "<": "below", "below": "below", "under": "below",
    ">=": "up", "=>": "up", "≥": "up", "<=": "down", "=<": "down", "≤": "down",
}  # fmt: skip
_FILLERS = frozenset((
    "alert", "me", "when", "if", "tell", "notify", "ping", "the", "price", "of", "is", "gets", "goes", "go", "to", "at",
    "by", "falls", "drops", "rises", "moves", "climbs", "hits", "hit", "reaches", "reach", "touches",
))  # fmt: skip
_CROSS = frozenset(("cross", "crosses", "crossing"))
_UP = frozenset(("up", "upward", "upwards"))
_DOWN = frozenset(("down", "downward", "downwards"))
_SIGNS = {"+": "+", "-": "-", "−": "-", "±": "±", "+-": "±", "+/-": "±"}
_SIGNED = re.compile(r"(\+/-|\+-|[+−-]|)(.*)%", re.DOTALL)
_CURRENCY = re.compile(r"[a-z][a-z0-9-]{1,39}", re.ASCII)  # a code, a ticker, or a coin's id as canonical rules have it
_RISES = frozenset(("rises", "climbs", "up", "gains"))
_FALLS = frozenset(("falls", "drops", "down", "loses"))
_LATER = frozenset((
    "rsi", "macd", "sma", "ema", "bb", "atr", "volume", "vol", "etf", "flow", "flows", "signal", "grade", "forecast",
    "reserves", "funding", "sentiment", "portfolio", "streak", "inside", "outside", "enters", "leaves", "and", "or",
    "for", "daily", "band", "silent", "loud", "critical", "sigma", "premium", "holdings", "record",
))  # fmt: skip


def parse_rule(text: str, style: NumberStyle | None = None) -> RuleLine:
    """Return what `text` asks for, or the question to ask back; raise `RuleError` pointing at the word."""
    if len(text) > LONGEST:
        raise RuleError(say("That is too long for an alert. Write it like: btc > 100k."))
    line = Line(_TOKEN.findall(text), style)
    while (word := line.peek()) in _FILLERS:
        line.seen.add(str(word))
        line.take()
    if not line.words:
        raise RuleError(say("Which coin, and which price? Write it like: btc > 100k."))
    line.taken.clear()  # an answer begins with its coin
    subject = line.take()
    if not re.search(r"\w", subject):
        raise RuleError(say("Start with a coin, like: btc > 100k."))
    return _body(line, subject)


def _body(line: Line, subject: str) -> RuleLine:
    op: LineOp = "touch"
    while (word := line.peek()) is not None and (word in _FILLERS or word in _RISES or word in _FALLS):
        line.seen.add(word)
        line.take()
    if word in _OPS:
        op = _OPS[line.take().lower()]
        _refuse_second_op(line)
    elif word in _CROSS:
        line.take()
        op = _crossing(line)
    sign, written = _sign(line)
    word = line.peek()
    if word is None:
        raise RuleError(say("A price is missing. Write it like: {subject} > 100k.", subject=short(subject)))
    if word in _LATER:
        raise _unknown_kind(word)
    if len(word) > 1 and word.endswith("%"):
        return _move(line, subject, sign, op)
    if written:
        raise RuleError(say("«{word}» goes with percent. Write it like: btc -5% in 1h.", word=written))
    return _levels(line, subject, op)


def _refuse_second_op(line: Line) -> None:
    if line.peek() in _OPS:
        raise RuleError(say("«{word}» comes twice. Write it like: btc > 100k.", word=line.take()))


def _crossing(line: Line) -> LineOp:
    word = line.peek()
    if word in _UP or word in ("above", "over"):
        line.take()
        return "up"
    if word in _DOWN or word in ("below", "under"):
        line.take()
        return "down"
    return "cross"


def _sign(line: Line) -> tuple[str, str]:
    # The direction, and the mark that said so where one stood by itself.
    if line.peek() in _SIGNS:
        written = line.take()
        return _SIGNS[written], written
    if line.seen & _FALLS and not line.seen & _RISES:
        return "-", ""
    if line.seen & _RISES and not line.seen & _FALLS:
        return "+", ""
    return "", ""


def _unknown_kind(word: str) -> RuleError:
    return RuleError(
        say("«{word}» is not something I can watch. I watch prices: btc > 100k, or moves: eth -5% in 1h.", word=word)
    )


def _move(line: Line, subject: str, sign: str, op: str) -> RuleLine:
    word = line.take()
    found = _SIGNED.fullmatch(word)
    assert found is not None  # it ends in %
    sign = sign or _SIGNS.get(found[1], "")
    percent = _number(found[2], line, word)
    if isinstance(percent, Question):
        return percent
    if percent <= 0 or (sign in ("-", "±") and percent >= 100) or percent > 1000:
        raise RuleError(
            say(
                "«{word}» is no possible move. Write it like: {subject} -5% in 1h.",
                word=short(word),
                subject=short(subject),
            )
        )
    window = _window(line, word)
    if op != "touch":
        sign = ""
    if not sign:
        return _which_way(subject, plain(percent), window, line)
    terms = read_terms(line)
    if sign == "±" and window is None:
        raise RuleError(
            say("Within which time? Write it like: {subject} ±{n}% in 24h.", subject=short(subject), n=plain(percent))
        )
    direction: Literal["drop", "rise", "swing"] = "drop" if sign == "-" else "rise" if sign == "+" else "swing"
    return MoveLine(subject, direction, percent, None if window is None else parse_duration(window), terms)


def _which_way(subject: str, percent: str, window: str | None, line: Line) -> Question:
    tail = "".join(f" {part}" for part in (("in " + window) if window else "", *line.words) if part)
    return Question(
        say("Up or down {percent}%?", percent=percent),
        (
            (say("Up {percent}%", percent=percent), f"{subject} +{percent}%{tail}"),
            (say("Down {percent}%", percent=percent), f"{subject} -{percent}%{tail}"),
        ),
    )


def _window(line: Line, after: str) -> str | None:
    if line.peek() not in ("in", "within"):
        return None
    line.take()
    word = line.take() if line.words else ""
    if not word:
        raise RuleError(say("A time is missing. Write it like: {move} in 1h.", move=short(after)))
    try:
        length = parse_duration(word)
    except NotANumber:
        raise RuleError(
            say("«{word}» is not a time. Write it like: {move} in 1h.", word=short(word), move=short(after))
        ) from None
    if length > _LONGEST_WINDOW:
        raise RuleError(say("A window is at most 30 days. Write it like: {move} in 24h.", move=short(after)))
    return word.lower()


def _levels(line: Line, subject: str, op: LineOp) -> RuleLine:
    levels: list[Decimal] = []
    currency: str | None = None
    while (word := line.peek()) is not None and word not in TERMS:
        if levels and op == "cross" and (word in _UP or word in _DOWN):
            line.take()
            op = "up" if word in _UP else "down"
            continue
        if levels and _is_duration(word) and not _is_level(word, levels):
            return _how_long(line)
        if levels and currency is None and _CURRENCY.fullmatch(word) and word not in _LATER:
            currency = line.take().lower()
            continue
        level = _level(line, subject)
        if isinstance(level, Question):
            return level
        levels.append(level)
    if len(levels) > _MOST_LEVELS:
        raise RuleError(say("At most {most} prices in one line.", most=_MOST_LEVELS))
    terms = read_terms(line)
    return LevelLine(subject, op, tuple(dict.fromkeys(levels)), currency, terms)


def _is_duration(word: str) -> bool:
    try:
        parse_duration(word)
    except NotANumber:
        return False
    return True


def _is_level(word: str, levels: list[Decimal]) -> bool:
    # `btc 1m 2m` are prices, `btc > 100k 1h` is a time left without its word; minutes are told apart by size.
    return (
        word.endswith("m")
        and parse_number(word, None) <= 20 * levels[-1]
        and parse_number(word, None) * 20 >= levels[0]
    )


def _how_long(line: Line) -> Question:
    word = line.take()
    return Question(
        say("What is «{word}» for?", word=word),
        (
            (say("Repeat, at most every {word}", word=word), line.retold("every", word)),
            (say("Stop waiting after {word}", word=word), line.retold("until", word)),
            (say("Neither, just once"), line.retold()),
        ),
    )


def _level(line: Line, subject: str) -> Decimal | Question:
    word = line.take()
    if word.lower() in _LATER:
        raise _unknown_kind(word)
    if word[:1] in "-−" and word[1:2].isdigit():
        raise RuleError(say("A price is above zero, so «{word}» can never come.", word=short(word)))
    level = _number(word, line, word)
    if not isinstance(level, Question) and level <= 0:
        raise RuleError(say("A price is above zero, so «{word}» can never come.", word=short(word)))
    return level


def _number(text: str, line: Line, word: str) -> Decimal | Question:
    try:
        return parse_number(text, line.style)
    except AmbiguousNumber as ambiguous:
        answers = tuple(
            (f"{Decimal(plain(value)):,f}", line.retold(word.replace(text, plain(value))))
            for value in ambiguous.readings
        )
        return Question(say("Which number is «{word}»?", word=short(word)), answers)
    except NotANumber:
        raise RuleError(say("«{word}» is not a price. Write a number, like: btc > 100k.", word=short(word))) from None
