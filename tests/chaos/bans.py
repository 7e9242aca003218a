"""R1: no request inside any interval that a 429 forbids, and a flooded chat holds up nobody. Injected clock."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Final

from services.domain.deliveries import Delivery, Looked, Outcome, Retry, Sent, Unreadable
from services.domain.pacing import Pace, Window
from services.domain.people import Place
from tests.chaos.verdict import Scenario, Verdict
from tests.fakes.senders import FakeSender
from tests.services.posting import Post, posting

PACE: Final = Pace(bot=Window(30, 1.0), private=Window(1, 1.0), group=Window(20, 60.0))
_CHATS: Final = 40
_REFUSES: Final = 0.15
_WHOLE_BOT: Final = 0.05
_MOST_SECONDS: Final = 100_000
_ALLOWED_DELAY_SECONDS: Final = 0.05


@dataclass
class Strict(FakeSender):
    """Refuses by chance for 1 to 600 s, and notes every request inside an interval that it forbade."""

    chance: Random = field(default_factory=Random)
    refuses: float = _REFUSES
    flooded: frozenset[int] = frozenset()
    bans: dict[int | None, tuple[float, float]] = field(default_factory=dict)  # from the answer to its `retry_after`
    breaches: list[str] = field(default_factory=list)
    sent: dict[str, float] = field(default_factory=dict)
    refusals: int = 0

    async def send(self, delivery: Delivery, reply: str, *, repeat: bool) -> Outcome:
        now, chat = self.clock.monotonic(), delivery.place.chat_id
        for scope in (None, chat):
            told, until = self.bans.get(scope, (now, now))
            if told < now < until:  # what left before the answer came could not know
                self.breaches.append(f"{delivery.key} at {now:.3f}, forbidden until {until:.3f}")
        if chat in self.flooded or self.chance.random() < self.refuses:
            self.refusals += 1
            after, whole = float(self.chance.randrange(1, 601)), self.chance.random() < _WHOLE_BOT and not self.flooded
            scope = None if whole else chat
            told, until = self.bans.get(scope, (now, now))
            self.bans[scope] = (told if until > now else now, max(until, now + after))
            return Retry(timedelta(seconds=after), "too many requests", whole_bot=whole)
        if delivery.key in self.sent or repeat:
            self.breaches.append(f"{delivery.key} twice")
        self.sent[delivery.key] = now
        return Sent(len(self.sent))

    async def is_answering(self, place: Place) -> bool:
        return place.bot_id > 0

    async def look_up(self, delivery: Delivery) -> Looked:
        del delivery
        return Unreadable()


async def run(seed: int, count: int, folder: Path) -> Verdict:
    """Send `count` messages to 40 chats through refusals; then compare a fan-out with and without a flooded chat."""
    del folder
    chance = Random(seed)
    async with posting() as post:
        sender = _strict(post, chance, _REFUSES)
        for number in range(count):
            await post.owe(f"message {number}", 1 + chance.randrange(_CHATS))
        await _until_sent(post, sender, count)
    alone, beside = await _fanned_out(seed, frozenset()), await _fanned_out(seed, frozenset({1}))
    delay = max(beside[key] - alone[key] for key in beside)
    broken = [*sender.breaches, *([f"{count - len(sender.sent)} lost"] if len(sender.sent) < count else [])]
    broken += [f"a flooded chat delays others by {delay:.3f} s"] if delay > _ALLOWED_DELAY_SECONDS else []
    figures = {
        "refusals": sender.refusals, "inside_a_ban": len(sender.breaches), "lost": count - len(sender.sent),
        "delay_of_others_seconds": delay,
    }  # fmt: skip
    return Verdict(figures, tuple(broken))


def _strict(post: Post, chance: Random, refuses: float, flooded: frozenset[int] = frozenset()) -> Strict:
    sender = Strict(post.clock, chance=chance, refuses=refuses, flooded=flooded)
    post.sender = sender
    post.connect(PACE)
    return sender


async def _until_sent(post: Post, sender: Strict, count: int) -> None:
    for _ in range(_MOST_SECONDS):
        if len(sender.sent) >= count:
            return
        await post.after(1.0)


async def _fanned_out(seed: int, flooded: frozenset[int]) -> dict[str, float]:
    """Return when 100 messages to chats of their own left, those to flooded chats left out; ticks of 10 ms."""
    async with posting() as post:
        sender = _strict(post, Random(seed), 0.0, flooded)
        begun = post.clock.monotonic()
        for number in range(5):
            await post.owe(f"flooding {number}", 1)
        for number in range(100):
            await post.owe(f"message {number}", 100 + number)
        for _ in range(1_000):
            if sum(key.startswith("message") for key in sender.sent) == 100:
                break
            await post.after(0.01)
        return {key: at - begun for key, at in sender.sent.items() if key.startswith("message")}


SCENARIO = Scenario(
    "bans", "R2", "messages", 2_000, "0 requests inside a ban; a flooded chat delays others by under 50 ms", run
)
