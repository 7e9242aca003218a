"""One condition: a series, a comparison, a level and what belongs to it."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from services.domain.language import say
from services.domain.rule_language import vocabulary as words
from services.domain.rule_language.heads import Draft, no_coin, read_comparison, read_head, read_way_after
from services.domain.rule_language.levels import (
    Check,
    atr_level,
    is_name,
    macd_level,
    price_level,
    read_levels,
    read_unit,
    rsi_level,
)
from services.domain.rule_language.lines import LineAll, LineAny, LineCondition, LineExpression
from services.domain.rule_language.measures import read_called, read_move, read_ratio, read_volume
from services.domain.rule_language.mending import missing_window
from services.domain.rule_language.studies import at_study, read_bar
from services.domain.rule_language.tokens import Asked, Line, Token
from services.domain.rule_language.values import (
    Value,
    begins_value,
    is_length,
    is_range,
    is_value,
    read_value,
    read_window,
)
from services.domain.rules import LineOp, Question, RuleError

_CHECKS: dict[str, Check] = {"price": price_level, "rsi": rsi_level, "macd": macd_level, "atr": atr_level}
_BETWEEN = frozenset(("..", "-", "–", "…", "and", "to", "or"))
_IN_DOLLARS = frozenset(("usd", "usdt", "usdc"))


def read_condition(line: Line, before: LineCondition | None) -> tuple[LineExpression, ...]:
    """Read one condition, or one for each of several levels; `before` lends its coin to one that names none."""
    draft = read_head(line)
    read_comparison(line, draft)
    _refuse_in(line)
    found = _body(line, draft, before)
    _read_tail(line, draft, before)
    _ask_how_long(line)
    return tuple(_owned(line, draft, before, each) for each in found)


def _body(line: Line, draft: Draft, before: LineCondition | None) -> tuple[LineExpression, ...]:
    if draft.span is not None:
        return (_ranged(line, draft, before),)
    if draft.called:
        return (read_called(line, draft),)
    if draft.metric == "volume":
        return (_windowed(line, draft, before, read_volume(line, draft)),)
    if draft.metric == "macd" and _take_zero(line, draft):
        return (_studied(draft, Decimal()),)
    if at_study(line):
        return (read_ratio(line, draft, Decimal(1)),)
    _require_value(line, draft, before)
    if draft.metric in (None, "price", "ratio"):
        at = line.at
        value = read_value(line)
        if value.unit == "x" and at_study(line):
            return (read_ratio(line, draft, value.number),)
        if value.unit in ("%", "sigma") and draft.metric != "ratio":
            draft.wants_window = True
            _read_tail(line, draft, before)
            return (read_move(line, draft, value),)
        line.at = at
    return _levels(line, draft, before)


def _windowed(line: Line, draft: Draft, before: LineCondition | None, made: LineCondition) -> LineCondition:
    at = line.read
    _read_tail(line, draft, before)
    if draft.window is None:
        raise missing_window(line, at, "1h")
    return replace(made, window=draft.window)


def _refuse_in(line: Line) -> None:
    token = line.token()
    if token is not None and token.word in words.WITHIN and (is_range(line.peek(1)) or line.peek(2) == ".."):
        raise RuleError(
            say("«{word}» is for a time. For a range write: btc inside 95k..98k.", word=token.shown),
            repair=line.with_instead(token.start, token.end, "inside"),
        )


def _require_value(line: Line, draft: Draft, before: LineCondition | None) -> None:
    token = line.token()
    subject = draft.subject_words(line)[:40]
    if token is not None and token.word not in words.TERMS | words.JOINERS.keys() | words.WITHIN | {")"}:
        if draft.op is None and not begins_value(line):
            raise RuleError(say("«{word}» is not a price. Write a number, like: btc > 100k.", word=token.shown))
        return
    if draft.metric in ("rsi", "macd", "atr"):
        raise RuleError(say("A level is missing after {name}. Write it like: rsi(14,4h) < 30.", name=draft.metric))
    if draft.metric == "ratio":
        raise RuleError(say("Compare an average with the price or another: btc > sma(200,1d)."))
    if not subject and before is None:
        raise no_coin(line, draft)
    raise RuleError(say("A price is missing. Write it like: {subject} > 100k.", subject=subject or "btc"))


def _take_zero(line: Line, draft: Draft) -> bool:
    """Read what means the zero line of a MACD: nothing, `zero`, `signal`, `positive`."""
    word = line.peek()
    if word in ("positive", "negative"):
        line.take()
        draft.op = "above" if word == "positive" else "below"
        return True
    if word in ("zero", "signal"):
        line.take()
        line.skip(("line",))
        read_way_after(line, draft)
        return draft.op is not None
    return draft.op in ("cross", "up", "down", "cross_up", "cross_down") and not is_value(word)


def _studied(draft: Draft, level: Decimal) -> LineCondition:
    assert draft.metric is not None
    return LineCondition("", draft.metric, _op(draft), level, study=draft.study)


def _op(draft: Draft) -> LineOp:
    if draft.op is not None:
        return draft.op
    return "up" if draft.way == "+" else "down" if draft.way == "-" else "touch"


def _levels(line: Line, draft: Draft, before: LineCondition | None) -> tuple[LineExpression, ...]:
    if draft.metric == "ratio":
        raise RuleError(say("Compare an average with the price or another: btc > sma(200,1d)."))
    metric = draft.metric or "price"
    _ask_which_series(line, draft, before)
    has_coin = bool(draft.subject) or (before is not None and draft.op is not None)
    levels, unit = read_levels(line, draft, _CHECKS[metric], has_coin=has_coin, money=metric == "price")
    op = _op(draft)
    return tuple(LineCondition("", metric, op, level, unit, study=draft.study) for level in levels)


def _ask_which_series(line: Line, draft: Draft, before: LineCondition | None) -> None:
    """Ask where `rsi > 30 and < 50` may go on with the index or with the price."""
    if draft.subject or draft.metric is not None or before is None or before.metric not in ("rsi", "macd"):
        return
    at = line.at
    value = read_value(line)
    line.at = at
    if value.unit or value.currency or (before.metric == "rsi" and value.number >= 100):
        return
    answers = tuple(
        (label, line.with_instead(draft.start, draft.start, f"{name} "))
        for label, name in (
            (say("{name}", name=before.metric.upper()), _series(before)),
            (say("The price"), "price"),
        )
    )
    raise Asked(Question(say("What is compared with «{word}»?", word=value.token.shown), answers))


def _series(condition: LineCondition) -> str:
    return "price" if condition.study is None else condition.study.key


def _ranged(line: Line, draft: Draft, before: LineCondition | None) -> LineExpression:
    assert draft.last is not None
    metric = draft.metric or "price"
    if metric not in _CHECKS:
        raise RuleError(say("«{word}» goes with a price, RSI, MACD or ATR.", word=draft.last.shown))
    check = _CHECKS[metric]
    low, high = (check(line, value) for value in _two_values(line, draft.last))
    if low == high:
        raise RuleError(say("A range has two different ends, like: btc inside 95k..98k."))
    low, high = min(low, high), max(low, high)
    unit = read_unit(line, draft, has_coin=bool(draft.subject) or before is not None) if metric == "price" else None
    lower = LineCondition("", metric, "up", low, unit, study=draft.study)
    if draft.span == "inside":
        return LineAll((lower, replace(lower, op="down", level=high)))
    return LineAny((replace(lower, op="below"), replace(lower, op="above", level=high)))


def _two_values(line: Line, after: Token) -> Iterator[Value]:
    token = line.token()
    mark = None if token is None else _mark_between(token.word)
    if token is not None and mark is not None:
        line.take()
        first_end = token.word.index(mark)
        for first, last in ((0, first_end), (first_end + len(mark), len(token.word))):
            part = Token(token.text[first:last], token.word[first:last], token.start + first, token.start + last)
            yield read_value(Line(line.text, (part,), line.style, base=line.base))
        return
    for ahead in range(2):
        if not is_value(line.peek()):
            raise RuleError(say("«{word}» needs two numbers. Write it like: btc inside 95k..98k.", word=after.shown))
        yield read_value(line)
        if not ahead:
            line.take_if(*_BETWEEN)


def _mark_between(word: str) -> str | None:
    """Return what stands between two numbers in one word: `95k..98k`, `95k-98k`."""
    for mark in ("..", "-", "–"):
        low, _, high = word.partition(mark)
        if is_value(low) and is_value(high):
            return mark
    return None


def _read_tail(line: Line, draft: Draft, before: LineCondition | None) -> None:
    """Read what may follow a value in any order: a window, a bar, a way, the coin."""
    while line.token() is not None:
        if read_way_after(line, draft) or _late_subject(line, draft, before):
            continue
        if draft.study is not None and not draft.bar_said and (bar := read_bar(line)) is not None:
            draft.study, draft.bar_said = replace(draft.study, bar=bar), True
            continue
        if draft.wants_window and draft.window is None:
            draft.window = read_window(line, line.tokens[line.at - 1].shown, short=True)
            if draft.window is not None:
                continue
        return


def _late_subject(line: Line, draft: Draft, before: LineCondition | None) -> bool:
    """Read the coin where it stands last: `100k btc`, `rsi below 30 on eth`."""
    if draft.subject or (before is not None and draft.op is not None):
        return False
    ahead = 1 if line.peek() in ("in", "of", "on", "for") else 0
    if not is_name(line, ahead):
        return False
    line.at += ahead
    while is_name(line) and len(draft.subject) < 3:
        draft.subject.append(line.take())
    return True


def _ask_how_long(line: Line) -> None:
    """Ask what a time is for that nothing introduces: `btc > 100k 1h`."""
    token = line.token()
    ahead = 1 if line.peek() in words.WITHIN else 0
    length = line.token(ahead)
    if token is None or length is None or not is_length(length.word):
        return
    word = length.text
    answers = tuple(
        (label, line.with_instead(token.start, length.end, words_))
        for label, words_ in (
            (say("Only once it held for {word}", word=word), f"for {word}"),
            (say("Repeat, at most every {word}", word=word), f"every {word}"),
            (say("Stop waiting after {word}", word=word), f"until {word}"),
            (say("None of them, just once"), ""),
        )
    )
    raise Asked(Question(say("What is «{word}» for?", word=word), answers))


def _owned(line: Line, draft: Draft, before: LineCondition | None, made: LineExpression) -> LineExpression:
    """Return an expression with its coin, and the bar that came last."""
    if isinstance(made, LineAll | LineAny):
        parts = tuple(_owned(line, draft, before, part) for part in made.parts)
        return LineAll(parts) if isinstance(made, LineAll) else LineAny(parts)
    subject, _, pair = draft.subject_words(line).partition("/")
    if not subject and before is None:
        raise no_coin(line, draft)
    unit = made.unit
    if pair and unit is not None and unit != pair.lower():
        raise RuleError(say("«{pair}» names a currency already, so leave out «{unit}».", pair=pair, unit=unit))
    unit = unit or pair.lower() or None
    if made.metric not in ("price", "drop", "rise", "swing"):
        if unit is not None and unit not in _IN_DOLLARS:
            raise RuleError(
                say("Only prices and moves are watched in other currencies. Leave out «{unit}».", unit=unit)
            )
        unit = None
    elif not subject and before is not None:
        unit = unit or before.unit
    study = draft.study if made.study is not None and made.metric != "ratio" else made.study
    op = _op(draft) if made.op == "cross" and draft.op != "cross" else made.op
    return replace(made, subject=subject or (before.subject if before else ""), unit=unit, study=study, op=op)
