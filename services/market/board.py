"""What every source said last of every coin, and the quotes that follow from it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from services.domain import oracle
from services.domain.coins import STABLE
from services.domain.oracle import Accepted, Limits, Past, Refused, Share, Verdict
from services.domain.quotes import Quote, Sample

SETTLE = timedelta(seconds=10)  # the others' time to speak up before the first of several sources is believed alone
RATE_AGE = timedelta(hours=1)  # an older rate converts nothing
_ONE = Decimal(1)


@dataclass(slots=True)
class _Leg:
    """One source's last word on one coin."""

    quoted_in: str
    past: Past | None = None
    share: Share | None = None


@dataclass(slots=True)
class _Seat:
    """One coin, or one currency against the dollar."""

    major: bool
    legs: dict[str, _Leg] = field(default_factory=dict)
    quote: Quote | None = None
    live_until: datetime | None = None


class Board:
    """The checks of all sources side by side; `rank` tells a coin's rank, `expected` how many sources there are."""

    def __init__(self, rank: Callable[[str], int | None], expected: int) -> None:
        self._rank = rank
        self._expected = expected
        self._seats: dict[str, _Seat] = {}
        self._woke_at: datetime | None = None  # when something was heard after nothing at all was live
        self._live_until: datetime | None = None

    def weigh(self, sample: Sample, now: datetime, limits: Limits) -> Verdict:
        """Judge one sample and keep it where it counts; `settle` then makes the quote."""
        seat = self._seat(sample.base)
        leg = seat.legs.get(sample.source)
        if leg is None or leg.quoted_in != sample.quote:
            leg = _Leg(sample.quote)
        rate = self._rate(sample, now)
        if rate is None:
            return Refused("no rate", leg.past)
        verdict = oracle.check(
            leg.past, sample, now, limits, lambda: self._witnesses(seat, sample.source, rate, now, limits)
        )
        leg.past = verdict.past
        if leg.past is not None:
            seat.legs[sample.source] = leg
        if isinstance(verdict, Accepted):
            leg.share = oracle.in_dollars(sample, rate, limits)
        return verdict

    def settle(self, coin: str, now: datetime) -> Quote | None:
        """Return the coin's new quote, or None where no source is live or the quote would go back in time."""
        seat = self._seats[coin]
        shares = oracle.counting((leg.share for leg in seat.legs.values() if leg.share is not None), now)
        if not shares:
            return None
        alone = len(shares) == 1 and self._expected > 1
        awake = now - self._awake_since(shares, now)
        quote = oracle.agreed(coin, shares, now, major=seat.major, unsure=alone and awake < SETTLE)
        before = seat.quote
        if before is not None and quote.at < before.at <= now + oracle.AHEAD:
            return None
        seat.live_until = max(oracle.expiry(share) for share in shares)
        seat.quote = quote
        return quote

    def _awake_since(self, shares: Iterable[Share], now: datetime) -> datetime:
        if self._woke_at is None or self._live_until is None or self._live_until < now:
            self._woke_at = self._live_until = now
        self._live_until = max(self._live_until, *(oracle.expiry(share) for share in shares))
        return self._woke_at

    def quote(self, coin: str) -> Quote | None:
        """Return the last good quote, however old."""
        seat = self._seats.get(coin)
        return None if seat is None else seat.quote

    def is_live(self, coin: str, now: datetime) -> bool:
        """Return whether a source of the coin's quote is live."""
        seat = self._seats.get(coin)
        return seat is not None and seat.live_until is not None and seat.live_until >= now

    def restore(self, quotes: Iterable[Quote]) -> None:
        """Take over last good quotes of an earlier run; they are never live."""
        for quote in quotes:
            self._seat(quote.coin).quote = quote

    def ranked_anew(self) -> None:
        """Look up again which coins are major: the catalogue has changed."""
        for coin, seat in self._seats.items():
            seat.major = self._major(coin)

    def _major(self, coin: str) -> bool:
        return oracle.is_major(self._rank(coin))

    def _seat(self, coin: str) -> _Seat:
        seat = self._seats.get(coin)
        if seat is None:
            seat = self._seats[coin] = _Seat(self._major(coin))
        return seat

    def _rate(self, sample: Sample, now: datetime) -> Decimal | None:
        if sample.quote == "usd":
            return _ONE
        unit = oracle.unit(sample.quote)
        quote = self.quote(unit)
        if quote is None and sample.basis == "replay" and sample.quote in STABLE:
            return _ONE  # a recording of one pair alone has no rate of its stable coin: it is read as dollars
        if quote is None or unit == sample.base or now - quote.seen_at > RATE_AGE:
            return None
        return quote.price

    def _witnesses(self, seat: _Seat, but: str, rate: Decimal, now: datetime, limits: Limits) -> Iterator[Decimal]:
        """Yield live prices and doubted jumps of the others, in a currency worth `rate` dollars."""
        for source, leg in seat.legs.items():
            if source == but or leg.share is None or leg.past is None:
                continue
            if oracle.expiry(leg.share) >= now:
                yield leg.share.part.price / rate
            doubt = leg.past.doubt
            if doubt is not None and now - doubt.seen_at <= limits.max_age:
                own_rate = leg.share.part.price / leg.past.price
                yield doubt.price * own_rate / rate
