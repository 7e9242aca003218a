"""/alerts list and show: what is waited for, nearest to firing first."""

from handlers.alerts import cards
from handlers.alerts.cards import AlertNow
from handlers.model import Button, Card, Reply, Request
from handlers.params import Coin, Number
from handlers.rule_words import nearness
from services.domain.alerts import Alert
from services.domain.language import say

_LISTED = 20


async def list_(request: Request, coin: Coin | None = None) -> Reply[tuple[AlertNow, ...]]:
    """List your alerts, nearest to firing first.

    In a group it lists the alerts of the group.
    """
    found = [
        each
        for each in await request.services.alerts.of(request.caller)
        if each.state != "done" and (coin is None or each.condition.metric.base == coin.id)
    ]
    found.sort(key=lambda each: (each.state != "ok", nearness(each, cards.value_of(request, each))))
    if not found:
        return _none(request, None if coin is None else coin.symbol)
    shown = found[:_LISTED]
    notes = _elsewhere(request)
    if len(found) > _LISTED:
        notes += (say("{count} more; name a coin to see fewer: /alerts list btc", count=len(found) - _LISTED),)
    source, marks = cards.provenance(request, shown)
    card = Card(
        say("Alerts, nearest first"),
        lines=tuple(line for each in shown for line in _lines(request, each)),
        notes=notes,
        source=source,
        marks=marks,
    )
    buttons = [Button(f"#{each.number} {_symbol(request, each)}", f"/alerts show {each.number}") for each in found[:6]]
    rows = tuple(tuple(buttons[at : at + 3]) for at in range(0, len(buttons), 3))
    data = tuple(cards.present(request, each) for each in found)
    return Reply(data, card, buttons=rows, private=request.caller.private)


def _none(request: Request, symbol: str | None) -> Reply[tuple[AlertNow, ...]]:
    title = say("No alerts yet") if symbol is None else say("No alerts on {coin}", coin=symbol)
    example = say("Set one: /alert btc > 100k") if request.caller.private else say("Set one: /alert btc > 100k here")
    buttons = ((Button(say("Set an alert"), "/alert"),),) if request.caller.private else ()
    card = Card(title, lines=(example,), notes=_elsewhere(request))
    return Reply((), card, buttons=buttons, private=request.caller.private)


def _elsewhere(request: Request) -> tuple[str, ...]:
    if request.caller.private:
        return ()
    return (say("These are the alerts of this chat. Your own are in your private chat with me."),)


def _symbol(request: Request, each: Alert) -> str:
    coin = request.services.coins.coin(each.condition.metric.base)
    return each.condition.metric.base if coin is None else coin.symbol


def _lines(request: Request, each: Alert) -> tuple[str, str]:
    return f"#{each.number} {cards.clause(request, each)}", f"   {cards.standing(request, each)}"


async def show(request: Request, number: Number) -> Reply[AlertNow]:
    """Show one alert with its buttons."""
    found = await request.services.store.read(lambda tx: request.services.alerts.numbered(tx, request.caller, number))
    return cards.card(request, found, say("Alert #{number}", number=number))
