"""Which days a report of sales is asked for. No I/O."""

from __future__ import annotations

from datetime import date, datetime, timedelta, tzinfo
from typing import NamedTuple

from ...errors import StoreError
from . import checks

PERIODS = ("day", "week", "month", "year")
DEFINITIONS = ("created", "paid")


class Days(NamedTuple):
    """Days as a caller gives them: a period up to today, or the first day and perhaps the last."""

    period: str
    first: date | None
    last: date | None

    def until(self, today: date) -> tuple[date, date]:
        """Return the first and the last day."""
        begins = {
            "day": today,
            "week": today - timedelta(days=6),
            "month": today.replace(day=1),
            "year": today.replace(month=1, day=1),
        }
        return self.first or begins[self.period], self.last or today


def asked(period: str, first: date | str | None, last: date | str | None, definition: str) -> Days:
    """Return the days that a report is asked for.

    Raises:
        StoreError: invalid_request, they are no days, or there is no such period or definition.
    """
    begin, end = checks.day(first, "first"), checks.day(last, "last")
    if period not in PERIODS:
        raise StoreError("invalid_request", f"period is not one of {', '.join(PERIODS)}")
    if definition not in DEFINITIONS:
        raise StoreError("invalid_request", "definition is neither created nor paid")
    if begin is None and end is not None:
        raise StoreError("invalid_request", "last needs first")
    if begin is not None and end is not None and begin > end:
        raise StoreError("invalid_request", "first is after last")
    return Days(period, begin, end)


def today(now: float, zone: tzinfo) -> date:
    """Return the day that it is in the shop's calendar; `now` is Unix time in seconds."""
    return datetime.fromtimestamp(now, zone).date()
