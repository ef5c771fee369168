"""A shop's calendar: its time zone, its days, and their beginning and end. No I/O."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_EARLIEST = date(2000, 1, 1)
"""A moment before the first order of any platform."""


def named_zone(name: str) -> tzinfo | None:
    """Return a time zone of the IANA database, such as Europe/London; None for any other name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def zone_at(offset: int) -> tzinfo:
    """Return the zone that is `offset` seconds east of Greenwich; GMT for a day or more."""
    return timezone(timedelta(seconds=offset)) if abs(offset) < 24 * 3600 else UTC


def today(now: float, zone: tzinfo) -> date:
    """Return today's date in the shop's calendar; `now` is Unix time in seconds."""
    return datetime.fromtimestamp(now, zone).date()


class TimeRange(NamedTuple):
    """The time of some days, from a first moment up to, but not including, a last one."""

    begin: datetime
    end: datetime

    @classmethod
    def of(cls, first: date, last: date, zone: tzinfo) -> TimeRange:
        """Return the time of days in a calendar, in GMT."""
        days = (first, last + timedelta(days=1))
        return cls(*(datetime.combine(day, time(), zone).astimezone(UTC) for day in days))

    @classmethod
    def up_to(cls, first: date | None, last: date | None, now: float, zone: tzinfo) -> TimeRange:
        """Return the time of days; no first day means since ever, no last day means until now."""
        begin, end = first or _EARLIEST, last or today(now, zone)
        return cls.of(begin, max(begin, end), zone)

    def has(self, moment: datetime | None) -> bool:
        """Whether a moment is in it."""
        return moment is not None and self.begin <= moment < self.end
