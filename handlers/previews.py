"""The line under a new alert: would it have fired lately, and how often?"""

import asyncio
from dataclasses import replace
from decimal import Decimal

from handlers import format as write
from handlers.model import Request
from services.candles import CandleRun
from services.domain.coins import FIATS
from services.domain.language import say
from services.domain.metrics import Metric
from services.domain.rules import Condition, Expression, Rule, conditions, least_rest
from services.errors import SourceUnavailable
from services.preview import Preview, preview, preview_rule
from services.rules import Draft

_SECONDS = 2.0  # a new alert is not kept waiting for its past
_NAMES = {"1m": "1-minute", "5m": "5-minute", "15m": "15-minute", "1h": "1-hour", "4h": "4-hour", "1d": "1-day"}


async def preview_words(request: Request, drafts: tuple[Draft, ...]) -> list[str | None]:
    """Return what the last days say of each rule; None where no history in its currency is at hand."""
    rules = [_in_dollars(request, draft.new.wish) for draft in drafts]
    metrics = dict.fromkeys(each.metric for rule in rules if rule is not None for each in conditions(rule.expression))
    try:
        async with request.services.clock.timeout(_SECONDS):
            past = {metric: await request.services.rules.windows.history(metric) for metric in metrics}
            seen = await asyncio.to_thread(_replayed, rules, past)
    except (TimeoutError, SourceUnavailable):
        return [None] * len(drafts)
    return [
        None if each is None else _words(request, each, converted=_is_converted(draft.new.wish))
        for each, draft in zip(seen, drafts, strict=True)
    ]


def _replayed(rules: list[Rule | None], past: dict[Metric, CandleRun]) -> list[Preview | None]:
    return [None if rule is None else _replay(rule, past) for rule in rules]


def _replay(rule: Rule, past: dict[Metric, CandleRun]) -> Preview:
    if isinstance(rule.expression, Condition) and rule.hold is None and rule.band is None:
        run = past[rule.expression.metric]
        rest = None if rule.every is None else least_rest(rule.every)
        return preview(rule.expression, rest, run.candles, run.interval)
    return preview_rule(rule, {metric: (run.interval, run.candles) for metric, run in past.items()})


def _words(request: Request, seen: Preview, *, converted: bool) -> str:
    bars = say("{name} bars", name=_NAMES[seen.interval])
    if converted:
        bars = say("{bars}, at the rate of today", bars=bars)
    if seen.last_at is None:
        return say("Would not have fired in the last {days} days ({bars}).", days=seen.days, bars=bars)
    times = say("once") if seen.times == 1 else say("{count} times", count=seen.times)
    return say(
        "Would have fired {times} in the last {days} days, last on {last} ({bars}).",
        times=times, days=seen.days, last=write.date_time(seen.last_at, request.caller.preferences), bars=bars,
    )  # fmt: skip


def _is_converted(rule: Rule) -> bool:
    metrics = [each.metric for each in conditions(rule.expression)]
    return any(each.name == "price" and each.quote != "usd" for each in metrics)


def _in_dollars(request: Request, rule: Rule) -> Rule | None:
    """Return the rule on the dollar bars that are at hand, or None where it compares coins with each other."""
    known = {each.metric.quote: request.services.market.rate(each.metric.quote) for each in conditions(rule.expression)}
    if any(quote not in FIATS or not rate for quote, rate in known.items()):
        return None
    return replace(
        rule, expression=_converted(rule.expression, {quote: rate or Decimal(1) for quote, rate in known.items()})
    )


def _converted(expression: Expression, rates: dict[str, Decimal]) -> Expression:
    if not isinstance(expression, Condition):
        return replace(expression, parts=tuple(_converted(part, rates) for part in expression.parts))
    metric = expression.metric
    level = expression.level * rates[metric.quote] if metric.name == "price" else expression.level
    return replace(expression, metric=replace(metric, quote="usd"), level=level)
