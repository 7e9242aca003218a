"""/alerts pause, resume, snooze, delete, restore, edit."""

from dataclasses import replace
from datetime import timedelta

from handlers.alerts import cards, typed
from handlers.alerts.cards import AlertNow
from handlers.model import Button, Card, Change, Reply, Request
from handlers.params import Duration, Number, Rule
from services.domain.language import say
from services.errors import InvalidInput, NotAllowed
from services.rules import Ask
from services.tx import Tx

_LONGEST_SNOOZE = timedelta(days=365)


def _must_own(request: Request) -> None:
    if not request.caller.private and not request.caller.may_administer:
        raise NotAllowed(say("Only admins change the alerts of this chat. Your own are in your private chat with me."))


async def pause(request: Request, number: Number) -> Change[AlertNow]:
    """Stop an alert for now, until you resume it."""
    _must_own(request)

    def apply(tx: Tx) -> Reply[AlertNow]:
        found = request.services.alerts.numbered(tx, request.caller, number)
        after = request.services.alerts.set_state(tx, found, "paused")
        return cards.card(request, after, say("Alert #{number} is paused", number=number))

    return Change(apply)


async def resume(request: Request, number: Number) -> Change[AlertNow]:
    """Put a paused, snoozed or finished alert back to work."""
    _must_own(request)

    def apply(tx: Tx) -> Reply[AlertNow]:
        found = request.services.alerts.numbered(tx, request.caller, number)
        after = request.services.alerts.resume(tx, found)
        return cards.card(request, after, say("Alert #{number} is watching again", number=number))

    return Change(apply)


async def snooze(request: Request, number: Number, duration: Duration = timedelta(hours=1)) -> Change[AlertNow]:
    """Silence an alert for a time; it goes on by itself."""
    _must_own(request)
    if duration > _LONGEST_SNOOZE:
        raise InvalidInput(say("A snooze is at most 365 days."))

    def apply(tx: Tx) -> Reply[AlertNow]:
        found = request.services.alerts.numbered(tx, request.caller, number)
        until = request.services.clock.now() + duration
        after = request.services.alerts.set_state(tx, found, "snoozed", until=until)
        return cards.card(request, after, say("Alert #{number} is snoozed", number=number))

    return Change(apply)


async def delete(request: Request, number: Number) -> Change[int]:
    """Delete an alert; the answer has an Undo button."""
    _must_own(request)

    def apply(tx: Tx) -> Reply[int]:
        found = request.services.alerts.numbered(tx, request.caller, number)
        request.services.alerts.delete(tx, found)
        card = Card(say("Alert #{number} is deleted", number=number), lines=(f"{cards.clause(request, found)}.",))
        buttons = ((Button(say("Undo"), f"/alerts restore {number}"), cards.to_list(found)),)
        return Reply(number, card, buttons=buttons, private=request.caller.private)

    return Change(apply)


async def restore(request: Request, number: Number) -> Change[AlertNow]:
    """Put a deleted alert back."""
    _must_own(request)

    def apply(tx: Tx) -> Reply[AlertNow]:
        found = request.services.alerts.undelete(tx, request.caller, number)
        return cards.card(request, found, say("Alert #{number} is back", number=number))

    return Change(apply)


async def edit(request: Request, number: Number, rule: Rule) -> Reply[object] | Change[object]:
    """Give an alert another rule; its number stays."""
    _must_own(request)
    request, rule, style = typed.with_choice(request, rule)
    understood = await request.services.rules.understand(rule, request.caller, request.coin)
    if isinstance(understood, Ask):
        return typed.asked(request, understood, f"/alerts edit {number}", rule, style)
    if len(understood) > 1:
        raise InvalidInput(say("One alert has one level. Write one price, or set more with /alert."))
    (draft,) = understood

    def apply(tx: Tx) -> Reply[object]:
        found = request.services.alerts.numbered(tx, request.caller, number)
        new = replace(draft.new, owner_person=found.owner_person, owner_chat=found.owner_chat)
        after = request.services.alerts.edit(tx, found, new)
        notes = typed.remember(tx, request, style)
        return cards.card(request, after, say("Alert #{number} is changed", number=number), notes)

    return Change(apply)
