"""A market on a clock that the test moves, and what its listeners heard."""

from collections.abc import Iterable

from services.clock import FixedClock
from services.coins import CoinBook
from services.counters import Counters
from services.domain.coins import Coin
from services.domain.quotes import Quote, Sample
from services.market import Market
from services.store.sqlite import SqliteStore
from tests.fakes.market import START, FakeCatalogue, FakePrices, heard, later

EXCHANGES = ("binance", "coinbase", "kraken")
BITCOIN = Coin("bitcoin", "BTC", "Bitcoin", 1)
Tick = tuple[float, str, str]


class World:
    """One market on a clock that the test moves, and what its listeners heard."""

    def __init__(self, store: SqliteStore, names: Iterable[str], catalogue: FakeCatalogue | None = None) -> None:
        self.clock = FixedClock(START)
        self.store = store
        self.sources = tuple(FakePrices(name) for name in names)
        self.counters = Counters()
        self.coins = CoinBook(self.clock, store, catalogue)
        self.market = Market(self.clock, self.counters, self.sources, self.coins, store)
        self.quotes: list[Quote] = []
        self.market.listen(self.quotes.extend)

    def hear(self, seconds: float, *samples: Sample) -> None:
        self.clock.set(later(seconds))
        self.market.hear(samples)

    def play(self, ticks: Iterable[Tick], base: str = "bitcoin") -> None:
        for seconds, source, price in ticks:
            self.hear(seconds, heard(source, price, later(seconds), base))


def steady(names: Iterable[str], seconds: Iterable[int], price: str) -> list[Tick]:
    """Every source says the same once a second, one after the other."""
    return [(second + number / 10, name, price) for second in seconds for number, name in enumerate(names)]
