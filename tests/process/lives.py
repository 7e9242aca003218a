"""Short lives of the bot under load, each ended at a moment that chance picks."""

from dataclasses import dataclass

from tests.process.crowd import FIRST_LEVEL, Crowd
from tests.process.harness import Flowbell

_SLICES = 5
_YOUNG = 0.2
"""The part of all lives that end before they have quite begun."""


@dataclass(frozen=True, slots=True)
class Lives:
    """So many lives, in which so many commands are typed and the price walks through every level."""

    bot: Flowbell
    crowd: Crowd
    count: int
    commands: int

    async def spend(self) -> None:
        """Live and be killed, again and again; nothing may end by itself."""
        for life in range(self.count):
            self.crowd.type(self._due(life, 0))
            await self.bot.launch()
            seconds = self.crowd.chance.uniform(0.0, 1.2)
            if self.crowd.chance.random() >= _YOUNG:
                await self.bot.listening_on_telegram()
                seconds = self.crowd.chance.uniform(0.1, 0.7)
            await self._work(life, seconds)
            await self.bot.kill()

    async def _work(self, life: int, seconds: float) -> None:
        moment = self.crowd.chance.randrange(_SLICES)
        for each in range(_SLICES):
            self.crowd.type(self._due(life, each + 1))
            await self.crowd.slash()
            if each == moment:
                await self.crowd.walk(FIRST_LEVEL + (self.crowd.last_level - FIRST_LEVEL) * (life + 1) // self.count)
            assert await self.bot.lives_on(seconds / _SLICES), self.bot.output.text[-2000:]

    def _due(self, life: int, part: int) -> int:
        """Return how many commands to type now, so that all are typed in the end: half of a life's before it begins."""
        parts = (_SLICES, *(1 for _ in range(_SLICES)))
        whole = 2 * _SLICES * self.count
        before = 2 * _SLICES * life + sum(parts[:part])
        return self.commands * (before + parts[part]) // whole - self.commands * before // whole
