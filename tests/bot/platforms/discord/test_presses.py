"""Buttons and charts: who may press what, and where the answer appears."""

import random
import string

from bot.platforms.discord import DiscordBot
from handlers.dispatch import Call
from handlers.model import Button, Card, Reply
from services.domain.people import Caller, Place
from tests.bot.platforms.discord.talk import Easel, Talk, changing, owe, said
from tests.bot.render.samples import chart
from tests.fakes.discord import FakeDiscord, Interaction, Message
from tests.fakes.discord.tinybot import ANN, BOB, TRADES
from tests.fakes.discord.wire import as_object, objects

REFRESH = Button("Refresh", "/price btc")
ALERT = Button("Alert me", "/alert btc")


async def card_with_buttons(fake: FakeDiscord, talk: Talk, channel_id: int | None = TRADES) -> Message:
    """What Ann is shown after asking for a price."""
    talk.answers["price"] = lambda _call, _caller: said("100", buttons=(REFRESH, ALERT))
    talk.answers["alert"] = lambda _call, _caller: changing(said("saved", title="Alert"))
    return await (await fake.slash(ANN, "/price", {"coins": "btc"}, channel_id=channel_id)).answer()


async def edited(fake: FakeDiscord, pressed: Interaction) -> Message:
    """The pressed button's message once it is edited."""
    await fake.until(lambda: any(each.way == "original" for each in pressed.responses))
    found = pressed.message
    assert found is not None
    return found


async def refusal(fake: FakeDiscord, pressed: Interaction) -> Message:
    """What the person who pressed is told, wherever it is shown."""
    await fake.until(lambda: any(not message.loading for message in pressed.messages))
    return pressed.messages[-1]


async def test_anybody_may_refresh_in_place(fake: FakeDiscord, bot: DiscordBot, talk: Talk) -> None:
    card = await card_with_buttons(fake, talk)
    assert card.buttons == ("Refresh", "Alert me")
    talk.answers["price"] = lambda _call, _caller: said("101")
    pressed = await fake.press(BOB, card.id, "Refresh")
    after = await edited(fake, pressed)
    assert (after.id, after.text, after.buttons) == (card.id, "Bitcoin\n101", ())
    assert pressed.acknowledged == 6


async def test_what_changes_something_is_answered_beside_a_public_message(
    fake: FakeDiscord, bot: DiscordBot, talk: Talk
) -> None:
    card = await card_with_buttons(fake, talk)
    answer = await (await fake.press(ANN, card.id, "Alert me")).answer()
    assert (answer.text, answer.ephemeral) == ("Alert\nsaved", True)
    assert fake.message(card.id).text == "Bitcoin\n100"
    assert [state for _, state in talk.inbox.values()] == ["done"]


async def test_in_a_private_chat_it_takes_the_messages_place(fake: FakeDiscord, bot: DiscordBot, talk: Talk) -> None:
    card = await card_with_buttons(fake, talk, None)
    after = await edited(fake, await fake.press(ANN, card.id, "Alert me"))
    assert (after.id, after.text, after.buttons) == (card.id, "Alert\nsaved", ())


async def test_a_stranger_is_told_so_alone(fake: FakeDiscord, bot: DiscordBot, talk: Talk) -> None:
    card = await card_with_buttons(fake, talk)
    calls = len(talk.calls)
    answer = await (await fake.press(BOB, card.id, "Alert me")).answer()
    assert "belongs to somebody else" in answer.text
    assert answer.ephemeral
    assert len(talk.calls) == calls
    assert fake.message(card.id).text == "Bitcoin\n100"


async def test_a_refused_press_leaves_the_message_as_it_is(fake: FakeDiscord, bot: DiscordBot, talk: Talk) -> None:
    card = await card_with_buttons(fake, talk)
    ref = next(iter(talk.buttons))
    talk.buttons[ref] = ("/price btc", None, 999)
    pressed = await fake.press(ANN, card.id, "Refresh")
    told = await refusal(fake, pressed)
    assert ("no longer valid" in told.text, told.ephemeral) == (True, True)
    assert fake.message(card.id).text == "Bitcoin\n100"


async def test_forged_names_reach_no_command(fake: FakeDiscord, bot: DiscordBot, talk: Talk) -> None:
    card = await card_with_buttons(fake, talk)
    calls = len(talk.calls)
    real = sorted(talk.buttons)[1]
    chance = random.Random(7)
    noise = ["".join(chance.choices(string.printable, k=chance.randint(1, 100))) for _ in range(20)]
    for name in ("/alert btc", "e.", "ap.", f"eh.{real}x", f"ah.{real[:-1]}", real, f"eh.{real}", f"ep.{real}", *noise):
        pressed = await fake.press(BOB, card.id, name, forged=True)
        assert (await refusal(fake, pressed)).ephemeral
    assert len(talk.calls) == calls
    assert fake.message(card.id).text == "Bitcoin\n100"


async def test_a_private_answer_in_a_server_acts_for_the_private_chat(
    fake: FakeDiscord, bot: DiscordBot, talk: Talk
) -> None:
    talk.answers["alert"] = lambda _call, _caller: changing(said("saved", private=True, buttons=(ALERT,)))
    answer = await (await fake.slash(ANN, "/alert", {"rule": "btc > 1"}, channel_id=TRADES)).answer()
    talk.answers["alert"] = lambda _call, _caller: changing(said("again"))
    after = await edited(fake, await fake.press(ANN, answer.id, "Alert me"))
    assert (after.id, after.text, after.ephemeral) == (answer.id, "Bitcoin\nagain", True)
    assert [(caller.place.chat_id, caller.private) for _, caller in talk.calls] == [(TRADES, False), (ANN, True)]


async def test_buttons_of_an_alert_leave_the_alert_standing(fake: FakeDiscord, bot: DiscordBot, talk: Talk) -> None:
    talk.answers["price"] = lambda _call, _caller: said("101")
    place = Place("discord", fake.world.application_id, TRADES)
    caller = await talk.caller(place, ANN, private=False)
    owed = owe(place)
    assert owed.chat == caller.chat
    await bot.sender.send(owed, said("BTC is above 100", title="Alert", buttons=(REFRESH,)), repeat=False)
    (alert,) = fake.messages(TRADES)
    answer = await (await fake.press(BOB, alert.id, "Refresh")).answer()
    assert (answer.text, answer.ephemeral) == ("Bitcoin\n101", True)
    assert fake.message(alert.id).text == "Alert\nBTC is above 100"


def charted(_call: Call, _caller: Caller) -> Reply[object]:
    return Reply(None, Card("Chart"), chart=chart())


async def test_a_chart_is_a_picture_with_words_for_those_who_cannot_see_it(
    fake: FakeDiscord, bot: DiscordBot, talk: Talk
) -> None:
    talk.answers["price"] = charted
    answer = await (await fake.slash(ANN, "/price", {"coins": "btc"}, channel_id=TRADES)).answer()
    (attachment,) = answer.attachments
    assert (attachment.upload.filename, attachment.upload.content) == ("chart.png", b"\x89PNG made up")
    assert as_object(answer.embeds[0]["image"])["url"] == "attachment://chart.png"
    (said_of_it,) = objects(fake.log.calls("PATCH")[-1].payload["attachments"])
    assert said_of_it["description"] == chart().alt


async def test_an_edit_drops_the_old_picture(fake: FakeDiscord, bot: DiscordBot, talk: Talk) -> None:
    talk.answers["price"] = lambda _call, _caller: Reply(None, Card("Chart"), chart=chart(), buttons=((REFRESH,),))
    answer = await (await fake.slash(ANN, "/price", {"coins": "btc"}, channel_id=TRADES)).answer()
    talk.answers["price"] = lambda _call, _caller: said("words")
    after = await edited(fake, await fake.press(ANN, answer.id, "Refresh"))
    assert (after.attachments, after.text) == ((), "Bitcoin\nwords")


async def test_without_the_picture_its_words_stand(
    fake: FakeDiscord, easel: Easel, bot: DiscordBot, talk: Talk
) -> None:
    easel.picture = None
    talk.answers["price"] = charted
    answer = await (await fake.slash(ANN, "/price", {"coins": "btc"}, channel_id=TRADES)).answer()
    assert answer.attachments == ()
    assert "BTC/USD, 1h:" in answer.text


async def test_words_that_the_card_has_already_are_not_said_twice(
    fake: FakeDiscord, easel: Easel, bot: DiscordBot, talk: Talk
) -> None:
    easel.picture = None
    talk.answers["price"] = lambda _call, _caller: Reply(None, Card("Chart", notes=(chart().alt,)), chart=chart())
    answer = await (await fake.slash(ANN, "/price", {"coins": "btc"}, channel_id=TRADES)).answer()
    assert answer.text.count("BTC/USD, 1h:") == 1
