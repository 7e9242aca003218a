"""«Would have fired» against a count made another way: price by price, in whole numbers, sharing no code."""

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from services.domain import simulation
from tests.stage import START
from tests.world import World, simulated

DAYS = 30
UNIT = 10**8  # prices are counted in hundred-millionths of a dollar, exactly
Points = list[tuple[datetime, int]]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with simulated() as running:
        yield running


def points(coin: str) -> Points:
    """Return every price of every minute's candle, high before low where it closed below its open."""
    found: Points = []
    for bar in simulation.candles(1, coin, "1m", START - timedelta(days=DAYS), START, until=START):
        extremes = (bar.high, bar.low) if bar.close < bar.open else (bar.low, bar.high)
        found += [(bar.at, int(price * UNIT)) for price in (bar.open, *extremes, bar.close)]
    return found


def rising(found: Points, dollars: int, hours: int = 0, *, strict: bool = True) -> list[datetime]:
    """Return when the price came above a level, each time after it had been half a percent below."""
    fired: list[datetime] = []
    level = dollars * UNIT
    least = level + 1 if strict else level
    armed = found[0][1] < least
    for at, price in found:
        is_rested = not fired or at - fired[-1] >= timedelta(hours=hours)
        if armed and price >= least and is_rested:
            fired.append(at)
            armed = False
        armed = armed or price * 1000 <= level * 995
    return fired


def falling(found: Points, dollars: int) -> list[datetime]:
    """Return when the price came below a level, each time after it had been half a percent above."""
    fired: list[datetime] = []
    level = dollars * UNIT
    armed = found[0][1] >= level
    for at, price in found:
        if armed and price < level:
            fired.append(at)
            armed = False
        armed = armed or price * 1000 >= level * 1005
    return fired


def drops(found: Points, percent: int, minutes: int) -> list[datetime]:
    """Return when the price had fallen so far from the highest of the last minutes."""
    fired: list[datetime] = []
    armed = True
    highs: dict[datetime, int] = {}
    for at, price in found:
        highs[at] = max(price, highs.get(at, 0))
        high = max(highs.get(at - timedelta(minutes=back), 0) for back in range(minutes + 1))
        fallen = (high - price) * 100_000
        if armed and fallen >= percent * 1000 * high:
            fired.append(at)
            armed = False
        armed = armed or fallen <= percent * 995 * high
    return fired


def said(times: list[datetime]) -> Iterator[str]:
    if not times:
        yield "Would not have fired in the last 30 days (1-minute bars)."
        return
    count = "once" if len(times) == 1 else f"{len(times)} times"
    last = times[-1].astimezone(UTC)
    yield f"Would have fired {count} in the last 30 days, last on {last.day} {last:%b %Y %H:%M} UTC (1-minute bars)."


@pytest.mark.parametrize(
    ("rule", "coin", "count"),
    [
        ("btc > 120k", "bitcoin", lambda found: rising(found, 120_000)),
        ("btc > 110k", "bitcoin", lambda found: rising(found, 110_000)),
        ("eth > 3500 every 1d", "ethereum", lambda found: rising(found, 3500, 24)),
        ("eth < 3400", "ethereum", lambda found: falling(found, 3400)),
        ("btc > 1m", "bitcoin", lambda found: rising(found, 1_000_000)),
        ("btc >= 115k", "bitcoin", lambda found: rising(found, 115_000, strict=False)),
        ("sol -1% in 5m", "solana", lambda found: drops(found, 1, 5)),
    ],
)
async def test_the_count_is_the_same_counted_another_way(
    world: World, rule: str, coin: str, count: Callable[[Points], list[datetime]]
) -> None:
    answer = " ".join((await world.ask(f"/alert {rule}")).split())
    for sentence in said(count(points(coin))):
        assert sentence in answer
