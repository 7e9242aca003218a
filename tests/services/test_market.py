from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from services.counters import Counters
from services.domain.coins import Coin
from services.domain.quotes import Quote
from services.errors import SourceUnavailable
from services.store.errors import StoreUnavailable
from services.store.sqlite import SqliteStore, open_sqlite
from tests.fakes.market import FakeCatalogue, facts, heard, later
from tests.services.market_world import EXCHANGES, World, steady


@pytest.fixture
async def store() -> AsyncIterator[SqliteStore]:
    opened = await open_sqlite(None, Counters())
    yield opened
    await opened.close()


async def test_three_sources_make_a_median(store: SqliteStore) -> None:
    world = World(store, EXCHANGES)
    world.play([(0, "kraken", "100.2"), (0.1, "coinbase", "100"), (0.2, "binance", "100.4")])
    quote = world.market.quote("bitcoin")
    assert (quote.price, quote.source, quote.disputed) == (Decimal("100.2"), "binance, coinbase, kraken", False)
    assert (quote.currency, quote.stale, quote.age) == ("usd", False, timedelta())
    assert [each.price for each in world.quotes] == [Decimal("100.2"), Decimal("100.1"), Decimal("100.2")]


async def test_the_first_of_several_sources_is_unsure_until_the_others_had_time(store: SqliteStore) -> None:
    world = World(store, EXCHANGES)
    world.play([(0, "kraken", "100"), (9.9, "kraken", "101"), (10, "kraken", "102")])
    assert [quote.disputed for quote in world.quotes] == [True, True, False]


async def test_a_coin_that_trades_once_a_minute_at_one_exchange_is_not_unsure_each_time(store: SqliteStore) -> None:
    world = World(store, EXCHANGES)
    world.play(steady(EXCHANGES, range(65), "84000"))
    world.play([(65, "kraken", "3")], "obscure")
    world.play(steady(EXCHANGES, range(66, 130), "84000"))
    world.play([(130, "kraken", "3.1")], "obscure")
    assert [quote.disputed for quote in world.quotes if quote.coin == "obscure"] == [False, False]


async def test_after_an_outage_of_everything_the_first_is_unsure_again(store: SqliteStore) -> None:
    world = World(store, EXCHANGES)
    world.play([*steady(EXCHANGES, range(20), "84000"), (60, "kraken", "84100"), (61, "binance", "84000")])
    assert [quote.disputed for quote in world.quotes[-3:]] == [False, True, False]


async def test_a_single_configured_source_is_taken_at_once(store: SqliteStore) -> None:
    world = World(store, ["kraken"])
    world.play([(0, "kraken", "100")])
    assert [(quote.price, quote.disputed, quote.source) for quote in world.quotes] == [(Decimal(100), False, "kraken")]


async def test_two_sources_that_disagree_are_disputed(store: SqliteStore) -> None:
    world = World(store, ["kraken", "coinbase"])
    world.play([(0, "kraken", "100"), (0.5, "coinbase", "103")])
    assert (world.quotes[-1].price, world.quotes[-1].disputed) == (Decimal("101.5"), True)


async def test_a_source_counts_for_fifteen_seconds(store: SqliteStore) -> None:
    world = World(store, EXCHANGES)
    world.play([(0, "kraken", "100"), (1, "coinbase", "101"), (15, "binance", "102"), (15.1, "binance", "102.1")])
    assert [quote.source for quote in world.quotes[-2:]] == ["binance, coinbase, kraken", "binance, coinbase"]


async def test_tether_quotes_are_converted_by_its_own_rate(store: SqliteStore) -> None:
    world = World(store, ["kraken", "binance"])
    in_tether = heard("binance", "80000", later(1), quote="usdt")
    world.hear(1, in_tether)
    assert world.quotes == []  # a tether is never taken for a dollar
    world.hear(2, heard("kraken", "0.95", later(2), "tether"))
    world.hear(2, replace(in_tether, at=later(2)))
    assert world.market.quote("bitcoin").price == 76000
    assert world.market.rate("usdt") == Decimal("0.95")
    world.hear(3700, replace(in_tether, at=later(3700)))
    refused = world.market.health()[1]
    assert (refused.last_refusal, refused.refused) == ("no rate", 2)  # the rate is an hour old by now


async def test_a_jump_is_confirmed_across_currencies(store: SqliteStore) -> None:
    world = World(store, ["kraken", "binance"])
    world.play([(0, "kraken", "0.5")], "tether")
    world.play([(0, "kraken", "100")])
    world.hear(0.1, heard("binance", "200", later(0.1), quote="usdt"))
    world.play([(1, "kraken", "60")])
    world.hear(1.1, heard("binance", "120", later(1.1), quote="usdt"))  # 60 dollars: both saw the crash
    assert world.quotes[-1].price == 80
    world.play([(1.2, "kraken", "60"), (2, "kraken", "40"), (4, "kraken", "40")])
    world.hear(4.1, heard("binance", "80", later(4.1), quote="usdt"))
    assert world.quotes[-1].price == 40


async def test_a_cross_is_as_doubtful_and_as_old_as_either_side(store: SqliteStore) -> None:
    world = World(store, ["kraken", "coinbase"])
    world.play([(0, "kraken", "100"), (0, "coinbase", "110")])
    world.play([(0, "kraken", "10"), (0, "coinbase", "10")], "ethereum")
    assert world.market.quote("ethereum", "bitcoin").disputed
    assert world.market.quote("bitcoin", "ethereum").disputed
    world.play([(16, "kraken", "10")], "ethereum")
    assert not world.market.quote("ethereum").stale
    assert world.market.quote("ethereum", "bitcoin").stale
    assert world.market.quote("bitcoin", "ethereum").stale


async def test_quotes_in_other_currencies_and_coins(store: SqliteStore) -> None:
    world = World(store, ["kraken"])
    bitcoin = replace(
        heard("kraken", "88000", later(0)), open_24h=Decimal(80000), high_24h=Decimal(90000), volume_24h=Decimal(440)
    )
    euro = replace(heard("kraken", "1.1", later(0), "eur"), open_24h=Decimal(1))
    world.hear(0, bitcoin, euro, heard("kraken", "2200", later(-4), "ethereum"))
    in_euro = world.market.quote("bitcoin", "eur")
    assert (in_euro.price, in_euro.high_24h, in_euro.volume_24h, in_euro.currency) == (
        Decimal(80000),
        Decimal("81818.18181818182"),
        Decimal(400),
        "eur",
    )
    assert in_euro.change_24h_pct == 0  # both rose by a tenth
    cross = world.market.quote("ethereum", "bitcoin")
    assert (cross.price, cross.at, cross.age) == (Decimal("0.025"), later(-4), timedelta(seconds=4))
    assert world.market.quote("bitcoin", "ethereum").at == later(-4)
    assert world.market.rate("usd") == 1
    assert (world.market.rate("eur"), world.market.rate_at("eur")) == (Decimal("1.1"), later(0))
    assert (world.market.rate("jpy"), world.market.rate_at("jpy")) == (None, None)


async def test_what_nobody_knows_is_said_in_a_sentence(store: SqliteStore) -> None:
    world = World(store, ["kraken"])
    with pytest.raises(SourceUnavailable, match=r"^No source has a price of Bitcoin right now\. Try again"):
        world.market.quote("bitcoin")
    world.play([(0, "kraken", "100")])
    with pytest.raises(SourceUnavailable, match=r"^There is no rate of JPY right now\. Ask in USD"):
        world.market.quote("bitcoin", "jpy")


async def test_a_quote_without_a_live_source_is_stale(store: SqliteStore) -> None:
    world = World(store, ["kraken"])
    world.play([(0, "kraken", "100")])
    world.clock.set(later(15))
    assert not world.market.quote("bitcoin").stale
    world.clock.set(later(16))
    quote = world.market.quote("bitcoin")
    assert (quote.price, quote.stale, quote.age) == (Decimal(100), True, timedelta(seconds=16))


async def test_the_last_good_quotes_survive_a_restart_as_stale(store: SqliteStore) -> None:
    world = World(store, EXCHANGES)
    world.play(steady(EXCHANGES, range(2), "84000.5"))
    world.hear(2, heard("kraken", "0.999", later(2), "tether"))
    await world.market.save()
    world.play([(3, "kraken", "84001")])
    await world.market.save()
    again = World(store, EXCHANGES)
    again.clock.set(later(60))
    await again.market.load()
    quote = again.market.quote("bitcoin")
    assert (quote.price, quote.source, quote.stale) == (Decimal("84000.5"), "binance, coinbase, kraken", True)
    assert (quote.at, quote.change_24h_pct) == (later(3), None)
    again.hear(60, heard("binance", "84000", later(60), quote="usdt"))
    assert again.market.quote("bitcoin").price == Decimal("83916.000")


async def test_a_failed_save_loses_no_quote(store: SqliteStore) -> None:
    world = World(store, ["kraken"])
    world.play([(0, "kraken", "100")])
    await store.write(lambda tx: tx.run(text("ALTER TABLE quote RENAME TO away")))
    with pytest.raises(StoreUnavailable):
        await world.market.save()
    await store.write(lambda tx: tx.run(text("ALTER TABLE away RENAME TO quote")))
    await world.market.save()
    again = World(store, ["kraken"])
    await again.market.load()
    assert again.market.quote("bitcoin").price == 100


async def test_simulated_quotes_never_become_real_ones(store: SqliteStore) -> None:
    demo = World(store, ["simulated"])
    demo.play([(0, "simulated", "42")])
    await demo.market.save()
    real = World(store, EXCHANGES)
    await real.market.load()
    with pytest.raises(SourceUnavailable):
        real.market.quote("bitcoin")
    demo_again = World(store, ["simulated"])
    await demo_again.market.load()
    assert demo_again.market.quote("bitcoin").source == "simulated"


async def test_a_simulated_market_may_run_faster_than_the_clock(store: SqliteStore) -> None:
    world = World(store, ["simulated"])
    world.hear(1, replace(heard("simulated", "100", later(3600)), seen_at=later(1)))
    quote = world.market.quote("bitcoin")
    assert (quote.at, quote.stale, quote.age, quote.source) == (later(3600), False, timedelta(), "simulated")
    assert world.market.present() == later(3600)


async def test_replayed_ticks_keep_their_basis(store: SqliteStore) -> None:
    world = World(store, ["replay"])
    world.hear(0, replace(heard("replay", "100", later(0)), basis="replay"))
    assert world.market.quote("bitcoin").basis == "replay"


async def test_a_quote_never_goes_back_in_time(store: SqliteStore) -> None:
    world = World(store, ["kraken", "coingecko"])
    world.play([(0, "kraken", "100")])
    world.hear(20, heard("coingecko", "90", later(-60)))
    assert (world.market.quote("bitcoin").price, len(world.quotes)) == (Decimal(100), 1)
    world.hear(80, heard("coingecko", "91", later(40)))
    assert world.market.quote("bitcoin").price == 91


async def test_a_slow_source_has_no_say_beside_a_fast_one(store: SqliteStore) -> None:
    world = World(store, ["kraken", "coingecko"])
    world.hear(0, heard("kraken", "100", later(0)), heard("coingecko", "110", later(-50)))
    assert (world.quotes[-1].price, world.quotes[-1].source) == (Decimal(100), "kraken")


async def test_the_catalogue_answers_for_coins_that_nobody_streams(store: SqliteStore) -> None:
    world = World(store, ["kraken"], FakeCatalogue((facts(Coin("pepe", "PEPE", "Pepe", 30), "0.00001"),)))
    await world.coins.refresh()
    quote = world.market.quote("pepe")
    assert (quote.price, quote.source, quote.stale) == (Decimal("0.00001"), "coingecko", False)
    world.clock.set(later(181))
    assert world.market.quote("pepe").stale


async def test_one_broken_listener_does_not_silence_the_others(store: SqliteStore) -> None:
    world = World(store, ["kraken"])
    heard_by_last: list[Quote] = []

    def broken(quotes: tuple[Quote, ...]) -> None:
        raise ZeroDivisionError(quotes)

    world.market.listen(broken)
    world.market.listen(heard_by_last.extend)
    world.play([(0, "kraken", "100")])
    assert [quote.price for quote in heard_by_last] == [100]


async def test_samples_and_refusals_are_counted(store: SqliteStore) -> None:
    world = World(store, ["kraken"])
    world.play([(0, "kraken", "100"), (1, "kraken", "NaN"), (2, "kraken", "-5"), (3, "kraken", "900")])
    health = world.market.health()[0]
    assert (health.name, health.live, health.samples, health.refused, health.last_at) == (
        "kraken",
        True,
        4,
        3,
        later(0),
    )
    assert health.last_refusal == "jump"
    assert (world.counters.get("samples"), world.counters.get("samples_refused", "kraken")) == (4, 3)
    world.clock.set(later(16))
    assert [(each.live, each.since) for each in world.market.health()] == [(False, later(16))]


async def test_absurd_numbers_of_the_day_do_no_harm(store: SqliteStore) -> None:
    world = World(store, ["kraken"])
    for number, absurd in enumerate(("NaN", "sNaN", "Infinity", "-1", "1e999999", "1e-999999", "0")):
        value = Decimal(absurd)
        day = replace(heard("kraken", "100", later(number)), open_24h=value, high_24h=value, volume_24h=value)
        world.hear(number, day)
    assert len(world.quotes) == 7
    assert {quote.change_24h_pct for quote in world.quotes} == {None}
