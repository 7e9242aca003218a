"""What a rule says in plain English, how far it is from firing, and what completes a half-typed one."""

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from handlers import format as write
from handlers.model import Request
from handlers.rule_sentence import expression_words, level_words, rule_sentence, thing_words
from services.domain.alerts import Alert, direction
from services.domain.coins import FIATS
from services.domain.language import say
from services.domain.metrics import KINDS, Unit
from services.domain.numbers import plain, write_duration
from services.domain.people import Preferences
from services.domain.rules import Condition, Every, Expression, Op
from services.errors import UserError
from services.rules import Ask, Draft, rounded

_DISTANCES: dict[Unit, str] = {"money": "%", "%": " points", "sigma": " sigma", "x": "", "": ""}
_SEEN = Decimal("0.01")
_COIN_ALONE = re.compile(r"[^\s<>≥≤±%]+")


def names(request: Request) -> Callable[[str], str]:
    """Return how coins are called, by their ids."""

    def name(coin_id: str) -> str:
        coin = request.services.coins.coin(coin_id)
        return coin_id if coin is None else coin.symbol

    return name


def clause(request: Request, expression: Expression, preferences: Preferences) -> str:
    """Return what is waited for: `BTC is above $100,000`, or several of these joined."""
    return expression_words(expression, names(request), preferences)


def thing(request: Request, condition: Condition) -> str:
    """Return what a condition looks at: `BTC`, `RSI(14) of ETH at the close of a 4h bar`."""
    return thing_words(condition.metric, names(request))


def level(request: Request, condition: Condition, preferences: Preferences) -> str:
    """Return a level in the condition's own unit."""
    return level_words(condition, names(request), preferences)


def value_words(request: Request, condition: Condition, value: Decimal, preferences: Preferences) -> str:
    """Return a value of the condition's metric: a price, a move in percent, a number of times."""
    metric = condition.metric
    if metric.name == "price":
        return write.price(value, metric.quote if metric.quote in FIATS else names(request)(metric.quote), preferences)
    if metric.name == "macd":
        return write.number(value, max(2, 3 - value.adjusted()) if value else 2, preferences.numbers)
    number = write.number(value, 2, preferences.numbers)
    match KINDS[metric.name].unit:
        case "%":
            return say("{number}%", number=number)
        case "sigma":
            return say("{number} sigma", number=number)
        case "x":
            return say("{number} times", number=write.number(value, 4, preferences.numbers))
        case _:
            return number


def distance(condition: Condition, value: Decimal) -> Decimal | None:
    """Return how far the value has to go: of a price in percent of itself, None at zero; else in its own unit."""
    if condition.metric.name != "price":
        return condition.level - value
    return None if not value else (condition.level - value) * 100 / value


def sentence(request: Request, draft: Draft) -> str:
    """Return what will be told, once or how often; where and until when stand elsewhere on the card."""
    wish = replace(draft.new.wish, until=None, route=None)
    return rule_sentence(wish, names(request), request.caller.preferences)


def often(every: Every) -> str:
    """Return how often at most: `at most every 4h`."""
    return say("at most once a day") if every == "daily" else say("at most every {every}", every=write_duration(every))


def distance_words(request: Request, condition: Condition, value: Decimal | None, preferences: Preferences) -> str:
    """Return where the value is now and how far it has to go."""
    if value is None:
        return say("no price yet") if condition.metric.name == "price" else say("reading its past")
    far = distance(condition, value)
    now = value_words(request, condition, value, preferences)
    if far is None:
        return say("now {value}", value=now)
    unit = _DISTANCES[KINDS[condition.metric.name].unit]
    return say("now {value}, {far} to go", value=now, far=_small(far, preferences) + unit)


def _small(far: Decimal, preferences: Preferences) -> str:
    """Return a distance to two places, or to as many as a very small one needs to be seen."""
    places = 2 if not far or abs(far) >= _SEEN else min(-far.adjusted(), 6)
    return write.number(far, places, preferences.numbers, sign=True)


def nearness(alert: Alert, value: Decimal | None) -> Decimal:
    """Return a sort key: the nearest to firing first, alerts without a value last. Of a rule the first condition."""
    if value is None or (alert.condition.metric.name == "price" and not value):
        return Decimal("Infinity")
    condition = alert.condition
    far = abs(condition.level - value)
    match KINDS[condition.metric.name].unit:
        case "money":
            return far * 100 / abs(value) if value else Decimal("Infinity")
        case "%":
            return far * 2
        case _:
            return far * 100 / abs(condition.level) if condition.level else far


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
    mine = request.caller.preferences
    (only, *others) = first.new.standings
    where = "" if others else distance_words(request, only.condition, only.value, mine)
    label = " ".join((*(sentence(request, each) for each in understood), where))
    return ((label.strip()[:100], text[:100]),) if len(text) <= 100 else ()


def _repairs(text: str, failure: UserError) -> tuple[tuple[str, str], ...]:
    if failure.replaces is None:
        return tuple((label[:100], line.removeprefix("/alert ")[:100]) for label, line in failure.choices)
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
