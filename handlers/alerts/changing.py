"""/alerts pause, resume, snooze, delete, restore: of one alert, of several, of all."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Literal

from handlers.alerts import cards
from handlers.alerts.cards import AlertNow
from handlers.model import Button, Card, Change, Reply, Request
from handlers.params import Duration, Number, Which, Whose
from services.domain.alerts import Alert, State, counts
from services.domain.language import say
from services.errors import InvalidInput, NotAllowed, NotFound
from services.tx import Tx

_LONGEST_SNOOZE = timedelta(days=365)
_LONGEST_LINE = 500  # of a button: a command of more characters is refused


def must_administer(request: Request, *, here: bool) -> None:
    """Raise `NotAllowed` for a change to a chat's alerts by somebody who is no admin of it."""
    if here and not request.caller.private and not request.caller.may_administer:
        raise NotAllowed(say("Only admins change the alerts of this chat. Leave out «here» to change your own."))


def _meant(
    request: Request, tx: Tx, which: Sequence[int | Literal["all"]], whose: Whose, states: Sequence[State]
) -> list[Alert]:
    alerts, here = request.services.alerts, whose == "here"
    if "all" not in which:
        numbers = [each for each in dict.fromkeys(which) if each != "all"]
        return [alerts.numbered(tx, request.caller, each, here=here) for each in numbers]
    found = [each for each in alerts.owned(tx, request.caller, here=here) if each.state in states]
    if not found:
        raise NotFound(say("There is no alert that could be changed so. /alerts lists them."))
    return found


def _line(verb: str, found: Sequence[Alert]) -> str:
    numbers = " ".join(str(each.number) for each in found)
    return f"/alerts {verb} {numbers}{cards.where_it_is(found[0])}"


def _row(label: str, line: str, found: Sequence[Alert]) -> tuple[Button, ...]:
    back = (Button(label, line),) if len(line) <= _LONGEST_LINE else ()
    return (*back, cards.to_list(found[0]))


async def pause(request: Request, number: tuple[Which, ...], whose: Whose = "mine") -> Change[tuple[AlertNow, ...]]:
    """Stop alerts for now, until you resume them: 3, or 1 2 3, or all."""
    must_administer(request, here=whose == "here")

    def apply(tx: Tx) -> Reply[tuple[AlertNow, ...]]:
        found = _meant(request, tx, number, whose, ("ok", "snoozed"))
        after = [request.services.alerts.set_state(tx, each, "paused") for each in found]
        one = say("Alert #{number} is paused", number=after[0].number)
        title = say("{count} alerts are paused", count=len(after))
        return cards.several(request, after, one, title, _row(say("Resume"), _line("resume", after), after))

    return Change(apply)


async def resume(request: Request, number: tuple[Which, ...], whose: Whose = "mine") -> Change[tuple[AlertNow, ...]]:
    """Put paused, snoozed or finished alerts back to work: 3, or 1 2 3, or all."""
    must_administer(request, here=whose == "here")

    def apply(tx: Tx) -> Reply[tuple[AlertNow, ...]]:
        found = _meant(request, tx, number, whose, ("paused", "snoozed"))
        after = [request.services.alerts.resume(tx, each) for each in found]
        one = say("Alert #{number} is watching again", number=after[0].number)
        title = say("{count} alerts are watching again", count=len(after))
        return cards.several(request, after, one, title, _row(say("Pause"), _line("pause", after), after))

    return Change(apply)


async def snooze(
    request: Request, number: Number, duration: Duration = timedelta(hours=1), whose: Whose = "mine"
) -> Change[AlertNow]:
    """Silence an alert for a time; it goes on by itself."""
    here = whose == "here"
    must_administer(request, here=here)
    if duration > _LONGEST_SNOOZE:
        raise InvalidInput(say("A snooze is at most 365 days."))

    def apply(tx: Tx) -> Reply[AlertNow]:
        found = request.services.alerts.numbered(tx, request.caller, number, here=here)
        until = request.services.clock.now() + duration
        after = request.services.alerts.set_state(tx, found, "snoozed", until=until)
        return cards.card(request, after, say("Alert #{number} is snoozed", number=number))

    return Change(apply)


async def delete(
    request: Request, number: tuple[Which, ...], whose: Whose = "mine", sure: Literal["ask", "yes"] = "ask"
) -> Reply[object] | Change[object]:
    """Delete alerts: 3, or 1 2 3, or all, which asks first; the answer has an Undo button."""
    must_administer(request, here=whose == "here")
    if "all" in number and sure == "ask":
        return await _ask_first(request, whose)

    def apply(tx: Tx) -> Reply[object]:
        found = _meant(request, tx, number, whose, ("ok", "paused", "snoozed", "done", "expired"))
        for each in found:
            request.services.alerts.delete(tx, each)
        title = say("Alert #{number} is deleted", number=found[0].number)
        if len(found) > 1:
            title = say("{count} alerts are deleted", count=len(found))
        lines = tuple(_numbered(request, each, alone=len(found) == 1) for each in found)
        back = [each for each in found if len(found) == 1 or counts(each)]
        row = _row(say("Undo"), _line("restore", back), back) if back else (cards.to_list(found[0]),)
        data = tuple(each.number for each in found)
        return Reply(data, Card(title, lines), buttons=(row,), private=found[0].owner_chat is None)

    return Change(apply)


def _numbered(request: Request, each: Alert, *, alone: bool) -> str:
    clause = f"{cards.clause(request, each)}."
    return clause if alone else f"#{each.number} {clause}"


async def _ask_first(request: Request, whose: Whose) -> Reply[object]:
    found = await request.services.alerts.of(request.caller, here=whose == "here")
    if not found:
        raise NotFound(say("There is no alert to delete."))
    here = cards.where_it_is(found[0])
    card = Card(
        say("Delete all alerts?"),
        lines=(say("{count} alerts would be deleted, with those that fired or ended.", count=len(found)),),
        tone="warning",
    )
    buttons = (
        Button(say("Delete all"), f"/alerts delete all{here} yes"), Button(say("Keep them"), f"/alerts list{here}"),
    )  # fmt: skip
    return Reply(None, card, buttons=(buttons,), private=found[0].owner_chat is None)


async def restore(request: Request, number: tuple[Number, ...], whose: Whose = "mine") -> Change[tuple[AlertNow, ...]]:
    """Put deleted alerts back."""
    here = whose == "here"
    must_administer(request, here=here)

    def apply(tx: Tx) -> Reply[tuple[AlertNow, ...]]:
        alerts = request.services.alerts
        found = [alerts.undelete(tx, request.caller, each, here=here) for each in dict.fromkeys(number)]
        one = say("Alert #{number} is back", number=found[0].number)
        return cards.several(
            request, found, one, say("{count} alerts are back", count=len(found)), (cards.to_list(found[0]),)
        )

    return Change(apply)


async def undo(request: Request, whose: Whose = "mine") -> Reply[None]:
    """Take back the alert that you set last, or the deletion of one."""
    alerts, here = request.services.alerts, whose == "here"
    must_administer(request, here=here)
    deleted = await request.services.store.read(lambda tx: alerts.last_deleted(tx, request.caller, here=here))
    newest = max(await alerts.of(request.caller, here=here), key=lambda each: each.number, default=None)
    buttons: list[tuple[Button, ...]] = []
    if newest is not None:
        label = say("Delete #{number}: {rule}", number=newest.number, rule=cards.clause(request, newest))
        buttons.append((Button(label, _line("delete", (newest,))),))
    if deleted is not None:
        label = say("Bring back #{number}: {rule}", number=deleted.number, rule=cards.clause(request, deleted))
        buttons.append((Button(label, _line("restore", (deleted,))),))
    if not buttons:
        raise NotFound(say("There is nothing to undo. /alert sets an alert."))
    title = say("What shall be undone?")
    return Reply(None, Card(title, tone="warning"), buttons=tuple(buttons), private=request.caller.private or not here)
