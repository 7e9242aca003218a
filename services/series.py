"""The metrics that somebody waits for: computed once per new quote, or held as the last closed bar said."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

from services.domain.candles import Interval
from services.domain.metrics import Metric
from services.domain.moves import Window, ticked
from services.domain.needs import is_with_ticks, needs
from services.domain.quotes import Observation, Quote

Group = tuple[str, Interval, Interval]
"""Metrics that are made anew at one time from one fetch: coin, length of bar, and the bar whose close makes them."""

_Span = tuple[str, str, timedelta]  # of one pair, all moves within one time share the extremes


class Prices(Protocol):
    """What series need of the market: the dollar price of one unit of a coin or a currency."""

    def rate(self, currency: str) -> Decimal | None:
        """Return dollars per unit of a fiat code or coin id, or None while nothing is known."""
        ...

    def rate_at(self, currency: str) -> datetime | None:
        """Return when the rate of a fiat code or coin id was true."""
        ...


@dataclass(frozen=True, slots=True)
class _Line:
    """A metric that moves with ticks, and what each tick needs to know of it."""

    metric: Metric
    key: str
    span: _Span | None


class Series:
    """Every subscribed metric, by the coin that moves it."""

    def __init__(self, prices: Prices) -> None:
        self._prices = prices
        self._ticking: dict[str, dict[Metric, _Line]] = {}  # by coin
        self._groups: dict[Group, set[Metric]] = {}
        self._windows: dict[_Span, Window] = {}
        self._without_past: set[_Span] = set()  # a window that knows only the last seconds says too little
        self._told: dict[Metric, Decimal | None] = {}  # by closed bars: a value, or the yardstick of what ticks

    def subscribe(self, metric: Metric) -> bool:
        """Compute `metric` from now on; return whether its window is new and wants the past."""
        span = _span(metric)
        if is_with_ticks(metric):
            self._ticking.setdefault(metric.base, {})[metric] = _Line(metric, metric.key, span)
        group = group_of(metric)
        if group is not None:
            self._groups.setdefault(group, set()).add(metric)
        if span is None or span in self._windows:
            return False
        window = self._windows[span] = Window(span[2])
        self._without_past.add(span)
        price, at = self._price(metric), self._prices.rate_at(metric.base)
        if price is not None and at is not None:
            window.add(at, price, price)  # the move begins here, not at the next price
        return True

    def unsubscribe(self, metric: Metric) -> None:
        """Compute `metric` no longer and forget what was known of it; one that nobody waited for is no error."""
        ticking = self._ticking.get(metric.base, {})
        ticking.pop(metric, None)
        if not ticking:
            self._ticking.pop(metric.base, None)
        group = group_of(metric)
        if group is not None and group in self._groups:
            self._groups[group].discard(metric)
            if not self._groups[group]:
                del self._groups[group]
        self._told.pop(metric, None)
        span = _span(metric)
        if span is not None and all(line.span != span for line in ticking.values()):
            self._windows.pop(span, None)
            self._without_past.discard(span)

    @property
    def groups(self) -> Mapping[Group, set[Metric]]:
        """Return what is to be made of closed bars."""
        return self._groups

    def feed(self, metric: Metric, bars: Iterable[tuple[datetime, Decimal, Decimal]]) -> None:
        """Give a new window its past, from which on it counts: time, high and low of each bar, oldest first."""
        span = _span(metric)
        window = None if span is None else self._windows.get(span)
        if span is not None and window is not None:
            self._without_past.discard(span)
            window.precede(bars)

    def tell(self, metric: Metric, value: Decimal | None) -> None:
        """Hold what closed bars say: a value, or the yardstick of a metric that ticks; None for not known."""
        self._told[metric] = value

    def value(self, metric: Metric) -> Decimal | None:
        """Return the metric as things stand; None while a price, or what closed bars say, is missing."""
        if not is_with_ticks(metric):
            return self._told.get(metric)
        price = self._price(metric)
        return None if price is None else self._ticked(metric, _span(metric), price)

    def observe(self, quote: Quote) -> Iterator[Observation]:
        """Return what a new quote means for everybody who waits for its coin."""
        moved: set[_Span] = set()
        for line in self._ticking.get(quote.coin, {}).values():
            price = self._price(line.metric, quote.price)
            if price is None:
                continue
            if line.span is not None and line.span not in moved:
                moved.add(line.span)
                self._windows[line.span].add(quote.at, price, price)
            value = self._ticked(line.metric, line.span, price)
            if value is not None:
                yield Observation(line.key, value, quote.at, quote.seen_at, quote.source, quote.basis, quote.disputed)

    def _ticked(self, metric: Metric, span: _Span | None, price: Decimal) -> Decimal | None:
        if span is None:
            return ticked(metric, price, None, self._told.get(metric))
        if span in self._without_past:
            return None
        return ticked(metric, price, self._windows.get(span), self._told.get(metric))

    def _price(self, metric: Metric, dollars: Decimal | None = None) -> Decimal | None:
        base = self._prices.rate(metric.base) if dollars is None else dollars
        if base is None or metric.quote == "usd":
            return base
        unit = self._prices.rate(metric.quote)
        return None if not unit else base / unit


def group_of(metric: Metric) -> Group | None:
    """Return with which others a metric is made from bars, or None for one that needs prices alone."""
    needed = needs(metric)
    return (metric.base, needed[0].interval, needed[0].again) if needed else None


def _span(metric: Metric) -> _Span | None:
    if metric.window is None or not is_with_ticks(metric):
        return None
    return metric.base, metric.quote, metric.window
