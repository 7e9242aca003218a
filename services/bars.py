"""What closed bars say to those who wait for it: each bar is fetched once per coin, and told once per metric."""

import asyncio
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog

from services.candles import Candles
from services.clock import Clock
from services.coins import CoinBook
from services.counters import Counters
from services.domain.candles import LENGTH, Candle, Interval, bar_open
from services.domain.coins import Coin
from services.domain.language import say
from services.domain.metrics import Metric
from services.domain.needs import is_in_sigmas, is_with_ticks, needs
from services.domain.points import Said
from services.domain.quotes import Observation
from services.errors import SourceUnavailable
from services.series import Group, Series

ROUND_SECONDS = 1.0
REQUESTS_A_ROUND = 6
"""When a day ends, its bar closes for all coins at once: so many a second leave a source's budget to others too."""

_BARS_A_REQUEST = 1000
_FETCH_SECONDS = 10.0
_RETRY_SECONDS = 5.0  # twice as long each time
_LONGEST_RETRY_SECONDS = 300.0
_MOST_MISSED = 1000  # bars that are told after a source was away
_SIGMA_KEPT = timedelta(days=1)  # the deviation of thirty days is as good some hours later
_NEVER = datetime.min.replace(tzinfo=UTC)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Heard:
    """What the closed bars of one coin said, by metric and oldest first; the last is of the bar asked for."""

    source: str
    said: dict[Metric, list[Said]]


@dataclass(slots=True)
class _Progress:
    """How far one group has come."""

    told: dict[Metric, datetime] = field(default_factory=dict)  # the close of the newest bar of each metric
    failures: int = 0
    retry_at: float = 0.0  # on the monotonic clock


class Listener(Protocol):
    """Who is told of every value: the alerts."""

    def observe(self, observation: Observation) -> None:
        """Take in one value."""
        ...

    @property
    def is_firing(self) -> bool:
        """Say whether what was told is still at work."""
        ...

    async def settled(self) -> None:
        """Wait until it is not."""
        ...


class Bars:
    """Makes every metric that closed bars move, while somebody waits for it."""

    def __init__(
        self, clock: Clock, counters: Counters, candles: Candles, coins: CoinBook, series: Series, alerts: Listener
    ) -> None:
        self._clock = clock
        self._counters = counters
        self._candles = candles
        self._coins = coins
        self._series = series
        self._alerts = alerts
        self._progress: dict[Group, _Progress] = {}

    async def run(self) -> None:
        """Tell what each bar says soon after it closed; for ever."""
        while True:
            await self.turn()
            await self._clock.sleep(ROUND_SECONDS)

    async def turn(self) -> None:
        """Make what is due, as much of it as the sources should be asked for at once."""
        self._forget()
        if not self._series.groups:
            return
        chosen: list[Group] = []
        requests = 0
        for group in sorted(self._due(), key=lambda each: LENGTH[each[2]]):
            requests += self._requests(group)
            if chosen and requests > REQUESTS_A_ROUND:
                break
            chosen.append(group)
        await asyncio.gather(*map(self._make, chosen))

    def _forget(self) -> None:
        """Forget what nobody waits for: who waits for it again begins anew."""
        for gone in self._progress.keys() - self._series.groups.keys():
            del self._progress[gone]
        for group, progress in self._progress.items():
            for metric in progress.told.keys() - self._series.groups[group]:
                del progress.told[metric]

    def _due(self) -> Iterator[Group]:
        now = self._clock.monotonic()
        for group, metrics in self._series.groups.items():
            progress = self._progress.setdefault(group, _Progress())
            closed = self._candles.closed(group[2])
            if progress.retry_at <= now and any(progress.told.get(each, _NEVER) < closed for each in metrics):
                yield group

    def _requests(self, group: Group) -> int:
        if self._progress[group].told:
            return 1
        counts = _counts(self._series.groups[group], 0)
        return sum(1 + count // _BARS_A_REQUEST for count in counts.values())

    async def _make(self, group: Group) -> None:
        closed, progress = self._candles.closed(group[2]), self._progress[group]
        metrics = tuple(each for each in self._series.groups[group] if progress.told.get(each, _NEVER) < closed)
        coin = self._coins.coin(group[0])
        if coin is None:
            self._failed(group, closed, "not a known coin")
            return
        try:
            async with self._clock.timeout(_FETCH_SECONDS):
                heard = await heard_of(self._candles, coin, metrics, closed, _missed(metrics, progress, closed))
        except SourceUnavailable as failure:
            self._failed(group, closed, failure.message)
            return
        except TimeoutError:
            self._failed(group, closed, "took too long")
            return
        if progress.failures:
            log.info("bars.recovered", coin=group[0], interval=group[1])
        progress.failures, progress.retry_at = 0, 0.0
        for metric in metrics:
            if metric in self._series.groups.get(group, ()):  # somebody waits for it still
                await self._hear(metric, heard, closed, progress)

    async def _hear(self, metric: Metric, heard: Heard, closed: datetime, progress: _Progress) -> None:
        after = progress.told.get(metric, closed - timedelta.resolution)
        progress.told[metric] = closed
        said = heard.said[metric]
        self._series.tell(metric, said[-1][1] if said and said[-1][0] == closed else None)
        if is_with_ticks(metric):
            return
        seen_at = self._clock.now()
        for at, value in said:
            if value is not None and after < at <= closed:
                self._alerts.observe(Observation(metric.key, value, at, seen_at, heard.source, "bar"))
                if self._alerts.is_firing:
                    await self._alerts.settled()  # in order: what one bar arms, the next may fire

    def _failed(self, group: Group, closed: datetime, reason: str) -> None:
        progress = self._progress[group]
        self._counters.add("bars_failed", group[1])
        if not progress.failures:
            log.warning("bars.failed", coin=group[0], interval=group[1], reason=reason)
        longest = min(_LONGEST_RETRY_SECONDS, LENGTH[group[1]].total_seconds() / 2)
        wait = min(longest, _RETRY_SECONDS * 2.0 ** min(progress.failures, 10))
        progress.failures += 1
        progress.retry_at = self._clock.monotonic() + wait
        for metric in self._series.groups.get(group, ()):
            kept_for = _SIGMA_KEPT if is_in_sigmas(metric) else timedelta()
            if closed - progress.told.get(metric, _NEVER) > kept_for:
                self._series.tell(metric, None)


def _missed(metrics: Collection[Metric], progress: _Progress, closed: datetime) -> int:
    """Return how many bars are to be told besides the newest."""
    since = [progress.told[each] for each in metrics if each in progress.told and not is_with_ticks(each)]
    if not since:
        return 0
    return min(_MOST_MISSED, max(0, (closed - min(since)) // LENGTH[needs(next(iter(metrics)))[0].interval] - 1))


async def heard_of(candles: Candles, coin: Coin, metrics: Collection[Metric], closed: datetime, more: int = 0) -> Heard:
    """Return what the bars up to the one that closed at `closed` say of metrics of one group, `more` bars back too.

    Raise `SourceUnavailable` where no source has them, or not the newest of them.
    """
    runs: dict[Interval, tuple[Candle, ...]] = {}
    source = ""
    for interval, count in _counts(metrics, more).items():
        end = bar_open(closed, interval)
        run = await candles.candles(coin, interval, count, before=end)
        if run.candles[-1].at + LENGTH[interval] != end:
            raise SourceUnavailable(
                say("The newest {interval} candle of {coin} is not there yet.", interval=interval, coin=coin.name)
            )
        runs[interval] = run.candles
        source = source or run.source
    return Heard(source, await asyncio.to_thread(_said, tuple(metrics), runs))


def _counts(metrics: Collection[Metric], more: int) -> dict[Interval, int]:
    counts: dict[Interval, int] = {}
    for metric in metrics:
        for need in needs(metric):
            counts[need.interval] = max(counts.get(need.interval, 0), need.bars + more)
    return counts


def _said(metrics: tuple[Metric, ...], runs: dict[Interval, tuple[Candle, ...]]) -> dict[Metric, list[Said]]:
    from services.domain.measures import said

    return {metric: said(metric, runs) for metric in metrics}
