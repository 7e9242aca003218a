"""Metrics: named series with a stable key, `name(arguments)@subject`. A new kind of alert is a new row of `KINDS`."""

import re
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final, Literal, get_args

from services.domain.candles import Interval
from services.domain.numbers import parse_duration, plain, write_duration

MetricName = Literal[
    "price", "drop", "rise", "swing", "drop_sigma", "rise_sigma", "swing_sigma", "volume", "rsi", "macd", "atr", "ratio"
]
StudyName = Literal["sma", "ema", "rsi", "macd", "bb_upper", "bb_lower", "atr"]
Unit = Literal["money", "%", "sigma", "x", ""]
"""Of a level: money in the pair's quote, percent, standard deviations, a multiple, or a bare number."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How a metric is told from others: whose it is, what makes a new value of it, and its unit."""

    subject: Literal["pair", "coin"]  # of a coin it is the same in every currency
    moved_by: Literal["tick", "bar"]  # each price, or the close of each bar
    unit: Unit


KINDS: Final[dict[MetricName, Kind]] = {
    "price": Kind("pair", "tick", "money"),
    "drop": Kind("pair", "tick", "%"),  # below the highest price of the window
    "rise": Kind("pair", "tick", "%"),  # above the lowest
    "swing": Kind("pair", "tick", "%"),  # the larger of the two
    "drop_sigma": Kind("coin", "tick", "sigma"),  # the same as log returns, over their deviation in a window of 30 days
    "rise_sigma": Kind("coin", "tick", "sigma"),
    "swing_sigma": Kind("coin", "tick", "sigma"),
    "volume": Kind("coin", "bar", "x"),  # of the window, over the mean of the twenty windows before it
    "rsi": Kind("coin", "bar", ""),
    "macd": Kind("coin", "bar", "money"),  # the histogram, in dollars
    "atr": Kind("coin", "bar", "%"),  # of the price
    "ratio": Kind("coin", "tick", "x"),  # the price, or a study, over a study
}
DEFAULTS: Final[dict[StudyName, tuple[Decimal, ...]]] = {
    "sma": (Decimal(50),),
    "ema": (Decimal(21),),
    "rsi": (Decimal(14),),
    "macd": (Decimal(12), Decimal(26), Decimal(9)),
    "bb_upper": (Decimal(20), Decimal(2)),
    "bb_lower": (Decimal(20), Decimal(2)),
    "atr": (Decimal(14),),
}
"""What a study is made with where a line does not say: lengths in bars, and the width of the bands."""

_NAMES: Final[dict[str, MetricName]] = {name: name for name in KINDS}
_STUDIES: Final[dict[str, StudyName]] = {name: name for name in DEFAULTS}
_BARS: Final[dict[str, Interval]] = {bar: bar for bar in get_args(Interval)}
_NUMBER = r"[0-9]+(?:\.[0-9]+)?"
_ARGUMENTS = rf"{_NUMBER}(?:,{_NUMBER})*,[0-9]+[mhd]"
_STUDY = rf"[a-z_]+\({_ARGUMENTS}\)"
_KEY = re.compile(
    rf"([a-z_]+)(?:\((\w+|{_ARGUMENTS}|(?:price|{_STUDY}),{_STUDY})\))?@(pair|coin):([^/]+)(?:/([^/]+))?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Study:
    """A study over the closed bars of one length: `sma(200,1d)`."""

    name: StudyName
    numbers: tuple[Decimal, ...]  # as in DEFAULTS
    bar: Interval

    @property
    def key(self) -> str:
        """Return its stable name."""
        return f"{self.name}({','.join(map(plain, self.numbers))},{self.bar})"


@dataclass(frozen=True, slots=True)
class Metric:
    """One series. What a kind does not need is None.

    `window` is how far back a move or a volume looks, `study` what a value is made of (for a ratio: its upper half,
    None for the price), `against` the lower half of a ratio.
    """

    name: MetricName
    base: str  # coin id
    quote: str = "usd"  # a fiat code or a coin id; "usd" for what is of a coin alone
    window: timedelta | None = None
    study: Study | None = None
    against: Study | None = None

    @property
    def key(self) -> str:
        """Return the stable name under which the store and the matcher know this series."""
        pair = KINDS[self.name].subject == "pair"
        return f"{self.name}{self._arguments()}@{f'pair:{self.base}/{self.quote}' if pair else f'coin:{self.base}'}"

    def _arguments(self) -> str:
        if self.window is not None:
            return f"({write_duration(self.window)})"
        if self.against is not None:
            return f"({'price' if self.study is None else self.study.key},{self.against.key})"
        return "" if self.study is None else self.study.key.removeprefix(self.study.name)

    @property
    def unit(self) -> str:
        """Return the quote's code or coin id for money, else "%", "sigma", "x" or ""."""
        unit = KINDS[self.name].unit
        return self.quote if unit == "money" else unit


def parse_metric(key: str) -> Metric:
    """Return the metric of a key that `Metric.key` wrote; raise ValueError for other text."""
    found = _KEY.fullmatch(key)
    if found is None or found[1] not in _NAMES:
        raise ValueError(key)
    name, arguments, subject, base, quote = _NAMES[found[1]], found[2], found[3], found[4], found[5]
    if KINDS[name].subject != subject or (subject == "pair") != (quote is not None):
        raise ValueError(key)
    made = Metric(name, base, quote or "usd")
    match name:
        case "price":
            made = Metric(name, base, quote or "usd")
        case "drop" | "rise" | "swing" | "drop_sigma" | "rise_sigma" | "swing_sigma" | "volume":
            made = Metric(name, base, quote or "usd", window=parse_duration(arguments or ""))
        case "rsi" | "macd" | "atr":
            made = Metric(name, base, study=_study(f"{name}({arguments})"))
        case "ratio":
            upper, _, lower = _halves(arguments or "")
            made = Metric(name, base, study=None if upper == "price" else _study(upper), against=_study(lower))
    if made.key != key:
        raise ValueError(key)
    return made


def _halves(arguments: str) -> tuple[str, str, str]:
    # The comma between the halves is the one after "price" or after the first closing bracket.
    return arguments.partition(",") if arguments.startswith("price,") else _after_bracket(arguments)


def _after_bracket(arguments: str) -> tuple[str, str, str]:
    upper, _, lower = arguments.partition("),")
    return upper + ")", ",", lower


def _study(key: str) -> Study:
    name, _, rest = key.partition("(")
    *numbers, bar = rest.removesuffix(")").split(",")
    if name not in _STUDIES or bar not in _BARS:
        raise ValueError(key)
    return Study(_STUDIES[name], tuple(map(Decimal, numbers)), _BARS[bar])
