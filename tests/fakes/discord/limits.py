"""What the platform allows; a test may tighten, loosen or switch off each of them."""

import time
from dataclasses import dataclass, replace
from typing import Self


@dataclass(frozen=True, slots=True)
class Rate:
    """So many requests in a window that opens with the first of them."""

    count: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Limits:
    """The platform's documented limits; `None` switches a rate off."""

    global_rate: Rate | None = Rate(50, 1.0)
    channel_rate: Rate | None = Rate(5, 5.0)
    webhook_rate: Rate | None = Rate(5, 2.0)
    invalid_per_10_min: int = 10_000
    first_answer_s: float = 3.0
    token_life_s: float = 900.0
    nonce_window_s: float = 300.0
    upload_bytes: int = 10 * 1024 * 1024
    user_install_followups: int = 5
    command_creates_per_day: int = 200
    heartbeat_interval_s: float = 41.25
    resume_window_s: float = 180.0
    identifies_per_day: int = 1_000
    identify_interval_s: float = 0.0
    frames_per_minute: int = 120

    def unpaced(self) -> Self:
        """The same without request rates, for benchmarks and fast tests."""
        return replace(self, global_rate=None, channel_rate=None, webhook_rate=None)


class Clock:
    """Monotonic and wall time that a test can move forward, so that no test waits for a window to pass."""

    def __init__(self) -> None:
        self.offset_s = 0.0

    def advance(self, seconds: float) -> None:
        self.offset_s += seconds

    def now(self) -> float:
        return time.monotonic() + self.offset_s

    def wall(self) -> float:
        return time.time() + self.offset_s
