from datetime import timedelta
from functools import partial

from services.domain.candles import LENGTH, Interval
from services.store import candles
from services.tx import Store, Tx
from tests.fakes.market import bars
from tests.services.store.samples import NOW

DAY = timedelta(days=1)


def fill(tx: Tx) -> None:
    for source, coin, interval in SERIES:
        candles.put(tx, source, coin, interval, bars(NOW, interval, 10))


SERIES: tuple[tuple[str, str, Interval], ...] = (
    ("binance", "bitcoin", "1d"), ("binance", "bitcoin", "1m"), ("binance", "ether", "1m"), ("kraken", "bitcoin", "1m"),
)  # fmt: skip


async def test_every_series_is_found_once(store: Store) -> None:
    assert await store.read(candles.series) == ()
    await store.write(fill)
    assert await store.read(candles.series) == SERIES


async def test_the_oldest_bars_of_one_series_go_a_few_at_a_time(store: Store) -> None:
    await store.write(fill)
    series = partial(candles.purge, source="binance", coin="bitcoin", interval="1m")
    before = NOW + LENGTH["1m"] * 7
    assert [await store.write(partial(series, before=before, most=3)) for _ in range(4)] == [3, 3, 1, 0]
    left = [await store.read(partial(candles.between, source=source, coin=coin, interval=interval,
                                     first=NOW - DAY, last=NOW + 99 * DAY))
            for source, coin, interval in SERIES]  # fmt: skip
    assert [len(each) for each in left] == [10, 3, 10, 10]
    assert left[1] == bars(NOW, "1m", 10)[7:]
