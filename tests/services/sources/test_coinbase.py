import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import httpx
import pytest

from services.domain.candles import LENGTH, Candle, Interval
from services.domain.coins import Coin
from services.domain.quotes import Sample
from services.feed import SourceError
from services.sources.coinbase import Coinbase
from tests.fakes.exchanges import FakeExchanges
from tests.fakes.exchanges.clock import EagerClock, HandClock
from tests.fakes.exchanges.coinbase import FakeCoinbase
from tests.fakes.exchanges.venue import HTML, Answer
from tests.services.sources.listening import BATCAT, BTC, COINS, ETH, listening

TICK = {"type": "ticker", "sequence": 509786285380, "product_id": "BTC-USD", "price": "91250.12",
        "open_24h": "92380.10", "volume_24h": "10000.5", "low_24h": "90105.00", "high_24h": "92810.00",
        "side": "sell", "time": "2026-11-22T09:00:00.122581Z", "trade_id": 900000002, "last_size": "0.05"}  # fmt: skip
PRODUCTS = Answer(b'[{"id": "BTC-USD", "status": "online"}, {"id": "ETH-USD", "status": "delisted"}]')


@pytest.fixture
def venue(exchanges: FakeExchanges) -> FakeCoinbase:
    return exchanges.coinbase


@pytest.fixture
def source(client: httpx.AsyncClient, clock: EagerClock, venue: FakeCoinbase) -> Coinbase:
    return Coinbase(client, clock, venue.api_base, venue.ws_base)


@pytest.fixture
def live(client: httpx.AsyncClient, hand_clock: HandClock, venue: FakeCoinbase) -> Coinbase:
    """The source by a clock that stands still, so that no silence is noticed."""
    return Coinbase(client, hand_clock, venue.api_base, venue.ws_base)


async def test_ticker_and_stats_become_a_sample(source: Coinbase, venue: FakeCoinbase, clock: EagerClock) -> None:
    venue.answers.extend(
        [
            PRODUCTS,
            Answer(b'{"trade_id": 9, "price": "91250.12", "size": "0.0021", "time": "2026-11-22T09:00:00.123456Z"}'),
            Answer(b'{"open": "92380.10", "high": "92810.00", "low": "90105.00", "last": "91250.12", "volume": "2"}'),
        ]
    )
    assert await source.samples((BTC, ETH)) == (
        Sample(
            source="coinbase",
            base="bitcoin",
            quote="usd",
            price=Decimal("91250.12"),
            at=datetime(2026, 11, 22, 9, 0, 0, 123456, tzinfo=UTC),
            seen_at=clock.now(),
            open_24h=Decimal("92380.10"),
            high_24h=Decimal(92810),
            low_24h=Decimal(90105),
            volume_24h=Decimal("182500.24"),
        ),
    )
    assert [asked.path for asked in venue.asked[1:]] == ["/products/BTC-USD/ticker", "/products/BTC-USD/stats"]


async def test_tether_comes_along_in_dollars(source: Coinbase) -> None:
    found = {sample.base: (sample.quote, sample.price) for sample in await source.samples((ETH,))}
    assert found == {"ethereum": ("usd", Decimal(3100)), "tether": ("usd", Decimal("1.0004"))}


async def test_for_many_coins_the_day_is_not_asked_for(source: Coinbase, venue: FakeCoinbase) -> None:
    coins = (
        *COINS,
        Coin("solana", "SOL", "Solana", 6),
        Coin("ripple", "XRP", "XRP", 4),
        Coin("cardano", "ADA", "A", 9),
    )
    found = await source.samples(coins)
    assert len(found) == 7
    assert {sample.high_24h for sample in found} == {None}
    assert len(venue.asked) == 8


async def test_no_more_than_three_requests_a_second(source: Coinbase, clock: EagerClock) -> None:
    await source.samples(COINS)
    assert sum(clock.slept) >= 2.0


async def test_an_unknown_product_costs_itself_only(source: Coinbase, venue: FakeCoinbase) -> None:
    venue.answers.append(HTML)
    venue.missing.add("DOGE")
    assert {sample.base for sample in await source.samples(COINS)} == {"bitcoin", "ethereum", "tether"}


async def test_too_many_requests_is_a_source_error(source: Coinbase, venue: FakeCoinbase) -> None:
    venue.answers.extend([PRODUCTS, Answer(b'{"message": "Public rate limit exceeded"}', 429)])
    with pytest.raises(SourceError, match="Public rate limit exceeded") as limited:
        await source.samples((BTC,))
    assert limited.value.retry_after_seconds == 30.0


@pytest.mark.parametrize("price", ["NaN", "-1", "0.00", "1e99", None, "Infinity"])
async def test_a_price_that_is_none_makes_no_sample(source: Coinbase, venue: FakeCoinbase, price: str | None) -> None:
    venue.answers.extend([PRODUCTS, Answer(json.dumps({"price": price}).encode()), Answer(b"{}")])
    assert await source.samples((BTC,)) == ()


@pytest.mark.parametrize("body", [b"[]", b'"x"', b"", b'{"price": "n/a"}', b'{"price": [1]}'])
async def test_an_answer_of_another_shape_is_a_source_error(source: Coinbase, venue: FakeCoinbase, body: bytes) -> None:
    venue.answers.extend([PRODUCTS, Answer(body)])
    with pytest.raises(SourceError, match="unreadable"):
        await source.samples((BTC,))


@pytest.mark.parametrize("interval", ["1m", "5m", "15m", "1h", "1d"])
async def test_bars_are_those_of_the_market_oldest_first(
    source: Coinbase, exchanges: FakeExchanges, interval: Interval
) -> None:
    last = datetime(2026, 11, 22, tzinfo=UTC)
    first = last - LENGTH[interval] * 9
    bars = await source.candles(BTC, interval, first, last)
    assert bars == tuple(exchanges.market.bars("BTC", int(LENGTH[interval].total_seconds()), first, last))
    assert len(bars) == 10


async def test_bars_of_four_hours_are_made_of_hours(source: Coinbase, exchanges: FakeExchanges) -> None:
    first = datetime(2026, 11, 20, 3, tzinfo=UTC)
    bars = await source.candles(BTC, "4h", first, datetime(2026, 11, 20, 9, tzinfo=UTC))
    hours = exchanges.market.bars(
        "BTC", 3600, datetime(2026, 11, 20, 4, tzinfo=UTC), datetime(2026, 11, 20, 11, tzinfo=UTC)
    )
    assert bars == tuple(
        Candle(
            at=part[0].at,
            open=part[0].open,
            high=max(bar.high for bar in part),
            low=min(bar.low for bar in part),
            close=part[3].close,
            volume=part[0].volume + part[1].volume + part[2].volume + part[3].volume,
        )
        for part in (hours[:4], hours[4:])
    )


async def test_bars_beyond_three_hundred_are_paged(source: Coinbase, venue: FakeCoinbase) -> None:
    last = datetime(2026, 11, 22, 8, tzinfo=UTC)
    first = last - timedelta(minutes=699)
    bars = await source.candles(BTC, "1m", first, last)
    assert [bar.at for bar in bars] == [first + timedelta(minutes=n) for n in range(700)]
    assert len(venue.asked) == 4


async def test_a_window_without_trades_has_no_bars(source: Coinbase, venue: FakeCoinbase) -> None:
    venue.answers.extend([PRODUCTS, Answer(b"[]")])
    first = datetime(2026, 11, 22, 1, tzinfo=UTC)
    assert await source.candles(BTC, "1m", first, first + timedelta(minutes=5)) == ()


async def test_bars_that_are_off_are_left_out(source: Coinbase, venue: FakeCoinbase) -> None:
    first = datetime(2026, 11, 22, 0, tzinfo=UTC)
    at = int(first.timestamp())
    rows = [[at + 60, 5, 1, 3, 3, 1], [at, 90990.1, 91400.0, 91010.0, 91250.1, 402.11], [at + 120], None, ["x"] * 6]
    venue.answers.extend([PRODUCTS, Answer(json.dumps(rows).encode())])
    assert await source.candles(BTC, "1m", first, first + timedelta(minutes=5)) == (
        Candle(
            first, Decimal("91010.0"), Decimal("91400.0"), Decimal("90990.1"), Decimal("91250.1"), Decimal("402.11")
        ),
    )


async def test_a_coin_it_does_not_trade_has_no_bars(source: Coinbase, clock: EagerClock) -> None:
    with pytest.raises(SourceError, match="does not trade batcat"):
        await source.candles(BATCAT, "1h", clock.now(), clock.now())


async def test_the_stream_tells_prices_as_they_move(
    live: Coinbase, exchanges: FakeExchanges, venue: FakeCoinbase
) -> None:
    async with listening(live) as ear:
        await venue.until_subscribed("ETH-USD")
        await exchanges.set_price("ETH", Decimal("3120.55"))
        assert (await ear.first("ethereum")).price == Decimal("3120.55")
        await exchanges.set_price("USDT", Decimal("0.998"))
        assert (await ear.first("tether")).price == Decimal("0.998")


async def test_a_ticker_frame_is_read_whole(live: Coinbase, venue: FakeCoinbase, hand_clock: HandClock) -> None:
    async with listening(live) as ear:
        await venue.until_subscribed("BTC-USD")
        await venue.say(json.dumps(TICK))
        sample = await ear.first("bitcoin")
    assert sample == Sample(
        source="coinbase",
        base="bitcoin",
        quote="usd",
        price=Decimal("91250.12"),
        at=datetime(2026, 11, 22, 9, 0, 0, 122581, tzinfo=UTC),
        seen_at=hand_clock.now(),
        open_24h=Decimal("92380.10"),
        high_24h=Decimal(92810),
        low_24h=Decimal(90105),
        volume_24h=Decimal("10000.5") * Decimal("91250.12"),
    )


async def test_a_thin_products_ticker_lacks_fields(live: Coinbase, venue: FakeCoinbase) -> None:
    async with listening(live) as ear:
        await venue.until_subscribed("BTC-USD")
        await venue.say('{"type": "ticker_batch", "product_id": "BTC-USD", "price": 91250.5}')
        sample = await ear.first("bitcoin")
    assert (sample.price, sample.at, sample.open_24h) == (Decimal("91250.5"), sample.seen_at, None)


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "subscriptions", "channels": []},
        {"type": "heartbeat", "product_id": "BTC-USD", "time": "2026-11-22T09:00:00Z"},
        {"type": "match", "product_id": "BTC-USD", "price": "1.0"},
        TICK | {"product_id": "USD-BTC"},
        TICK | {"price": "NaN"},
        TICK | {"price": "-5"},
        TICK | {"price": "0"},
        TICK | {"price": None},
        TICK | {"price": "1e300"},
        TICK | {"time": "yesterday"},
        TICK | {"price": "x"},
        {},
    ],
)
async def test_a_frame_without_a_usable_price_is_passed_over(
    live: Coinbase, venue: FakeCoinbase, frame: dict[str, object]
) -> None:
    async with listening(live) as ear:
        await venue.until_subscribed("BTC-USD")
        await venue.say(json.dumps(frame))
        await venue.tick("ETH")
        await ear.first("ethereum")
    assert ear.of("bitcoin") == []


async def test_an_invalid_product_is_left_out_and_the_others_are_asked_for_again(
    live: Coinbase, venue: FakeCoinbase
) -> None:
    venue.answers.append(HTML)
    venue.missing.update({"DOGE", "BTC"})
    async with listening(live) as ear:
        await venue.until_subscribed("ETH-USD")
        await venue.tick("ETH")
        await ear.first("ethereum")
    assert venue.connections == 1


async def test_another_error_ends_the_stream(live: Coinbase, venue: FakeCoinbase) -> None:
    async with listening(live) as ear:
        await venue.until_subscribed("BTC-USD")
        await venue.say('{"type": "error", "message": "Failed to subscribe", "reason": "channel not found"}')
        with pytest.raises(SourceError, match="channel not found"):
            await ear.ended()


async def test_it_subscribes_to_one_heartbeat_only(live: Coinbase, venue: FakeCoinbase) -> None:
    async with listening(live):
        await venue.until_subscribed("BTC-USD")
        (asked,) = map(json.loads, venue.sockets[0].heard)
    assert sorted(asked["product_ids"]) == ["BTC-USD", "DOGE-USD", "ETH-USD", "USDT-USD"]
    assert asked["channels"] == ["ticker", {"name": "heartbeat", "product_ids": ["BTC-USD"]}]
