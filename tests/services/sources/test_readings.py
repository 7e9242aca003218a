from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from services.domain.candles import Candle
from services.sources.wire.readings import Day, Instant, Pair, Seen, before, candle, instant, percent, sample, trimmed

AT = datetime(2026, 11, 22, 9, 0, 5, 123000, tzinfo=UTC)
MILLISECONDS = 1795338005123
BITCOIN = Pair("bitcoin", "usd")
SEEN = Seen("kraken", AT)
UNUSABLE = [None, Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), Decimal("-Infinity"), Decimal(0), Decimal(-1),
            Decimal("1e15"), Decimal("1e999999"), Decimal("1e-999999")]  # fmt: skip


@pytest.mark.parametrize(
    "written",
    [
        MILLISECONDS,
        MILLISECONDS * 1000,
        MILLISECONDS * 1_000_000,
        MILLISECONDS / 1000,
        str(MILLISECONDS),
        "1795338005.123",
        "2026-11-22T09:00:05.123Z",
        "2026-11-22T09:00:05.123000999Z",
        "2026-11-22T10:00:05.123+01:00",
        "2026-11-22T09:00:05.123",
    ],
)
def test_a_time_is_read_in_every_unit_and_spelling(written: Instant) -> None:
    assert instant(written) == AT


@pytest.mark.parametrize(
    "written", [None, "", "soon", 0, -5, 10**30, 1e300, float("nan"), float("inf"), True, "9" * 99]
)
def test_what_is_no_time_is_none(written: Instant) -> None:
    assert instant(written) is None


@pytest.mark.parametrize("value", UNUSABLE)
def test_a_number_that_is_no_price_makes_no_sample(value: Decimal | None) -> None:
    assert sample(BITCOIN, value, MILLISECONDS, SEEN) is None


def test_a_sample_without_a_time_is_true_now_and_one_with_a_bad_time_is_none() -> None:
    untimed = sample(BITCOIN, Decimal(91234), None, SEEN)
    assert untimed is not None
    assert untimed.at == AT
    assert sample(BITCOIN, Decimal(91234), "soon", SEEN) is None


def test_a_time_in_the_future_is_passed_on() -> None:
    ahead = sample(BITCOIN, Decimal(91234), MILLISECONDS + 3_600_000, SEEN)
    assert ahead is not None
    assert ahead.at - ahead.seen_at == timedelta(hours=1)


def test_figures_of_the_day_that_contradict_or_are_unusable_are_absent() -> None:
    day = Day(open=Decimal("NaN"), high=Decimal(1), low=Decimal(2), volume=Decimal(-1))
    heard = sample(BITCOIN, Decimal(91234), MILLISECONDS, SEEN, day)
    assert heard is not None
    assert (heard.open_24h, heard.high_24h, heard.low_24h, heard.volume_24h) == (None, None, None, None)


@pytest.mark.parametrize("change", [None, Decimal("sNaN"), Decimal("1e99999999"), Decimal(200)])
def test_a_price_before_an_unusable_change_is_absent(change: Decimal | None) -> None:
    assert before(Decimal(100), change) is None


def test_a_change_below_minus_hundred_percent_is_absent() -> None:
    assert percent(Decimal(-100)) is None
    assert percent(Decimal("-99.9")) == Decimal("-99.9")


def test_bars_that_contradict_themselves_are_none() -> None:
    good = (Decimal(10), Decimal(12), Decimal(9), Decimal(11))
    high_too_low = (Decimal(10), Decimal("10.5"), Decimal(9), Decimal(11))
    not_a_number = (Decimal(10), Decimal("NaN"), Decimal(9), Decimal(11))
    assert candle(MILLISECONDS, good, Decimal(1)) == Candle(AT, *good, Decimal(1))
    assert candle(MILLISECONDS, high_too_low, Decimal(1)) is None
    assert candle(MILLISECONDS, not_a_number, Decimal(1)) is None
    assert candle(MILLISECONDS, good, Decimal(-1)) is None
    assert candle("never", good, Decimal(1)) is None


def test_bars_are_put_in_order_once_each_and_cut_to_the_window() -> None:
    def bar(minute: int) -> Candle:
        return Candle(AT + timedelta(minutes=minute), Decimal(1), Decimal(1), Decimal(1), Decimal(1), Decimal(1))

    bars = [bar(3), bar(1), None, bar(2), bar(1), bar(9)]
    assert trimmed(bars, AT, AT + timedelta(minutes=3)) == (bar(1), bar(2), bar(3))
