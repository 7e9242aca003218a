"""/alert and /alerts: making, listing and changing alerts, and what an alert says when it fires."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from handlers import format as write
from handlers import rule_words as words
from handlers.model import Button, Card, Change, Mark, Provenance, Reply, Request, Row
from handlers.params import Coin, Duration, Number, Rule
from handlers.previews import preview_words
from services.alerts import lateness
from services.domain.alerts import Alert, Event
from services.domain.language import say
from services.domain.numbers import plain, write_duration
from services.domain.people import Preferences
from services.errors import InvalidInput, NotAllowed
from services.rules import Ask, Draft, rounded
from services.tx import Tx

_LISTED = 20


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


async def alert(request: Request, rule: Rule | None = None) -> Reply[object] | Change[tuple[AlertNow, ...]]:
    """Set an alert: btc > 100k, btc 95k 100k, eth -5% in 1h.

    It tells you once when a price is above, below or crosses a level, or has moved by a percentage within a time.
    Add «every 4h» to repeat, «until 3d» to stop waiting, «here» to tell this chat (admins). Empty: by buttons.
    """
    if not rule:
        return _choose_coin(request)
    if len(rule.split()) == 1:
        return await _choose_level(request, rule)
    understood = await request.services.rules.understand(rule, request.caller, request.coin)
    if isinstance(understood, Ask):
        return _ask(understood, "/alert")
    previews = [await preview_words(request, draft) for draft in understood]

    def save(tx: Tx) -> Reply[tuple[AlertNow, ...]]:
        made = [request.services.alerts.add(tx, draft.new, request.caller) for draft in understood]
        return _saved(request, understood, made, previews)

    return Change(save)


def _ask(asked: Ask, command: str) -> Reply[object]:
    buttons = tuple((Button(label, f"{command} {line}"),) for label, line in asked.question.answers)
    return Reply(asked.question.text, Card(asked.question.text, tone="warning"), buttons=buttons, private=True)


def _choose_coin(request: Request) -> Reply[object]:
    coins = request.services.coins.top(9)
    rows = [coins[at : at + 3] for at in range(0, len(coins), 3)]
    card = Card(
        say("Which coin?"),
        lines=(say("Choose one, or type a rule: /alert btc > 100k"),),
    )
    buttons = tuple(tuple(Button(coin.symbol, f"/alert {coin.id}") for coin in row) for row in rows)
    return Reply(None, card, buttons=buttons, private=True)


async def _choose_level(request: Request, word: str) -> Reply[object]:
    coin = await request.coin(word)
    mine = request.caller.preferences
    quote = await request.services.market.look_up(coin, mine.currency)
    levels = [rounded(quote.price * factor) for factor in (Decimal("1.05"), Decimal("1.1"))]
    falls = [rounded(quote.price * factor) for factor in (Decimal("0.95"), Decimal("0.9"))]
    card = Card(
        say("Tell you when {coin}…", coin=coin.symbol),
        lines=(
            say("Now {price}.", price=write.price(quote.price, mine.currency, mine)),
            say("Choose, or type your own: /alert {coin} > {level}", coin=coin.symbol.lower(), level=plain(levels[0])),
        ),
        source=write.provenance(quote),
        marks=write.marks(quote),
    )
    above = tuple(_level_button("↑ ", coin.id, ">", level, mine) for level in levels)
    below = tuple(_level_button("↓ ", coin.id, "<", level, mine) for level in falls)
    moves = tuple(
        Button(say("{move} in {window}", move=move, window=window), f"/alert {coin.id} {move} in {window}")
        for move, window in (("±3%", "1h"), ("−5%", "24h"), ("+5%", "24h"))
    )
    return Reply(None, card, buttons=(above, below, moves), private=True)


def _level_button(arrow: str, coin: str, op: str, level: Decimal, mine: Preferences) -> Button:
    shown = arrow + write.level(level, mine.currency, mine)
    return Button(shown, f"/alert {coin} {op} {plain(level)} {mine.currency}")


def _saved(
    request: Request, drafts: tuple[Draft, ...], made: list[Alert], previews: list[str | None]
) -> Reply[tuple[AlertNow, ...]]:
    lines: list[str] = []
    notes: list[str] = []
    for draft, stored, previewed in zip(drafts, made, previews, strict=True):
        condition = draft.new.condition
        number = f"#{stored.number} " if len(made) > 1 else ""
        lines.append(number + words.sentence(request, draft))
        value = draft.new.value if condition.metric.window is not None else _value(request, stored)
        far = _where(request, stored, value)
        lines.append(far[:1].upper() + far[1:] + ".")
        if previewed is not None:
            notes.append(number + previewed)
    title = (
        say("Alert #{number} is set", number=made[0].number)
        if len(made) == 1
        else say("{count} alerts are set", count=len(made))
    )
    card = Card(title, tuple(lines), notes=tuple(notes))
    if request.services.market.rate(drafts[0].coin.id) is not None:
        quote = request.services.market.quote(drafts[0].coin.id)
        card = replace(card, source=write.provenance(quote), marks=write.marks(quote))
    data = tuple(_now(request, each) for each in made)
    return Reply(data, card, buttons=_saved_buttons(drafts, made), private=not drafts[0].new.owner_chat)


def _saved_buttons(drafts: tuple[Draft, ...], made: list[Alert]) -> tuple[tuple[Button, ...], ...]:
    undo = tuple(
        Button(say("Undo #{number}", number=each.number), f"/alerts delete {each.number}") for each in made[:3]
    )
    first = drafts[0]
    tune: tuple[Button, ...] = ()
    if len(made) == 1:
        tune = (Button(say("Tune"), f"/alerts tune {made[0].number}"),)
        undo = (Button(say("Undo"), f"/alerts delete {made[0].number}"),)
    return (undo + tune, (Button(say("Chart"), f"/chart {first.coin.id}"), Button(say("My alerts"), "/alerts list")))


def _now(request: Request, each: Alert) -> AlertNow:
    condition = each.condition
    value = request.services.alerts.value(condition.metric)
    away = None if value is None else words.distance(condition, value)
    return AlertNow(each.number, each.rule, each.state, condition.metric.unit, condition.level, value, away)


async def list_(request: Request, coin: Coin | None = None) -> Reply[tuple[AlertNow, ...]]:
    """List your alerts, nearest to firing first.

    In a group it lists the alerts of the group.
    """
    found = [
        each
        for each in await request.services.alerts.of(request.caller)
        if each.state != "done" and (coin is None or each.condition.metric.base == coin.id)
    ]
    found.sort(key=lambda each: (each.state != "ok", words.nearness(each, _value(request, each))))
    if not found:
        card = Card(say("No alerts yet"), lines=(say("Set one: /alert btc > 100k"),))
        return Reply((), card, buttons=((Button(say("Set an alert"), "/alert"),),), private=request.caller.private)
    lines = tuple(line for each in found[:_LISTED] for line in _lines(request, each))
    notes: tuple[str, ...] = ()
    if len(found) > _LISTED:
        notes = (say("{count} more; name a coin to see fewer: /alerts list btc", count=len(found) - _LISTED),)
    buttons = tuple(
        (Button(f"#{each.number} {_symbol(request, each)}", f"/alerts show {each.number}"),) for each in found[:6]
    )
    card = Card(say("Alerts, nearest first"), lines=lines, notes=notes)
    data = tuple(_now(request, each) for each in found)
    return Reply(data, card, buttons=_in_rows(buttons, 3), private=request.caller.private)


def _in_rows(buttons: tuple[tuple[Button, ...], ...], width: int) -> tuple[tuple[Button, ...], ...]:
    flat = [each for row in buttons for each in row]
    return tuple(tuple(flat[at : at + width]) for at in range(0, len(flat), width))


def _symbol(request: Request, each: Alert) -> str:
    coin = request.services.coins.coin(each.condition.metric.base)
    return each.condition.metric.base if coin is None else coin.symbol


def _value(request: Request, each: Alert) -> Decimal | None:
    metric = each.condition.metric
    return request.services.rules.value(metric) if metric.window is None else request.services.alerts.value(metric)


def _lines(request: Request, each: Alert) -> tuple[str, str]:
    mine = request.caller.preferences
    first = f"#{each.number} {words.condition_words(request, each.condition, mine)}"
    match each.state:
        case "paused":
            second = say("paused")
        case "snoozed" if each.snoozed_until is not None:
            second = say("snoozed until {time}", time=write.date_time(each.snoozed_until, mine))
        case "expired":
            second = say("over")
        case _:
            second = _where(request, each, _value(request, each))
    if each.every is not None:
        second += say(", at most every {every}", every=write_duration(each.every))
    return first, f"   {second}"


def _where(request: Request, each: Alert, value: Decimal | None) -> str:
    mine = request.caller.preferences
    if each.armed or value is None:
        return words.distance_words(request, each.condition, value, mine)
    now = words.value_words(request, each.condition, value, mine)
    return say("now {value}; true already, waits until it is false first", value=now)


async def show(request: Request, number: Number) -> Reply[AlertNow]:
    """Show one alert with its buttons."""
    found = await request.services.store.read(lambda tx: request.services.alerts.numbered(tx, request.caller, number))
    return _shown(request, found, say("Alert #{number}", number=number))


def _shown(request: Request, found: Alert, title: str) -> Reply[AlertNow]:
    lines = _lines(request, found)
    n = found.number
    toggle = Button(say("Resume"), f"/alerts resume {n}")
    if found.state == "ok":
        toggle = Button(say("Pause"), f"/alerts pause {n}")
    card = Card(
        title,
        lines=(lines[0], lines[1].strip()),
        notes=() if found.note is None else (say("Note: {note}", note=found.note),),
    )
    buttons = (
        (toggle, Button(say("Snooze 1h"), f"/alerts snooze {n} 1h"), Button(say("Tune"), f"/alerts tune {n}")),
        (Button(say("Delete"), f"/alerts delete {n}"), Button(say("My alerts"), "/alerts list")),
    )
    return Reply(_now(request, found), card, buttons=buttons, private=request.caller.private)


def _must_own(request: Request) -> None:
    if not request.caller.private and not request.caller.may_administer:
        raise NotAllowed(say("Only admins change the alerts of this chat. Your own are in your private chat with me."))


async def pause(request: Request, number: Number) -> Change[AlertNow]:
    """Stop an alert for now, until you resume it."""
    _must_own(request)

    def apply(tx: Tx) -> Reply[AlertNow]:
        found = request.services.alerts.numbered(tx, request.caller, number)
        after = request.services.alerts.set_state(tx, found, "paused")
        return _shown(request, after, say("Alert #{number} is paused", number=number))

    return Change(apply)


async def resume(request: Request, number: Number) -> Change[AlertNow]:
    """Put a paused, snoozed or finished alert back to work."""
    _must_own(request)

    def apply(tx: Tx) -> Reply[AlertNow]:
        found = request.services.alerts.numbered(tx, request.caller, number)
        after = request.services.alerts.set_state(tx, found, "ok")
        return _shown(request, after, say("Alert #{number} is watching again", number=number))

    return Change(apply)


async def snooze(request: Request, number: Number, duration: Duration = timedelta(hours=1)) -> Change[AlertNow]:
    """Silence an alert for a time; it goes on by itself."""
    _must_own(request)
    if duration > timedelta(days=365):
        raise InvalidInput(say("A snooze is at most 365 days."))

    def apply(tx: Tx) -> Reply[AlertNow]:
        found = request.services.alerts.numbered(tx, request.caller, number)
        until = request.services.clock.now() + duration
        after = request.services.alerts.set_state(tx, found, "snoozed", until=until)
        return _shown(request, after, say("Alert #{number} is snoozed", number=number))

    return Change(apply)


async def delete(request: Request, number: Number) -> Change[int]:
    """Delete an alert; the answer has an Undo button."""
    _must_own(request)

    def apply(tx: Tx) -> Reply[int]:
        found = request.services.alerts.numbered(tx, request.caller, number)
        request.services.alerts.delete(tx, found)
        card = Card(
            say("Alert #{number} is deleted", number=number),
            lines=(words.condition_words(request, found.condition, request.caller.preferences),),
        )
        buttons = ((Button(say("Undo"), f"/alerts restore {number}"), Button(say("My alerts"), "/alerts list")),)
        return Reply(number, card, buttons=buttons, private=request.caller.private)

    return Change(apply)


async def restore(request: Request, number: Number) -> Change[AlertNow]:
    """Put a deleted alert back."""
    _must_own(request)

    def apply(tx: Tx) -> Reply[AlertNow]:
        found = request.services.alerts.undelete(tx, request.caller, number)
        return _shown(request, found, say("Alert #{number} is back", number=number))

    return Change(apply)


async def edit(request: Request, number: Number, rule: Rule) -> Reply[object] | Change[AlertNow]:
    """Give an alert another rule; its number stays."""
    _must_own(request)
    understood = await request.services.rules.understand(rule, request.caller, request.coin)
    if isinstance(understood, Ask):
        return _ask(understood, f"/alerts edit {number}")
    if len(understood) > 1:
        raise InvalidInput(say("One alert has one level. Write one price, or set more with /alert."))
    (draft,) = understood

    def apply(tx: Tx) -> Reply[AlertNow]:
        found = request.services.alerts.numbered(tx, request.caller, number)
        new = replace(draft.new, owner_person=found.owner_person, owner_chat=found.owner_chat)
        after = request.services.alerts.edit(tx, found, new)
        return _shown(request, after, say("Alert #{number} is changed", number=number))

    return Change(apply)


async def tune(request: Request, number: Number) -> Reply[AlertNow]:
    """Offer other levels and repeats for an alert."""
    found = await request.services.store.read(lambda tx: request.services.alerts.numbered(tx, request.caller, number))
    condition, base = found.condition, found.rule.split(" every ")[0].split(" note ")[0]
    head = f"/alerts edit {number}"
    steps: tuple[Button, ...]
    if condition.metric.window is None:
        step = condition.level / 100
        nearer, farther = rounded(condition.level - step), rounded(condition.level + step)
        mine = request.caller.preferences
        steps = tuple(
            Button(
                write.level(each, condition.metric.quote, mine), f"{head} {_with_level(base, condition.level, each)}"
            )
            for each in (nearer, farther)
        )
    else:
        steps = tuple(
            Button(f"{plain(each)}%", f"{head} {_with_level(base, condition.level, each)}")
            for each in (condition.level / 2, condition.level * 2)
            if 0 < each < 100
        )
    repeats = tuple(
        Button(say("Every {every}", every=each), f"{head} {base} every {each}") for each in ("1h", "4h", "1d")
    )
    once = (Button(say("Once"), f"{head} {base}"), Button(say("Back"), f"/alerts show {number}"))
    shown = _shown(request, found, say("Tune alert #{number}", number=number))
    return replace(shown, buttons=(steps, repeats, once))


def _with_level(rule: str, old: Decimal, new: Decimal) -> str:
    return rule.replace(plain(old), plain(new), 1)


async def fired(request: Request, found: Alert, event: Event, told_at: datetime) -> Reply[AlertNow]:
    """Draw the message of one firing, at the moment it is sent."""
    mine = request.caller.preferences
    clause = words.condition_words(request, event.condition, mine)
    value = words.value_words(request, event.condition, event.value, mine)
    when = write.date_time(event.at, mine) if event.basis == "replay" else write.clock_time(event.at, mine)
    lines = [say("{value} at {time}", value=value, time=when)]
    late = lateness(event, told_at)
    if late is not None and event.basis != "replay":
        lines.insert(0, say("Late by {time}.", time=write.span(late)))
    if event.disputed:
        lines.append(say("Sources disagree about this price."))
    if found.note is not None:
        lines.append(found.note)
    marks: tuple[Mark, ...] = ()
    if event.source == "simulated":
        marks = ("SIMULATED",)
    elif event.basis == "replay":
        marks = ("REPLAY",)
    card = Card(
        clause,
        lines=tuple(lines),
        table=(Row((say("Alert #{number}", number=found.number), event.code)),),
        source=Provenance(write.source_name(event.source), event.at),
        tone="up" if words.op_arrow(event.condition.op) == "↑" else "down",
        marks=marks,
    )
    coin = event.condition.metric.base
    follow = Button(say("Set again"), f"/alert {found.rule}")
    if found.every is not None:
        follow = Button(say("Snooze 1h"), f"/alerts snooze {found.number} 1h")
    buttons = ((Button(say("Chart"), f"/chart {coin}"), follow), (Button(say("My alerts"), "/alerts list"),))
    return Reply(_now(request, found), card, buttons=buttons)
