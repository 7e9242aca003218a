"""Sending limits and the bans that follow a 429, on a clock that tests move."""

import pytest
from telegram import (
    Bot,
)
from telegram.error import RetryAfter

from . import (
    Breach,
    FakeTelegram,
    Fault,
    FaultKind,
    Limits,
    User,
)
from .cast import ANN, DESK, HandClock

pytestmark = pytest.mark.filterwarnings("ignore:Deprecated since version v22.2")


async def test_limits_answer_429_and_count() -> None:
    clock = HandClock()
    async with FakeTelegram(limits=Limits(), now=clock) as tg, Bot(tg.token, base_url=f"{tg.base_url}/bot") as bot:
        tg.message(ANN, "/start")
        await bot.send_message(ANN.id, "1")
        clock.at += 0.4
        with pytest.raises(RetryAfter) as caught:
            await bot.send_message(ANN.id, "2")
        assert tg.log[-1].retry_after == 1
        assert "1 seconds" in str(caught.value)
        clock.at += 0.9
        with pytest.raises(RetryAfter):
            await bot.send_message(ANN.id, "2")
        clock.at += 0.1
        await bot.send_message(ANN.id, "2")
        assert [call.breach for call in tg.violations] == [Breach.WINDOW, Breach.BAN]
        assert len(tg.sent_while_blocked) == 1
        assert [message.text for message in tg.sent()] == ["1", "2"]


async def test_group_and_overall_windows() -> None:
    clock = HandClock()
    async with FakeTelegram(limits=Limits(), now=clock) as tg, Bot(tg.token, base_url=f"{tg.base_url}/bot") as bot:
        tg.message(ANN, "hi", chat=DESK)
        for number in range(20):
            await bot.send_message(DESK.id, str(number))
        with pytest.raises(RetryAfter):
            await bot.send_message(DESK.id, "21st in a minute")
        assert tg.log[-1].retry_after == 60
        people = [User(100 + number) for number in range(11)]
        for person in people:
            tg.message(person, "/start")
        for person in people[:10]:
            await bot.send_message(person.id, "hello")
        with pytest.raises(RetryAfter):
            await bot.send_message(people[10].id, "31st in a second")
        assert len(tg.sent()) == 30


async def test_a_planned_flood_bans_until_its_end() -> None:
    clock = HandClock()
    async with FakeTelegram(now=clock) as tg, Bot(tg.token, base_url=f"{tg.base_url}/bot") as bot:
        tg.message(ANN, "/start")
        tg.faults.add(Fault(kind=FaultKind.FLOOD, method="sendMessage", chat=ANN.id, retry_after=17))
        for _ in range(2):
            with pytest.raises(RetryAfter, match="17"):
                await bot.send_message(ANN.id, "x")
        clock.at += 17
        await bot.send_message(ANN.id, "x")
        assert [call.status for call in tg.calls("sendMessage")] == [429, 429, 200]
        assert [call.breach for call in tg.calls("sendMessage")] == [None, Breach.BAN, None]
