"""Figures of each hour, to keep for years: exact sums of what the counters of operations grew by.

Raw counters of years are too many, and no longer window of theirs can be read at once. So their
growth is recorded every five minutes and added up every hour. These windows meet without a gap:

- `increase` would leave out what a counter grew by between the last sample of one window and the
  first one of the next, and extrapolates in its place. Here each counter is looked at on a grid
  that belongs to the clock, and what it grew by from one point to the next is added up.
- Groups are evaluated at the same times past each interval, so that one window ends where the next
  one begins.
- What was scraped or recorded but is not yet stored would be left out of one window and be no
  growth in the next, so a window ends `DELAY` ago.
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
"""The distance of the points at which a counter is read. What it grew by between the last of
them and its restart is lost where it is scraped more often."""
DELAY = "1m"
GAP = "1h"
"""For how long a counter may not be scraped and still goes on from where it was."""

CALLS = series.recorded(OPERATION, operations.OPERATIONS, f"increase{WINDOW}")
ERRORS = series.recorded(OPERATION_ERROR, operations.OPERATION_ERRORS, f"increase{WINDOW}")
STORE_ERRORS = series.recorded(
    (*STORE, "error_type"), operations.OPERATION_ERRORS, f"increase{WINDOW}"
)
"""Those of all operations, of which there are as many times fewer series."""


HOURLY_CALLS = series.recorded(OPERATION, operations.OPERATIONS, "increase1h")
HOURLY_ERRORS = series.recorded(OPERATION_ERROR, operations.OPERATION_ERRORS, "increase1h")
HOURLY_SECONDS = series.recorded(OPERATION, operations.OPERATION_DURATION, "increase1h")
"""The sum of the durations of an hour's calls."""


def _of_operations(*matchers: str) -> str:
    """Errors of each operation of each store, of whichever of both windows the matchers choose.

    Matchers that leave both would count each error twice. So the variable of the dashboards that
    holds `SKIPPED` is never empty: an empty pattern would skip nothing.
    """
    return promql.select("", promql.one_of("__name__", (ERRORS, HOURLY_ERRORS)), *matchers)


TOGETHER = Wide(ERRORS.partition(":")[2], ("operation", "error_type"), _of_operations)
"""Errors of several stores."""
SKIPPED = (
    (3 * HOUR, ".+:.+"),
    (2 * DAY, "store_.+|.+1h"),
    (math.inf, "store_.+|org_domain_platform_operation_.+5m"),
)
"""Up to how many seconds which names are not read of the errors of that time. Of a short one the
counters themselves are read, of a longer one their growth in five minutes, and of days that in each
hour, because a thousand stores have 16,000 series of failures. Where there are fewer, as of all
operations of a store together, nothing is recorded of hours."""


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
        # A group of its own, because promtool makes a past of one group at a time, and none of its
        # rules reads what another one makes. As often as that group, so that each window is in it.
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
                Record(HOURLY_CALLS, hour(CALLS)),
                Record(HOURLY_ERRORS, hour(ERRORS)),
                Record(HOURLY_SECONDS, f"{hour(CALLS)} * ({mean()})"),
            ],
            interval=HOUR,
            meet=True,
        ),
    ]


def growth(metric: Metric) -> str:
    """By how much the series of a counter grew within the window, to the unit, to be added up.

    One that fell began anew at zero. One that is new was at zero before, and so its first value,
    which is another one where Prometheus is new and not the series, is no growth.
    """
    known = f"last_over_time({promql.over(promql.select(metric), GAP, DELAY)})"
    step = promql.seconds(GRID)
    # `irate` takes the last two points, of which a window of two steps has no more: what a counter
    # grew by from one to the next, or has if it fell, for each second. Counts are whole.
    grown = f"irate({known}[{promql.duration(2 * step)}:{GRID}])"
    return f"round({step:g} * sum_over_time({grown}[{WINDOW}:{GRID}]))"


def hour(recorded: str) -> str:
    """Twelve windows together, all of which have been recorded by then."""
    return f"sum_over_time({promql.over(recorded, '1h', DELAY)})"


def mean() -> str:
    """Mean duration of an hour's calls in seconds, of native or classic histograms."""
    duration = operations.OPERATION_DURATION

    def summed(suffix: str) -> str:
        grown = promql.over(promql.select(duration, suffix=suffix), "1h", DELAY)
        return total(OPERATION, f"increase({grown})")

    classic = f"{summed('_sum')} / ({summed('_count')} > 0)"
    return f"histogram_avg({summed('')}) >= 0 or {classic}"
