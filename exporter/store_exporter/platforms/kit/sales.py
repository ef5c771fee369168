"""Which days a report of sales is asked for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta, tzinfo
from typing import NamedTuple, TypeVar

from ...errors import StoreError
from ...net.plans import Plan
from ...net.retry import DEADLINE
from ...spec.operations import Operations
from ...spec.results import SalesReport
from . import checks
from .operations import Planned, plan

ApiT = TypeVar("ApiT")

PERIODS = ("day", "week", "month", "year")
DEFINITIONS = ("created", "paid")


class Days(NamedTuple):
    """Days as a caller gives them: a period up to today, or the first day and perhaps the last.

    Attributes:
        period: one of `PERIODS`, which counts without a first day.
        first: the first day.
        last: the last day; today without it.
        definition: one of `DEFINITIONS`: which orders count.
    """

    period: str
    first: date | None
    last: date | None
    definition: str

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
    return Days(period, begin, end, definition)


def today(now: float, zone: tzinfo) -> date:
    """Return the day that it is in the shop's calendar; `now` is Unix time in seconds."""
    return datetime.fromtimestamp(now, zone).date()


def report_plan(
    *, calls: tuple[str, ...], errors: tuple[str, ...] = (), deadline: float = DEADLINE
) -> Callable[[Callable[[ApiT, Days], Plan[SalesReport]]], Planned[..., SalesReport]]:
    """Make a function the plan of get_sales_report; the arguments are those of `plan`."""

    def planned(report: Callable[[ApiT, Days], Plan[SalesReport]]) -> Planned[..., SalesReport]:
        @plan(
            Operations.get_sales_report,
            calls=calls,
            errors=errors,
            notes_of=report,
            deadline=deadline,
        )
        def get_sales_report(
            api: ApiT,
            period: str = "week",
            first: date | str | None = None,
            last: date | str | None = None,
            definition: str = "created",
        ) -> Plan[SalesReport]:
            return report(api, asked(period, first, last, definition))

        return get_sales_report

    return planned
