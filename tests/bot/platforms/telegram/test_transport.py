"""What the transport says about a call that failed, and what it never says."""

import asyncio
from datetime import timedelta

import pytest
from aiohttp import web
from telegram.error import TelegramError

from bot.platforms.telegram.errors import Flooded, NotSent, Unanswered
from bot.platforms.telegram.transport import Transport
from tests.fakes.telegram import FakeTelegram, Fault, FaultKind


def transport(base: str, token: str = "7:secret-token", deadline_seconds: float = 0.2) -> Transport:
    """Return a transport that is patient with nobody."""
    return Transport(f"{base}/bot{token}", deadline_seconds=deadline_seconds, most_bytes=1000, connections=1)


async def failure_of(opened: Transport, method: str = "/getMe") -> TelegramError:
    """Return what a call raises, after a look at all it says."""
    await opened.initialize()
    with pytest.raises(TelegramError) as raised:
        await opened.post(method)
    await opened.shutdown()
    said = [str(raised.value), repr(raised.value), str(raised.value.__cause__), str(raised.value.__context__)]
    assert not [each for each in said if "secret-token" in each]
    return raised.value


@pytest.mark.parametrize("base", ["http://127.0.0.1:1", "http://nowhere.invalid", "https://127.0.0.1:1"])
async def test_without_a_connection_nothing_was_sent(base: str) -> None:
    assert type(await failure_of(transport(base, deadline_seconds=5))) is NotSent


async def test_a_full_pool_is_nothing_sent_and_a_closed_one_too() -> None:
    assert isinstance(NotSent("closed"), TelegramError)
    with pytest.raises(NotSent):
        await transport("http://127.0.0.1:1").post("/getMe")


async def test_a_plain_server_that_expects_tls_is_not_reached() -> None:
    async with FakeTelegram() as tg:
        failure = await failure_of(transport(tg.base_url.replace("http:", "https:")))
    assert type(failure) is NotSent


@pytest.mark.parametrize("kind", [FaultKind.HANG, FaultKind.RESET_BEFORE, FaultKind.LOST_ANSWER, FaultKind.TRUNCATED])
async def test_without_an_answer_nobody_knows(kind: FaultKind) -> None:
    async with FakeTelegram("7:secret-token") as tg:
        tg.faults.add(Fault(kind=kind))
        assert type(await failure_of(transport(tg.base_url))) is Unanswered


async def test_an_answer_without_an_end_is_cut_by_the_deadline_and_a_long_one_by_the_limit() -> None:
    over = asyncio.Event()

    async def begin(request: web.BaseRequest) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        await answer.write(b" " * (2000 if "Long" in request.path else 1))
        await over.wait()
        return answer

    runner = web.ServerRunner(web.Server(begin))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    base = f"http://127.0.0.1:{site.port}"
    assert type(await failure_of(transport(base))) is Unanswered
    assert type(await failure_of(transport(base, deadline_seconds=30), "/getLong")) is Unanswered
    over.set()
    await runner.cleanup()


@pytest.mark.parametrize(
    ("body", "headers", "seconds"),
    [
        (b'{"ok":false,"parameters":{"retry_after":17}}', {}, 17),
        (b'{"ok":false,"parameters":{"retry_after":17}}', {"Retry-After": "3"}, 17),
        (b"<html>", {"Retry-After": "3"}, 3),
        (b"", {}, 1),
    ],
)
async def test_a_429_says_how_long(body: bytes, headers: dict[str, str], seconds: int) -> None:
    async def refuse(_request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=429, body=body, headers=headers)

    runner = web.ServerRunner(web.Server(refuse))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    failure = await failure_of(transport(f"http://127.0.0.1:{site.port}"))
    assert isinstance(failure, Flooded)
    assert failure.after == timedelta(seconds=seconds)
    await runner.cleanup()


@pytest.mark.parametrize("body", [b"", b"null", b"[1]", b'{"ok":', b"[" * 100_000, b'{"a":' * 100_000, b"\xff\xfe"])
def test_what_is_no_answer_is_a_telegram_error(body: bytes) -> None:
    for raw in (False, True):
        opened = Transport("http://x", deadline_seconds=1, most_bytes=1, connections=1, raw_results=raw)
        with pytest.raises(TelegramError):
            opened.parse_json_payload(body)
