"""A price for every coin at once, found among a million alerts, beside a loop over all of them."""

from collections.abc import Callable
from math import ceil, log
from statistics import median
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from services.domain.matcher import Levels, Matcher, loaded
from tests.benchmarks import synthetic
from tests.benchmarks.report import Limit, Report, percentile

COUNT = 2000
ALERTS = 1_000_000
MATCHES = (1_000, 100_000)
_NAIVE_ROUNDS = 5
_SCALE = 100  # between the least and the most alerts
_SCALE_ROUNDS = 7  # in turn, so that the machine's own changes meet all sizes alike
_GOALS = (
    Limit("p50_us", "<=", 20),
    Limit("p99_us", "<=", 200),
    Limit("times_naive", ">=", 4000),
    Limit("match_1000_ms", "<=", 0.5),
    Limit("match_100000_ms", "<=", 20),
    Limit("exponent_n", "<=", 0.05),
    Limit("exponent_k", "<=", 1.05),
)

Values = NDArray[np.float64]


def run(count: int, alerts: int, symbols: int, match: int | None = None, *, scale: bool = False) -> Report:
    """Tick `count` times without a match; then with matches in as few coins as hold them, then over fewer alerts.

    With `match` only such ticks, 0 for none; with `scale` only the growth.
    """
    levels = synthetic.levels(alerts, symbols)
    naive = _naive(levels, symbols)
    figures: dict[str, float] = {}
    reference: dict[str, float] = {"naive_p50_us": median(naive) * 1e6}
    if not scale:
        figures |= _unmatched(levels, symbols, count)
        figures["times_naive"] = reference["naive_p50_us"] / figures["p50_us"]
        figures |= _matched(levels, symbols, MATCHES if match is None else (match,) if match else ())
    if scale or match is None:
        figures |= _growth(levels, symbols, count)
        few = median(_naive(_fewer(levels), symbols)) * 1e6
        reference["naive_exponent_n"] = log(reference["naive_p50_us"] / few) / log(_SCALE)
    goal = tuple(limit for limit in _GOALS if limit.figure in figures)
    return Report("tick", count, figures, reference, goal, ("numpy",))


def _matcher(levels: Levels, symbols: int) -> Matcher:
    matcher = loaded(levels)
    for symbol in range(symbols):
        matcher.number(synthetic.metric(symbol))  # one that nobody waits for has a price too
    return matcher


def _time(tick: Callable[[], object]) -> float:
    begun = perf_counter()
    tick()
    return perf_counter() - begun


def _calm(symbols: int) -> Values:
    return np.full(symbols, synthetic.PRICE)


def _unmatched(levels: Levels, symbols: int, count: int) -> dict[str, float]:
    matcher = _matcher(levels, symbols)
    prices = _calm(symbols)
    times = [_time(lambda: matcher.touched_all(prices)) * 1e6 for _ in range(count)]
    assert len(matcher) == len(levels)
    return {"p50_us": median(times), "p99_us": percentile(times, 99), "alerts": float(len(levels))}


def _matched(levels: Levels, symbols: int, matches: tuple[int, ...]) -> dict[str, float]:
    figures = {}
    for wanted in matches:
        figures[f"match_{wanted}_ms"] = _selection(levels, symbols, wanted, ceil(wanted / _rising(levels, symbols)))
        figures[f"spread_{wanted}_ms"] = _selection(levels, symbols, wanted, symbols)
    if len(matches) > 1:
        few, many = (figures[f"match_{wanted}_ms"] for wanted in matches)
        figures["exponent_k"] = log(many / few) / log(matches[1] / matches[0])
    return figures


def _rising(levels: Levels, symbols: int) -> float:
    return max(len(levels) / symbols / 2, 1)  # alerts of one coin that wait for a higher price


def _selection(levels: Levels, symbols: int, wanted: int, coins: int) -> float:
    """Return the median milliseconds of ticks in which so many coins rise until about `wanted` alerts have fired."""
    coins = min(coins, symbols)
    matcher = _matcher(levels, symbols)
    share = min(wanted / (coins * _rising(levels, symbols)), 1.0)
    times = []
    for first in range(0, symbols - coins + 1, coins):
        prices = _calm(symbols)
        prices[first : first + coins] += synthetic.SPAN * share
        before = len(matcher)
        taken = _time(lambda prices=prices: matcher.touched_all(prices)) * 1e3  # type: ignore[misc]
        if len(matcher) < before:
            times.append(taken)
    return median(times)


def _growth(levels: Levels, symbols: int, count: int) -> dict[str, float]:
    few, many = _matcher(_fewer(levels), symbols), _matcher(levels, symbols)
    count = max(count // _SCALE_ROUNDS, 1)
    rounds = [(_middle(few, symbols, count), _middle(many, symbols, count)) for _ in range(_SCALE_ROUNDS)]
    least, most = (median(column) for column in zip(*rounds, strict=True))
    return {"exponent_n": log(most / least) / log(_SCALE)}


def _middle(matcher: Matcher, symbols: int, count: int) -> float:
    prices = _calm(symbols)
    return median(_time(lambda: matcher.touched_all(prices)) for _ in range(count))


def _fewer(levels: Levels) -> Levels:
    every = list(levels)
    return Levels(every[: max(len(every) // _SCALE, 1)])


def _naive(levels: Levels, symbols: int) -> list[float]:
    """Return the seconds of loops over all alerts, the way that most small bots do it."""
    alerts = synthetic.plain(levels)
    prices = {synthetic.metric(symbol): synthetic.PRICE for symbol in range(symbols)}

    def look() -> list[int]:
        fired = []
        for alert in alerts:
            price = prices[alert["metric"]]
            if price >= alert["level"] if alert["rises"] else price <= alert["level"]:
                fired.append(alert["id"])
        return fired

    return [_time(look) for _ in range(_NAIVE_ROUNDS)]
