"""What a rule says in plain English, how far it is from firing, and what completes a half-typed one."""

import re
from decimal import Decimal

from handlers import format as write
from handlers.model import Request
from services.domain.alerts import Alert, direction
from services.domain.coins import FIATS
from services.domain.language import say
from services.domain.numbers import plain, write_duration
from services.domain.people import Preferences
from services.domain.rules import Condition, Every, Op
from services.errors import UserError
from services.rules import Ask, Draft, rounded

_BEYOND = {
    "above": "{coin} is above {level}",
    "below": "{coin} is below {level}",
    "up": "{coin} reaches {level} from below",
    "down": "{coin} reaches {level} from above",
    "cross_up": "{coin} crosses {level}",
    "cross_down": "{coin} crosses {level}",
}
_MOVES = {
    "drop": "{coin} falls {percent} from its high of the last {window}",
    "rise": "{coin} rises {percent} from its low of the last {window}",
    "swing": "{coin} moves {percent} from its high or low of the last {window}",
}


_SEEN = Decimal("0.01")
_COIN_ALONE = re.compile(r"[^\s<>≥≤±%]+")


def condition_words(request: Request, condition: Condition, preferences: Preferences) -> str:
    """Return a condition as a clause: `BTC is above $100,000`."""
    metric = condition.metric
    coin = request.services.coins.coin(metric.base)
    symbol = metric.base if coin is None else coin.symbol
    if metric.window is not None:
        percent = f"{plain(condition.level)}%"
        return say(_MOVES[metric.name], coin=symbol, percent=percent, window=write_duration(metric.window))
    return say(_BEYOND[condition.op], coin=symbol, level=level_words(request, condition, preferences))


def level_words(request: Request, condition: Condition, preferences: Preferences) -> str:
    """Return a level in the condition's own unit."""
    quote = condition.metric.quote
    if condition.metric.window is not None:
        return f"{plain(condition.level)}%"
    if quote in FIATS:
        return write.level(condition.level, quote, preferences)
    coin = request.services.coins.coin(quote)
    return write.level(condition.level, quote if coin is None else coin.symbol, preferences)


def value_words(request: Request, condition: Condition, value: Decimal, preferences: Preferences) -> str:
    """Return a value of the condition's metric: a price, or a move in percent."""
    if condition.metric.window is not None:
        return write.number(value, 2, preferences.numbers) + "%"
    coin = request.services.coins.coin(condition.metric.quote)
    quote = condition.metric.quote if condition.metric.quote in FIATS or coin is None else coin.symbol
    return write.price(value, quote, preferences)


def distance(condition: Condition, value: Decimal) -> Decimal | None:
    """Return how far the value has to go, in percent of itself (in points for a move); None where it is zero."""
    if condition.metric.window is not None:
        return condition.level - value
    return None if not value else (condition.level - value) * 100 / value


def sentence(request: Request, draft: Draft) -> str:
    """Return what will be told, once or how often."""
    words = condition_words(request, draft.new.condition, request.caller.preferences)
    every = draft.new.wish.every
    if every is None:
        return say("Once, when {words}.", words=words)
    return say("When {words}, {often}.", words=words, often=often(every))


def often(every: Every) -> str:
    """Return how often at most: `at most every 4h`."""
    return say("at most once a day") if every == "daily" else say("at most every {every}", every=write_duration(every))


def distance_words(request: Request, condition: Condition, value: Decimal | None, preferences: Preferences) -> str:
    """Return where the value is now and how far it has to go."""
    if value is None:
        return say("no price yet") if condition.metric.window is None else say("reading its past")
    far = distance(condition, value)
    now = value_words(request, condition, value, preferences)
    if far is None:
        return say("now {value}", value=now)
    unit = "%" if condition.metric.window is None else say(" points")
    return say("now {value}, {far} to go", value=now, far=_small(far, preferences) + unit)


def _small(far: Decimal, preferences: Preferences) -> str:
    """Return a distance to two places, or to as many as a very small one needs to be seen."""
    places = 2 if not far or abs(far) >= _SEEN else min(-far.adjusted(), 6)
    return write.number(far, places, preferences.numbers, sign=True)


def nearness(alert: Alert, value: Decimal | None) -> Decimal:
    """Return a sort key: the nearest to firing first, alerts without a value last."""
    if value is None:
        return Decimal("Infinity")
    far = distance(alert.condition, value)
    if far is None:
        return Decimal("Infinity")
    return abs(far) if alert.condition.metric.window is None else abs(far) * 2


def is_coin_alone(rule: str) -> bool:
    """Say whether a rule is no more than a coin, so that the rest has to be asked."""
    return _COIN_ALONE.fullmatch(rule) is not None


async def complete_rule(prefix: str, request: Request) -> tuple[tuple[str, str], ...]:
    """Return what a half-typed rule may become: a sentence with the distance, and the line for it."""
    text = prefix.strip()
    try:
        understood = await request.services.rules.understand(text, request.caller, request.coin)
    except UserError as failure:
        return _examples(text, request) or _repairs(text, failure)
    if isinstance(understood, Ask):
        return tuple((f"{label} · {line}"[:100], line[:100]) for label, line in understood.question.answers)
    first = understood[0]
    value = request.services.rules.value(first.new.condition.metric)
    mine = request.caller.preferences
    where = "" if first.new.condition.metric.window else distance_words(request, first.new.condition, value, mine)
    label = " ".join((*(sentence(request, each) for each in understood), where))
    return ((label.strip()[:100], text[:100]),) if len(text) <= 100 else ()


def _repairs(text: str, failure: UserError) -> tuple[tuple[str, str], ...]:
    if failure.replaces is None:
        return ()
    return tuple((label[:100], text.replace(failure.replaces, word, 1)[:100]) for label, word in failure.choices)


def _examples(text: str, request: Request) -> tuple[tuple[str, str], ...]:
    word, _, rest = text.partition(" ")
    if rest.strip(" <>"):
        return ()
    found: list[tuple[str, str]] = []
    mine = request.caller.preferences
    for coin in request.services.coins.suggest(word, 6):
        quote = request.services.market.rate(coin.id)
        unit = request.services.market.rate(mine.currency)
        if quote is None or not unit:
            continue
        for factor, op in ((Decimal("1.05"), ">"), (Decimal("0.95"), "<")):
            line = f"{coin.symbol.lower()} {op} {plain(rounded(quote / unit * factor))}"
            found.append((line, line))
        found.append((f"{coin.symbol.lower()} -5% in 1h", f"{coin.symbol.lower()} -5% in 1h"))
    return tuple(found)


def op_arrow(op: Op) -> str:
    """Return an arrow for the way a value must go."""
    return "↑" if direction(op) == "up" else "↓"
