"""/alerts tune: other levels and repeats for an alert, each a button."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from handlers import rule_words as words
from handlers.alerts import cards
from handlers.alerts.cards import AlertNow
from handlers.model import Button, Reply, Request
from handlers.params import Number, Whose
from services.domain.alerts import Alert
from services.domain.language import say
from services.domain.metrics import KINDS
from services.domain.numbers import write_duration
from services.domain.rules import Condition, Rule
from services.rules import rounded

_EVERY = (timedelta(hours=1), timedelta(hours=4), timedelta(days=1))


async def tune(request: Request, number: Number, whose: Whose = "mine") -> Reply[AlertNow]:
    """Offer other levels and repeats for an alert."""
    alerts, here = request.services.alerts, whose == "here"
    found = await request.services.store.read(lambda tx: alerts.numbered(tx, request.caller, number, here=here))
    wish = found.wish
    steps = tuple(Button(label, _line(found, replace(wish, expression=each))) for label, each in _steps(request, found))
    repeats = tuple(
        Button(say("Every {every}", every=write_duration(each)), _line(found, replace(wish, every=each)))
        for each in _EVERY
    )
    once = Button(say("Once"), _line(found, replace(wish, every=None)))
    back = Button(say("Back"), f"/alerts show {number}{cards.where_it_is(found)}")
    shown = cards.card(request, found, say("Tune alert #{number}", number=number))
    return replace(shown, buttons=tuple(row for row in (steps, repeats, (once, back)) if row))


def _steps(request: Request, found: Alert) -> list[tuple[str, Condition]]:
    condition, mine = found.expression, request.caller.preferences
    if not isinstance(condition, Condition):
        return []  # which of several is meant is for words to say
    level = condition.level
    if condition.metric.name == "price":
        near = [rounded(level - level / 100), rounded(level + level / 100)]
    else:
        step = abs(level) / 4 or Decimal(1)
        near = [level - step, level + step] if condition.metric.window is None else [level / 2, level * 2]
    bounded = KINDS[condition.metric.name].subject == "pair"
    most = Decimal(100) if bounded and condition.metric.window is not None else Decimal("Infinity")
    least = Decimal(0) if bounded else Decimal("-Infinity")
    other = [replace(condition, level=each) for each in near if least < each < most and each != level]
    return [(words.level(request, each, mine), each) for each in other]


def _line(found: Alert, wish: Rule) -> str:
    over = wish.until is not None and found.state == "expired"
    return f"/alerts edit {found.number} {cards.rule_again(found, replace(wish, until=None) if over else wish)}"
