"""Where each entry was put: group and rank by entry, in chunks of packed arrays."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from services.domain.matcher.index import CHUNK, Columns


class Places:
    """Entries in order; `_bounds[i]` parts chunk `i` from the next."""

    def __init__(self, chunks: Sequence[Columns] = ()) -> None:
        """Take chunks that are in order already."""
        self._chunks = list(chunks) or [(array("i"), array("d"), array("q"))]
        self._bounds = [entries[0] for _, _, entries in self._chunks[1:]]

    def find(self, entry: int) -> tuple[int, float] | None:
        """Return the group and rank where an entry was put, or None."""
        groups, ranks, entries = self._chunks[bisect_right(self._bounds, entry)]
        at = bisect_left(entries, entry)
        return (groups[at], ranks[at]) if at < len(entries) and entries[at] == entry else None

    def put(self, entry: int, group: int, rank: float) -> None:
        """Keep where an entry is put, instead of where it was."""
        number = bisect_right(self._bounds, entry)
        groups, ranks, entries = self._chunks[number]
        at = bisect_left(entries, entry)
        if at < len(entries) and entries[at] == entry:
            groups[at], ranks[at] = group, rank
            return
        groups.insert(at, group)
        ranks.insert(at, rank)
        entries.insert(at, entry)
        if len(entries) > CHUNK:
            self._split(number)

    def _split(self, number: int) -> None:
        groups, ranks, entries = self._chunks[number]
        half = len(entries) // 2
        self._chunks.insert(number + 1, (groups[half:], ranks[half:], entries[half:]))
        self._bounds.insert(number, entries[half])
        del groups[half:], ranks[half:], entries[half:]

    def remove(self, entry: int) -> None:
        """Forget an entry, if it is here."""
        number = bisect_right(self._bounds, entry)
        groups, ranks, entries = self._chunks[number]
        at = bisect_left(entries, entry)
        if at == len(entries) or entries[at] != entry:
            return
        del groups[at], ranks[at], entries[at]
        if not entries and len(self._chunks) > 1:
            del self._chunks[number]
            del self._bounds[max(number - 1, 0)]
