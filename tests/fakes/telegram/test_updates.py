"""Updates, polls, webhooks, presses and inline queries."""

import asyncio

import aiohttp
import pytest
from aiohttp import web
from telegram import (
    Bot,
    InlineQueryResultArticle,
    InputTextMessageContent,
)
from telegram.error import BadRequest, Conflict

from . import (
    FakeTelegram,
)
from .cast import ANN, DESK, REFRESH, HandClock, refusal


async def test_updates_come_again_until_confirmed(tg: FakeTelegram, bot: Bot) -> None:
    second = tg.message(ANN, "/price@FlowbellBot btc")
    batch = await bot.get_updates()
    assert [update.update_id for update in batch] == [second - 1, second]
    assert batch[1].message is not None
    [command] = batch[1].message.entities
    assert (command.type, command.offset, command.length) == ("bot_command", 0, 18)
    assert len(await bot.get_updates(limit=1)) == 1
    [left] = await bot.get_updates(offset=second)
    assert left.update_id == second
    assert await bot.get_updates(offset=second + 1) == ()
    repeated = tg.raw_update(
        {"message": {"message_id": 9, "date": 1, "chat": {"id": 1, "type": "private"}}}, update_id=second
    )
    assert [update.update_id for update in await bot.get_updates(offset=second + 1)] == [repeated]
    assert await bot.get_updates(offset=second + 1) == ()


async def test_a_long_poll_ends_with_the_next_update(tg: FakeTelegram, bot: Bot) -> None:
    [start] = await bot.get_updates()
    poll = asyncio.create_task(bot.get_updates(offset=start.update_id + 1, timeout=20))
    await tg.wait_for_call(lambda call: call.params.get("timeout") == 20, 5)
    expected = tg.message(ANN, "hello")
    assert [update.update_id for update in await poll] == [expected]


async def test_kinds_that_were_not_asked_for_are_dropped(tg: FakeTelegram, bot: Bot) -> None:
    tg.chat_member(DESK, ANN, "administrator")
    await bot.get_updates(allowed_updates=["callback_query", "chat_member"])
    tg.message(ANN, "not wanted")
    wanted = tg.chat_member(DESK, ANN, "member")
    updates = await bot.get_updates(offset=wanted)
    assert [update.chat_member is not None for update in updates] == [True]


async def test_a_second_poller_ends_the_first(tg: FakeTelegram, bot: Bot) -> None:
    [start] = await bot.get_updates()
    older = asyncio.create_task(bot.get_updates(offset=start.update_id + 1, timeout=20))
    await tg.wait_for_call(lambda call: call.params.get("timeout") == 20, 5)
    async with Bot(tg.token, base_url=f"{tg.base_url}/bot") as second:
        newer = asyncio.create_task(second.get_updates(offset=start.update_id + 1, timeout=10))
        with pytest.raises(Conflict, match="terminated by other getUpdates request; make sure that only one bot"):
            await older
        tg.message(ANN, "for the second")
        assert len(await newer) == 1
    assert [call.method for call in tg.conflicts] == ["getUpdates"]


async def test_the_poll_of_a_killed_bot_is_no_conflict(tg: FakeTelegram, http: aiohttp.ClientSession) -> None:
    params = {"offset": -1, "timeout": 0}
    async with http.post("getUpdates", json=params) as answer:
        [start] = (await answer.json())["result"]
    waiting = {"offset": start["update_id"] + 1, "timeout": 20}
    _, killed = await asyncio.open_connection("127.0.0.1", tg.port)
    query = f"offset={start['update_id'] + 1}&timeout=20"
    killed.write(f"GET /bot{tg.token}/getUpdates?{query} HTTP/1.1\r\nHost: bot\r\n\r\n".encode())
    await tg.wait_until(lambda: len(tg.log) == 2)
    killed.close()
    await killed.wait_closed()
    tg.message(ANN, "while it was dead")
    await tg.wait_until(lambda: tg.log[1].settled_at is not None)
    async with http.post("getUpdates", json=waiting) as answer:
        [update] = (await answer.json())["result"]
    assert update["message"]["text"] == "while it was dead"
    assert tg.conflicts == []
    assert [call.status for call in tg.log] == [200, None, 200]


async def test_a_webhook_gets_updates_in_order_until_it_takes_them(tg: FakeTelegram, bot: Bot) -> None:
    got: asyncio.Queue[tuple[str, str | None]] = asyncio.Queue()
    statuses = iter([500, 200, 200])

    async def receive(request: web.BaseRequest) -> web.Response:
        text = (await request.json())["message"]["text"]
        got.put_nowait((text, request.headers.get("X-Telegram-Bot-Api-Secret-Token")))
        return web.Response(status=next(statuses))

    runner = web.ServerRunner(web.Server(receive))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    await bot.set_webhook(f"http://127.0.0.1:{site.port}/hook", secret_token="s3cret")
    tg.message(ANN, "second")
    async with asyncio.timeout(10):
        received = [await got.get() for _ in range(3)]
    assert received == [("/start", "s3cret"), ("/start", "s3cret"), ("second", "s3cret")]
    with pytest.raises(Conflict, match="can't use getUpdates method while webhook is active"):
        await bot.get_updates()
    assert (await bot.get_webhook_info()).url.endswith("/hook")
    await bot.delete_webhook(drop_pending_updates=True)
    await runner.cleanup()
    assert await bot.get_updates() == ()


async def test_a_press_carries_the_data_of_a_button_of_that_message(tg: FakeTelegram, bot: Bot) -> None:
    sent = await bot.send_message(ANN.id, "BTC", reply_markup=REFRESH)
    shown = tg.message_at(ANN.id, sent.message_id)
    assert shown is not None
    pressed = tg.press(shown, ANN, "Refresh")
    [update] = await bot.get_updates(offset=pressed)
    assert update.callback_query is not None
    assert update.callback_query.data == "price btc"
    await bot.answer_callback_query(update.callback_query.id, "Done")
    assert [answer.text for answer in tg.answers] == ["Done"]
    with pytest.raises(BadRequest, match=r"(?i)query is too old and response timeout expired or query id is invalid"):
        await bot.answer_callback_query(update.callback_query.id)
    with pytest.raises(LookupError, match="No button"):
        tg.press(shown, ANN, data="admin drop")
    forged = tg.press(shown, ANN, data="admin drop", forged=True)
    [update] = await bot.get_updates(offset=forged)
    assert update.callback_query is not None
    assert update.callback_query.data == "admin drop"
    with pytest.raises(BadRequest, match=r"(?i)MESSAGE_TOO_LONG"):
        await bot.answer_callback_query(update.callback_query.id, "x" * 201)


async def test_queries_expire() -> None:
    clock = HandClock()
    async with FakeTelegram(now=clock, query_lifetime_s=15) as tg, Bot(tg.token, base_url=f"{tg.base_url}/bot") as bot:
        tg.inline_query(ANN, "btc")
        [update] = await bot.get_updates()
        assert update.inline_query is not None
        clock.at += 15.5
        with pytest.raises(BadRequest, match=r"(?i)query is too old"):
            await bot.answer_inline_query(update.inline_query.id, [])


async def test_inline_answers_are_checked(tg: FakeTelegram, bot: Bot, http: aiohttp.ClientSession) -> None:
    asked = tg.inline_query(ANN, "btc")
    [update] = await bot.get_updates(offset=asked)
    assert update.inline_query is not None
    query_id = update.inline_query.id
    articles = [
        {"type": "article", "id": str(n), "title": "BTC", "input_message_content": {"message_text": "BTC"}}
        for n in range(51)
    ]
    too_many = await refusal(http, "answerInlineQuery", inline_query_id=query_id, results=articles)
    assert too_many == (400, "Bad Request: RESULTS_TOO_MUCH")
    twice = await refusal(http, "answerInlineQuery", inline_query_id=query_id, results=articles[:1] * 2)
    assert twice == (400, "Bad Request: RESULT_ID_DUPLICATE")
    await bot.answer_inline_query(
        query_id, [InlineQueryResultArticle("1", "BTC", InputTextMessageContent("BTC 91,234"))]
    )
    assert tg.calls("answerInlineQuery")[-1].executed
