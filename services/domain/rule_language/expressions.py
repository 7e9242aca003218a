"""Conditions joined by `and` and `or`, with brackets where both are mixed."""

from dataclasses import dataclass, field
from typing import Final, Literal

from services.domain.language import say
from services.domain.rule_language import vocabulary as words
from services.domain.rule_language.conditions import read_condition
from services.domain.rule_language.heads import read_lead
from services.domain.rule_language.lines import LineAll, LineAny, LineCondition, LineExpression, line_conditions
from services.domain.rule_language.tokens import Asked, Line
from services.domain.rules import MOST_CONDITIONS, Question, RuleError

_DEEPEST: Final = 8  # brackets within brackets


@dataclass(slots=True)
class _Group:
    """The parts of one level of brackets, the words between them, and where each part stands."""

    parts: list[LineExpression] = field(default_factory=list)
    joiners: list[Literal["and", "or"]] = field(default_factory=list)
    places: list[tuple[int, int]] = field(default_factory=list)


def read_expressions(line: Line) -> tuple[LineExpression, ...]:
    """Read all conditions; several expressions where one condition has several levels."""
    read_lead(line)
    line.base = line.here
    if line.token() is None:
        raise RuleError(say("Which coin, and which price? Write it like: btc > 100k."))
    found = _read_group(line, None, 0)
    if any(len(line_conditions(each)) > MOST_CONDITIONS for each in found):
        raise RuleError(say("At most {most} conditions in one alert.", most=MOST_CONDITIONS))
    return found


def _read_group(line: Line, before: LineCondition | None, depth: int) -> tuple[LineExpression, ...]:
    group = _Group()
    while True:
        start = line.here
        found = _read_part(line, before, depth)
        group.places.append((start, line.read))
        following = words.JOINERS.get(line.peek())
        ends = following is None or line.peek(1) in words.TERMS
        if not ends or group.parts or depth:
            _refuse_several(found)
        group.parts.append(found[0])
        before = line_conditions(found[0])[-1]
        if len(group.parts) > MOST_CONDITIONS:
            raise RuleError(say("At most {most} conditions in one alert.", most=MOST_CONDITIONS))
        if ends or following is None:
            line.take_if(*([line.peek()] if following else []))
            return found if len(group.parts) == 1 else (_joined(line, group),)
        line.take()
        group.joiners.append(following)
        read_lead(line)


def _refuse_several(found: tuple[LineExpression, ...]) -> None:
    if len(found) > 1:
        raise RuleError(say("Several prices at once stand alone. Write each with its own condition."))


def _read_part(line: Line, before: LineCondition | None, depth: int) -> tuple[LineExpression, ...]:
    if line.peek() != "(":
        return read_condition(line, before)
    if depth == _DEEPEST:
        raise RuleError(say("Too many brackets within brackets."))
    line.take()
    read_lead(line)
    found = _read_group(line, before, depth + 1)
    if not line.take_if(")"):
        token = line.token()
        if token is not None and token.word not in words.TERMS:
            raise RuleError(say("«{word}» is one word too many. Write it like: btc > 100k.", word=token.shown))
        raise RuleError(
            say("A bracket is not closed."), repair=line.with_instead(line.read, line.read, ")")
        )  # fmt: skip
    return found


def _joined(line: Line, group: _Group) -> LineExpression:
    kinds = set(group.joiners)
    if len(kinds) > 1:
        raise _which_first(line, group)
    return LineAll(tuple(group.parts)) if kinds == {"and"} else LineAny(tuple(group.parts))


def _which_first(line: Line, group: _Group) -> Asked:
    start, end = group.places[0][0], group.places[-1][1]
    readings = (_bracketed(line, group, "and"), _bracketed(line, group, "or"))
    answers = tuple((reading, line.with_instead(start, end, reading)) for reading in readings)
    return Asked(Question(say("Which belongs together?"), answers))


def _bracketed(line: Line, group: _Group, first: Literal["and", "or"]) -> str:
    """Return the group's text with brackets around what `first` joins."""
    runs: list[list[str]] = [[]]
    for at, (start, end) in enumerate(group.places):
        if at and group.joiners[at - 1] != first:
            runs.append([])
        runs[-1].append(line.text[start:end])
    last = "or" if first == "and" else "and"
    made = [f"({f' {first} '.join(run)})" if len(run) > 1 else run[0] for run in runs]
    return f" {last} ".join(made)
