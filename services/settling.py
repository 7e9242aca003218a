"""What the outcome of an attempt means for the delivery and for its chat."""

from datetime import datetime, timedelta
from typing import assert_never

from services.domain.deliveries import (
    Delivery,
    Found,
    Moved,
    Outcome,
    Parked,
    Retry,
    Sent,
    Unknown,
    wait_after_parking,
    wait_after_unknown,
)
from services.failpoints import failpoint
from services.store import outbox as rows
from services.store import people
from services.store.outbox import Settlement
from services.tx import Tx

_NEVER = timedelta(days=36_500)


def settle(tx: Tx, owed: Delivery, outcome: Outcome | Found, now: datetime) -> Delivery | None:
    """Store an outcome with all that it means, in one transaction, and return the delivery as it is then."""
    failpoint("settling.before")
    attempts = owed.attempt + (owed.state != "sending")  # one that was intended when it was owed is counted already
    refused_since = owed.created_at
    if isinstance(outcome, Parked) and outcome.chat:
        people.park_chat(tx, owed.chat, now, outcome.reason)
        refused_since = people.refused_since(tx, owed.chat) or now
    rows.settle(tx, owed, settlement(owed, outcome, refused_since, now), now)
    match outcome:
        case Moved(chat_id):
            people.migrate_chat(tx, owed.place.platform, owed.place.bot_id, owed.place.chat_id, chat_id)
        case Sent() if attempts > 1:
            people.park_chat(tx, owed.chat, None, None)  # it took a message again
        case _:
            pass
    failpoint("settling.after")
    return rows.by_id(tx, owed.id)


def settlement(owed: Delivery, outcome: Outcome | Found, refused_since: datetime, now: datetime) -> Settlement:
    """Return what is stored for an outcome; `refused_since` decides when a refused message is tried again."""
    match outcome:
        case Sent(message_id):
            return Settlement("sent", message_id=message_id)
        case Found(message_id):
            return Settlement("sent", "found in the history", message_id)
        case Retry(after, reason):
            return Settlement("unknown" if owed.unknowns else "pending", reason, not_before=now + after)
        case Unknown(reason):
            wait = wait_after_unknown(owed.unknowns + 1)
            return Settlement("unknown", reason, not_before=now + wait, unknown=True)
        case Parked(reason):
            return Settlement("parked", reason, not_before=now + (wait_after_parking(now - refused_since) or _NEVER))
        case Moved():
            return Settlement("unknown" if owed.unknowns else "pending", "the group moved", not_before=now)
        case _:
            assert_never(outcome)
