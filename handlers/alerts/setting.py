"""/alert: setting one, in words or by buttons."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from handlers import format as write
from handlers import rule_words as words
from handlers.alerts import cards, typed
from handlers.alerts.cards import AlertNow
from handlers.model import Button, Card, Change, Reply, Request
from handlers.params import Rule
from handlers.previews import preview_words
from services.domain.alerts import Alert
from services.domain.language import say
from services.domain.numbers import plain
from services.domain.people import Preferences
from services.rules import Ask, Draft
from services.tx import Tx


async def alert(request: Request, rule: Rule | None = None) -> Reply[object] | Change[object]:
    """Set an alert: btc > 100k, btc 95k 100k, eth -5% in 1h.

    It tells you once when a price is above, below or crosses a level, or has moved by a percentage within a time.
    Add «every 4h» to repeat, «until 3d» to stop waiting, «here» to tell this chat (admins). Empty: by buttons.
    """
    if not rule:
        return _choose_coin(request)
    if words.is_coin_alone(rule):
        return await _choose_level(request, rule)
    request, rule, style = typed.with_choice(request, rule)
    understood = await request.services.rules.understand(rule, request.caller, request.coin)
    if isinstance(understood, Ask):
        return typed.asked(request, understood, "/alert", rule, style)
    previews = await preview_words(request, understood)

    def save(tx: Tx) -> Reply[object]:
        alerts = request.services.alerts
        had = [alerts.same(tx, draft.new) for draft in understood]
        new = [at for at, found in enumerate(had) if found is None]
        made = [alerts.add(tx, understood[at].new, request.caller) for at in new]
        if not made:
            saved = _had_already(request, [found for found in had if found is not None])
        else:
            saved = _saved(request, tuple(understood[at] for at in new), made, [previews[at] for at in new])
            saved = replace(saved, card=replace(saved.card, notes=(*saved.card.notes, *_titles(had))))
        notes = (*saved.card.notes, *typed.remember(tx, request, style))
        return replace(saved, card=replace(saved.card, notes=notes))

    return Change(save)


def _choose_coin(request: Request) -> Reply[object]:
    coins = request.services.coins.top(9)
    rows = [coins[at : at + 3] for at in range(0, len(coins), 3)]
    card = Card(say("Which coin?"), lines=(say("Choose one, or type a rule: /alert btc > 100k"),))
    buttons = tuple(tuple(Button(coin.symbol, f"/alert {coin.id}") for coin in row) for row in rows)
    return Reply(None, card, buttons=buttons, private=True)


async def _choose_level(request: Request, word: str) -> Reply[object]:
    coin = await request.coin(word)
    mine = request.caller.preferences
    quote = await request.services.market.look_up(coin, mine.currency)
    levels = [_preset(quote.price * factor) for factor in (Decimal("1.05"), Decimal("1.1"))]
    falls = [_preset(quote.price * factor) for factor in (Decimal("0.95"), Decimal("0.9"))]
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


def _preset(value: Decimal) -> Decimal:
    """Return a level as people would say it: 95,000 for 94,871.23, 3,150, 0.215."""
    unit = Decimal(1).scaleb(value.adjusted() - 2)
    step = unit if value.scaleb(-value.adjusted()) < 2 else unit * 5
    return (value / step).quantize(Decimal(1)) * step


def _level_button(arrow: str, coin: str, op: str, level: Decimal, mine: Preferences) -> Button:
    shown = arrow + write.level(level, mine.currency, mine)
    return Button(shown, f"/alert {coin} {op} {plain(level)} {mine.currency}")


def _saved(
    request: Request, drafts: tuple[Draft, ...], made: list[Alert], previews: list[str | None]
) -> Reply[tuple[AlertNow, ...]]:
    lines: list[str] = []
    notes: list[str] = []
    for draft, stored, previewed in zip(drafts, made, previews, strict=True):
        number = f"#{stored.number} " if len(made) > 1 else ""
        lines.append(number + words.sentence(request, draft))
        far = cards.where(request, stored, draft.new.standings[0].value)
        lines.append(far[:1].upper() + far[1:] + ".")
        if previewed is not None:
            notes.append(number + previewed)
    title = (
        say("Alert #{number} is set", number=made[0].number)
        if len(made) == 1
        else say("{count} alerts are set", count=len(made))
    )
    source, marks = cards.provenance(request, made)
    card = Card(title, (*lines, *cards.terms(request, made[0])), notes=tuple(notes), source=source, marks=marks)
    data = tuple(cards.present(request, each) for each in made)
    return Reply(data, card, buttons=_buttons(drafts, made), private=not drafts[0].new.owner_chat)


def _had_already(request: Request, found: list[Alert]) -> Reply[tuple[AlertNow, ...]]:
    title = say("You have these already")
    return cards.several(request, found, _titles(found)[0], title, (cards.to_list(found[0]),))


def _titles(found: Sequence[Alert | None]) -> tuple[str, ...]:
    return tuple(say("You have this already: #{number}", number=each.number) for each in found if each is not None)


def _buttons(drafts: tuple[Draft, ...], made: list[Alert]) -> tuple[tuple[Button, ...], ...]:
    onward = (Button(say("Chart"), f"/chart {drafts[0].coin.id}"), cards.to_list(made[0]))
    here = cards.where_it_is(made[0])
    if len(made) > 1:
        undo = [
            Button(say("Undo #{number}", number=each.number), f"/alerts delete {each.number}{here}")
            for each in made[:3]
        ]
        return (tuple(undo), onward)
    n = made[0].number
    change = [Button(say("Undo"), f"/alerts delete {n}{here}"), Button(say("Tune"), f"/alerts tune {n}{here}")]
    if drafts[0].within_a_day is not None:
        head, note = typed.parted(drafts[0].within_a_day)
        line = f"{head.strip()}{here} {note}".rstrip()
        change.append(Button(say("Within 24h"), f"/alerts edit {n} {line}"))
    return (tuple(change), onward)
