"""A store with alerts: some that prices will cross one after the other, and many more above and below that wait."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from services.clock import SystemClock
from services.counters import Counters
from services.domain.alerts import Standing
from services.domain.metrics import Metric
from services.domain.people import Place
from services.domain.rules import Condition, Op, Rule
from services.store import alerts, people
from services.store.alerts import NewAlert
from services.store.open import open_store
from services.tx import Tx

FIRST_PERSON = 60_001
BEFORE = Decimal(90_000)
STEP = Decimal(2)
_PER_PERSON = 50
_COINS = (("bitcoin", 90_000), ("ethereum", 3_100), ("solana", 140), ("ripple", 2))


def level(number: int) -> Decimal:
    """Return the level of the crossing alert of that number; the price moves up from one to the next."""
    return BEFORE + STEP * (number + 1)


async def fill(data: Path, token: str, *, crossings: int, alerts: int) -> None:
    """Make a store in `data`: `crossings` people with one alert each, and people with the rest, `alerts` in all."""
    clock = SystemClock()
    bot_id = int(token.partition(":")[0])
    store = await open_store(None, data, Counters(), clock)
    waiting = list(_waiting(alerts - crossings))
    owned = [[_above("bitcoin", level(number))] for number in range(crossings)]
    owned += [waiting[at : at + _PER_PERSON] for at in range(0, len(waiting), _PER_PERSON)]

    def work(tx: Tx) -> None:
        for number, conditions in enumerate(owned):
            _own(tx, Place("telegram", bot_id, FIRST_PERSON + number), conditions, clock.now())

    await store.write(work)
    await store.close()


def _waiting(count: int) -> Iterator[Condition]:
    for number in range(count):
        coin, price = _COINS[number % len(_COINS)]
        share = Decimal(number % 997) / 997
        if number % 2:
            yield _condition(coin, "below", price * (Decimal("0.5") + share / 4))
        else:
            yield _above(coin, price * (Decimal("1.25") + share))


def _above(coin: str, level: Decimal) -> Condition:
    return _condition(coin, "above", level)


def _condition(coin: str, op: Op, level: Decimal) -> Condition:
    return Condition(Metric("price", coin, "usd"), op, round(level, 2))


def _own(tx: Tx, place: Place, conditions: list[Condition], now: datetime) -> None:
    person, _ = people.person_of(tx, "telegram", place.chat_id, now)
    people.chat_of(tx, place, person)
    destination = people.destination_of_person(tx, person)
    for condition in conditions:
        rule = f"{condition.metric.base} {'>' if condition.op == 'above' else '<'} {condition.level}"
        new = NewAlert(
            owner_person=person, owner_chat=None, rule=rule, currency="usd", wish=Rule(condition),
            standings=(Standing(condition, False, None, None),),
        )  # fmt: skip
        alerts.add(tx, new, destination, now)
