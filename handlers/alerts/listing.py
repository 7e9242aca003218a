"""/alerts list and show: what is waited for, nearest to firing first."""

from handlers import format as write
from handlers.alerts import cards
from handlers.alerts.cards import AlertNow
from handlers.model import Button, Card, Reply, Request
from handlers.params import Count, Listed, Number, Whose
from handlers.rule_words import nearness
from services.domain.alerts import Alert, counts
from services.domain.language import say

_PAGE = 10
_ENDED = 10


async def list_(
    request: Request, coin: Listed | None = None, whose: Whose = "mine", page: Count = 1
) -> Reply[tuple[AlertNow, ...]]:
    """List your alerts, nearest to firing first.

    In a group, /alerts list here lists the alerts of the group.
    """
    here = whose == "here"
    every = await request.services.alerts.of(request.caller, here=here)
    chosen = [each for each in every if coin is None or each.condition.metric.base == coin.id]
    found = [each for each in chosen if counts(each)]
    found.sort(key=lambda each: (each.state != "ok", nearness(each, cards.value_of(request, each))))
    notes = (*_ended([each for each in chosen if not counts(each)]), *_elsewhere(request, here=here))
    if not found:
        return _none(request, None if coin is None else coin.symbol, notes, here=here)
    pages = -(-len(found) // _PAGE)
    page = min(max(page, 1), pages)
    shown = found[(page - 1) * _PAGE : page * _PAGE]
    title = say("Alerts, nearest first")
    if pages > 1:
        title = say("Alerts, nearest first ({page} of {pages})", page=page, pages=pages)
    source, marks = cards.provenance(request, shown)
    lines = tuple(line for each in shown for line in _lines(request, each))
    card = Card(title, lines, notes=notes, source=source, marks=marks)
    line = " ".join(("/alerts list", *(() if coin is None else (coin.id,)), *(("here",) if here else ())))
    buttons = (*_shown(request, shown), *_onward(line, page, pages))
    return Reply(tuple(cards.present(request, each) for each in found), card, buttons=buttons, private=not _open(shown))


def _open(shown: list[Alert]) -> bool:
    return shown[0].owner_chat is not None


def _shown(request: Request, shown: list[Alert]) -> tuple[tuple[Button, ...], ...]:
    buttons = [
        Button(f"#{each.number} {_symbol(request, each)}", f"/alerts show {each.number}{cards.where_it_is(each)}")
        for each in shown[:6]
    ]
    return tuple(tuple(buttons[at : at + 3]) for at in range(0, len(buttons), 3))


def _onward(line: str, page: int, pages: int) -> tuple[tuple[Button, ...], ...]:
    before = (Button(say("Nearer"), f"{line} {page - 1}"),) if page > 1 else ()
    after = (Button(say("More"), f"{line} {page + 1}"),) if page < pages else ()
    return ((*before, *after),) if before or after else ()


def _none(request: Request, symbol: str | None, notes: tuple[str, ...], *, here: bool) -> Reply[tuple[AlertNow, ...]]:
    title = say("No alerts yet") if symbol is None else say("No alerts on {coin}", coin=symbol)
    in_group = here and not request.caller.private
    example = say("Set one: /alert btc > 100k here") if in_group else say("Set one: /alert btc > 100k")
    buttons = () if in_group else ((Button(say("Set an alert"), "/alert"),),)
    return Reply((), Card(title, lines=(example,), notes=notes), buttons=buttons, private=not in_group)


def _ended(ended: list[Alert]) -> tuple[str, ...]:
    if not ended:
        return ()
    numbers = " ".join(f"#{each.number}" for each in ended[-_ENDED:])
    return (say("Fired or ended: {numbers}. See one: /alerts show {number}", numbers=numbers, number=ended[-1].number),)


def _elsewhere(request: Request, *, here: bool) -> tuple[str, ...]:
    if request.caller.private:
        return ()
    if here:
        return (say("These are the alerts of this chat. Your own: /alerts"),)
    return (say("These are your own. The alerts of the chat: /alerts list here"),)


def _symbol(request: Request, each: Alert) -> str:
    coin = request.services.coins.coin(each.condition.metric.base)
    return each.condition.metric.base if coin is None else coin.symbol


def _lines(request: Request, each: Alert) -> tuple[str, ...]:
    stands = cards.standing(request, each)
    if each.expires_at is not None:
        stands += say(", until {time}", time=write.date_time(each.expires_at, request.caller.preferences))
    note = () if each.note is None else (f"   {each.note}",)
    return (f"#{each.number} {cards.clause(request, each)}", f"   {stands}", *note)


async def show(request: Request, number: Number, whose: Whose = "mine") -> Reply[AlertNow]:
    """Show one alert with its buttons."""
    alerts, here = request.services.alerts, whose == "here"
    found = await request.services.store.read(lambda tx: alerts.numbered(tx, request.caller, number, here=here))
    return cards.card(request, found, say("Alert #{number}", number=number))
