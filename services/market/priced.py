"""A quote in a person's currency, with its age."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Context, Decimal

from services.domain.quotes import Part, Quote
from services.feed import CoinFacts

_DIGITS = Context(prec=16)  # more than any source has; a quotient has no end of its own
_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Priced(Quote):
    """A quote whose money is in `currency`; `stale` where no source of it is live, whatever the age."""

    currency: str
    age: timedelta
    stale: bool


def priced(quote: Quote, now: datetime, *, stale: bool) -> Priced:
    """Return a quote in US dollars as it stands at `now`."""
    return Priced(
        coin=quote.coin,
        price=quote.price,
        at=quote.at,
        seen_at=quote.seen_at,
        basis=quote.basis,
        parts=quote.parts,
        spread=quote.spread,
        disputed=quote.disputed,
        change_24h_pct=quote.change_24h_pct,
        high_24h=quote.high_24h,
        low_24h=quote.low_24h,
        volume_24h=quote.volume_24h,
        currency="usd",
        age=max(now - quote.at, timedelta()),
        stale=stale,
    )


def ratio(dollars: Decimal, unit: Decimal) -> Decimal:
    """Return dollars in a unit that is worth `unit` dollars, to 16 digits."""
    return _DIGITS.divide(dollars, unit)


def converted(dollars: Priced, unit: Priced, currency: str) -> Priced:
    """Return a quote in `currency`, one of which costs `unit`; the day's range by the present rate."""

    def per(value: Decimal) -> Decimal:
        return ratio(value, unit.price)

    def per_or_none(value: Decimal | None) -> Decimal | None:
        return None if value is None else per(value)

    return replace(
        dollars,
        price=per(dollars.price),
        parts=tuple(replace(part, price=per(part.price)) for part in dollars.parts),
        spread=per(dollars.spread),
        disputed=dollars.disputed or unit.disputed,
        change_24h_pct=_relative(dollars.change_24h_pct, unit.change_24h_pct),
        high_24h=per_or_none(dollars.high_24h),
        low_24h=per_or_none(dollars.low_24h),
        volume_24h=per_or_none(dollars.volume_24h),
        currency=currency,
        stale=dollars.stale or unit.stale,
    )


def crossed(dollars: Priced, unit: Priced, currency: str) -> Priced:
    """Return a coin's quote in another coin, as old as the older of the two."""
    found = converted(dollars, unit, currency)
    return replace(found, at=min(dollars.at, unit.at), age=max(dollars.age, unit.age))


def _relative(change: Decimal | None, of_unit: Decimal | None) -> Decimal | None:
    if change is None or of_unit is None:
        return None
    return (ratio(_HUNDRED + change, _HUNDRED + of_unit) - 1) * _HUNDRED


def quote_of(facts: CoinFacts) -> Quote | None:
    """Return what a catalogue says of a coin as a quote of one source, or None where it names no price."""
    if facts.price is None:
        return None
    return Quote(
        coin=facts.coin.id,
        price=facts.price,
        at=facts.at,
        seen_at=facts.at,
        basis="tick",
        parts=(Part(facts.source, facts.price, facts.at),),
        spread=Decimal(),
        disputed=False,
        change_24h_pct=facts.change_24h_pct,
        high_24h=None,
        low_24h=None,
        volume_24h=facts.volume_24h,
    )
