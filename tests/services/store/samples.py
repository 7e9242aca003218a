"""Rows for the store's tests."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from services.domain.alerts import Alert, Event, Standing
from services.domain.metrics import Metric
from services.domain.people import Place
from services.domain.rules import Condition, Op, Rule
from services.store import alerts, people
from services.store.alerts import NewAlert
from services.tx import Tx

NOW = datetime(2026, 11, 22, 9, 0, 0, 123456, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
BTC = Metric("price", "bitcoin", "usd")
GROUP = Place("telegram", 7, -1_001_234_567_890)


def private(user_id: int) -> Place:
    return Place("telegram", 7, user_id)


def someone(tx: Tx, user_id: int = 6_123_456_789_012) -> int:
    """A person with an account and a private chat on Telegram."""
    person, _ = people.person_of(tx, "telegram", user_id, NOW)
    people.chat_of(tx, private(user_id), person)
    return person


def wish(person: int | None, chat: int | None = None, level: str = "100000", op: Op = "above") -> NewAlert:
    """An alert on bitcoin that fires once, without a note or an end."""
    return NewAlert(
        owner_person=person, owner_chat=chat, rule=f"btc {op} {level}", currency="usd",
        wish=Rule(Condition(BTC, op, Decimal(level))), standings=(standing(BTC, op, level, Decimal("99000.5")),),
    )  # fmt: skip


def standing(metric: Metric, op: Op, level: str, value: Decimal | None = None, *, met: bool = False) -> Standing:
    return Standing(Condition(metric, op, Decimal(level)), met, value, None if value is None else NOW)


def stored_alert(tx: Tx, person: int, level: str = "100000") -> Alert:
    return alerts.add(tx, wish(person, level=level), people.destination_of_person(tx, person), NOW)


def firing(alert: Alert, episode: int = 1, code: str = "K7Q2MX") -> Event:
    return Event(
        id=0, alert=alert.id, episode=episode, code=code, condition=alert.condition, value=Decimal("100001.10"),
        at=NOW, seen_at=LATER, source="binance, kraken", basis="tick", disputed=False,
    )  # fmt: skip
