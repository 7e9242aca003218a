"""What is in the picture: measured in its pixels, for ordinary and for odd charts."""

import io
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from PIL import Image

from bot.render.chart import draw
from bot.render.chart.scale import apart, compact, number, ticks, time_ticks
from handlers.model import Chart, Mark, Study, Theme
from services.domain.candles import Candle
from tests.bot.render.samples import START, candles, changed, chart

ALL: tuple[Study, ...] = ("sma", "ema", "bb", "vol", "rsi", "macd")
BACKGROUND: dict[Theme, tuple[int, int, int]] = {"dark": (16, 21, 29), "light": (255, 255, 255)}
UP = (42, 195, 178)  # dark theme
DOWN = (255, 139, 74)
AVERAGE = (245, 208, 78)


def picture(drawn: Chart) -> Image.Image:
    return Image.open(io.BytesIO(draw(drawn)))


def colours(drawn: Chart) -> Counter[tuple[int, ...]]:
    pixels = np.asarray(picture(drawn).convert("RGB")).reshape(-1, 3)
    values, counts = np.unique(pixels, axis=0, return_counts=True)
    return Counter(
        {tuple(int(part) for part in value): int(count) for value, count in zip(values, counts, strict=True)}
    )


def still(count: int, volume: str = "0") -> tuple[Candle, ...]:
    one = Decimal("1.0000")
    return changed(candles(count), lambda bar: Candle(bar.at, one, one, one, one, Decimal(volume)))


def jumping() -> tuple[Candle, ...]:
    calm = candles(80, scale="1")
    return (
        *calm[:40],
        *changed(
            calm[40:],
            lambda bar: Candle(bar.at, bar.open * 5000, bar.high * 5000, bar.low * 5000, bar.close * 5000, bar.volume),
        ),
    )


ODD: dict[str, tuple[Candle, ...]] = {
    "one bar": candles(1),
    "two bars": candles(2),
    "three bars": candles(3),
    "fewer than any study needs": candles(13),
    "500 bars": candles(500),
    "900 bars": candles(900),
    "never moved": still(60),
    "worth nothing": changed(candles(30), lambda bar: Candle(bar.at, *[Decimal()] * 5)),
    "a jump by 5000": jumping(),
    "holes": candles(120)[:30] + candles(120)[34:60] + candles(120)[119:],
    "no volume": candles(60, volume="0"),
    "volume not known": changed(candles(60), lambda bar: replace(bar, volume=Decimal("NaN"))),
    "tiny": candles(120, scale="0.00001234"),
    "tiniest": candles(120, scale="0.000000000001"),
    "huge": candles(120, scale="3000000000"),
}


@pytest.mark.parametrize("theme", BACKGROUND)
@pytest.mark.parametrize("bars", ODD.values(), ids=ODD)
def test_every_chart_is_a_small_png_of_the_agreed_size(bars: tuple[Candle, ...], theme: Theme) -> None:
    drawn = replace(chart(bars), studies=ALL, theme=theme, levels=(Decimal(91000), Decimal("0.5"), Decimal(10**7)))
    data = draw(drawn)
    found = Image.open(io.BytesIO(data))
    assert (found.format, found.size, found.mode) == ("PNG", (1200, 800), "P")
    assert len(data) <= 60 * 1024


@pytest.mark.parametrize(("theme", "background"), BACKGROUND.items())
def test_the_ground_is_the_themes(theme: Theme, background: tuple[int, int, int]) -> None:
    found = colours(replace(chart(), theme=theme))
    assert found.most_common(1)[0][0] == background
    assert found[background] > 0.6 * 1200 * 800


def test_the_same_chart_is_the_same_bytes() -> None:
    assert draw(chart()) == draw(chart())
    assert draw(chart()) != draw(replace(chart(), theme="light"))


def test_bars_that_rose_and_fell_differ_in_colour_and_filling() -> None:
    rising = chart(
        tuple(Candle(bar.at, Decimal(1), Decimal(3), Decimal(1), Decimal(2), Decimal(1)) for bar in candles(5))
    )
    falling = chart(
        tuple(Candle(bar.at, Decimal(2), Decimal(3), Decimal(1), Decimal(1), Decimal(1)) for bar in candles(5))
    )
    up, down = colours(replace(rising, studies=("sma",))), colours(replace(falling, studies=("sma",)))
    assert down[DOWN] > up[UP] * 1.5
    assert up[DOWN] == 0
    assert down[UP] == 0


def test_an_average_is_drawn_where_it_is_known_only() -> None:
    legend_only = colours(chart(candles(19)))[AVERAGE]
    assert 0 < legend_only < 300
    assert colours(chart(candles(120)))[AVERAGE] > legend_only + 500


def test_bars_older_than_the_shown_ones_warm_the_averages_up() -> None:
    shown, warmed = chart(candles(900)[400:]), chart(candles(900))
    left = (23, 140, 120, 560)  # the first bars, where a chart without older ones has no average yet
    cold = np.asarray(picture(shown).convert("RGB").crop(left)) == AVERAGE
    warm = np.asarray(picture(warmed).convert("RGB").crop(left)) == AVERAGE
    assert warm.all(axis=2).sum() > cold.all(axis=2).sum()


@pytest.mark.parametrize("mark", ["SIMULATED", "STALE", "REPLAY", "PARTIAL", "ESTIMATE"])
@pytest.mark.parametrize("theme", BACKGROUND)
def test_a_mark_covers_a_good_part_of_the_prices(mark: Mark, theme: Theme) -> None:
    plain = np.asarray(picture(replace(chart(), theme=theme)).convert("RGB"))
    marked = np.asarray(picture(replace(chart(), theme=theme, marks=(mark,))).convert("RGB"))
    rows, columns = (plain != marked).any(axis=2).nonzero()
    assert len(rows) > 10_000
    assert columns.max() - columns.min() > 350
    assert rows.max() - rows.min() > 80


@pytest.mark.parametrize("study", ALL)
def test_each_study_shows(study: Study) -> None:
    without = chart() if study == "sma" else replace(chart(), studies=("sma",))
    assert draw(replace(without, studies=(study,))) != draw(without)


@pytest.mark.parametrize("level", ["90000", "93210.5", "250000", "10"])
def test_an_alert_level_shows_inside_and_beyond_the_scale(level: str) -> None:
    assert draw(replace(chart(), levels=(Decimal(level),))) != draw(chart())


def test_words_of_any_kind_stay_words() -> None:
    odd = replace(
        chart(),
        title="$\\frac{" * 9,
        currency="A$ and B$",
        source="x\n\ty" * 200,
        zone="No/Where",
        marks=("STALE", "PARTIAL"),
    )
    assert picture(odd).size == (1200, 800)


@pytest.mark.parametrize(
    ("bars", "reason"),
    [
        ((), "no bars"),
        (changed(candles(3), lambda bar: replace(bar, high=Decimal("NaN"))), "not a number"),
        (changed(candles(3), lambda bar: replace(bar, close=Decimal("Infinity"))), "not a number"),
        (candles(3)[::-1], "time order"),
        (candles(1) * 2, "time order"),
    ],
)
def test_what_cannot_be_drawn_is_refused(bars: tuple[Candle, ...], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        draw(replace(chart(), candles=bars))


@pytest.mark.parametrize(
    ("low", "high", "most", "labels"),
    [
        (90_800, 106_700, 8, ["92,000", "94,000", "96,000", "98,000", "100,000", "102,000", "104,000", "106,000"]),
        (0.00001232, 0.00001445, 5, ["0.0000125", "0.0000130", "0.0000135", "0.0000140"]),
        (0.99, 1.01, 5, ["0.990", "0.995", "1.000", "1.005", "1.010"]),
        (-30, 45, 4, ["-20", "0", "20", "40"]),
        (2.7e9, 3.05e9, 4, ["2.7B", "2.8B", "2.9B", "3.0B"]),
    ],
)
def test_values_on_an_axis_are_round_and_written_out(low: float, high: float, most: int, labels: list[str]) -> None:
    assert [tick.label for tick in ticks(low, high, most)] == labels


@pytest.mark.parametrize("exponent", range(-12, 12))
def test_no_value_is_written_with_an_exponent_and_no_two_alike(exponent: int) -> None:
    found = [tick.label for tick in ticks(1.01 * 10.0**exponent, 1.37 * 10.0**exponent, 6)]
    assert len(set(found)) == len(found) >= 3
    assert not any("e" in label.lower() for label in found)


def test_volumes_are_short() -> None:
    assert [compact(value) for value in (0, 0.00123, 5, 41.83, 500, 12_345, 4_560_000, 3.2e12)] == [
        "0", "0.00123", "5", "41.8", "500", "12.3K", "4.56M", "3.2T",
    ]  # fmt: skip
    assert number(3_021_971_579, 1e6, 3.1e9) == "3.022B"


@pytest.mark.parametrize("minutes", [1, 5, 15, 60, 240, 1440, 10080, 43200])
@pytest.mark.parametrize("count", [1, 2, 3, 17, 96, 120, 365, 500])
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns"])
def test_times_on_the_axis_never_touch(minutes: int, count: int, zone: str) -> None:
    at = [(START + bar * timedelta(minutes=minutes)).astimezone(ZoneInfo(zone)) for bar in range(count)]
    x = [22 + (bar + 0.5) * 1000 / count for bar in range(count)]
    found = apart(time_ticks(at, x, wide), wide, 4, 1000)
    assert found
    assert found[0].at - wide(found[0].label) / 2 >= 4
    for left, right in pairwise(found):
        assert right.at - left.at > (wide(left.label) + wide(right.label)) / 2


def wide(text: str) -> float:
    return 20.0 * len(text)


def test_a_new_day_and_a_new_year_stand_out() -> None:
    hours = [datetime(2026, 1, 2, 20, tzinfo=ZoneInfo("Asia/Tokyo")) + timedelta(hours=hour) for hour in range(9)]
    found = time_ticks(hours, [100.0 * hour for hour in range(9)], lambda text: 40)
    assert [tick.label for tick in found] == ["21:00", "22:00", "23:00", "3 Jan", "01:00", "02:00", "03:00", "04:00"]
    assert [tick.strong for tick in found].index(True) == 3
    days = [datetime(2025, 12, 1, tzinfo=ZoneInfo("UTC")) + timedelta(days=7 * week) for week in range(20)]
    labels = [tick.label for tick in time_ticks(days, [50.0 * week for week in range(20)], lambda text: 100)]
    assert labels == ["2026", "Feb", "Mar", "Apr"]
