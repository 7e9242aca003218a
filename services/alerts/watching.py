"""What is watched for at the moment: levels by series, the windows behind them, and what is to be watched again."""

from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from datetime import datetime
from decimal import Decimal

from services.clock import Clock
from services.domain.alerts import Alert, entry, watch
from services.domain.matcher import Levels, Matcher, loaded
from services.domain.metrics import Metric, parse_metric
from services.domain.quotes import Observation, Quote
from services.domain.rules import MOST_CONDITIONS
from services.series import Series

Past = Iterable[tuple[datetime, Decimal, Decimal]]
"""Time, high and low of each bar of a window, oldest first."""

_IDLE_SECONDS = 60
_PAST_SECONDS = 10  # then a window goes on from now


class Watching:
    """The index that finds what a price touches. It forgets what it has found; `watch` puts it back."""

    def __init__(self, clock: Clock, series: Series, follow: Callable[[str], None]) -> None:
        self._clock = clock
        self._series = series
        self._follow = follow  # have this coin's prices streamed
        self._matcher = Matcher()
        self._later: dict[int, float] = {}
        self._new_windows: list[Metric] = []
        self._subscribed: dict[str, Metric] = {}
        self._idle: set[str] = set()
        self._looked_at = clock.monotonic()

    def load(self, levels: Levels) -> None:
        """Watch for everything that is stored as live."""
        self._matcher = loaded(levels)
        for key in self._matcher.metrics():
            self._subscribe(parse_metric(key))

    def __len__(self) -> int:
        """Return how many conditions are watched."""
        return len(self._matcher)

    def watch(self, found: Alert) -> None:
        """Watch for what an alert waits for, as it is stored now; one that is at rest is watched no longer."""
        if found.state != "ok":
            self.unwatch(found.id)
            return
        for position, each in enumerate(found.standings):
            self._subscribe(each.condition.metric)
            way, level = watch(each.condition, met=each.met, repeats=found.repeats, band=found.band)
            self._matcher.add(entry(found.id, position), each.condition.metric.key, way, level)
        for position in range(len(found.standings), MOST_CONDITIONS):  # an edited rule may have fewer
            self._matcher.remove(entry(found.id, position))

    def unwatch(self, alert_id: int) -> None:
        """Stop watching for an alert."""
        for position in range(MOST_CONDITIONS):
            self._matcher.remove(entry(alert_id, position))

    def _subscribe(self, metric: Metric) -> None:
        self._follow(metric.base)
        self._subscribed[metric.key] = metric
        if self._series.subscribe(metric):
            self._new_windows.append(metric)

    def rest_idle(self) -> None:
        """Have series computed no longer that nobody waited for at the last two looks, a minute apart.

        At one look alone what is just being fired is out of the index for a moment.
        """
        if self._clock.monotonic() - self._looked_at < _IDLE_SECONDS:
            return
        self._looked_at = self._clock.monotonic()
        idle = self._subscribed.keys() - self._matcher.metrics()
        for key in idle & self._idle:
            self._series.unsubscribe(self._subscribed.pop(key))
        self._idle = idle - (idle & self._idle)

    def metrics(self) -> frozenset[Metric]:
        """Return every metric that somebody waits for."""
        return frozenset(parse_metric(key) for key in self._matcher.metrics())

    def value(self, metric: Metric) -> Decimal | None:
        """Return a metric as things stand."""
        return self._series.value(metric)

    def observations(self, quote: Quote) -> Iterable[Observation]:
        """Return what a quote means for everybody who waits for its coin."""
        return self._series.observe(quote)

    def touched(self, observation: Observation) -> list[int]:
        """Take out and return every entry that a fact may concern: conditions of alerts."""
        return self._matcher.touched(observation.metric, float(observation.value))

    def would_touch(self, observation: Observation) -> bool:
        """Say whether a fact concerns any alert, and leave them in."""
        return self._matcher.would_touch(observation.metric, float(observation.value))

    def again_after(self, alert_id: int, seconds: float) -> None:
        """Have an alert that was taken out read and watched again when so much time has passed."""
        self._later[alert_id] = self._clock.monotonic() + seconds

    def due_again(self) -> list[int]:
        """Return the alerts whose time to be watched again has come; `watched_again` ends their waiting."""
        return [each for each, due in self._later.items() if due <= self._clock.monotonic()]

    def watched_again(self, alerts: Iterable[int]) -> None:
        """Note that these were read again."""
        for each in alerts:
            self._later.pop(each, None)

    async def fill_new_windows(self, past: Callable[[Metric], Awaitable[Past]]) -> None:
        """Give windows that somebody has begun to wait for their past."""
        while self._new_windows:
            metric = self._new_windows[-1]
            bars: Past = ()
            with suppress(TimeoutError):
                async with self._clock.timeout(_PAST_SECONDS):
                    bars = await past(metric)
            self._series.feed(metric, bars)
            self._new_windows.remove(metric)
