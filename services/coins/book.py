"""The book of coins: a built-in page, what the catalogue says, and what people asked for."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from services.clock import Clock
from services.coins.index import Index
from services.coins.words import cleaned, key, shown
from services.domain.coins import Coin
from services.domain.known_coins import KNOWN_COINS
from services.domain.language import say
from services.domain.oracle import ARTIFICIAL
from services.errors import InvalidInput, NotFound
from services.feed import CoinFacts, CoinSource, Feed, SourceError
from services.store import coins as rows
from services.store.errors import StoreError
from services.tx import Store

T = TypeVar("T")

TOP = 250
REFRESH_AFTER = timedelta(minutes=30)
_POLLED = 50  # coins asked for one request each, while a stream is down
_CLEARLY_LARGER = 5  # ratio of ranks from which a ticker means the larger coin
_CHOICES = 3
_FOUND = 1000  # coins of the long tail kept in memory after a search
_ASK_AGAIN = timedelta(minutes=10)
_ASKED = 1000  # words remembered as searched for

Choice = Callable[[str], str | None]
"""What a person meant by a clashing word the last time: a coin's id, or None."""


def no_choice(word: str) -> str | None:
    """Stand in for a person who has chosen nothing yet."""
    del word
    return None


class CoinBook:
    """The known coins. `source` None leaves the built-in page and what the store has."""

    def __init__(self, clock: Clock, store: Store, source: CoinSource | None) -> None:
        self._clock = clock
        self._store = store
        self._source = source
        self._coins: dict[str, Coin] = {coin.id: coin for coin in KNOWN_COINS}
        self._facts: dict[str, CoinFacts] = {}
        self._found: OrderedDict[str, Coin] = OrderedDict()
        self._asked: OrderedDict[str, datetime] = OrderedDict()
        self._followed: set[str] = set()
        self._index = Index(self._coins.values())
        self._listeners: list[Callable[[], None]] = []
        self._change = asyncio.Event()
        self._taken_at: datetime | None = None
        self._feed = None if source is None else Feed(f"coins from {source.name}", self._top, REFRESH_AFTER, clock)

    async def load(self) -> None:
        """Take over what the store knows; simulated coins only into a simulated market."""
        artificial = self._source is not None and self._source.name in ARTIFICIAL
        stored = await self._store.read(rows.every)
        self._take(tuple(each for each in stored if (each.source in ARTIFICIAL) == artificial))

    async def refresh(self) -> None:
        """Ask the catalogue if its last answer is half an hour old, and store the answer; a failure keeps the old."""
        if self._feed is None:
            return
        held = await self._feed.get()
        if held is None or held.fetched_at == self._taken_at:
            return
        self._taken_at = held.fetched_at
        self._outrank(held.value)
        self._take(held.value)
        await self._store.write(lambda tx: rows.put(tx, held.value))

    async def _top(self) -> tuple[CoinFacts, ...]:
        assert self._source is not None
        return await self._source.top(TOP)

    def _outrank(self, top: tuple[CoinFacts, ...]) -> None:
        """Move coins that have left the top behind it."""
        ids = {each.coin.id for each in top}
        for coin in list(self._coins.values()):
            if coin.id not in ids and coin.rank is not None and coin.rank <= len(top):
                self._coins[coin.id] = replace(coin, rank=len(top) + 1)

    def _take(self, found: tuple[CoinFacts, ...]) -> None:
        for each in found:
            self._coins[each.coin.id] = each.coin
            self._facts[each.coin.id] = each
        self._changed()

    def _changed(self) -> None:
        self._index = Index({**self._found, **self._coins}.values())
        for listener in self._listeners:
            listener()
        self._change.set()
        self._change = asyncio.Event()

    async def changed(self) -> None:
        """Return after the next change of the coins or of who is followed."""
        await self._change.wait()

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call `listener` after every change."""
        self._listeners.append(listener)

    def follow(self, coin: Coin) -> None:
        """Have prices of this coin streamed although it is not among the largest."""
        if coin.id not in self._followed:
            self._followed.add(coin.id)
            self._coins.setdefault(coin.id, coin)
            self._changed()

    def followed(self) -> frozenset[str]:
        """Return the ids of the coins that somebody waits for."""
        return frozenset(self._followed)

    def wanted(self) -> tuple[Coin, ...]:
        """Return the coins whose prices are streamed: the largest, and the followed."""
        return self._with_followed(TOP)

    def polled(self) -> tuple[Coin, ...]:
        """Return the coins whose prices are asked for while a stream is down."""
        return self._with_followed(_POLLED)

    def _with_followed(self, count: int) -> tuple[Coin, ...]:
        found = {coin.id: coin for coin in self.top(count)}
        return (*found.values(), *(self._coins[each] for each in sorted(self._followed) if each not in found))

    def coin(self, coin_id: str) -> Coin | None:
        """Return the coin of this id."""
        return self._coins.get(coin_id) or self._found.get(coin_id)

    def facts(self, coin_id: str) -> CoinFacts | None:
        """Return what the catalogue said of a coin, or None where it was never asked; `at` tells how old it is."""
        return self._facts.get(coin_id)

    def top(self, count: int) -> tuple[Coin, ...]:
        """Return the largest coins, largest first."""
        return tuple(coin for coin in self._index.coins[:count] if coin.rank is not None)

    def listed(self) -> tuple[CoinFacts, ...]:
        """Return the facts of all coins that have some, largest first."""
        return tuple(self._facts[coin.id] for coin in self._index.coins if coin.id in self._facts)

    def suggest(self, prefix: str, limit: int) -> tuple[Coin, ...]:
        """Return coins whose ticker or name begins so, whole tickers first, then the largest; all for no prefix."""
        return self._index.beginning(key(prefix), limit)

    def resolve(self, text: str, person_choice: Choice = no_choice) -> Coin:
        """Return the coin that a ticker, name or id means; `NotFound` or `InvalidInput` offer choices by coin id."""
        word = key(text)
        if not word:
            raise InvalidInput(say("Name a coin, like BTC or Bitcoin."))
        found = self._index.exact(word)
        if not found:
            raise self._unknown(text, word)
        chosen = person_choice(word)
        for coin in found:
            if chosen == coin.id:
                return coin
        if len(found) == 1 or _is_clear(found[0], found[1]):
            return found[0]
        for coin in found:  # the lines of the choices name ids
            if coin.id == cleaned(text):
                return coin
        raise InvalidInput(
            say("{count} coins are called «{text}». Choose one.", count=len(found), text=shown(text)),
            choices=_choices(found),
        )

    def _unknown(self, text: str, word: str) -> NotFound:
        near = self._index.nearest(word)
        if not near:
            return NotFound(say("No coin is called «{text}». Try a ticker like BTC or a full name.", text=shown(text)))
        names = ", ".join(_label(coin) for coin in near)
        sentence = say("No coin is called «{text}». Did you mean {names}?", text=shown(text), names=names)
        return NotFound(sentence, choices=_choices(near))

    async def find(self, text: str, person_choice: Choice = no_choice) -> Coin:
        """Resolve like `resolve`, asking the catalogue for a word that the book has not, at most every ten minutes."""
        try:
            coin = self.resolve(text, person_choice)
        except NotFound:
            if not await self._search(cleaned(text)):
                raise
            coin = self.resolve(text, person_choice)
        await self._remember(coin)
        return coin

    async def _search(self, text: str) -> bool:
        """Return whether the catalogue knew coins that are called just so."""
        word, now = text.casefold(), self._clock.now()
        asked_at = self._asked.get(word)
        if self._source is None or (asked_at is not None and now - asked_at < _ASK_AGAIN):
            return False
        try:
            hits = await self._source.search(text)
        except SourceError:
            return False  # the source's own health tells why; to this person the word is unknown
        _bounded(self._asked, word, now, _ASKED)
        called = [coin for coin in hits if word in {key(coin.symbol), key(coin.name), key(coin.id)}]
        for coin in called:
            _bounded(self._found, coin.id, coin, _FOUND)
        self._changed()
        return bool(called)

    async def _remember(self, coin: Coin) -> None:
        if coin.id in self._coins or self._source is None:
            return
        facts = _bare(coin, self._source.name, self._clock.now())
        with suppress(SourceError):  # its name is enough to go on
            facts = next(iter(await self._source.facts((coin.id,))), facts)
        self._take((facts,))
        with suppress(StoreError):  # a full disk must not keep a price from being shown
            await self._store.write(lambda tx: rows.put(tx, (facts,)))


def _bounded(kept: OrderedDict[str, T], name: str, value: T, most: int) -> None:
    kept[name] = value
    if len(kept) > most:
        kept.popitem(last=False)


def _is_clear(first: Coin, second: Coin) -> bool:
    if first.rank is None:
        return False
    return second.rank is None or second.rank >= first.rank * _CLEARLY_LARGER


def _label(coin: Coin) -> str:
    return say("{name} ({ticker})", name=shown(coin.name), ticker=shown(coin.symbol))


def _choices(coins: tuple[Coin, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((_label(coin), coin.id) for coin in coins[:_CHOICES])


def _bare(coin: Coin, source: str, at: datetime) -> CoinFacts:
    return CoinFacts(coin, at, source, None, None, None, None, None, None, None, None, None, None)
