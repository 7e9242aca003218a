"""Metrics: named series with a stable key, `name(arguments)@subject`."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, assert_never

from services.domain.numbers import parse_duration, write_duration

MetricName = Literal["price", "drop", "rise", "swing"]

_NAMES: dict[str, MetricName] = {"price": "price", "drop": "drop", "rise": "rise", "swing": "swing"}
_KEY = re.compile(r"(price|drop|rise|swing)(?:\((\w+)\))?@pair:([^/]+)/([^/]+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Metric:
    """One series of one pair. `window` is None for the price itself, and how far back for a move in percent."""

    name: MetricName
    base: str  # coin id
    quote: str  # a fiat code or a coin id
    window: timedelta | None = None

    @property
    def key(self) -> str:
        """Return the stable name under which the store and the matcher know this series."""
        arguments = "" if self.window is None else f"({write_duration(self.window)})"
        return f"{self.name}{arguments}@pair:{self.base}/{self.quote}"

    @property
    def unit(self) -> str:
        """Return "%" for a move, else the quote's code or coin id."""
        match self.name:
            case "price":
                return self.quote
            case "drop" | "rise" | "swing":
                return "%"
            case _:
                assert_never(self.name)


def parse_metric(key: str) -> Metric:
    """Return the metric of a key that `Metric.key` wrote; raise ValueError for other text."""
    found = _KEY.fullmatch(key)
    if found is None:
        raise ValueError(key)
    name, window, base, quote = found.groups()
    return Metric(_NAMES[name], base, quote, None if window is None else parse_duration(window))
