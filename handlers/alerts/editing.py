"""/alerts edit: another rule, or only another level, under the same number."""

from dataclasses import replace

from handlers.alerts import cards, typed
from handlers.alerts.changing import must_administer
from handlers.model import Change, Reply, Request
from handlers.params import Number, Rule
from services.domain.alerts import Alert
from services.domain.language import say
from services.domain.rules import Rule as Wish
from services.errors import InvalidInput
from services.rules import Ask
from services.tx import Tx


async def edit(request: Request, number: Number, rule: Rule) -> Reply[object] | Change[object]:
    """Give an alert another rule, or only another level; its number stays.

    /alerts edit 1 160k and /alerts edit 1 > 160k keep the coin and the rest.
    """
    head, _ = typed.parted(rule)
    here = "here" in head.lower().split() and not request.caller.private
    must_administer(request, here=here)
    request, rule, style = typed.with_choice(request, rule)
    alerts = request.services.alerts
    found = await request.services.store.read(lambda tx: alerts.numbered(tx, request.caller, number, here=here))
    line = typed.with_level(found, rule)
    understood = await request.services.rules.understand(
        line or rule, request.caller, request.coin, f"/alerts edit {number}"
    )
    if isinstance(understood, Ask):
        return typed.asked(request, understood, f"/alerts edit {number}", line or rule, style)
    if len(understood) > 1:
        raise InvalidInput(say("One alert has one level. Write one price, or set more with /alert."))
    new = replace(understood[0].new, owner_person=found.owner_person, owner_chat=found.owner_chat)
    if line is not None:
        new = replace(new, wish=_with_the_rest(new.wish, found))

    def apply(tx: Tx) -> Reply[object]:
        before = alerts.numbered(tx, request.caller, number, here=here)
        after = alerts.edit(tx, before, new)
        notes = typed.remember(tx, request, style)
        return cards.card(request, after, say("Alert #{number} is changed", number=number), notes)

    return Change(apply)


def _with_the_rest(wish: Wish, found: Alert) -> Wish:
    loudness = found.loudness if wish.loudness == "normal" else wish.loudness
    hold, band, until = wish.hold or found.hold, wish.band or found.band, wish.until or found.expires_at
    return replace(wish, hold=hold, band=band, loudness=loudness, until=until)
