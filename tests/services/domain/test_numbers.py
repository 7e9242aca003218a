from contextlib import suppress
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.domain.numbers import (
    AmbiguousNumber,
    NotANumber,
    parse_duration,
    parse_number,
    plain,
    write_duration,
)
from services.domain.people import NumberStyle

STYLES: tuple[NumberStyle | None, ...] = (None, "1,234.56", "1.234,56", "1 234.56")
# At most 15 digits before the point and 18 behind it.
NUMBERS = st.tuples(st.integers(0, 10**15 - 1), st.integers(0, 18), st.integers(0, 10**18 - 1)).map(
    lambda parts: Decimal(f"{parts[0]}.{str(parts[2]).zfill(18)[: parts[1]] or '0'}")
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", "1"), ("0", "0"), ("007", "7"), ("100k", "100000"), ("100K", "100000"), ("1.5m", "1500000"),
        ("1b", "1000000000"), ("2bn", "2000000000"), ("1,000", "1000"), ("12,345,678.9", "12345678.9"),
        ("1.234.567", "1234567"), ("1.234.567,89", "1234567.89"), ("70_000", "70000"), ("1_000_000", "1000000"),
        ("$70k", "70000"), ("70k$", "70000"), (".5", "0.5"), ("0.500", "0.500"), ("0.123", "0.123"),
        ("1234.567", "1234.567"), ("1.5", "1.5"), ("1.23", "1.23"), ("1.2345", "1.2345"), ("٣", "3"), ("１２", "12"),
        ("𝟙𝟘𝟘k", "100000"), ("1.5k", "1500"), ("0.000000000000000001", "0.000000000000000001"),
        ("999999999999999", "999999999999999"), ("0,5", "0.5"), ("0,125", "0.125"),
        ("999999999999999.999999999999999999", "999999999999999.999999999999999999"),
        ("123456789012.345678k", "123456789012345.678"),
    ],
)  # fmt: skip
def test_numbers_with_one_reading(text: str, value: str) -> None:
    assert parse_number(text, None) == Decimal(value)


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("100.000", ("100", "100000")), ("1.234", ("1.234", "1234")), ("1,5", ("1.5", "15")),
        ("1,50", ("1.5", "150")), ("12.345k", ("12345", "12345000")),
    ],
)  # fmt: skip
def test_numbers_that_readers_read_differently_are_asked_back(text: str, readings: tuple[str, str]) -> None:
    with pytest.raises(AmbiguousNumber) as asked:
        parse_number(text, None)
    assert asked.value.readings == tuple(map(Decimal, readings))


@pytest.mark.parametrize(
    ("text", "style", "value"),
    [
        ("100.000", "1,234.56", "100"), ("100.000", "1.234,56", "100000"), ("100.000", "1 234.56", "100"),
        ("100,000", "1,234.56", "100000"), ("100,000", "1.234,56", "100"), ("1,5", "1.234,56", "1.5"),
        ("1.5", "1.234,56", "1.5"), ("1.234,5", "1.234,56", "1234.5"), ("1,234.5", "1.234,56", "1234.5"),
    ],
)  # fmt: skip
def test_whoever_has_chosen_is_not_asked(text: str, style: NumberStyle, value: str) -> None:
    assert parse_number(text, style) == Decimal(value)


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "x", "k", "$", "-0", "-1", "+5", "--5", "1e5", "1e309", "1e-400", "nan", "NaN", "inf", "Infinity",
        "0x10", "1.", "1,", "5%", "½", "²", "1²", "9×5000", "1\n", "1\u200b0", "\u202e100", "1\0", "1 000", "1..5",
        "1.2.3", "1,23,456", "1,2345.6", "1.234,567,8", "12,34.5", "1kk", "1mk", "1t", "true", "None", "1/2", "1’000",
        "1000000000000000", "1000000000000b", "0.0000000000000000001", "1" * 41, "1" * 10_000, "," * 40, "1" + "_" * 50,
    ],
)  # fmt: skip
@pytest.mark.parametrize("style", STYLES)
def test_everything_else_is_no_number(text: str, style: NumberStyle | None) -> None:
    with pytest.raises(NotANumber):
        parse_number(text, style)


@given(value=NUMBERS, style=st.sampled_from(STYLES))
@example(value=Decimal("1.234"), style=None)
@example(value=Decimal("100.125"), style="1.234,56")
@example(value=Decimal("123456789012345.123456789012345678"), style=None)
def test_what_is_written_plainly_is_read_back(value: Decimal, style: NumberStyle | None) -> None:
    assert parse_number(plain(value), style) == value


@given(value=st.decimals(min_value=0, max_value="999999999999999", allow_nan=False, allow_infinity=False))
def test_plain_digits_have_no_exponent(value: Decimal) -> None:
    assert set(plain(value)) <= set("0123456789.")
    assert Decimal(plain(value)) == value


@given(text=st.text(max_size=60) | st.text("0123456789.,_kmb$٣", max_size=45), style=st.sampled_from(STYLES))
def test_only_the_two_errors_escape_and_never_a_float(text: str, style: NumberStyle | None) -> None:
    with suppress(NotANumber, AmbiguousNumber):
        value = parse_number(text, style)
        assert type(value) is Decimal
        assert value.is_finite()
        assert 0 <= value < 10**15


def readings_of(text: str) -> tuple[Decimal, ...]:
    try:
        parse_number(text, None)
    except AmbiguousNumber as asked:
        return asked.readings
    except NotANumber:
        pass
    return ()


@given(text=st.text("0123456789.,_kmb$", max_size=45) | st.from_regex(r"[0-9]{1,4}[.,][0-9]{1,4}k?", fullmatch=True))
def test_a_choice_of_style_picks_one_of_the_readings(text: str) -> None:
    readings = set(readings_of(text))
    assert {parse_number(text, style) for style in STYLES[1:] if readings} <= readings


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("20m", 20), ("90min", 90), ("4h", 240), ("3d", 4_320), ("1w", 10_080), ("1W", 10_080), ("9999w", 100_789_920)],
)
def test_durations(text: str, minutes: int) -> None:
    assert parse_duration(text) == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    "text", ["", "0m", "0h", "5", "m", "1.5h", "-1h", "1s", "1y", "1 h", "2h30", "10000m", "٣h", "1h\n", "4K", "1mo"]
)
def test_everything_else_is_no_duration(text: str) -> None:
    with pytest.raises(NotANumber):
        parse_duration(text)


@given(st.integers(1, 9_999).map(lambda minutes: timedelta(minutes=minutes)))
def test_durations_are_read_back(duration: timedelta) -> None:
    assert parse_duration(write_duration(duration)) == duration
