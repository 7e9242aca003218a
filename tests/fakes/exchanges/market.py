"""The one truth that the fake exchanges tell, each in its own words."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from services.domain.candles import Candle

AGE = timedelta(days=3 * 365)


@dataclass(frozen=True, slots=True)
class FakeCoin:
    """A coin of the catalogue; the exchanges trade only those that are `traded`."""

    id: str
    ticker: str
    name: str
    rank: int | None
    price: Decimal
    traded: bool = True


COINS = (
    FakeCoin("bitcoin", "BTC", "Bitcoin", 1, Decimal(90000)),
    FakeCoin("ethereum", "ETH", "Ethereum", 2, Decimal(3100)),
    FakeCoin("tether", "USDT", "Tether", 3, Decimal("1.0004"), traded=False),
    FakeCoin("ripple", "XRP", "XRP", 4, Decimal("2.2")),
    FakeCoin("binancecoin", "BNB", "BNB", 5, Decimal(850)),
    FakeCoin("solana", "SOL", "Solana", 6, Decimal(140)),
    FakeCoin("usd-coin", "USDC", "USDC", 7, Decimal("0.9999"), traded=False),
    FakeCoin("dogecoin", "DOGE", "Dogecoin", 9, Decimal("0.15")),
    FakeCoin("cardano", "ADA", "Cardano", 10, Decimal("0.42")),
    FakeCoin("pepe", "PEPE", "Pepe", 38, Decimal("0.00000451")),
    FakeCoin("beam-2", "BEAM", "Beam", 260, Decimal("0.0051")),
    FakeCoin("beam", "BEAM", "Beam Privacy", 900, Decimal("0.031"), traded=False),  # a ticker clash of two ranked coins
    FakeCoin("batcat", "BTC", "batcat", None, Decimal("0.00002"), traded=False),  # a clash with the largest of all
    FakeCoin("tiny-tail", "TAIL", "Tiny Tail", 2400, Decimal("0.7"), traded=False),
)
MONEY = {"EUR": Decimal("1.16"), "GBP": Decimal("1.31"), "USDT": Decimal("1.0004"), "USDC": Decimal("0.9999")}


@dataclass
class Market:
    """Prices in dollars by ticker, and bars; every venue reads from here."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    coins: tuple[FakeCoin, ...] = COINS
    money: dict[str, Decimal] = field(default_factory=lambda: dict(MONEY))
    prices: dict[str, Decimal] = field(default_factory=dict)
    history: dict[tuple[str, int], tuple[Candle, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.prices |= {coin.ticker: coin.price for coin in self.coins if coin.traded} | self.money

    @property
    def traded(self) -> tuple[str, ...]:
        return tuple(coin.ticker for coin in self.coins if coin.traded)

    def price_of(self, coin: FakeCoin) -> Decimal:
        return self.prices[coin.ticker] if coin.traded or coin.ticker in self.money else coin.price

    def bars(self, ticker: str, seconds: int, start: datetime, end: datetime) -> list[Candle]:
        """Return the bars that open in [start, end] and have opened by now: recorded ones, or a smooth wave."""
        recorded = self.history.get((ticker, seconds))
        if recorded is not None:
            return [bar for bar in recorded if start <= bar.at <= end]
        now = self.now()
        first = max(start, now - AGE).timestamp()
        last = min(end, now).timestamp()
        numbers = range(math.ceil(first / seconds), int(last // seconds) + 1)
        return [wave_bar(self.prices[ticker], number, seconds) for number in numbers]


def wave_bar(price: Decimal, number: int, seconds: int) -> Candle:
    """Return bar `number` since 1970 of a wave of 5 percent around `price`."""
    opened, closed = (round(price * (1 + Decimal(math.sin(n / 7)) / 20), 8) for n in (number - 1, number))
    return Candle(
        at=datetime.fromtimestamp(number * seconds, UTC),
        open=opened,
        high=round(max(opened, closed) * Decimal("1.001"), 8),
        low=round(min(opened, closed) * Decimal("0.999"), 8),
        close=closed,
        volume=Decimal(100 + number % 7),
    )
