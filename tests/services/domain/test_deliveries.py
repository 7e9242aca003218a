from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.domain.deliveries import URGENCY, Delivery, wait_after_parking, wait_after_unknown
from services.domain.people import Place

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
OWED = Delivery(
    id=1, key="event 7 to 3 part 0", kind="alert", event=7, chat=3, place=Place("discord", 9, 77), private=False,
    answers=None, card=None, state="pending", attempt=0, unknowns=0, first_intended_at=None, not_before=NOW,
    created_at=NOW,
)  # fmt: skip


def test_a_nonce_is_the_same_for_every_attempt_and_fits_discord() -> None:
    later = replace(OWED, id=2, state="unknown", attempt=3, unknowns=2, not_before=NOW + timedelta(hours=1))
    assert OWED.nonce == later.nonce
    assert len(OWED.nonce) == 25
    assert OWED.nonce.isascii()
    assert OWED.nonce.isalnum()


def test_nonces_of_parts_and_kinds_differ() -> None:
    keys = [f"{kind} 7 to {to} part {part}" for kind in ("event", "notice") for to in range(30) for part in range(30)]
    assert len({replace(OWED, key=key).nonce for key in keys}) == len(keys)


def test_alerts_go_before_replies_and_those_before_notices() -> None:
    assert URGENCY["alert"] < URGENCY["reply"] < URGENCY["notice"]


@pytest.mark.parametrize(("unknowns", "seconds"), [(1, 5), (2, 30), (3, 120), (4, 600), (5, 600), (99, 600)])
def test_after_an_unknown_outcome_the_waits_grow(unknowns: int, seconds: int) -> None:
    assert wait_after_unknown(unknowns) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("refused", "hours"), [(0, 1), (0.9, 1), (1, 6), (6.9, 6), (7, 24), (31, 24), (24 * 29.9, 24), (24 * 30, None)]
)
def test_a_refused_message_is_tried_again_after_hours_then_daily_for_a_month(refused: float, hours: int | None) -> None:
    assert wait_after_parking(timedelta(hours=refused)) == (None if hours is None else timedelta(hours=hours))
