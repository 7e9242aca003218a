"""How fast a platform lets us talk: strict sliding windows per bot, per chat and per group."""

from collections import deque
from dataclasses import dataclass, field

from services.domain.people import Place

_MARGIN_SECONDS = 0.012  # two messages of one window must not arrive closer than they left


@dataclass(frozen=True, slots=True)
class Window:
    """At most `count` messages in any `seconds`."""

    count: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Pace:
    """The windows of one platform; None where it has none."""

    bot: Window | None
    private: Window | None
    group: Window | None


UNLIMITED = Pace(None, None, None)


@dataclass(slots=True)
class _Track:
    window: Window
    times: deque[float] = field(default_factory=deque)

    def wait(self, now: float) -> float:
        length = self.window.seconds + _MARGIN_SECONDS
        while self.times and self.times[0] <= now - length:
            self.times.popleft()
        return 0.0 if len(self.times) < self.window.count else self.times[0] + length - now


@dataclass(slots=True)
class Pacer:
    """Which message may leave now, for one bot on one platform. Times are monotonic seconds."""

    pace: Pace
    _bot: _Track | None = None
    _chats: dict[int, _Track] = field(default_factory=dict)
    _halts: dict[int | None, float] = field(default_factory=dict)

    def wait(self, place: Place, now: float, *, private: bool) -> float:
        """Return the seconds until a message to `place` may leave; 0 means now."""
        halt = max(self._halts.get(None, 0.0), self._halts.get(place.chat_id, 0.0)) - now
        tracks = self._tracks(place, private=private)
        return max(0.0, halt, *(track.wait(now) for track in tracks))

    def note(self, place: Place, now: float, *, private: bool) -> None:
        """Count a message that leaves now."""
        for track in self._tracks(place, private=private):
            track.times.append(now)
        if len(self._chats) > 10_000:
            self._chats = {chat: track for chat, track in self._chats.items() if track.wait(now) or track.times}

    def halt(self, place: Place | None, until: float) -> None:
        """Send nothing to this chat (None: to no chat) before `until`; a halt is never shortened."""
        key = None if place is None else place.chat_id
        self._halts[key] = max(until, self._halts.get(key, 0.0))

    def _tracks(self, place: Place, *, private: bool) -> list[_Track]:
        tracks: list[_Track] = []
        if self.pace.bot is not None:
            if self._bot is None:
                self._bot = _Track(self.pace.bot)
            tracks.append(self._bot)
        window = self.pace.private if private else self.pace.group
        if window is not None:
            tracks.append(self._chats.setdefault(place.chat_id, _Track(window)))
        return tracks
