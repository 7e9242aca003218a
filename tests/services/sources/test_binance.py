import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import httpx
import pytest

from services.domain.candles import LENGTH, Interval
from services.domain.coins import Coin
from services.domain.quotes import Sample
from services.feed import SourceError
from services.sources.binance import Binance
from tests.fakes.exchanges import FakeExchanges
from tests.fakes.exchanges.binance import FakeBinance
from tests.fakes.exchanges.clock import EagerClock, HandClock
from tests.fakes.exchanges.venue import HTML, Answer
from tests.services.sources.listening import BATCAT, BTC, COINS, ETH, listening

ROW = {
    "symbol": "BTCUSDT",
    "lastPrice": "91234.01000000",
    "openPrice": "92364.51000000",
    "highPrice": "92800.00000000",
    "lowPrice": "90110.00000000",
    "quoteVolume": "1693080000.10000000",
    "closeTime": 1795340405000,
}
TICK = {"e": "24hrMiniTicker", "E": 1795340405001, "s": "BTCUSDT", "c": "91234.01000000", "o": "92364.51000000",
        "h": "92800.00000000", "l": "90110.00000000", "v": "18495.35000000", "q": "1693080000.10000000"}  # fmt: skip


@pytest.fixture
def venue(exchanges: FakeExchanges) -> FakeBinance:
    return exchanges.binance


@pytest.fixture
def source(client: httpx.AsyncClient, clock: EagerClock, venue: FakeBinance) -> Binance:
    return Binance(client, clock, venue.api_base, venue.ws_base)


@pytest.fixture
def live(client: httpx.AsyncClient, hand_clock: HandClock, venue: FakeBinance) -> Binance:
    """The source by a clock that stands still, so that no silence is noticed."""
    return Binance(client, hand_clock, venue.api_base, venue.ws_base)


def listing(*symbols: str) -> Answer:
    return Answer(json.dumps([{"symbol": symbol, "price": "1.0"} for symbol in symbols]).encode())


def rows(*changed: dict[str, object]) -> Answer:
    return Answer(json.dumps([ROW | each for each in changed]).encode())


async def test_the_day_ticker_becomes_a_sample_in_tether(
    source: Binance, venue: FakeBinance, clock: EagerClock
) -> None:
    venue.answers.extend([listing("BTCUSDT"), rows({})])
    assert await source.samples((BTC,)) == (
        Sample(
            source="binance",
            base="bitcoin",
            quote="usdt",
            price=Decimal("91234.01"),
            at=datetime(2026, 11, 22, 9, 40, 5, tzinfo=UTC),
            seen_at=clock.now(),
            open_24h=Decimal("92364.51"),
            high_24h=Decimal(92800),
            low_24h=Decimal(90110),
            volume_24h=Decimal("1693080000.1"),
        ),
    )
    assert venue.asked[-1].params == {"symbols": '["BTCUSDT"]', "type": "MINI"}


async def test_dollar_coin_and_euro_come_along_in_tether(source: Binance, exchanges: FakeExchanges) -> None:
    exchanges.market.money["USDT"] = exchanges.market.prices["USDT"] = Decimal(1)
    found = {sample.base: (sample.quote, sample.price) for sample in await source.samples((ETH,))}
    assert found == {
        "ethereum": ("usdt", Decimal(3100)),
        "usd-coin": ("usdt", Decimal("0.9999")),
        "eur": ("usdt", Decimal("1.16")),
    }


@pytest.mark.parametrize(
    "changed",
    [
        {"lastPrice": "NaN"},
        {"lastPrice": "-1"},
        {"lastPrice": "0.00000000"},
        {"lastPrice": "1e999"},
        {"lastPrice": "Infinity"},
        {"lastPrice": None},
        {"lastPrice": "n/a"},
        {"lastPrice": []},
        {"closeTime": "soon"},
        {"closeTime": -1},
        {"symbol": "USDTBTC"},
        {"symbol": "ETHUSDT"},
        {"symbol": 7},
    ],
)
async def test_a_row_that_is_off_costs_that_row_only(
    source: Binance, venue: FakeBinance, changed: dict[str, object]
) -> None:
    venue.answers.extend([listing("BTCUSDT", "USDCUSDT"), rows(changed, {"symbol": "USDCUSDT", "lastPrice": "0.9997"})])
    assert [sample.base for sample in await source.samples((BTC,))] == ["usd-coin"]


async def test_numbers_may_come_as_numbers(source: Binance, venue: FakeBinance) -> None:
    venue.answers.extend([listing("BTCUSDT"), Answer(b'[{"symbol": "BTCUSDT", "lastPrice": 0.1234567890123456789}]')])
    (sample,) = await source.samples((BTC,))
    assert sample.price == Decimal("0.1234567890123456789")
    assert sample.at == sample.seen_at


@pytest.mark.parametrize("body", [b"{}", b"null", b"", b"[", b'{"symbol": "BTCUSDT"}', b"[" * 100_000, b"\xff"])
async def test_an_answer_that_is_no_list_is_a_source_error(source: Binance, venue: FakeBinance, body: bytes) -> None:
    venue.answers.extend([listing("BTCUSDT"), Answer(body)])
    with pytest.raises(SourceError, match="unreadable"):
        await source.samples((BTC,))


async def test_coins_that_are_not_listed_are_not_asked_for(source: Binance, venue: FakeBinance) -> None:
    venue.missing.add("DOGE")
    assert {sample.base for sample in await source.samples(COINS)} == {"bitcoin", "ethereum", "usd-coin", "eur"}


async def test_without_a_listing_every_coin_is_tried(source: Binance, venue: FakeBinance) -> None:
    venue.answers.append(HTML)
    assert {sample.base for sample in await source.samples(COINS)} >= {"bitcoin", "ethereum", "dogecoin"}


async def test_an_unknown_symbol_is_a_source_error_and_the_listing_is_asked_for_anew(
    source: Binance, venue: FakeBinance
) -> None:
    await source.samples(COINS)
    venue.missing.add("DOGE")
    with pytest.raises(SourceError, match="Invalid symbol"):
        await source.samples(COINS)
    assert "dogecoin" not in {sample.base for sample in await source.samples(COINS)}


async def test_another_coin_of_the_same_ticker_does_not_get_the_price(source: Binance) -> None:
    assert {sample.base for sample in await source.samples((BATCAT,))} == {"usd-coin", "eur"}
    with pytest.raises(SourceError, match="does not trade batcat"):
        await source.candles(BATCAT, "1h", datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC))


async def test_more_than_a_hundred_coins_take_several_requests(source: Binance, venue: FakeBinance) -> None:
    coins = tuple(Coin(f"coin-{n}", f"C{n}", f"Coin {n}", n) for n in range(1, 151))
    names = [f"C{n}USDT" for n in range(1, 151)]
    venue.answers.extend([listing(*names), rows({"symbol": "C1USDT"}), rows({"symbol": "C99USDT"})])
    assert {sample.base for sample in await source.samples(coins)} == {"coin-1", "coin-99"}
    assert [len(json.loads(asked.params["symbols"])) for asked in venue.asked[1:]] == [100, 50]


async def test_a_ban_is_told_with_its_length(source: Binance, venue: FakeBinance) -> None:
    body = b'{"code": -1003, "msg": "Way too much request weight used; IP banned."}'
    venue.answers.extend([listing("BTCUSDT"), Answer(body, 418, {"Retry-After": "300"})])
    with pytest.raises(SourceError, match="IP banned") as banned:
        await source.samples((BTC,))
    assert banned.value.retry_after_seconds == 300


@pytest.mark.parametrize("interval", LENGTH)
async def test_bars_of_every_interval_are_those_of_the_market(
    source: Binance, exchanges: FakeExchanges, interval: Interval
) -> None:
    last = datetime(2026, 11, 22, tzinfo=UTC)
    first = last - LENGTH[interval] * 9
    bars = await source.candles(BTC, interval, first, last)
    assert bars == tuple(exchanges.market.bars("BTC", int(LENGTH[interval].total_seconds()), first, last))
    assert len(bars) == 10


async def test_bars_beyond_a_thousand_are_paged(source: Binance, venue: FakeBinance) -> None:
    last = datetime(2026, 11, 22, 8, tzinfo=UTC)
    first = last - timedelta(minutes=2499)
    bars = await source.candles(BTC, "1m", first, last)
    assert [bar.at for bar in bars] == [first + timedelta(minutes=n) for n in range(2500)]
    assert len(venue.asked) == 4


async def test_a_server_that_repeats_a_page_is_not_asked_for_ever(source: Binance, venue: FakeBinance) -> None:
    first = datetime(2026, 11, 20, tzinfo=UTC)
    page = [[1795132800000 + n * 60_000, "1", "1", "1", "1", "1", 0, "1", 1, "1", "1", "0"] for n in range(1000)]
    venue.answers.extend([listing("BTCUSDT")] + [Answer(json.dumps(page).encode())] * 10)
    bars = await source.candles(BTC, "1m", first, first + timedelta(minutes=4000))
    assert len(bars) == 1000
    assert len(venue.asked) <= 6


async def test_bars_that_are_off_are_left_out(source: Binance, venue: FakeBinance) -> None:
    good = [1795305600000, "91010.0", "91400.0", "90990.1", "91234.01", "812.3", 1795309199999]
    body = [good, [1795309200000, "1", "0.5", "1", "1", "1"], [1795312800000, "NaN"], [], "x", ["a"] * 12]
    venue.answers.extend([listing("BTCUSDT"), Answer(json.dumps(body).encode())])
    first = datetime(2026, 11, 22, tzinfo=UTC)
    bars = await source.candles(BTC, "1h", first, first + timedelta(days=1))
    assert [(bar.at, bar.close) for bar in bars] == [(datetime(2026, 11, 22, 0, tzinfo=UTC), Decimal("91234.01"))]


async def test_the_stream_tells_prices_as_they_move(
    live: Binance, exchanges: FakeExchanges, venue: FakeBinance
) -> None:
    exchanges.market.prices["USDT"] = Decimal(1)
    async with listening(live) as ear:
        await venue.until_subscribed("ethusdt@miniTicker")
        await exchanges.set_price("ETH", Decimal("3120.55"))
        sample = await ear.first("ethereum")
    assert (sample.source, sample.quote, sample.price) == ("binance", "usdt", Decimal("3120.55"))
    assert sample.volume_24h == Decimal(3120550)


async def test_a_combined_frame_is_read_whole(live: Binance, venue: FakeBinance) -> None:
    async with listening(live) as ear:
        await venue.until_subscribed("btcusdt@miniTicker")
        await venue.say(json.dumps({"stream": "btcusdt@miniTicker", "data": TICK}))
        sample = await ear.first("bitcoin")
    assert sample.price == Decimal("91234.01")
    assert sample.at == datetime(2026, 11, 22, 9, 40, 5, 1000, tzinfo=UTC)
    assert (sample.open_24h, sample.high_24h, sample.low_24h) == (Decimal("92364.51"), Decimal(92800), Decimal(90110))
    assert sample.volume_24h == Decimal("1693080000.1")


@pytest.mark.parametrize(
    "frame",
    [
        {"stream": "btcusdt@bookTicker", "data": {"u": 40090012345, "s": "BTCUSDT", "b": "91234.0", "a": "91234.1"}},
        {"stream": "usdtbtc@miniTicker", "data": TICK | {"s": "USDTBTC"}},
        {"stream": "btcusdt@miniTicker", "data": TICK | {"c": "NaN"}},
        {"stream": "btcusdt@miniTicker", "data": TICK | {"c": "1e400"}},
        {"stream": "btcusdt@miniTicker", "data": TICK | {"c": "-3"}},
        {"stream": "btcusdt@miniTicker", "data": TICK | {"E": "yesterday"}},
        {"stream": "btcusdt@miniTicker", "data": {}},
        {"stream": "x", "data": None},
        {"result": None, "id": 1},
        {},
    ],
)
async def test_a_frame_without_a_usable_price_is_passed_over(
    live: Binance, venue: FakeBinance, frame: dict[str, object]
) -> None:
    async with listening(live) as ear:
        await venue.until_subscribed("btcusdt@miniTicker")
        await venue.say(json.dumps(frame))
        await venue.tick("ETH")
        await ear.first("ethereum")
    assert ear.of("bitcoin") == []


@pytest.mark.parametrize(
    "frame", [{"code": 2, "msg": "Invalid request: x"}, {"error": {"code": 2, "msg": "Invalid request: x"}, "id": 1}]
)
async def test_a_refused_request_ends_the_stream(live: Binance, venue: FakeBinance, frame: dict[str, object]) -> None:
    async with listening(live) as ear:
        await venue.until_subscribed("btcusdt@miniTicker")
        await venue.say(json.dumps(frame))
        with pytest.raises(SourceError, match="Invalid request"):
            await ear.ended()


async def test_a_thousand_coins_are_asked_for_in_few_frames_and_no_more_than_a_connection_may(
    live: Binance, venue: FakeBinance
) -> None:
    venue.answers.append(HTML)
    coins = tuple(Coin(f"coin-{n}", f"C{n}", f"Coin {n}", 1 + n % 900) for n in range(1500))
    async with listening(live, coins):
        await venue.until(lambda: any(len(socket.subscribed) == 1024 for socket in venue.sockets))
        (socket,) = venue.sockets
        assert len(socket.heard) == 4


async def test_repeated_and_late_ticks_are_passed_on_with_their_own_times(
    live: Binance, venue: FakeBinance, clock: EagerClock
) -> None:
    late = clock.now() - timedelta(hours=2)
    async with listening(live) as ear:
        await venue.until_subscribed("btcusdt@miniTicker")
        for at in (clock.now(), clock.now(), late):
            await venue.tick("BTC", Decimal(900), at)
        await ear.until(lambda: len(ear.of("bitcoin")) == 3)
    assert [sample.at for sample in ear.of("bitcoin")][2] == late
