"""What a command changes, it changes once: judged by the inbox, the outbox and the tables."""

from collections.abc import AsyncIterator

import pytest

from handlers.dispatch import Failure
from services import failpoints
from tests.stage import ANN, BEN, BOT
from tests.world import World, scripted


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with scripted(btc=90_000, eth=3000) as running:
        yield running


async def open_updates(world: World) -> list[int]:
    found = await world.app.conversation.unanswered("telegram", BOT)
    return [each.receipt.update_id for each in found]


async def test_the_same_update_twice_is_one_alert_and_one_answer(world: World) -> None:
    talk, caller, receipt = world.app.conversation, await world.caller(ANN), world.next_receipt()
    assert await talk.receive([(receipt, ANN.user, "{}")]) == (receipt,)
    assert await talk.receive([(receipt, ANN.user, "{}")]) == ()
    for _ in range(3):
        assert await talk.answer_line("/alert btc > 100k", caller, receipt, "first") is None
    await world.rest()
    assert [each.delivery.answers for each in world.sender.told] == ["first"]
    assert len(await world.app.services.alerts.of(caller)) == 1
    assert await open_updates(world) == []


async def test_two_updates_with_the_same_words_are_two_answers_and_one_alert(world: World) -> None:
    await world.ask("/alert btc > 100k")
    assert "You have this already: #1" in await world.ask("/alert btc > 100k")
    assert len(await world.app.services.alerts.of(await world.caller(ANN))) == 1


async def test_a_refusal_inside_a_change_leaves_the_update_open(world: World) -> None:
    talk, caller, receipt = world.app.conversation, await world.caller(ANN), world.next_receipt()
    await talk.receive([(receipt, ANN.user, "{}")])
    before = await world.dump(without=())
    refused = await talk.answer_line("/alerts pause 7", caller, receipt, "x")
    assert refused is not None
    assert isinstance(refused.data, Failure)
    assert await world.dump(without=()) == before
    assert await open_updates(world) == [receipt.update_id]
    await talk.finish(receipt)
    assert await open_updates(world) == []


async def test_an_answer_that_only_reads_leaves_the_update_open(world: World) -> None:
    talk, caller, receipt = world.app.conversation, await world.caller(ANN), world.next_receipt()
    await talk.receive([(receipt, ANN.user, '{"text": "/price btc"}')])
    assert await talk.answer_line("/price btc", caller, receipt, "x") is not None
    [left] = await talk.unanswered("telegram", BOT)
    assert left.body == '{"text": "/price btc"}'


async def test_a_store_that_fails_keeps_the_update_for_the_next_try(world: World) -> None:
    talk, caller, receipt = world.app.conversation, await world.caller(ANN), world.next_receipt()
    await talk.receive([(receipt, ANN.user, "{}")])
    before = await world.dump(without=())
    failpoints.arm("writer.before_commit:1:raise")
    refused = await talk.answer_line("/alert btc > 100k", caller, receipt, "x")
    assert refused is not None
    assert refused.card.title == "Storage does not work at the moment. Nothing was saved; try again later."
    assert await world.dump(without=()) == before
    assert await talk.answer_line("/alert btc > 100k", caller, receipt, "x") is None
    await world.rest()
    assert len(world.sender.told) == 1


async def test_a_kill_before_the_mark_repeats_nothing(world: World) -> None:
    talk, caller, receipt = world.app.conversation, await world.caller(ANN), world.next_receipt()
    await talk.receive([(receipt, ANN.user, "{}")])
    failpoints.arm("inbox.before_done:1:raise")
    failed = await talk.answer_line("/alert btc > 100k", caller, receipt, "x")
    assert failed is not None
    assert failed.card.title.startswith("Something went wrong here. Incident ")
    assert await open_updates(world) == [receipt.update_id]
    assert await world.app.services.alerts.of(caller) == ()


async def test_every_answer_to_a_change_goes_through_the_outbox_once(world: World) -> None:
    lines = ("/alert btc 100k", "/alerts pause 1", "/alerts resume 1", "/alerts snooze 1", "/alerts edit 1 btc > 110k",
             "/alerts delete 1", "/alerts restore 1", "btc 120k", "/settings currency eur")  # fmt: skip
    for line in lines:
        await world.reply(line)
    assert [each.delivery.kind for each in world.sender.told] == ["reply"] * len(lines)
    assert len({each.delivery.key for each in world.sender.told}) == len(lines)


async def test_forgetting_leaves_no_trace(world: World) -> None:
    await world.ask("/alert btc > 100k", BEN)
    others = await world.dump(without=())
    await world.ask("/alert btc > 100k")
    await world.ask("/alert eth -5% in 1h every 4h")
    await world.ask("/settings currency eur")
    told = len(world.sender.told)
    answer = await world.reply("/forget yes")
    assert answer.card.title == "You are forgotten"
    assert len(world.sender.told) == told  # sent directly, kept nowhere
    assert await world.dump(without=()) == others
    await world.say_at(5, btc=100_001)
    assert [each.chat for each in world.alerts] == [BEN.chat]
    assert "No alerts yet" in await world.ask("/alerts")
    assert "USD" in await world.ask("/settings")


async def test_forgetting_asks_first(world: World) -> None:
    await world.ask("/alert btc > 100k")
    before = await world.dump()
    asked = await world.reply("/forget")
    assert await world.dump() == before
    assert asked.card.tone == "warning"
    assert (await world.press(asked, "Forget me for good")).card.title == "You are forgotten"


async def test_settings_hold_from_the_next_word_on(world: World) -> None:
    await world.ask("/settings numbers 1.234,56")
    assert "$90.000,00" in await world.ask("/price btc")
    await world.ask("/settings zone asia/kolkata")
    assert "14:30" in await world.ask("/settings")
