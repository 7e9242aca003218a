"""What people do, driven through the real library: commands, buttons, menus, forms and their answers."""

import warnings
from collections.abc import AsyncIterator

import pytest

from tests.fakes.discord import FakeDiscord, Fault, Interaction, RestCall, ScriptError, Status
from tests.fakes.discord.driving import exchange
from tests.fakes.discord.tinybot import ANN, BOB, EVE, TRADES, Bot, channel_of, desk, running
from tests.fakes.discord.wire import Json, as_int

with warnings.catch_warnings():  # the library still imports audioop, which Python is about to drop
    warnings.simplefilter("ignore", DeprecationWarning)
    import discord


@pytest.fixture
async def fake() -> AsyncIterator[FakeDiscord]:
    async with desk() as dc:
        yield dc


@pytest.fixture
async def bot(fake: FakeDiscord) -> AsyncIterator[Bot]:
    async with running() as client:
        yield client


async def raw(fake: FakeDiscord, method: str, path: str, body: Json = None) -> tuple[int, int]:
    """Status and error code of a request without the library."""
    status, found = await exchange(fake, method, path, body)
    return status, as_int(found.get("code"))


async def callback(fake: FakeDiscord, asked: Interaction, body: Json, token: str = "") -> tuple[int, int]:
    return await raw(fake, "POST", f"/interactions/{asked.id}/{token or asked.token}/callback", body)


async def test_a_deferred_answer_is_edited(fake: FakeDiscord, bot: Bot) -> None:
    asked = await fake.slash(ANN, "/price", {"coin": "bitcoin", "days": 7}, channel_id=TRADES)
    answer = await asked.answer()
    assert answer.text == "bitcoin over 7"
    assert asked.acknowledged == 5
    assert not answer.loading
    assert not answer.ephemeral
    assert [message.id for message in fake.messages(TRADES)] == [answer.id]


async def test_an_ephemeral_answer_and_its_follow_up(fake: FakeDiscord, bot: Bot) -> None:
    asked = await fake.slash(ANN, "/alerts list", channel_id=TRADES)
    first, second = await asked.answer(), await asked.followup()
    assert (first.text, first.ephemeral) == ("No alerts yet.", True)
    assert (second.text, second.ephemeral) == ("Make one.", True)
    with pytest.raises(discord.NotFound):
        await channel_of(bot, TRADES).fetch_message(first.id)


async def test_suggestions_follow_what_is_typed(fake: FakeDiscord, bot: Bot) -> None:
    choices = await fake.autocomplete(ANN, "/price", {"coin": "bit"}, "coin")
    assert [choice["value"] for choice in choices] == ["bitcoin", "bitcoin-cash"]


async def test_buttons_and_menus_that_are_there(fake: FakeDiscord, bot: Bot) -> None:
    answer = await (await fake.slash(ANN, "/price", {"coin": "bitcoin"})).answer()
    pressed = await fake.press(ANN, answer.id, "Refresh")
    assert (await pressed.answer()).text == "fresh"
    chosen = await fake.choose(ANN, answer.id, "fiat", ["EUR"])
    assert (await chosen.answer()).text == "in EUR"
    assert fake.message(answer.id).text == "in EUR"


async def test_only_a_forger_presses_what_is_not_there(fake: FakeDiscord, bot: Bot) -> None:
    answer = await (await fake.slash(ANN, "/price", {"coin": "bitcoin"}, channel_id=TRADES)).answer()
    with pytest.raises(ScriptError):
        await fake.press(ANN, answer.id, "Delete everything")
    forged = await fake.press(BOB, answer.id, "delete:all", forged=True)
    assert forged.delivered == 1


async def test_an_ephemeral_button_is_pressed_by_its_owner_only(fake: FakeDiscord, bot: Bot) -> None:
    hidden = await (await fake.user_menu(ANN, "Who is this", BOB, channel_id=TRADES)).answer()
    with pytest.raises(ScriptError):
        await fake.press(BOB, hidden.id, "Refresh")
    pressed = await fake.press(ANN, hidden.id, "Refresh")
    assert (await pressed.answer()).text == "fresh"


async def test_a_form_is_filled_in(fake: FakeDiscord, bot: Bot) -> None:
    asked = await fake.slash(ANN, "/ask")
    assert (await asked.modal())["title"] == "Ask"
    sent = await fake.submit(asked, {"question": "Why?"})
    assert (await sent.answer()).text == "You asked: Why?"
    with pytest.raises(ScriptError):
        await fake.submit(asked, {"question": "Again?"})


async def test_the_menu_of_a_person(fake: FakeDiscord, bot: Bot) -> None:
    chosen = await fake.user_menu(ANN, "Who is this", BOB, channel_id=TRADES)
    assert (await chosen.answer()).text == "bob"


@pytest.mark.parametrize(
    ("line", "options"),
    [
        ("/nothing", {}),
        ("/alerts", {}),
        ("/alerts erase", {}),
        ("/price", {}),
        ("/price", {"coin": 5}),
        ("/price", {"coin": "bitcoin", "days": 3}),
        ("/price", {"coin": "bitcoin", "weeks": 1}),
    ],
)
async def test_a_person_cannot_send_what_is_not_registered(
    fake: FakeDiscord, bot: Bot, line: str, options: dict[str, str | int]
) -> None:
    with pytest.raises(ScriptError):
        await fake.slash(ANN, line, options)


async def test_the_app_of_a_person_works_where_the_bot_is_not(fake: FakeDiscord, bot: Bot) -> None:
    elsewhere = fake.private_channel(EVE, ANN)
    asked = await fake.slash(EVE, "/price", {"coin": "bitcoin"}, channel_id=elsewhere)
    assert (await asked.answer()).text == "bitcoin over 1"
    assert dict(asked.opening.owners) == {"1": str(EVE)}
    with pytest.raises(ScriptError, match="not installed"):
        await fake.slash(EVE, "/alerts list", channel_id=elsewhere)
    with pytest.raises(ScriptError, match="not offered in context 2"):
        await fake.slash(EVE, "/ask", channel_id=elsewhere)
    with pytest.raises(ScriptError):
        await fake.slash(ANN, "/price", {"coin": "bitcoin"}, channel_id=elsewhere)


async def test_a_late_first_answer_is_refused(fake: FakeDiscord, bot: Bot) -> None:
    fake.faults.add(Fault("POST", "/interactions/{interaction}/{token}/callback", Status(404, 10062)))
    asked = await fake.slash(ANN, "/alerts list")
    await fake.wait_for(lambda entry: isinstance(entry, RestCall) and entry.code == 10062)
    fake.clock.advance(3.1)
    status, code = await callback(fake, asked, {"type": 4, "data": {"content": "late"}})
    assert (status, code) == (404, 10062)
    assert asked.acknowledged is None


async def test_each_interaction_is_answered_once(fake: FakeDiscord, bot: Bot) -> None:
    asked = await fake.slash(ANN, "/alerts list")
    await asked.answer()
    assert await callback(fake, asked, {"type": 5}) == (400, 40060)
    assert await callback(fake, asked, {"type": 5}, token="wrong") == (404, 10062)


async def test_a_token_lives_fifteen_minutes(fake: FakeDiscord, bot: Bot) -> None:
    asked = await fake.slash(ANN, "/alerts list")
    await asked.followup()
    hook = f"/webhooks/{fake.world.application_id}/{asked.token}"
    assert await raw(fake, "POST", hook, {"content": "in time"}) == (200, 0)
    fake.clock.advance(900)
    assert await raw(fake, "POST", hook, {"content": "too late"}) == (401, 50027)


async def test_the_app_of_a_person_gets_five_follow_ups(fake: FakeDiscord, bot: Bot) -> None:
    elsewhere = fake.private_channel(EVE, ANN)
    asked = await fake.slash(EVE, "/price", {"coin": "bitcoin"}, channel_id=elsewhere)
    await asked.answer()
    hook = f"/webhooks/{fake.world.application_id}/{asked.token}"
    answers = [await raw(fake, "POST", hook, {"content": str(number)}) for number in range(6)]
    assert answers == [(200, 0)] * 5 + [(400, 40094)]
