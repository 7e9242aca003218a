"""/price, /convert: what a coin costs now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from handlers import format as write
from handlers.model import Button, Card, Reply, Request, Row, Tone
from handlers.params import Amount, Coin, Fiat, Unit
from handlers.several import PriceNow, card_of, price_now
from services.domain import coins as domain
from services.domain.coins import FIATS
from services.domain.language import say
from services.errors import InvalidInput, SourceUnavailable
from services.market import Priced

_MOST = 10


async def price(request: Request, coin: tuple[Coin, ...], fiat: Fiat | None = None) -> Reply[tuple[PriceNow, ...]]:
    """Show the latest price of one coin or several.

    The change is over the last 24 hours. Up to 10 coins at once; a currency may stand at the end.
    """
    coins = tuple(dict.fromkeys(coin))
    if len(coins) > _MOST:
        raise InvalidInput(say("At most {most} coins at once.", most=_MOST))
    currency = fiat or request.caller.preferences.currency
    quotes = await _quotes(request, coins, currency)
    facts = tuple(price_now(each, quote, currency) for each, quote in quotes)
    title = say("Prices in {currency}, change in 24h", currency=currency.upper())
    card = _one(request, *quotes[0], currency) if len(quotes) == 1 else card_of(request, title, quotes, currency)
    return Reply(facts, card, buttons=_buttons(coins, fiat))


async def _quotes(request: Request, coins: Sequence[domain.Coin], currency: str) -> list[tuple[domain.Coin, Priced]]:
    """Return what has a price; raise the first reason where nothing has."""
    found: list[tuple[domain.Coin, Priced]] = []
    for coin in coins:
        try:
            found.append((coin, await request.services.market.look_up(coin, currency)))
        except SourceUnavailable as failure:
            request.left_out.append(failure)
    if not found:
        raise request.left_out[0]
    return found


def _one(request: Request, coin: domain.Coin, quote: Priced, currency: str) -> Card:
    mine = request.caller.preferences
    lines = [write.price(quote.price, currency, mine)]
    if quote.change_24h_pct is not None:
        lines[0] += f"  {write.day_change(quote.change_24h_pct, mine)}"
    rows: list[Row] = []
    if quote.high_24h is not None and quote.low_24h is not None:
        rows.append(Row((say("24h high"), write.price(quote.high_24h, currency, mine))))
        rows.append(Row((say("24h low"), write.price(quote.low_24h, currency, mine))))
    if quote.volume_24h is not None:
        rows.append(Row((say("24h volume"), write.large(quote.volume_24h, currency, mine))))
    return Card(
        title=f"{coin.name} ({coin.symbol})",
        lines=tuple(lines),
        table=tuple(rows),
        notes=_notes(quote, currency, request),
        source=write.provenance(quote),
        tone=_tone(quote.change_24h_pct),
        marks=write.marks(quote),
    )


def _notes(quote: Priced, currency: str, request: Request) -> tuple[str, ...]:
    if not quote.disputed:
        return ()
    if len(quote.parts) == 1:
        return (say("Only {source} has given a price so far.", source=quote.source.capitalize()),)
    mine = request.caller.preferences
    parts = ", ".join(f"{part.source.capitalize()} {write.price(part.price, currency, mine)}" for part in quote.parts)
    return (say("Sources disagree: {parts}.", parts=parts),)


def _tone(change: Decimal | None) -> Tone:
    if change is None or change == 0:
        return "neutral"
    return "up" if change > 0 else "down"


def _buttons(coins: tuple[domain.Coin, ...], fiat: str | None) -> tuple[tuple[Button, ...], ...]:
    line = " ".join(("/price", *(coin.id for coin in coins), *((fiat,) if fiat else ())))
    refresh = Button(say("Refresh"), line)
    if len(coins) > 1:
        return ((refresh,),)
    (coin,) = coins
    return ((refresh, Button(say("Chart"), f"/chart {coin.id}"), Button(say("Alert me"), f"/alert {coin.id}")),)


@dataclass(frozen=True, slots=True)
class Converted:
    """An amount in two units for machines."""

    amount: Decimal
    unit: str
    value: Decimal
    into: str
    source: str
    as_of: datetime


async def convert(request: Request, amount: Amount, from_: Unit, to: Unit = "usd") -> Reply[Converted]:
    """Convert an amount of a coin or currency into another.

    At the latest price of each, in US dollars; a rate older than a minute is named with its age.
    """
    services = request.services
    mine = request.caller.preferences
    quotes = [services.market.quote(unit) for unit in (from_, to) if unit != "usd"]
    worth, price_of = services.market.rate(from_), services.market.rate(to)
    if worth is None or not price_of:
        raise InvalidInput(say("There is no rate for that right now. Try again in a minute."))
    value = amount * worth / price_of
    names = [_unit_name(request, unit) for unit in (from_, to)]
    source = write.provenance(*quotes[:2]) if quotes else None
    written = write.number(
        value, 2 if not value or (to in FIATS and value >= 1) else max(2, 8 - max(0, value.adjusted())), mine.numbers
    )
    card = Card(
        title=f"{_plain(amount, request)} {names[0]} = {written} {names[1]}",
        source=source,
        marks=write.marks(*quotes),
    )
    again = Button(say("Refresh"), f"/convert {amount:f} {from_} {to}")
    as_of = services.clock.now() if source is None else source.as_of
    data = Converted(amount, names[0], value, names[1], "" if source is None else source.source, as_of)
    return Reply(data, card, buttons=((again, Button(say("Swap"), f"/convert {amount:f} {to} {from_}")),))


def _unit_name(request: Request, unit: str) -> str:
    coin = request.services.coins.coin(unit)
    return write.unit_name(unit, None if coin is None else coin.symbol)


def _plain(amount: Decimal, request: Request) -> str:
    exponent = amount.normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    return write.number(amount, max(0, -exponent), request.caller.preferences.numbers)
