"""The metrics that somebody waits for, computed once per new quote: prices in any currency, and moves in a window."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from services.domain.metrics import Metric
from services.domain.moves import Window, move
from services.domain.quotes import Observation, Quote


class Prices(Protocol):
    """What series need of the market: the dollar price of one unit of a coin or a currency."""

    def rate(self, currency: str) -> Decimal | None:
        """Return dollars per unit of a fiat code or coin id, or None while nothing is known."""
        ...

    def rate_at(self, currency: str) -> datetime | None:
        """Return when the rate of a fiat code or coin id was true."""
        ...


class Series:
    """Every subscribed metric, by the coin that moves it."""

    def __init__(self, prices: Prices) -> None:
        self._prices = prices
        self._metrics: dict[str, set[Metric]] = {}
        self._windows: dict[Metric, Window] = {}
        self._without_past: set[Metric] = set()  # a window that knows only the last seconds says too little

    def subscribe(self, metric: Metric) -> bool:
        """Compute `metric` from now on; return whether its window is new and wants the past."""
        self._metrics.setdefault(metric.base, set()).add(metric)
        if metric.window is None or metric in self._windows:
            return False
        window = self._windows[metric] = Window(metric.window)
        self._without_past.add(metric)
        price, at = self._price(metric), self._prices.rate_at(metric.base)
        if price is not None and at is not None:
            window.add(at, price, price)  # the move begins here, not at the next price
        return True

    def feed(self, metric: Metric, bars: Iterable[tuple[datetime, Decimal, Decimal]]) -> None:
        """Give a new window its past, from which on it counts: time, high and low of each bar, oldest first."""
        self._without_past.discard(metric)
        window = self._windows.get(metric)
        if window is not None:
            window.precede(bars)

    def value(self, metric: Metric) -> Decimal | None:
        """Return the metric as things stand; None while a price is missing."""
        price = self._price(metric)
        if price is None or metric.window is None:
            return price
        return None if metric in self._without_past else _move(metric, self._windows.get(metric), price)

    def observe(self, quote: Quote) -> Iterator[Observation]:
        """Return what a new quote means for everybody who waits for its coin."""
        for metric in self._metrics.get(quote.coin, ()):
            price = self._price(metric, quote.price)
            if price is None:
                continue
            window = self._windows.get(metric)
            if window is not None:
                window.add(quote.at, price, price)
            value = price if metric.window is None else _move(metric, window, price)
            if value is not None and metric not in self._without_past:
                yield Observation(metric.key, value, quote.at, quote.seen_at, quote.source, quote.basis, quote.disputed)

    def _price(self, metric: Metric, dollars: Decimal | None = None) -> Decimal | None:
        base = self._prices.rate(metric.base) if dollars is None else dollars
        if base is None or metric.quote == "usd":
            return base
        unit = self._prices.rate(metric.quote)
        return None if not unit else base / unit


def _move(metric: Metric, window: Window | None, price: Decimal) -> Decimal | None:
    return None if window is None or window.is_empty else move(metric.name, window, price)
