"""What a window of time held before somebody began to wait for it: bars in the metric's own currency."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from services.candles import Candles
from services.coins import CoinBook
from services.domain.metrics import Metric
from services.domain.moves import Window, move
from services.errors import SourceUnavailable
from services.market import Market


@dataclass(frozen=True, slots=True)
class Windows:
    """The past of moves, from stored or fetched candles."""

    candles: Candles
    market: Market
    coins: CoinBook

    async def past(self, metric: Metric) -> tuple[tuple[datetime, Decimal, Decimal], ...]:
        """Return time, high and low of each bar of the metric's window, oldest first; nothing where none are known."""
        coin = self.coins.coin(metric.base)
        unit = self.market.rate(metric.quote)
        if coin is None or metric.window is None or not unit:
            return ()
        try:
            run = await self.candles.since(coin, self.market.present() - metric.window)
        except SourceUnavailable:
            return ()
        return tuple((bar.at, bar.high / unit, bar.low / unit) for bar in run.candles)

    async def value(self, metric: Metric) -> Decimal | None:
        """Return the move as things stand, without waiting for it; None while prices are missing."""
        price, unit = self.market.rate(metric.base), self.market.rate(metric.quote)
        bars = await self.past(metric)
        if price is None or not unit or not bars or metric.window is None:
            return None
        window = Window(metric.window)
        window.precede(bars)
        window.add(max(self.market.present(), bars[-1][0]), price / unit, price / unit)
        return move(metric.name, window, price / unit)
