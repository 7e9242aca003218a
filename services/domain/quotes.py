"""Prices: what one source said, and what all live sources together mean."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

Basis = Literal["tick", "bar", "replay"]


@dataclass(frozen=True, slots=True)
class Sample:
    """One price as one source gave it, before any check."""

    source: str
    base: str  # coin id, or a fiat code where the pair is fiat/usd
    quote: str  # "usd", "usdt", "usdc" or a fiat code
    price: Decimal
    at: datetime  # when it was true, by the source
    seen_at: datetime  # when we got it
    basis: Basis = "tick"
    open_24h: Decimal | None = None
    high_24h: Decimal | None = None
    low_24h: Decimal | None = None
    volume_24h: Decimal | None = None  # in the quote currency


@dataclass(frozen=True, slots=True)
class Part:
    """One source's share in a quote: its price in US dollars and when that was true."""

    source: str
    price: Decimal
    at: datetime


@dataclass(frozen=True, slots=True)
class Quote:
    """The price of one coin in US dollars: the median of the sources that are live."""

    coin: str
    price: Decimal
    at: datetime  # of the newest part
    seen_at: datetime
    basis: Basis
    parts: tuple[Part, ...]
    spread: Decimal  # half-range or scaled MAD of the parts, in dollars
    disputed: bool  # the parts lie too far apart to be sure
    change_24h_pct: Decimal | None
    high_24h: Decimal | None
    low_24h: Decimal | None
    volume_24h: Decimal | None  # US dollars, sum of the sources

    @property
    def source(self) -> str:
        """Return the names of the parts' sources, comma separated, in a stable order."""
        return ", ".join(sorted(part.source for part in self.parts))


@dataclass(frozen=True, slots=True)
class Observation:
    """A fact in the form that alerts see."""

    metric: str  # "price@pair:bitcoin/usd"
    value: Decimal
    at: datetime
    seen_at: datetime
    source: str
    basis: Basis
    disputed: bool = False
