"""Looking coins up by word, by the beginning of a word, and by a word that is slightly off."""

from collections.abc import Iterable
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

from services.coins.words import key
from services.domain.coins import Coin

_LIKENESS = 0.65  # one slip in three letters, two in six
_NEAREST = 3
_SHORTEST = 3  # letters; two-letter words are near to everything


_key = lru_cache(maxsize=8192)(key)  # the same coins come again with every answer of the catalogue


def by_rank(coin: Coin) -> tuple[bool, int, str]:
    """Sort the largest first and what has no rank last."""
    return coin.rank is None, coin.rank or 0, coin.id


class Index:
    """Coins by their words; made anew when the coins change."""

    def __init__(self, coins: Iterable[Coin]) -> None:
        self.coins = tuple(sorted(coins, key=by_rank))
        self._keys = tuple((_key(coin.symbol), _key(coin.name), coin) for coin in self.coins)
        meant: dict[str, dict[str, Coin]] = {}
        for symbol, name, coin in self._keys:
            for word in (symbol, name, _key(coin.id)):
                meant.setdefault(word, {})[coin.id] = coin
        meant.pop("", None)
        self._meant = {word: tuple(found.values()) for word, found in meant.items()}
        self._words = tuple(self._meant)

    def exact(self, word: str) -> tuple[Coin, ...]:
        """Return the coins whose ticker, name or id is this key, largest first."""
        return self._meant.get(word, ())

    def beginning(self, prefix: str, limit: int) -> tuple[Coin, ...]:
        """Return coins whose ticker or name begins so: whole tickers first, then the largest."""
        if limit <= 0:
            return ()
        found = {coin.id: coin for coin in self.exact(prefix)[:limit]}
        for symbol, name, coin in self._keys:
            if len(found) >= limit:
                break
            if symbol.startswith(prefix) or name.startswith(prefix):
                found.setdefault(coin.id, coin)
        return tuple(found.values())

    def nearest(self, word: str) -> tuple[Coin, ...]:
        """Return at most three coins whose words are a slip or two away, nearest first, then largest."""
        if len(word) < _SHORTEST:
            return ()
        hits = process.extract(
            word, self._words, scorer=OSA.normalized_similarity, score_cutoff=_LIKENESS, limit=4 * _NEAREST
        )
        # Of equal likeness the first word comes first, and the words stand by rank.
        found = {coin.id: coin for name, _, _ in hits for coin in self._meant[name]}
        return tuple(found.values())[:_NEAREST]
