"""The line under a new alert: would it have fired lately, and how often?"""

import asyncio
from dataclasses import replace

from handlers import format as write
from handlers.model import Request
from services.domain.coins import FIATS
from services.domain.language import say
from services.domain.rules import Condition
from services.errors import SourceUnavailable
from services.preview import preview
from services.rules import Draft

_DAYS = 30
_SECONDS = 2.0  # a new alert is not kept waiting for its past
_NAMES = {"1m": "1-minute", "5m": "5-minute", "15m": "15-minute", "1h": "1-hour", "4h": "4-hour", "1d": "1-day"}


async def preview_words(request: Request, draft: Draft) -> str | None:
    """Return what the last 30 days say of a rule, or None where no history in its currency is at hand."""
    condition = _in_dollars(request, draft.new.condition)
    if condition is None:
        return None
    try:
        async with asyncio.timeout(_SECONDS):
            run = await request.services.candles.history(draft.coin, _DAYS)
            seen = await asyncio.to_thread(preview, condition, draft.new.every, run.candles, run.interval)
    except (TimeoutError, SourceUnavailable):
        return None
    bars = say("{name} bars", name=_NAMES[seen.interval])
    if condition.level != draft.new.condition.level:
        bars = say("{bars}, at the rate of today", bars=bars)
    if seen.last_at is None:
        return say("Would not have fired in the last {days} days ({bars}).", days=seen.days, bars=bars)
    times = say("once") if seen.times == 1 else say("{count} times", count=seen.times)
    return say(
        "Would have fired {times} in the last {days} days, last on {last} ({bars}).",
        times=times, days=seen.days, last=write.date_time(seen.last_at, request.caller.preferences), bars=bars,
    )  # fmt: skip


def _in_dollars(request: Request, condition: Condition) -> Condition | None:
    """Return the condition on the dollar bars that are at hand, or None where it is about two coins."""
    metric = condition.metric
    unit = request.services.market.rate(metric.quote)
    if metric.quote not in FIATS or not unit:
        return None
    level = condition.level if metric.window is not None or metric.quote == "usd" else condition.level * unit
    return replace(condition, metric=replace(metric, quote="usd"), level=level)
