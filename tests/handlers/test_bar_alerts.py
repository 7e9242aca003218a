"""Alerts on what closed bars say: told once when the bar closes, and late after a downtime."""

from datetime import datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from pathlib import Path

import pytest

from services.domain.alerts import starts
from services.domain.candles import LENGTH, Candle, Interval, bar_open
from services.domain.metrics import parse_metric
from services.domain.rules import Condition, Op, Rule
from services.store import events
from services.store.alerts import NewAlert
from tests.stage import ANN, START
from tests.world import World, scripted

Past = dict[tuple[str, Interval], tuple[Candle, ...]]
HOUR = 3600


def bars(interval: Interval, before: int, *closes: float, volume: float = 1) -> Past:
    """Return `before` bars of small ups and downs around 100 up to the start, then bars with these closes."""
    calm = [Decimal(100 + (place * 7) % 3) for place in range(before)]
    first = bar_open(START, interval) - LENGTH[interval] * before
    made = []
    for place, (opened, close) in enumerate(
        zip([Decimal(100), *calm, *map(Decimal, closes)], [*calm, *map(Decimal, closes)], strict=False)
    ):
        amount = Decimal(1 if place < before else volume)
        at = first + LENGTH[interval] * place
        made.append(Candle(at, opened, max(opened, close), min(opened, close), close, amount))
    return {("bitcoin", interval): tuple(made)}


def still(at: datetime, price: int) -> Candle:
    """Return a bar in which the price stood still."""
    one = Decimal(price)
    return Candle(at, one, one, one, one, Decimal(1))


async def wait_for(world: World, key: str, op: Op, level: str) -> None:
    """Set an alert on any metric, for which no words are needed here."""
    caller = await world.caller(ANN)
    condition = Condition(parse_metric(f"{key}@coin:bitcoin"), op, Decimal(level))
    new = NewAlert(caller.person, None, key, "usd", Rule(condition), (starts(condition, None, None),))
    await world.app.store.write(lambda tx: world.app.services.alerts.add(tx, new, caller))


async def fired(world: World) -> list[float]:
    """Return what fired, by the seconds from the start to when it was true."""
    found = await world.app.store.read(lambda tx: events.after(tx, 0))
    return [(each.at - START).total_seconds() for each in found]


@pytest.mark.parametrize(
    ("key", "interval", "op", "level"),
    [
        ("rsi(14,1h)", "1h", "below", "30"),
        ("macd(12,26,9,1h)", "1h", "below", "-1"),
        ("atr(14,1h)", "1h", "above", "2"),
        ("volume(5h)", "1h", "above", "2"),
        ("ratio(sma(2,1h),sma(20,1h))", "1h", "below", "0.96"),
    ],
)
async def test_a_bar_that_closes_fires_once(key: str, interval: Interval, op: Op, level: str) -> None:
    past = bars(interval, 500, 80, 80, volume=9)
    async with scripted(past=past, btc=100) as world:
        await wait_for(world, key, op, level)
        await world.at(10)
        assert world.app.services.alerts.value(parse_metric(f"{key}@coin:bitcoin")) is not None
        for second in (4, 5, 6, 60, 120):
            assert await fired(world) == ([] if second < 6 else [HOUR])
            await world.at(HOUR + second)
        assert await fired(world) == [HOUR]


async def test_a_price_under_its_average_fires_with_the_price() -> None:
    async with scripted(past=bars("1d", 60), btc=110) as world:
        await wait_for(world, "ratio(price,sma(50,1d))", "below", "1")
        await world.at(10)
        await world.say_at(20, btc=102)
        assert await fired(world) == []
        await world.say_at(30, btc=100)
        await world.say_at(31, btc=99)
        assert await fired(world) == [30]


async def test_a_move_in_sigmas_fires_with_the_price() -> None:
    walk = list(accumulate((1 if place % 3 else -2 for place in range(9000)), initial=1000))
    first = START - timedelta(minutes=5) * len(walk)
    month = tuple(
        still(first + timedelta(minutes=5) * place, price) for place, price in enumerate(walk)
    )  # returns of 0.1, 0.1 and -0.2 percent: a deviation of 0.141
    minutes = tuple(still(START - timedelta(minutes=90 - place), 1000) for place in range(90))
    past: Past = {("bitcoin", "5m"): month, ("bitcoin", "1m"): minutes}
    async with scripted(past=past, btc=1000) as world:
        await wait_for(world, "drop_sigma(5m)", "up", "5")
        await world.at(10)
        await world.at(20)
        await world.say_at(30, btc=994)  # 0.602 percent, 4.26 sigmas
        assert await fired(world) == []
        await world.say_at(40, btc=992)  # 0.803 percent, 5.68 sigmas
        assert await fired(world) == [40]


async def told_after_a_downtime(folder: Path, past: Past, key: str, op: Op, level: str) -> list[float]:
    """Set one alert, stop, start again after four hours and return what fired."""
    async with scripted(folder, past=past, btc=100) as world:
        await wait_for(world, key, op, level)
        await world.at(10)
        await world.say_at(30, btc=100)
        await world.app.services.market.save()
        assert await fired(world) == []
    async with scripted(folder, at=4 * HOUR + 30, past=past, btc=100) as world:
        await world.at(4 * HOUR + 40)
        return await fired(world)


@pytest.mark.parametrize(
    ("key", "op", "level"),
    [("rsi(14,1h)", "below", "30"), ("ratio(sma(2,1h),sma(20,1h))", "below", "0.96"), ("atr(14,1h)", "above", "2")],
)
async def test_a_bar_that_closed_while_down_is_told_late(tmp_path: Path, key: str, op: Op, level: str) -> None:
    past = bars("1h", 500, 80, 80, 100, 101)
    assert await told_after_a_downtime(tmp_path, past, key, op, level) == [HOUR]


async def test_a_price_that_was_under_its_average_while_down_is_told_late(tmp_path: Path) -> None:
    minutes = bars("1m", 300, *[100] * 60, 90, *[100] * 179)
    past = minutes | bars("1d", 60)
    assert await told_after_a_downtime(tmp_path, past, "ratio(price,sma(50,1d))", "below", "0.95") == [HOUR]


async def test_a_move_in_sigmas_while_down_is_told_late(tmp_path: Path) -> None:
    minutes = bars("1m", 300, *[100] * 60, 80, *[100] * 179)
    past = minutes | bars("5m", 9000, *[100] * 48)
    assert await told_after_a_downtime(tmp_path, past, "drop_sigma(15m)", "up", "8") == [HOUR]
