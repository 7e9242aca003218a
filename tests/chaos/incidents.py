"""O2: bad prices of one source fire nothing, and a crash that two sources see is told at once."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Final

from services.domain.quotes import Sample
from tests.chaos.verdict import Scenario, Verdict
from tests.stage import START, Exchange
from tests.world import World, scripted

SOURCES: Final = ("binance", "coinbase", "kraken")
_BASE: Final = 100_000.0
_SECONDS: Final = 40
_CALM_SECONDS: Final = 60  # between two streams, so that none inherits a quarantine
_STREAMS_A_WORLD: Final = 25
_LATE_SECONDS: Final = 10.0
_LOW, _HIGH = "0.97", "1.03"  # of the base: where the alerts wait
FAULTS: Final = (
    "eighth", "ten thousand times", "zero", "negative", "not a number", "infinite", "frozen", "frozen, new times",
    "old times", "future times", "silent", "drifting", "random",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stream:
    """One generated market: what is true each second, and the source that lies, how and since when."""

    true: tuple[float, ...]
    liar: str
    fault: str
    since: int

    def expected(self) -> dict[str, int | None]:
        """Return, by alert, the second in which it is truly crossed; the whole reference model.

        Two of three sources tell the truth, give or take their noise, so their median does: the third cannot lead it.
        """
        low = (second for second, price in enumerate(self.true) if price < _BASE * float(_LOW))
        high = (second for second, price in enumerate(self.true) if price > _BASE * float(_HIGH))
        return {"below": next(low, None), "above": next(high, None)}


def generated(chance: Random) -> Stream:
    """Return a market that stays, crashes or soars, and a source that lies from some moment on."""
    move = chance.choice((0.0, 0.0, -chance.uniform(0.1, 0.6), chance.uniform(0.1, 0.6)))
    begins, takes = chance.randrange(5, 20), chance.choice((1, 1, 5, 15))
    true = tuple(
        _BASE * (1 + 0.002 * math.sin(second / 5) + move * min(1.0, max(0.0, (second - begins) / takes)))
        for second in range(_SECONDS)
    )
    return Stream(true, chance.choice(SOURCES), chance.choice(FAULTS), chance.randrange(0, 25))


def said(stream: Stream, source: str, second: int, start: datetime, chance: Random) -> Sample | None:
    """Return what a source says in a second of the stream; None where it is silent."""
    now = start + timedelta(seconds=second)
    price = Decimal(f"{stream.true[second] * chance.uniform(0.9995, 1.0005):.2f}")
    honest = Sample(source, "bitcoin", "usd", price, now, now)
    if source != stream.liar or second < stream.since:
        return honest
    stopped = Decimal(f"{stream.true[stream.since]:.2f}")
    then = start + timedelta(seconds=stream.since)
    lies: dict[str, tuple[Decimal, datetime] | None] = {
        "eighth": (price / 8, now), "ten thousand times": (price * 10_000, now), "zero": (Decimal(), now),
        "negative": (-price, now), "not a number": (Decimal("NaN"), now), "infinite": (Decimal("Infinity"), now),
        "frozen": (stopped, then), "frozen, new times": (stopped, now), "silent": None,
        "old times": (price * 2, now - timedelta(minutes=5)), "future times": (price / 2, now + timedelta(hours=1)),
        "drifting": (price * Decimal(f"{1 + 0.01 * (second - stream.since):.4f}"), now),
        "random": (Decimal(f"{10 ** chance.uniform(-8, 14):.9f}"), now),
    }  # fmt: skip
    lie = lies[stream.fault]
    return None if lie is None else Sample(source, "bitcoin", "usd", *lie, now)


@dataclass(slots=True)
class _Judged:
    """What happened to the alerts of all streams so far."""

    false: int = 0
    missed: int = 0
    crossings: int = 0
    latest: float = 0.0

    def add(self, expected: dict[str, int | None], fired: dict[str, float]) -> str | None:
        """Hold one stream's alerts against the model; return the breach."""
        for alert, second in expected.items():
            at = fired.get(alert)
            if second is None or (at is not None and at < second - 1):
                self.false += at is not None
                if at is not None:
                    return f"{alert} fired at {at} and was crossed at {second}"
                continue
            self.crossings += 1
            if at is None:
                self.missed += 1
                return f"{alert} was crossed at {second} and never fired"
            self.latest = max(self.latest, at - second)
            if at - second > _LATE_SECONDS:
                return f"{alert} was crossed at {second} and fired at {at}"
        return None


async def run(seed: int, count: int, folder: Path) -> Verdict:
    """Play `count` generated streams, each against an alert above and one below."""
    del folder
    judged, broken = _Judged(), list[str]()
    for first in range(0, count, _STREAMS_A_WORLD):
        async with scripted(names=SOURCES, btc=_BASE) as world:
            for number in range(first, min(count, first + _STREAMS_A_WORLD)):
                stream = generated(Random(f"{seed} {number}"))
                fired = await _played(world, stream, number - first, Random(f"{seed} {number} noise"))
                breach = judged.add(stream.expected(), fired)
                broken += [] if breach is None else [f"{number} ({stream.liar} {stream.fault}): {breach}"]
    figures = {
        "false_alerts": judged.false, "missed": judged.missed, "true_crossings": judged.crossings,
        "latest_seconds": judged.latest,
    }  # fmt: skip
    return Verdict(figures, tuple(broken))


async def _played(world: World, stream: Stream, number: int, chance: Random) -> dict[str, float]:
    begin = 1 + number * (_SECONDS + 2 * _CALM_SECONDS)
    for second in range(begin, begin + _CALM_SECONDS, 3):
        await world.say_at(second, btc=f"{_BASE + second % 2:.2f}")
    start = START + timedelta(seconds=begin + _CALM_SECONDS)
    before = len(world.alerts)
    rules = {way: await _number(world, f"/alert btc {way} {_BASE * float(share):.0f}") for way, share in
             (("below", _LOW), ("above", _HIGH))}  # fmt: skip
    for second in range(_SECONDS):
        world.clock.set(start + timedelta(seconds=second))
        for exchange, sample in _told(world, stream, second, start, chance):
            assert exchange.sink is not None
            exchange.sink((sample,))
        await world.rest()
    fired = world.alerts[before:]
    for each in rules.values():
        await world.reply(f"/alerts delete {each}")
    return {
        way: (each.at - start).total_seconds() for each in reversed(fired) for way in rules if f" {way} " in each.text
    }


def _told(
    world: World, stream: Stream, second: int, start: datetime, chance: Random
) -> Iterator[tuple[Exchange, Sample]]:
    for exchange in world.exchanges:
        sample = said(stream, exchange.name, second, start, chance)
        if sample is not None:
            yield exchange, sample


async def _number(world: World, line: str) -> int:
    answer = await world.ask(line)
    return int(answer.partition("#")[2].partition(" ")[0])


SCENARIO = Scenario(
    "incidents", "O2", "streams", 2_000,
    "0 false alerts from one lying source of three; a true crossing is told within 10 s", run,
)  # fmt: skip
