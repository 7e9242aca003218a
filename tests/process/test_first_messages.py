"""The first ten messages of a new user on each surface: the first alert is saved with the second of them."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from tests.fakes.discord import Message as DiscordMessage
from tests.fakes.telegram import Message, User
from tests.golden_files import golden
from tests.process import harness
from tests.process.harness import ANN, BOB, DI, PATIENCE, Fakes, Flowbell
from tests.process.transcripts import steady, still_market

pytestmark = pytest.mark.process

TYPED = (
    "/start", "btc 100k", "btc", "/alerts", "/chart eth", "/convert 100 usd btc", "eth -5%", "/pirce btc",
    "/help price", "/settings",
)  # fmt: skip
SLASHED: Sequence[tuple[str, dict[str, str]]] = (
    ("/start", {}), ("/alert", {"rule": "btc 100k"}), ("/price", {"coin": "btc"}), ("/alerts list", {}),
    ("/chart", {"coin": "eth"}), ("/convert", {"amount": "100", "from": "usd", "to": "btc"}),
    ("/alert", {"rule": "eth -5%"}), ("/price", {"coin": "btcc"}), ("/help", {"command": "price"}), ("/settings", {}),
)  # fmt: skip


@pytest.fixture
async def outside() -> AsyncIterator[Fakes]:
    async with harness.fakes(still_market()) as running:
        yield running


async def answer(outside: Fakes, who: User, line: str) -> Message:
    """What somebody is answered on Telegram."""
    before = len(outside.telegram.sent(who.id))
    outside.telegram.message(who, line)
    await outside.telegram.wait_until(lambda: len(outside.telegram.sent(who.id)) > before, 15)
    return outside.telegram.sent(who.id)[-1]


async def until_all_sources_speak(outside: Fakes) -> None:
    """Wait until somebody else is told a price of all three exchanges."""
    text = ""
    async with asyncio.timeout(30):
        while "Binance, Coinbase, Kraken" not in text:
            text = (await answer(outside, BOB, "/price btc eth")).text


def on_telegram(message: Message) -> str:
    rows = [" ".join(f"[{button.text}]" for button in row) for row in message.keyboard]
    picture = ["(a picture)"] if message.file is not None else []
    return "\n".join((*picture, message.text, *rows))


def on_discord(message: DiscordMessage) -> str:
    picture = ["(a picture)"] if message.attachments else []
    seen = ["(for your eyes only)"] if message.ephemeral else []
    return "\n".join((*seen, *picture, message.text, " ".join(f"[{label}]" for label in message.buttons)))


async def test_on_telegram(outside: Fakes, bot: Flowbell) -> None:
    await until_all_sources_speak(outside)
    said: list[str] = []
    for line in TYPED:
        said += [f"> {line}", on_telegram(await answer(outside, ANN, line)), ""]
    await outside.exchanges.set_price("BTC", Decimal(100_500))
    fired = await outside.telegram.wait_for(lambda message: "$100,500.00 at " in message.text, 60)
    said += ["Later:", on_telegram(fired)]
    assert "Alert #1 is set" in said[4]
    golden("first_messages/telegram", steady("\n".join(said)))


async def test_on_discord(outside: Fakes, bot: Flowbell) -> None:
    await until_all_sources_speak(outside)
    said: list[str] = []
    for line, options in SLASHED:
        asked = await outside.discord.slash(DI, line, options, channel_id=harness.CHANNEL)
        words = " ".join(f"{name}:{value}" for name, value in options.items())
        said += [f"> {line} {words}".rstrip(), on_discord(await asked.answer(PATIENCE)), ""]
    await outside.exchanges.set_price("BTC", Decimal(100_500))
    private = outside.discord.dm_channel(DI)
    await outside.discord.until(lambda: len(outside.discord.messages(private)) == 1, 60)
    said += ["Later, in a private message:", on_discord(outside.discord.messages(private)[0])]
    assert "Alert #1 is set" in said[4]
    golden("first_messages/discord", steady("\n".join(said)))


async def test_in_the_terminal(outside: Fakes, evidence: Path) -> None:
    folder = evidence / "terminal"
    folder.mkdir()
    settings = harness.addresses(outside) | {"FLOWBELL_DATA_DIR": str(folder / "data")}
    console = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "console", cwd=folder, env=harness.environment(settings),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(60):
        said, log = await console.communicate("\n".join(TYPED).encode() + b"\n")
    (folder / "output.log").write_bytes(said + log)
    assert console.returncode == 0, log.decode()
    assert said.decode().count("Alert #1 is set") == 1
    golden("first_messages/terminal", steady(said.decode().rstrip()))
