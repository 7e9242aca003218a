"""The line under a new alert: would it have fired lately, and how often?"""

import asyncio
from dataclasses import replace
from datetime import timedelta

from handlers import format as write
from handlers.model import Request
from services.candles import CandleRun
from services.domain.coins import FIATS
from services.domain.language import say
from services.domain.rules import Condition, least_rest
from services.errors import SourceUnavailable
from services.preview import Preview, preview
from services.rules import Draft

_SECONDS = 2.0  # a new alert is not kept waiting for its past
_NAMES = {"1m": "1-minute", "5m": "5-minute", "15m": "15-minute", "1h": "1-hour", "4h": "4-hour", "1d": "1-day"}


async def preview_words(request: Request, drafts: tuple[Draft, ...]) -> list[str | None]:
    """Return what the last 30 days say of each rule on one coin; None where no history in its currency is at hand."""
    conditions = [_in_dollars(request, draft.new.condition) for draft in drafts]
    metric = next((each.metric for each in conditions if each is not None), None)
    if metric is None:
        return [None] * len(drafts)
    try:
        async with request.services.clock.timeout(_SECONDS):
            run = await request.services.rules.windows.history(metric)
            seen = await asyncio.to_thread(_replayed, conditions, drafts, run)
    except (TimeoutError, SourceUnavailable):
        return [None] * len(drafts)
    return [
        None if each is None else _words(request, each, converted=_is_converted(draft.new.condition))
        for each, draft in zip(seen, drafts, strict=True)
    ]


def _replayed(conditions: list[Condition | None], drafts: tuple[Draft, ...], run: CandleRun) -> list[Preview | None]:
    return [
        None if condition is None else preview(condition, _rest(draft), run.candles, run.interval)
        for condition, draft in zip(conditions, drafts, strict=True)
    ]


def _rest(draft: Draft) -> timedelta | None:
    every = draft.new.wish.every
    return None if every is None else least_rest(every)


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


def _is_converted(condition: Condition) -> bool:
    return condition.metric.quote != "usd" and condition.metric.window is None


def _in_dollars(request: Request, condition: Condition) -> Condition | None:
    """Return the condition on the dollar bars that are at hand, or None where it is about two coins."""
    metric = condition.metric
    unit = request.services.market.rate(metric.quote)
    if metric.quote not in FIATS or not unit:
        return None
    level = condition.level * unit if _is_converted(condition) else condition.level
    return replace(condition, metric=replace(metric, quote="usd"), level=level)
