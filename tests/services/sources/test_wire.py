"""The HTTP side of every source, against a server that misbehaves."""

import asyncio
import gzip
from datetime import timedelta
from email.utils import format_datetime

import httpx
import pytest

from services.feed import SourceError
from services.sources.wire.budget import Budget
from services.sources.wire.gets import Patience, Wire
from services.sources.wire.refusals import Refused, Said, said
from tests.fakes.exchanges import FakeExchanges
from tests.fakes.exchanges.binance import FakeBinance
from tests.fakes.exchanges.clock import EagerClock, HandClock
from tests.fakes.exchanges.venue import HTML, Answer, Fault

PATH = "/api/v3/ticker/price"
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def venue(exchanges: FakeExchanges) -> FakeBinance:
    return exchanges.binance


@pytest.fixture
def wire(client: httpx.AsyncClient, clock: EagerClock) -> Wire:
    return Wire(client, clock, Budget("binance", clock, 100), "binance", patience=Patience(deadline_seconds=0.3))


async def test_an_answer_is_handed_over_as_it_is(wire: Wire, venue: FakeBinance) -> None:
    venue.answers.append(Answer(b'{"price": "1.00"}'))
    assert await wire.get(venue.api_base + PATH, (("symbol", "BTCUSDT"),)) == b'{"price": "1.00"}'
    assert venue.asked[0].params == {"symbol": "BTCUSDT"}
    assert venue.asked[0].headers["user-agent"] == "flowbell"


async def test_a_compressed_answer_is_inflated(wire: Wire, venue: FakeBinance) -> None:
    venue.answers.append(Answer(gzip.compress(b"[1]"), headers={**JSON, "Content-Encoding": "gzip"}))
    assert await wire.get(venue.api_base + PATH) == b"[1]"


BOMB = gzip.compress(b"0" * 60_000_000)
CUT = gzip.compress(b"[1, 2, 3]" * 100)[:-20]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (HTML, "web page"),
        (Answer(b"  <html>", headers=JSON), "web page"),
        (Answer(b"0" * 2_000_001, headers=JSON), "over 2000000 bytes"),
        (Answer(BOMB, headers={**JSON, "Content-Encoding": "gzip"}), "over 2000000 bytes"),
        (Answer(b"no gzip at all", headers={**JSON, "Content-Encoding": "gzip"}), "unreadable"),
        (Answer(b"[1]", headers={**JSON, "Content-Encoding": "br"}), "encoding"),
        (Answer(b"", 302, {"Location": "http://127.0.0.1:9/"}), "HTTP 302"),
        (Answer(b"", 404), "HTTP 404"),
        (Answer(b'{"code": -1121, "msg": "Invalid symbol."}', 400), "HTTP 400 Invalid symbol."),
        (Answer(b'{"message": "NotFound"}', 404), "HTTP 404 NotFound"),
        (Answer(b'{"error": "coin not found"}', 404), "HTTP 404 coin not found"),
        (Answer(b"\xff\xfe\x00", 400), "HTTP 400"),
        (Answer(b"[" * 100_000, 400), "HTTP 400"),
    ],
)
async def test_a_bad_answer_is_a_source_error_at_once(
    wire: Wire, venue: FakeBinance, answer: Answer, reason: str
) -> None:
    venue.answers.append(answer)
    with pytest.raises(SourceError, match=reason):
        await wire.get(venue.api_base + PATH)
    assert len(venue.asked) == 1


@pytest.mark.parametrize("answer", [Answer(b"", 500), Answer(b"", 503), Answer(b"", 408), "reset", "half"])
async def test_a_passing_failure_is_tried_again(wire: Wire, venue: FakeBinance, answer: Answer | Fault) -> None:
    venue.answers.extend([answer, answer, Answer(b"[7]")])
    assert await wire.get(venue.api_base + PATH) == b"[7]"
    assert len(venue.asked) == 3


@pytest.mark.parametrize(
    "answer",
    [Answer(b"", 502), Answer(CUT, headers={**JSON, "Content-Encoding": "gzip"}), "reset", "half"],
)
async def test_after_three_tries_a_passing_failure_is_a_source_error(
    wire: Wire, venue: FakeBinance, answer: Answer | Fault
) -> None:
    venue.answers.extend([answer] * 4)
    with pytest.raises(SourceError):
        await wire.get(venue.api_base + PATH)
    assert len(venue.asked) == 3


@pytest.mark.parametrize("fault", ["hang", "slow"])
async def test_the_whole_call_has_a_deadline(wire: Wire, venue: FakeBinance, fault: Fault) -> None:
    venue.answers.extend([fault] * 3)
    with pytest.raises(SourceError, match=r"within 0\.3 s"):
        await wire.get(venue.api_base + PATH)


async def test_nobody_listening_is_a_source_error(wire: Wire) -> None:
    with pytest.raises(SourceError, match="ConnectError"):
        await wire.get("http://127.0.0.1:1/")


async def test_an_address_that_is_none_is_a_source_error(wire: Wire) -> None:
    with pytest.raises(SourceError):
        await wire.get("http://[half/an/address")


@pytest.mark.parametrize(
    ("status", "header", "seconds"),
    [
        (429, "17", 17.0),
        (418, "7200", 7200.0),
        (418, "99999999", 259200.0),
        (429, "nonsense", 30.0),
        (429, "-3", 30.0),
        (429, "nan", 30.0),
        (503, "9", 9.0),
        (403, "", 600.0),
        (401, "", 600.0),
        (451, "", 600.0),
    ],
)
async def test_a_refusal_holds_the_source_off(
    wire: Wire, venue: FakeBinance, clock: EagerClock, status: int, header: str, seconds: float
) -> None:
    venue.answers.append(Answer(b"", status, {**JSON, "Retry-After": header}))
    with pytest.raises(Refused) as refused:
        await wire.get(venue.api_base + PATH)
    assert refused.value.retry_after_seconds == seconds
    with pytest.raises(SourceError, match="on hold"):
        await wire.get(venue.api_base + PATH)
    assert len(venue.asked) == 1
    clock.advance(seconds)
    venue.answers.append(Answer(b"[1]"))
    assert await wire.get(venue.api_base + PATH) == b"[1]"


async def test_retry_after_may_be_a_date(wire: Wire, venue: FakeBinance, clock: EagerClock) -> None:
    until = format_datetime(clock.now() + timedelta(seconds=90))
    venue.answers.append(Answer(b"Throttled", 429, {"Content-Type": "text/plain", "Retry-After": until}))
    with pytest.raises(SourceError) as refused:
        await wire.get(venue.api_base + PATH)
    assert refused.value.retry_after_seconds == 90.0


async def test_equal_calls_at_one_time_are_one_call(wire: Wire, venue: FakeBinance) -> None:
    url = venue.api_base + PATH
    first, second, other = await asyncio.gather(wire.get(url), wire.get(url), wire.get(url, (("symbol", "X"),)))
    assert first == second == other
    assert len(venue.asked) == 2


async def test_a_caller_who_leaves_does_not_take_the_call_from_the_others(wire: Wire, venue: FakeBinance) -> None:
    leaving = asyncio.create_task(wire.get(venue.api_base + PATH))
    staying = asyncio.create_task(wire.get(venue.api_base + PATH))
    await venue.until(lambda: len(venue.asked) == 1)
    leaving.cancel()
    assert (await staying).startswith(b"[{")
    assert len(venue.asked) == 1


async def test_failed_calls_burn_the_budget_too(
    client: httpx.AsyncClient, hand_clock: HandClock, venue: FakeBinance
) -> None:
    wire = Wire(client, hand_clock, Budget("coingecko", hand_clock, 2), "coingecko")
    venue.answers.extend([Answer(b"", 404), Answer(b"", 404)])
    for _ in range(2):
        with pytest.raises(SourceError, match="404"):
            await wire.get(venue.api_base + PATH)
    with pytest.raises(SourceError, match="budget") as spent:
        await wire.get(venue.api_base + PATH)
    assert spent.value.retry_after_seconds == 60.0
    hand_clock.advance(60)
    assert (await wire.get(venue.api_base + PATH)).startswith(b"[{")
    assert len(venue.asked) == 3


async def test_a_short_wait_for_the_budget_is_waited(clock: EagerClock) -> None:
    budget = Budget("kraken", clock, 1, per_seconds=1.0)
    for _ in range(3):
        await budget.take()
    assert clock.slept == [1.0, 1.0]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"status": {"error_code": 429, "error_message": "Slow down"}}', Said(429, "Slow down")),
        (b'{"error": {"status": {"error_code": 10012, "error_message": "Too old"}}}', Said(10012, "Too old")),
        (b'{"error": "coin not found"}', Said(None, "coin not found")),
        (b'{"error": ["EQuery:Unknown asset pair"]}', Said(None, "EQuery:Unknown asset pair")),
        (b'{"code": -1003, "msg": "Too many\\nrequests"}', Said(-1003, "Too many requests")),
        (b'{"message": "NotFound"}', Said(None, "NotFound")),
        (b"Throttled", Said(None, "")),
        (b"", Said(None, "")),
        (b"[]", Said(None, "")),
    ],
)
def test_an_error_body_is_read_in_every_shape(body: bytes, words: Said) -> None:
    assert said(body) == words
