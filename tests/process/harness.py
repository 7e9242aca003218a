"""`flowbell run` as a real process between fake platforms and fake exchanges; what it wrote is kept as evidence."""

import asyncio
import os
import resource
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from tests.fakes.discord import FakeDiscord, Limits
from tests.fakes.exchanges import FakeExchanges
from tests.fakes.exchanges.market import Market
from tests.fakes.exchanges.venue import Venue
from tests.fakes.telegram import Chat, FakeTelegram, User
from tests.fakes.telegram.pacing import Limits as Pacing

ROOT: Final = Path(__file__).parents[2]
TELEGRAM_TOKEN: Final = "7000000001:AAcanary0of0the0process0tests000000"
DISCORD_TOKEN: Final = "NzAwMDAwMDAwMDAwMDAwMDAx.Canary.of-the-process-tests-0000000000000"
SECRETS: Final = (
    TELEGRAM_TOKEN,
    TELEGRAM_TOKEN.partition(":")[2],
    DISCORD_TOKEN,
    DISCORD_TOKEN.rpartition(".")[2],
)

ANN, BOB = User(42, "Ann"), User(43, "Bob")
GROUP: Final = Chat(-500, "group", title="Desk")
FORUM: Final = Chat(-1001234567890, "supergroup", title="Forum", is_forum=True)
DI, ED = 1001, 1002
"""People on Discord: Di shares a server with the bot, Ed has only installed the app for himself."""
GUILD, CHANNEL, FAR_GUILD, FAR_CHANNEL = 2001, 3001, 2002, 3002

START_SECONDS: Final = 30.0
STOP_SECONDS: Final = 10.0
PATIENCE: Final = 30.0
"""How long an answer may take on a busy machine, in seconds."""


@dataclass(frozen=True, slots=True)
class Fakes:
    """Everything outside the process."""

    telegram: FakeTelegram
    discord: FakeDiscord
    exchanges: FakeExchanges

    @asynccontextmanager
    async def silence(self) -> AsyncIterator[None]:
        """Refuse every connection for a while; ports and state stay the same."""
        async with AsyncExitStack() as back:
            await back.enter_async_context(self.telegram.offline())
            servers: tuple[FakeDiscord | Venue, ...] = (self.discord, *self.exchanges.venues.values())
            for server in servers:
                await server.__aexit__(None, None, None)
                back.push_async_callback(server.__aenter__)
            yield

    def logs(self) -> str:
        """Return what the fakes received, as text."""
        asked = [each for venue in self.exchanges.venues.values() for each in venue.asked]
        return "\n".join(repr(each) for each in (*self.telegram.log, *self.discord.log, *asked))


@asynccontextmanager
async def fakes(market: Market | None = None, pacing: Pacing | None = None) -> AsyncIterator[Fakes]:
    """Run the outside world, on the usual market if none is given; Telegram enforces its `pacing` where it is given."""
    limits = replace(Limits().unpaced(), nonce_window_s=300.0)
    async with (
        FakeTelegram(TELEGRAM_TOKEN, limits=pacing) as telegram,
        FakeDiscord(DISCORD_TOKEN, limits=limits) as discord,
        FakeExchanges(market, tick_seconds=0.5) as exchanges,
    ):
        populate(discord)
        yield Fakes(telegram, discord, exchanges)


def populate(discord: FakeDiscord) -> None:
    """Add the people and servers of the tests."""
    discord.add_user(DI, "di")
    discord.add_user(ED, "ed", installed=True)
    discord.add_guild(GUILD, channels=[CHANNEL], members=[DI])
    discord.add_guild(FAR_GUILD, "Elsewhere", channels=[FAR_CHANNEL], members=[ED], has_bot=False)


def addresses(outside: Fakes) -> dict[str, str]:
    """Return the settings that point every door at the fakes."""
    urls = outside.exchanges.urls
    doors = {"api": "API_BASE", "ws": "WS_BASE"}
    return {
        "FLOWBELL_TELEGRAM__API_BASE": outside.telegram.base_url,
        "FLOWBELL_DISCORD__API_BASE": outside.discord.api_base,
        "FLOWBELL_DISCORD__GATEWAY_URL": outside.discord.gateway_url,
        "FLOWBELL_MARKET__SOURCES": "binance,coinbase,kraken,coingecko",
    } | {
        f"FLOWBELL_{name.partition('.')[0].upper()}__{doors[name.partition('.')[2]]}": url for name, url in urls.items()
    }


TOKENS: Final = {"FLOWBELL_TELEGRAM__TOKEN": TELEGRAM_TOKEN, "FLOWBELL_DISCORD__TOKEN": DISCORD_TOKEN}
UNPACED: Final = {
    "FLOWBELL_TELEGRAM__PACE": "off",
    "FLOWBELL_DISCORD__PACE": "off",
    "FLOWBELL_LIMITS__COMMANDS_PER_MINUTE": "100000",
}


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a process with these settings and no others, at DEBUG level."""
    inherited = {key: value for key, value in os.environ.items() if not key.upper().startswith("FLOWBELL_")}
    own = {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "FLOWBELL_LOG__LEVEL": "debug"}
    return inherited | own | dict(settings)


@dataclass(slots=True)
class Output:
    """What one process writes to standard output and error, kept in a file and in memory."""

    path: Path
    text: str = ""
    _grown: asyncio.Event = field(default_factory=asyncio.Event)

    async def collect(self, stream: asyncio.StreamReader) -> None:
        """Read until the stream ends."""
        with self.path.open("ab") as kept:
            while chunk := await stream.read(1 << 16):
                kept.write(chunk)
                self.text += chunk.decode(errors="replace")
                self._grown.set()

    async def until(self, words: str, within: float) -> None:
        """Wait until these words were written."""
        async with asyncio.timeout(within):
            while words not in self.text:
                self._grown.clear()
                await self._grown.wait()


@dataclass(slots=True)
class Flowbell:
    """One life of the bot after the other on one data folder. `folder` also keeps what each life wrote."""

    outside: Fakes
    folder: Path
    settings: dict[str, str]
    lives: int = 0
    output: Output = field(init=False)
    _process: asyncio.subprocess.Process | None = None
    _collecting: asyncio.Task[None] | None = None
    _polls_before: int = 0

    @property
    def data(self) -> Path:
        """Return the data folder."""
        return self.folder / "data"

    async def launch(self, *arguments: str) -> None:
        """Start a life and return at once."""
        self.lives += 1
        self._polls_before = len(self.outside.telegram.log)
        self.output = Output(self.folder / f"output-{self.lives}.log")
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", *(arguments or ("run",)),
            env=environment({"FLOWBELL_DATA_DIR": str(self.data)} | self.settings), cwd=self.folder,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        assert self._process.stdout is not None
        self._collecting = asyncio.create_task(self.output.collect(self._process.stdout), name="collect output")

    async def start(self) -> None:
        """Start a life and wait until both platforms see it listen."""
        await self.launch()
        await self.listening_on_telegram()
        await self.listening_on_discord()

    async def listening_on_telegram(self, within: float = START_SECONDS) -> None:
        """Wait until this life polls."""
        telegram, before = self.outside.telegram, self._polls_before
        polls = telegram.wait_for_call(lambda call: call.method == "getUpdates" and call.number >= before, within)
        await self._unless_it_ends(polls)

    async def listening_on_discord(self, within: float = START_SECONDS) -> None:
        """Wait until a session is connected and the commands are registered."""
        discord = self.outside.discord
        await self._unless_it_ends(
            discord.until(lambda: discord.gateway.ready_sessions > 0 and bool(discord.registered()), within)
        )

    async def _unless_it_ends(self, event: Coroutine[object, object, object]) -> None:
        assert self._process is not None
        waiting, ending = asyncio.ensure_future(event), asyncio.ensure_future(self._process.wait())
        await asyncio.wait((waiting, ending), return_when=asyncio.FIRST_COMPLETED)
        ending.cancel()
        if not waiting.done():
            waiting.cancel()
            raise AssertionError(f"It ended by itself:\n{self.output.text[-3000:]}")
        await waiting

    async def lives_on(self, seconds: float) -> bool:
        """Return False if it ends by itself within this time."""
        try:
            await self.ended(seconds)
        except TimeoutError:
            return True
        return False

    async def ended(self, within: float) -> int:
        """Wait for its end and return its status; -9 stands for SIGKILL."""
        assert self._process is not None
        assert self._collecting is not None
        async with asyncio.timeout(within):
            status = await self._process.wait()
            await self._collecting
        return status

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to this very process."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(number)

    def limit(self, what: int, soft: int) -> tuple[int, int]:
        """Set a soft resource limit of the running process; return what it was."""
        assert self._process is not None
        _, hard = before = resource.prlimit(self._process.pid, what)
        resource.prlimit(self._process.pid, what, (soft, hard))
        return before

    async def kill(self) -> None:
        """End it as a power cut would."""
        self.signal(signal.SIGKILL)
        await self.ended(STOP_SECONDS)

    async def stop(self, within: float = STOP_SECONDS) -> int:
        """Ask it to end and return its status; TimeoutError where it does not in time."""
        self.signal(signal.SIGTERM)
        return await self.ended(within)

    async def run(self, *arguments: str, within: float = START_SECONDS) -> tuple[int, str]:
        """Return the status and the output of a life that ends by itself."""
        await self.launch(*arguments)
        try:
            status = await self.ended(within)
        finally:
            await self.clean_up()
        return status, self.output.text

    async def clean_up(self) -> None:
        """Leave no process behind."""
        if self._process is not None and self._process.returncode is None:
            await self.kill()


Launcher = Callable[..., Flowbell]


def leaks(evidence: Path) -> list[str]:
    """Return where under this folder a token can be read."""
    found: list[str] = []
    for path in sorted(each for each in evidence.rglob("*") if each.is_file()):
        content = path.read_bytes()
        found += [f"{path.relative_to(evidence)}: {secret[:6]}…" for secret in SECRETS if secret.encode() in content]
    return found
