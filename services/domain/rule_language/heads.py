"""The first half of a condition: whose series it is, which, and how it is compared."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Literal

from services.domain.language import say
from services.domain.metrics import MetricName, Study
from services.domain.rule_language import vocabulary as words
from services.domain.rule_language.mending import refuse_if_misspelt
from services.domain.rule_language.studies import at_study, could_be_length, read_bar, read_study
from services.domain.rule_language.tokens import Line, Token
from services.domain.rule_language.values import begins_value, read_window
from services.domain.rule_language.vocabulary import Way
from services.domain.rules import LineOp, RuleError

_MOST_WORDS = 4  # of a coin's name
_STOPS = (
    words.SYMBOLS.keys() | words.COMPARED.keys() | words.CROSS | words.TOUCH | words.RISES | words.FALLS | words.SWINGS
    | words.RANGES.keys() | words.JOINERS.keys() | words.TERMS | words.WITHIN | {"(", ")", "", "positive", "negative"}
)  # fmt: skip


@dataclass(slots=True)
class Draft:
    """What is known of a condition while it is read."""

    start: int  # place in the text
    subject: list[Token] = field(default_factory=list)
    metric: MetricName | None = None  # as said; "ratio" for an average or a band
    study: Study | None = None
    bar_said: bool = False
    window: timedelta | None = None
    called: bool = False  # a move written as a series: drop(1h)
    op: LineOp | None = None
    way: Way | None = None
    span: Literal["inside", "outside"] | None = None
    last: Token | None = None  # of the comparison
    wants_window: bool = False

    def subject_words(self, line: Line) -> str:
        """Return the words for the coin as written, "" where there are none."""
        if not self.subject:
            return ""
        said = line.text[self.subject[0].start : self.subject[-1].end]
        return said.removesuffix("'s").removesuffix("’s")


def read_lead(line: Line) -> None:
    """Read over `alert me when the price of`."""
    line.skip(words.LEAD)


def read_head(line: Line) -> Draft:
    """Read the coin and the series in either order; stop where a comparison or a value begins."""
    draft = Draft(line.here)
    while not _at_end_of_head(line, draft):
        if could_be_length(line):
            _take_bar_before(line, draft)
        elif at_study(line):
            _take_study(line, draft)
        elif line.peek() in words.MOVES and line.peek(1) == "(":
            _take_call(line, draft)
        elif line.peek() in words.VOLUME and draft.metric is None:
            line.take()
            draft.metric = "volume"
        elif line.peek() == "price" and draft.metric is None:
            line.take()
            draft.metric = "price"
        elif draft.study is not None and not draft.bar_said and _take_bar(line, draft):
            pass
        elif line.peek() in words.FILLERS and not _is_name(line, draft):
            line.take()
        else:
            _take_subject(line, draft)
    return draft


def _is_name(line: Line, draft: Draft) -> bool:
    # `the graph > 0.2`: the coin's own article.
    return line.peek() == "the" and not draft.subject and line.peek(1) in ("graph", "sandbox")


def _at_end_of_head(line: Line, draft: Draft) -> bool:
    word = line.peek()
    if not draft.subject and draft.metric is None and begins_value(line) and _then_compared(line):
        return False  # a coin called like a number: 0x > 0.5
    if word in words.MOVES and line.peek(1) == "(":
        return False
    if could_be_length(line):
        return False
    if (word in _STOPS and word != "once") or _is_symbol(word):
        return True
    if begins_value(line) and not at_study(line):
        return draft.study is None or draft.bar_said or not _is_bar_here(line)
    return False


def _is_symbol(word: str) -> bool:
    return word.strip("=") != "" and set(word) <= set("<>=≥≤")


def _then_compared(line: Line) -> bool:
    following = line.peek(1)
    return following in words.SYMBOLS or following in words.COMPARED or following in words.CROSS or (
        following in words.RANGES or at_study(line, 1)
    )  # fmt: skip


def _is_bar_here(line: Line) -> bool:
    at = line.at
    found = read_bar(line) is not None
    line.at = at
    return found


def _take_bar(line: Line, draft: Draft) -> bool:
    bar = read_bar(line)
    if bar is None or draft.study is None:
        return False
    draft.study, draft.bar_said = replace(draft.study, bar=bar), True
    return True


def _take_bar_before(line: Line, draft: Draft) -> None:
    # `eth 4h rsi`: the bar stands first.
    bar = read_bar(line)
    _take_study(line, draft)
    if bar is not None and draft.study is not None and not draft.bar_said:
        draft.study, draft.bar_said = replace(draft.study, bar=bar), True


def _take_study(line: Line, draft: Draft) -> None:
    if draft.metric is not None:
        token = line.take()
        raise RuleError(say("«{word}» comes without a comparison. Write it like: btc > sma(200,1d).", word=token.shown))
    said = read_study(line, alone=False)
    draft.study, draft.bar_said = said.study, said.bar_said
    match said.study.name:
        case "rsi" | "macd" | "atr":
            draft.metric = said.study.name
        case _:
            draft.metric = "ratio"


def _take_call(line: Line, draft: Draft) -> None:
    token = line.take()
    line.take()
    window = read_window(line, token.shown, short=True)
    if window is None or not line.take_if(")"):
        raise RuleError(say("«{word}» needs a time in brackets, like: drop(1h) > 5%.", word=token.shown))
    draft.metric, draft.window, draft.called = words.MOVES[token.word], window, True


def no_coin(line: Line, draft: Draft) -> RuleError:
    """Return what to say of a line that names no coin, or one that is called like a keyword."""
    if draft.metric is not None:
        return RuleError(say("Which coin? Write it like: eth rsi(14,4h) < 30."))
    first = next((token for token in line.tokens if token.start >= line.base), None)
    if first is None or first.word not in words.KEYWORDS or not first.word.isalpha():
        return RuleError(say("Start with a coin, like: btc > 100k."))
    return RuleError(
        say("Which coin? One that is called «{word}» is written ${word}.", word=first.word),
        repair=line.with_instead(first.start, first.start, "$"),
    )


def _take_subject(line: Line, draft: Draft) -> None:
    token = line.token()
    assert token is not None
    _refuse_later(line, draft, token)
    if line.peek(1) == "(" or draft.subject:
        refuse_if_misspelt(line, token, words.HEADS)
    if not any(each.isalnum() for each in token.text) or token.quoted is not None:
        raise RuleError(say("«{word}» is not a coin. Start with one, like: btc > 100k.", word=token.shown))
    if line.peek(1) == "(":
        raise RuleError(
            say("«{word}» is nothing I can watch. There are rsi, macd, atr, sma, ema and bb.", word=token.shown)
        )
    if draft.subject and (draft.subject[-1].end != _before(line) or len(draft.subject) == _MOST_WORDS):
        raise RuleError(
            say("«{word}» is one word too many for a coin. Write it like: btc > 100k.", word=token.shown)
        )  # fmt: skip
    draft.subject.append(line.take())


def _before(line: Line) -> int:
    return line.tokens[line.at - 1].end if line.at else 0


def _refuse_later(line: Line, draft: Draft, token: Token) -> None:
    if token.word not in words.LATER:
        return
    if token.word in words.COIN_TOO and not draft.subject and not _is_coin_word(line):
        return
    raise RuleError(
        say(
            "«{word}» cannot be watched yet. I watch prices, moves, volume, RSI, MACD, ATR, averages and bands: "
            "btc > 100k.",
            word=token.shown,
        )
    )


def _is_coin_word(line: Line) -> bool:
    return line.peek(1) not in _STOPS and not begins_value(line, 1) and not at_study(line, 1)


def read_comparison(line: Line, draft: Draft) -> None:
    """Read how the series is compared: `>`, `drops below`, `crosses … up`, `inside`, `hits`."""
    while True:
        word = line.peek()
        if word in words.SYMBOLS or (word in words.COMPARED and not _is_side(line)):
            _compare(line, draft)
        elif _is_symbol(word):
            raise _odd_symbol(line)
        elif word in words.CROSS and draft.op is None:
            draft.last = line.take()
            draft.op = "cross"
        elif word in words.RANGES and draft.span is None:
            draft.last = line.take()
            draft.span = words.RANGES[word]
        elif word in words.UP | words.DOWN and draft.op == "cross":
            line.take()
            draft.op = _ways(line, up=word in words.UP)
        elif word in words.RISES | words.FALLS | words.SWINGS and line.peek(1) != "(":
            line.take()
            draft.way = "+" if word in words.RISES else "-" if word in words.FALLS else "±"
        elif word in words.TOUCH or (word == "to" and line.peek(1) not in ("here", "dm", "telegram", "discord")):
            draft.last = line.take()
        elif word in words.FILLERS and word not in words.TERMS:
            line.take()
        else:
            return


def _is_side(line: Line) -> bool:
    return line.peek() == "lower" and at_study(line)


def _ways(line: Line, *, up: bool) -> LineOp:
    """Return what a crossing upwards (or not) is, followed by `then down` where both are meant in turn."""
    if line.peek() == "then" and line.peek(1) in (words.DOWN if up else words.UP):
        line.take()
        line.take()
        return "cross_up" if up else "cross_down"
    return "up" if up else "down"


def read_way_after(line: Line, draft: Draft) -> bool:
    """Read `up`, `down`, `up then down` after a level that is crossed, or after a move without a sign."""
    word = line.peek()
    if draft.op == "cross" and word in words.UP | words.DOWN:
        line.take()
        draft.op = _ways(line, up=word in words.UP)
        return True
    if draft.op is None and draft.way is None and word in words.RISES | words.FALLS:
        line.take()
        draft.way = "+" if word in words.RISES else "-"
        return True
    return False


def _compare(line: Line, draft: Draft) -> None:
    token = line.take()
    op = words.SYMBOLS.get(token.word) or words.COMPARED[token.word]
    if draft.op == "cross":
        draft.op = "up" if op in ("above", "up") else "down"
    elif draft.op is not None:
        assert draft.last is not None
        repair = line.with_instead(draft.last.start, token.start, "") if op == draft.op else None
        raise RuleError(say("«{word}» comes twice. Write it like: btc > 100k.", word=token.shown), repair=repair)
    else:
        draft.op = op
    draft.last = token


def _odd_symbol(line: Line) -> RuleError:
    token = line.take()
    meant = token.word.lstrip("=")[0]
    return RuleError(
        say("«{word}» is no comparison. Write it like: btc {op} 100k.", word=token.shown, op=meant),
        repair=line.with_instead(token.start, token.end, meant),
    )
