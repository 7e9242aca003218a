"""The composition root: open, wire, supervise, stop in order. The only place that names sources and platforms."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial

import httpx
import structlog

from bot.conversation import Conversation
from bot.drawing import Drawing, Post
from bot.measuring import measured_client
from bot.render.charts import Charts
from bot.replies import encode
from bot.settings import Settings
from bot.tasks import supervise
from handlers.catalogue import COMMANDS
from handlers.dispatch import Dispatch
from handlers.model import Reply
from services.alerts import Alerts, Limits
from services.bars import Bars
from services.blindness import Blindness
from services.buttons import Buttons
from services.callers import Callers
from services.candles import Candles
from services.clock import Clock
from services.coins import CoinBook
from services.counters import Counters
from services.domain.deliveries import Delivery
from services.domain.gaps import Gap
from services.domain.oracle import ARTIFICIAL
from services.failpoints import failpoint
from services.feed import CoinSource, PriceSource
from services.hub import Health, Services
from services.market import Market
from services.missed import Missed
from services.outbox import Outbox
from services.personal import Personal
from services.rules import Rules
from services.series import Series
from services.store import buttons as button_rows
from services.store import inbox as inbox_rows
from services.store import logins, notes
from services.store.errors import OtherMarket
from services.store.open import open_store
from services.store.sqlite import open_sqlite
from services.throttle import Throttle
from services.tx import Store, Tx
from services.windows import Windows

log = structlog.get_logger()

_ORIGIN = "simulation.origin"
_MARKET = "market"
_CATCH_UP_AFTER = timedelta(seconds=60)
_PRUNE_EVERY = timedelta(hours=1)
_INBOX_KEPT = timedelta(hours=48)
"""Telegram repeats what was not confirmed for a day; numbers of updates are kept twice as long."""


@dataclass(frozen=True, slots=True)
class Sources:
    """The upstreams that the settings name."""

    prices: tuple[PriceSource, ...]
    coins: CoinSource | None


@dataclass(slots=True)
class App:
    """One running Flowbell without its platforms."""

    settings: Settings
    clock: Clock
    counters: Counters
    store: Store
    services: Services
    conversation: Conversation
    outbox: Outbox[Reply[object]]
    charts: Charts
    sources: Sources
    missed: Missed
    blindness: Blindness
    bars: Bars
    last_heard: datetime | None = None

    def keep_going(self, group: asyncio.TaskGroup) -> list[asyncio.Task[None]]:
        """Start every background loop of the services in `group`, each supervised and named."""
        services = self.services
        jobs: list[tuple[str, Callable[[], Awaitable[None]]]] = [
            (source.name, partial(services.market.run_source, source)) for source in self.sources.prices
        ]
        jobs += [
            ("outbox", self.outbox.run),
            ("alerts", partial(services.alerts.run, services.rules.windows.past)),
            ("blindness", self.blindness.run),
            ("bars", self.bars.run),
            ("coins", self._refresh_coins),
            ("upkeep", self._upkeep),
        ]
        tasks = [
            group.create_task(supervise(name, job, self.clock, self.counters, services.health), name=name)
            for name, job in jobs
        ]
        return [*tasks, group.create_task(self._catch_up(), name="catch-up")]

    async def _refresh_coins(self) -> None:
        while True:
            await self.services.coins.refresh()
            await self.clock.sleep(60)

    async def _upkeep(self) -> None:
        pruned_at: datetime | None = None
        while True:
            await self.clock.sleep(60)
            failpoint("upkeep.before_save")
            await self.services.market.save()
            failpoint("upkeep.after_save")
            now = self.clock.now()

            def purge(tx: Tx, now: datetime = now) -> None:
                inbox_rows.purge(tx, now - _INBOX_KEPT)
                button_rows.purge(tx, now)
                logins.purge(tx, now - timedelta(days=2))

            await self.store.write(purge)
            if pruned_at is None or now - pruned_at >= _PRUNE_EVERY:
                await self.services.candles.prune()
                pruned_at = now
            failpoint("upkeep.after_purge")

    async def _catch_up(self) -> None:
        """Replay the bars of the time when this process was down, so that what came and went is told, late."""
        since = self.last_heard
        if since is None or self.clock.now() - since < _CATCH_UP_AFTER:
            return
        await self.missed.replay(since)


@asynccontextmanager
async def opened(settings: Settings, clock: Clock, *, in_memory: bool = False) -> AsyncIterator[App]:
    """Open the store and wire everything over it; close in the opposite order."""
    counters = Counters()
    async with AsyncExitStack() as stack:
        stack.callback(failpoint, "stop.store_closed")
        failpoint("start.before_store")
        store = await _store(settings, counters, clock, in_memory=in_memory)
        stack.push_async_callback(store.close)
        failpoint("start.after_store")
        kind = next((name for name in settings.market.sources if name in ARTIFICIAL), "live")
        await store.write(lambda tx: _belongs_to(tx, kind))
        sources = await _sources(settings, clock, counters, store, stack)
        app = await wired(settings, clock, counters, store, sources)
        stack.push_async_callback(app.charts.close)
        failpoint("start.wired")
        yield app
        await app.services.market.save()
        failpoint("stop.market_saved")


async def _store(settings: Settings, counters: Counters, clock: Clock, *, in_memory: bool) -> Store:
    if in_memory:
        return await open_sqlite(None, counters)
    url = None if settings.database_url is None else settings.database_url.get_secret_value()
    return await open_store(url, settings.data_dir, counters, clock)


def _belongs_to(tx: Tx, kind: str) -> None:
    """Bind a new store to its kind of market; raise `OtherMarket` for one that is bound to another."""
    kept = notes.get(tx, _MARKET)
    if kept is None:
        notes.put(tx, _MARKET, kind)
    elif kept != kind:
        raise OtherMarket(kept, kind)


async def wired(settings: Settings, clock: Clock, counters: Counters, store: Store, sources: Sources) -> App:
    """Put the services together over a store and its sources."""
    coins = CoinBook(clock, store, sources.coins)
    await coins.load()
    market = Market(clock, counters, sources.prices, coins, store)
    await market.load()
    callers = Callers(store, clock)
    outbox, post, drawing = _posting(store, clock, counters)

    def follow(coin_id: str) -> None:
        if (coin := coins.coin(coin_id)) is not None:
            coins.follow(coin)

    limits = Limits(settings.limits.alerts_per_person, settings.limits.alerts_per_chat)
    series = Series(market)
    alerts = Alerts(store, clock, counters, post, series, limits, follow)
    await alerts.load()
    market.listen(alerts.hear)
    candles = Candles(clock, store, sources.prices, market)
    bars = Bars(clock, counters, candles, coins, series, alerts)
    services = Services(
        clock=clock, counters=counters, store=store, coins=coins, market=market,
        candles=candles, rules=Rules(market, clock, Windows(candles, market, coins, clock)), alerts=alerts,
        callers=callers, personal=Personal(store, callers, alerts), health=Health(),
        throttle=Throttle(clock, settings.limits.commands_per_minute),
    )  # fmt: skip
    dispatch = Dispatch(services, COMMANDS)
    # The same few lines come again and again.
    buttons = Buttons(store, clock, lru_cache(maxsize=4096)(dispatch.may_change))
    drawing.append(Drawing(dispatch, buttons, clock))
    conversation = Conversation(dispatch, outbox, buttons, clock)
    last_heard = await store.read(_last_heard)
    missed = Missed(clock, candles, coins, market, alerts)
    blindness = Blindness(clock, store, market, alerts, post.tell, missed.replay)
    return App(
        settings, clock, counters, store, services, conversation, outbox, Charts(), sources, missed, blindness, bars,
        last_heard,
    )  # fmt: skip


def _posting(store: Store, clock: Clock, counters: Counters) -> tuple[Outbox[Reply[object]], Post, list[Drawing]]:
    """Return what owes and sends messages, and the place for what draws them, which comes last."""
    drawing: list[Drawing] = []

    async def draw(owed: Delivery) -> Reply[object]:
        return await drawing[0].draw(owed)

    def make_ready(tx: Tx, owed: Delivery) -> None:
        drawing[0].make_ready(tx, owed)

    def draw_gap(tx: Tx, chat: int, gap: Gap) -> str:
        return drawing[0].draw_gap(tx, chat, gap)

    outbox: Outbox[Reply[object]] = Outbox(store, clock, counters, draw, encode, make_ready)
    return outbox, Post(outbox, make_ready, draw_gap), drawing


def _last_heard(tx: Tx) -> datetime | None:
    from services.store import quotes

    return max((each.seen_at for each in quotes.every(tx)), default=None)


async def _sources(
    settings: Settings, clock: Clock, counters: Counters, store: Store, stack: AsyncExitStack
) -> Sources:
    names = settings.market.sources
    if "simulated" in names:
        return await _simulated(settings, clock, store)
    if "replay" in names:
        return _replayed(settings, clock)
    client = measured_client(settings, clock, counters)
    await stack.enter_async_context(client)
    return _live(settings, clock, client)


async def _simulated(settings: Settings, clock: Clock, store: Store) -> Sources:
    from services.sources.simulated import SimulatedMarket

    origin = await store.write(lambda tx: _kept_origin(tx, clock.now()))
    source = SimulatedMarket(clock, settings.simulated.seed, settings.simulated.speed, origin)
    return Sources((source,), source)


def _kept_origin(tx: Tx, now: datetime) -> datetime:
    kept = notes.get(tx, _ORIGIN)
    if kept is None:
        notes.put(tx, _ORIGIN, now.isoformat())
        return now
    return datetime.fromisoformat(kept).astimezone(UTC)


def _replayed(settings: Settings, clock: Clock) -> Sources:
    from services.clock import FixedClock
    from services.sources.replay import Replay, open_recordings

    recordings = open_recordings([str(path) for path in settings.replay.files])
    return Sources((Replay(recordings, FixedClock(clock.now()), settings.replay.speed),), None)


def _live(settings: Settings, clock: Clock, client: httpx.AsyncClient) -> Sources:
    from bot.upstreams import coin_gecko, exchanges

    gecko = coin_gecko(settings, clock, client)
    made = {**exchanges(settings, clock, client), gecko.name: gecko}
    chosen = tuple(made[name] for name in settings.market.sources)
    return Sources(chosen, gecko if gecko in chosen else None)
