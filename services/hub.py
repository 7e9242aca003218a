"""The frozen bundle of services that handlers receive."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from services.alerts import CROCKFORD, Alerts
from services.callers import Callers
from services.candles import Candles
from services.clock import Clock
from services.coins import CoinBook
from services.counters import Counters
from services.market import Market
from services.personal import Personal
from services.rules import Rules
from services.store import people
from services.tx import Store, Tx


@dataclass(slots=True)
class Health:
    """What runs, in a word each, for /status: platforms and background tasks by name."""

    words: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that a handler may ask or change."""

    clock: Clock
    counters: Counters
    store: Store
    coins: CoinBook
    market: Market
    candles: Candles
    rules: Rules
    alerts: Alerts
    callers: Callers
    personal: Personal
    health: Health

    async def choices(self, person: int) -> dict[str, str]:
        """Return which coin this person means by each clashing ticker they were asked about."""
        return await self.store.read(lambda tx: people.choices(tx, person))

    async def learn(self, person: int, chosen: Mapping[str, str]) -> None:
        """Remember which coins this person means."""

        def work(tx: Tx) -> None:
            for word, coin_id in chosen.items():
                people.choose(tx, person, word, coin_id)

        await self.store.write(work)

    def new_incident(self) -> str:
        """Return the short number under which a failure is logged and told."""
        return "".join(secrets.choice(CROCKFORD) for _ in range(6))
