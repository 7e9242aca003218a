"""Many people at once on both platforms, what they ask for, and a price that walks through their levels."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Final

from tests.fakes.discord import Interaction
from tests.fakes.discord import Slow as SlowOnDiscord
from tests.fakes.discord.faults import Fault as DiscordFault
from tests.fakes.telegram import Fault, FaultKind, User
from tests.process import judge
from tests.process.harness import PATIENCE, Fakes
from tests.process.judge import Expected

WATCHERS, LEVELS_EACH = 50, 5
"""On each platform so many people wait for so many levels."""
TYPISTS: Final = [User(30_000 + number, f"Typist {number}") for number in range(50)]
_ON_TELEGRAM: Final = [User(10_000 + number, f"Watcher {number}") for number in range(WATCHERS)]
_ON_DISCORD: Final = range(20_000, 20_000 + WATCHERS)
_GUILD: Final = 2_100
FIRST_LEVEL, LEVEL_STEP = 90_050, 10
LAST_LEVEL: Final = FIRST_LEVEL + LEVEL_STEP * 2 * WATCHERS * LEVELS_EACH
_LISTS = ("Alerts, nearest first", "No alerts yet")
_FAR, _NEAR = 200_000, 95_500
"""Levels that typists ask for: out of reach on Telegram, reached at the very end on Discord."""


@dataclass(slots=True)
class Crowd:
    """The people, and everything they are owed. `chance` decides who asks for what."""

    outside: Fakes
    chance: Random
    expected: Expected = field(default_factory=Expected)
    slashed: dict[int, Interaction] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _price: int = 90_000

    def settle_in(self) -> None:
        """Make the platforms know them, and answer as slowly as real ones."""
        for each in _ON_DISCORD:
            self.outside.discord.add_user(each, f"watcher{each}")
        self.outside.discord.add_guild(_GUILD, "Crowd", channels=[3_100], members=list(_ON_DISCORD))
        for method in ("sendMessage", "editMessageText"):
            self.outside.telegram.faults.add(Fault(kind=FaultKind.SLOW, method=method, times=None, delay_s=0.03))
        slow = SlowOnDiscord(0.03, executed_first=True)
        self.outside.discord.faults.add(DiscordFault("POST", "/channels/{channel}/messages", slow, times=1_000_000))

    async def watch(self, within: float = 60.0) -> None:
        """Have everybody wait for levels, no two for the same, and wait until all are told so."""
        levels = list(range(FIRST_LEVEL, LAST_LEVEL, LEVEL_STEP))
        self.chance.shuffle(levels)
        for person in _ON_TELEGRAM:
            mine = [levels.pop() for _ in range(LEVELS_EACH)]
            self.expected.fired |= dict.fromkeys(mine, ("telegram", person.id))
            self.outside.telegram.message(person, _rule(mine))
        for member in _ON_DISCORD:
            mine = [levels.pop() for _ in range(LEVELS_EACH)]
            self.expected.fired |= dict.fromkeys(mine, ("discord", self.outside.discord.dm_channel(member)))
            asked = await self.outside.discord.slash(member, "/alert", {"rule": _rule(mine).removeprefix("/alert ")})
            assert "5 alerts are set" in (await asked.answer(within)).text
        people = {person.id for person in _ON_TELEGRAM}
        await self.outside.telegram.wait_until(
            lambda: people <= {each.chat_id for each in self.outside.telegram.sent()},
            PATIENCE,
        )

    def type(self, count: int) -> None:
        """Type so many commands on Telegram, about half of them changing something."""
        for number in itertools.islice(self._numbers, count):
            typist = TYPISTS[number % len(TYPISTS)]
            if self.chance.random() < 0.5:
                self.expected.set[_FAR + number] = ("telegram", typist.id)
                self.outside.telegram.message(typist, f"/alert btc > {_FAR + number}")
            else:
                self.expected.read[number] = ("telegram", typist.id)
                self.outside.telegram.message(typist, f"/convert {number} usd eth")

    async def slash(self) -> None:
        """Send one changing command on Discord, which keeps none for a bot that is away."""
        level = _NEAR + len(self.slashed)
        member = self.chance.choice(_ON_DISCORD)
        self.slashed[level] = await self.outside.discord.slash(member, "/alert", {"rule": f"btc > {level}"})

    async def walk(self, price: int) -> None:
        """Move the price up."""
        self._price = max(self._price, price)
        await self.outside.exchanges.set_price("BTC", Decimal(self._price))

    async def served(self, within: float) -> None:
        """Wait until everybody has been told everything at least once, on each platform so long at most."""
        try:
            await self.outside.telegram.wait_until(lambda: not self._missing("telegram"), within)
            await self.outside.discord.until(lambda: not self._missing("discord"), within)
        except TimeoutError:
            missing = sorted(self._missing("telegram")), sorted(self._missing("discord"))
            raise AssertionError(f"still missing on Telegram {missing[0]} and on Discord {missing[1]}") from None

    def _missing(self, platform: str) -> set[tuple[judge.Kind, int]]:
        return judge.missing(self.expected, judge.heard(self.outside), platform)

    async def take_stock(self, within: float) -> None:
        """Wait for the answers to those of Discord's commands that the bot had acknowledged; then let each alert fire.

        What it had not acknowledged is not expected, and must not fire: Discord told the people that it failed.
        """
        taken = {
            level: ("discord", asked.opening.channel_id)
            for level, asked in self.slashed.items()
            if asked.acknowledged is not None
        }
        self.expected.set |= taken
        await self.served(within)
        self.expected.fired |= taken
        await self.walk(_NEAR + len(self.slashed) + 1)
        await self.served(within)

    async def listings(self, within: float) -> dict[int, str]:
        """Return every typist's own list of alerts."""
        telegram = self.outside.telegram
        before = len(telegram.sent())
        for typist in TYPISTS:
            telegram.message(typist, "/alerts")

        def listed() -> dict[int, str]:
            late = telegram.sent()[before:]
            return {each.chat_id: each.text for each in late if each.text.startswith(_LISTS)}

        await telegram.wait_until(lambda: len(listed()) == len(TYPISTS), within)
        return listed()


def _rule(levels: list[int]) -> str:
    return "/alert btc " + " ".join(str(level) for level in sorted(levels))
