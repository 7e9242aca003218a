"""Days as people name them: `fri`, `friday`, `today`, `tomorrow`."""

from datetime import UTC, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun", "today", "tomorrow"]

_WEEK: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_AHEAD: dict[str, Day] = {"today": "today", "tonight": "today", "tomorrow": "tomorrow"}
_LAST = time(23, 59, 59)


def parse_day(text: str) -> Day | None:
    """Return the day that a word names, or None."""
    word = text.lower()
    named = dict(zip((*_WEEK, *_NAMES), (*_WEEK, *_WEEK), strict=True))
    return _AHEAD.get(word) or named.get(word)


def end_of(day: Day, now: datetime, zone: ZoneInfo) -> datetime:
    """Return the last second of the next such day, today counted, by the calendar of `zone`."""
    today = now.astimezone(zone)
    match day:
        case "today":
            ahead = 0
        case "tomorrow":
            ahead = 1
        case weekday:
            ahead = (_WEEK.index(weekday) - today.weekday()) % 7
    return datetime.combine(today.date() + timedelta(days=ahead), _LAST, zone)


def next_midnight(at: datetime, zone: ZoneInfo) -> datetime:
    """Return when the day of `at` is over by the calendar of `zone`, also where a day has 23 or 25 hours."""
    day = at.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(day, time(), zone).astimezone(UTC)
