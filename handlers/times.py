"""How dates, times and ages are written for people, everywhere alike."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from services.domain.language import say

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def date(at: datetime) -> str:
    """Return the date in the zone that `at` has: `22 Nov 2026`."""
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}"


def minute(at: datetime, zone: str = "UTC") -> str:
    """Return date and time in a zone, to the minute: `22 Nov 2026 09:05 UTC`."""
    there = at.astimezone(ZoneInfo(zone))
    return f"{date(there)} {there:%H:%M} {_short(there)}"


def second(at: datetime) -> str:
    """Return date and time in UTC, to the second: `22 Nov 2026 09:05:01 UTC`."""
    there = at.astimezone(UTC)
    return f"{date(there)} {there:%H:%M:%S} UTC"


def clock(at: datetime, zone: str) -> str:
    """Return the time of day in a zone, to the second: `09:05:01 UTC`."""
    there = at.astimezone(ZoneInfo(zone))
    return f"{there:%H:%M:%S} {_short(there)}"


def age(length: timedelta) -> str:
    """Return a length of time in one unit, as much as a glance takes in: `40 s`, `12 min`, `3 h`, `5 days`."""
    seconds = int(length.total_seconds())
    if seconds < 120:
        return say("{count} s", count=seconds)
    if seconds < 7200:
        return say("{count} min", count=seconds // 60)
    if seconds < 172_800:
        return say("{count} h", count=seconds // 3600)
    return say("{count} days", count=seconds // 86_400)


def _short(at: datetime) -> str:
    """Return the zone's short name; one that has none tells how far it is from UTC."""
    name = at.tzname() or "UTC"
    return f"UTC{name}" if name.startswith(("+", "-")) else name
