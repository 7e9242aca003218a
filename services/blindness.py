"""Alerts that nobody can watch for, because no source has a live price: told once, and once more when it is over."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

import structlog

from services import watchdog
from services.alerts import Alerts
from services.clock import Clock
from services.domain.coins import FIATS
from services.domain.gaps import Gap
from services.domain.metrics import KINDS
from services.market import Market
from services.store import conditions, notes
from services.tx import Store, Tx

log = structlog.get_logger()

AFTER: Final = timedelta(seconds=120)
"""A coin is blind when no source has had a valid price for so long."""

_LOOK_SECONDS = 5.0
_NAME = "blind "
Tell = Callable[[Tx, str, int, Gap], None]
"""Owe the notice of a gap to a destination, under a key that makes it come once."""

Replay = Callable[[datetime, str], Awaitable[bool]]
"""Tell late what came and went on a coin since a time; say whether all of it could be looked up."""


@dataclass(slots=True)
class Blindness:
    """Keeps watch over the watch. What was told is stored, so that a restart tells nothing twice and forgets no end."""

    clock: Clock
    store: Store
    market: Market
    alerts: Alerts
    tell: Tell
    replay: Replay
    _gaps: dict[str, datetime] = field(default_factory=dict)  # coin → since when

    async def run(self) -> None:
        """Look at every coin that somebody waits for, for ever."""
        kept = await self.store.read(lambda tx: notes.beginning_with(tx, _NAME))
        self._gaps = {name.removeprefix(_NAME): datetime.fromisoformat(at) for name, at in kept}
        started = self.clock.now()
        while True:
            await self.look(started)
            await self.clock.sleep(_LOOK_SECONDS)

    async def look(self, started: datetime) -> None:
        """Begin and end gaps as things stand; nothing is called blind before it had time to be heard."""
        now = self.clock.now()
        for coin in sorted(self._watched() | self._gaps.keys()):
            if self.market.is_live(coin):
                if coin in self._gaps:
                    await self._ended(coin, now)
                continue
            heard = max(self.market.heard_at(coin) or started, started)
            if coin not in self._gaps and now - heard > AFTER:
                await self._began(coin, heard)

    def _watched(self) -> set[str]:
        """Return the coins and currencies behind every price that somebody waits for."""
        waited_for = [each for each in self.alerts.watched() if each.base != watchdog.COIN]
        metrics = [each for each in waited_for if KINDS[each.name].moved_by == "tick"]
        return {each.base for each in metrics} | {
            each.quote for each in metrics if each.quote != "usd" and each.quote not in FIATS
        }

    async def _began(self, coin: str, since: datetime) -> None:
        log.warning("alerts.blind", coin=coin, since=since.isoformat())
        await self.store.write(lambda tx: self._tell_all(tx, Gap(coin, since), self._owners(tx, coin)))
        self._gaps[coin] = since

    async def _ended(self, coin: str, now: datetime) -> None:
        since = self._gaps[coin]
        owners = await self.store.read(lambda tx: self._owners(tx, coin))  # before the past ends what fires once
        whole = await self.replay(since, coin)
        log.info("alerts.seeing", coin=coin, since=since.isoformat(), whole=whole)
        await self.store.write(lambda tx: self._tell_all(tx, Gap(coin, since, now, whole=whole), owners))
        del self._gaps[coin]

    def _owners(self, tx: Tx, coin: str) -> list[tuple[int, int]]:
        """Return destination and number of every alert that a coin's price decides, by destination."""
        keys = [each.key for each in self.alerts.watched() if coin in (each.base, each.quote)]
        return sorted({row for key in keys for row in conditions.owners(tx, key)})

    def _tell_all(self, tx: Tx, gap: Gap, owners: list[tuple[int, int]]) -> None:
        if gap.until is None:
            notes.put(tx, _NAME + gap.coin, gap.since.isoformat())
        else:
            notes.drop(tx, _NAME + gap.coin)
        for destination, rows in groupby(owners, key=lambda row: row[0]):
            key = f"{'blind' if gap.until is None else 'seeing'} {gap.coin} {gap.since.isoformat()} to {destination}"
            self.tell(tx, key, destination, gap.of(number for _, number in rows))
