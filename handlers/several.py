"""Several prices on one card, as /price and /watch show them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from handlers import format as write
from handlers.model import Card, Request, Row
from services.domain.coins import Coin
from services.domain.language import say
from services.market import Priced


@dataclass(frozen=True, slots=True)
class PriceNow:
    """One price for machines: value in unit, by source, true at as_of, age in seconds at the time of the answer."""

    coin: str
    symbol: str
    value: Decimal
    unit: str
    source: str
    as_of: datetime
    age: float
    change_24h_pct: Decimal | None
    high_24h: Decimal | None
    low_24h: Decimal | None
    volume_24h: Decimal | None
    stale: bool
    disputed: bool
    simulated: bool


def price_now(coin: Coin, quote: Priced, currency: str) -> PriceNow:
    """Return a quote as machines get it."""
    return PriceNow(
        coin=coin.id,
        symbol=coin.symbol,
        value=quote.price,
        unit=currency.upper(),
        source=quote.source,
        as_of=quote.at,
        age=quote.age.total_seconds(),
        change_24h_pct=None if quote.change_24h_pct is None else round(quote.change_24h_pct, 4),
        high_24h=quote.high_24h,
        low_24h=quote.low_24h,
        volume_24h=quote.volume_24h,
        stale=quote.stale,
        disputed=quote.disputed,
        simulated="SIMULATED" in write.marks(quote),
    )


def card_of(
    request: Request, title: str, quotes: Sequence[tuple[Coin, Priced | None]], currency: str, *, numbered: bool = False
) -> Card:
    """Return a line for each coin: its symbol, the price and the change over 24 hours; None says that there is none."""
    mine = request.caller.preferences
    known = [(coin, quote) for coin, quote in quotes if quote is not None]
    rows: list[Row] = []
    for number, (coin, quote) in enumerate(quotes, 1):
        label = f"{number} {coin.symbol}" if numbered else coin.symbol
        if quote is None:
            rows.append(Row((label, say("no price"), "–")))
        else:
            change = write.percent(quote.change_24h_pct, mine)
            rows.append(Row((label, write.price(quote.price, currency, mine), change)))
    notes = tuple(_doubt(coin, quote) for coin, quote in known if quote.disputed)
    notes += tuple(say("{coin} is STALE.", coin=coin.symbol) for coin, quote in known if quote.stale)
    return Card(
        title=title,
        table=tuple(rows),
        notes=notes,
        source=write.provenance_of([quote for _, quote in known]) if known else None,
        marks=write.marks(*(quote for _, quote in known)),
    )


def _doubt(coin: Coin, quote: Priced) -> str:
    if len(quote.parts) == 1:
        source = quote.source.capitalize()
        return say("{coin}: only {source} has given a price so far.", coin=coin.symbol, source=source)
    return say("{coin}: sources disagree.", coin=coin.symbol)
