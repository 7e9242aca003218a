"""How a connection is kept: loss, silence, garbage, refusals and rotation, by the example of Binance."""

import httpx
import pytest

from services.feed import SourceError
from services.sources.binance import Binance
from services.sources.wire.refusals import Refused
from services.sources.wire.streams import Pace
from tests.fakes.exchanges import FakeExchanges
from tests.fakes.exchanges.binance import FakeBinance
from tests.fakes.exchanges.clock import HandClock
from tests.fakes.exchanges.venue import HTML, Answer
from tests.services.sources.listening import Ear, listening

BTC_STREAM = "btcusdt@miniTicker"
PACE = Pace(failures=3, garbage=4, jitter=lambda: 1.0)
GARBAGE = [b"", b"\xff\xfe", b"<html>", b'{"data": {"c": "abc"}}', b"[" * 100_000, b"[]", b'{"data":', b"nul"]


@pytest.fixture
def venue(exchanges: FakeExchanges) -> FakeBinance:
    return exchanges.binance


@pytest.fixture
def source(client: httpx.AsyncClient, hand_clock: HandClock, venue: FakeBinance) -> Binance:
    return Binance(client, hand_clock, venue.api_base, venue.ws_base, pace=PACE)


async def told(venue: FakeBinance, ear: Ear) -> None:
    """Let the venue tell a price and wait until it is heard."""
    count = len(ear.of("bitcoin"))
    await venue.tick("BTC")
    await ear.until(lambda: len(ear.of("bitcoin")) > count)


async def test_a_cut_connection_is_opened_again_after_a_wait(
    source: Binance, venue: FakeBinance, hand_clock: HandClock
) -> None:
    async with listening(source) as ear:
        await venue.until_subscribed(BTC_STREAM)
        await told(venue, ear)
        venue.drop()
        await venue.until(lambda: not venue.sockets)
        await hand_clock.asleep(1.0)
        hand_clock.advance(1)
        await venue.until_subscribed(BTC_STREAM)
        await told(venue, ear)
    assert venue.connections == 2


async def test_waits_double_and_then_the_source_counts_as_down(
    source: Binance, venue: FakeBinance, hand_clock: HandClock
) -> None:
    venue.handshakes.extend([Answer(status=503)] * 3)
    async with listening(source) as ear:
        for seconds in (1.0, 2.0):
            await hand_clock.asleep(seconds)
            hand_clock.advance(seconds)
        with pytest.raises(SourceError, match="3 connections"):
            await ear.ended()
    assert hand_clock.slept == [1.0, 2.0]
    assert venue.connections == 3


def test_waits_are_jittered_between_one_second_and_one_minute() -> None:
    lowest, highest = Pace(jitter=lambda: 0.0), Pace(jitter=lambda: 1.0)
    assert [lowest.wait_seconds(n) for n in (1, 2, 3, 7, 50)] == [1.0, 1.0, 2.0, 30.0, 30.0]
    assert [highest.wait_seconds(n) for n in (1, 2, 3, 7, 50)] == [1.0, 2.0, 4.0, 60.0, 60.0]


async def test_a_silent_connection_is_replaced_after_fifteen_seconds(
    source: Binance, venue: FakeBinance, hand_clock: HandClock
) -> None:
    async with listening(source) as ear:
        await venue.until_subscribed(BTC_STREAM)
        await told(venue, ear)
        venue.silent = True
        await hand_clock.asleep(7.5)
        hand_clock.advance(14)
        await hand_clock.asleep(1.0)
        assert len(venue.sockets) == 1
        hand_clock.advance(1)
        await venue.until(lambda: not venue.sockets)
        venue.silent = False
        await hand_clock.asleep(1.0)
        hand_clock.advance(1)
        await venue.until_subscribed(BTC_STREAM)
        await told(venue, ear)


async def test_a_frame_in_time_keeps_the_connection(source: Binance, venue: FakeBinance, hand_clock: HandClock) -> None:
    async with listening(source) as ear:
        await venue.until_subscribed(BTC_STREAM)
        for seconds in (7.5, 7.0, 7.0, 7.0):
            await told(venue, ear)
            await hand_clock.asleep(seconds)
            hand_clock.advance(8)
        await told(venue, ear)
    assert venue.connections == 1


async def test_after_23_hours_a_new_connection_takes_over_before_the_old_one_is_closed(
    source: Binance, venue: FakeBinance, hand_clock: HandClock
) -> None:
    async with listening(source) as ear:
        await venue.until_subscribed(BTC_STREAM)
        old = venue.sockets[0]
        await rest_of_a_day(venue, ear, hand_clock)
        await venue.until_subscribed(BTC_STREAM, sockets=2)
        assert old in venue.sockets
        await told(venue, ear)
        await venue.until(lambda: old not in venue.sockets)
        await told(venue, ear)
    assert venue.connections == 2


async def rest_of_a_day(venue: FakeBinance, ear: Ear, hand_clock: HandClock) -> None:
    """Let 23 hours pass at once, with a frame just before the watch looks."""
    await told(venue, ear)
    await hand_clock.asleep(7.5)
    hand_clock.jump(23 * 3600)
    await told(venue, ear)
    hand_clock.advance(0)


async def test_an_announced_shutdown_rotates_now(source: Binance, venue: FakeBinance) -> None:
    async with listening(source) as ear:
        await venue.until_subscribed(BTC_STREAM)
        old = venue.sockets[0]
        await venue.announce_shutdown()
        await venue.until_subscribed(BTC_STREAM, sockets=2)
        await told(venue, ear)
        await venue.until(lambda: old not in venue.sockets)
    assert venue.connections == 2


async def test_a_successor_that_fails_leaves_the_old_connection_in_use(
    source: Binance, venue: FakeBinance, hand_clock: HandClock
) -> None:
    async with listening(source) as ear:
        await venue.until_subscribed(BTC_STREAM)
        venue.handshakes.append(HTML)
        await venue.announce_shutdown()
        await hand_clock.asleep(8.0)
        await told(venue, ear)
        assert venue.connections == 2
        hand_clock.advance(8)
        await venue.until_connections(3)


async def test_an_old_connection_that_dies_first_is_followed_by_its_successor(
    source: Binance, venue: FakeBinance
) -> None:
    async with listening(source) as ear:
        await venue.until_subscribed(BTC_STREAM)
        old = venue.sockets[0]
        await venue.announce_shutdown()
        await venue.until_subscribed(BTC_STREAM, sockets=2)
        assert old.request.transport is not None
        old.request.transport.abort()
        await venue.until(lambda: old not in venue.sockets)
        await told(venue, ear)


@pytest.mark.parametrize("garbage", GARBAGE)
async def test_garbage_is_skipped(source: Binance, venue: FakeBinance, garbage: bytes) -> None:
    async with listening(source) as ear:
        await venue.until_subscribed(BTC_STREAM)
        for _ in range(5):
            await venue.say(garbage)
            await told(venue, ear)
    assert venue.connections == 1


@pytest.mark.parametrize("garbage", GARBAGE)
async def test_nothing_but_garbage_ends_the_stream(source: Binance, venue: FakeBinance, garbage: bytes) -> None:
    async with listening(source) as ear:
        await venue.until_subscribed(BTC_STREAM)
        for _ in range(4):
            await venue.say(garbage)
        with pytest.raises(SourceError, match="4 unreadable frames"):
            await ear.ended()


async def test_a_frame_over_the_limit_costs_the_connection_only(
    source: Binance, venue: FakeBinance, hand_clock: HandClock
) -> None:
    async with listening(source) as ear:
        await venue.until_subscribed(BTC_STREAM)
        await venue.say(b" " * 4_000_001)
        await venue.until(lambda: not venue.sockets)
        await hand_clock.asleep(1.0)
        hand_clock.advance(1)
        await venue.until_subscribed(BTC_STREAM)
        await told(venue, ear)


@pytest.mark.parametrize(("status", "header", "seconds"), [(429, "40", 40.0), (418, "", 120.0), (451, "", 600.0)])
async def test_a_refused_handshake_ends_the_stream_and_holds_the_source_off(
    source: Binance, venue: FakeBinance, status: int, header: str, seconds: float
) -> None:
    venue.handshakes.append(Answer(status=status, headers={"Retry-After": header}))
    async with listening(source) as ear:
        with pytest.raises(Refused) as refused:
            await ear.ended()
    assert refused.value.retry_after_seconds == seconds
    async with listening(source) as ear:
        with pytest.raises(SourceError, match="on hold"):
            await ear.ended()
    assert venue.connections == 1


async def test_a_redirect_is_not_followed(source: Binance, venue: FakeBinance, hand_clock: HandClock) -> None:
    venue.handshakes.append(Answer(status=302, headers={"Location": f"{venue.ws_base}/elsewhere"}))
    async with listening(source):
        await hand_clock.asleep(1.0)
        assert venue.connections == 1


async def test_nobody_listening_is_retried_and_then_a_source_error(
    client: httpx.AsyncClient, hand_clock: HandClock, venue: FakeBinance
) -> None:
    source = Binance(client, hand_clock, venue.api_base, "ws://127.0.0.1:1", pace=Pace(failures=1))
    async with listening(source) as ear:
        with pytest.raises(SourceError):
            await ear.ended()


async def test_a_cancelled_stream_closes_its_connection(source: Binance, venue: FakeBinance) -> None:
    async with listening(source):
        await venue.until_subscribed(BTC_STREAM)
    await venue.until(lambda: not venue.sockets)
