"""What came and went while nobody listened: the bars of that time, observed once more, so that it is told late."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import structlog

from services.alerts import Alerts
from services.candles import CandleRun, Candles
from services.clock import Clock
from services.coins import CoinBook
from services.domain.candles import Candle, bar_open
from services.domain.language import say
from services.domain.metrics import Metric
from services.domain.moves import Window, move
from services.domain.quotes import Observation
from services.errors import SourceUnavailable
from services.market import Market
from services.preview import steps

log = structlog.get_logger()
_Point = tuple[datetime, Decimal]


@dataclass(frozen=True, slots=True)
class Missed:
    """Replays a time that the alerts did not see. What they did see is judged by them as seen already."""

    clock: Clock
    candles: Candles
    coins: CoinBook
    market: Market
    alerts: Alerts

    async def replay(self, since: datetime, coin: str | None = None) -> bool:
        """Observe every watched metric, or those of one coin, from `since` on, bar by bar.

        Return False where no source can tell some of it: that is logged and left out.
        """
        whole = True
        with self.alerts.replaying():
            for metric in sorted(self.alerts.watched(), key=lambda each: each.key):
                if coin is not None and coin not in (metric.base, metric.quote):
                    continue
                try:
                    found = await self._observations(metric, bar_open(since, "1m"))
                except SourceUnavailable as failure:
                    log.warning("missed.unavailable", metric=metric.key, reason=failure.message)
                    whole = False
                    continue
                for each in found:
                    self.alerts.observe(each)
                    if self.alerts.is_firing:
                        await self.alerts.settled()  # in order: what one price arms, the next may fire
        return whole

    async def _observations(self, metric: Metric, since: datetime) -> Iterator[Observation]:
        run = await self._bars(metric.base, since - (metric.window or timedelta()))
        points = _in_dollars(run.candles) if metric.quote == "usd" else await self._in_units(metric, run.candles)
        seen_at = self.clock.now()
        return (
            Observation(metric.key, value, at, seen_at, run.source, "bar")
            for at, value in _values(metric, points)
            if at >= since
        )

    async def _in_units(self, metric: Metric, bars: tuple[Candle, ...]) -> Iterator[_Point]:
        if self.coins.coin(metric.quote) is not None:
            others = (await self._bars(metric.quote, bars[0].at)).candles
            return _crossed(bars, {bar.at: bar for bar in others})
        rate = self.market.rate(metric.quote)  # of currencies only the present rate is known
        if not rate:
            raise SourceUnavailable(say("No rate of {currency} is known.", currency=metric.quote))
        return ((at, price / rate) for at, price in _in_dollars(bars))

    async def _bars(self, coin_id: str, since: datetime) -> CandleRun:
        coin = self.coins.coin(coin_id)
        if coin is None:
            raise SourceUnavailable(say("No source knows {coin}.", coin=coin_id))
        return await self.candles.since(coin, since)


def _in_dollars(bars: tuple[Candle, ...]) -> Iterator[_Point]:
    return ((bar.at, price) for bar in bars for price in steps(bar))


def _crossed(bars: tuple[Candle, ...], others: Mapping[datetime, Candle]) -> Iterator[_Point]:
    """Return one coin in units of another at the ends of each bar: when their extremes met is not known."""
    for bar in bars:
        other = others.get(bar.at)
        if other is not None:
            yield bar.at, bar.open / other.open
            yield bar.at, bar.close / other.close


def _values(metric: Metric, points: Iterator[_Point]) -> Iterator[_Point]:
    if metric.window is None:
        yield from points
        return
    window = Window(metric.window)
    for at, price in points:
        window.add(at, price, price)
        yield at, move(metric.name, window, price)
