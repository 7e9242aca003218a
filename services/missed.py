"""What came and went while nobody listened: the bars of that time, observed once more, so that it is told late."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from services import watchdog
from services.alerts import Alerts
from services.bars import heard_of
from services.candles import LONGEST_CATCH_UP, CandleRun, Candles
from services.clock import Clock
from services.coins import CoinBook
from services.domain.candles import LENGTH, Candle, bar_open
from services.domain.coins import Coin
from services.domain.language import say
from services.domain.metrics import Metric
from services.domain.needs import Need, is_with_ticks, needs
from services.domain.points import Point, closing, priced, ticking
from services.domain.quotes import Observation
from services.errors import SourceUnavailable
from services.market import Market

log = structlog.get_logger()


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
                if metric.base == watchdog.COIN:
                    continue  # it has no past
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
        needed = needs(metric)
        if needed:
            source, found = await self._of_bars(metric, needed[0], since)
        else:
            run = await self._bars(metric.base, since - (metric.window or timedelta()))
            dollars = metric.quote == "usd"
            prices = priced(run.candles) if dollars else await self._in_units(metric, run.candles)
            source, found = run.source, ticking(metric, prices)
        seen_at = self.clock.now()
        return (
            Observation(metric.key, each.value, each.at, seen_at, source, "bar") for each in found if each.at >= since
        )

    async def _of_bars(self, metric: Metric, need: Need, since: datetime) -> tuple[str, Iterator[Point]]:
        """Return what the bars of the gap said, or the prices of the gap by the yardsticks of their time."""
        closed = self.candles.closed(need.again)
        since = max(since, closed - LONGEST_CATCH_UP)
        gone = max(0, (closed - since) // LENGTH[need.interval])
        heard = await heard_of(self.candles, self._coin(metric.base), (metric,), closed, gone)
        said = heard.said[metric]
        if not is_with_ticks(metric):
            return heard.source, closing(said)
        run = await self._bars(metric.base, since - (metric.window or timedelta()))
        return run.source, ticking(metric, priced(run.candles), said)

    async def _in_units(self, metric: Metric, bars: tuple[Candle, ...]) -> Iterator[Point]:
        if self.coins.coin(metric.quote) is not None:
            others = (await self._bars(metric.quote, bars[0].at)).candles
            return _crossed(bars, {bar.at: bar for bar in others})
        rate = self.market.rate(metric.quote)  # of currencies only the present rate is known
        if not rate:
            raise SourceUnavailable(say("No rate of {currency} is known.", currency=metric.quote))
        return (each._replace(value=each.value / rate) for each in priced(bars))

    async def _bars(self, coin_id: str, since: datetime) -> CandleRun:
        return await self.candles.since(self._coin(coin_id), since)

    def _coin(self, coin_id: str) -> Coin:
        coin = self.coins.coin(coin_id)
        if coin is None:
            raise SourceUnavailable(say("No source knows {coin}.", coin=coin_id))
        return coin


def _crossed(bars: tuple[Candle, ...], others: Mapping[datetime, Candle]) -> Iterator[Point]:
    """Return one coin in units of another at the ends of each bar: when their extremes met is not known."""
    for bar in bars:
        other = others.get(bar.at)
        if other is not None:
            yield Point(bar.at, 0, bar.open / other.open)
            yield Point(bar.at, 1, bar.close / other.close)
