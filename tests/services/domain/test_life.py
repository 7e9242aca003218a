"""The life of an alert against a model that keeps whole lists of what was true when, and decides by looking back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.alerts import Alert, Standing
from services.domain.expressions import holds, shape, shaped
from services.domain.life import Fire, Hold, Resolve, Stay, moved, verdict
from services.domain.metrics import Metric
from services.domain.quotes import Observation
from services.domain.rules import AllOf, AnyOf, Condition, Expression, conditions, least_rest

START = datetime(2026, 11, 22, tzinfo=UTC)
METRICS = [Metric("price", coin) for coin in ("a", "b", "c", "d")]


def expressions() -> st.SearchStrategy[Expression]:
    levels = st.integers(1, 9).map(Decimal)
    single = st.builds(Condition, st.sampled_from(METRICS), st.sampled_from(("above", "below", "up", "down")), levels)

    def joined(parts: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
        several = st.lists(parts, min_size=2, max_size=3).map(tuple)
        return st.one_of(st.builds(AllOf, several), st.builds(AnyOf, several))

    made: st.SearchStrategy[Expression] = st.recursive(single, joined, max_leaves=6)
    return made.filter(lambda each: len(conditions(each)) <= 8)


def alert(expression: Expression, *, hold: int = 0, every: int | None = None, band: int | None = None) -> Alert:
    standings = tuple(Standing(each, False, None, None) for each in conditions(expression))
    return Alert(
        id=1, number=1, owner_person=1, owner_chat=None, destination=1, rule="", currency="usd", expression=expression,
        standings=standings, hold=timedelta(seconds=hold) if hold else None,
        every=None if every is None else timedelta(seconds=every), band=None if band is None else Decimal(band),
        loudness="normal", note=None, state="ok", episode=0, version=1, created_at=START, expires_at=None,
        snoozed_until=None, due_at=None,
    )  # fmt: skip


def seconds(number: float) -> datetime:
    return START + timedelta(seconds=number)


def run(found: Alert, facts: list[tuple[int, Metric, Decimal]]) -> list[float]:
    """Feed facts one second apart or more, ending waits in between as the sweep does; return when it fired."""
    fired: list[float] = []
    for second, metric, value in facts:
        if found.due_at is not None and found.due_at <= seconds(second):
            found = _stepped(found, found.standings, found.due_at, fired)
        positions = [at for at, each in enumerate(found.standings) if each.condition.metric == metric]
        seen = Observation(metric.key, value, seconds(second), seconds(second), "", "tick")
        found = _stepped(found, moved(found, positions, seen), seconds(second), fired)
    return fired


def _stepped(found: Alert, after: tuple[Standing, ...], at: datetime, fired: list[float]) -> Alert:
    rest = None if not fired or found.every is None else seconds(fired[-1]) + least_rest(found.every)
    match verdict(found, after, at, rest):
        case Fire(told_at):
            fired.append((told_at - START).total_seconds())
            return replace(found, standings=after, due_at=None)
        case Hold(due_at):
            return replace(found, standings=after, due_at=due_at)
        case Resolve():
            return replace(found, standings=after, due_at=None)
        case Stay():
            return replace(found, standings=after)


def truth(expression: Expression, values: dict[Metric, Decimal]) -> bool:
    """Whether an expression holds by plain comparison, without any memory."""
    if isinstance(expression, Condition):
        value = values.get(expression.metric)
        if value is None:
            return False
        level = expression.level
        return {"above": value > level, "below": value < level, "up": value >= level, "down": value <= level}[
            expression.op
        ]
    words = [truth(each, values) for each in expression.parts]
    return all(words) if isinstance(expression, AllOf) else any(words)


def facts() -> st.SearchStrategy[list[tuple[int, Metric, Decimal]]]:
    steps = st.tuples(st.integers(1, 4), st.sampled_from(METRICS), st.integers(0, 10).map(Decimal))

    def timed(found: list[tuple[int, Metric, Decimal]]) -> list[tuple[int, Metric, Decimal]]:
        second, made = 0, []
        for step, metric, value in found:
            second += step
            made.append((second, metric, value))
        return made

    return st.lists(steps, max_size=40).map(timed)


@given(expressions(), facts(), st.integers(0, 6))
def test_it_fires_after_each_unbroken_time_of_being_true(
    expression: Expression, told: list[tuple[int, Metric, Decimal]], hold: int
) -> None:
    spans: list[tuple[int, int | None]] = []  # when the rule was true without a break; None: to the end
    values: dict[Metric, Decimal] = {}
    since: int | None = None
    for second, metric, value in told:
        values[metric] = value
        now = truth(expression, values)
        if now and since is None:
            since = second
        elif not now and since is not None:
            spans.append((since, second))
            since = None
    last = told[-1][0] if told else 0
    wanted = [begin + hold for begin, end in spans if begin + hold <= (end or 0)]
    wanted += [since + hold] if since is not None and since + hold <= last else []
    assert run(alert(expression, hold=hold, band=0, every=0), told) == wanted


@given(expressions(), facts(), st.integers(1, 20))
def test_it_is_never_told_twice_within_its_rest(
    expression: Expression, told: list[tuple[int, Metric, Decimal]], every: int
) -> None:
    fired = run(alert(expression, every=every, band=0), told)
    assert all(later - earlier >= every for earlier, later in pairwise(fired))


@given(expressions())
def test_a_shape_reads_back(expression: Expression) -> None:
    assert shaped(shape(expression), conditions(expression)) == expression


@given(st.text("01&|()", max_size=8))
def test_no_other_text_is_a_shape(text: str) -> None:
    assert is_shape_of_two(text) is (text in ("0&1", "0|1"))


def is_shape_of_two(text: str) -> bool:
    pair = (Condition(METRICS[0], "above", Decimal(1)), Condition(METRICS[1], "above", Decimal(1)))
    try:
        return len(conditions(shaped(text, pair))) == 2
    except ValueError:
        return False


@pytest.mark.parametrize(("words", "whole"), [((True, False, True), True), ((False, False, True), False)])
def test_every_condition_takes_its_own_word(words: tuple[bool, ...], whole: bool) -> None:
    one, two, three = (Condition(metric, "above", Decimal(1)) for metric in METRICS[:3])
    assert holds(AllOf((AnyOf((one, two)), three)), words) == whole


@pytest.mark.parametrize(
    ("value", "is_met"), [("100.1", True), ("99.6", True), ("99.5", False), ("99.51", True), ("99", False)]
)
def test_what_repeats_stays_met_until_it_is_well_back(value: str, is_met: bool) -> None:
    found = alert(Condition(METRICS[0], "above", Decimal(100)), every=1)
    found = replace(found, standings=(replace(found.standings[0], met=True),))
    seen = Observation(METRICS[0].key, Decimal(value), START, START, "", "tick")
    assert moved(found, [0], seen)[0].met is is_met


def test_a_level_that_is_included_does_not_flicker_on_it() -> None:
    found = alert(Condition(METRICS[0], "up", Decimal(100)))
    told = [(second, METRICS[0], Decimal(100)) for second in range(1, 5)]
    assert run(found, told) == [1]
