"""Times in which a coin had no valid price."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Gap:
    """One coin without a price, from the last good one on. `until` is None while it lasts."""

    coin: str  # coin id
    since: datetime
    until: datetime | None = None
    whole: bool = True  # the candles of that time were all there, so that nothing is missed
    numbers: tuple[int, ...] = ()  # the alerts of one owner that nobody watched for

    def of(self, numbers: Iterable[int]) -> "Gap":
        """Return the gap as one owner hears of it."""
        return replace(self, numbers=tuple(numbers))
