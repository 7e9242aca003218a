"""The real process under a flow of alerts on both platforms at once, and the judge of what people got."""

import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from random import Random
from typing import Final

from services.domain.candles import LENGTH, Candle
from services.store.open import FILE
from tests.chaos.verdict import Verdict
from tests.fakes.discord.log import Entry, RestCall
from tests.process import harness, judge
from tests.process.crowd import A_LINE, FIRST_LEVEL, Crowd
from tests.process.harness import START_SECONDS, Flowbell
from tests.process.judge import Said

EVENTS_PER_SECOND: Final = 60
MOST_IN_FLIGHT: Final = 8
"""So many messages may be on their way on one platform when the process dies; so many repeats may follow, labelled."""

_TICK_SECONDS: Final = 0.05
_UNREACHED: Final = 20  # levels above the top of the script: nobody may hear of them
_SERVED_SECONDS: Final = 120.0
_LOOK_SECONDS: Final = 0.3
_BARS: Final = 1_500  # of each length, before the run and after its beginning


@dataclass(slots=True)
class Load:
    """One bot, the people who wait for levels, and the price that climbs through them."""

    bot: Flowbell
    crowd: Crowd
    levels_a_tick: int = round(EVENTS_PER_SECOND * _TICK_SECONDS)

    async def ready(self) -> None:
        """Wait until this life can send on both platforms."""
        discord, before = self.bot.outside.discord, len(self.bot.outside.discord.log)
        await self.bot.launch()
        await self.bot.listening_on_telegram()
        await discord.wait_for(_is_login, START_SECONDS, since=before)

    async def climb(self, seconds: float) -> bool:
        """Let the price pass `EVENTS_PER_SECOND` levels a second; return False when the process ends by itself."""
        for _ in range(max(1, round(seconds / _TICK_SECONDS))):
            await self.step()
            if not await self.bot.lives_on(_TICK_SECONDS):
                return False
        await self.step()  # and end between two ticks, or every end would find the last tick's messages told
        return await self.bot.lives_on(self.crowd.chance.uniform(0.0, _TICK_SECONDS))

    async def step(self) -> None:
        """Let the price pass one tick's levels."""
        top = self.crowd.last_level - _UNREACHED * self.crowd.step
        further = self.crowd.script[-1] + self.crowd.step * self.levels_a_tick
        await self.crowd.walk(min(top, max(further, FIRST_LEVEL)))

    async def finish(self) -> None:
        """Let the price pass one more second's levels, and wait until everybody was told at least once."""
        for _ in range(round(1 / _TICK_SECONDS)):
            await self.step()
        owed = replace(self.crowd.expected, fired=reached(self.crowd.expected.fired, max(self.crowd.script)))
        self.crowd.expected = owed
        await self.served()

    async def served(self) -> None:
        """Wait until everybody was told at least once; what is still missing then, the judge names."""
        for _ in range(round(_SERVED_SECONDS / _LOOK_SECONDS)):
            missing = judge.missing(self.crowd.expected, judge.heard(self.bot.outside))
            if all(kind == "read" for kind, _ in missing):  # an old question is not answered any more
                return
            if not await self.bot.lives_on(_LOOK_SECONDS):
                raise AssertionError(f"It ended by itself:\n{self.bot.output.text[-3000:]}")

    def verdict(
        self,
        deaths: int,
        figures: Mapping[str, float],
        broken: Sequence[str] = (),
        listed: Mapping[int, str] | None = None,
    ) -> Verdict:
        """Judge from the fakes' logs alone; `listed` is what /alerts says to each typist."""
        said = judge.heard(self.bot.outside)
        found = [*broken, *judge.faults(self.crowd.expected, said, listed or {}), *_unsound(self.bot.data / FILE)]
        labelled = [each for each in said if each.labelled]
        copies = Counter((each.kind, each.number) for each in said)
        repeated = [each for each in labelled if copies[each.kind, each.number] > 1]
        if len(labelled) > MOST_IN_FLIGHT * deaths:
            found.append(f"{len(labelled)} labelled after {deaths} deaths")
        counted = {
            "events": len(self.crowd.expected.fired),
            "lost": sum(each.startswith("lost") for each in found),
            "silent_duplicates": sum("copies without a label" in each for each in found),
            "discord_duplicates": sum("copies on Discord" in each for each in found),
            "labelled_repeats": len(repeated),
            "labelled_only_copies": len(labelled) - len(repeated),
            "most_copies": max(copies.values(), default=0),
            "identifies": self.bot.outside.discord.identifies_today(),
        }
        return Verdict({**counted, **figures}, tuple(found))


def reached(fired: dict[int, tuple[str, int]], top: int) -> dict[int, tuple[str, int]]:
    """Return the levels that the script's highest price has passed: the whole model of an alert above a level."""
    return {level: to for level, to in fired.items() if top >= level}


def labelled(said: Sequence[Said]) -> int:
    """Return how many messages carry the label of a possible repeat."""
    return sum(each.labelled for each in said)


def _is_login(entry: Entry) -> bool:
    return isinstance(entry, RestCall) and entry.path.endswith("/oauth2/applications/@me")


def _unsound(store: Path) -> list[str]:
    with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as connection:
        found = [str(row[0]) for row in islice(connection.execute("PRAGMA integrity_check"), 3)]
    connection.close()
    return [] if found == ["ok"] else [f"the store is unsound: {found}"]


def _flat_bars() -> dict[tuple[str, int], tuple[Candle, ...]]:
    """Return bars of the script's first price: a life that looks back finds nothing there that was missed."""
    found: dict[tuple[str, int], tuple[Candle, ...]] = {}
    price, now = Decimal(FIRST_LEVEL - 50), datetime.now(UTC).timestamp()
    for length in LENGTH.values():
        seconds = round(length.total_seconds())
        opens = (datetime.fromtimestamp((now // seconds + each) * seconds, UTC) for each in range(-_BARS, _BARS))
        found["BTC", seconds] = tuple(Candle(at, price, price, price, price, Decimal(1)) for at in opens)
    return found


@asynccontextmanager
async def load(seed: int, levels_each: int, folder: Path, **settings: str) -> AsyncIterator[Load]:
    """Start a bot in `folder` and have 50 people on each platform wait for so many levels; it is running then."""
    async with harness.fakes() as outside:
        crowd = Crowd(outside, Random(seed), levels_each=-(-levels_each // A_LINE) * A_LINE, step=1)
        crowd.settle_in()
        outside.exchanges.market.history |= _flat_bars()
        given = harness.addresses(outside) | harness.TOKENS | harness.UNPACED | settings
        given |= {"FLOWBELL_LIMITS__ALERTS_PER_PERSON": "100000", "FLOWBELL_LOG__LEVEL": "info"}
        bot = Flowbell(outside, folder, given)
        try:
            await bot.start()
            await crowd.watch()
            yield Load(bot, crowd)
        finally:
            await bot.clean_up()
