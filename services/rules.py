"""From a typed rule to alerts that can be stored: coins, currencies and the price now are looked up here."""

import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from services.clock import Clock
from services.domain.alerts import starts
from services.domain.coins import FIATS, Coin
from services.domain.days import end_of
from services.domain.language import say
from services.domain.metrics import Metric
from services.domain.numbers import plain, write_duration
from services.domain.people import Caller, NumberStyle, Preferences
from services.domain.rule_parser import parse_rule
from services.domain.rules import Condition, Every, LevelLine, MoveLine, Op, Question, Rule, RuleError, Terms
from services.errors import InvalidInput, NotAllowed, SourceUnavailable
from services.market import Market
from services.store.alerts import NewAlert
from services.windows import Windows

FindCoin = Callable[[str], Awaitable[Coin]]
"""How a word becomes a coin for this caller; raises `UserError`."""

_GROUPS = re.compile(r"(?<![\w.,])[0-9]{1,3}(?: [0-9]{3})+(?![0-9])")
_PAST_SECONDS = 2.0  # a new alert is not kept waiting for its past
_PRICE_SECONDS = 2.0
_DAY = timedelta(days=1)
_WORDS: dict[Op, str] = {
    "above": ">", "below": "<", "up": "crosses up", "down": "crosses down",
    "cross_up": "crosses", "cross_down": "crosses",
}  # fmt: skip


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

    async def understand(self, text: str, caller: Caller, find: FindCoin) -> Understood:
        """Return the alerts that a line asks for, or the question to ask back; raise `UserError` otherwise."""
        try:
            line = parse_rule(_grouped(text, caller.preferences.numbers), caller.preferences.numbers)
        except RuleError as error:
            raise InvalidInput(str(error)) from error
        if isinstance(line, Question):
            return Ask(line)
        if line.terms.here and not caller.private and not caller.may_administer:
            raise NotAllowed(say("Only admins set alerts for the whole chat. Leave out «here» to be told yourself."))
        coin = await find(line.subject)
        await self._ask_price(coin)
        if isinstance(line, MoveLine):
            return (await self._move(coin, line, caller),)
        metric = Metric("price", coin.id, await self._unit(coin, line, caller.preferences, find))
        return tuple(self._level(coin, metric, line, level, caller) for level in line.levels)

    async def _ask_price(self, coin: Coin) -> None:
        """Have the price of a coin that nobody waited for before, if that can be had at once."""
        with suppress(SourceUnavailable, TimeoutError):
            async with self.clock.timeout(_PRICE_SECONDS):
                await self.market.look_up(coin)

    async def _unit(self, coin: Coin, line: LevelLine, preferences: Preferences, find: FindCoin) -> str:
        if line.currency is None:
            return preferences.currency
        if line.currency in FIATS:
            return line.currency
        unit = (await find(line.currency)).id
        if unit == coin.id:
            raise InvalidInput(say("{coin} is always worth one {coin}. Name another currency.", coin=coin.symbol))
        return unit

    def _level(self, coin: Coin, metric: Metric, line: LevelLine, level: Decimal, caller: Caller) -> Draft:
        value = self.value(metric)
        if value is None and line.op in ("touch", "cross"):
            raise SourceUnavailable(say("I have no price of {coin} yet. Try again in a minute.", coin=coin.symbol))
        condition = Condition(metric, _op(line.op, value, level), level)
        return self._draft(coin, condition, line.terms, caller, value)

    async def _move(self, coin: Coin, line: MoveLine, caller: Caller) -> Draft:
        currency = caller.preferences.currency
        if line.window is not None:
            metric = Metric(line.direction, coin.id, currency, line.window)
            moved = await self._moved(metric)
            return self._draft(coin, Condition(metric, "up", line.percent), line.terms, caller, moved)
        metric = Metric("price", coin.id, currency)
        value = self.value(metric)
        if value is None:
            raise SourceUnavailable(say("I have no price of {coin} yet. Try again in a minute.", coin=coin.symbol))
        share = line.percent / 100
        level = rounded(value * (1 - share if line.direction == "drop" else 1 + share))
        op: Op = "down" if line.direction == "drop" else "up"
        draft = self._draft(coin, Condition(metric, op, level), line.terms, caller, value)
        within = Condition(Metric(line.direction, coin.id, currency, _DAY), "up", line.percent)
        return replace(draft, within_a_day=canonical(within, line.terms.every, line.terms.note))

    async def _moved(self, metric: Metric) -> Decimal | None:
        try:
            async with self.clock.timeout(_PAST_SECONDS):
                return await self.windows.value(metric)
        except TimeoutError:
            return None  # armed from the start: better told at once than not at all

    def _draft(self, coin: Coin, condition: Condition, terms: Terms, caller: Caller, value: Decimal | None) -> Draft:
        now = self.clock.now()
        for_chat = terms.here and not caller.private  # in private, here and to me are the same
        until = _end(terms, now, caller.preferences.zone)
        new = NewAlert(
            owner_person=None if for_chat else caller.person,
            owner_chat=caller.chat if for_chat else None,
            rule=canonical(condition, terms.every, terms.note),
            currency=caller.preferences.currency,
            wish=Rule(condition, every=terms.every, until=until, note=terms.note),
            standings=(starts(condition, value, None if value is None else now),),
        )
        return Draft(coin, new)

    def value(self, metric: Metric) -> Decimal | None:
        """Return the price behind a metric in its currency as things stand, or None while it is not known."""
        base, unit = self.market.rate(metric.base), Decimal(1)
        if metric.quote != "usd":
            unit = self.market.rate(metric.quote) or Decimal()
        return None if base is None or not unit else base / unit


def _end(terms: Terms, now: datetime, zone: str) -> datetime | None:
    match terms.until:
        case None:
            return None
        case timedelta() as length:
            return now + length
        case day:
            return end_of(day, now, ZoneInfo(zone))


def _grouped(text: str, style: NumberStyle | None) -> str:
    """Join digits grouped by spaces where they can be nothing else, or where the person writes them so."""

    def joined(found: re.Match[str]) -> str:
        groups = found[0].split(" ")
        surely = style == "1 234.56" or any(group.startswith("0") for group in groups[1:])
        return "".join(groups) if surely else found[0]

    return _GROUPS.sub(joined, text)


def canonical(condition: Condition, every: Every | None, note: str | None) -> str:
    """Return the line that reads back as this rule, with the coin by its id."""
    metric = condition.metric
    if metric.window is None:
        text = f"{metric.base} {_WORDS[condition.op].split()[0]} {plain(condition.level)} {metric.quote}"
        text += f" {_WORDS[condition.op].split()[1]}" if " " in _WORDS[condition.op] else ""
    else:
        sign = {"drop": "-", "rise": "+"}.get(metric.name, "±")
        text = f"{metric.base} {sign}{plain(condition.level)}% in {write_duration(metric.window)}"
    if every is not None:
        text += " daily" if every == "daily" else f" every {write_duration(every)}"
    return text + (f' note "{note}"' if note else "")


def _op(op: str, value: Decimal | None, level: Decimal) -> Op:
    if op in ("touch", "cross"):
        assert value is not None
        up = value < level
        return ("up" if up else "down") if op == "touch" else ("cross_up" if up else "cross_down")
    match op:
        case "above" | "below" | "up" | "down":
            return op
        case _:
            raise ValueError(op)


def rounded(value: Decimal) -> Decimal:
    """Return a level with as many digits as its size deserves."""
    digits = max(2, 5 - value.adjusted()) if value < 100 else 2
    return value.quantize(Decimal(1).scaleb(-min(digits, 12)))
