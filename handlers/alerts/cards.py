"""What is shown of an alert wherever one is shown."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from handlers import format as write
from handlers import rule_words as words
from handlers.model import Button, Card, Mark, Provenance, Reply, Request
from services.domain.alerts import Alert, Standing
from services.domain.language import say
from services.domain.rule_language import format_rule
from services.domain.rules import Condition, Loudness, Rule
from services.rules import Ask

_LOUDNESS: dict[Loudness, str] = {
    "silent": say("Told silently."), "normal": "", "loud": say("Told loudly."),
    "critical": say("Critical: repeats until you acknowledge it."),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class AlertNow:
    """One alert for machines; value and level in unit, `away` in percent of the value (points for a move)."""

    number: int
    rule: str
    state: str
    unit: str
    level: Decimal
    value: Decimal | None
    away: Decimal | None


def present(request: Request, each: Alert) -> AlertNow:
    """Return an alert as things stand."""
    condition = each.condition
    value = value_of(request, each)
    away = None if value is None else words.distance(condition, value)
    return AlertNow(each.number, each.rule, each.state, condition.metric.unit, condition.level, value, away)


def value_of(request: Request, each: Alert) -> Decimal | None:
    """Return what an alert looks at first as it stands, or None while that is not known."""
    return _value(request, each.condition)


def _value(request: Request, condition: Condition) -> Decimal | None:
    metric = condition.metric
    return request.services.rules.value(metric) if metric.name == "price" else request.services.alerts.value(metric)


def clause(request: Request, each: Alert) -> str:
    """Return what an alert waits for: `BTC is above $100,000`."""
    return words.clause(request, each.expression, request.caller.preferences)


def standing(request: Request, each: Alert) -> str:
    """Return what an alert is doing: how far it has to go, or why it rests."""
    mine = request.caller.preferences
    match each.state:
        case "paused":
            stands = say("paused")
        case "snoozed" if each.snoozed_until is not None:
            stands = say("snoozed until {time}", time=write.date_time(each.snoozed_until, mine))
        case "expired":
            stands = say("has ended")
        case "done":
            stands = say("has fired")
        case _:
            stands = where(request, each, value_of(request, each))
    if each.every is not None:
        stands += say(", {often}", often=words.often(each.every))
    return stands


def where(request: Request, each: Alert, value: Decimal | None) -> str:
    """Return the value now and how far it has to go, or that it waits for false first, or until when it must stay."""
    mine = request.caller.preferences
    if each.due_at is not None:
        return say("true now, told at {time} if it stays so", time=write.clock_time(each.due_at, mine))
    if len(each.standings) > 1:
        met = sum(standing.met for standing in each.standings)
        if each.is_true:
            return say("true already, waits until it is false first")
        return say("{met} of {count} conditions are true now", met=met, count=len(each.standings))
    if not each.is_true or value is None:
        return words.distance_words(request, each.condition, value, mine)
    now = words.value_words(request, each.condition, value, mine)
    return say("now {value}; true already, waits until it is false first", value=now)


def parts(request: Request, each: Alert) -> tuple[str, ...]:
    """Return a line for each of several conditions: whether it is true, and its value now."""
    if len(each.standings) == 1:
        return ()
    return tuple(_part(request, standing) for standing in each.standings)


def _part(request: Request, standing: Standing) -> str:
    mine, value = request.caller.preferences, _value(request, standing.condition)
    value = standing.value if value is None else value
    now = say("not known yet") if value is None else words.value_words(request, standing.condition, value, mine)
    mark = "✓" if standing.met else "–"
    return say("{mark} {clause}: now {value}", mark=mark, clause=words.clause(request, standing.condition, mine),
               value=now)  # fmt: skip


def terms(request: Request, each: Alert) -> tuple[str, ...]:
    """Return what else was agreed: until when, and the person's own words."""
    found: list[str] = []
    if each.hold is not None:
        found.append(say("Must stay true for {time}.", time=write.span(each.hold)))
    if each.loudness != "normal":
        found.append(_LOUDNESS[each.loudness])
    if each.expires_at is not None:
        found.append(say("Until {time}.", time=write.date_time(each.expires_at, request.caller.preferences)))
    if each.note is not None:
        found.append(say("Note: {note}", note=each.note))
    return tuple(found)


def rule_again(found: Alert, wish: Rule) -> str:
    """Return the line that sets or edits an alert like this one by another wish, in the same place."""
    return format_rule(replace(wish, route="here" if found.owner_chat is not None else None))


def provenance(request: Request, shown: Iterable[Alert]) -> tuple[Provenance | None, tuple[Mark, ...]]:
    """Return where the prices beside these alerts come from, and the labels that they carry."""
    market = request.services.market
    coins = dict.fromkeys(one.condition.metric.base for each in shown for one in each.standings)
    quotes = [market.quote(coin) for coin in coins if market.rate(coin) is not None]
    return (write.provenance_of(quotes), write.marks(*quotes)) if quotes else (None, ())


def card(request: Request, found: Alert, title: str, notes: tuple[str, ...] = ()) -> Reply[AlertNow]:
    """Return one alert with its buttons."""
    n = f"{found.number}{where_it_is(found)}"
    toggle = Button(say("Resume"), f"/alerts resume {n}")
    if found.state == "ok":
        toggle = Button(say("Pause"), f"/alerts pause {n}")
    stands = standing(request, found)
    source, marks = provenance(request, (found,))
    shown = Card(
        title,
        lines=(f"{clause(request, found)}.", *parts(request, found), f"{stands[:1].upper()}{stands[1:]}."),
        notes=(*terms(request, found), *notes),
        source=source,
        marks=marks,
    )
    snooze = Button(say("Snooze 1h"), f"/alerts snooze {found.number} 1h{where_it_is(found)}")
    buttons = (
        (toggle, snooze, Button(say("Tune"), f"/alerts tune {n}")),
        (Button(say("Delete"), f"/alerts delete {n}"), to_list(found)),
    )
    return Reply(present(request, found), shown, buttons=buttons, private=found.owner_chat is None)


def several(
    request: Request, found: list[Alert], one: str, title: str, *buttons: tuple[Button, ...]
) -> Reply[tuple[AlertNow, ...]]:
    """Return what was done to some alerts; `one` is the title where it is a single one, shown with its own buttons."""
    if len(found) == 1:
        alone = card(request, found[0], one)
        return Reply((alone.data,), alone.card, buttons=alone.buttons, private=alone.private)
    lines = tuple(f"#{each.number} {clause(request, each)}." for each in found)
    data = tuple(present(request, each) for each in found)
    return Reply(data, Card(title, lines), buttons=buttons, private=found[0].owner_chat is None)


def where_it_is(found: Alert) -> str:
    """Return what is added to a line about an alert that belongs to a chat: ` here`."""
    return "" if found.owner_chat is None else " here"


def to_list(found: Alert) -> Button:
    """Return the way to the other alerts of the same person, or of the same group."""
    if found.owner_chat is None:
        return Button(say("My alerts"), "/alerts list")
    return Button(say("Alerts here"), "/alerts list here")


def question(asked: Ask, command: str, notes: tuple[str, ...] = ()) -> Reply[object]:
    """Return a question with a button for each answer; one about the whole chat is asked in the chat."""
    buttons = tuple((Button(label, f"{command} {line}"),) for label, line in asked.question.answers)
    about_chat = any("here" in line.lower().split() for _, line in asked.question.answers)
    card = Card(asked.question.text, notes=notes, tone="warning")
    return Reply(asked.question.text, card, buttons=buttons, private=not about_chat)
