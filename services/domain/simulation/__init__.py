"""A made-up market that behaves like a real one: every price follows from seed, asset and time alone."""

from services.domain.simulation.market import (
    Window,
    candles,
    first_crossing,
    peak,
    price_at,
    window_24h,
)
from services.domain.simulation.path import FIRST_DAY
from services.domain.simulation.roster import Asset, asset, fiats, universe

__all__ = [
    "FIRST_DAY",
    "Asset",
    "Window",
    "asset",
    "candles",
    "fiats",
    "first_crossing",
    "peak",
    "price_at",
    "universe",
    "window_24h",
]
