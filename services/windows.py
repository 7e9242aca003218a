"""What the past says before anybody waits for it: the bars of a window, a metric as things stand, a preview's bars."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from services.bars import heard_of
from services.candles import CandleRun, Candles
from services.clock import Clock
from services.coins import CoinBook
from services.domain.language import say
from services.domain.metrics import Metric
from services.domain.moves import Window, ticked
from services.domain.needs import PREVIEW_DAYS, is_with_ticks, needs, preview_need
from services.errors import SourceUnavailable
from services.market import Market

_SECONDS = 3.0  # nobody waits longer for an answer


@dataclass(frozen=True, slots=True)
class Windows:
    """The past of metrics, from stored or fetched candles."""

    candles: Candles
    market: Market
    coins: CoinBook
    clock: Clock

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
        """Return a metric as things stand, without waiting for it; None while prices or bars are missing."""
        try:
            async with self.clock.timeout(_SECONDS):
                if not is_with_ticks(metric):
                    return await self._said(metric)
                window, yard = await asyncio.gather(self._window(metric), self._said(metric))
        except TimeoutError:
            return None
        price, unit = self.market.rate(metric.base), self.market.rate(metric.quote)
        if price is None or not unit:
            return None
        if window is not None and not window.is_empty:
            window.add(max(self.market.present(), window.newest), price / unit, price / unit)
        return ticked(metric, price / unit, window, yard)

    async def _window(self, metric: Metric) -> Window | None:
        if metric.window is None:
            return None
        window = Window(metric.window)
        window.precede(await self.past(metric))
        return window

    async def _said(self, metric: Metric) -> Decimal | None:
        """Return what the newest closed bar says: the value, or the yardstick of a metric that moves with prices."""
        coin, needed = self.coins.coin(metric.base), needs(metric)
        if coin is None or not needed:
            return None
        closed = self.candles.closed(needed[0].again)
        try:
            heard = await heard_of(self.candles, coin, (metric,), closed)
        except SourceUnavailable:
            return None
        said = heard.said[metric]
        return said[-1][1] if said and said[-1][0] == closed else None

    async def history(self, metric: Metric) -> CandleRun:
        """Return the dollar bars on which `preview` replays a metric; raise `SourceUnavailable` where there are none.

        These are the last 30 days, or as many as the bars of a study deserve, and what the metric needs before them.
        """
        coin = self.coins.coin(metric.base)
        if coin is None:
            raise SourceUnavailable(say("No source knows {coin}.", coin=metric.base))
        if not needs(metric):
            return await self.candles.history(coin, PREVIEW_DAYS)
        need = preview_need(metric)
        if need is None:
            raise SourceUnavailable(say("There is no history of two kinds of bars at once."))
        return await self.candles.candles(coin, need.interval, need.bars, before=self.candles.closed(need.interval))
