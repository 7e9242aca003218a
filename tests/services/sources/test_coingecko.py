import asyncio
import json
from datetime import UTC, datetime
from decimal import Decimal

import httpx
import pytest

from services.domain.coins import Coin
from services.domain.quotes import Sample
from services.feed import SourceError
from services.sources.coingecko import CoinGecko, Plan
from tests.fakes.exchanges import FakeExchanges
from tests.fakes.exchanges.clock import EagerClock, HandClock
from tests.fakes.exchanges.coingecko import (
    RATE_LIMIT,
    TOO_LONG_AGO,
    UNKNOWN_COIN,
    WRONG_HOST,
    FakeCoinGecko,
)
from tests.fakes.exchanges.venue import HTML, Answer
from tests.services.sources.listening import BTC, COINS, ETH, listening

SIMPLE = {
    "bitcoin": {"usd": 91234.0, "usd_24h_vol": 45210987654.3, "usd_24h_change": 25.0, "last_updated_at": 1795340405},
    "ethereum": {"usd": 1.5e-07, "usd_24h_vol": 21.5, "usd_24h_change": None, "last_updated_at": 1795340401},
}
KEY = "CG-made-up-key"


@pytest.fixture
def venue(exchanges: FakeExchanges) -> FakeCoinGecko:
    return exchanges.coingecko


@pytest.fixture
def source(client: httpx.AsyncClient, clock: EagerClock, venue: FakeCoinGecko) -> CoinGecko:
    return CoinGecko(client, clock, venue.api_base, None, "none", 30)


def body(content: object, status: int = 200) -> Answer:
    return Answer(json.dumps(content).encode(), status)


async def test_simple_prices_become_samples(source: CoinGecko, venue: FakeCoinGecko, clock: EagerClock) -> None:
    venue.answers.append(body(SIMPLE))
    bitcoin, ethereum = await source.samples((BTC, ETH))
    assert bitcoin == Sample(
        source="coingecko",
        base="bitcoin",
        quote="usd",
        price=Decimal("91234.0"),
        at=datetime(2026, 11, 22, 9, 40, 5, tzinfo=UTC),
        seen_at=clock.now(),
        open_24h=Decimal("72987.2"),
        volume_24h=Decimal("45210987654.3"),
    )
    assert (ethereum.price, ethereum.open_24h) == (Decimal("0.00000015"), None)
    assert venue.asked[0].params["ids"] == "bitcoin,ethereum"


async def test_unknown_coins_are_left_out(source: CoinGecko, venue: FakeCoinGecko) -> None:
    unknown = Coin("no-such-coin", "NSC", "No such coin", None)
    assert [sample.base for sample in await source.samples((unknown, BTC))] == ["bitcoin"]
    venue.answers.append(Answer(b"{}"))
    assert await source.samples((unknown,)) == ()


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"usd": None},
        {"usd": -1},
        {"usd": 0},
        {"usd": "NaN"},
        {"usd": 1e300},
        {"usd": 5, "last_updated_at": -1},
        {"usd": []},
        [],
        None,
        "x",
    ],
)
async def test_a_row_that_is_off_costs_that_row_only(source: CoinGecko, venue: FakeCoinGecko, row: object) -> None:
    venue.answers.append(body(SIMPLE | {"bitcoin": row, "unasked": {"usd": 1}}))
    assert [sample.base for sample in await source.samples((BTC, ETH))] == ["ethereum"]


@pytest.mark.parametrize(
    ("answer", "reason", "hold"),
    [
        (body(RATE_LIMIT, 429), "exceeded the Rate Limit", 30.0),
        (Answer(b"Throttled", 429, {"Content-Type": "text/plain"}), "429", 30.0),
        (body(TOO_LONG_AGO, 401), "exceeds the allowed time range", None),
        (body(UNKNOWN_COIN, 404), "coin not found", None),
        (body(WRONG_HOST, 400), "change your root URL", None),
        (Answer(HTML.body, 403, HTML.headers), "403", 600.0),
        (HTML, "web page", None),
        (body({"status": {"error_code": 10005, "error_message": "Not in your plan"}}, 403), "Not in your plan", None),
        (body({"status": {"error_code": 10002, "error_message": "API Key Missing"}}, 401), "Key Missing", 600.0),
        (body([]), "unreadable", None),
        (Answer(b""), "unreadable", None),
    ],
)
async def test_every_error_shape_is_a_source_error(
    source: CoinGecko, venue: FakeCoinGecko, answer: Answer, reason: str, hold: float | None
) -> None:
    venue.answers.append(answer)
    with pytest.raises(SourceError, match=reason) as failed:
        await source.samples((BTC,))
    assert failed.value.retry_after_seconds == hold
    assert len(venue.asked) == 1


@pytest.mark.parametrize(
    ("plan", "header", "pro"), [("demo", "x-cg-demo-api-key", False), ("pro", "x-cg-pro-api-key", True)]
)
async def test_the_plan_decides_the_header_of_the_key(
    client: httpx.AsyncClient, clock: EagerClock, venue: FakeCoinGecko, plan: Plan, header: str, pro: bool
) -> None:
    venue.pro = pro
    await CoinGecko(client, clock, venue.api_base, KEY, plan, 30).samples((BTC,))
    assert venue.asked[0].headers[header] == KEY
    assert KEY not in venue.asked[0].path + str(venue.asked[0].params)


async def test_without_a_plan_no_key_is_sent(
    client: httpx.AsyncClient, clock: EagerClock, venue: FakeCoinGecko
) -> None:
    await CoinGecko(client, clock, venue.api_base, KEY, "none", 30).samples((BTC,))
    assert KEY not in str(venue.asked[0].headers)


async def test_the_wrong_key_for_the_host_is_a_source_error_without_the_key(
    client: httpx.AsyncClient, clock: EagerClock, venue: FakeCoinGecko
) -> None:
    with pytest.raises(SourceError, match="change your root URL") as failed:
        await CoinGecko(client, clock, venue.api_base, KEY, "pro", 30).samples((BTC,))
    assert KEY not in repr(failed.value)


async def test_rates_are_what_one_unit_is_worth_in_dollars(source: CoinGecko, venue: FakeCoinGecko) -> None:
    prices = {
        "usd": 90000,
        "eur": 75000,
        "gbp": 72000,
        "jpy": 13500000,
        "krw": None,
        "inr": 0,
        "last_updated_at": 1795340405,
    }
    venue.answers.append(body({"bitcoin": prices}))
    found = await source.rates()
    assert {(rate.base, rate.quote): rate.price for rate in found} == {
        ("eur", "usd"): Decimal("1.2"),
        ("gbp", "usd"): Decimal("1.25"),
        ("jpy", "usd"): Decimal(90000) / Decimal(13500000),
    }
    assert {rate.at for rate in found} == {datetime(2026, 11, 22, 9, 40, 5, tzinfo=UTC)}
    assert set(venue.asked[0].params["vs_currencies"].split(",")) >= {"usd", "eur", "jpy", "pln"}


@pytest.mark.parametrize("content", [{}, {"bitcoin": {}}, {"bitcoin": {"usd": 0, "eur": 1}}, {"bitcoin": []}])
async def test_an_answer_without_dollars_has_no_rates(source: CoinGecko, venue: FakeCoinGecko, content: object) -> None:
    venue.answers.append(body(content))
    with pytest.raises(SourceError, match="without rates"):
        await source.rates()


async def test_equal_questions_at_one_time_are_one_call(source: CoinGecko, venue: FakeCoinGecko) -> None:
    answers = await asyncio.gather(*(source.top(5) for _ in range(20)))
    assert {len(answer) for answer in answers} == {5}
    assert len(venue.asked) == 1


async def test_the_budget_counts_failed_calls(
    client: httpx.AsyncClient, hand_clock: HandClock, venue: FakeCoinGecko
) -> None:
    source = CoinGecko(client, hand_clock, venue.api_base, None, "none", 3)
    for _ in range(3):
        venue.answers.append(body(UNKNOWN_COIN, 404))
        with pytest.raises(SourceError, match="not found"):
            await source.search("x")
    with pytest.raises(SourceError, match="budget"):
        await source.search("x")
    assert len(venue.asked) == 3


async def test_the_stream_polls_prices_and_now_and_then_rates(
    client: httpx.AsyncClient, hand_clock: HandClock, exchanges: FakeExchanges, venue: FakeCoinGecko
) -> None:
    source = CoinGecko(client, hand_clock, venue.api_base, None, "none", 30)
    async with listening(source, COINS) as ear:
        await hand_clock.asleep(60.0)
        assert {sample.base for sample in ear.samples} == {"bitcoin", "ethereum", "dogecoin", "eur", "gbp", "jpy"}
        await exchanges.set_price("BTC", Decimal(95000))
        hand_clock.advance(60)
        await ear.until(lambda: len(ear.of("bitcoin")) == 2)
    assert ear.of("bitcoin")[1].price == Decimal(95000)
    assert len(ear.of("eur")) == 1


async def test_the_stream_uses_half_the_budget_at_most(
    client: httpx.AsyncClient, hand_clock: HandClock, venue: FakeCoinGecko
) -> None:
    coins = tuple(Coin(f"coin-{n}", f"C{n}", f"Coin {n}", n) for n in range(600))
    source = CoinGecko(client, hand_clock, venue.api_base, None, "none", 6)
    async with listening(source, coins):
        await hand_clock.asleep(80.0)
    assert len(venue.asked) == 4


async def test_a_failing_poll_ends_the_stream(source: CoinGecko, venue: FakeCoinGecko) -> None:
    venue.answers.append(body(RATE_LIMIT, 429))
    async with listening(source) as ear:
        with pytest.raises(SourceError, match="Rate Limit"):
            await ear.ended()


@pytest.mark.parametrize(
    ("plan", "host"),
    [("none", b"api.coingecko.com"), ("demo", b"api.coingecko.com"), ("pro", b"pro-api.coingecko.com")],
)
async def test_without_an_address_the_plan_decides_the_host(clock: EagerClock, plan: Plan, host: bytes) -> None:
    hosts: list[bytes] = []

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hosts.append((await reader.readline()).split()[1])
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as proxy:
        address = f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
        async with httpx.AsyncClient(proxy=address, trust_env=False) as client:
            with pytest.raises(SourceError):
                await CoinGecko(client, clock, None, KEY, plan, 30).samples((BTC,))
    assert set(hosts) == {host + b":443"}
