"""What people are told about the watch itself: that nobody can see a coin's price, and that it is back."""

from handlers import format as write
from handlers.model import Button, Card, Reply, Request
from services.domain.gaps import Gap
from services.domain.language import say

_SHOWN = 12  # numbers of alerts in one line


def gap(request: Request, found: Gap) -> Reply[Gap]:
    """Draw the notice of a gap, or of its end."""
    mine = request.caller.preferences
    coin = request.services.coins.coin(found.coin)
    symbol = found.coin if coin is None else coin.symbol
    which = _which(found.numbers)
    since = write.date_time(found.since, mine)
    buttons = ((Button(say("My alerts"), "/alerts list"), Button(say("Status"), "/status")),)
    if found.until is None:
        blind = (
            say("No source has had a valid price of {coin} since {since}.", coin=symbol, since=since),
            say("Nobody is watching {which} for now. You will be told when this is over.", which=which),
        )
        card = Card(say("Alerts on {coin} are blind", coin=symbol), blind, tone="warning")
        return Reply(found, card, buttons=buttons)
    looked = (
        say("What happened meanwhile was looked up from 1-minute candles; if it concerned you, you were told.")
        if found.whole
        else say("What happened meanwhile could not be looked up. Check the chart.")
    )
    lines = (
        say("{coin} had no valid price from {since} to {until}.", coin=symbol, since=since,
            until=write.clock_time(found.until, mine)),
        say("{which} {are} watched again.", which=which[:1].upper() + which[1:], are=_are(found.numbers)),
        looked,
    )  # fmt: skip
    return Reply(found, Card(say("Alerts on {coin} see again", coin=symbol), lines), buttons=buttons)


def _which(numbers: tuple[int, ...]) -> str:
    shown = ", ".join(f"#{number}" for number in numbers[:_SHOWN])
    more = len(numbers) - _SHOWN
    if more > 0:
        return say("alerts {shown} and {more} more", shown=shown, more=more)
    return say("alert {shown}", shown=shown) if len(numbers) == 1 else say("alerts {shown}", shown=shown)


def _are(numbers: tuple[int, ...]) -> str:
    return say("is") if len(numbers) == 1 else say("are")
