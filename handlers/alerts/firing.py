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
    card = Card(
        sentence(request, found, event),
        lines=(*_lines(request, found, event, told_at), *told_inputs(request, inputs)),
        notes=(say("Alert #{number} {code}", number=found.number, code=event.code),),
        source=Provenance(write.source_name(event.source), event.at),
        tone=_tone(event.condition),
        marks=marks_of(event),
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
    value, *more = facts(request, found, event, told_at)
    late = late_words(event, told_at)
    return (value, *more) if late is None else (late, value, *more[1:])


def late_words(event: Event, told_at: datetime) -> str | None:
    """Return how late a firing is told, where it is."""
    late = lateness(event, told_at)
    return None if late is None or event.basis == "replay" else say("Late by {time}.", time=write.span(late))


def told_inputs(request: Request, inputs: tuple[Standing, ...]) -> tuple[str, ...]:
    """Return what each of several conditions said."""
    mine = request.caller.preferences
    known = [(each.condition, each.value) for each in inputs if each.value is not None]
    return tuple(
        say("{thing}: {value}", thing=words.thing(request, condition),
            value=words.value_words(request, condition, value, mine))
        for condition, value in known
    )  # fmt: skip


def sentence(request: Request, found: Alert, event: Event) -> str:
    """Return what became true."""
    what = event.condition if len(found.standings) == 1 else found.expression
    return words.clause(request, what, request.caller.preferences)


def facts(request: Request, found: Alert, event: Event, told_at: datetime) -> tuple[str, ...]:
    """Return what a firing says below its sentence: value and time, then what is special about it."""
    mine = request.caller.preferences
    when = write.date_time(event.at, mine) if event.basis == "replay" else write.clock_time(event.at, mine)
    if len(found.standings) > 1:
        first = say("True at {time}", time=when)
    else:
        first = say(
            "{value} at {time}", value=words.value_words(request, event.condition, event.value, mine), time=when
        )
    special = (
        late_words(event, told_at),
        say("Sources disagree about this price.") if event.disputed else None,
        found.note,
    )
    return (first, *(each for each in special if each is not None))


def marks_of(event: Event) -> tuple[Mark, ...]:
    """Return what the numbers of a firing must be labelled with."""
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
