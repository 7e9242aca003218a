"""Made alerts: many coins, all at the same price, half of the alerts above it and half below, evenly."""

import random
from collections.abc import Iterable, Iterator
from typing import TypedDict

from services.domain.alerts import Direction
from services.domain.matcher import Levels

PRICE = 100.0
SPAN = 90.0
"""How far from the price levels lie at most."""


class Plain(TypedDict):
    """An alert as most small bots hold it."""

    id: int
    metric: str
    rises: bool
    level: float


Each = tuple[int, str, Direction, float]


def metric(symbol: int) -> str:
    """Return the key of a coin's price."""
    return f"price@pair:coin-{symbol}/usd"


def each(alerts: int, symbols: int) -> Iterator[Each]:
    """Return that many alerts: entry, series, direction and level."""
    chance = random.Random(1)
    for entry in range(alerts):
        way: Direction = "up" if chance.random() < 0.5 else "down"
        away = SPAN * (1 - chance.random())  # never nothing
        yield entry, metric(entry % symbols), way, PRICE + away if way == "up" else PRICE - away


def levels(alerts: int, symbols: int) -> Levels:
    """Return that many alerts in columns."""
    return Levels(each(alerts, symbols))


def plain(alerts: Iterable[Each]) -> list[Plain]:
    """Return the same alerts as a list of dicts."""
    return [
        {"id": entry, "metric": metric, "rises": way == "up", "level": level} for entry, metric, way, level in alerts
    ]
