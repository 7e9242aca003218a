"""Buttons: each is a command line that works, pressed where it was shown, by whom it is for."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from handlers.dispatch import Failure
from handlers.model import Reply
from tests.fakes.market import bars
from tests.handlers.test_cards import IN_WORDS, WITH_NUMBERS
from tests.stage import ADMIN_IN_GROUP, ANN, ANN_IN_GROUP, BASES, BEN, BEN_IN_GROUP, GROUP, START, Seat
from tests.world import World, scripted, simulated

STALE = "This button is no longer valid. Type the command again."
FOREIGN = "This button belongs to somebody else. Type the command yourself."
CAROL_IN_TOPIC = Seat(4, GROUP, private=False, thread=9)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with simulated() as running:
        yield running


async def press_everything(world: World, lines: tuple[str, ...]) -> None:
    for line in lines:
        shown = await world.reply(line)
        for label, typed in [(button.label, button.line) for row in shown.buttons for button in row]:
            assert typed.startswith("/")
            answer = await world.press(shown, label)
            assert not isinstance(answer.data, Failure), (line, typed, answer.card.title)
            await world.reply(f"/alerts restore {typed.rpartition(' ')[2]}")  # for the buttons that are still to come


@pytest.mark.parametrize("name", [each for each in (*WITH_NUMBERS, *IN_WORDS) if "alert" not in each])
async def test_every_button_is_a_line_that_works(world: World, name: str) -> None:
    await press_everything(world, {**WITH_NUMBERS, **IN_WORDS}[name])


@pytest.mark.parametrize("name", [each for each in WITH_NUMBERS if "alert" in each])
async def test_every_button_of_an_alert_is_a_line_that_works(name: str) -> None:
    past = {(coin, "1h"): bars(START - timedelta(hours=9), "1h", 10) for coin in BASES.values()}
    prices = {"btc": 90_000, "eth": 3000, "sol": 150, "doge": 0.25, "eur": 1.1, "chf": 1.2, "tron": 0.3, "ripple": 2,
              "tether": 1, "usd-coin": 1, "binancecoin": 600}  # fmt: skip
    async with scripted(past=past, **prices) as world:  # type: ignore[arg-type]  # literals are widened
        await press_everything(world, WITH_NUMBERS[name])


async def test_buttons_of_alerts_as_they_are_told() -> None:
    async with scripted(btc=99) as world:
        await world.ask("/alert btc > 100")
        await world.ask('/alert btc crosses 100 every 1h note "sell half"')
        await world.say_at(1, btc=101)
        for told in list(world.alerts):
            for row in told.reply.buttons:
                for button in row:
                    answer = await world.reply(button.line)
                    assert "No source has" in answer.card.title or not isinstance(answer.data, Failure), button.line


@pytest.mark.parametrize(
    "ref", ["", "x", "v1.", "v1." + "0" * 20, "v1.' or 1=1 --", "v2.abc", "/alerts delete 1", "v1." + "a" * 10_000]
)
async def test_forged_references(world: World, ref: str) -> None:
    await world.ask("/alert btc > 200k")
    before = await world.dump()
    assert (await world.press_ref(ref, ANN)).card.title == STALE
    assert await world.dump() == before


async def refusal(reply: Reply[object]) -> str:
    assert isinstance(reply.data, Failure)
    return reply.card.title


async def test_a_reference_ends_after_thirty_days(world: World) -> None:
    ref = (await world.refs(await world.reply("/price btc"), ANN))["Refresh"]
    world.clock.set(START + timedelta(days=30))
    assert (await world.press_ref(ref, ANN)).card.title == "Bitcoin (BTC)"
    world.clock.set(START + timedelta(days=30, seconds=1))
    assert await refusal(await world.press_ref(ref, ANN)) == STALE


async def test_a_reference_is_of_one_chat(world: World) -> None:
    ref = (await world.refs(await world.reply("/price btc"), ANN))["Refresh"]
    assert await refusal(await world.press_ref(ref, BEN)) == STALE
    assert await refusal(await world.press_ref(ref, ANN_IN_GROUP)) == STALE
    in_group = (await world.refs(await world.reply("/price btc", ANN_IN_GROUP), ANN_IN_GROUP))["Refresh"]
    assert await refusal(await world.press_ref(in_group, CAROL_IN_TOPIC)) == STALE


async def test_reading_is_for_everybody_in_the_chat(world: World) -> None:
    shown = await world.reply("/price btc", ANN_IN_GROUP)
    assert (await world.press(shown, "Refresh", BEN_IN_GROUP, owner=ANN_IN_GROUP)).card.title == "Bitcoin (BTC)"
    assert (await world.press(shown, "Chart", BEN_IN_GROUP, owner=ANN_IN_GROUP)).chart is not None
    asked = await world.press(shown, "Alert me", BEN_IN_GROUP, owner=ANN_IN_GROUP)
    assert asked.card.title == "Tell you when BTC…"
    assert asked.private


async def test_changing_is_for_the_owner_alone(world: World) -> None:
    saved = await world.reply("/alert btc > 200k here", ADMIN_IN_GROUP)
    before = await world.dump(without=("inbox", "button", "person", "account", "chat"))
    for label in ("Undo",):
        assert await refusal(await world.press(saved, label, BEN_IN_GROUP, owner=ADMIN_IN_GROUP)) == FOREIGN
    assert await world.dump(without=("inbox", "button", "person", "account", "chat")) == before
    assert (await world.press(saved, "Undo", ADMIN_IN_GROUP)).card.title == "Alert #1 is deleted"


async def test_who_is_no_longer_an_admin_changes_nothing(world: World) -> None:
    saved = await world.reply("/alert btc > 200k here", ADMIN_IN_GROUP)
    ref = (await world.refs(saved, ADMIN_IN_GROUP))["Undo"]
    demoted = Seat(ADMIN_IN_GROUP.user, GROUP, private=False)
    assert "Only admins change" in await refusal(await world.press_ref(ref, demoted))


async def test_pressing_twice_is_two_presses_of_one_effect(world: World) -> None:
    saved = await world.reply("/alert btc > 200k")
    ref = (await world.refs(saved, ANN))["Undo"]
    assert (await world.press_ref(ref, ANN)).card.title == "Alert #1 is deleted"
    assert "There is no alert #1 of yours" in await refusal(await world.press_ref(ref, ANN))


async def test_a_forgotten_person_has_no_buttons(world: World) -> None:
    ref = (await world.refs(await world.reply("/settings"), ANN))["Currency"]
    await world.ask("/forget yes")
    assert await refusal(await world.press_ref(ref, ANN)) == STALE
