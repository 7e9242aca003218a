"""Updates come in once, are on disk before they are confirmed, and are worked on fairly."""

import asyncio
import json
import logging
from datetime import timedelta

import pytest

from bot.platforms.telegram import PACE, Telegram, WrongToken
from bot.platforms.telegram.poll import wait_seconds
from services.counters import Counters
from services.domain.people import Place
from services.store.inbox import Receipt, Received
from tests.bot.platforms.telegram.conftest import Stage
from tests.bot.platforms.telegram.talk import AT, Painter, PatientClock, Talk
from tests.fakes.telegram import FakeTelegram, Fault, FaultKind, User
from tests.fakes.telegram.cast import ANN, DESK


def confirmations(stage: Stage, calls: int) -> list[int]:
    """Return the offsets asked for within the first `calls` calls."""
    offsets = [call.params.get("offset") for call in stage.tg.log[:calls] if call.method == "getUpdates"]
    return [offset for offset in offsets if isinstance(offset, int)]


async def test_an_update_is_kept_before_it_is_confirmed(stage: Stage) -> None:
    stage.talk.answers("/price btc", "Bitcoin")
    updates = [stage.tg.message(ANN, "/price btc") for _ in range(5)]
    await stage.finished(*updates)
    await stage.tg.wait_until(lambda: stage.tg.world.updates.pending == 0)
    for update in updates:
        assert all(offset <= update for offset in confirmations(stage, stage.talk.calls_before[update]))
    assert max(confirmations(stage, len(stage.tg.log))) == updates[-1] + 1


async def test_what_cannot_be_kept_is_not_confirmed(stage: Stage) -> None:
    stage.talk.answers("/price btc", "Bitcoin")
    stage.talk.storage_fails = 2
    await stage.finished(stage.tg.message(ANN, "/price btc"))
    assert len(stage.tg.sent()) == 1
    assert len([wait for wait in stage.clock.slept if wait >= 1]) == 2


async def test_a_repeated_update_has_one_effect(stage: Stage) -> None:
    stage.talk.answers("/price btc", "Bitcoin")
    first = stage.tg.message(ANN, "/price btc")
    await stage.finished(first)
    body = stage.talk.inbox[first].body
    repeated = {"message": json.loads(body)["message"]}
    stage.tg.raw_update(repeated, update_id=first)
    await stage.finished(stage.tg.message(ANN, "/price btc"))
    assert len(stage.tg.sent()) == 2


@pytest.mark.parametrize("kind", [FaultKind.SERVER_ERROR, FaultKind.OK_FALSE, FaultKind.GARBAGE, FaultKind.LOST_ANSWER])
async def test_a_poll_that_fails_is_tried_again(stage: Stage, kind: FaultKind) -> None:
    stage.talk.answers("/price btc", "Bitcoin")
    await stage.tg.wait_for_call(lambda call: call.method == "getUpdates")
    stage.tg.faults.add(Fault(kind=kind, method="getUpdates", times=3))
    await stage.finished(*[stage.tg.message(ANN, "/price btc") for _ in range(3)])
    await stage.finished(stage.tg.message(ANN, "/price btc"))
    assert len(stage.tg.sent()) == 4


async def test_a_ban_on_polling_is_obeyed(opened: Stage) -> None:
    opened.tg.faults.add(Fault(kind=FaultKind.FLOOD, method="getUpdates", retry_after=41))
    running = asyncio.create_task(opened.telegram.run())
    await opened.tg.wait_until(lambda: len(opened.tg.calls("getUpdates")) >= 2)
    await opened.telegram.stop_intake()
    await running
    assert opened.clock.slept[0] == 41.0


async def test_a_second_poller_is_seen_and_waited_for(stage: Stage) -> None:
    await stage.tg.wait_until(lambda: stage.telegram.health == "working" and len(stage.tg.calls("getUpdates")) >= 2)
    stage.tg.world.updates.interrupt("Conflict: terminated by other getUpdates request")
    await stage.tg.wait_for_call(lambda call: call.status == 409)
    await stage.tg.wait_for_call(
        lambda call: call.method == "getUpdates" and call.number > stage.tg.conflicts[0].number
    )
    assert stage.clock.slept[0] == 1.0


async def test_a_token_that_is_taken_away_ends_the_run(opened: Stage) -> None:
    running = asyncio.create_task(opened.telegram.run())
    await opened.tg.wait_for_call(lambda call: call.method == "getUpdates")
    opened.tg.token = "another"
    opened.tg.message(ANN, "hello")
    with pytest.raises(WrongToken):
        async with asyncio.timeout(5):
            await running
    assert opened.telegram.health == "the token is wrong"


async def test_opening_waits_for_telegram_and_refuses_a_wrong_token(tg: FakeTelegram) -> None:
    clock = PatientClock()
    telegram = Telegram(Talk(tg), Painter(), clock, Counters(), tg.token, tg.base_url + "/")
    tg.faults.add(Fault(kind=FaultKind.SERVER_ERROR, method="getMe", times=2))
    tg.faults.add(Fault(kind=FaultKind.FLOOD, method="getMe", retry_after=7))
    async with asyncio.timeout(5):
        assert await telegram.open() == 7000000001
    assert (len(clock.slept), clock.slept[2]) == (3, 7.0)
    await telegram.close()
    wrong = Telegram(
        Talk(tg), Painter(), clock, Counters(), "7000000001:wrong-token-for-tests-BBBBBBBBBBB", tg.base_url
    )
    with pytest.raises(WrongToken) as refused:
        await wrong.open()
    assert "wrong-token" not in str(refused.value) + repr(refused.value)
    assert wrong.health == "the token is wrong"
    await wrong.close()


async def test_a_webhook_is_removed_before_polling(tg: FakeTelegram) -> None:
    tg.world.hook.url = "https://example.org/hook"
    telegram = Telegram(Talk(tg), Painter(), PatientClock(), Counters(), tg.token, tg.base_url)
    await telegram.open()
    await telegram.close()
    assert tg.world.hook.url == ""


def left_behind(stage: Stage, update: int, text: str, age: timedelta) -> None:
    """Put an update into the inbox that an earlier process did not get to."""
    body = (
        f'{{"update_id":{update},"message":{{"message_id":{update},"date":1,"chat":{{"id":42,"type":"private"}},'
        f'"from":{{"id":42,"is_bot":false,"first_name":"Ann"}},"text":"{text}",'
        f'"entities":[{{"type":"bot_command","offset":0,"length":6}}]}}}}'
    )
    receipt = Receipt("telegram", 7000000001, update)
    stage.talk.inbox[update] = Received(receipt, body, AT - age)


async def test_what_was_left_undone_is_done_first(opened: Stage) -> None:
    opened.talk.answers("/price btc", "Bitcoin")
    opened.talk.answers("/price eth", "Ether")
    opened.talk.answers("eth", "Ether")
    left_behind(opened, 1, "/price btc", timedelta(seconds=59))
    left_behind(opened, 2, "/price eth", timedelta(seconds=61))
    left_behind(opened, 3, "/alert btc > 1", timedelta(hours=5))
    left_behind(opened, 4, "eth", timedelta(hours=5))
    opened.talk.inbox[5] = Received(Receipt("telegram", 7000000001, 5), '{"update_id":5}', AT)
    later = opened.tg.message(ANN, "/price btc")
    running = asyncio.create_task(opened.telegram.run())
    await opened.finished(1, 2, 3, 4, 5, later)
    await opened.telegram.stop_intake()
    await running
    assert [message.text for message in opened.tg.sent()] == ["Bitcoin", "Bitcoin"]
    assert [told.words for told in opened.talk.told] == ["/price btc", "/alert btc > 1", "eth", "/price btc"]


async def test_a_stop_lets_what_is_under_way_end_and_leaves_the_rest(stage: Stage) -> None:
    stage.talk.answers("/price btc", "Bitcoin")
    stage.tg.faults.add(Fault(kind=FaultKind.SLOW, method="sendMessage", delay_s=0.2))
    first, second = stage.tg.message(ANN, "/price btc"), stage.tg.message(ANN, "/price btc")
    await stage.tg.wait_for_call(lambda call: call.method == "sendMessage")
    await stage.telegram.stop_intake(5)
    assert (stage.talk.finished, len(stage.tg.sent())) == ([first], 1)
    assert set(stage.talk.inbox) == {first, second}
    assert stage.telegram.health == "stopped"


async def test_a_slow_chat_holds_up_nobody_else(stage: Stage) -> None:
    stage.talk.answers("/price btc", "Bitcoin")
    stage.tg.message(ANN, "hello", chat=DESK)
    stage.tg.faults.add(Fault(kind=FaultKind.HANG, method="sendMessage", chat=DESK.id))
    held = [stage.tg.message(ANN, "/price btc", chat=DESK) for _ in range(300)]
    others = [stage.tg.message(User(100 + number), "/price btc") for number in range(100)]
    await stage.finished(*others)
    assert not set(held) & set(stage.talk.finished)
    await stage.telegram.stop_intake(0)


async def test_the_order_of_one_chat_is_kept(stage: Stage) -> None:
    lines = [f"/price c{number}" for number in range(50)]
    for line in lines:
        stage.talk.answers(line, line)
    await stage.finished(*[stage.tg.message(ANN, line) for line in lines])
    assert [message.text for message in stage.tg.sent()] == lines


async def test_a_direct_answer_obeys_a_ban(stage: Stage) -> None:
    stage.talk.answers("/price btc", "Bitcoin")
    stage.tg.faults.add(Fault(kind=FaultKind.BAD_REQUEST, method="sendMessage", description="Too Many"))
    await stage.finished(stage.tg.message(ANN, "/price btc"))
    assert stage.tg.sent() == []  # refused for good: nothing to wait for
    stage.tg.pacing.ban(ANN.id, stage.tg.world.now() + 3600)
    await stage.finished(stage.tg.message(ANN, "/price btc"))
    assert [(chat, round(seconds, -2)) for chat, seconds, _ in stage.talk.outbox.halts] == [(ANN.id, 3600)]
    assert len(stage.tg.calls("sendMessage")) == 2


async def test_a_direct_answer_whose_fate_is_unknown_is_repeated_with_its_label(stage: Stage) -> None:
    stage.talk.answers("/price btc", "Bitcoin")
    stage.tg.faults.add(Fault(kind=FaultKind.LOST_ANSWER, method="sendMessage"))
    await stage.finished(stage.tg.message(ANN, "/price btc"))
    assert [message.text for message in stage.tg.sent()] == [
        "Bitcoin", "↻ Possible repeat of an earlier message.\nBitcoin",
    ]  # fmt: skip


def test_waits_grow_to_half_a_minute() -> None:
    for failures, longest in ((1, 1), (2, 2), (3, 4), (6, 30), (60, 30)):
        assert max(1, longest / 2) <= wait_seconds(failures) <= longest


def test_the_pace_is_what_telegram_asks_for() -> None:
    assert PACE.bot is not None
    assert PACE.private is not None
    assert PACE.group is not None
    assert [(w.count, w.seconds) for w in (PACE.bot, PACE.private, PACE.group)] == [(30, 1), (1, 1), (20, 60)]


async def test_the_token_is_in_no_log_and_no_error(
    tg: FakeTelegram, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    talk = Talk(tg)
    talk.answers("/price btc", "Bitcoin")
    telegram = Telegram(talk, Painter(), PatientClock(), Counters(), tg.token, tg.base_url)
    await telegram.open()
    running = asyncio.create_task(telegram.run())
    for kind in (FaultKind.LOST_ANSWER, FaultKind.GARBAGE, FaultKind.SERVER_ERROR, FaultKind.RESET_BEFORE):
        tg.faults.add(Fault(kind=kind, method="sendMessage"))
        tg.faults.add(Fault(kind=kind, method="getUpdates"))
        update = tg.message(ANN, "/price btc")
        await talk.until(update)
    async with tg.offline():
        assert not await telegram.sender.is_answering(Place("telegram", 7000000001, ANN.id))
    await telegram.stop_intake()
    await running
    await telegram.close()
    secret = tg.token.partition(":")[2]
    ours = [record.getMessage() for record in caplog.records if record.name != "aiohttp.access"]  # the fake's own log
    written = "\n".join((*ours, *capsys.readouterr()))
    assert "sendMessage" in written
    assert secret not in written
    assert secret not in repr(telegram.sender)
