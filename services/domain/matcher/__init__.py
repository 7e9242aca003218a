"""Which alerts does a value touch? Packed sorted levels, cut where they fire, and a vector of each series' next levels.

Floats preselect, rounded outward by the caller; the exact decision is `alerts.judge`. The store is the truth: this
index can be rebuilt from it at any time.
"""

from array import array
from math import isnan, nan
from typing import TYPE_CHECKING

from services.domain.alerts import Direction
from services.domain.matcher.index import Index
from services.domain.matcher.levels import Levels
from services.domain.matcher.places import Places

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from services.domain.matcher.vectors import Comparison

__all__ = ["Levels", "Matcher", "loaded"]


class Matcher:
    """All live conditions of one process, found by series and value.

    An entry is any int64. A series is known by its metric's key and, for many at once, by a number that it keeps.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._up = array(
            "d"
        )  # the level that rising values reach first, by series; NaN, which nothing reaches, if none
        self._down = array("d")
        self._index = Index()
        self._places = Places()  # where each entry was put; one that has fired since is in the index no more
        self._fired: list[array[int]] = []  # still in `_places`
        self._count = 0
        self._comparison: Comparison | None = None

    def __len__(self) -> int:
        """Return how many conditions are watched."""
        return self._count

    def number(self, metric: str) -> int:
        """Return the place of a series in the vectors that `touched_all` takes; a new one gets the next."""
        found = self._numbers.get(metric)
        if found is not None:
            return found
        self._comparison = None  # its views keep the vectors from growing
        number = self._numbers[metric] = len(self._up)
        self._up.append(nan)
        self._down.append(nan)
        return number

    def add(self, entry: int, metric: str, way: Direction, level: float) -> None:
        """Watch for `metric` to reach `level` going `way`; an entry is in one place only, so the old one goes."""
        if isnan(level):
            raise ValueError(f"{metric} never reaches {level}")
        self._take_out(entry)
        number, rank = self.number(metric), level if way == "up" else -level
        group = 2 * number + (way == "down")
        self._places.put(entry, group, rank)
        self._index.add(group, rank, entry)
        self._count += 1
        if way == "up" and not self._up[number] <= level:
            self._up[number] = level
        elif way == "down" and not self._down[number] >= level:
            self._down[number] = level
        self._tidy()

    def remove(self, entry: int) -> None:
        """Stop watching; an entry that is not here is no error."""
        self._take_out(entry)
        self._places.remove(entry)
        self._tidy()

    def touched(self, metric: str, value: float) -> list[int]:
        """Take out and return every entry that `value` reaches; the caller puts back what is still to be watched.

        First what rises, the lowest level first; then what falls, the highest first.
        """
        number = self._numbers.get(metric)
        return [] if number is None else self._cut(number, value)

    def touched_all(self, values: "NDArray[np.float64]") -> list[tuple[int, list[int]]]:
        """Take out what the values of many series reach, and return it by the series' numbers.

        `values` holds one value for each number up to its length; NaN where there is none.
        """
        if self._comparison is None:
            from services.domain.matcher.vectors import Comparison  # numpy is loaded at first use

            self._comparison = Comparison(self._up, self._down)
        hits = self._comparison.hits(values)
        return [(number, self._cut(number, value)) for number, value in hits]

    def would_touch(self, metric: str, value: float) -> bool:
        """Say whether `touched` would return anything, without taking it out."""
        number = self._numbers.get(metric)
        return number is not None and (value >= self._up[number] or value <= self._down[number])

    def metrics(self) -> frozenset[str]:
        """Return the keys of every series that somebody waits for."""
        return frozenset(
            metric for metric, each in self._numbers.items() if not (isnan(self._up[each]) and isnan(self._down[each]))
        )

    def _cut(self, number: int, value: float) -> list[int]:
        fired: list[array[int]] = []
        if value >= self._up[number]:
            self._up[number] = self._index.cut(2 * number, value, fired)
        if value <= self._down[number]:
            self._down[number] = -self._index.cut(2 * number + 1, -value, fired)
        self._fired += fired
        entries: list[int] = []
        for part in fired:
            entries += part.tolist()
        self._count -= len(entries)
        return entries

    def _take_out(self, entry: int) -> None:
        place = self._places.find(entry)
        if place is None:
            return
        group, rank = place
        if not self._index.remove(group, rank, entry):
            return
        self._count -= 1
        number, falls = divmod(group, 2)
        if falls and self._down[number] == -rank:
            self._down[number] = -self._index.first(group)
        elif not falls and self._up[number] == rank:
            self._up[number] = self._index.first(group)

    def _tidy(self) -> None:
        """Forget where one fired entry was, unless it is watched again; each fires once for each time it is added."""
        if not self._fired:
            return
        entry = self._fired[-1].pop()
        if not self._fired[-1]:
            self._fired.pop()
        place = self._places.find(entry)
        if place is not None and not self._index.has(*place, entry):
            self._places.remove(entry)


def loaded(levels: Levels) -> Matcher:
    """Return a matcher that watches for all `levels`, in which no entry is twice; built by sorting, not by adding."""
    matcher = Matcher()
    for metric in levels.metrics:
        matcher.number(metric)
    if not levels:
        return matcher
    from services.domain.matcher.vectors import sorted_twice  # numpy is loaded at first use

    places, index = sorted_twice(levels)
    matcher._count = len(levels)
    matcher._places = Places(places)
    matcher._index = Index(index)
    for group, rank in matcher._index.firsts():
        number, falls = divmod(group, 2)
        if falls:
            matcher._down[number] = -rank
        else:
            matcher._up[number] = rank
    return matcher
