"""What a world is made of: a clock that a test moves, exchanges that say what it sets, a platform that remembers."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from bot.render.text import plain
from handlers.model import Reply
from services.clock import FixedClock
from services.domain.candles import Candle, Interval
from services.domain.coins import Coin
from services.domain.deliveries import Delivery, Looked, Outcome, Sent, Unreadable
from services.domain.people import Place
from services.domain.quotes import Sample
from services.feed import Sink

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
BASES = {"btc": "bitcoin", "eth": "ethereum", "sol": "solana", "doge": "dogecoin"}
BOT = 7


@dataclass(frozen=True, slots=True)
class Seat:
    """A person in a chat."""

    user: int
    chat: int
    private: bool = True
    admin: bool = False
    thread: int | None = None

    @property
    def place(self) -> Place:
        """Return the chat as the platform addresses it."""
        return Place("telegram", BOT, self.chat, self.thread)


ANN = Seat(1, 1)
BEN = Seat(2, 2)
GROUP = -100
ANN_IN_GROUP = Seat(1, GROUP, private=False)
BEN_IN_GROUP = Seat(2, GROUP, private=False)
ADMIN_IN_GROUP = Seat(3, GROUP, private=False, admin=True)


class SteppedClock(FixedClock):
    """A clock whose sleepers wake when a test moves it past their time."""

    def __init__(self, at: datetime) -> None:
        super().__init__(at)
        self._asleep: dict[asyncio.Task[object] | None, tuple[datetime, asyncio.Future[None]]] = {}
        self._woken: set[asyncio.Task[object] | None] = set()

    def set(self, at: datetime) -> None:
        """Move to `at` and wake whoever waited for a time up to then."""
        super().set(at)
        for task, (due, alarm) in self._asleep.items():
            if due <= at and not alarm.done():
                alarm.set_result(None)
                self._woken.add(task)

    async def sleep(self, seconds: float) -> None:
        """Wait until a test has moved the clock so far."""
        task = asyncio.current_task()
        alarm = asyncio.get_running_loop().create_future()
        self._asleep[task] = (self.now() + timedelta(seconds=seconds), alarm)
        self._woken.discard(task)
        try:
            await alarm
        finally:
            self._asleep.pop(task, None)

    async def let_others_run(self) -> None:
        """Give every other task one turn."""
        await super().sleep(0)

    @property
    def asleep(self) -> frozenset[str]:
        """Return the names of the tasks that wait for a time."""
        return frozenset(task.get_name() for task in self._asleep if task is not None)

    @property
    def is_still(self) -> bool:
        """Say whether everybody who was woken sleeps again or is gone."""
        return all(task is None or task.done() for task in self._woken)


@dataclass
class Exchange:
    """A price source whose prices the test sets; what is asked of it is true now."""

    name: str
    clock: FixedClock
    prices: dict[str, Decimal] = field(default_factory=dict)
    past: dict[tuple[str, Interval], tuple[Candle, ...]] = field(default_factory=dict)
    sink: Sink | None = None

    async def stream(self, coins: tuple[Coin, ...], sink: Sink) -> None:
        del coins
        self.sink = sink
        await asyncio.get_running_loop().create_future()

    async def samples(self, coins: tuple[Coin, ...]) -> tuple[Sample, ...]:
        wanted = {coin.id for coin in coins}
        return tuple(each for each in self.spoken() if each.base in wanted or each.base not in BASES.values())

    async def candles(self, coin: Coin, interval: Interval, first: datetime, last: datetime) -> tuple[Candle, ...]:
        return tuple(bar for bar in self.past.get((coin.id, interval), ()) if first <= bar.at <= last)

    def spoken(self) -> tuple[Sample, ...]:
        """Return its prices as they stand."""
        now = self.clock.now()
        return tuple(Sample(self.name, base, "usd", price, now, now) for base, price in self.prices.items())

    def say(self) -> None:
        """Push its prices down the stream."""
        assert self.sink is not None
        self.sink(self.spoken())


@dataclass(frozen=True)
class Told:
    """One message as a person gets it."""

    at: datetime
    chat: int
    text: str
    reply: Reply[object]
    delivery: Delivery


@dataclass
class Recorder:
    """A sender that delivers everything and remembers it."""

    clock: FixedClock
    told: list[Told] = field(default_factory=list)
    refuses: dict[int, Outcome] = field(default_factory=dict)
    remembers_nonce: bool = False

    async def send(self, delivery: Delivery, reply: Reply[object], *, repeat: bool) -> Outcome:
        del repeat
        if delivery.place.chat_id in self.refuses:
            return self.refuses[delivery.place.chat_id]
        self.told.append(Told(self.clock.now(), delivery.place.chat_id, plain(reply), reply, delivery))
        return Sent(len(self.told))

    def divide(self, reply: Reply[object]) -> tuple[Reply[object], ...]:
        return (reply,)

    async def is_answering(self, place: Place) -> bool:
        return place.bot_id == BOT

    async def look_up(self, delivery: Delivery) -> Looked:
        del delivery
        return Unreadable()
