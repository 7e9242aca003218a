"""Slash commands over the real library: what Discord takes, how answers appear, what is hidden from whom."""

import asyncio

import pytest

from bot.platforms.discord import DiscordBot
from handlers.catalogue import COMMANDS
from handlers.dispatch import Call
from handlers.model import Reply
from services.counters import Counters
from services.domain.people import Caller, Place
from services.store.errors import StoreError
from tests.bot.platforms.discord.conftest import listening
from tests.bot.platforms.discord.talk import Easel, Known, QuickClock, Talk, changing, owe, said
from tests.fakes.discord import FakeDiscord, Fault, RestCall, Status
from tests.fakes.discord.tinybot import ANN, BOB, DESK, EVE, TOKEN, TRADES
from tests.fakes.discord.wire import JsonObject, as_object, objects

COMMANDS_ROUTE = "/applications/{application}/commands"
CALLBACK = "/interactions/{interaction}/{token}/callback"


async def test_the_whole_catalogue_is_within_discords_limits(fake: FakeDiscord, clock: QuickClock) -> None:
    talk = Talk(clock, dispatch=Known(COMMANDS))
    bot = DiscordBot(talk, Easel(), clock, Counters(), TOKEN, fake.api_base, fake.gateway_url)
    await bot.open()
    async with listening(fake, bot):
        registered = {command.name: command for command in fake.registered()}
    await bot.close()
    assert set(registered) == {command.path[0] for command in COMMANDS}
    leaves = {option["name"] for option in objects(registered["alerts"].body["options"])}
    assert {"list", "pause", "delete"} <= leaves
    assert registered["price"].contexts() == (0, 1, 2)
    assert registered["price"].installs() == (0, 1)


async def test_options_carry_types_choices_and_descriptions(fake: FakeDiscord, bot: DiscordBot) -> None:
    registered = {command.name: command for command in fake.registered()}
    count, by = objects(registered["top"].body["options"])
    assert (count["type"], count.get("required", False)) == (4, False)
    assert [choice["value"] for choice in objects(by["choices"])] == ["cap", "volume"]
    start, end = objects(registered["convert"].body["options"])
    assert (start["name"], end["name"]) == ("from", "to")
    assert start["autocomplete"] is True
    assert start["description"] == "A coin: ticker, name or id"


async def test_commands_are_registered_once(fake: FakeDiscord, clock: QuickClock) -> None:
    for _ in range(2):
        bot = DiscordBot(Talk(clock), Easel(), clock, Counters(), TOKEN, fake.api_base, fake.gateway_url)
        await bot.open()
        async with listening(fake, bot):
            await fake.until(lambda: len(fake.log.calls("GET", COMMANDS_ROUTE)) > 0)
        await bot.close()
        await fake.until(lambda: fake.gateway.ready_sessions == 0)
    assert len(fake.log.calls("PUT", COMMANDS_ROUTE)) == 1
    assert len(fake.log.calls("GET", COMMANDS_ROUTE)) == 2


async def test_a_failed_registration_is_made_up_for(fake: FakeDiscord, clock: QuickClock) -> None:
    fake.faults.add(Fault("PUT", COMMANDS_ROUTE, Status(503)))
    bot = DiscordBot(Talk(clock), Easel(), clock, Counters(), TOKEN, fake.api_base, fake.gateway_url)
    await bot.open()
    async with listening(fake, bot):
        await fake.until(lambda: bool(fake.registered()))
    await bot.close()
    assert [call.status for call in fake.log.calls("PUT", COMMANDS_ROUTE)] == [503, 200]


async def test_a_question_is_deferred_answered_and_kept_nowhere(fake: FakeDiscord, bot: DiscordBot, talk: Talk) -> None:
    talk.answers["price"] = lambda call, _: said(" ".join(call.words["coins"]), *call.words.get("fiat", ()))
    asked = await fake.slash(ANN, "/price", {"coins": "btc eth eur"}, channel_id=TRADES)
    answer = await asked.answer()
    assert answer.text == "Bitcoin\nbtc eth\neur"
    assert (asked.acknowledged, answer.ephemeral, answer.loading) == (5, False, False)
    assert talk.calls[0][1].place == Place("discord", fake.world.application_id, TRADES)
    assert talk.inbox == {}


async def test_the_answer_is_deferred_before_slow_work(fake: FakeDiscord, bot: DiscordBot, talk: Talk) -> None:
    acknowledged: list[int | None] = []

    def slow(_call: Call, _caller: Caller) -> Reply[object]:
        acknowledged.append(fake.interactions()[0].acknowledged)
        return said("done")

    talk.answers["price"] = slow
    asked = await fake.slash(ANN, "/price", {"coins": "btc"}, channel_id=TRADES)
    await asked.answer()
    assert acknowledged == [5]


async def test_a_change_is_hidden_applied_once_and_answered_through_the_sender(
    fake: FakeDiscord, bot: DiscordBot, talk: Talk
) -> None:
    talk.answers["alert"] = lambda call, _: changing(said(*call.words["rule"], title="Alert #1"))
    asked = await fake.slash(ANN, "/alert", {"rule": "btc > 100k"}, channel_id=TRADES)
    answer = await asked.answer()
    assert answer.text == "Alert #1\nbtc > 100k"
    assert answer.ephemeral
    assert [state for _, state in talk.inbox.values()] == ["done"]
    assert asked.id in talk.inbox


async def test_personal_answers_are_hidden_in_a_server_and_plain_in_a_private_chat(
    fake: FakeDiscord, bot: DiscordBot, talk: Talk
) -> None:
    talk.answers["alerts list"] = lambda _call, _caller: said("none")
    in_server = await fake.slash(ANN, "/alerts list", channel_id=TRADES)
    alone = await fake.slash(ANN, "/alerts list")
    assert (await in_server.answer()).ephemeral
    assert not (await alone.answer()).ephemeral
    assert talk.calls[1][1].place.chat_id == ANN
    assert talk.calls[1][1].private


async def test_a_private_reply_to_a_public_question_is_shown_to_one_person(
    fake: FakeDiscord, bot: DiscordBot, talk: Talk
) -> None:
    talk.answers["price"] = lambda _call, _caller: said("your coins", private=True)
    asked = await fake.slash(ANN, "/price", {"coins": "mine"}, channel_id=TRADES)
    message = await asked.followup()
    assert (message.text, message.ephemeral) == ("Bitcoin\nyour coins", True)
    assert [each.id for each in fake.messages(TRADES)] == [message.id]


async def test_rights_come_from_the_interaction_each_time(fake: FakeDiscord, bot: DiscordBot, talk: Talk) -> None:
    talk.answers["price"] = lambda _call, _caller: said("ok")
    for permissions in ("0", "32", "0"):  # 32: manage server
        give_rights(fake, permissions)
        await (await fake.slash(ANN, "/price", {"coins": "btc"}, channel_id=TRADES)).answer()
    assert [caller.may_administer for _, caller in talk.calls] == [False, True, False]


def give_rights(fake: FakeDiscord, permissions: str) -> None:
    """Let the next interactions in a server say that the person has these rights there."""

    def dispatch(event: str, data: JsonObject, guild_id: int | None) -> int:
        member = {**as_object(data["member"]), "permissions": permissions}
        return fake.gateway.dispatch(event, {**data, "member": member}, guild_id)

    fake._people.dispatch = dispatch


async def test_where_the_bot_is_not_present_a_person_asks_for_their_private_chat(
    fake: FakeDiscord, bot: DiscordBot, talk: Talk
) -> None:
    talk.answers["price"] = lambda _call, _caller: said("ok")
    elsewhere = fake.private_channel(EVE, ANN)
    answer = await (await fake.slash(EVE, "/price", {"coins": "btc"}, channel_id=elsewhere)).answer()
    assert not answer.ephemeral
    assert talk.calls[0][1].place.chat_id == EVE


async def test_suggestions_are_cut_to_what_discord_takes(fake: FakeDiscord, bot: DiscordBot, talk: Talk) -> None:
    talk.suggestions = (("x" * 120, "short"), ("Bitcoin", "v" * 101), *((f"Coin {n}", f"coin-{n}") for n in range(40)))
    found = await fake.autocomplete(ANN, "/alert", {"rule": "btc > 1"}, "rule", channel_id=TRADES)
    assert len(found) == 25
    assert found[0] == {"name": "x" * 99 + "…", "value": "short"}
    assert found[1]["name"] == "Coin 0"
    assert talk.asked[0][:2] == ("alert rule", "btc > 1")


async def test_the_last_of_many_words_is_completed(fake: FakeDiscord, bot: DiscordBot, talk: Talk) -> None:
    talk.suggestions = (("Solana (SOL)", "solana"),)
    found = await fake.autocomplete(ANN, "/price", {"coins": "btc eth so"}, "coins")
    assert [choice["value"] for choice in found] == ["btc eth solana"]
    assert talk.asked[0][1] == "so"


async def test_suggestions_that_fail_are_none(fake: FakeDiscord, bot: DiscordBot, talk: Talk) -> None:
    talk.trouble = StoreError("disk full")
    assert await fake.autocomplete(ANN, "/alert", {"rule": "b"}, "rule") == ()


async def test_a_late_or_repeated_interaction_changes_nothing(fake: FakeDiscord, bot: DiscordBot, talk: Talk) -> None:
    fake.faults.add(Fault("POST", CALLBACK, Status(404, 10062)))
    talk.answers["alert"] = lambda _call, _caller: changing(said("saved"))
    await fake.slash(ANN, "/alert", {"rule": "btc > 1"}, channel_id=TRADES)
    await fake.wait_for(lambda entry: isinstance(entry, RestCall) and entry.code == 10062)
    again = await fake.slash(ANN, "/alert", {"rule": "eth > 1"}, channel_id=TRADES)
    await again.answer()
    assert [call.words["rule"] for call, _ in talk.calls] == [("eth > 1",)]


async def test_a_broken_store_is_said(fake: FakeDiscord, bot: DiscordBot, talk: Talk) -> None:
    def broken(_call: Call, _caller: Caller) -> Reply[object]:
        raise StoreError("disk full")

    talk.answers["price"] = broken
    answer = await (await fake.slash(ANN, "/price", {"coins": "btc"}, channel_id=TRADES)).answer()
    assert "Nothing was saved" in answer.text


async def test_a_fault_of_ours_is_said(fake: FakeDiscord, bot: DiscordBot, talk: Talk) -> None:
    answer = await (await fake.slash(ANN, "/price", {"coins": "btc"}, channel_id=TRADES)).answer()
    assert "went wrong" in answer.text
    talk.answers["price"] = lambda _call, _caller: said("fine")
    assert (
        await (await fake.slash(ANN, "/price", {"coins": "btc"}, channel_id=TRADES)).answer()
    ).text == "Bitcoin\nfine"


async def test_a_chat_that_refused_and_speaks_again_is_owed_again(
    fake: FakeDiscord, bot: DiscordBot, talk: Talk
) -> None:
    talk.answers["price"] = lambda _call, _caller: said("fine")
    place = Place("discord", fake.world.application_id, BOB)
    await bot.sender.send(owe(place, private=True), said("alert"), repeat=False)
    before = list(talk.woken)
    for _ in range(2):
        await (await fake.slash(BOB, "/price", {"coins": "btc"})).answer()
    assert talk.woken == [*before, f"chat {BOB}"]


async def test_what_a_dead_process_left_is_answered_by_the_next_one(
    fake: FakeDiscord, opened: DiscordBot, talk: Talk, clock: QuickClock
) -> None:
    died = asyncio.Event()

    def die(_call: Call, _caller: Caller) -> Reply[object]:
        died.set()
        raise asyncio.CancelledError

    talk.answers["alert"] = die
    async with listening(fake, opened):
        asked = await fake.slash(ANN, "/alert", {"rule": "btc > 100k"}, channel_id=TRADES)
        await died.wait()
    await fake.until(lambda: fake.gateway.ready_sessions == 0)
    talk.answers["alert"] = lambda call, _: changing(said(*call.words["rule"]))
    follower = DiscordBot(talk, Easel(), clock, Counters(), TOKEN, fake.api_base, fake.gateway_url)
    await follower.open()
    talk.sender = follower.sender
    async with listening(fake, follower):
        answer = await asked.answer()
    await follower.close()
    assert answer.text == "Bitcoin\nbtc > 100k"
    assert [state for _, state in talk.inbox.values()] == ["done"]


async def test_what_a_dead_process_had_not_acknowledged_is_not_done_later(
    fake: FakeDiscord, opened: DiscordBot, talk: Talk
) -> None:
    talk.answers["alert"] = lambda call, _: changing(said(*call.words["rule"]))
    talk.sender = opened.sender
    async with listening(fake, opened):
        asked = await fake.slash(ANN, "/alert", {"rule": "btc > 100k"}, channel_id=TRADES)
        await asked.answer()
    fake.answers.delete(asked, "@original")
    talk.inbox[asked.id] = (talk.inbox[asked.id][0], "new")
    await fake.until(lambda: fake.gateway.ready_sessions == 0)
    follower = DiscordBot(talk, Easel(), QuickClock(), Counters(), TOKEN, fake.api_base, fake.gateway_url)
    await follower.open()
    async with listening(fake, follower):
        pass
    await follower.close()
    assert len(talk.calls) == 1
    assert talk.inbox[asked.id][1] == "done"


@pytest.mark.parametrize("name", ["@everyone", "<@&601>", "<@501>"])
async def test_no_name_can_ping_anybody(fake: FakeDiscord, bot: DiscordBot, talk: Talk, name: str) -> None:
    talk.answers["price"] = lambda _call, _caller: said(f"{name} is up", title=name)
    await (await fake.slash(BOB, "/price", {"coins": "btc"}, channel_id=TRADES)).answer()
    for call in fake.log.calls("PATCH"):
        assert as_object(call.payload["allowed_mentions"]) == {"parse": []}
    assert [call for call in fake.log.calls() if call.pings] == []
    assert fake.world.guilds[DESK].id == DESK
