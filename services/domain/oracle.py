"""Which prices to believe: one source against its own past, and what all live sources together mean."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from services.domain.coins import STABLE
from services.domain.quotes import Basis, Part, Quote, Sample

Reason = Literal["not a price", "ahead of time", "too old", "backwards", "frozen", "jump", "no rate"]

ARTIFICIAL = frozenset({"simulated", "replay"})
"""Sources that show no market of today; their numbers never mix with those of the others."""

MOST = Decimal("1e15")  # dollars; no price is as high
MOST_AMOUNT = Decimal("1e30")
LEAST = Decimal("1e-30")  # divides without overflow
AHEAD = timedelta(seconds=2)  # how far a source's clock may run before ours
FROZEN_INTERVALS = 3
JUMP = Decimal("0.2")
CONFIRMED_AFTER = timedelta(seconds=2)
AGREEMENT = Decimal("0.01")  # within this, two sources say the same
MAJOR_RANK = 20
MAJOR_SPREAD = Decimal("0.01")
OTHER_SPREAD = Decimal("0.05")
MAD_SCALE = Decimal("1.4826")  # makes the median absolute deviation of a normal distribution its standard deviation

_ZERO = Decimal()
_HUNDRED = Decimal(100)
_ENOUGH = 3  # sources of which one may be wrong


@dataclass(frozen=True, slots=True)
class Limits:
    """What can be asked of a source's times."""

    max_age: timedelta  # what is older is neither taken nor counted as live
    interval: timedelta  # how often it speaks
    own_time: bool = False  # it keeps a time of its own: only the order of its times is judged
    slow: bool = False  # it counts only where nothing faster is live


STREAMED = Limits(timedelta(seconds=15), timedelta(seconds=5))
POLLED = Limits(timedelta(seconds=30), timedelta(seconds=10))
SLOW = Limits(timedelta(seconds=180), timedelta(seconds=60), slow=True)
OWN_TIME = Limits(timedelta(seconds=15), timedelta(seconds=5), own_time=True)


def limits_of(source: str, *, polled: bool) -> Limits:
    """Return the limits of a source, wider while it is polled."""
    if source in ARTIFICIAL:
        return OWN_TIME
    if source == "coingecko":
        return SLOW  # its server renews prices once a minute
    return POLLED if polled else STREAMED


@dataclass(frozen=True, slots=True)
class Doubt:
    """A jump that nobody has confirmed yet."""

    price: Decimal
    at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Past:
    """The last accepted word of one source about one coin, in the source's own quote currency."""

    price: Decimal
    at: datetime
    since: datetime  # since when we know it: a repetition does not move it
    doubt: Doubt | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The sample counts."""

    past: Past


@dataclass(frozen=True, slots=True)
class Refused:
    """The sample does not count; the past may hold a new doubt."""

    reason: Reason
    past: Past | None


Verdict = Accepted | Refused
Witnesses = Callable[[], Iterable[Decimal]]
"""Prices of the other sources, in the quote currency of the sample; called only when the sample needs them."""


def check(past: Past | None, sample: Sample, now: datetime, limits: Limits, witnesses: Witnesses) -> Verdict:
    """Judge one sample by the rules for a single source."""
    price, at = sample.price, sample.at
    reason = _impossible(sample, now, limits)
    if reason is not None:
        return Refused(reason, past)
    if past is None or (past.at > now + AHEAD and not limits.own_time):  # then our own clock was wrong
        return Accepted(Past(price, at, now))
    if at < past.at:
        return Refused("backwards", past)
    if limits.own_time:
        return Accepted(Past(price, at, now))
    if at == past.at and price == past.price:
        frozen = now - past.since > limits.interval * FROZEN_INTERVALS
        return Refused("frozen", past) if frozen else Accepted(past)
    if sample.basis == "tick" and abs(price - past.price) > past.price * JUMP:
        doubt = _doubt(past, sample, now)
        if not _confirmed(doubt, sample, now) and not any(agree(price, other) for other in witnesses()):
            return Refused("jump", replace(past, doubt=doubt))
    return Accepted(Past(price, at, now))


def _impossible(sample: Sample, now: datetime, limits: Limits) -> Reason | None:
    if not sample.price.is_finite() or not _ZERO < sample.price < MOST:
        return "not a price"
    if limits.own_time:
        return None
    if sample.at > now + AHEAD:
        return "ahead of time"
    return "too old" if sample.at < now - limits.max_age else None


def _doubt(past: Past, sample: Sample, now: datetime) -> Doubt:
    """Return the doubt that stands: a jump on the same way keeps it, so that a crash gets through."""
    stands = past.doubt
    if stands is not None and (stands.price > past.price) == (sample.price > past.price):
        return stands
    return Doubt(sample.price, sample.at, now)


def _confirmed(doubt: Doubt, sample: Sample, now: datetime) -> bool:
    return now - doubt.seen_at >= CONFIRMED_AFTER and sample.at > doubt.at


def agree(one: Decimal, other: Decimal) -> bool:
    """Return whether two prices are within 1 % of their middle."""
    return abs(one - other) * 2 <= (one + other) * AGREEMENT


@dataclass(frozen=True, slots=True)
class Share:
    """What an accepted sample says in dollars, and how long it counts."""

    part: Part
    seen_at: datetime
    limits: Limits
    basis: Basis
    change_24h_pct: Decimal | None  # in the sample's own currency
    high_24h: Decimal | None
    low_24h: Decimal | None
    volume_24h: Decimal | None


def unit(currency: str) -> str:
    """Return whose price in dollars a currency's rate is: a coin's id for stable coins, else the word itself."""
    return STABLE.get(currency, currency)


def in_dollars(sample: Sample, rate: Decimal, limits: Limits) -> Share:
    """Convert a sample by the live rate of its quote currency, in dollars per unit."""
    opened = _usable(sample.open_24h)
    return Share(
        part=Part(sample.source, sample.price * rate, sample.at),
        seen_at=sample.seen_at,
        limits=limits,
        basis=sample.basis,
        change_24h_pct=(sample.price / opened - 1) * _HUNDRED if opened is not None and opened >= LEAST else None,
        high_24h=_times(sample.high_24h, rate),
        low_24h=_times(sample.low_24h, rate),
        volume_24h=_times(sample.volume_24h, rate),
    )


def _usable(value: Decimal | None) -> Decimal | None:
    return value if value is not None and value.is_finite() and 0 <= value < MOST_AMOUNT else None


def _times(value: Decimal | None, rate: Decimal) -> Decimal | None:
    usable = _usable(value)
    return None if usable is None else usable * rate


def expiry(share: Share) -> datetime:
    """Return until when a share counts as live."""
    return (share.seen_at if share.limits.own_time else share.part.at) + share.limits.max_age


def counting(shares: Iterable[Share], now: datetime) -> list[Share]:
    """Return the live shares; slow ones only where nothing faster is live."""
    live = [share for share in shares if expiry(share) >= now]
    return [share for share in live if not share.limits.slow] or live


@dataclass(frozen=True, slots=True)
class Consensus:
    """What prices mean together."""

    price: Decimal
    spread: Decimal  # scaled MAD of three and more, half the range of two
    disputed: bool


def is_major(rank: int | None) -> bool:
    """Return whether the narrower limit of dispute holds for a coin of this rank."""
    return rank is not None and rank <= MAJOR_RANK


def aggregate(prices: Sequence[Decimal], *, major: bool) -> Consensus:
    """Return the median of at least one price, its spread, and whether they lie too far apart."""
    middle = median(prices)
    if len(prices) == 1:
        return Consensus(middle, _ZERO, disputed=False)
    if len(prices) < _ENOUGH:
        spread = abs(prices[0] - prices[1]) / 2
        disputed = not agree(prices[0], prices[1])
    else:
        spread = median([abs(price - middle) for price in prices]) * MAD_SCALE
        disputed = spread > middle * (MAJOR_SPREAD if major else OTHER_SPREAD)
    return Consensus(middle, spread, disputed)


def median(numbers: Sequence[Decimal]) -> Decimal:
    """Return the middle number, or the mean of the middle two."""
    ordered = sorted(numbers)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def agreed(coin: str, shares: Sequence[Share], seen_at: datetime, *, major: bool, unsure: bool) -> Quote:
    """Make the quote of at least one live share; `unsure` disputes it whatever the shares say."""
    found = aggregate([share.part.price for share in shares], major=major)
    newest = max(shares, key=lambda share: share.part.at)
    volumes = [share.volume_24h for share in shares if share.volume_24h is not None]
    return Quote(
        coin=coin,
        price=found.price,
        at=newest.part.at,
        seen_at=seen_at,
        basis=newest.basis,
        parts=tuple(share.part for share in shares),
        spread=found.spread,
        disputed=unsure or found.disputed,
        change_24h_pct=_middle([share.change_24h_pct for share in shares]),
        high_24h=_middle([share.high_24h for share in shares]),
        low_24h=_middle([share.low_24h for share in shares]),
        volume_24h=sum(volumes, _ZERO) if volumes else None,
    )


def _middle(numbers: Sequence[Decimal | None]) -> Decimal | None:
    known = [number for number in numbers if number is not None]
    return median(known) if known else None
