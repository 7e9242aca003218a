"""/alerts tune: other levels and repeats for an alert, each a button."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from handlers.alerts import cards
from handlers.alerts.cards import AlertNow
from handlers.model import Button, Reply, Request
from handlers.params import Number, Whose
from handlers.rule_words import level_words
from services.domain.alerts import Alert
from services.domain.language import say
from services.domain.numbers import write_duration
from services.domain.rules import Condition, Every
from services.rules import rounded

_EVERY = (timedelta(hours=1), timedelta(hours=4), timedelta(days=1))
_LONGEST_NUMBER = 9999  # a time in a rule has four digits


async def tune(request: Request, number: Number, whose: Whose = "mine") -> Reply[AlertNow]:
    """Offer other levels and repeats for an alert."""
    alerts, here = request.services.alerts, whose == "here"
    found = await request.services.store.read(lambda tx: alerts.numbered(tx, request.caller, number, here=here))
    now = request.services.clock.now()
    steps = tuple(
        Button(label, _line(found, condition, found.every, now)) for label, condition in _steps(request, found)
    )
    repeats = tuple(
        Button(say("Every {every}", every=write_duration(each)), _line(found, found.condition, each, now))
        for each in _EVERY
    )
    once = Button(say("Once"), _line(found, found.condition, None, now))
    back = Button(say("Back"), f"/alerts show {number}{cards.where_it_is(found)}")
    shown = cards.card(request, found, say("Tune alert #{number}", number=number))
    return replace(shown, buttons=(steps, repeats, (once, back)))


def _steps(request: Request, found: Alert) -> list[tuple[str, Condition]]:
    condition, mine = found.condition, request.caller.preferences
    if condition.metric.window is None:
        step = condition.level / 100
        near = [rounded(condition.level - step), rounded(condition.level + step)]
    else:
        near = [condition.level / 2, condition.level * 2]
    most = Decimal("Infinity") if condition.metric.window is None else Decimal(100)
    other = [replace(condition, level=each) for each in near if 0 < each < most and each != condition.level]
    return [(level_words(request, each, mine), each) for each in other]


def _line(found: Alert, condition: Condition, every: Every | None, now: datetime) -> str:
    left = "" if found.expires_at is None or found.expires_at <= now else f" until {_written(found.expires_at - now)}"
    return f"/alerts edit {found.number} {cards.rule_again(found, condition, every, left + cards.where_it_is(found))}"


def _written(length: timedelta) -> str:
    for unit, minutes in (("m", 1), ("h", 60), ("d", 1440)):
        number = -(-length // timedelta(minutes=minutes))
        if number <= _LONGEST_NUMBER:
            return f"{number}{unit}"
    return f"{_LONGEST_NUMBER}d"
