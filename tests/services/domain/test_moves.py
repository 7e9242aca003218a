import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.metrics import parse_metric
from services.domain.moves import Window, move, ticked

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
PRICES = st.integers(1, 1_000).map(Decimal)
STEPS = st.integers(0, 90).map(lambda seconds: timedelta(seconds=seconds))
BARS = st.lists(st.tuples(STEPS, PRICES, PRICES), min_size=1, max_size=60)
HOUR = timedelta(hours=1)


def dated(steps: list[tuple[timedelta, Decimal, Decimal]]) -> list[tuple[datetime, Decimal, Decimal]]:
    bars, at = [], START
    for step, one, other in steps:
        at += step
        bars.append((at, max(one, other), min(one, other)))
    return bars


def test_five_percent_below_the_highest_price_of_the_last_hour() -> None:
    window = Window(HOUR)
    for minutes, price in ((0, 200), (30, 100), (59, 96)):
        window.add(START + timedelta(minutes=minutes), Decimal(price), Decimal(price))
    assert window.drop(Decimal(96)) == 52
    window.add(START + timedelta(minutes=61), Decimal(95), Decimal(95))
    assert window.drop(Decimal(95)) == 5
    assert window.rise(Decimal(95)) == 0
    assert window.rise(Decimal("99.75")) == 5


@given(steps=BARS, length=st.integers(0, 600).map(lambda seconds: timedelta(seconds=seconds)), price=PRICES)
def test_extremes_are_those_of_a_scan(
    steps: list[tuple[timedelta, Decimal, Decimal]], length: timedelta, price: Decimal
) -> None:
    window, seen = Window(length), []
    assert window.is_empty
    for at, high, low in dated(steps):
        window.add(at, high, low)
        seen.append((at, high, low))
        inside = [bar for bar in seen if bar[0] >= at - length]
        highest, lowest = max(bar[1] for bar in inside), min(bar[2] for bar in inside)
        assert not window.is_empty
        assert window.drop(price) == max(0, (highest - price) * 100 / highest)
        assert window.rise(price) == max(0, (price - lowest) * 100 / lowest)
        assert move("swing", window, price) == max(window.drop(price), window.rise(price))


@given(steps=BARS, cut=st.integers(0, 60), price=PRICES)
def test_the_past_can_come_after_the_present(
    steps: list[tuple[timedelta, Decimal, Decimal]], cut: int, price: Decimal
) -> None:
    bars = dated(steps)
    in_order, late = Window(HOUR), Window(HOUR)
    for at, high, low in bars:
        in_order.add(at, high, low)
    for at, high, low in bars[cut:]:
        late.add(at, high, low)
    late.precede(bars[:cut])
    assert (late.drop(price), late.rise(price)) == (in_order.drop(price), in_order.rise(price))


@pytest.mark.parametrize(("name", "expected"), [("drop", 10), ("rise", 0), ("swing", 10), ("price", 90)])
def test_what_a_metric_of_a_name_means(name: str, expected: int) -> None:
    window = Window(HOUR)
    for price in (95, 100, 90):
        window.add(START, Decimal(price), Decimal(price))
    assert move(name, window, Decimal(90)) == expected  # type: ignore[arg-type]  # a plain str in the table above


@given(
    steps=BARS,
    price=PRICES,
    yard=st.decimals(min_value=Decimal("0.0001"), max_value=Decimal("0.5"), allow_nan=False),
    length=st.integers(1, 10),
)
def test_moves_in_sigmas_are_those_of_a_scan(
    steps: list[tuple[timedelta, Decimal, Decimal]], price: Decimal, yard: Decimal, length: int
) -> None:
    window, seen = Window(timedelta(minutes=length)), []
    for at, high, low in dated(steps):
        window.add(at, high, low)
        seen.append((at, high, low))
        inside = [bar for bar in seen if bar[0] >= at - timedelta(minutes=length)]
        fallen = max([0.0, *(math.log(bar[1]) - math.log(price) for bar in inside)]) / float(yard)
        risen = max([0.0, *(math.log(price) - math.log(bar[2]) for bar in inside)]) / float(yard)
        for name, expected in (("drop", fallen), ("rise", risen), ("swing", max(fallen, risen))):
            found = ticked(parse_metric(f"{name}_sigma({length}m)@coin:bitcoin"), price, window, yard)
            assert found is not None
            assert float(found) == pytest.approx(expected, rel=1e-8, abs=1e-8)


@pytest.mark.parametrize("key", ["drop_sigma(1h)@coin:bitcoin", "ratio(price,sma(200,1d))@coin:bitcoin"])
@pytest.mark.parametrize("yard", [None, Decimal()])
def test_without_a_yardstick_nothing_is_known(key: str, yard: Decimal | None) -> None:
    window = Window(HOUR)
    window.add(START, Decimal(100), Decimal(100))
    assert ticked(parse_metric(key), Decimal(90), window, yard) is None


def test_a_price_over_its_average() -> None:
    metric = parse_metric("ratio(price,sma(200,1d))@coin:bitcoin")
    assert ticked(metric, Decimal(90), None, Decimal(60)) == Decimal("1.5")
