"""A real month of minutes: what the metrics fire on, against an evaluation in arrays that shares no code."""

import csv
import gzip
import os
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from services.bars import Bars
from services.candles import Candles
from services.clock import FixedClock
from services.coins import CoinBook
from services.counters import Counters
from services.domain.candles import LENGTH, Candle, Interval
from services.domain.metrics import parse_metric
from services.domain.rules import AllOf, Condition, Op, Rule
from services.market import Market
from services.preview import History, preview, preview_rule
from services.series import Series
from services.store.sqlite import open_sqlite
from tests.fakes.market import FakeCatalogue, FakePrices, facts
from tests.services.test_bars import BITCOIN, Ear

HOURS = 300  # are listened to one by one
Floats = npt.NDArray[np.float64]
MINUTES: dict[Interval, int] = {"1m": 1, "5m": 5, "1h": 60}


@dataclass(frozen=True)
class Month:
    """Open, high, low, close and volume by minute, without a gap."""

    first: datetime
    rows: Floats

    def bars(self, interval: Interval) -> Floats:
        """Return the rows of longer bars."""
        parts = self.rows.reshape(-1, MINUTES[interval], 5)
        columns = (
            parts[:, 0, 0], parts[:, :, 1].max(axis=1), parts[:, :, 2].min(axis=1), parts[:, -1, 3],
            parts[:, :, 4].sum(axis=1),
        )  # fmt: skip
        return np.stack(columns, axis=1)

    def at(self, interval: Interval, place: int) -> datetime:
        """Return when a bar opens."""
        return self.first + timedelta(minutes=MINUTES[interval]) * place

    def candles(self, interval: Interval) -> tuple[Candle, ...]:
        return tuple(
            Candle(self.at(interval, place), *(Decimal(f"{value:.8f}") for value in row))
            for place, row in enumerate(self.bars(interval))
        )


@pytest.fixture(scope="module")
def month() -> Month:
    folder = os.environ.get("TEST_DATA_DIR")
    path = Path(folder or "/nonexistent") / "ohlcv_1m" / "BTCUSDT_1m_2025-03.csv.gz"
    if not path.exists():
        pytest.skip("TEST_DATA_DIR holds no BTCUSDT_1m_2025-03.csv.gz")
    with gzip.open(path, "rt") as lines:
        found = list(csv.DictReader(lines))
    names = ("open", "high", "low", "close", "volume")
    rows = np.array([[float(row[name]) for name in names] for row in found])
    return Month(datetime.fromisoformat(found[0]["timestamp"]).replace(tzinfo=UTC), rows)


# The evaluation in arrays.


def strengths(closes: Floats, length: int) -> Floats:
    """Return Wilder's index as his book has it: means begun by a plain one, then smoothed."""
    changes = np.diff(closes)
    up, down = np.maximum(changes, 0), np.maximum(-changes, 0)
    found = np.full(len(closes), np.nan)
    mean_up, mean_down = up[:length].mean(), down[:length].mean()
    found[length] = 100 * mean_up / (mean_up + mean_down)
    for place in range(length, len(changes)):
        mean_up = (mean_up * (length - 1) + up[place]) / length
        mean_down = (mean_down * (length - 1) + down[place]) / length
        found[place + 1] = 100 * mean_up / (mean_up + mean_down)
    return found


def averages(values: Floats, length: int) -> Floats:
    """Return the plain mean of the last `length` values."""
    found = np.full(len(values), np.nan)
    found[length - 1 :] = np.lib.stride_tricks.sliding_window_view(values, length).mean(axis=1)
    return found


def busy(volumes: Floats, length: int) -> Floats:
    """Return the volume of a window over the mean of the twenty windows before it."""
    found = np.full(len(volumes), np.nan)
    for end in range(21 * length, len(volumes) + 1):
        windows = volumes[end - 21 * length : end].reshape(21, length).sum(axis=1)
        found[end - 1] = windows[-1] / windows[:-1].mean()
    return found


def path(row: Floats) -> tuple[float, float, float, float]:
    opened, high, low, close = (float(value) for value in row[:4])
    return (opened, high, low, close) if close < opened else (opened, low, high, close)


def firings(values: Iterable[tuple[datetime, float]], op: Op, level: float, band: float) -> list[datetime]:
    """Return when a value came beyond a level, each time after it had been back by the band."""
    sign = 1 if op == "above" else -1
    found: list[datetime] = []
    armed: bool | None = None
    for at, value in values:
        is_met = sign * value > sign * level
        if armed is None:
            armed = not is_met
        elif armed and is_met:
            found.append(at)
            armed = False
        elif not armed:
            armed = sign * value <= sign * level - band
    return found


def closing(month: Month, interval: Interval, values: Floats) -> list[tuple[datetime, float]]:
    """Return each known value with the time at which its bar closed."""
    return [(month.at(interval, place + 1), float(value)) for place, value in enumerate(values) if np.isfinite(value)]


def over_average(month: Month, length: int) -> list[tuple[datetime, float]]:
    """Return the prices of each hour over the mean of the closes before it."""
    bars = month.bars("1h")
    means = averages(bars[:, 3], length)
    return [
        (month.at("1h", place), price / means[place - 1])
        for place in range(length, len(bars))
        for price in path(bars[place])
    ]


def drops_in_sigmas(month: Month, minutes: int) -> list[tuple[datetime, float]]:
    """Return the falls from the highest price of a window over the deviation known at the last full hour."""
    bars, lag = month.bars("5m"), minutes // 5
    logs = np.log(bars[:, 3])
    enough = round(30 * 288 * 0.95)
    found: list[tuple[datetime, float]] = []
    deviation = np.nan
    for place in range(len(bars)):
        if place % 12 == 0 and place >= enough:
            recent = logs[max(0, place - 30 * 288) : place]
            deviation = float(np.std(recent[lag:] - recent[:-lag], ddof=1))
        if np.isnan(deviation):
            continue
        high = float(bars[max(0, place - lag) : place, 1].max())
        for price in path(bars[place]):
            high = max(high, price)
            found.append((month.at("5m", place), float(np.log(high / price)) / deviation))
    return found


def lately(month: Month, days: int, values: list[tuple[datetime, float]]) -> list[tuple[datetime, float]]:
    """Return the values of the last days."""
    since = month.at("1m", len(month.rows)) - timedelta(days=days)
    return [each for each in values if each[0] >= since]


def check(month: Month, key: str, interval: Interval, op: Op, level: str, expected: list[datetime]) -> None:
    condition = Condition(parse_metric(f"{key}@coin:bitcoin"), op, Decimal(level))
    found = preview(condition, None, month.candles(interval), interval)
    assert len(expected) > 1
    assert (found.times, found.last_at) == (len(expected), expected[-1])


@pytest.mark.parametrize(("op", "level"), [("below", "30"), ("above", "70"), ("above", "50")])
def test_strength(month: Month, op: Op, level: str) -> None:
    values = lately(month, 30, closing(month, "1h", strengths(month.bars("1h")[:, 3], 14)))
    check(month, "rsi(14,1h)", "1h", op, level, firings(values, op, float(level), float(level) * 0.005))


@pytest.mark.parametrize(("op", "level"), [("above", "1"), ("below", "1"), ("below", "0.97")])
def test_a_price_over_its_average(month: Month, op: Op, level: str) -> None:
    expected = firings(lately(month, 30, over_average(month, 50)), op, float(level), float(level) * 0.005)
    check(month, "ratio(price,sma(50,1h))", "1h", op, level, expected)


@pytest.mark.parametrize(("window", "interval", "bars", "days"), [("1h", "5m", 12, 14), ("5h", "1h", 5, 30)])
def test_volume(month: Month, window: str, interval: Interval, bars: int, days: int) -> None:
    values = lately(month, days, closing(month, interval, busy(month.bars(interval)[:, 4], bars)))
    check(month, f"volume({window})", interval, "above", "2.5", firings(values, "above", 2.5, 0.0125))


@pytest.mark.parametrize(("window", "minutes"), [("1h", 60), ("15m", 15)])
def test_moves_in_sigmas(month: Month, window: str, minutes: int) -> None:
    expected = firings(drops_in_sigmas(month, minutes), "above", 1.5, 0.5)
    check(month, f"drop_sigma({window})", "5m", "above", "1.5", expected)


def test_two_conditions_at_once(month: Month) -> None:
    strength, volume = parse_metric("rsi(14,1h)@coin:bitcoin"), parse_metric("volume(5h)@coin:bitcoin")
    bars = month.bars("1h")
    index, ratio = strengths(bars[:, 3], 14), busy(bars[:, 4], 5)
    expected, armed = [], True
    for place in range(21 * 5 - 1, len(bars)):
        if armed and index[place] < 40 and ratio[place] > 1.2:
            expected.append(month.at("1h", place + 1))
            armed = False
        elif not armed:
            armed = index[place] >= 40.2 or ratio[place] <= 1.194
    rule = AllOf((Condition(strength, "below", Decimal(40)), Condition(volume, "above", Decimal("1.2"))))
    run: History = ("1h", month.candles("1h"))
    found = preview_rule(Rule(rule), {strength: run, volume: run})
    assert len(expected) > 1
    assert (found.times, found.last_at) == (len(expected), expected[-1])


# The same bar by bar, as they come.


@pytest.fixture
async def listened(month: Month) -> AsyncIterator[dict[str, list[tuple[datetime, float]]]]:
    """Return what was told hour by hour, by metric."""
    clock, counters, ear = FixedClock(month.first), Counters(), Ear()
    exchange = FakePrices("binance", history={("bitcoin", "1h"): month.candles("1h")})
    store = await open_sqlite(None, counters)
    coins = CoinBook(clock, store, FakeCatalogue(coins=(facts(BITCOIN),)))
    await coins.refresh()
    market = Market(clock, counters, (exchange,), coins, store)
    series = Series(market)
    bars = Bars(clock, counters, Candles(clock, store, (exchange,), market), coins, series, ear)
    for key in ("rsi(14,1h)", "volume(5h)"):
        series.subscribe(parse_metric(f"{key}@coin:bitcoin"))
    for hour in range(1, HOURS + 1):
        clock.set(month.first + LENGTH["1h"] * hour + timedelta(seconds=5))
        await bars.turn()
    told: dict[str, list[tuple[datetime, float]]] = {}
    for each in ear.heard:
        told.setdefault(each.metric.partition("@")[0], []).append((each.at, float(each.value)))
    yield told
    await store.close()


async def test_what_is_told_bar_by_bar_is_what_the_month_says(
    month: Month, listened: dict[str, list[tuple[datetime, float]]]
) -> None:
    bars = month.bars("1h")
    expected = {
        "rsi(14,1h)": closing(month, "1h", strengths(bars[:, 3], 14)),
        "volume(5h)": closing(month, "1h", busy(bars[:, 4], 5)),
    }
    for key, whole in expected.items():
        values = [each for each in whole if each[0] <= month.at("1h", HOURS)]
        assert [at for at, _ in listened[key]] == [at for at, _ in values]
        assert [value for _, value in listened[key]] == pytest.approx([value for _, value in values], rel=1e-6)
