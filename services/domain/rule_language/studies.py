"""Studies as a line names them: `rsi(14,4h)`, `sma 200 1d`, `upper bollinger 4h`."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from services.domain.candles import LENGTH, Interval
from services.domain.language import say
from services.domain.metrics import DEFAULTS, Study, StudyName
from services.domain.rule_language import vocabulary as words
from services.domain.rule_language.tokens import Asked, Line, Token, digits
from services.domain.rule_language.values import begins_value, is_length, is_value, read_length
from services.domain.rules import Question, RuleError

DEFAULT_BAR: Final[Interval] = "1h"
MOST_HISTORY: Final = 1000  # bars
_SHORTEST, _LONGEST = 2, 500  # bars
_WIDEST = Decimal(10)  # deviations
_BARS: Final[dict[str, Interval]] = {
    **{bar: bar for bar in LENGTH},
    "m1": "1m", "m5": "5m", "m15": "15m", "h1": "1h", "h4": "4h", "d1": "1d",
}  # fmt: skip
_DAYS_OF = re.compile(r"([0-9]{1,3})-?d(?:ay)?", re.ASCII)  # the 200d sma
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?", re.ASCII)
_MOST_ARGUMENTS = 12
_NO_ARGUMENT = frozenset((")", "(", *words.SYMBOLS, *words.COMPARED, *words.CROSS))


@dataclass(frozen=True, slots=True)
class Said:
    """A study, and whether its bar was said."""

    study: Study
    bar_said: bool
    token: Token


def at_study(line: Line, ahead: int = 0) -> bool:
    """Say whether a study comes next."""
    word, following = line.peek(ahead), line.peek(ahead + 1)
    if word in words.STUDIES or word in words.BOLLINGER or words.NUMBERED.fullmatch(word):
        return True
    if word in ("moving", "exponential", "simple"):
        return following in ("average", "moving")
    if word in words.SIDES:
        return following in words.BOLLINGER or following in ("band", "bands")
    if following in ("day", "days") and _NUMBER.fullmatch(word):  # the 200 day moving average
        return _is_average(line, ahead + 2)
    return _DAYS_OF.fullmatch(word) is not None and _is_average(line, ahead + 1)


def _is_average(line: Line, ahead: int) -> bool:
    word = line.peek(ahead)
    return word in ("sma", "ema", "ma") or (word in ("moving", "simple", "exponential"))


def read_study(line: Line, *, alone: bool) -> Said:
    """Read a study; `alone` where no level may follow, so that each number is one of its own."""
    token = line.token()
    assert token is not None
    days = _DAYS_OF.fullmatch(token.word) or _NUMBER.fullmatch(token.word)
    if days:
        line.take()
        line.skip(("day", "days"))
    name, glued = _name(line)
    numbers = [Decimal(glued)] if glued else []
    bar: Interval | None = None
    if days:
        numbers, bar = [Decimal(days[0].rstrip("-day"))], "1d"
    elif line.peek() == "(":
        numbers, bar = _bracketed(line, numbers)
    elif not numbers:
        numbers = _unbracketed(line, len(DEFAULTS[name]), alone=alone)
    if bar is None:
        bar = read_bar(line)
    study = Study(name, (*numbers, *DEFAULTS[name][len(numbers) :]), bar or DEFAULT_BAR)
    _check(study, token)
    return Said(study, bar is not None, token)


def _name(line: Line) -> tuple[StudyName, str | None]:
    token = line.take()
    word = token.word
    glued = words.NUMBERED.fullmatch(word)
    if glued:
        return words.STUDIES[glued[1]], glued[2]
    if word in ("moving", "exponential", "simple"):
        line.skip(("moving", "average"))
        return "ema" if word == "exponential" else "sma", None
    if word in words.SIDES:
        line.take()
        _skip_band(line)
        return words.SIDES[word], None
    if word not in words.BOLLINGER:
        return words.STUDIES[word], None
    _skip_band(line)
    side = line.peek()
    if side not in words.SIDES:
        raise _which_band(line, token)
    line.take()
    _skip_band(line)
    return words.SIDES[side], None


def _skip_band(line: Line) -> None:
    # "band" is also the word for how far a value must come back, and then a number follows.
    if line.peek() == "bands" or (line.peek() == "band" and not is_value(line.peek(1))):
        line.take()


def _which_band(line: Line, token: Token) -> Asked:
    answers = tuple(
        (label, line.with_instead(token.start, token.end, words))
        for label, words in ((say("The upper band"), "bb upper"), (say("The lower band"), "bb lower"))
    )
    return Asked(Question(say("Which Bollinger band?"), answers))


def _bracketed(line: Line, numbers: list[Decimal]) -> tuple[list[Decimal], Interval | None]:
    opened = line.take()
    while line.token() is not None and line.peek() not in _NO_ARGUMENT:
        line.take()
    end = line.read
    if not line.take_if(")"):
        raise RuleError(
            say("A bracket is not closed after «{word}».", word=line.text[opened.start : end][:40]),
            repair=line.with_instead(end, end, ")"),
        )
    bar: Interval | None = None
    for part in line.text[opened.end : line.tokens[line.at - 1].start].replace(",", " ").replace(";", " ").split():
        word = digits(part.lower())
        if word in _BARS and bar is None:
            bar = _BARS[word]
        elif _NUMBER.fullmatch(word) and bar is None and len(numbers) < _MOST_ARGUMENTS:
            numbers.append(Decimal(word))
        else:
            at = line.text.find(part, opened.end)
            raise bad_bar(line, Token(part, word, at, at + len(part)))
    return numbers, bar


def bad_bar(line: Line, token: Token) -> RuleError:
    """Return what to say of bars that there are none of."""
    return RuleError(
        say("«{word}» is no length of bars. There are 1m, 5m, 15m, 1h, 4h and 1d: rsi(14,4h).", word=token.shown),
        repair=line.with_instead(token.start, token.end, _shorter(token.word)) if is_length(token.word) else None,
    )


def _shorter(word: str) -> Interval:
    length = read_length(Line(word, (Token(word, word, 0, len(word)),), None))
    return next(
        (bar for bar in reversed(LENGTH) if length is not None and LENGTH[bar] <= length), DEFAULT_BAR
    )  # fmt: skip


def _unbracketed(line: Line, most: int, *, alone: bool) -> list[Decimal]:
    """Read lengths without brackets: `rsi 14 4h < 30`; a number at the end of `rsi 30` is a level."""
    count = 0
    while count < most and _NUMBER.fullmatch(line.peek(count)):
        count += 1
    following = line.peek(count)
    own = (
        alone
        or following in _BARS
        or following in words.SYMBOLS
        or following in words.COMPARED
        or following in words.CROSS
    )
    return [Decimal(line.take().word) for _ in range(count)] if own else []


def read_bar(line: Line) -> Interval | None:
    """Read `4h`, `on the 4h chart`, `on 4h bars`; None where none comes."""
    ahead = 1 if line.peek() in ("on", "at") else 0
    ahead += line.peek(ahead) == "the"
    word = line.peek(ahead)
    token = line.token(ahead)
    if word not in _BARS or token is None:
        if token is not None and ahead and is_length(word):
            raise bad_bar(line, token)
        return None
    line.at += ahead + 1
    line.skip(words.CHART)
    return _BARS[word]


def is_bar(word: str) -> bool:
    """Say whether a word is a length of bars."""
    return word in _BARS


def _check(study: Study, token: Token) -> None:
    wide = study.name in ("bb_upper", "bb_lower")
    lengths = study.numbers[:1] if wide else study.numbers
    if len(study.numbers) != len(DEFAULTS[study.name]):
        raise RuleError(
            say("«{word}» has too many numbers. Write it like: {example}.", word=token.shown, example=example(study))
        )
    if any(each != int(each) or not _SHORTEST <= each <= _LONGEST for each in lengths):
        raise RuleError(say("«{word}» looks back over 2 to 500 whole bars, like: {example}.", word=token.shown,
                            example=example(study)))  # fmt: skip
    if sum(lengths) > MOST_HISTORY:
        raise RuleError(say("«{word}» needs more than 1000 bars. Take shorter lengths.", word=token.shown))
    if wide and not 0 < study.numbers[1] <= _WIDEST:
        raise RuleError(say("Bands lie up to 10 deviations away, like: bb upper(20,2,4h)."))
    if study.name == "macd" and study.numbers[0] >= study.numbers[1]:
        raise RuleError(say("The first length of a MACD is the shorter one, like: macd(12,26,9,4h)."))


def example(study: Study) -> str:
    """Return the study as it is usually made."""
    return study_text(Study(study.name, DEFAULTS[study.name], study.bar))


def study_text(study: Study) -> str:
    """Return the canonical text of a study: `rsi(14,4h)`, `bb upper(20,2,4h)`."""
    return study.key.replace("bb_", "bb ")


def could_be_length(line: Line, ahead: int = 0) -> bool:
    """Say whether the word before a study may be its bar: `eth 4h rsi`."""
    return is_bar(line.peek(ahead)) and at_study(line, ahead + 1) and begins_value(line, ahead)
