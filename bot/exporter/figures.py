"""What /metrics tells, read from the running bot at one moment: numbers by public names, nothing of a person."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from bot.readiness import Readiness
from services.counters import NAMES, Name, Times
from services.errors import SourceUnavailable, StoreError
from services.store import watchdog as rows
from services.store.watchdog import Backlog

_LARGEST = 10  # coins whose quotes' ages are told
_STORE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class SourceFigures:
    """One source of prices; the age in seconds of its last good word."""

    name: str
    live: bool
    age: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that is told."""

    ready: bool
    backlog: tuple[Backlog, ...] | None  # None: the store did not answer
    backlog_ages: Mapping[str, float]  # seconds, by platform
    counts: Mapping[Name, Mapping[str, int]]
    delays: Mapping[str, Times]
    requests: Mapping[str, Times]
    sources: tuple[SourceFigures, ...]
    quote_ages: Mapping[str, float]  # seconds, by coin
    alerts_watched: int
    watchdog_age: float | None


async def figures(readiness: Readiness) -> Figures:
    """Read them all."""
    app = readiness.app
    now, services, counters = app.clock.now(), app.services, app.counters
    backlog = await _backlog(readiness)
    ages: dict[str, float] = {}
    for each in backlog or ():
        ages[each.platform] = max(ages.get(each.platform, 0.0), (now - each.since).total_seconds())
    return Figures(
        ready=not await readiness.wrong(),
        backlog=backlog,
        backlog_ages=ages,
        counts={name: counters.by_label(name) for name in NAMES},
        delays=counters.times("delivery_delay"),
        requests=counters.times("upstream_request"),
        sources=tuple(
            SourceFigures(each.name, each.live, None if each.last_at is None else (now - each.last_at).total_seconds())
            for each in services.market.health()
        ),
        quote_ages=_quote_ages(readiness),
        alerts_watched=services.alerts_watched,
        watchdog_age=None if readiness.watchdog is None else readiness.watchdog.age.total_seconds(),
    )


async def _backlog(readiness: Readiness) -> tuple[Backlog, ...] | None:
    try:
        async with asyncio.timeout(_STORE_SECONDS):
            return await readiness.app.store.read(rows.backlog)
    except (StoreError, TimeoutError):
        return None


def _quote_ages(readiness: Readiness) -> dict[str, float]:
    services = readiness.app.services
    found: dict[str, float] = {}
    for coin in services.coins.top(_LARGEST):
        try:
            found[coin.id] = services.market.quote(coin.id).age.total_seconds()
        except SourceUnavailable:
            continue
    return found
