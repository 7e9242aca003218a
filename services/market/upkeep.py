"""Keeping one source going: its stream, and polling while the stream is silent."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import NoReturn

from services.clock import Clock
from services.coins import CoinBook
from services.domain import oracle
from services.domain.coins import Coin
from services.feed import PriceSource, Sink, SourceError
from services.market.health import Pulse

FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 60.0
_GROWTH = 10  # a stream is begun anew when it lacks more than a tenth of the coins wanted

Failed = Callable[[SourceError], None]


@dataclass(frozen=True, slots=True)
class Line:
    """One source and what belongs to it."""

    source: PriceSource
    pulse: Pulse
    coins: CoinBook
    clock: Clock


async def run(line: Line, streamed: Sink, polled: Sink, failed: Failed) -> NoReturn:
    """Stream and poll until cancelled; failures of the source are noted, anything else is raised."""
    name = line.source.name
    async with asyncio.TaskGroup() as group:
        group.create_task(_stream(line, streamed, failed), name=f"{name} stream")
        group.create_task(_poll(line, polled, failed), name=f"{name} polling")
    raise AssertionError(name)  # both run for ever


def wait_seconds(failures: int, retry_after_seconds: float | None) -> float:
    """Return the wait after that many failures in a row: doubling, jittered, and never before the source allows."""
    longest = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2.0 ** min(failures - 1, 10))
    jittered = random.uniform(max(FIRST_WAIT_SECONDS, longest / 2), longest)  # noqa: S311  # not for secrets
    return max(jittered, retry_after_seconds or 0.0)


async def _stream(line: Line, sink: Sink, failed: Failed) -> NoReturn:
    failures = 0
    while True:
        before = line.pulse.streamed_at
        try:
            await _stream_until_outgrown(line, sink)
            failures = 0
        except SourceError as failure:
            failed(failure)
            failures = failures + 1 if line.pulse.streamed_at == before else 1
            await line.clock.sleep(wait_seconds(failures, failure.retry_after_seconds))


async def _stream_until_outgrown(line: Line, sink: Sink) -> None:
    coins = line.coins.wanted()
    streaming = asyncio.ensure_future(line.source.stream(coins, sink))
    outgrown = asyncio.ensure_future(_outgrown(coins, line.coins))
    try:
        await asyncio.wait((streaming, outgrown), return_when=asyncio.FIRST_COMPLETED)
        if streaming.done():
            await streaming
            raise SourceError(line.source.name, "the stream ended")
    finally:
        streaming.cancel()
        outgrown.cancel()
        await asyncio.gather(streaming, outgrown, return_exceptions=True)


async def _outgrown(streaming: tuple[Coin, ...], coins: CoinBook) -> None:
    """Return once coins are wanted that the stream has not: one that somebody waits for, or many others."""
    ids = {coin.id for coin in streaming}
    while True:
        missing = {coin.id for coin in coins.wanted()} - ids
        if missing & coins.followed() or len(missing) * _GROWTH > len(ids):
            return
        await coins.changed()


async def _poll(line: Line, sink: Sink, failed: Failed) -> NoReturn:
    limits = oracle.limits_of(line.source.name, polled=True)
    failures = 0
    while True:
        await line.clock.sleep(limits.interval.total_seconds())
        line.pulse.judge(line.clock.now())
        if not _is_silent(line, limits.max_age if limits.slow else limits.interval):
            failures = 0
            continue
        try:
            sink(await line.source.samples(line.coins.polled()))
            failures = 0
        except SourceError as failure:
            failed(failure)
            failures += 1
            await line.clock.sleep(wait_seconds(failures, failure.retry_after_seconds))


def _is_silent(line: Line, patience: timedelta) -> bool:
    at = line.pulse.streamed_at
    return at is None or line.clock.now() - at >= patience
