"""Which alerts does a value touch? Packed sorted levels per series and direction, cut from the end when they fire.

Floats preselect, rounded outward by the caller; the exact decision is `alerts.judge`. The store is the truth: this
index can be rebuilt from it at any time.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from services.domain.alerts import Direction

_CHUNK = 4096  # entries; inserting into one array of a million costs 139 µs, into one of this size under 3 µs


@dataclass(slots=True)
class _Ladder:
    """Levels of one direction in rising `rank`, in chunks; the entry that fires first has the highest rank.

    For values that rise the rank is the negated level, so that the lowest level stands at the end and is cut there.
    """

    ranks: list["array[float]"] = field(default_factory=list)
    ids: list["array[int]"] = field(default_factory=list)

    def add(self, rank: float, entry: int) -> None:
        chunk = self._chunk(rank)
        if chunk == len(self.ranks):
            self.ranks.append(array("d"))
            self.ids.append(array("q"))
        at = bisect_right(self.ranks[chunk], rank)
        self.ranks[chunk].insert(at, rank)
        self.ids[chunk].insert(at, entry)
        if len(self.ranks[chunk]) > _CHUNK:
            self._split(chunk)

    def _chunk(self, rank: float) -> int:
        # The first chunk whose last rank is not below `rank`; beyond the end, the last one.
        low, high = 0, len(self.ranks)
        while low < high:
            middle = (low + high) // 2
            if self.ranks[middle][-1] < rank:
                low = middle + 1
            else:
                high = middle
        return max(0, min(low, len(self.ranks) - 1)) if self.ranks else 0

    def _split(self, chunk: int) -> None:
        ranks, ids = self.ranks[chunk], self.ids[chunk]
        half = len(ranks) // 2
        self.ranks[chunk : chunk + 1] = [ranks[:half], ranks[half:]]
        self.ids[chunk : chunk + 1] = [ids[:half], ids[half:]]

    def load(self, pairs: Sequence[tuple[float, int]]) -> None:
        for start in range(0, len(pairs), _CHUNK // 2):
            part = pairs[start : start + _CHUNK // 2]
            self.ranks.append(array("d", (rank for rank, _ in part)))
            self.ids.append(array("q", (entry for _, entry in part)))

    def remove(self, rank: float, entry: int) -> bool:
        for chunk in range(self._chunk(rank), len(self.ranks)):
            ranks, ids = self.ranks[chunk], self.ids[chunk]
            if ranks[0] > rank:
                return False
            for at in range(bisect_left(ranks, rank), bisect_right(ranks, rank)):
                if ids[at] == entry:
                    del ranks[at], ids[at]
                    self._drop_if_empty(chunk)
                    return True
        return False

    def _drop_if_empty(self, chunk: int) -> None:
        if not self.ranks[chunk]:
            del self.ranks[chunk], self.ids[chunk]

    def cut(self, rank: float) -> list[int]:
        """Take out every entry whose rank is at least `rank`, the ones to fire first at the front."""
        fired: list[int] = []
        while self.ranks and self.ranks[-1][-1] >= rank:
            ranks, ids = self.ranks[-1], self.ids[-1]
            at = bisect_left(ranks, rank)
            fired.extend(reversed(ids[at:]))
            del ranks[at:], ids[at:]
            self._drop_if_empty(len(self.ranks) - 1)
        return fired


@dataclass(slots=True)
class Matcher:
    """All live conditions of one process, found by series and value."""

    _up: dict[str, _Ladder] = field(default_factory=dict)
    _down: dict[str, _Ladder] = field(default_factory=dict)
    _placed: dict[int, tuple[str, Direction, float]] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return how many conditions are watched."""
        return len(self._placed)

    def add(self, entry: int, metric: str, way: Direction, level: float) -> None:
        """Watch for `metric` to reach `level` going `way`; an entry is in one place only, so the old one goes."""
        self.remove(entry)
        self._ladders(way).setdefault(metric, _Ladder()).add(_rank(way, level), entry)
        self._placed[entry] = (metric, way, level)

    def remove(self, entry: int) -> None:
        """Stop watching; an entry that is not here is no error."""
        placed = self._placed.pop(entry, None)
        if placed is None:
            return
        metric, way, level = placed
        ladder = self._ladders(way)[metric]
        ladder.remove(_rank(way, level), entry)
        if not ladder.ranks:
            del self._ladders(way)[metric]

    def touched(self, metric: str, value: float) -> list[int]:
        """Take out and return every entry that `value` reaches; the caller puts back what is still to be watched."""
        fired: list[int] = []
        for ladders, rank in ((self._up, -value), (self._down, value)):
            ladder = ladders.get(metric)
            if ladder is not None and ladder.ranks and ladder.ranks[-1][-1] >= rank:
                fired += ladder.cut(rank)
                if not ladder.ranks:
                    del ladders[metric]
        for entry in fired:
            del self._placed[entry]
        return fired

    def would_touch(self, metric: str, value: float) -> bool:
        """Say whether `touched` would return anything, without taking it out."""
        up, down = self._up.get(metric), self._down.get(metric)
        return (up is not None and up.ranks[-1][-1] >= -value) or (down is not None and down.ranks[-1][-1] >= value)

    def metrics(self) -> frozenset[str]:
        """Return the keys of every series that somebody waits for."""
        return frozenset(self._up) | frozenset(self._down)

    def _ladders(self, way: Direction) -> dict[str, _Ladder]:
        return self._up if way == "up" else self._down


def _rank(way: Direction, level: float) -> float:
    return -level if way == "up" else level


def loaded(entries: Iterable[tuple[int, str, Direction, float]]) -> Matcher:
    """Return a matcher with all `entries`, built by one sort a series instead of one insertion an entry."""
    matcher = Matcher()
    gathered: dict[tuple[str, Direction], list[tuple[float, int]]] = {}
    for entry, metric, way, level in entries:
        gathered.setdefault((metric, way), []).append((_rank(way, level), entry))
        matcher._placed[entry] = (metric, way, level)
    for (metric, way), pairs in gathered.items():
        pairs.sort()
        ladder = matcher._ladders(way).setdefault(metric, _Ladder())
        ladder.load(pairs)
    return matcher
