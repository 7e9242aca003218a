"""How fast a platform lets us talk: strict sliding windows per bot, per chat and per group."""

from bisect import insort
from collections import deque
from dataclasses import dataclass, field

from services.domain.people import Place

_MARGIN_SECONDS = 0.012  # two messages of one window must not arrive closer than they left
_ROUNDING_SECONDS = 1e-6  # who waits as long as told is let through, whatever the last binary digit says
_MOST_CHATS = 10_000  # remembered before those that have not been written to lately are dropped


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
        while self.times and self.times[0] <= now - length + _ROUNDING_SECONDS:
            self.times.popleft()
        return 0.0 if len(self.times) < self.window.count else self.times[0] + length - now


@dataclass(slots=True)
class Pacer:
    """Which message may leave now, for one bot on one platform. Times are monotonic seconds."""

    pace: Pace
    _bot: _Track | None = None
    _chats: dict[int, _Track] = field(default_factory=dict)
    _halts: dict[int | None, float] = field(default_factory=dict)
    _prune_above: int = _MOST_CHATS

    def wait(self, place: Place, now: float, *, private: bool) -> float:
        """Return the seconds until a message to `place` may leave; 0 means now."""
        halt = max(self._halts.get(None, 0.0), self._halts.get(place.chat_id, 0.0)) - now
        tracks = self._tracks(place, private=private)
        return max(0.0, halt, *(track.wait(now) for track in tracks))

    def wait_for_bot(self, now: float) -> float:
        """Return the seconds until this bot may send anything at all; 0 means now, if the chat may."""
        return max(0.0, self._halts.get(None, 0.0) - now, 0.0 if self._bot is None else self._bot.wait(now))

    def note(self, place: Place, now: float, *, private: bool) -> None:
        """Count a message that leaves now."""
        for track in self._tracks(place, private=private):
            track.times.append(now)
        if len(self._chats) > self._prune_above:
            self._prune(now)

    def move(self, place: Place, noted: float, at: float, *, private: bool) -> None:
        """Count a message, noted before, at the time when it really left."""
        for track in self._tracks(place, private=private):
            if noted in track.times:
                track.times.remove(noted)
            insort(track.times, at)

    def _prune(self, now: float) -> None:
        for track in self._chats.values():
            track.wait(now)
        self._chats = {chat: track for chat, track in self._chats.items() if track.times}
        self._halts = {chat: until for chat, until in self._halts.items() if until > now}
        self._prune_above = max(_MOST_CHATS, 2 * len(self._chats))

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
