"""What a burst of alerts says: one card in which each of them keeps its sentence, value, time and code."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from handlers import format as write
from handlers.alerts import cards
from handlers.alerts.firing import facts, marks_of, sentence, told_inputs
from handlers.model import Card, Mark, Provenance, Reply, Request
from services.domain.alerts import Alert, Event, Standing
from services.domain.language import say


@dataclass(frozen=True, slots=True)
class Told:
    """One alert of a summary, for machines."""

    number: int
    code: str


Fired = tuple[Alert, Event, tuple[Standing, ...]]
"""An alert, its firing, and what each of several conditions said."""


async def summary(request: Request, fired: Sequence[Fired], told_at: datetime) -> Reply[tuple[Told, ...]]:
    """Draw the message of several firings, in the order in which they happened."""
    newest = max((event for _, event, _ in fired), key=lambda event: event.at)
    marks: dict[Mark, None] = dict.fromkeys(mark for _, event, _ in fired for mark in marks_of(event))
    sources = dict.fromkeys(write.source_name(event.source) for _, event, _ in fired)
    card = Card(
        say("{count} alerts", count=len(fired)),
        lines=tuple(line for each in fired for line in _entry(request, each, told_at)),
        source=Provenance(" · ".join(sources), newest.at),
        marks=tuple(marks),
    )
    data = tuple(Told(alert.number, event.code) for alert, event, _ in fired)
    return Reply(data, card, buttons=((cards.to_list(fired[0][0]),),))


def _entry(request: Request, fired: Fired, told_at: datetime) -> tuple[str, ...]:
    alert, event, inputs = fired
    value, *more = facts(request, alert, event, told_at)
    named = say("{value} · #{number} {code}", value=value, number=alert.number, code=event.code)
    return (sentence(request, alert, event), named, *more, *told_inputs(request, inputs), "")
