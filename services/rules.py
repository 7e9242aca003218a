"""From a typed rule to alerts that can be stored: coins, currencies and values are looked up here."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from services.clock import Clock
from services.domain.alerts import starts
from services.domain.coins import Coin
from services.domain.language import say
from services.domain.metrics import Metric
from services.domain.people import Caller
from services.domain.rule_language import (
    LineCondition,
    RuleLine,
    Surroundings,
    ValueUnknown,
    bind,
    coin_words,
    format_rule,
    parse_rule,
)
from services.domain.rules import Condition, Question, Rule, RuleError, conditions
from services.errors import InvalidInput, NotAllowed, SourceUnavailable
from services.market import Market
from services.store.alerts import NewAlert
from services.windows import Windows

FindCoin = Callable[[str], Awaitable[Coin]]
"""How a word becomes a coin for this caller; raises `UserError`."""

_PAST_SECONDS = 2.0  # a new alert is not kept waiting for its past
_PRICE_SECONDS = 2.0
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Draft:
    """One alert as it was understood, before it is stored."""

    coin: Coin
    new: NewAlert
    within_a_day: str | None = None  # for a move that was given no time: the same within 24 hours


@dataclass(frozen=True, slots=True)
class Ask:
    """A line with two readings: the question, and the lines that stand for the answers."""

    question: Question


Understood = tuple[Draft, ...] | Ask


@dataclass(frozen=True, slots=True)
class Rules:
    """Reads rules with the prices of the moment."""

    market: Market
    clock: Clock
    windows: Windows

    async def understand(self, text: str, caller: Caller, find: FindCoin, command: str = "/alert") -> Understood:
        """Return the alerts that a line asks for, or the question to ask back; raise `UserError` otherwise.

        A repaired line is offered as `command` with it.
        """
        try:
            line = parse_rule(text, caller.preferences.numbers)
            if isinstance(line, Question):
                return Ask(line)
            _check_route(line, caller)
            coins = {word: await find(word) for word in coin_words(line)}
            for coin in coins.values():
                await self._ask_price(coin)
            rules = await self._bound(line, coins, caller)
        except RuleError as error:
            choices = () if error.repair is None else ((error.repair, f"{command} {error.repair}"),)
            raise InvalidInput(str(error), choices=choices) from error
        return tuple([await self._draft(rule, line, at, coins, caller) for at, rule in enumerate(rules)])

    async def _ask_price(self, coin: Coin) -> None:
        """Have the price of a coin that nobody waited for before, if that can be had at once."""
        with suppress(SourceUnavailable, TimeoutError):
            async with self.clock.timeout(_PRICE_SECONDS):
                await self.market.look_up(coin)

    async def _bound(self, line: RuleLine, coins: dict[str, Coin], caller: Caller) -> tuple[Rule, ...]:
        """Bind a line; a value that it turns on is looked up and it is bound again."""
        known: dict[Metric, Decimal | None] = {}
        mine = caller.preferences

        def value(metric: Metric) -> Decimal | None:
            return self.value(metric) if metric.name == "price" else known.get(metric)

        given = Surroundings(lambda word: coins[word].id, value, mine.currency, self.clock.now(), mine.zone)
        while True:
            try:
                return bind(line, given)
            except ValueUnknown as unknown:
                metric = unknown.metric
                if metric.name == "price" or metric in known:
                    raise _no_value(metric, coins) from unknown
                known[metric] = await self.value_now(metric)

    async def value_now(self, metric: Metric) -> Decimal | None:
        """Return any metric as things stand, looking up what is needed for it; None where that takes too long."""
        if metric.name == "price":
            return self.value(metric)
        try:
            async with self.clock.timeout(_PAST_SECONDS):
                return await self.windows.value(metric)
        except TimeoutError:
            return None  # not met from the start: better told at once than not at all

    async def _draft(self, rule: Rule, line: RuleLine, at: int, coins: dict[str, Coin], caller: Caller) -> Draft:
        now = self.clock.now()
        values = [(each, await self.value_now(each.metric)) for each in conditions(rule.expression)]
        for_chat = rule.route == "here" and not caller.private  # in private, here and to me are the same
        new = NewAlert(
            owner_person=None if for_chat else caller.person,
            owner_chat=caller.chat if for_chat else None,
            rule=written(rule),
            currency=caller.preferences.currency,
            wish=rule,
            standings=tuple(starts(each, value, None if value is None else now) for each, value in values),
        )
        coin = next(each for each in coins.values() if each.id == values[0][0].metric.base)
        return Draft(coin, new, _within_a_day(rule, line, at))

    def value(self, metric: Metric) -> Decimal | None:
        """Return the price behind a metric in its currency as things stand, or None while it is not known."""
        base, unit = self.market.rate(metric.base), Decimal(1)
        if metric.quote != "usd":
            unit = self.market.rate(metric.quote) or Decimal()
        return None if base is None or not unit else base / unit


def _check_route(line: RuleLine, caller: Caller) -> None:
    route = line.terms.route
    if route == "here" and not caller.private and not caller.may_administer:
        raise NotAllowed(say("Only admins set alerts for the whole chat. Leave out «here» to be told yourself."))
    if route in ("telegram", "discord") and route != caller.place.platform:
        raise InvalidInput(say("You cannot be told on another platform yet. Leave out «to {route}».", route=route))


def _no_value(metric: Metric, coins: dict[str, Coin]) -> SourceUnavailable:
    coin = next((each.symbol for each in coins.values() if each.id == metric.base), metric.base)
    if metric.name == "price":
        return SourceUnavailable(say("I have no price of {coin} yet. Try again in a minute.", coin=coin))
    sentence = say("I do not know where {coin} stands yet. Say «above» or «below», or try again.", coin=coin)
    return SourceUnavailable(sentence)


def _within_a_day(rule: Rule, line: RuleLine, at: int) -> str | None:
    """Return the rule of a move from the price now as a move within 24 hours."""
    said = line.expressions[at]
    if not isinstance(said, LineCondition) or said.window is not None or said.metric not in ("drop", "rise"):
        return None
    (condition,) = conditions(rule.expression)
    move = Metric(said.metric, condition.metric.base, condition.metric.quote, _DAY)
    return written(replace(rule, expression=Condition(move, "up", said.level)))


def written(rule: Rule) -> str:
    """Return the line that reads back as a rule, with coins by their ids; where and until when are said elsewhere."""
    return format_rule(replace(rule, until=None, route=None))


def rounded(value: Decimal) -> Decimal:
    """Return a level with as many digits as its size deserves."""
    digits = max(2, 5 - value.adjusted()) if value < 100 else 2
    return value.quantize(Decimal(1).scaleb(-min(digits, 12)))
