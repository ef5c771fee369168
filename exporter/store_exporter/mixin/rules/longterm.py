"""Hourly figures to keep for years: the exact growth of the counters of operations.

Years of raw counters are too many samples to keep, and even a shorter window has too many to read
at once. So their growth is recorded every five minutes and added up every hour. These windows have
no gaps between them:

- `increase` omits the growth between the last sample of one window and the first of the next, and
  extrapolates instead. Here each counter is read at points of a fixed grid of the clock, and the
  growth from point to point is added up.
- Groups are evaluated at fixed times past each interval, so each window ends where the next begins.
- A sample that was scraped or recorded but is not stored yet would be missing in one window without
  being growth in the next. So a window ends `DELAY` ago.
"""

from __future__ import annotations

import math

from ...metrics.catalogue import Metric, operations
from .. import promql, series
from ..model import Group, Record
from ..policy import DAY, HOUR
from ..promql import OPERATION, STORE, total
from ..wide import ALL, ORGS, Wide

OPERATION_ERROR = (*OPERATION, "error_type")

WINDOW = "5m"
GRID = "15s"
"""The distance of the points at which a counter is read. If it is scraped more often, its growth
between the last point and a restart is lost."""
DELAY = "1m"
GAP = "1h"
"""The longest time without a scrape after which a counter continues from its last value."""

CALLS = series.recorded(OPERATION, operations.OPERATIONS, f"increase{WINDOW}")
ERRORS = series.recorded(OPERATION_ERROR, operations.OPERATION_ERRORS, f"increase{WINDOW}")
STORE_ERRORS = series.recorded(
    (*STORE, "error_type"), operations.OPERATION_ERRORS, f"increase{WINDOW}"
)
"""Errors of all operations together, which have far fewer series."""


HOURLY_CALLS = series.recorded(OPERATION, operations.OPERATIONS, "increase1h")
HOURLY_ERRORS = series.recorded(OPERATION_ERROR, operations.OPERATION_ERRORS, "increase1h")
HOURLY_SECONDS = series.recorded(OPERATION, operations.OPERATION_DURATION, "increase1h")
"""The sum of the durations of an hour's calls."""


def _of_operations(*matchers: str) -> str:
    """Errors of each operation of each store, from the window that the matchers select.

    Matchers that select both windows would count each error twice. So the dashboards' variable
    that holds `SKIPPED` is never empty: an empty pattern would skip nothing.
    """
    return promql.select("", promql.one_of("__name__", (ERRORS, HOURLY_ERRORS)), *matchers)


TOGETHER = Wide(ERRORS.partition(":")[2], ("operation", "error_type"), _of_operations)
"""Errors of several stores."""
SKIPPED = (
    (3 * HOUR, ".+:.+"),
    (2 * DAY, "store_.+|.+1h"),
    (math.inf, "store_.+|org_domain_platform_operation_.+5m"),
)
"""The names of error series that are not read, by the longest time in seconds. Errors of a short
time are read from the counters, those of a longer time from the growth of five minutes, and those
of days from the growth of hours, because a thousand stores have 16,000 series of failures. Where
there are fewer series, such as for all operations of a store together, no growth of hours is
recorded."""


def groups() -> list[Group]:
    """The rules of this module."""
    return [
        Group(
            "store-exporter.growth",
            [
                Record(CALLS, total(OPERATION, growth(operations.OPERATIONS))),
                Record(ERRORS, total(OPERATION_ERROR, growth(operations.OPERATION_ERRORS))),
            ],
            interval=promql.seconds(WINDOW),
            meet=True,
        ),
        # A separate group, because promtool backfills one group at a time, without the results of
        # the group's other rules. It has the same interval, so it reads every window.
        Group(
            "store-exporter.growth.together",
            [
                Record(STORE_ERRORS, total((*STORE, "error_type"), ERRORS)),
                Record(TOGETHER.of_orgs, total((*ORGS, *TOGETHER.labels), ERRORS)),
                Record(TOGETHER.of_all, total((*ALL, *TOGETHER.labels), ERRORS)),
            ],
            interval=promql.seconds(WINDOW),
            meet=True,
        ),
        Group(
            "store-exporter.hours",
            [
                Record(HOURLY_CALLS, hour(CALLS, HOURLY_CALLS)),
                Record(HOURLY_ERRORS, hour(ERRORS, HOURLY_ERRORS)),
                Record(HOURLY_SECONDS, f"({hour(CALLS, HOURLY_CALLS)}) * ({mean()})"),
            ],
            interval=HOUR,
            meet=True,
        ),
    ]


def growth(metric: Metric) -> str:
    """The exact growth of a counter's series within the window, to be added up.

    A counter that fell restarted at zero. A new counter starts at zero, so its first value is not
    growth; the first value differs from zero only if Prometheus is new and not the counter.
    """
    known = f"last_over_time({promql.over(promql.select(metric), GAP, DELAY)})"
    step = promql.seconds(GRID)
    # `irate` uses the last two points, and a window of two steps has no more. It returns the growth
    # per second from one to the next, or the new value if the counter fell. Counts are integers.
    grown = f"irate({known}[{promql.duration(2 * step)}:{GRID}])"
    return f"round({step:g} * sum_over_time({grown}[{WINDOW}:{GRID}]))"


def hour(windows: str, hours: str) -> str:
    """The sum of the twelve windows of an hour, which have all been recorded by then.

    If Prometheus was down when the hour before was to be recorded, its windows are added. A history
    that promtool computes has no earlier hours, and so nothing is added there.

    Args:
        windows: name of the recorded growth of five minutes.
        hours: name of the series that records the result.
    """
    one, two = (f"sum_over_time({promql.over(windows, each, DELAY)})" for each in ("1h", "2h"))
    # Half an hour around the time of each of the two records.
    last, earlier = (f"last_over_time({promql.over(hours, each, '30m')})" for each in ("1h", "2h"))
    return f"({two} and ({earlier} unless {last})) or {one}"


def mean() -> str:
    """Mean duration of an hour's calls in seconds, of native or classic histograms."""
    duration = operations.OPERATION_DURATION

    def summed(suffix: str) -> str:
        grown = promql.over(promql.select(duration, suffix=suffix), "1h", DELAY)
        return total(OPERATION, f"increase({grown})")

    classic = f"{summed('_sum')} / ({summed('_count')} > 0)"
    return f"histogram_avg({summed('')}) >= 0 or {classic}"
