"""/top, /movers, /market, /info: the market as a whole, and what a coin is."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from handlers import format as write
from handlers import times
from handlers.model import Button, Card, Mark, Provenance, Reply, Request, Row, Tone
from handlers.params import Coin, Count
from services.domain.language import say
from services.errors import InvalidInput, SourceUnavailable
from services.feed import CoinFacts

_MOST = 25
_LIQUID, _LIQUID_WORDS = Decimal(1_000_000), "$1M"
"""Dollars traded in a day; below this a large move says little, so /movers leaves the coin out."""


async def top(
    request: Request, n: Count = 10, by: Literal["cap", "volume", "change"] = "cap"
) -> Reply[tuple[CoinFacts, ...]]:
    """List the largest coins: by market cap, volume or change.

    Up to 25 coins; changes are over 24 hours.
    """
    if not 1 <= n <= _MOST:
        raise InvalidInput(say("Ask for 1 to {most} coins.", most=_MOST))
    listed = _listed(request)
    match by:
        case "cap":
            chosen = sorted((c for c in listed if c.market_cap is not None), key=lambda c: -(c.market_cap or 0))
            title = say("Top {n} by market cap", n=n)
        case "volume":
            chosen = sorted((c for c in listed if c.volume_24h is not None), key=lambda c: -(c.volume_24h or 0))
            title = say("Top {n} by 24h volume", n=n)
        case "change":
            chosen = sorted((c for c in listed if c.change_24h_pct is not None), key=lambda c: -(c.change_24h_pct or 0))
            title = say("Top {n} by 24h change", n=n) + _in_dollars(request)
    shown = tuple(chosen[:n])
    card = Card(title, table=_rows(request, shown, by), source=_source(shown), marks=_marks(shown))
    others = [each for each in ("cap", "volume", "change") if each != by]
    labels = {"cap": say("By cap"), "volume": say("By volume"), "change": say("By change")}
    return Reply(shown, card, buttons=(tuple(Button(labels[each], f"/top {n} {each}") for each in others),))


def _rows(request: Request, shown: tuple[CoinFacts, ...], by: str) -> tuple[Row, ...]:
    mine = request.caller.preferences
    rows: list[Row] = []
    for place, facts in enumerate(shown, 1):
        amount = facts.volume_24h if by == "volume" else facts.market_cap
        cost = "–" if facts.price is None else _in_currency(request, facts.price, whole=False)
        size = "–" if amount is None else _in_currency(request, amount, whole=True)
        last = write.percent(facts.change_24h_pct, mine) if by == "change" else size
        rows.append(Row((f"{place} {facts.coin.symbol}", cost, last)))
    return tuple(rows)


def _in_currency(request: Request, dollars: Decimal, *, whole: bool) -> str:
    mine = request.caller.preferences
    unit = request.services.market.rate(mine.currency)
    value, currency = (dollars / unit, mine.currency) if unit else (dollars, "usd")
    return write.large(value, currency, mine) if whole else write.price(value, currency, mine)


async def movers(request: Request, window: Literal["1h", "24h", "7d"] = "24h") -> Reply[tuple[CoinFacts, ...]]:
    """Show the coins that moved most, up and down.

    Only coins with at least 1 million dollars of daily volume count.
    """
    moves = [(facts, move) for facts in _listed(request) if (move := _move(facts, window)) is not None]
    liquid = [(facts, move) for facts, move in moves if (facts.volume_24h or 0) >= _LIQUID]
    ranked = sorted(liquid, key=lambda pair: -pair[1])
    up = [pair for pair in ranked[:5] if pair[1] > 0]
    down = [pair for pair in reversed(ranked[-5:]) if pair[1] < 0]
    shown = tuple(facts for facts, _ in (*up, *down))
    mine = request.caller.preferences
    rows = tuple(
        Row((facts.coin.symbol, _cost(request, facts), write.percent(move, mine))) for facts, move in (*up, *down)
    )
    card = Card(
        say("Movers over {window}", window=window) + _in_dollars(request),
        table=rows,
        notes=(say("Only coins that trade {floor} a day or more.", floor=_LIQUID_WORDS),),
        source=_source(shown),
        marks=_marks(shown),
    )
    buttons = tuple(Button(each, f"/movers {each}") for each in ("1h", "24h", "7d") if each != window)
    return Reply(shown, card, buttons=(buttons,))


def _in_dollars(request: Request) -> str:
    # The catalogue's changes are those of the price in dollars; beside another currency that has to be said.
    return "" if request.caller.preferences.currency == "usd" else " (USD)"


def _cost(request: Request, facts: CoinFacts) -> str:
    return "–" if facts.price is None else _in_currency(request, facts.price, whole=False)


def _move(facts: CoinFacts, window: str) -> Decimal | None:
    return {"1h": facts.change_1h_pct, "24h": facts.change_24h_pct, "7d": facts.change_7d_pct}[window]


@dataclass(frozen=True, slots=True)
class MarketNow:
    """The market in figures for machines; caps and volumes in US dollars over the coins listed."""

    coins: int
    market_cap: Decimal
    volume_24h: Decimal
    bitcoin_share_pct: Decimal | None
    ethereum_share_pct: Decimal | None
    rising: int
    falling: int


async def market(request: Request) -> Reply[MarketNow]:
    """Sum up the market: size, volume, dominance and breadth.

    Over the coins that the source lists; breadth counts how many rose or fell in 24 hours.
    """
    listed = _listed(request)
    cap = sum((c.market_cap for c in listed if c.market_cap is not None), Decimal())
    volume = sum((c.volume_24h for c in listed if c.volume_24h is not None), Decimal())
    rising = sum(1 for c in listed if (c.change_24h_pct or 0) > 0)
    falling = sum(1 for c in listed if (c.change_24h_pct or 0) < 0)
    now = MarketNow(
        len(listed), cap, volume, _share(listed, "bitcoin", cap), _share(listed, "ethereum", cap), rising, falling
    )
    mine = request.caller.preferences
    rows = (
        Row((say("Market cap"), _in_currency(request, cap, whole=True))),
        Row((say("24h volume"), _in_currency(request, volume, whole=True))),
        Row((say("Bitcoin share"), _share_text(now.bitcoin_share_pct, request))),
        Row((say("Ethereum share"), _share_text(now.ethereum_share_pct, request))),
        Row((say("Up / down in 24h") + _in_dollars(request), f"{rising} / {falling}")),
    )
    notes = (say("Over the {n} largest coins.", n=write.number(Decimal(len(listed)), 0, mine.numbers)),)
    tone: Tone = "up" if rising > falling else "down" if falling > rising else "neutral"
    card = Card(say("Market"), table=rows, notes=notes, source=_source(listed), tone=tone, marks=_marks(listed))
    buttons = ((Button(say("Refresh"), "/market"), Button(say("Movers"), "/movers"), Button(say("Top 10"), "/top")),)
    return Reply(now, card, buttons=buttons)


def _share(listed: tuple[CoinFacts, ...], coin_id: str, cap: Decimal) -> Decimal | None:
    own = next((c.market_cap for c in listed if c.coin.id == coin_id), None)
    return None if own is None or not cap else own * 100 / cap


def _share_text(share: Decimal | None, request: Request) -> str:
    return "–" if share is None else write.number(share, 1, request.caller.preferences.numbers) + "%"


async def info(request: Request, coin: Coin) -> Reply[CoinFacts]:
    """Tell what is known of a coin: rank, size, supply and all-time high."""
    facts = request.services.coins.facts(coin.id)
    if facts is None:
        raise SourceUnavailable(say("Nothing more is known of {coin} right now. Try again later.", coin=coin.name))
    figures = (
        (say("Rank"), None if coin.rank is None else f"#{coin.rank}"),
        (say("Price"), _known(request, facts.price, whole=False)),
        (say("Market cap"), _known(request, facts.market_cap, whole=True)),
        (say("24h volume"), _known(request, facts.volume_24h, whole=True)),
        (say("Supply"), _coins(request, facts.supply, coin.symbol)),
        (say("Max supply"), _coins(request, facts.max_supply, coin.symbol)),
        (say("All-time high"), _known(request, facts.ath, whole=False)),
        (say("Reached on"), None if facts.ath_at is None else times.date(facts.ath_at)),
        (say("From there"), _from_high(request, facts)),
    )
    rows = [Row((label, text)) for label, text in figures if text is not None]
    card = Card(f"{coin.name} ({coin.symbol})", table=tuple(rows), source=_source((facts,)), marks=_marks((facts,)))
    buttons = (
        (
            Button(say("Price"), f"/price {coin.id}"),
            Button(say("Chart"), f"/chart {coin.id}"),
            Button(say("Alert me"), f"/alert {coin.id}"),
        ),
    )
    return Reply(facts, card, buttons=buttons)


def _known(request: Request, dollars: Decimal | None, *, whole: bool) -> str | None:
    return None if dollars is None else _in_currency(request, dollars, whole=whole)


def _coins(request: Request, amount: Decimal | None, symbol: str) -> str | None:
    return None if amount is None else write.large(amount, symbol, request.caller.preferences)


def _from_high(request: Request, facts: CoinFacts) -> str | None:
    if facts.price is None or not facts.ath:
        return None
    return write.percent((facts.price - facts.ath) * 100 / facts.ath, request.caller.preferences)


def _listed(request: Request) -> tuple[CoinFacts, ...]:
    listed = request.services.coins.listed()
    if not listed:
        raise SourceUnavailable(say("The coin list is not here yet. Try again in a minute."))
    return listed


def _source(shown: tuple[CoinFacts, ...]) -> Provenance | None:
    if not shown:
        return None
    oldest = min(shown, key=lambda facts: facts.at)
    return Provenance(write.source_name(oldest.source), oldest.at)


def _marks(shown: tuple[CoinFacts, ...]) -> tuple[Mark, ...]:
    return ("SIMULATED",) if any(facts.source == "simulated" for facts in shown) else ()
