"""The fake is driven by the real library: what it accepts and refuses is what the bot will meet."""

import asyncio
import contextlib
import signal
import sys
import warnings
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import aiohttp
import pytest

from tests.fakes.discord import (
    FakeDiscord,
    Fault,
    Garbage,
    Hang,
    Interaction,
    Kind,
    Limits,
    RateLimited,
    Reset,
    RestCall,
    ScriptError,
    Status,
    missing_permissions,
)
from tests.fakes.discord.driving import exchange, library_at
from tests.fakes.discord.wire import Json, as_int, as_object, as_text, decode

with warnings.catch_warnings():  # the library still imports audioop, which Python is about to drop
    warnings.simplefilter("ignore", DeprecationWarning)
    import discord
    from discord import app_commands

TOKEN = "MTEwMDAwMDAwMDAwMDAwMDAwMQ.made-up.token-for-tests"
ANN, BOB, EVE = 501, 502, 503
DESK, TRADES, NEWS = 601, 701, 702
MESSAGES = "/channels/{channel}/messages"


class Bot(discord.Client):
    """A small bot with one command of each shape."""

    def __init__(self, *, heartbeat_timeout: float = 60.0) -> None:
        intents = discord.Intents.default()
        super().__init__(intents=intents, guild_ready_timeout=0.05, heartbeat_timeout=heartbeat_timeout)
        self.tree = app_commands.CommandTree(self)
        self.heard: asyncio.Queue[str] = asyncio.Queue()
        self.answered = 0
        self.counted = asyncio.Event()
        self.tree.add_command(_alerts())
        self.tree.add_command(_price)
        self.tree.add_command(_ask)
        self.tree.add_command(_who)

    async def setup_hook(self) -> None:
        await self.tree.sync()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Without the library's pause of five seconds."""

    async def on_ready(self) -> None:
        self.heard.put_nowait("ready")

    async def on_message(self, message: discord.Message) -> None:
        self.heard.put_nowait(f"{message.author.name}: {message.content}")

    async def on_app_command_completion(self, _interaction: discord.Interaction, _command: object) -> None:
        self.answered += 1
        self.counted.set()

    async def on_resumed(self) -> None:
        self.heard.put_nowait("resumed")

    async def on_error(self, event_method: str, /, *args: object, **kwargs: object) -> None:
        self.heard.put_nowait(f"error in {event_method}")

    async def hears(self, word: str) -> None:
        async with asyncio.timeout(10):
            while await self.heard.get() != word:
                continue


class Panel(discord.ui.View):
    @discord.ui.button(label="Refresh", custom_id="refresh")
    async def refresh(self, interaction: discord.Interaction, _button: discord.ui.Button["Panel"]) -> None:
        await interaction.response.edit_message(content="fresh")

    @discord.ui.select(custom_id="fiat", options=[discord.SelectOption(label=item) for item in ("USD", "EUR")])
    async def fiat(self, interaction: discord.Interaction, menu: discord.ui.Select["Panel"]) -> None:
        await interaction.response.defer()
        await interaction.edit_original_response(content=f"in {menu.values[0]}")


class Form(discord.ui.Modal, title="Ask"):
    question: discord.ui.TextInput["Form"] = discord.ui.TextInput(label="Question", custom_id="question")

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"You asked: {self.question.value}", ephemeral=True)


@app_commands.command(name="price", description="Show a price")
@app_commands.allowed_installs(guilds=True, users=True)
@app_commands.describe(coin="Which coin", days="How far back")
@app_commands.choices(days=[app_commands.Choice(name="a day", value=1), app_commands.Choice(name="a week", value=7)])
async def _price(interaction: discord.Interaction, coin: str, days: int = 1) -> None:
    await interaction.response.defer(thinking=True)
    await interaction.edit_original_response(content=f"{coin} over {days}", view=Panel(timeout=None))


@_price.autocomplete("coin")
async def _suggest(_interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
    names = ("bitcoin", "bitcoin-cash", "ethereum")
    return [app_commands.Choice(name=name.title(), value=name) for name in names if current in name]


@app_commands.command(name="ask", description="Ask something")
async def _ask(interaction: discord.Interaction) -> None:
    await interaction.response.send_modal(Form())


@app_commands.context_menu(name="Who is this")
async def _who(interaction: discord.Interaction, user: discord.User) -> None:
    await interaction.response.send_message(user.name, ephemeral=True)


def _alerts() -> app_commands.Group:
    group = app_commands.Group(name="alerts", description="Your alerts")

    @group.command(name="list", description="Show them")
    async def listed(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("No alerts yet.", ephemeral=True)
        await interaction.followup.send("Make one.", ephemeral=True)

    return group


@pytest.fixture
async def fake() -> AsyncIterator[FakeDiscord]:
    async with FakeDiscord(TOKEN, limits=Limits().unpaced()) as dc:
        dc.add_user(ANN, "ann")
        dc.add_user(BOB, "bob", dm_open=False)
        dc.add_user(EVE, "eve", installed=True)
        dc.add_guild(DESK, channels=[TRADES, NEWS], members=[ANN, BOB])
        yield dc


@pytest.fixture
def pointed(fake: FakeDiscord) -> Iterator[None]:
    with library_at(fake.api_base, fake.gateway_url):
        yield


@pytest.fixture
async def pointed_at_impatient() -> AsyncIterator[FakeDiscord]:
    limits = replace(Limits().unpaced(), heartbeat_interval_s=0.1)
    async with FakeDiscord(TOKEN, limits=limits) as dc:
        with library_at(dc.api_base, dc.gateway_url):
            yield dc


@contextlib.asynccontextmanager
async def running(*, heartbeat_timeout: float = 60.0) -> AsyncIterator[Bot]:
    """A connected bot that ends with the block."""
    bot = Bot(heartbeat_timeout=heartbeat_timeout)
    task = asyncio.create_task(bot.start(TOKEN), name="bot")
    try:
        await bot.hears("ready")
        yield bot
    finally:
        await bot.close()
        await asyncio.wait([task])


@pytest.fixture
async def bot(fake: FakeDiscord, pointed: None) -> AsyncIterator[Bot]:
    async with running() as client:
        yield client


async def raw(fake: FakeDiscord, method: str, path: str, body: Json = None) -> tuple[int, int]:
    """Status and error code of a request without the library."""
    status, found = await exchange(fake, method, path, body)
    return status, as_int(found.get("code"))


async def callback(fake: FakeDiscord, asked: Interaction, body: Json, token: str = "") -> tuple[int, int]:
    return await raw(fake, "POST", f"/interactions/{asked.id}/{token or asked.token}/callback", body)


async def channel_of(bot: Bot, channel_id: int) -> discord.TextChannel:
    channel = bot.get_channel(channel_id)
    assert isinstance(channel, discord.TextChannel)
    return channel


async def test_a_bot_logs_in_and_sees_its_server(fake: FakeDiscord, bot: Bot) -> None:
    assert [guild.id for guild in bot.guilds] == [DESK]
    assert {channel.id for channel in bot.guilds[0].text_channels} == {TRADES, NEWS}
    assert {command.name for command in fake.registered()} == {"alerts", "price", "ask", "Who is this"}
    assert fake.identifies_today() == 1
    assert "token" not in str([frame.data for frame in fake.log.frames(2)])


async def test_a_wrong_token_is_refused_and_counted(fake: FakeDiscord, pointed: None) -> None:
    client = Bot()
    with pytest.raises(discord.LoginFailure):
        await client.start("wrong")
    await client.close()
    assert fake.invalid_requests() == 1


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
        await (await channel_of(bot, TRADES)).fetch_message(first.id)


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
    hidden = await (await fake.slash(ANN, "/alerts list", channel_id=TRADES)).answer()
    with pytest.raises(ScriptError):
        await fake.press(BOB, hidden.id, "anything")


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
    with pytest.raises(ScriptError):
        await fake.slash(EVE, "/alerts list", channel_id=elsewhere)
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


async def test_a_cut_connection_is_resumed_and_misses_nothing(fake: FakeDiscord, bot: Bot) -> None:
    fake.drop()
    await fake.until(lambda: len(fake.log.links("end")) == 1)
    asked = await fake.slash(ANN, "/price", {"coin": "ethereum"})
    assert (await asked.answer()).text == "ethereum over 1"
    await bot.hears("resumed")
    assert fake.identifies_today() == 1
    assert fake.log.links("open")[-1].path == "/gateway/resume"


async def test_opcode_7_is_followed_by_a_resume(fake: FakeDiscord, bot: Bot) -> None:
    fake.gateway.reconnect()
    await bot.hears("resumed")
    assert fake.identifies_today() == 1


async def test_opcode_9_with_true_is_followed_by_a_resume(fake: FakeDiscord, bot: Bot) -> None:
    fake.gateway.invalidate(resumable=True)
    await bot.hears("resumed")
    assert fake.identifies_today() == 1


async def test_opcode_9_with_false_is_followed_by_a_new_session(fake: FakeDiscord, bot: Bot) -> None:
    fake.gateway.invalidate(resumable=False)
    await bot.hears("ready")
    assert fake.identifies_today() == 2


async def test_a_session_that_is_too_old_starts_anew(fake: FakeDiscord, bot: Bot) -> None:
    fake.drop()
    await fake.until(lambda: len(fake.log.links("end")) == 1)
    fake.clock.advance(fake.limits.resume_window_s)
    await bot.hears("ready")
    assert fake.identifies_today() == 2


async def test_the_same_nonce_makes_one_message(fake: FakeDiscord, bot: Bot) -> None:
    channel = await channel_of(bot, TRADES)
    first = await channel.send("BTC crossed 70,000", nonce="abc")
    again = await channel.send("BTC crossed 70,000", nonce="abc")
    other = await (await channel_of(bot, NEWS)).send("BTC crossed 70,000", nonce="abc")
    assert again.id == first.id != other.id
    assert [call.message_id for call in fake.sent(TRADES)] == [first.id]
    assert [call.deduplicated for call in fake.log.calls("POST", MESSAGES)] == [False, True, False]


async def test_a_nonce_is_forgotten_and_a_deleted_message_is_unknown(fake: FakeDiscord, bot: Bot) -> None:
    channel = await channel_of(bot, TRADES)
    first = await channel.send("one", nonce="abc")
    await first.delete()
    with pytest.raises(discord.NotFound) as refused:
        await channel.send("one", nonce="abc")
    assert refused.value.code == 10008
    fake.clock.advance(fake.limits.nonce_window_s)
    second = await channel.send("one", nonce="abc")
    assert second.id != first.id
    assert len(fake.sent(TRADES)) == 2


async def test_direct_messages_are_refused_and_later_accepted(fake: FakeDiscord, bot: Bot) -> None:
    bob = await bot.fetch_user(BOB)
    with pytest.raises(discord.Forbidden) as refused:
        await bob.send("hello")
    assert refused.value.code == 50007
    fake.dm_open(BOB, True)
    sent = await bob.send("hello")
    assert [message.id for message in fake.messages(fake.dm_channel(BOB))] == [sent.id]


async def test_a_message_that_is_too_large_is_refused_with_its_place(fake: FakeDiscord, bot: Bot) -> None:
    channel = await channel_of(bot, TRADES)
    long = discord.Embed(title="t", description="x" * 4097)
    with pytest.raises(discord.HTTPException) as refused:
        await channel.send(embed=long)
    assert (refused.value.status, refused.value.code) == (400, 50035)
    assert "In embeds.0.description: Must be 4096 or fewer in length." in refused.value.text
    pair = [discord.Embed(description="x" * 3001), discord.Embed(description="x" * 3001)]
    with pytest.raises(discord.HTTPException, match="Embed size exceeds maximum size of 6000"):
        await channel.send(embeds=pair)
    with pytest.raises(discord.HTTPException, match="Must be 2000 or fewer in length"):
        await channel.send("x" * 2001)
    with pytest.raises(discord.HTTPException) as empty:
        await channel.send(" ")
    assert empty.value.code == 50006
    assert fake.sent() == ()


async def test_pictures_arrive_whole(fake: FakeDiscord, bot: Bot) -> None:
    channel = await channel_of(bot, TRADES)
    with contextlib.closing(discord.File(__file__, filename="chart.png")) as picture:
        sent = await channel.send("chart", file=picture)
    assert sent.attachments[0].filename == "chart.png"
    kept = fake.message(sent.id).attachments[0].upload
    assert kept.content == await sent.attachments[0].read()
    assert len(kept.content) == sent.attachments[0].size


async def test_pings_are_noted_unless_they_are_switched_off(fake: FakeDiscord, bot: Bot) -> None:
    channel = await channel_of(bot, TRADES)
    await channel.send("@everyone look")
    await channel.send("@everyone look", allowed_mentions=discord.AllowedMentions.none())
    await channel.send(f"<@{ANN}> look", allowed_mentions=discord.AllowedMentions(users=True, everyone=False))
    assert [call.pings for call in fake.sent(TRADES)] == [("everyone",), (), ("users",)]
    assert [call.pinged for call in fake.sent(TRADES)] == [True, False, False]


async def test_history_reads_back_what_was_sent(fake: FakeDiscord, bot: Bot) -> None:
    channel = await channel_of(bot, TRADES)
    ids = [(await channel.send(str(number))).id for number in range(5)]
    assert [message.id async for message in channel.history(limit=2)] == [ids[4], ids[3]]
    after = discord.Object(ids[1])
    assert [message.id async for message in channel.history(after=after, oldest_first=True)] == ids[2:]
    assert [message.id async for message in channel.history(before=discord.Object(ids[1]))] == ids[:1]


async def test_a_denied_and_a_deleted_channel(fake: FakeDiscord, bot: Bot) -> None:
    channel = await channel_of(bot, TRADES)
    fake.deny(TRADES, missing_permissions())
    with pytest.raises(discord.Forbidden) as denied:
        await channel.send("hello")
    fake.deny(TRADES, None)
    await channel.send("hello")
    fake.remove_channel(TRADES)
    with pytest.raises(discord.NotFound) as gone:
        await channel.send("hello")
    assert (denied.value.code, gone.value.code) == (50013, 10003)


async def test_a_server_that_threw_the_bot_out(fake: FakeDiscord, bot: Bot) -> None:
    channel = await channel_of(bot, TRADES)
    fake.remove_guild(DESK)
    with pytest.raises(discord.Forbidden) as refused:
        await channel.send("hello")
    assert refused.value.code == 50001


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


@pytest.mark.parametrize("kind", [Reset(executed=True), Hang(executed=True), Garbage(), Status(503, executed=True)])
async def test_a_lost_answer_leaves_a_message(fake: FakeDiscord, bot: Bot, kind: Kind) -> None:
    channel = await channel_of(bot, TRADES)
    fake.faults.add(Fault("POST", MESSAGES, kind))
    with pytest.raises((aiohttp.ClientError, TimeoutError, discord.HTTPException, ValueError)):
        async with asyncio.timeout(0.5):
            await channel.send("alert", nonce="n1")
    again = await channel.send("alert", nonce="n1")
    assert [call.message_id for call in fake.sent(TRADES)] == [again.id]


@pytest.mark.parametrize(
    "kind", [Reset(executed=False), Hang(executed=False), Status(503, html=True), Status(403, 50013)]
)
async def test_a_fault_before_execution_leaves_nothing(fake: FakeDiscord, bot: Bot, kind: Kind) -> None:
    channel = await channel_of(bot, TRADES)
    fake.faults.add(Fault("POST", f"/channels/{TRADES}/*", kind))
    with pytest.raises((aiohttp.ClientError, TimeoutError, discord.HTTPException)):
        async with asyncio.timeout(0.5):
            await channel.send("alert")
    assert fake.messages(TRADES) == ()
    assert fake.faults.pending == 0


async def test_a_rate_limit_on_purpose_is_obeyed_by_the_library(fake: FakeDiscord, bot: Bot) -> None:
    channel = await channel_of(bot, TRADES)
    fake.faults.add(Fault("POST", MESSAGES, RateLimited(0.01)))
    await channel.send("alert")
    assert [call.status for call in fake.log.calls("POST", MESSAGES)] == [429, 200]
    assert not fake.log.calls("POST", MESSAGES)[1].too_early


async def test_words_in_a_server_are_blank_without_the_intent(fake: FakeDiscord, bot: Bot) -> None:
    await fake.say(ANN, "secret", channel_id=TRADES)
    await bot.hears("ann: ")
    await fake.say(ANN, "hello")
    await bot.hears("ann: hello")


async def test_unanswered_heartbeats_make_the_library_reconnect(pointed_at_impatient: FakeDiscord) -> None:
    async with running(heartbeat_timeout=0.3) as client:
        pointed_at_impatient.gateway.acks_heartbeats = False
        await client.hears("resumed")
        assert len(pointed_at_impatient.log.frames(1)) > 1


async def test_a_half_open_connection_is_replaced(fake: FakeDiscord, pointed: None) -> None:
    async with running(heartbeat_timeout=0.5) as client:
        fake.gateway.half_open()
        await client.hears("resumed")
        assert fake.identifies_today() == 1


async def test_a_bot_that_dies_keeps_a_session_that_the_next_one_does_not_use(fake: FakeDiscord, pointed: None) -> None:
    async with running():
        assert fake.gateway.ready_sessions == 1
    await fake.until(lambda: fake.gateway.ready_sessions == 0)
    async with running():
        asked = await fake.slash(ANN, "/price", {"coin": "bitcoin"})
        assert asked.delivered == 1
        assert (await asked.answer()).text == "bitcoin over 1"
    assert fake.identifies_today() == 2


SCRIPT = """
import asyncio, sys
from tests.fakes.discord.driving import library_at
import discord

async def main(api_base, gateway_url, token, channel):
    client = discord.Client(intents=discord.Intents.default(), guild_ready_timeout=0.05)

    @client.event
    async def on_ready():
        await client.get_channel(int(channel)).send("alert", nonce="event-1")

    with library_at(api_base, gateway_url):
        await client.start(token)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.process
async def test_a_killed_process_comes_back_and_sends_once(fake: FakeDiscord) -> None:
    arguments = ("-c", SCRIPT, fake.api_base, fake.gateway_url, TOKEN, str(TRADES))
    for life in (1, 2):
        process = await asyncio.create_subprocess_exec(sys.executable, *arguments)
        await fake.until(lambda: len(fake.log.calls("POST", MESSAGES)) == life, within=20)
        process.send_signal(signal.SIGKILL)
        assert await process.wait() == -signal.SIGKILL
        await fake.until(lambda: fake.gateway.ready_sessions == 0)
    assert [call.deduplicated for call in fake.log.calls("POST", MESSAGES)] == [False, True]
    assert [message.text for message in fake.messages(TRADES)] == ["alert"]
    assert fake.identifies_today() == 2


@pytest.mark.process
async def test_the_stand_alone_process_injects_and_counts() -> None:
    arguments = ("-m", "tests.fakes.discord", "--token", TOKEN, "--users", "3", "--channels", "1")
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    addresses = as_object(decode(await process.stdout.readline()))
    control = as_text(addresses["control"])
    order = {"line": "/price", "options": {"coin": "bitcoin"}, "count": 30}
    with library_at(as_text(addresses["api_base"]), as_text(addresses["gateway_url"])):
        async with running() as client, aiohttp.ClientSession() as session:
            async with session.post(f"{control}/_control/slash", json=order) as injected:
                assert len((await injected.json())["interactions"]) == 30
            async with asyncio.timeout(10):
                while client.answered < 30:
                    await client.counted.wait()
                    client.counted.clear()
            async with session.get(f"{control}/_log") as counted:
                found = await counted.json()
            async with session.get(f"{control}/_log/entries") as listed:
                assert len(await listed.json()) >= 60
    process.terminate()
    assert await process.wait() == 0
    assert (found["interactions"], found["acknowledged"], len(found["answer_s"])) == (30, 30, 30)
