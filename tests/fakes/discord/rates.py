"""Request limits: fixed windows per bucket, one for the whole bot, and the ban for too many invalid requests."""

from collections import deque
from dataclasses import dataclass

from tests.fakes.discord.limits import Clock, Limits, Rate

_BAN_WINDOW_S = 600.0


@dataclass(slots=True)
class _Window:
    ends: float
    used: int
    blocked_until: float = 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the limits say about one request. `wait_s` is None when it may pass."""

    bucket: str = ""
    limit: int = 0
    remaining: int = 0
    reset_after_s: float = 0.0
    wait_s: float | None = None
    is_global: bool = False
    is_banned: bool = False
    too_early: bool = False


class Rates:
    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._windows: dict[str, _Window] = {}
        self._invalid: deque[float] = deque()

    def invalid_requests(self) -> int:
        """Answers 401, 403 and 429 (not `shared`) of the last ten minutes."""
        horizon = self._clock.now() - _BAN_WINDOW_S
        while self._invalid and self._invalid[0] <= horizon:
            self._invalid.popleft()
        return len(self._invalid)

    def count_invalid(self) -> None:
        self._invalid.append(self._clock.now())

    def block(self, bucket: str, seconds: float) -> None:
        """Remember that a bucket (or "global") was told to wait: what comes earlier is marked in the log."""
        window = self._windows.setdefault(bucket, _Window(ends=0.0, used=0))
        window.blocked_until = max(window.blocked_until, self._clock.now() + seconds)

    def ask(self, bucket: str, rate: Rate | None, *, counts_globally: bool) -> Verdict:
        """Take one place in the bucket and in the global window."""
        if self.invalid_requests() >= self._limits.invalid_per_10_min:
            return Verdict(wait_s=_BAN_WINDOW_S, is_banned=True)
        too_early = self._is_blocked(bucket) or (counts_globally and self._is_blocked("global"))
        if counts_globally and self._limits.global_rate is not None:
            verdict = self._take("global", self._limits.global_rate)
            if verdict.wait_s is not None:
                return Verdict(wait_s=verdict.wait_s, is_global=True, too_early=too_early)
        if rate is None:
            return Verdict(too_early=too_early)
        verdict = self._take(bucket, rate)
        return Verdict(
            bucket, verdict.limit, verdict.remaining, verdict.reset_after_s, verdict.wait_s, False, False, too_early
        )

    def _is_blocked(self, bucket: str) -> bool:
        window = self._windows.get(bucket)
        return window is not None and self._clock.now() < window.blocked_until

    def _take(self, bucket: str, rate: Rate) -> Verdict:
        now = self._clock.now()
        window = self._windows.setdefault(bucket, _Window(ends=0.0, used=0))
        if now >= window.ends:
            window.ends, window.used = now + rate.seconds, 0
        left = window.ends - now
        if window.used >= rate.count:
            return Verdict(limit=rate.count, reset_after_s=left, wait_s=left)
        window.used += 1
        return Verdict(limit=rate.count, remaining=rate.count - window.used, reset_after_s=left)
