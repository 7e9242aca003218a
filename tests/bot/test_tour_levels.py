"""The tour's alert waits for a level that the simulated price leaves behind for some seconds, where there is one."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from bot.tour import next_crossing
from services.domain.simulation import price_at

_STARTS = [datetime(2026, 11, 22, 23, 38, 31, 730_000, tzinfo=UTC) + timedelta(minutes=3 * each) for each in range(60)]


def _seconds_beyond(now: datetime) -> int:
    """Return for how many of the first three seconds the price stays beyond; it was never there before."""
    crossing = next_crossing(now)
    _, op, written = crossing.rule.split()
    sign = 1 if op == ">" else -1
    level = sign * Decimal(written)
    assert all(sign * price_at(1, "bitcoin", now + timedelta(seconds=second)) <= level for second in range(2))
    after = [sign * price_at(1, "bitcoin", crossing.at + timedelta(seconds=second)) > level for second in range(3)]
    return sum(after)


def test_the_level_is_crossed_and_nearly_always_for_three_seconds() -> None:
    beyond = [_seconds_beyond(now) for now in _STARTS]
    assert min(beyond) >= 1
    assert beyond.count(3) >= 0.9 * len(beyond)
