"""What an alert says when it fires."""

from dataclasses import replace
from datetime import datetime

from handlers import format as write
from handlers import rule_words as words
from handlers.alerts import cards
from handlers.alerts.cards import AlertNow
from handlers.model import Button, Card, Mark, Provenance, Reply, Request, Tone
from services.alerts import lateness
from services.domain.alerts import Alert, Event, Standing
from services.domain.language import say
from services.domain.rules import Condition


async def fired(
    request: Request, found: Alert, event: Event, told_at: datetime, inputs: tuple[Standing, ...] = ()
) -> Reply[AlertNow]:
    """Draw the message of one firing, at the moment it is sent. `inputs` are what each of several conditions said."""
    mine = request.caller.preferences
    card = Card(
        words.clause(request, event.condition if len(found.standings) == 1 else found.expression, mine),
        lines=(*_lines(request, found, event, told_at), *_inputs(request, inputs)),
        notes=(say("Alert #{number} {code}", number=found.number, code=event.code),),
        source=Provenance(write.source_name(event.source), event.at),
        tone=_tone(event.condition),
        marks=_marks(event),
    )
    return Reply(cards.present(request, found), card, buttons=buttons_of(found))


def _tone(condition: Condition) -> Tone:
    match condition.metric.name:
        case "drop":
            return "down"
        case "swing":
            return "neutral"
        case _:
            return "up" if words.op_arrow(condition.op) == "↑" else "down"


def _lines(request: Request, found: Alert, event: Event, told_at: datetime) -> tuple[str, ...]:
    mine = request.caller.preferences
    replayed = event.basis == "replay"
    value = words.value_words(request, event.condition, event.value, mine)
    when = write.date_time(event.at, mine) if replayed else write.clock_time(event.at, mine)
    lines = [say("{value} at {time}", value=value, time=when)]
    if len(found.standings) > 1:
        lines = [say("True at {time}", time=when)]
    late = lateness(event, told_at)
    if late is not None and not replayed:
        lines.insert(0, say("Late by {time}.", time=write.span(late)))
    if event.disputed:
        lines.append(say("Sources disagree about this price."))
    if found.note is not None:
        lines.append(found.note)
    return tuple(lines)


def _inputs(request: Request, inputs: tuple[Standing, ...]) -> tuple[str, ...]:
    mine = request.caller.preferences
    known = [(each.condition, each.value) for each in inputs if each.value is not None]
    return tuple(
        say("{thing}: {value}", thing=words.thing(request, condition),
            value=words.value_words(request, condition, value, mine))
        for condition, value in known
    )  # fmt: skip


def _marks(event: Event) -> tuple[Mark, ...]:
    if event.source == "simulated":
        return ("SIMULATED",)
    return ("REPLAY",) if event.basis == "replay" else ()


def buttons_of(found: Alert) -> tuple[tuple[Button, ...], ...]:
    """Return the buttons under the message of a firing; they depend on the alert alone."""
    here = cards.where_it_is(found)
    follow = Button(say("Set again"), f"/alert {cards.rule_again(found, replace(found.wish, until=None))}")
    if found.every is not None:
        follow = Button(say("Snooze 1h"), f"/alerts snooze {found.number} 1h{here}")
    chart = Button(say("Chart"), f"/chart {found.condition.metric.base}")
    return ((chart, follow), (cards.to_list(found),))
