"""A small bot on the real library, with one command of each shape, and the server that it lives in."""

import asyncio
import contextlib
import warnings
from collections.abc import AsyncIterator

from tests.fakes.discord.driving import library_at
from tests.fakes.discord.limits import Limits
from tests.fakes.discord.server import FakeDiscord

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
@app_commands.allowed_installs(guilds=True, users=True)
@app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
async def _ask(interaction: discord.Interaction) -> None:
    await interaction.response.send_modal(Form())


@app_commands.context_menu(name="Who is this")
async def _who(interaction: discord.Interaction, user: discord.User) -> None:
    await interaction.response.send_message(user.name, ephemeral=True, view=Panel(timeout=None))


def _alerts() -> app_commands.Group:
    group = app_commands.Group(name="alerts", description="Your alerts")

    @group.command(name="list", description="Show them")
    async def listed(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("No alerts yet.", ephemeral=True)
        await interaction.followup.send("Make one.", ephemeral=True)

    return group


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


@contextlib.asynccontextmanager
async def desk(limits: Limits | None = None) -> AsyncIterator[FakeDiscord]:
    """A fake with a server, where Ann and Bob (who takes no direct messages) are, and Eve, who has the app herself."""
    async with FakeDiscord(TOKEN, limits=limits or Limits().unpaced()) as dc:
        dc.add_user(ANN, "ann")
        dc.add_user(BOB, "bob", dm_open=False)
        dc.add_user(EVE, "eve", installed=True)
        dc.add_guild(DESK, channels=[TRADES, NEWS], members=[ANN, BOB])
        with library_at(dc.api_base, dc.gateway_url):
            yield dc


def channel_of(bot: Bot, channel_id: int) -> discord.TextChannel:
    """The channel as the library has it."""
    channel = bot.get_channel(channel_id)
    assert isinstance(channel, discord.TextChannel)
    return channel
