from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.oracle import (
    OWN_TIME,
    POLLED,
    SLOW,
    STREAMED,
    Accepted,
    Doubt,
    Past,
    Reason,
    Refused,
    aggregate,
    agreed,
    check,
    counting,
    in_dollars,
    is_major,
    limits_of,
    unit,
)
from services.domain.quotes import Sample
from tests.fakes.market import heard, later

NOW = later(100)
PAST = Past(Decimal(100), later(99), since=later(99))


def nobody() -> Iterable[Decimal]:
    return ()


def sample(price: str = "100.5", seconds: float = 100) -> Sample:
    return heard("kraken", price, later(seconds))


@pytest.mark.parametrize("price", ["NaN", "-NaN", "sNaN", "Infinity", "-Infinity", "0", "-0", "-1", "1e15", "1e400"])
@pytest.mark.parametrize("past", [None, PAST])
def test_a_number_that_is_no_price_is_refused(price: str, past: Past | None) -> None:
    assert check(past, sample(price), NOW, STREAMED, nobody) == Refused("not a price", past)


@pytest.mark.parametrize("price", ["1e-30", "0.00000001", "999999999999999.99"])
def test_any_other_number_is_a_price(price: str) -> None:
    assert isinstance(check(None, sample(price), NOW, STREAMED, nobody), Accepted)


@pytest.mark.parametrize("seconds", [85.0, 100.0, 102.0])
def test_a_streamed_time_lies_between_15_s_ago_and_2_s_ahead(seconds: float) -> None:
    accepted = Accepted(Past(Decimal("100.5"), later(seconds), NOW))
    assert check(None, sample(seconds=seconds), NOW, STREAMED, nobody) == accepted


@pytest.mark.parametrize(
    ("seconds", "reason"),
    [(84.999, "too old"), (-3500, "too old"), (102.001, "ahead of time"), (3700, "ahead of time")],
)
def test_any_other_time_is_refused(seconds: float, reason: Reason) -> None:
    assert check(None, sample(seconds=seconds), NOW, STREAMED, nobody) == Refused(reason, None)


def test_a_polled_and_a_slow_source_may_be_older() -> None:
    assert isinstance(check(None, sample(seconds=70), NOW, POLLED, nobody), Accepted)
    assert check(None, sample(seconds=69.9), NOW, POLLED, nobody) == Refused("too old", None)
    assert isinstance(check(None, sample(seconds=-80), NOW, SLOW, nobody), Accepted)
    assert check(None, sample(seconds=-80.1), NOW, SLOW, nobody) == Refused("too old", None)


def test_time_does_not_go_backwards() -> None:
    assert check(PAST, sample(seconds=98.999), NOW, STREAMED, nobody) == Refused("backwards", PAST)
    assert isinstance(check(PAST, sample(seconds=99), NOW, STREAMED, nobody), Accepted)


def test_a_past_that_lies_ahead_was_our_own_clock_and_is_forgotten() -> None:
    past = Past(Decimal(100), later(3700), since=later(3700))
    assert check(past, sample(), NOW, STREAMED, nobody) == Accepted(Past(Decimal("100.5"), NOW, NOW))


@pytest.mark.parametrize(
    ("seconds", "frozen"),
    [(100, False), (114, False), (114.001, True)],
)
def test_the_same_price_and_time_for_more_than_three_intervals_is_frozen(seconds: float, frozen: bool) -> None:
    now = later(seconds)
    verdict = check(PAST, sample("100", 99), now, replace(STREAMED, max_age=timedelta(hours=1)), nobody)
    assert verdict == (Refused("frozen", PAST) if frozen else Accepted(PAST))


def test_the_same_price_at_a_new_time_is_not_frozen() -> None:
    verdict = check(PAST, sample("100", 129), later(130), STREAMED, nobody)
    assert verdict == Accepted(Past(Decimal(100), later(129), later(130)))


@pytest.mark.parametrize(
    ("price", "jumps"),
    [("120", False), ("120.01", True), ("80", False), ("79.99", True), ("12.5", True), ("1000000", True)],
)
def test_a_jump_of_more_than_a_fifth_is_quarantined(price: str, jumps: bool) -> None:
    verdict = check(PAST, sample(price), NOW, STREAMED, nobody)
    doubted = Refused("jump", replace(PAST, doubt=Doubt(Decimal(price), NOW, NOW)))
    assert verdict == (doubted if jumps else Accepted(Past(Decimal(price), NOW, NOW)))


@pytest.mark.parametrize(
    ("price", "at", "seen", "accepted"),
    [
        ("50", 102, 102, True),
        ("50", 101.999, 101.999, False),  # too soon
        ("50", 100, 103, False),  # the same word again
        ("48", 102.5, 103, True),
        ("30", 103, 103, True),  # a crash goes on
        ("170", 103, 103, False),  # now the other way: another doubt
        ("99", 100.1, 100.1, True),  # back where it was
    ],
)
def test_a_second_sample_two_seconds_later_confirms_a_jump(price: str, at: float, seen: float, accepted: bool) -> None:
    past = replace(PAST, doubt=Doubt(Decimal(50), NOW, NOW))
    verdict = check(past, sample(price, at), later(seen), STREAMED, nobody)
    assert isinstance(verdict, Accepted) is accepted


def test_an_unconfirmed_jump_does_not_start_the_wait_anew() -> None:
    past = replace(PAST, doubt=Doubt(Decimal(50), NOW, NOW))
    assert check(past, sample("45", 101), later(101), STREAMED, nobody) == Refused("jump", past)


def test_a_return_clears_the_doubt() -> None:
    past = replace(PAST, doubt=Doubt(Decimal(50), NOW, NOW))
    assert check(past, sample("99", 101), later(101), STREAMED, nobody) == Accepted(
        Past(Decimal(99), later(101), later(101))
    )


@pytest.mark.parametrize(("other", "accepted"), [("50", True), ("50.5", True), ("51", False), ("100", False)])
def test_another_source_that_agrees_within_one_percent_confirms_a_jump(other: str, accepted: bool) -> None:
    verdict = check(PAST, sample("50"), NOW, STREAMED, lambda: (Decimal(101), Decimal(other)))
    assert isinstance(verdict, Accepted) is accepted


def test_a_bar_has_nothing_to_wait_for() -> None:
    assert isinstance(check(PAST, replace(sample("50"), basis="bar"), NOW, STREAMED, nobody), Accepted)


def test_a_market_with_a_time_of_its_own_is_judged_by_order_only() -> None:
    assert isinstance(check(PAST, sample("50", 99_999), NOW, OWN_TIME, nobody), Accepted)
    assert check(PAST, sample("100", 98), NOW, OWN_TIME, nobody) == Refused("backwards", PAST)
    assert check(PAST, sample("NaN", 101), NOW, OWN_TIME, nobody) == Refused("not a price", PAST)


def test_limits_follow_the_source() -> None:
    assert limits_of("kraken", polled=False) == STREAMED
    assert limits_of("kraken", polled=True) == POLLED
    assert limits_of("coingecko", polled=False) == SLOW
    assert limits_of("simulated", polled=False) == limits_of("replay", polled=True) == OWN_TIME


@pytest.mark.parametrize(
    ("prices", "price", "spread", "disputed"),
    [
        ("100", "100", "0", False),
        ("100 101", "100.5", "0.5", False),  # just under 1 %
        ("100 101.1", "100.55", "0.55", True),
        ("100 100.2 100.4", "100.2", "0.29652", False),
        ("100 100.2 850867136053", "100.2", "0.29652", False),  # one of three is out of its mind
        ("98 100 102", "100", "2.9652", True),
        ("98 99.9 100.1 102", "100", "1.55673", True),  # deviations 0.1 0.1 2 2: the middle is 1.05
        ("99.5 99.9 100.1 100.5", "100", "0.44478", False),
    ],
)
def test_the_median_rules(prices: str, price: str, spread: str, disputed: bool) -> None:
    found = aggregate([Decimal(each) for each in prices.split()], major=True)
    assert (found.price, found.spread, found.disputed) == (Decimal(price), Decimal(spread), disputed)


@pytest.mark.parametrize(("low", "disputed"), [("97", False), ("96.5", True)])
def test_smaller_coins_may_lie_five_percent_apart(low: str, disputed: bool) -> None:
    prices = [Decimal(low), Decimal(100), Decimal(200) - Decimal(low)]
    assert aggregate(prices, major=False).disputed is disputed
    assert aggregate(prices, major=True).disputed


def test_two_sources_must_agree_within_one_percent_for_every_coin() -> None:
    assert aggregate([Decimal(100), Decimal(102)], major=False).disputed


def test_majors_are_the_twenty_largest() -> None:
    assert [is_major(rank) for rank in (1, 20, 21, None)] == [True, True, False, False]


def test_units_are_the_coins_behind_the_codes() -> None:
    assert [unit(each) for each in ("usdt", "usdc", "eur", "ethereum")] == ["tether", "usd-coin", "eur", "ethereum"]


def test_a_sample_is_converted_by_the_rate_of_its_own_currency() -> None:
    quoted = replace(
        heard("binance", "80000", NOW, quote="usdt"),
        open_24h=Decimal(64000),
        high_24h=Decimal(81000),
        low_24h=Decimal("NaN"),
        volume_24h=Decimal(1000),
    )
    share = in_dollars(quoted, Decimal("0.9"), STREAMED)
    assert share.part.price == 72000
    assert share.change_24h_pct == 25  # of its own currency: the rate is the same on both sides
    assert (share.high_24h, share.low_24h, share.volume_24h) == (Decimal(72900), None, Decimal(900))


def test_a_slow_source_counts_only_alone() -> None:
    fast = in_dollars(heard("kraken", "100", later(90)), Decimal(1), STREAMED)
    slow = in_dollars(heard("coingecko", "103", later(99)), Decimal(1), SLOW)
    assert counting([fast, slow], NOW) == [fast]
    assert counting([fast, slow], later(106)) == [slow]
    assert counting([fast, slow], later(99 + 181)) == []


def test_the_day_is_the_median_of_the_sources_and_volumes_add_up() -> None:
    shares = [
        replace(
            in_dollars(heard(name, price, later(90 + number)), Decimal(1), STREAMED),
            change_24h_pct=None if change is None else Decimal(change),
            high_24h=Decimal(high),
            volume_24h=None if volume is None else Decimal(volume),
        )
        for number, (name, price, change, high, volume) in enumerate(
            [("a", "100", 1, 110, 5), ("b", "101", 3, 999, None), ("c", "102", None, 112, 7)]
        )
    ]
    quote = agreed("bitcoin", shares, NOW, major=True, unsure=False)
    assert (quote.price, quote.at, quote.seen_at, quote.source) == (Decimal(101), later(92), NOW, "a, b, c")
    assert (quote.change_24h_pct, quote.high_24h, quote.low_24h, quote.volume_24h) == (
        Decimal(2),
        Decimal(112),
        None,
        Decimal(12),
    )


@given(
    others=st.tuples(*[st.decimals("0.00000001", "1e9", allow_nan=False)] * 2),
    bad=st.decimals("1e-20", "1e14", allow_nan=False),
    position=st.integers(0, 2),
)
def test_one_bad_source_of_three_never_moves_the_median_outside_the_others(
    others: tuple[Decimal, Decimal], bad: Decimal, position: int
) -> None:
    prices = list(others)
    prices.insert(position, bad)
    assert min(others) <= aggregate(prices, major=True).price <= max(others)
