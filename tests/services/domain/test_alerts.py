from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.alerts import Standing, after_firing, is_met, rearm_level, starts, watch
from services.domain.life import meets
from services.domain.metrics import Metric
from services.domain.rules import Condition, Op

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
BTC = Metric("price", "bitcoin", "usd")
OPS: tuple[Op, ...] = ("above", "below", "up", "down", "cross_up", "cross_down")
VALUES = st.decimals(min_value="0.00000001", max_value="1e12", allow_nan=False, places=10)


def condition(op: Op, level: str = "100000") -> Condition:
    return Condition(BTC, op, Decimal(level))


def judge(wanted: Condition, value: Decimal | str, *, armed: bool, repeats: bool) -> str:
    """What one value means for a condition that waits to be met, or to be met no longer."""
    met = meets(Standing(wanted, not armed, None, None), Decimal(value), repeats=repeats)
    return "wait" if met is not armed else "fire" if armed else "arm"


@pytest.mark.parametrize(
    ("op", "below", "exactly", "above"),
    [
        ("above", False, False, True), ("up", False, True, True), ("cross_up", False, True, True),
        ("below", True, False, False), ("down", True, True, False), ("cross_down", True, True, False),
    ],
)  # fmt: skip
def test_which_side_of_the_level_meets_a_condition(op: Op, *, below: bool, exactly: bool, above: bool) -> None:
    level = Decimal(100_000)
    values = ("99999.99999999", "100000.00", "100000.00000001")
    assert [is_met(op, Decimal(value), level) for value in values] == [below, exactly, above]


@pytest.mark.parametrize(
    ("op", "armed", "repeats", "value", "verdict"),
    [
        ("above", True, False, "100000", "wait"), ("above", True, False, "100000.01", "fire"),
        ("above", False, False, "100000.01", "wait"), ("above", False, False, "100000", "arm"),
        ("above", False, True, "99500.01", "wait"), ("above", False, True, "99500", "arm"),
        ("below", True, True, "99999", "fire"), ("below", False, True, "100499.99", "wait"),
        ("below", False, True, "100500", "arm"), ("below", False, False, "100000", "arm"),
        ("up", True, False, "100000", "fire"), ("down", True, False, "100000", "fire"),
        ("cross_up", True, True, "99999", "wait"), ("cross_down", True, True, "99999", "fire"),
    ],
)  # fmt: skip
def test_an_armed_alert_fires_and_a_fired_one_waits_until_the_value_is_back(
    op: Op, *, armed: bool, repeats: bool, value: str, verdict: str
) -> None:
    assert judge(condition(op), value, armed=armed, repeats=repeats) == verdict


def test_a_cross_turns_round_and_everything_else_stays() -> None:
    turned = {op: after_firing(condition(op)).op for op in OPS}
    assert turned == {
        "above": "above", "below": "below", "up": "up", "down": "down", "cross_up": "cross_down",
        "cross_down": "cross_up",
    }  # fmt: skip
    assert after_firing(condition("cross_up")) == replace(condition("cross_up"), op="cross_down")


@pytest.mark.parametrize(("value", "armed"), [(None, True), ("99999", True), ("100000", True), ("100001", False)])
def test_what_is_true_already_waits_for_false_first(value: str | None, *, armed: bool) -> None:
    standing = starts(condition("above"), None if value is None else Decimal(value), NOW)
    assert (not standing.met) == armed


@given(op=st.sampled_from(OPS), level=VALUES, value=VALUES, armed=st.booleans(), repeats=st.booleans())
def test_what_the_matcher_looks_up_misses_no_verdict(
    op: Op, level: Decimal, value: Decimal, *, armed: bool, repeats: bool
) -> None:
    wanted = Condition(BTC, op, level)
    way, rounded = watch(wanted, met=not armed, repeats=repeats)
    touched = float(value) >= rounded if way == "up" else float(value) <= rounded
    verdict = judge(wanted, value, armed=armed, repeats=repeats)
    assert touched or verdict == "wait"


@given(op=st.sampled_from(OPS), level=VALUES, armed=st.booleans(), repeats=st.booleans(), ulps=st.integers(-3, 3))
def test_a_value_next_to_the_level_is_not_missed(
    op: Op, level: Decimal, ulps: int, *, armed: bool, repeats: bool
) -> None:
    wanted = Condition(BTC, op, level)
    target = level if armed else rearm_level(wanted, repeats=repeats)
    value = target + ulps * Decimal("1e-17")
    way, rounded = watch(wanted, met=not armed, repeats=repeats)
    touched = float(value) >= rounded if way == "up" else float(value) <= rounded
    verdict = judge(wanted, value, armed=armed, repeats=repeats)
    assert touched or verdict == "wait"


@given(op=st.sampled_from(OPS), level=VALUES, values=st.lists(VALUES, min_size=1, max_size=40))
def test_between_two_firings_the_value_was_back(op: Op, level: Decimal, values: list[Decimal]) -> None:
    wanted, armed, history = Condition(BTC, op, level), True, []
    for value in values:
        verdict = judge(wanted, value, armed=armed, repeats=True)
        armed = {"fire": False, "arm": True, "wait": armed}[verdict]
        history.append(verdict)
    changes = [each for each in history if each != "wait"]
    assert changes == ["fire", "arm"] * (len(changes) // 2) + ["fire"] * (len(changes) % 2)
