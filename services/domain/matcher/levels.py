"""Conditions in columns, as they come from the store a million at a time."""

from array import array
from collections.abc import Iterable, Iterator

from services.domain.alerts import Direction


class _Numbers(dict[str, int]):
    """A number for each text, given when it is first asked for."""

    def __missing__(self, text: str) -> int:
        number = self[text] = len(self)
        return number


class Levels:
    """What is to be watched for: entries, series, directions and levels."""

    def __init__(self, each: Iterable[tuple[int, str, Direction, float]] = ()) -> None:
        self._numbers = _Numbers()
        self.entries = array("q")
        self.groups = array("i")  # twice the series' number, and one more for values that fall
        self.levels = array("d")
        for entry, metric, way, level in each:
            self.entries.append(entry)
            self.groups.append(2 * self._numbers[metric] + (way == "down"))
            self.levels.append(level)

    def __len__(self) -> int:
        """Return how many conditions there are."""
        return len(self.entries)

    def __iter__(self) -> Iterator[tuple[int, str, Direction, float]]:
        """Return entry, metric, direction and level of each."""
        metrics = self.metrics
        for entry, group, level in zip(self.entries, self.groups, self.levels, strict=True):
            yield entry, metrics[group // 2], "down" if group % 2 else "up", level

    @property
    def metrics(self) -> list[str]:
        """Return the series' keys by their numbers."""
        return list(self._numbers)

    def extend(
        self, entries: Iterable[int], metrics: Iterable[str], ways: Iterable[int], levels: Iterable[float]
    ) -> None:
        """Add columns of equal length; a way is 1 for values that rise and -1 for those that fall."""
        numbers = map(self._numbers.__getitem__, metrics)
        self.groups.extend([2 * number + (way < 0) for number, way in zip(numbers, ways, strict=True)])
        self.entries.extend(entries)
        self.levels.extend(levels)
