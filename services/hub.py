"""The frozen bundle of services that handlers receive."""

import secrets
from dataclasses import dataclass, field

from services.alerts import CROCKFORD, Alerts
from services.callers import Callers
from services.candles import Candles
from services.clock import Clock
from services.coins import CoinBook
from services.counters import Counters
from services.domain.deliveries import Backlog
from services.market import Market
from services.personal import Personal
from services.rules import Rules
from services.store import outbox
from services.throttle import Throttle
from services.tx import Store


@dataclass(slots=True)
class Health:
    """What runs, in a word each, for /status: platforms and background tasks by name."""

    words: dict[str, str] = field(default_factory=dict)
    own_alerts: int = 0  # the watchdog, which is nobody's


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
    throttle: Throttle

    async def backlog(self) -> Backlog:
        """Return how much waits to be sent."""
        return await self.store.read(outbox.backlog)

    @property
    def alerts_watched(self) -> int:
        """Return how many conditions are watched for people."""
        return max(0, len(self.alerts) - self.health.own_alerts)

    def new_incident(self) -> str:
        """Return the short number under which a failure is logged and told."""
        return "".join(secrets.choice(CROCKFORD) for _ in range(6))
