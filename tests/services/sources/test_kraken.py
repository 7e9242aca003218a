import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import httpx
import pytest

from services.domain.candles import LENGTH, Interval
from services.domain.quotes import Sample
from services.feed import SourceError
from services.sources.kraken import Kraken
from tests.fakes.exchanges import FakeExchanges
from tests.fakes.exchanges.clock import EagerClock, HandClock
from tests.fakes.exchanges.kraken import FakeKraken
from tests.fakes.exchanges.venue import HTML, Answer
from tests.services.sources.listening import BATCAT, BTC, COINS, DOGE, ETH, listening

TICKER = {
    "a": ["91240.10000", "1", "1.000"],
    "b": ["91240.00000", "2", "2.000"],
    "c": ["91240.00000", "0.00420000"],
    "v": ["812.10000000", "2310.50000000"],
    "p": ["91300.12000", "91480.40000"],
    "t": [12010, 40321],
    "l": ["90111.00000", "90100.00000"],
    "h": ["92000.00000", "92790.00000"],
    "o": "92010.00000",
}
TICK = {"symbol": "BTC/USD", "bid": 91240.0, "bid_qty": 1.25, "ask": 91240.1, "ask_qty": 0.5, "last": 91240.0,
        "volume": 2310.5, "vwap": 91480.4, "low": 90100.0, "high": 92790.0, "change": -1120.3, "change_pct": -1.21,
        "timestamp": "2026-11-22T09:00:00.123456Z"}  # fmt: skip
RATES = {"tether", "usd-coin", "eur", "gbp"}


@pytest.fixture
def venue(exchanges: FakeExchanges) -> FakeKraken:
    return exchanges.kraken


@pytest.fixture
def source(client: httpx.AsyncClient, clock: EagerClock, venue: FakeKraken) -> Kraken:
    return Kraken(client, clock, venue.api_base, venue.ws_base)


@pytest.fixture
def live(client: httpx.AsyncClient, hand_clock: HandClock, venue: FakeKraken) -> Kraken:
    """The source by a clock that stands still, so that no silence is noticed."""
    return Kraken(client, hand_clock, venue.api_base, venue.ws_base)


def tickers(**rows: object) -> Answer:
    return Answer(json.dumps({"error": [], "result": rows}).encode())


LISTED = tickers(**{"BTC/USD": TICKER})


@pytest.mark.parametrize("key", ["BTC/USD", "XXBTZUSD", "XBTUSD", "BTCUSD"])
async def test_a_ticker_becomes_a_sample_under_any_name_of_the_pair(
    source: Kraken, venue: FakeKraken, clock: EagerClock, key: str
) -> None:
    venue.answers.extend([LISTED, tickers(**{key: TICKER})])
    (sample,) = await source.samples((BTC,))
    assert sample == Sample(
        source="kraken",
        base="bitcoin",
        quote="usd",
        price=Decimal("91240.00000"),
        at=clock.now(),
        seen_at=clock.now(),
        high_24h=Decimal(92790),
        low_24h=Decimal(90100),
        volume_24h=Decimal("2310.5") * Decimal("91480.4"),
    )
    assert venue.asked[-1].params == {"pair": "XBTUSD", "assetVersion": "1"}


async def test_stable_coins_and_money_come_along_in_dollars(source: Kraken, exchanges: FakeExchanges) -> None:
    found = {sample.base: sample.price for sample in await source.samples((DOGE,))}
    assert found == {
        "dogecoin": Decimal("0.15"),
        "tether": Decimal("1.0004"),
        "usd-coin": Decimal("0.9999"),
        "eur": Decimal("1.16"),
        "gbp": Decimal("1.31"),
    }
    assert {sample.quote for sample in await source.samples((DOGE,))} == {"usd"}


@pytest.mark.parametrize(
    ("error", "hold"),
    [
        ("EQuery:Unknown asset pair", None),
        ("EService:Unavailable", None),
        ("EGeneral:Too many requests", 30.0),
        ("EAPI:Rate limit exceeded", 30.0),
    ],
)
async def test_an_error_with_status_200_is_a_source_error(
    source: Kraken, venue: FakeKraken, error: str, hold: float | None
) -> None:
    venue.answers.extend([LISTED, Answer(json.dumps({"error": [error]}).encode())])
    with pytest.raises(SourceError, match=error) as failed:
        await source.samples((BTC,))
    assert failed.value.retry_after_seconds == hold


async def test_after_too_many_requests_nothing_is_asked_for_a_while(source: Kraken, venue: FakeKraken) -> None:
    venue.answers.extend([LISTED, Answer(b'{"error": ["EGeneral:Too many requests"]}')])
    for _ in range(2):
        with pytest.raises(SourceError):
            await source.samples((BTC,))
    assert len(venue.asked) == 2


@pytest.mark.parametrize("body", [b"[]", b"null", b"", b'{"error": "x"}', b'{"error": [], "result": []}', b"\xff"])
async def test_an_answer_of_another_shape_is_a_source_error(source: Kraken, venue: FakeKraken, body: bytes) -> None:
    venue.answers.extend([LISTED, Answer(body)])
    with pytest.raises(SourceError):
        await source.samples((BTC,))


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"c": []},
        {"c": ["NaN"]},
        {"c": ["-1", "1"]},
        {"c": ["0.00000"]},
        {"c": None},
        {"c": "91240"},
        [],
        None,
        TICKER | {"c": ["1e999"]},
    ],
)
async def test_a_row_that_is_off_costs_that_row_only(source: Kraken, venue: FakeKraken, row: object) -> None:
    both = {"BTC/USD": row, "EUR/USD": TICKER, "USD/BTC": TICKER}
    venue.answers.extend([tickers(**{"BTC/USD": TICKER, "EUR/USD": TICKER}), tickers(**both)])
    assert [sample.base for sample in await source.samples((BTC,))] == ["eur"]


async def test_missing_figures_of_the_day_are_absent(source: Kraken, venue: FakeKraken) -> None:
    venue.answers.extend([LISTED, tickers(**{"BTC/USD": {"c": ["91240.0"], "h": ["1"], "v": ["1", "2"]}})])
    (sample,) = await source.samples((BTC,))
    assert (sample.high_24h, sample.low_24h, sample.volume_24h, sample.open_24h) == (None, None, None, None)


async def test_coins_it_does_not_list_are_not_asked_for(source: Kraken, venue: FakeKraken) -> None:
    venue.missing.add("DOGE")
    assert {sample.base for sample in await source.samples(COINS)} == {"bitcoin", "ethereum"} | RATES


async def test_without_a_listing_every_coin_is_tried(source: Kraken, venue: FakeKraken) -> None:
    venue.answers.append(HTML)
    assert {sample.base for sample in await source.samples(COINS)} == {"bitcoin", "ethereum", "dogecoin"} | RATES


async def test_another_coin_of_the_same_ticker_does_not_get_the_price(source: Kraken) -> None:
    assert {sample.base for sample in await source.samples((BATCAT,))} == RATES


@pytest.mark.parametrize("interval", LENGTH)
async def test_bars_of_every_interval_are_those_of_the_market(
    source: Kraken, exchanges: FakeExchanges, interval: Interval
) -> None:
    last = datetime(2026, 11, 22, tzinfo=UTC)
    first = last - LENGTH[interval] * 9
    bars = await source.candles(DOGE, interval, first, last)
    assert bars == tuple(exchanges.market.bars("DOGE", int(LENGTH[interval].total_seconds()), first, last))
    assert len(bars) == 10


async def test_bars_older_than_it_keeps_are_refused_rather_than_cut(source: Kraken, clock: EagerClock) -> None:
    with pytest.raises(SourceError, match="720"):
        await source.candles(BTC, "1m", clock.now() - timedelta(minutes=721), clock.now())


async def test_bars_of_another_pair_are_refused(source: Kraken, venue: FakeKraken, clock: EagerClock) -> None:
    bar = [int(clock.now().timestamp()), "1", "1", "1", "1", "1", "1", 1]
    venue.answers.extend([LISTED, tickers(**{"ETH/USD": [bar], "last": 1})])
    with pytest.raises(SourceError, match="without the bars"):
        await source.candles(BTC, "1h", clock.now() - timedelta(hours=3), clock.now())


async def test_a_coin_it_does_not_trade_has_no_bars(source: Kraken, clock: EagerClock) -> None:
    with pytest.raises(SourceError, match="does not trade batcat"):
        await source.candles(BATCAT, "1h", clock.now(), clock.now())


async def test_the_stream_tells_the_snapshot_and_then_prices_as_they_move(
    live: Kraken, exchanges: FakeExchanges, venue: FakeKraken
) -> None:
    async with listening(live) as ear:
        assert (await ear.first("bitcoin")).price == Decimal(90000)
        await ear.first("gbp")
        await exchanges.set_price("BTC", Decimal("91240.1"))
        await ear.until(lambda: len(ear.of("bitcoin")) == 2)
    assert ear.of("bitcoin")[1].price == Decimal("91240.1")


async def test_a_ticker_frame_is_read_whole_and_without_rounding(live: Kraken, venue: FakeKraken) -> None:
    exact = json.dumps(TICK).replace('"last": 91240.0', '"last": 91240.000000000000000001')
    async with listening(live) as ear:
        await venue.until_subscribed("BTC/USD")
        await ear.first("bitcoin")
        await venue.say(f'{{"channel": "ticker", "type": "update", "data": [{exact}]}}')
        await ear.until(lambda: len(ear.of("bitcoin")) == 2)
    sample = ear.of("bitcoin")[1]
    assert sample.price == Decimal("91240.000000000000000001")
    assert sample.at == datetime(2026, 11, 22, 9, 0, 0, 123456, tzinfo=UTC)
    assert sample.open_24h == Decimal("92360.300000000000000001")
    assert sample.volume_24h == Decimal("2310.5") * Decimal("91480.4")


@pytest.mark.parametrize(
    "frame",
    [
        {"channel": "heartbeat"},
        {"channel": "status", "type": "update", "data": [{"system": "maintenance"}]},
        {"method": "pong", "time_in": "x"},
        {"channel": "ticker", "type": "update", "data": []},
        {"channel": "ticker", "type": "update", "data": [TICK | {"symbol": "USD/BTC"}]},
        {"channel": "ticker", "type": "update", "data": [TICK | {"last": -1}]},
        {"channel": "ticker", "type": "update", "data": [TICK | {"last": "NaN"}]},
        {"channel": "ticker", "type": "update", "data": [TICK | {"last": 1e300}]},
        {"channel": "ticker", "type": "update", "data": [TICK | {"last": None}]},
        {"channel": "ticker", "type": "update", "data": [TICK | {"timestamp": "soon"}]},
        {"channel": "ticker", "type": "update", "data": [{}]},
        {"channel": "ticker", "type": "update", "data": "x"},
    ],
)
async def test_a_frame_without_a_usable_price_is_passed_over(
    live: Kraken, venue: FakeKraken, frame: dict[str, object]
) -> None:
    async with listening(live) as ear:
        await ear.first("dogecoin")
        await venue.say(json.dumps(frame))
        await venue.tick("ETH")
        await ear.until(lambda: len(ear.of("ethereum")) == 2)
    assert [sample.price for sample in ear.of("bitcoin")] == [Decimal(90000)]


async def test_one_refused_symbol_does_not_cost_the_others(live: Kraken, venue: FakeKraken) -> None:
    venue.answers.append(HTML)
    venue.missing.add("DOGE")
    async with listening(live) as ear:
        await ear.first("ethereum")
        await venue.tick("ETH")
        await ear.until(lambda: len(ear.of("ethereum")) == 2)
    assert ear.of("dogecoin") == []


async def test_if_every_symbol_is_refused_the_stream_ends(live: Kraken, venue: FakeKraken) -> None:
    venue.answers.append(LISTED)
    venue.missing.update(venue.market.traded)
    async with listening(live, (BTC,)) as ear:
        with pytest.raises(SourceError, match="not supported BTC/USD"):
            await ear.ended()


async def test_in_a_silence_it_pings_and_the_answer_keeps_the_connection(
    live: Kraken, venue: FakeKraken, hand_clock: HandClock
) -> None:
    async with listening(live) as ear:
        await ear.first("dogecoin")
        await hand_clock.asleep(7.5)
        hand_clock.advance(10)
        await venue.until(lambda: any("ping" in text for text in venue.sockets[0].heard))
        await hand_clock.asleep(5.0)
        await venue.tick("BTC")
        await ear.until(lambda: len(ear.of("bitcoin")) == 2)
    assert venue.connections == 1


async def test_heartbeats_keep_the_connection(live: Kraken, venue: FakeKraken, hand_clock: HandClock) -> None:
    async with listening(live, (ETH,)) as ear:
        await ear.first("ethereum")
        await hand_clock.asleep(7.5)
        hand_clock.jump(20)
        await venue.beat()
        await venue.tick("ETH")
        await ear.until(lambda: len(ear.of("ethereum")) == 2)
        hand_clock.advance(0)
        await hand_clock.asleep(7.5)
    assert venue.connections == 1
