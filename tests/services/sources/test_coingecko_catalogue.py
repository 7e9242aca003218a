"""The catalogue, the search and the bars of CoinGecko."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import httpx
import pytest

from services.domain.candles import Interval
from services.domain.coins import Coin
from services.feed import SourceError
from services.sources.coingecko import CoinGecko
from tests.fakes.exchanges import FakeExchanges
from tests.fakes.exchanges.clock import EagerClock
from tests.fakes.exchanges.coingecko import FakeCoinGecko
from tests.fakes.exchanges.market import COINS as FAKE_COINS
from tests.fakes.exchanges.venue import Answer
from tests.services.sources.listening import BATCAT, BTC


@pytest.fixture
def venue(exchanges: FakeExchanges) -> FakeCoinGecko:
    return exchanges.coingecko


@pytest.fixture
def source(client: httpx.AsyncClient, clock: EagerClock, venue: FakeCoinGecko) -> CoinGecko:
    return CoinGecko(client, clock, venue.api_base, None, "none", 30)


def body(content: object, status: int = 200) -> Answer:
    return Answer(json.dumps(content).encode(), status)


async def test_the_catalogue_is_ordered_by_size_with_its_figures(
    source: CoinGecko, exchanges: FakeExchanges, clock: EagerClock
) -> None:
    first, second = await source.top(2)
    assert first.coin == Coin("bitcoin", "BTC", "Bitcoin", 1)
    assert second.coin.id == "ethereum"
    assert (first.price, first.market_cap, first.volume_24h) == (
        Decimal(90000),
        Decimal(900_000_000_000),
        Decimal(90_000_000),
    )
    assert (first.change_1h_pct, first.change_24h_pct, first.change_7d_pct) == (Decimal("0.11"), Decimal(2), None)
    assert (first.ath, first.ath_at) == (
        Decimal(180_000),
        datetime(2025, 10, 6, 18, 57, 42, 558000, tzinfo=UTC),
    )
    assert (first.supply, first.max_supply, first.at) == (Decimal(10_000_000), None, clock.now())


async def test_the_catalogue_is_paged_by_250_and_ends_at_a_short_page(
    source: CoinGecko, exchanges: FakeExchanges, venue: FakeCoinGecko
) -> None:
    exchanges.market.coins = tuple(
        replace(FAKE_COINS[-1], id=f"coin-{n}", ticker=f"C{n}", rank=n, price=Decimal(n)) for n in range(1, 601)
    )
    found = await source.top(1000)
    assert [facts.coin.rank for facts in found] == list(range(1, 601))
    assert [asked.params["page"] for asked in venue.asked] == ["1", "2", "3"]
    assert len(await source.top(300)) == 300


async def test_a_catalogue_that_repeats_a_page_is_not_paged_for_ever(source: CoinGecko, venue: FakeCoinGecko) -> None:
    page = [{"id": f"coin-{n}", "symbol": "c", "name": "C"} for n in range(250)]
    venue.answers.extend([body(page)] * 6)
    assert len(await source.top(1500)) == 250
    assert len(venue.asked) == 2


async def test_coins_with_one_ticker_stay_apart(source: CoinGecko) -> None:
    found = {facts.coin.id: (facts.coin.symbol, facts.coin.rank) for facts in await source.top(50)}
    assert (found["beam-2"], found["beam"]) == (("BEAM", 260), ("BEAM", 900))
    assert (found["bitcoin"], found["batcat"]) == (("BTC", 1), ("BTC", None))


async def test_facts_are_those_of_the_coins_asked_for(source: CoinGecko) -> None:
    found = await source.facts(("batcat", "no-such-coin", "tiny-tail"))
    assert {facts.coin.id: facts.market_cap for facts in found} == {"batcat": None, "tiny-tail": Decimal(7_000_000)}


async def test_absurd_figures_are_absent(source: CoinGecko, venue: FakeCoinGecko) -> None:
    row = {"id": "bitcoin", "symbol": "btc", "name": "Bitcoin", "current_price": 850867136053720000, "market_cap": -5,
           "ath": 0, "ath_date": "long ago", "max_supply": "Infinity", "total_volume": None}  # fmt: skip
    venue.answers.append(body([row, {"id": "x"}, {"symbol": 1}, None, row | {"id": "eth", "market_cap_rank": "one"}]))
    (facts,) = await source.facts(("bitcoin", "eth"))
    assert (facts.price, facts.market_cap, facts.ath, facts.ath_at, facts.max_supply) == (None,) * 5


async def test_search_finds_by_ticker_or_name_largest_first(source: CoinGecko, venue: FakeCoinGecko) -> None:
    assert [coin.id for coin in await source.search("btc")] == ["bitcoin", "batcat"]
    assert await source.search("pepe") == (Coin("pepe", "PEPE", "Pepe", 38),)
    assert await source.search("nothing like it") == ()
    assert {asked.path for asked in venue.asked} == {"/search"}


@pytest.mark.parametrize("content", [[], {}, {"coins": None}, {"coins": {}}])
async def test_a_search_without_hits_of_the_right_shape_is_a_source_error(
    source: CoinGecko, venue: FakeCoinGecko, content: object
) -> None:
    venue.answers.append(body(content))
    with pytest.raises(SourceError, match="unreadable"):
        await source.search("btc")


async def test_bars_of_four_hours_are_named_by_their_opening(source: CoinGecko, venue: FakeCoinGecko) -> None:
    last = datetime(2026, 11, 22, 8, tzinfo=UTC)
    venue.answers.append(
        body(
            [
                [int(datetime(2026, 11, 22, 4, tzinfo=UTC).timestamp() * 1000), 1.0, 4.0, 0.5, 2.0],
                [int(datetime(2026, 11, 22, 8, tzinfo=UTC).timestamp() * 1000), 2.0, 5.0, 1.5, 3.0],
                [int(datetime(2026, 11, 22, 9, tzinfo=UTC).timestamp() * 1000), 3.0, 3.5, 2.5, 3.2],
                [0, 1],
                None,
            ]
        )
    )
    bars = await source.candles(BTC, "4h", last - timedelta(days=1), last)
    assert [(bar.at.hour, bar.open, bar.close) for bar in bars] == [
        (0, Decimal("1.0"), Decimal("2.0")),
        (4, Decimal("2.0"), Decimal("3.0")),
        (8, Decimal("3.0"), Decimal("3.2")),
    ]
    assert venue.asked[0].params["days"] == "30"


@pytest.mark.parametrize(("interval", "days", "count"), [("1h", 1, 24), ("4h", 30, 180), ("1d", 30, 30)])
async def test_bars_are_whole_and_open_where_the_market_opened(
    source: CoinGecko, clock: EagerClock, interval: Interval, days: int, count: int
) -> None:
    clock.advance(60 * 17)
    bars = await source.candles(BTC, interval, clock.now() - timedelta(days=days), clock.now())
    assert len(bars) == count
    for former, following in pairwise(bars):
        assert following.open == former.close
        assert following.at > former.at


@pytest.mark.parametrize(("interval", "days"), [("1m", 0), ("15m", 0), ("1h", 2), ("4h", 31), ("1d", 200)])
async def test_bars_it_has_not_fine_enough_are_refused_without_a_call(
    source: CoinGecko, venue: FakeCoinGecko, clock: EagerClock, interval: Interval, days: int
) -> None:
    with pytest.raises(SourceError, match="bars of"):
        await source.candles(BTC, interval, clock.now() - timedelta(days=days), clock.now())
    assert venue.asked == []


async def test_bars_of_an_unknown_coin_are_a_source_error(source: CoinGecko, clock: EagerClock) -> None:
    with pytest.raises(SourceError, match="coin not found"):
        await source.candles(BATCAT, "4h", clock.now() - timedelta(days=1), clock.now())
