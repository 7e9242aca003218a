"""The tour's alert waits for a level that the simulated price leaves behind for some seconds, not for a moment."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from bot.tour import next_crossing
from services.domain.simulation import price_at


@pytest.mark.parametrize("minute", range(0, 120, 3))
def test_the_level_is_left_behind_for_some_seconds_whenever_one_looks(minute: int) -> None:
    now = datetime(2026, 11, 22, 23, 38, 31, 730_000, tzinfo=UTC) + timedelta(minutes=minute)
    crossing = next_crossing(now)
    _, op, written = crossing.rule.split()
    level = Decimal(written)
    before = [price_at(1, "bitcoin", now + timedelta(seconds=second)) for second in range(6)]
    after = [price_at(1, "bitcoin", crossing.at + timedelta(seconds=second)) for second in range(3)]
    if op == "<":
        level, before, after = -level, [-price for price in before], [-price for price in after]
    assert max(before) <= level < min(after)
