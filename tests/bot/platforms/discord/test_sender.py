"""Every way in which one attempt to send can end, judged by the fake's own log."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.platforms.discord import DiscordBot
from bot.platforms.discord.asked import Address, encode
from bot.platforms.discord.rest import Rest
from bot.platforms.discord.sender import DiscordSender
from handlers.model import Button
from services.counters import Counters
from services.domain.deliveries import Found, Missing, Outcome, Parked, Retry, Sent, Unknown, Unreadable
from services.domain.people import Place
from tests.bot.platforms.discord.talk import Easel, QuickClock, Talk, nonce_of, owe, said
from tests.fakes.discord import (
    FakeDiscord,
    Fault,
    Garbage,
    Kind,
    RateLimited,
    Reset,
    Status,
    missing_access,
    missing_permissions,
)
from tests.fakes.discord.tinybot import ANN, BOB, DESK, MESSAGES, TOKEN, TRADES
from tests.fakes.discord.wire import as_object

OPEN_DM = "/users/@me/channels"


def at(fake: FakeDiscord, chat: int = TRADES) -> Place:
    return Place("discord", fake.world.application_id, chat)


async def attempt(bot: DiscordBot, place: Place, *, private: bool = False, key: str = "event 1 to 1") -> Outcome:
    return await bot.sender.send(owe(place, private=private, key=key), said("BTC is above 100"), repeat=False)


async def test_a_message_arrives_with_its_nonce(fake: FakeDiscord, opened: DiscordBot) -> None:
    outcome = await attempt(opened, at(fake))
    (message,) = fake.messages(TRADES)
    assert outcome == Sent(message.id)
    (call,) = fake.sent(TRADES)
    assert (call.payload["nonce"], call.payload["enforce_nonce"]) == (nonce_of("event 1 to 1"), True)
    assert as_object(call.payload["allowed_mentions"]) == {"parse": []}


async def test_a_repeated_nonce_makes_no_second_message(fake: FakeDiscord, opened: DiscordBot) -> None:
    assert opened.sender.remembers_nonce
    assert await attempt(opened, at(fake)) == await attempt(opened, at(fake))
    assert len(fake.messages(TRADES)) == 1


async def test_a_nonce_whose_message_was_deleted_counts_as_delivered(fake: FakeDiscord, opened: DiscordBot) -> None:
    await attempt(opened, at(fake))
    (message,) = fake.messages(TRADES)
    del fake.world.messages[TRADES][message.id]
    assert await attempt(opened, at(fake)) == Sent(None)


@pytest.mark.parametrize("kind", [Reset(executed=True), Status(502, html=True, executed=True), Garbage()])
async def test_an_answer_that_is_lost_is_unknown_and_its_repeat_harmless(
    fake: FakeDiscord, opened: DiscordBot, kind: Kind
) -> None:
    fake.faults.add(Fault("POST", MESSAGES, kind))
    assert isinstance(await attempt(opened, at(fake)), Unknown)
    assert isinstance(await attempt(opened, at(fake)), Sent)
    assert len(fake.messages(TRADES)) == 1


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (Reset(executed=False), Unknown),
        (Status(500), Unknown),
        (Status(503, html=True), Unknown),
        (Status(401), Retry),
        (Status(403, 50001, "Missing Access"), Parked),
        (Status(403, 50013, "Missing Permissions"), Parked),
        (Status(404, 10003, "Unknown Channel"), Parked),
        (Status(404, 10004, "Unknown Guild"), Parked),
        (Status(403, html=True), Retry),
        (RateLimited(1.5), Retry),
    ],
)
async def test_each_refusal_has_its_class(
    fake: FakeDiscord, opened: DiscordBot, kind: Kind, expected: type[Outcome]
) -> None:
    fake.faults.add(Fault("POST", MESSAGES, kind))
    assert isinstance(await attempt(opened, at(fake)), expected)
    assert fake.messages(TRADES) == ()


async def test_a_limit_is_obeyed_to_the_millisecond(fake: FakeDiscord, opened: DiscordBot) -> None:
    fake.faults.add(
        Fault("POST", MESSAGES, RateLimited(1.234)), Fault("POST", MESSAGES, RateLimited(2, is_global=True))
    )
    assert await attempt(opened, at(fake)) == Retry(timedelta(seconds=1.234), "rate limit")
    assert await attempt(opened, at(fake)) == Retry(timedelta(seconds=2), "rate limit", whole_bot=True)


async def test_a_ban_by_the_edge_halts_everything(fake: FakeDiscord, opened: DiscordBot) -> None:
    fake.faults.add(Fault("POST", MESSAGES, RateLimited(600, via=False)))
    assert await attempt(opened, at(fake)) == Retry(timedelta(seconds=600), "banned by the edge", whole_bot=True)


async def test_a_spent_bucket_halts_its_chat(clock: QuickClock) -> None:
    async with FakeDiscord(TOKEN) as fake:
        fake.add_user(ANN, "ann")
        fake.add_guild(DESK, channels=[TRADES], members=[ANN])
        talk = Talk(clock)
        bot = DiscordBot(talk, Easel(), clock, Counters(), TOKEN, fake.api_base, fake.gateway_url)
        await bot.open()
        for number in range(5):
            await attempt(bot, at(fake), key=f"event {number}")
        await bot.close()
        ((chat, seconds, whole_bot),) = talk.outbox.halted
        assert (chat, whole_bot) == (TRADES, False)
        assert 0 < seconds <= 5


async def test_nobody_listens_at_the_address(talk: Talk, easel: Easel, clock: QuickClock) -> None:
    rest = Rest(TOKEN, "http://127.0.0.1:1")
    sender = DiscordSender(talk, easel, clock, rest, 1)
    place = Place("discord", 1, TRADES)
    outcome = await sender.send(owe(place), said("BTC is above 100"), repeat=False)
    assert isinstance(outcome, Retry)
    assert outcome.whole_bot
    assert not await sender.is_answering(place)
    await rest.close()


async def test_channels_that_are_gone_or_closed_are_parked(fake: FakeDiscord, opened: DiscordBot) -> None:
    for refusal in (missing_access(), missing_permissions()):
        fake.deny(TRADES, refusal)
        assert await attempt(opened, at(fake)) == Parked(f"discord {refusal.code}")
    fake.deny(TRADES, None)
    fake.remove_channel(TRADES)
    assert await attempt(opened, at(fake)) == Parked("discord 10003")


async def test_a_refused_direct_message_goes_out_once_it_is_allowed(fake: FakeDiscord, opened: DiscordBot) -> None:
    assert await attempt(opened, at(fake, BOB), private=True) == Parked("discord 50007")
    assert opened.sender.refusing == {BOB}
    fake.world.change_user(BOB, dm_open=True)
    assert isinstance(await attempt(opened, at(fake, BOB), private=True), Sent)
    assert [message.text.splitlines()[1] for message in fake.messages(fake.dm_channel(BOB))] == ["BTC is above 100"]


async def test_a_private_channel_is_opened_once(fake: FakeDiscord, opened: DiscordBot) -> None:
    fake.faults.add(Fault("POST", OPEN_DM, Status(500)))
    assert isinstance(await attempt(opened, at(fake, ANN), private=True), Retry)
    for key in ("event 2", "event 3"):
        assert isinstance(await attempt(opened, at(fake, ANN), private=True, key=key), Sent)
    assert len(fake.log.calls("POST", OPEN_DM)) == 2


async def test_a_person_who_is_gone_is_parked(fake: FakeDiscord, opened: DiscordBot) -> None:
    assert await attempt(opened, at(fake, 999), private=True) == Parked("discord 10013")


async def test_a_refused_form_is_sent_as_plain_words(fake: FakeDiscord, opened: DiscordBot) -> None:
    fake.faults.add(Fault("POST", MESSAGES, Status(400, 50035, "Invalid Form Body")))
    assert isinstance(await attempt(opened, at(fake)), Sent)
    (message,) = fake.messages(TRADES)
    assert (message.embeds, "BTC is above 100" in message.content) == ((), True)


async def test_words_that_are_refused_too_are_parked_alone(fake: FakeDiscord, opened: DiscordBot) -> None:
    fake.faults.add(Fault("POST", MESSAGES, Status(400, 50035, "Invalid Form Body"), times=2))
    assert await attempt(opened, at(fake)) == Parked("discord 50035", chat=False)


async def test_a_repeat_says_so(fake: FakeDiscord, opened: DiscordBot) -> None:
    await opened.sender.send(owe(at(fake)), said("BTC is above 100"), repeat=True)
    assert "Possible repeat" in fake.messages(TRADES)[0].text


async def test_long_words_come_in_numbered_parts_that_repeat_alone(fake: FakeDiscord, opened: DiscordBot) -> None:
    reply = said(*(f"line {number} {'x' * 60}" for number in range(150)))
    fake.faults.add(Fault("POST", MESSAGES, Reset(executed=True), skip=1))
    first = await opened.sender.send(owe(at(fake)), reply, repeat=False)
    second = await opened.sender.send(owe(at(fake)), reply, repeat=False)
    assert (type(first), type(second)) == (Unknown, Sent)
    messages = fake.messages(TRADES)
    assert [message.text.splitlines()[0] for message in messages] == [f"Bitcoin ({n}/3)" for n in (1, 2, 3)]
    words = "\n".join(message.text for message in messages)
    assert all(f"line {number} " in words for number in range(150))


async def test_a_message_is_found_again_without_its_nonce(fake: FakeDiscord, opened: DiscordBot) -> None:
    """Discord forgets nonces: the tag is in the text, or in the buttons."""
    plain, pressable = owe(at(fake)), owe(at(fake), key="event 2")
    await opened.sender.send(plain, said("one"), repeat=False)
    await opened.sender.send(pressable, said("two", buttons=(Button("More", "/price btc"),)), repeat=False)
    for message in fake.messages(TRADES):
        fake.world.put(replace(message, nonce=None))
    first, second = fake.messages(TRADES)
    assert await opened.sender.look_up(plain) == Found(first.id)
    assert await opened.sender.look_up(pressable) == Found(second.id)
    assert await opened.sender.look_up(owe(at(fake), key="event 3")) == Missing()


async def test_a_message_is_found_behind_many_others(fake: FakeDiscord, opened: DiscordBot) -> None:
    for number in range(130):
        await fake.say(BOB, f"chatter {number}", channel_id=TRADES)
    await attempt(opened, at(fake))
    assert await opened.sender.look_up(owe(at(fake))) == Found(fake.messages(TRADES)[-1].id)


async def test_a_history_that_shows_nothing_proves_nothing(fake: FakeDiscord, opened: DiscordBot) -> None:
    assert await opened.sender.look_up(owe(at(fake))) == Unreadable()
    assert await opened.sender.look_up(owe(at(fake, ANN), private=True)) == Missing()
    fake.deny(TRADES, missing_access())
    assert await opened.sender.look_up(owe(at(fake))) == Unreadable()


async def test_an_answer_whose_token_is_dead_goes_to_the_person(fake: FakeDiscord, opened: DiscordBot) -> None:
    address = Address(fake.world.application_id, 1, "made-up", ANN, hidden=True)
    owed = owe(at(fake), answers=encode(address))
    assert isinstance(await opened.sender.send(owed, said("saved"), repeat=False), Sent)
    assert fake.messages(TRADES) == ()
    assert [message.text for message in fake.messages(fake.dm_channel(ANN))] == ["Bitcoin\nsaved"]


async def test_a_person_who_refuses_it_does_not_silence_the_channel(fake: FakeDiscord, opened: DiscordBot) -> None:
    address = Address(fake.world.application_id, 1, "made-up", BOB, hidden=True)
    outcome = await opened.sender.send(owe(at(fake), answers=encode(address)), said("saved"), repeat=False)
    assert outcome == Parked("discord 50007", chat=False)


async def test_a_live_answer_may_be_repeated(fake: FakeDiscord, opened: DiscordBot) -> None:
    now = int((datetime.now(UTC) - datetime(2015, 1, 1, tzinfo=UTC)).total_seconds() * 1000) << 22
    old = Address(fake.world.application_id, 1, "made-up", ANN, hidden=True)
    fresh = Address(fake.world.application_id, now, "made-up", ANN, hidden=True)
    assert await opened.sender.look_up(owe(at(fake), answers=encode(fresh))) == Missing()
    assert await opened.sender.look_up(owe(at(fake), answers=encode(old))) == Unreadable()


async def test_alerts_go_out_without_a_gateway(fake: FakeDiscord, opened: DiscordBot) -> None:
    assert fake.log.links() == ()
    assert isinstance(await attempt(opened, at(fake)), Sent)
    assert await opened.sender.is_answering(at(fake))
