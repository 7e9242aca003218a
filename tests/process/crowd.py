"""Many people at once on both platforms, what they ask for, and a price that walks through their levels."""

import itertools
import re
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

WATCHERS = 50
"""On each platform so many people wait for levels."""
TYPISTS: Final = [User(30_000 + number, f"Typist {number}") for number in range(50)]
_ON_TELEGRAM: Final = [User(10_000 + number, f"Watcher {number}") for number in range(WATCHERS)]
_ON_DISCORD: Final = range(20_000, 20_000 + WATCHERS)
_GUILD: Final = 2_100
FIRST_LEVEL: Final = 90_050
A_LINE: Final = 10  # levels that one command may name
_MOST_PAGES = 6
_LISTS = ("Alerts, nearest first", "No alerts yet")
_FAR: Final = 200_000
"""Levels that typists on Telegram ask for are out of reach; those of Discord's are reached at the very end."""


@dataclass(slots=True)
class Crowd:
    """The people, and everything they are owed. `chance` decides who asks for what."""

    outside: Fakes
    chance: Random
    levels_each: int = 5
    step: int = 10
    expected: Expected = field(default_factory=Expected)
    slashed: dict[int, Interaction] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    script: list[int] = field(default_factory=lambda: [90_000])

    @property
    def last_level(self) -> int:
        """Return a price that has passed every level that is waited for."""
        return FIRST_LEVEL + self.step * 2 * WATCHERS * self.levels_each

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
        levels = list(range(FIRST_LEVEL, self.last_level, self.step))
        self.chance.shuffle(levels)
        asked = 0
        for person in _ON_TELEGRAM:
            for mine in self._lines(levels):
                self.expected.fired |= dict.fromkeys(mine, ("telegram", person.id))
                self.outside.telegram.message(person, _rule(mine))
                asked += 1
        for member in _ON_DISCORD:
            for mine in self._lines(levels):
                self.expected.fired |= dict.fromkeys(mine, ("discord", self.outside.discord.dm_channel(member)))
                rule = _rule(mine).removeprefix("/alert ")
                answer = await (await self.outside.discord.slash(member, "/alert", {"rule": rule})).answer(within)
                assert f"{len(mine)} alerts are set" in answer.text
        await self.outside.telegram.wait_until(lambda: len(self.outside.telegram.world.sent) >= asked, PATIENCE)

    def _lines(self, levels: list[int]) -> Iterator[list[int]]:
        """Take out one person's levels, as many at a time as a command may name."""
        mine = [levels.pop() for _ in range(self.levels_each)]
        for first in range(0, len(mine), A_LINE):
            yield mine[first : first + A_LINE]

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
        level = self._near + len(self.slashed)
        member = self.chance.choice(_ON_DISCORD)
        self.slashed[level] = await self.outside.discord.slash(member, "/alert", {"rule": f"btc > {level}"})

    @property
    def _near(self) -> int:
        return self.last_level + 500

    async def walk(self, price: int) -> None:
        """Move the price up."""
        self.script.append(max(self.script[-1], price))
        await self.outside.exchanges.set_price("BTC", Decimal(self.script[-1]))

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
        await self.walk(self._near + len(self.slashed) + 1)
        await self.served(within)

    async def listings(self, within: float) -> dict[int, str]:
        """Return every typist's own list of alerts, all its pages."""
        telegram = self.outside.telegram
        before = len(telegram.sent())
        for page in range(1, _MOST_PAGES + 1):
            for typist in TYPISTS:
                telegram.message(typist, f"/alerts list {page}")

        def listed() -> dict[int, dict[str, str]]:
            found: dict[int, dict[str, str]] = {}
            for each in telegram.sent()[before:]:
                if each.text.startswith(_LISTS):
                    found.setdefault(each.chat_id, {})[each.text.splitlines()[0]] = each.text
            return found

        await telegram.wait_until(lambda: len(list(filter(_is_whole, listed().values()))) == len(TYPISTS), within)
        return {chat: "\n".join(pages.values()) for chat, pages in listed().items()}


def _is_whole(pages: dict[str, str]) -> bool:
    of = {int(number) for title in pages for number in re.findall(r"\(\d+ of (\d+)\)", title)}
    return len(pages) == max(of, default=1)


def _rule(levels: list[int]) -> str:
    return "/alert btc " + " ".join(str(level) for level in sorted(levels))
