"""C1: the wall clock jumps by an hour, the machine sleeps for eight: nothing is lost, doubled or sent too early."""

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Final

from services.clock import FixedClock
from services.domain.deliveries import Retry, Sent, Unknown
from tests.chaos.verdict import Scenario, Verdict
from tests.fakes.senders import Ending
from tests.services.posting import posting
from tests.stage import START, SteppedClock

_HOUR: Final = 3_600.0
_JUMPS: Final = (_HOUR, -_HOUR, 8 * _HOUR)
_RETRY_SECONDS: Final = 5.0
_REPEAT: Final = "repeat: "


class WarpedClock(SteppedClock):
    """Wall and monotonic time apart: people sleep by the monotonic one, `warp` moves only the wall."""

    def __init__(self, at: datetime) -> None:
        super().__init__(at)
        self.warp = timedelta()

    def now(self) -> datetime:
        return FixedClock.now(self) + self.warp

    def steady(self) -> datetime:
        """Return the time without its jumps."""
        return FixedClock.now(self)

    async def sleep(self, seconds: float) -> None:
        alarm = asyncio.get_running_loop().create_future()
        task = asyncio.current_task()
        self._asleep[task] = (self.steady() + timedelta(seconds=seconds), alarm)
        self._woken.discard(task)
        try:
            await alarm
        finally:
            self._asleep.pop(task, None)


async def run(seed: int, count: int, folder: Path) -> Verdict:
    """Owe five messages around each of `count` jumps, some refused for 5 s and some with a lost answer."""
    del folder
    chance, clock = Random(seed), WarpedClock(START)
    retried, unknown = 0, 0
    async with posting(clock) as post:
        post.connect()
        for jump in range(count):
            for number in range(5):
                match chance.choice(("sent", "retry", "arrived", "lost")):
                    case "retry":
                        retried += 1
                        post.sender.then(Retry(timedelta(seconds=_RETRY_SECONDS), "too many requests"))
                    case "arrived" | "lost" as way:
                        unknown += 1
                        post.sender.then(Ending(Unknown("no answer"), arrives=way == "arrived"))
                    case _:
                        post.sender.then(Sent(1))
                await post.owe(f"message {jump} {number}", chat=1 + number)
            await post.rest()
            clock.warp += timedelta(seconds=chance.choice(_JUMPS))
            await _pass(clock, post.rest, 60)
        clock.warp = max(clock.warp, timedelta()) + timedelta(days=1)
        await _pass(clock, post.rest, 3_600)
        plain = Counter(text for _, text in post.sender.seen if not text.startswith(_REPEAT))
        told = {text.removeprefix(_REPEAT) for _, text in post.sender.seen}
        early = _too_early([(each.at, each.delivery.key) for each in post.sender.attempts])
    lost = sorted({f"message {jump} {number}" for jump in range(count) for number in range(5)} - told)
    broken = [f"lost: {each}" for each in lost] + [f"twice: {key}" for key, times in plain.items() if times > 1] + early
    figures = {"messages": count * 5, "retried": retried, "unknown": unknown, "lost": len(lost),
               "too_early": len(early), "repeats": len(post.sender.seen) - len(told)}  # fmt: skip
    return Verdict(figures, tuple(broken))


async def _pass(clock: WarpedClock, rest: object, seconds: int) -> None:
    assert callable(rest)
    for _ in range(12):
        clock.set(clock.steady() + timedelta(seconds=seconds / 12))
        await rest()


def _too_early(attempts: list[tuple[float, str]]) -> list[str]:
    """Return the attempts that came sooner after an earlier one of the same message than any wait allows."""
    last: dict[str, float] = {}
    found: list[str] = []
    for at, key in attempts:
        if key in last and at - last[key] < _RETRY_SECONDS:
            found.append(f"{key} again after {at - last[key]:.1f} s")
        last[key] = at
    return found


SCENARIO = Scenario(
    "clocks", "C1", "jumps", 100, "0 lost, 0 doubled, 0 sent early over jumps of 1 h and suspends of 8 h", run
)
