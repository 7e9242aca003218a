"""Conditions that are no plain level: moves, volume, and the price against its averages."""

from dataclasses import replace
from decimal import Decimal
from typing import Literal

from services.domain.language import say
from services.domain.metrics import KINDS, MetricName, Study
from services.domain.numbers import plain
from services.domain.rule_language import vocabulary as words
from services.domain.rule_language.heads import Draft
from services.domain.rule_language.lines import LineCondition
from services.domain.rule_language.mending import missing_window
from services.domain.rule_language.studies import read_study
from services.domain.rule_language.tokens import Asked, Line
from services.domain.rule_language.values import Value, impossible, is_value, read_value
from services.domain.rules import LineOp, Question, RuleError

_MOST_PERCENT, _MOST_SIGMA, _MOST_TIMES = 1000, 100, 1000
_NAMES: dict[tuple[words.Way, Literal["%", "sigma"]], MetricName] = {
    ("-", "%"): "drop", ("+", "%"): "rise", ("±", "%"): "swing",
    ("-", "sigma"): "drop_sigma", ("+", "sigma"): "rise_sigma", ("±", "sigma"): "swing_sigma",
}  # fmt: skip
_AVERAGES = ("sma", "ema", "bb_upper", "bb_lower")


def read_move(line: Line, draft: Draft, value: Value) -> LineCondition:
    """Return a move by percent or deviations whose window was read already; ask where its way was not said."""
    assert value.unit in ("%", "sigma")
    unit: Literal["%", "sigma"] = "%" if value.unit == "%" else "sigma"
    way = value.sign or draft.way
    _check_size(value, way)
    if draft.window is None and (way == "±" or unit == "sigma"):
        raise missing_window(line, _end(line, value), "24h")
    if way is None or not _agrees(draft, value):
        raise _which_way(line, draft, value)
    return LineCondition("", _NAMES[way, unit], "up", value.number, window=draft.window)


def _check_size(value: Value, way: words.Way | None) -> None:
    most = _MOST_PERCENT if value.unit == "%" else _MOST_SIGMA
    gone = value.unit == "%" and way in ("-", "±") and value.number >= 100
    if value.number <= 0 or value.number > most or gone:
        raise impossible(value.token)


def _agrees(draft: Draft, value: Value) -> bool:
    if draft.op is None:
        return True
    if value.sign is None:
        return draft.way is not None and draft.op in ("above", "up")  # drops more than 5%
    return draft.op in (("below", "down") if value.sign == "-" else ("above", "up"))


def _which_way(line: Line, draft: Draft, value: Value) -> Asked:
    start = draft.last.start if draft.op is not None and draft.last is not None else value.token.start
    size = plain(value.number) + ("%" if value.unit == "%" else "sigma")
    ways = [(say("Up {size}", size=size), f"+{size}"), (say("Down {size}", size=size), f"-{size}")]
    if value.unit == "sigma":
        ways.append((say("Either way {size}", size=size), f"±{size}"))
    end = _end(line, value)
    answers = tuple((label, line.with_instead(start, end, written)) for label, written in ways)
    return Asked(Question(say("Up or down {size}?", size=size), answers))


def _end(line: Line, value: Value) -> int:
    """Return where a value ends whose unit may be a word of its own."""
    following = next((token for token in line.tokens if token.start >= value.token.end), None)
    apart = following is not None and following.word in ("%", "percent", "pct", "sigma", "sigmas", "σ")
    return following.end if apart and following is not None else value.token.end


def read_called(line: Line, draft: Draft) -> LineCondition:
    """Return a move written as a series: `drop(1h) < 5%`."""
    assert draft.metric is not None
    if not is_value(line.peek()):
        raise RuleError(say("A level is missing. Write it like: drop(1h) > 5%."))
    value = read_value(line)
    unit = KINDS[draft.metric].unit
    if value.sign is not None or value.unit not in (unit, ""):
        raise impossible(value.token)
    _check_size(replace(value, unit="%" if unit == "%" else "sigma"), "-" if draft.metric == "drop" else None)
    return LineCondition("", draft.metric, draft.op or "up", value.number, window=draft.window)


def read_volume(line: Line, draft: Draft) -> LineCondition:
    """Return a volume as a multiple of its average, without its window."""
    times = Decimal(1)
    if is_value(line.peek()):
        value = read_value(line)
        times = value.number / 100 if value.unit == "%" else value.number
        if value.sign is not None or value.unit == "sigma" or not 0 < times <= _MOST_TIMES or draft.way == "-":
            raise RuleError(
                say(
                    "«{word}»: volume is compared with its average, like: volume > 3x avg in 1h.",
                    word=value.token.shown,
                )
            )
    elif line.peek() not in words.AVERAGE or draft.op is None:
        raise RuleError(say("How much volume? Write it like: volume > 3x avg in 1h."))
    line.skip(words.AVERAGE | {"the", "its", "of", "than", "times"})
    op: LineOp = draft.op or "above"
    draft.wants_window = True
    return LineCondition("", "volume", op, times)


def read_ratio(line: Line, draft: Draft, level: Decimal) -> LineCondition:
    """Return the price, or an average, against an average or a band."""
    token = line.token()
    assert token is not None
    said = read_study(line, alone=True)
    if said.study.name not in _AVERAGES or draft.metric not in (None, "price", "ratio"):
        raise RuleError(say("«{word}» is not compared with that. Write it like: btc > sma(200,1d).", word=token.shown))
    if level <= 0 or level > _MOST_TIMES:
        raise RuleError(say("A multiple lies above zero, like: btc > 2x sma(200,1d)."))
    upper, lower = draft.study, said.study
    if upper is not None and said.bar_said != draft.bar_said:
        bar = said.study.bar if said.bar_said else upper.bar
        upper, lower = (Study(each.name, each.numbers, bar) for each in (upper, lower))
    if upper == lower:
        raise RuleError(say("«{word}» is compared with itself.", word=token.shown))
    op: LineOp = draft.op or ("up" if draft.way == "+" else "down" if draft.way == "-" else "touch")
    return LineCondition("", "ratio", op, level, study=upper, against=lower)
