"""How simulated prices come about: days from a walk, minutes bridged between days, seconds bridged between minutes.

Each piece of randomness is drawn from a generator seeded by (seed, what, which day), so any day can be made alone.
Arrays always span a whole day: the same sums in the same order give the same bits, whoever asks for what first.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from services.domain.simulation.roster import ASSETS, Asset

Floats = NDArray[np.float64]
Ticks = NDArray[np.int32]
Lots = NDArray[np.int64]

FIRST_DAY = datetime(2020, 1, 1, tzinfo=UTC)
"""The market opens here, every asset at its level; there is nothing earlier."""

DAY_MINUTES = 1_440
MINUTE_SECONDS = 60
_BLOCK_DAYS = 256
_KNOTS = 144  # volatility is drawn every ten minutes and interpolated
_KNOT_MEMORY = 0.97
_KNOT_SPREAD = 0.45  # standard deviation of the logarithm of the volatility inside a day
_MARKET, _DAYS, _MINUTES, _SECONDS, _KNOT_NOISE = range(5)  # what a generator is for
_STEP = 73.9  # standard deviation of a random byte, the step of a second
_COLUMN = {asset.id: column for column, asset in enumerate(ASSETS, start=1)}  # column 0 is the market itself


@dataclass(frozen=True, slots=True, eq=False)
class Days:
    """A block of days, one column per asset: log distance from the level at midnight, and the day's volatility."""

    distance: Floats
    volatility: Floats
    next_distance: Floats  # at the midnight after the block
    next_variance: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Minutes:
    """One day of one asset: price, volatility and volume of each minute."""

    price: Floats  # 1,441: at each minute's start and at the day's end
    sigma: Floats  # 1,440, of the log return of that minute
    lots: Lots


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """The minute candles of one day, prices in ticks and volume in lots."""

    open: Ticks
    high: Ticks
    low: Ticks
    close: Ticks
    lots: Lots


def _generator(seed: int, *stream: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed % 2**64, *stream])))


@lru_cache(maxsize=256)
def days(seed: int, block: int) -> Days:
    """Return the days of one block: returns with GARCH(1,1) variance around a mean-reverting level."""
    columns = len(ASSETS) + 1
    before = days(seed, block - 1) if block else None
    at = before.next_distance if before else np.zeros(columns)
    variance = before.next_variance if before else np.ones(columns)
    common, own, memory = _traits()
    noise = _generator(seed, _DAYS, block).standard_normal((_BLOCK_DAYS, columns))
    distance, volatility = np.empty_like(noise), np.empty_like(noise)
    for day in range(_BLOCK_DAYS):
        wild = np.sqrt(variance)
        shock = wild * noise[day]
        distance[day], volatility[day] = at, wild
        at = memory * at + common * shock[0] + own * shock
        variance = np.minimum(0.06 + 0.09 * shock * shock + 0.85 * variance, 6.0)
    return Days(distance, volatility, at, variance)


def _traits() -> tuple[Floats, Floats, Floats]:
    """Return each column's part of the market's move, of its own move, and its memory; nothing for the market's own."""
    rows = [(each.day_vol, each.share, each.memory) for each in ASSETS]
    vol, share, memory = np.array([(0.0, 0.0, 0.0), *rows]).T
    return vol * share, vol * np.sqrt(1 - share**2), memory


def distances(seed: int, asset: Asset, count: int) -> Floats:
    """Return the log distance from the level at the first `count` midnights."""
    blocks = [days(seed, block).distance[:, _COLUMN[asset.id]] for block in range(-(-count // _BLOCK_DAYS))]
    return np.concatenate(blocks)[:count]


@lru_cache(maxsize=2_048)
def _knot_noise(seed: int, column: int, day: int) -> Floats:
    return _generator(seed, _KNOT_NOISE, column, day).standard_normal(_KNOTS)


def _calm(seed: int, column: int, day: int) -> Floats:
    """Return the factor by which each minute is wilder or calmer than the day; its mean square is one."""
    noise = np.concatenate([_knot_noise(seed, column, each) for each in (day - 1 if day else 0, day, day + 1)])
    state, states = 0.0, []
    for shock in noise[: 2 * _KNOTS + 1].tolist():
        state = _KNOT_MEMORY * state + shock
        states.append(state)
    spread = _KNOT_SPREAD * np.sqrt(1 - _KNOT_MEMORY**2)
    knots = spread * np.array(states[_KNOTS:]) - _KNOT_SPREAD**2
    calm: Floats = np.exp(np.interp(np.arange(DAY_MINUTES) * (_KNOTS / DAY_MINUTES), np.arange(_KNOTS + 1), knots))
    return calm


def _shocks(rng: np.random.Generator, calm: Floats) -> Floats:
    """Return a day of minute returns in units of a usual minute: normal with changing volatility, and rare jumps."""
    shocks = calm * rng.standard_normal(DAY_MINUTES)
    jump = rng.random(DAY_MINUTES) < 1 / 2_500
    return shocks + np.where(jump, 8 * rng.standard_normal(DAY_MINUTES), 0.0)


@lru_cache(maxsize=1_024)
def _market(seed: int, day: int) -> tuple[Floats, Floats]:
    hours = np.arange(DAY_MINUTES) / 60
    # Trading is busiest when Europe and America are both awake, around 14:30 UTC.
    calm = _calm(seed, 0, day) * (1 + 0.3 * np.cos((hours - 14.5) * (2 * np.pi / 24)))
    return _shocks(_generator(seed, _MARKET, day), calm), calm


def minutes(seed: int, asset: Asset, day: int) -> Minutes:
    """Return one day of minute prices that starts and ends at the walk's midnights."""
    column = _COLUMN[asset.id]
    block = days(seed, day // _BLOCK_DAYS)
    row, after = day % _BLOCK_DAYS, days(seed, (day + 1) // _BLOCK_DAYS)
    start, end = block.distance[row, column], after.distance[(day + 1) % _BLOCK_DAYS, column]
    wild, market_wild = block.volatility[row, column], block.volatility[row, 0]
    market, market_calm = _market(seed, day)
    rng = _generator(seed, _MINUTES, column, day)
    calm = market_calm * _calm(seed, column, day)
    own = np.sqrt(1 - asset.share**2) * wild
    unit = asset.day_vol / np.sqrt(DAY_MINUTES)
    steps = unit * (asset.share * market_wild * market + own * _shocks(rng, calm))
    sigma = unit * np.sqrt((asset.share * market_wild * market_calm) ** 2 + (own * calm) ** 2)
    walked = np.concatenate([[0.0], np.cumsum(steps)])
    spent = np.concatenate([[0.0], np.cumsum(sigma**2)])
    bridged = start + walked + (end - start - walked[-1]) * (spent / spent[-1])
    busy = (0.5 + 0.5 * calm + np.minimum(np.abs(steps) / unit, 8.0)) * rng.exponential(0.55, DAY_MINUTES)
    lots = np.rint(busy * (asset.supply * asset.turnover / DAY_MINUTES / float(asset.lot)))
    return Minutes(asset.level * np.exp(bridged), sigma, lots.astype(np.int64))


@lru_cache(maxsize=64)
def ticks(seed: int, asset: Asset, day: int) -> Ticks:
    """Return the price of each second of a day in ticks, as 60 rows of 1,440: [second, minute]."""
    return _ticks(seed, asset, day, minutes(seed, asset, day))


def _ticks(seed: int, asset: Asset, day: int, drawn: Minutes) -> Ticks:
    raw = _generator(seed, _SECONDS, _COLUMN[asset.id], day).bytes(DAY_MINUTES * MINUTE_SECONDS)
    walked = np.frombuffer(raw, dtype=np.int8).reshape(MINUTE_SECONDS, DAY_MINUTES).astype(np.int16)
    for second in range(1, MINUTE_SECONDS):
        walked[second] += walked[second - 1]
    part = np.arange(MINUTE_SECONDS, dtype=np.float32) / np.float32(MINUTE_SECONDS)
    in_ticks = drawn.price * 10.0**asset.places
    opens = np.maximum(np.rint(in_ticks), 1).astype(np.int32)
    reach = in_ticks[:-1] * drawn.sigma / (np.sqrt(MINUTE_SECONDS) * _STEP)
    # Single precision is enough: what is added to a minute's open stays far below 2^24 ticks.
    moved = np.multiply((np.diff(in_ticks) - reach * walked[-1]).astype(np.float32), part[:, None])
    moved[1:] += reach.astype(np.float32) * walked[:-1]
    drawn_ticks: Ticks = np.rint(moved, out=moved).astype(np.int32)
    drawn_ticks += opens[:-1]
    return np.maximum(drawn_ticks, 1, out=drawn_ticks)


@lru_cache(maxsize=512)
def bars(seed: int, asset: Asset, day: int) -> Bars:
    """Return a day's minute candles: what the ticks of each minute really did."""
    drawn = minutes(seed, asset, day)
    each = _ticks(seed, asset, day, drawn)
    return Bars(each[0].copy(), each.max(axis=0), each.min(axis=0), each[-1].copy(), drawn.lots)
