"""Planned faults, outages, and the fake as a process of its own."""

import asyncio
import json
import sys

import aiohttp
import pytest
from telegram import (
    Bot,
)
from telegram.error import BadRequest, Forbidden, NetworkError

from . import (
    TOKEN,
    FakeTelegram,
    Fault,
    FaultKind,
)
from .cast import ANN, DESK


async def test_retry_after_is_also_a_header(tg: FakeTelegram, http: aiohttp.ClientSession) -> None:
    tg.faults.add(Fault(kind=FaultKind.FLOOD, retry_after=9))
    async with http.post("sendMessage", json={"chat_id": ANN.id, "text": "x"}) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (429, "9")
        assert (await answer.json())["parameters"] == {"retry_after": 9}


@pytest.mark.parametrize(
    ("fault", "error", "sent"),
    [
        (Fault(kind=FaultKind.RESET_BEFORE), NetworkError, 0),
        (Fault(kind=FaultKind.RESET_AFTER), NetworkError, 1),
        (Fault(kind=FaultKind.LOST_ANSWER), NetworkError, 1),
        (Fault(kind=FaultKind.TRUNCATED), NetworkError, 1),
        (Fault(kind=FaultKind.SERVER_ERROR), NetworkError, 0),
        (Fault(kind=FaultKind.SERVER_ERROR, status=500, executed=True), NetworkError, 1),
        (Fault(kind=FaultKind.OK_FALSE), KeyError, 0),
        (Fault(kind=FaultKind.FORBIDDEN, description="bot was kicked from the channel chat"), Forbidden, 0),
        (Fault(kind=FaultKind.BAD_REQUEST, description="TOPIC_CLOSED"), BadRequest, 0),
    ],
    ids=lambda value: value.kind if isinstance(value, Fault) else "",
)
async def test_faults(tg: FakeTelegram, bot: Bot, fault: Fault, error: type[Exception], sent: int) -> None:
    tg.faults.add(fault)
    with pytest.raises(error):
        await bot.send_message(ANN.id, "x")
    call = tg.calls("sendMessage")[0]
    assert (call.fault, call.executed, len(tg.sent())) == (fault.kind, bool(sent), sent)
    await bot.send_message(ANN.id, "y")
    assert tg.calls("sendMessage")[1].fault is None


@pytest.mark.parametrize("kind", [FaultKind.RESET_BEFORE, FaultKind.RESET_AFTER])
async def test_a_reset_is_a_reset(tg: FakeTelegram, http: aiohttp.ClientSession, kind: FaultKind) -> None:
    tg.faults.add(Fault(kind=kind))
    with pytest.raises(aiohttp.ClientOSError, match="reset"):
        await http.post("sendMessage", json={"chat_id": ANN.id, "text": "x"})


async def test_garbage_slow_and_hanging_answers(tg: FakeTelegram, http: aiohttp.ClientSession) -> None:
    params = {"chat_id": ANN.id, "text": "x"}
    tg.faults.add(Fault(kind=FaultKind.GARBAGE))
    tg.faults.add(Fault(kind=FaultKind.SLOW, delay_s=0.05))
    tg.faults.add(Fault(kind=FaultKind.HANG))
    async with http.post("sendMessage", json=params) as answer:
        assert b"not json" in await answer.read()
    async with http.post("sendMessage", json=params) as answer:
        assert (await answer.json())["ok"] is True
    with pytest.raises(TimeoutError):
        await http.post("sendMessage", json=params, timeout=aiohttp.ClientTimeout(total=0.2))
    assert [call.executed for call in tg.log] == [True, True, False]
    assert tg.log[2].settled_at is None


async def test_faults_wait_for_their_method_chat_and_turn(tg: FakeTelegram, bot: Bot) -> None:
    tg.message(ANN, "hi", chat=DESK)
    tg.faults.add(Fault(kind=FaultKind.BAD_REQUEST, method="sendMessage", chat=DESK.id, skip=1, times=2))
    outcomes = [
        await asyncio.gather(bot.send_message(chat, "x"), return_exceptions=True)
        for chat in (ANN.id, DESK.id, DESK.id, ANN.id, DESK.id, DESK.id)
    ]
    assert [type(outcome[0]).__name__ for outcome in outcomes] == [
        *("Message", "Message", "BadRequest", "Message", "BadRequest", "Message"),
    ]
    assert tg.faults.planned == ()


async def test_offline_refuses_connections_and_keeps_the_state(tg: FakeTelegram, http: aiohttp.ClientSession) -> None:
    port = tg.port
    async with tg.offline():
        with pytest.raises(aiohttp.ClientConnectorError):
            await http.get("getMe")
    assert tg.port == port
    async with http.post("sendMessage", json={"chat_id": ANN.id, "text": "back"}) as answer:
        assert answer.status == 200
    assert [message.text for message in tg.sent()] == ["back"]


async def test_runs_as_a_process_of_its_own() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.fakes.telegram", "--token", TOKEN), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    async with asyncio.timeout(30):
        place = json.loads(await process.stdout.readline())
        async with aiohttp.ClientSession(place["base_url"]) as http:
            typed = [
                {"user": 42, "text": "/price"},
                {"user": {"id": 7, "first_name": "Eve"}, "chat": -500, "text": "hi"},
            ]
            async with http.post("/_control/messages", json=typed) as answer:
                assert len((await answer.json())["update_ids"]) == 2
            async with http.post(f"/bot{TOKEN}/sendMessage", json={"chat_id": 42, "text": "x"}) as answer:
                assert answer.status == 200
            async with http.get("/_log?full=1") as answer:
                log = await answer.json()
        process.terminate()
        await process.wait()
    assert (log["sent"], log["pending_updates"], log["by_method"]) == (1, 2, {"sendMessage": 1})
    assert log["log"][0]["params"] == {"chat_id": 42, "text": "x"}
    assert process.returncode == 0
