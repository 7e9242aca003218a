"""What should have been said, and what was: judged from the fake servers' logs alone."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final, Literal

from tests.process.harness import Fakes

LABEL: Final = "↻ Possible repeat of "
_SET = re.compile(r"^Alert #(\d+) is set\nOnce, when BTC is above \$([\d,]+)\.$", re.MULTILINE)
_READ = re.compile(r"^([\d,]+) USD = [\d.]+ ETH$", re.MULTILINE)
_FIRED = re.compile(r"^BTC (?:is above|reaches) \$([\d,]+)(?: from below)?\n\$[\d,.]+ at ", re.MULTILINE)
_LISTED = re.compile(r"^\\?#(\d+) BTC is above \$([\d,]+)$", re.MULTILINE)

Kind = Literal["set", "read", "fired"]
_KINDS: Final[tuple[tuple[Kind, re.Pattern[str], int], ...]] = (
    ("set", _SET, 2),
    ("read", _READ, 1),
    ("fired", _FIRED, 1),
)


@dataclass(frozen=True, slots=True)
class Said:
    """One message that a person got; `number` is the level or amount that tells it from all others."""

    platform: str
    chat: int
    kind: Kind
    number: int
    labelled: bool


@dataclass(slots=True)
class Expected:
    """What was asked for: number → (platform, chat). Every number is used once."""

    fired: dict[int, tuple[str, int]] = field(default_factory=dict)
    set: dict[int, tuple[str, int]] = field(default_factory=dict)
    read: dict[int, tuple[str, int]] = field(default_factory=dict)

    def owed(self) -> dict[tuple[Kind, int], tuple[str, int]]:
        """Return (kind, number) → (platform, chat)."""
        asked: tuple[tuple[Kind, dict[int, tuple[str, int]]], ...] = (
            ("fired", self.fired), ("set", self.set), ("read", self.read),
        )  # fmt: skip
        return {(kind, number): to for kind, numbers in asked for number, to in numbers.items()}


def heard(outside: Fakes) -> list[Said]:
    """Return everything that people got and that counts here."""
    sent = [("telegram", each.chat_id, each.text) for each in outside.telegram.sent()]
    for channel, messages in outside.discord.world.messages.items():
        sent += [("discord", channel, shown.text.replace("```\n", "")) for shown in messages.values()]
    return [said for each in sent for said in _read(*each)]


@cache
def _read(platform: str, chat: int, text: str) -> tuple[Said, ...]:
    labelled = text.startswith(LABEL)
    found = ((kind, words[group]) for kind, form, group in _KINDS for words in form.finditer(text))
    return tuple(Said(platform, chat, kind, int(number.replace(",", "")), labelled) for kind, number in found)


def missing(expected: Expected, said: Iterable[Said], platform: str = "") -> set[tuple[Kind, int]]:
    """Return what nobody, or nobody on a platform, has been told yet, as (kind, number)."""
    wanted = {which for which, (where, _) in expected.owed().items() if platform in ("", where)}
    return wanted - {(each.kind, each.number) for each in said}


def faults(expected: Expected, said: Sequence[Said], listed: Mapping[int, str]) -> list[str]:
    """Return what was lost, repeated without a label, misdirected or applied twice; `listed`: chat → its /alerts."""
    owed = expected.owed()
    found = [f"lost: {kind} {number}" for kind, number in sorted(missing(expected, said))]
    found += [
        f"misdirected: {each}" for each in said if owed.get((each.kind, each.number)) != (each.platform, each.chat)
    ]
    plain = Counter((each.kind, each.number) for each in said if not each.labelled and each.kind != "read")
    found += [f"{count} copies without a label: {which}" for which, count in plain.items() if count > 1]
    on_discord = Counter((each.kind, each.number) for each in said if each.platform == "discord")
    found += [f"{count} copies on Discord: {which}" for which, count in on_discord.items() if count > 1]
    for chat in {chat for platform, chat in expected.set.values() if platform == "telegram"}:
        levels = sorted(int(level.replace(",", "")) for _, level in _LISTED.findall(listed.get(chat, "")))
        right = sorted(level for level, (_, owner) in expected.set.items() if owner == chat)
        found += [f"{chat} has {levels} and asked for {right}"] if levels != right else []
    return found
