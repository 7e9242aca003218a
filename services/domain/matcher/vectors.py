"""What the matcher does with many numbers at once. Only this module loads numpy."""

from array import array
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from services.domain.matcher.index import CHUNK, Columns
from services.domain.matcher.levels import Levels

Column = NDArray[np.float64]
IntColumn = NDArray[np.int32]

_FILLED = CHUNK // 2  # what a new chunk holds, as after a split


class Comparison:
    """The next levels of all series, seen in place. While this lives their arrays cannot grow."""

    def __init__(self, up: "array[float]", down: "array[float]") -> None:
        self._up = np.frombuffer(up)
        self._down = np.frombuffer(down)
        self._rises = np.empty(len(up), np.bool_)
        self._falls = np.empty(len(up), np.bool_)

    def hits(self, values: Column) -> list[tuple[int, float]]:
        """Return the numbers and values of the series that reach their next level."""
        count = len(values)
        if count == len(self._up):
            up, down, rises, falls = self._up, self._down, self._rises, self._falls
        else:
            up, down, rises, falls = self._up[:count], self._down[:count], self._rises[:count], self._falls[:count]
        np.greater_equal(values, up, rises)
        np.less_equal(values, down, falls)
        np.logical_or(rises, falls, rises)
        if not rises.any():
            return []
        numbers = rises.nonzero()[0]
        return list(zip(numbers.tolist(), values[numbers].tolist(), strict=True))


def sorted_twice(levels: Levels) -> tuple[list[Columns], list[Columns]]:
    """Return chunks of groups, ranks and entries twice: in order of entries, and in order of groups and ranks."""
    groups = np.frombuffer(levels.groups, np.int32)
    entries = np.frombuffer(levels.entries, np.int64)
    ranks = np.frombuffer(levels.levels).copy()
    np.negative(ranks, out=ranks, where=(groups & 1).astype(np.bool_))
    if not (entries[:-1] < entries[1:]).all():
        order = entries.argsort()
        groups, ranks, entries = groups[order], ranks[order], entries[order]
    places = list(_chunks(groups, ranks, entries))
    order = np.lexsort((ranks, groups))  # keeps the order of entries where both are the same
    return places, list(_chunks(groups[order], ranks[order], entries[order]))


def _chunks(groups: IntColumn, ranks: Column, entries: NDArray[np.int64]) -> Iterator[Columns]:
    for start in range(0, len(entries), _FILLED):
        part = slice(start, start + _FILLED)
        yield (
            array("i", groups[part].tobytes()),
            array("d", ranks[part].tobytes()),
            array("q", entries[part].tobytes()),
        )
