"""/export and /forget: what is stored about a person, and its end."""

from typing import Literal

from handlers import format as write
from handlers import times
from handlers.model import Button, Card, Change, Reply, Request, Row
from services.domain.alerts import Alert, Event
from services.domain.language import say
from services.domain.people import Preferences
from services.personal import Belongings
from services.tx import Tx


async def export(request: Request) -> Reply[Belongings]:
    """Send you everything that is stored about you.

    The alerts are written as rules, so that they can be typed in again.
    """
    mine = request.caller.preferences
    found = await request.services.personal.belongings(request.caller)
    rules = tuple(line for each in found.alerts for line in _lines(each, found.events, mine))
    meant = tuple(f"{word} = {coin}" for word, coin in found.choices)
    accounts = tuple(f"{platform.capitalize()} {number}" for platform, number in found.accounts)
    watched = (", ".join(found.watched),) if found.watched else ()
    lines = (
        *_part(say("Accounts"), accounts), *_part(say("Alerts"), rules), *_part(say("Tickers"), meant),
        *_part(say("Watchlist"), watched),
    )  # fmt: skip
    card = Card(
        say("What I have of yours"),
        lines=lines[1:],
        table=(
            Row((say("Since"), times.date(found.since))),
            Row((say("Time zone"), found.preferences.zone)),
            Row((say("Currency"), found.preferences.currency.upper())),
            Row((say("Numbers"), found.preferences.numbers or say("not chosen"))),
        ),
    )
    return Reply(found, card, buttons=((Button(say("Forget me"), "/forget"),),), private=True)


def _lines(each: Alert, events: tuple[Event, ...], mine: Preferences) -> tuple[str, ...]:
    """Return an alert as a rule that can be typed in again, its times, and below it each firing."""
    since = say("since {time}", time=write.date_time(each.created_at, mine))
    times = [since]
    if each.expires_at is not None:
        times.append(say("until {time}", time=write.date_time(each.expires_at, mine)))
    if each.snoozed_until is not None:
        times.append(say("snoozed until {time}", time=write.date_time(each.snoozed_until, mine)))
    told = (
        say(
            "   told {code}: {value} at {time}",
            code=one.code,
            value=f"{one.value:f}",
            time=write.date_time(one.at, mine),
        )
        for one in events
        if one.alert == each.id
    )
    return (f"#{each.number} {each.rule}  ({each.state})", f"   {', '.join(times)}", *told)


def _part(heading: str, lines: tuple[str, ...]) -> tuple[str, ...]:
    return ("", heading, *lines) if lines else ()


async def forget(request: Request, sure: Literal["ask", "yes"] = "ask") -> Reply[None] | Change[None]:
    """Delete everything that is stored about you, at once and for good."""
    if sure == "ask":
        card = Card(
            say("Forget everything about you?"),
            lines=(
                say("Your alerts end, your settings are lost, and nothing can be brought back."),
                say("/export first if you want to keep a copy."),
            ),
            tone="warning",
        )
        return Reply(None, card, buttons=((Button(say("Forget me for good"), "/forget yes"),),), private=True)

    def apply(tx: Tx) -> Reply[None]:
        request.services.personal.forget(tx, request.caller)
        card = Card(
            say("You are forgotten"),
            lines=(say("No byte about you is left in my files. If you write again, I meet you for the first time."),),
        )
        return Reply(None, card, private=True)

    return Change(apply, leaves_no_trace=True)
