"""Conditions joined by and, or and brackets: whether they hold, and how they are stored."""

from collections.abc import Iterator, Sequence
from itertools import count

from services.domain.rules import AllOf, AnyOf, Condition, Expression


def holds(expression: Expression, met: Sequence[bool]) -> bool:
    """Say whether the whole is true; `met` has one word for each condition, from left to right."""
    return _holds(expression, iter(met))


def _holds(expression: Expression, met: Iterator[bool]) -> bool:
    if isinstance(expression, Condition):
        return next(met)
    parts = [_holds(part, met) for part in expression.parts]  # every part, so that each takes its own words
    return all(parts) if isinstance(expression, AllOf) else any(parts)


def shape(expression: Expression) -> str | None:
    """Return how the conditions are joined, by their positions: `(0|1)&2`; None for a single one."""
    return None if isinstance(expression, Condition) else _joined(expression, count())


def _joined(expression: AllOf | AnyOf, positions: Iterator[int]) -> str:
    mark = "&" if isinstance(expression, AllOf) else "|"
    return mark.join(
        str(next(positions)) if isinstance(part, Condition) else f"({_joined(part, positions)})"
        for part in expression.parts
    )


def shaped(text: str | None, conditions: Sequence[Condition]) -> Expression:
    """Return the expression of a stored shape; raise ValueError for a text that `shape` did not write."""
    if text is None and len(conditions) == 1:
        return conditions[0]
    if text is None:
        raise ValueError(text)
    rest = list(text)
    made = _read(rest, iter(conditions))
    if rest or shape(made) != text:
        raise ValueError(text)
    return made


def _read(rest: list[str], conditions: Iterator[Condition]) -> Expression:
    parts, marks = [_part(rest, conditions)], set[str]()
    while rest and rest[0] in "&|":
        marks.add(rest.pop(0))
        parts.append(_part(rest, conditions))
    if len(marks) != 1:
        raise ValueError(marks)
    return AllOf(tuple(parts)) if marks == {"&"} else AnyOf(tuple(parts))


def _part(rest: list[str], conditions: Iterator[Condition]) -> Expression:
    if not rest or rest[0] in "&|)":
        raise ValueError(rest)
    if rest.pop(0) != "(":
        alone = next(conditions, None)
        if alone is None:
            raise ValueError(rest)
        return alone
    inner = _read(rest, conditions)
    if not rest or rest.pop(0) != ")":
        raise ValueError(rest)
    return inner
