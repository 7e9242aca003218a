"""/watch: a person's own list of coins, with their prices."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from typing import Literal

from handlers import several
from handlers.model import Button, Card, Change, Reply, Request
from handlers.params import Coin, Watched
from handlers.several import PriceNow
from services import watchlist
from services.domain import coins as domain
from services.domain.language import say
from services.errors import NotFound, SourceUnavailable
from services.market import Priced
from services.tx import Tx

_BUTTONS_IN_A_ROW = 5
_REMOVABLE = 20  # by button: Discord shows 25 at most
_LOOK_UPS = 10  # at one time
_PATIENCE_SECONDS = 3

WatchNow = tuple[PriceNow, ...]


async def list_(request: Request) -> Reply[WatchNow]:
    """Show the prices of the coins on your watchlist.

    /watch btc eth puts coins on it.
    """
    found = await request.services.store.read(lambda tx: _list(tx, request))
    await _look_up(request, found)
    return _shown(request, found)


async def add(request: Request, coin: tuple[Coin, ...]) -> Change[WatchNow]:
    """Put coins on your watchlist, at most 50."""
    _must_be_whole(request)
    before = await request.services.store.read(lambda tx: _list(tx, request))
    await _look_up(request, (*before, *coin))

    def apply(tx: Tx) -> Reply[WatchNow]:
        added = watchlist.add(tx, request.caller.person, [each.id for each in coin])
        there = [each for each in dict.fromkeys(coin) if each.id not in added]
        new = [each for each in dict.fromkeys(coin) if each.id in added]
        told = [say("Added: {coins}.", coins=_names(new))] if new else []
        told += [say("There already: {coins}.", coins=_names(there))] if there else []
        return _shown(request, _list(tx, request), tuple(told))

    return Change(apply)


async def remove(request: Request, coin: tuple[Watched, ...]) -> Change[WatchNow]:
    """Take coins off your watchlist, by name or by their number in it."""
    _must_be_whole(request)
    await _look_up(request, await request.services.store.read(lambda tx: _list(tx, request)))

    def apply(tx: Tx) -> Reply[WatchNow]:
        before = _list(tx, request)
        gone = dict.fromkeys(_meant(each, before) for each in coin)
        for each in gone:
            if not watchlist.remove(tx, request.caller.person, each.id):
                raise NotFound(say("{coin} is not on your watchlist. /watch shows it.", coin=each.symbol))
        undo = Button(say("Undo"), " ".join(("/watch add", *(each.id for each in gone))))
        return _shown(request, _list(tx, request), (say("Removed: {coins}.", coins=_names(gone)),), undo)

    return Change(apply)


async def clear(request: Request, sure: Literal["ask", "yes"] = "ask") -> Reply[WatchNow] | Change[WatchNow]:
    """Take every coin off your watchlist."""
    if sure == "ask":
        found = await request.services.store.read(lambda tx: _list(tx, request))
        if not found:
            return _shown(request, found)
        title = say("Take every coin off your watchlist?")
        buttons = ((Button(say("Clear it"), "/watch clear yes"), Button(say("Keep it"), "/watch list")),)
        return Reply((), Card(title, lines=(f"{_names(found)}.",), tone="warning"), buttons=buttons, private=True)

    def apply(tx: Tx) -> Reply[WatchNow]:
        watchlist.clear(tx, request.caller.person)
        return _shown(request, ())

    return Change(apply)


def _must_be_whole(request: Request) -> None:
    """Refuse a line with a word that means nothing: what changes something changes all of it or nothing."""
    if request.left_out:
        raise request.left_out[0]


def _list(tx: Tx, request: Request) -> tuple[domain.Coin, ...]:
    book = request.services.coins
    ids = watchlist.coins(tx, request.caller.person)
    # The catalogue may have lost a coin; the person has not.
    return tuple(book.coin(each) or domain.Coin(each, each.upper()[:12], each, None) for each in ids)


def _meant(named: domain.Coin | int, listed: tuple[domain.Coin, ...]) -> domain.Coin:
    if isinstance(named, domain.Coin):
        return named
    if not 1 <= named <= len(listed):
        sentence = say("There is no coin {number} on your watchlist. /watch shows it.", number=named)
        raise NotFound(sentence)
    return listed[named - 1]


def _names(coins: Iterable[domain.Coin]) -> str:
    return ", ".join(each.symbol for each in coins)


async def _look_up(request: Request, coins: Iterable[domain.Coin]) -> None:
    """Have the latest price of each coin fetched where none is live; what does not come in time is shown next time."""
    turn = asyncio.Semaphore(_LOOK_UPS)

    async def one(coin: domain.Coin) -> None:
        async with turn:
            with suppress(SourceUnavailable):
                await request.services.market.look_up(coin, request.caller.preferences.currency)

    with suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await asyncio.gather(*map(one, list(dict.fromkeys(coins))[: watchlist.MOST]))


def _priced(request: Request, coin: domain.Coin) -> Priced | None:
    try:
        return request.services.market.quote(coin.id, request.caller.preferences.currency)
    except SourceUnavailable:
        return None


def _shown(
    request: Request, coins: tuple[domain.Coin, ...], told: tuple[str, ...] = (), undo: Button | None = None
) -> Reply[WatchNow]:
    extra = () if undo is None else (undo,)
    if not coins:
        card = Card(say("Your watchlist is empty"), lines=(*told, say("Put coins on it: /watch btc eth")))
        return Reply((), card, buttons=(extra,) if extra else (), private=True)
    currency = request.caller.preferences.currency
    quotes = [(each, _priced(request, each)) for each in coins]
    title = say("Your watchlist in {currency}, change in 24h", currency=currency.upper())
    card = several.card_of(request, title, quotes, currency, numbered=True)
    if len(coins) > _REMOVABLE:
        by_number = say("Remove by number: /watch remove {number}", number=len(coins))
        card = replace(card, notes=(*card.notes, by_number))
    data = tuple(several.price_now(coin, quote, currency) for coin, quote in quotes if quote is not None)
    alert_me = Button(say("Alert me"), f"/alert {coins[0].id}" if len(coins) == 1 else "/alert")
    first = (Button(say("Refresh"), "/watch list"), alert_me, *extra)
    return Reply(data, replace(card, lines=told), buttons=(first, *_removing(coins)), private=True)


def _removing(coins: tuple[domain.Coin, ...]) -> tuple[tuple[Button, ...], ...]:
    # A number is what is read; the coin is what is meant, also when the list has changed since.
    buttons = [Button(f"✕ {at}", f"/watch remove {each.id}") for at, each in enumerate(coins[:_REMOVABLE], 1)]
    return tuple(tuple(buttons[at : at + _BUTTONS_IN_A_ROW]) for at in range(0, len(buttons), _BUTTONS_IN_A_ROW))
