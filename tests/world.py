"""The product in process: real store, real services, the one conversation; a clock and a market that a test moves."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path

from sqlalchemy import select

from bot.app import App, Sources, wired
from bot.render.text import plain
from bot.settings import Settings
from bot.settings.model import LimitSettings
from handlers.model import Reply
from services.counters import Counters
from services.domain.candles import Candle, Interval
from services.domain.pacing import UNLIMITED
from services.domain.people import Caller
from services.feed import CoinSource
from services.sources.simulated import SimulatedMarket
from services.store.inbox import Receipt
from services.store.open import open_store
from services.store.schema import metadata
from services.store.sqlite import open_sqlite
from services.tx import Tx
from tests.stage import ANN, BASES, BOT, START, Exchange, Recorder, Seat, SteppedClock, Told

_PATIENCE = 10  # seconds; a world that has not come to rest by then has hung
Answer = Callable[[Receipt, Caller], Awaitable[Reply[object] | None]]


class World:
    """One running Flowbell and the people who talk to it."""

    def __init__(self, app: App, clock: SteppedClock, exchanges: tuple[Exchange, ...]) -> None:
        self.app = app
        self.clock = clock
        self.exchanges = exchanges
        self.sender = Recorder(clock)
        self._updates = count(int((clock.now() - START).total_seconds()) * 1000 + 1)

    @property
    def alerts(self) -> list[Told]:
        """Return the alerts that were delivered."""
        return [each for each in self.sender.told if each.delivery.kind == "alert"]

    async def connect(self) -> None:
        """Switch the platform on: what it is owed goes out."""
        self.app.outbox.register("telegram", BOT, self.sender, UNLIMITED)
        await self.app.outbox.take_up("telegram", BOT)
        await self.rest()

    async def caller(self, who: Seat) -> Caller:
        return await self.app.conversation.caller(who.place, who.user, private=who.private, may_administer=who.admin)

    async def ask(self, words: str, who: Seat = ANN) -> str:
        """Type `words` and return the answer as plain text."""
        return plain(await self.reply(words, who))

    async def reply(self, words: str, who: Seat = ANN) -> Reply[object]:
        """Type `words`, a command or plain, the way a platform passes them on, and return the answer."""
        talk = self.app.conversation
        answer = talk.answer_line if words.startswith("/") else talk.answer_text
        return await self._answered(who, lambda receipt, caller: answer(words, caller, receipt, str(receipt.update_id)))

    async def press(
        self, reply: Reply[object], label: str, who: Seat = ANN, owner: Seat | None = None
    ) -> Reply[object]:
        """Press the button with this label under `reply`, which `owner` (or who presses) got."""
        ref = (await self.refs(reply, who, owner))[label]
        return await self.press_ref(ref, who)

    async def press_ref(self, ref: str, who: Seat) -> Reply[object]:
        press = self.app.conversation.answer_press
        return await self._answered(who, lambda receipt, caller: press(ref, caller, receipt, str(receipt.update_id)))

    async def refs(self, reply: Reply[object], who: Seat, owner: Seat | None = None) -> dict[str, str]:
        """Show the buttons of `reply` where `who` sits, and return their references by label."""
        shown_to = await self.caller(owner or who)
        rows = await self.app.conversation.offer(reply, shown_to, (await self.caller(who)).chat)
        return {label: ref for row in rows for label, ref in row}

    def next_receipt(self) -> Receipt:
        return Receipt("telegram", BOT, next(self._updates))

    async def _answered(self, who: Seat, answer: Answer) -> Reply[object]:
        receipt = self.next_receipt()
        await self.app.conversation.receive([(receipt, who.user, "{}")])
        direct = await answer(receipt, await self.caller(who))
        if direct is not None:
            await self.app.conversation.finish(receipt)
            return direct
        await self.rest()
        owed = [each for each in self.sender.told if each.delivery.answers == str(receipt.update_id)]
        assert len(owed) == 1
        return owed[0].reply

    async def at(self, seconds: float) -> None:
        """Move the clock and let everything that is due happen."""
        self.clock.set(START + timedelta(seconds=seconds))
        await self.rest()

    async def say_at(self, seconds: float, *, by: str | None = None, **prices: float | str) -> None:
        """Have the exchanges, or the one named, tell these prices in dollars at that time."""
        spoken = {BASES.get(name, name): Decimal(str(price)) for name, price in prices.items()}
        self.clock.set(START + timedelta(seconds=seconds))
        for exchange in self.exchanges:
            if by in (None, exchange.name):
                exchange.prices.update(spoken)
                exchange.say()
        await self.rest()

    async def rest(self) -> None:
        """Wait until nothing moves any more."""
        async with asyncio.timeout(_PATIENCE):
            while not self._is_resting():
                await self.clock.let_others_run()

    def _is_resting(self) -> bool:
        app = self.app
        return (
            self.clock.is_still
            and not app.services.alerts.is_firing
            and not app.outbox.in_flight()
            and not app.outbox.is_due()
        )

    async def dump(self, *, without: Iterable[str] = ("inbox",)) -> str:
        """Return every row of every table but these."""

        def work(tx: Tx) -> str:
            tables = [table for table in metadata.sorted_tables if table.name not in without]
            return "\n".join(
                f"{table.name} {row!r}" for table in tables for row in sorted(tx.rows(select(table)), key=repr)
            )

        return await self.app.store.read(work)


def expect(told: list[Told], *texts: str) -> None:
    """Hold what was delivered against parts of it, in order: one message for each part, and no other."""
    assert len(told) == len(texts), [each.text for each in told]
    for each, text in zip(told, texts, strict=True):
        assert text in each.text


@asynccontextmanager
async def simulated(seed: int = 1) -> AsyncIterator[World]:
    """A world on the simulated market, its store in memory."""
    clock = SteppedClock(START)
    source = SimulatedMarket(clock, seed)
    async with _running(clock, (), Sources((source,), source), None, sends=True) as world:
        yield world


@asynccontextmanager
async def scripted(
    folder: Path | None = None,
    names: tuple[str, ...] = ("binance",),
    *,
    coins: CoinSource | None = None,
    at: float = 0,
    past: dict[tuple[str, Interval], tuple[Candle, ...]] | None = None,
    sends: bool = True,
    commands_per_minute: int = 100_000,
    **prices: float | str,
) -> AsyncIterator[World]:
    """A world on exchanges that say what a test sets; its store is a file in `folder`, or in memory."""
    clock = SteppedClock(START + timedelta(seconds=at))
    spoken = {BASES.get(name, name): Decimal(str(price)) for name, price in prices.items()}
    exchanges = tuple(Exchange(name, clock, dict(spoken), past or {}) for name in names)
    sources = Sources(exchanges, coins)
    async with _running(clock, exchanges, sources, folder, sends=sends, often=commands_per_minute) as world:
        for exchange in exchanges:
            exchange.say()
        await world.rest()
        yield world


@asynccontextmanager
async def _running(
    clock: SteppedClock,
    exchanges: tuple[Exchange, ...],
    sources: Sources,
    folder: Path | None,
    *,
    sends: bool,
    often: int = 100_000,
) -> AsyncIterator[World]:
    counters = Counters()
    limits = LimitSettings(commands_per_minute=often)
    settings = Settings(limits=limits) if folder is None else Settings(limits=limits, data_dir=folder)
    async with AsyncExitStack() as stack:
        store = await (open_sqlite(None, counters) if folder is None else open_store(None, folder, counters, clock))
        stack.push_async_callback(store.close)
        app = await wired(settings, clock, counters, store, sources)
        stack.push_async_callback(app.charts.close)
        world = World(app, clock, exchanges)
        await app.outbox.load()
        await stack.enter_async_context(_kept_going(app))
        await _started(world, {f"{source.name} polling" for source in sources.prices})
        if sends:
            await world.connect()
        yield world


@asynccontextmanager
async def _kept_going(app: App) -> AsyncIterator[None]:
    over = asyncio.Event()

    async def keep_going() -> None:
        async with asyncio.TaskGroup() as group:
            tasks = app.keep_going(group)
            await over.wait()
            for task in tasks:
                task.cancel()

    loops = asyncio.create_task(keep_going(), name="loops")
    try:
        yield
    finally:
        over.set()
        await loops


async def _started(world: World, polling: set[str]) -> None:
    async with asyncio.timeout(_PATIENCE):
        resting = polling | {"alerts", "bars", "blindness", "coins", "upkeep"}
        while not resting <= world.clock.asleep or not _is_under_way(world):
            await world.clock.let_others_run()


def _is_under_way(world: World) -> bool:
    if any(task.get_name() == "catch-up" for task in asyncio.all_tasks()):
        return False
    heard = all(exchange.sink is not None for exchange in world.exchanges)
    return heard and (bool(world.exchanges) or world.app.services.market.rate("bitcoin") is not None)
