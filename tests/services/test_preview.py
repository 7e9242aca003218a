"""Previews of rules: of one condition as of several, with hold, cool-down and band, and as counted by hand."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.candles import LENGTH, Candle, Interval
from services.domain.metrics import Metric, parse_metric
from services.domain.rules import AllOf, AnyOf, Condition, Op, Rule
from services.preview import History, Preview, preview, preview_rule
from tests.fakes.market import START

PRICE = parse_metric("price@pair:bitcoin/usd")
OTHER = parse_metric("price@pair:ethereum/usd")
DROP = parse_metric("drop(5m)@pair:bitcoin/usd")
BARS = st.lists(st.tuples(*[st.integers(90, 110)] * 4), min_size=1, max_size=40)
OPS: tuple[Op, ...] = ("above", "below", "up", "down", "cross_up", "cross_down")


def bars(*prices: tuple[int, ...], interval: Interval = "1m") -> tuple[Candle, ...]:
    """Make bars of open, the two extremes and close, in any order that can be."""
    return tuple(
        Candle(
            START + LENGTH[interval] * place,
            Decimal(row[0]), Decimal(max(row)), Decimal(min(row)), Decimal(row[-1]), Decimal(1),
        )
        for place, row in enumerate(prices)
    )  # fmt: skip


def flat(*prices: int) -> tuple[Candle, ...]:
    return bars(*((price,) for price in prices))


def above(level: int, metric: Metric = PRICE) -> Condition:
    return Condition(metric, "above", Decimal(level))


def minute(number: int) -> datetime:
    return START + timedelta(minutes=number)


def seen(found: Preview) -> tuple[int, int | None]:
    """Return how often it fired, and in which minute last."""
    return found.times, None if found.last_at is None else (found.last_at - START) // timedelta(minutes=1)


@given(rows=BARS, op=st.sampled_from(OPS), level=st.integers(92, 108), every=st.sampled_from([None, 3, 60]))
def test_one_condition_alone_fires_as_it_does_in_a_rule(
    rows: list[tuple[int, ...]], op: Op, level: int, every: int | None
) -> None:
    condition, made = Condition(PRICE, op, Decimal(level)), bars(*rows)
    rest = None if every is None else timedelta(minutes=every)
    assert preview_rule(Rule(condition, every=rest), {PRICE: ("1m", made)}) == preview(condition, rest, made, "1m")


@given(rows=BARS, level=st.integers(1, 15), every=st.sampled_from([None, 3, 60]))
def test_one_move_alone_fires_as_it_does_in_a_rule(rows: list[tuple[int, ...]], level: int, every: int | None) -> None:
    condition, made = Condition(DROP, "up", Decimal(level)), bars(*rows)
    rest = None if every is None else timedelta(minutes=every)
    assert preview_rule(Rule(condition, every=rest), {DROP: ("1m", made)}) == preview(condition, rest, made, "1m")


def test_all_of_fires_when_the_last_part_becomes_true_and_again_after_one_was_false() -> None:
    history: dict[Metric, History] = {
        PRICE: ("1m", flat(90, 110, 110, 110, 110, 110)),
        OTHER: ("1m", flat(90, 90, 110, 90, 110, 110)),
    }
    assert seen(preview_rule(Rule(AllOf((above(100), above(100, OTHER)))), history)) == (2, 4)


def test_any_of_fires_once_while_one_part_takes_over_from_another() -> None:
    history: dict[Metric, History] = {
        PRICE: ("1m", flat(90, 110, 110, 90, 90, 110)),
        OTHER: ("1m", flat(90, 90, 110, 110, 90, 90)),
    }
    assert seen(preview_rule(Rule(AnyOf((above(100), above(100, OTHER)))), history)) == (2, 5)


def test_brackets_are_kept() -> None:
    history: dict[Metric, History] = {PRICE: ("1m", flat(90, 96, 106, 96)), OTHER: ("1m", flat(90, 90, 90, 110))}
    expression = AllOf((above(95), AnyOf((above(105), above(100, OTHER)))))
    assert seen(preview_rule(Rule(expression), history)) == (1, 2)


def test_what_changes_at_one_time_is_judged_together() -> None:
    history: dict[Metric, History] = {PRICE: ("1m", flat(90, 90, 110, 90)), OTHER: ("1m", flat(110, 110, 90, 110))}
    assert seen(preview_rule(Rule(AllOf((above(100), above(100, OTHER)))), history)) == (0, None)


@pytest.mark.parametrize(
    ("prices", "expected"),
    [
        ((90, 110, 110, 110, 110), (1, 3)),
        ((90, 110, 90, 110, 90), (0, None)),
        ((90, 110, 110, 90, 110, 110, 110), (2, 6)),
        ((90, 110, 90, 110, 110, 110), (1, 5)),
        ((110, 110, 110, 110), (0, None)),
    ],
    ids=["held", "broken off", "again", "anew", "true from the start"],
)
def test_a_hold_counts_from_when_it_became_true(prices: tuple[int, ...], expected: tuple[int, int | None]) -> None:
    held = preview_rule(Rule(above(100), hold=timedelta(minutes=2)), {PRICE: ("1m", flat(*prices))})
    assert seen(held) == expected


def test_a_hold_ends_between_two_bars() -> None:
    found = preview_rule(Rule(above(100), hold=timedelta(seconds=90)), {PRICE: ("1m", flat(90, 110, 110, 90))})
    assert found.last_at == minute(1) + timedelta(seconds=90)


def test_a_part_that_is_met_stays_so_within_its_band() -> None:
    prices = bars((9900,), (10100,), (9960,), (10100,), (9950,), (10100,))
    assert seen(preview_rule(Rule(above(10000)), {PRICE: ("1m", prices)})) == (2, 5)


def test_nothing_is_counted_before_every_metric_is_known() -> None:
    strength = parse_metric("rsi(2,1h)@coin:bitcoin")
    hours = bars(*((100 + place % 3,) for place in range(48)), interval="1h")
    history: dict[Metric, History] = {PRICE: ("1m", flat(90, 110, 90, 110)), strength: ("1h", hours)}
    expression = AnyOf((above(100), Condition(strength, "above", Decimal(101))))
    assert preview_rule(Rule(expression), history) == Preview(0, None, 2, "1h")


def test_no_bars_are_no_days() -> None:
    assert preview_rule(Rule(above(1)), {PRICE: ("1m", ())}) == Preview(0, None, 0, "1m")
    strength = parse_metric("rsi(14,1h)@coin:bitcoin")
    assert preview(Condition(strength, "below", Decimal(30)), None, (), "1h") == Preview(0, None, 0, "1h")
