"""Which errors move together: correlation and spread, computed by PromQL."""

from __future__ import annotations

from ... import promql, series, wide
from ..counted import BEHIND, errors
from ..panels import Query, Row, number, table
from ..scales import NO_ERROR, over_time
from ..values import BLUE, GREY, ORANGE, RED, Nothing, Steps

LEAST_STEP, POINTS = "5m", 150
"""The least distance of the points of a correlation, and about the most points: Grafana chooses the
distance."""
FEWEST = 12
"""The fewest points of a correlation that is shown, an hour of them: with fewer it is chance."""
CORRELATED: Steps = ((None, BLUE), (-0.5, GREY), (0.5, ORANGE), (0.8, RED))
TOO_STEADY = "what does not vary within the chosen time has no correlation"
OF_ALL = "[$__range:$__interval]"

TYPES = over_time(
    ("error_type",), wide.ERRORS, each=lambda found: f"last_over_time({found}[$__range] @ end())"
)

BY_TYPE = f"({over_time(('error_type',), wide.ERRORS)} or on (error_type) 0 * {TYPES})"
"""Errors by type. A type that occurs for the first time had zero errors before."""
LATENCY = f"({over_time((), wide.LATENCIES)} / ({over_time((), wide.MEASURED)} > 0))"
ORDERED = over_time((), wide.ORDERS)

CHOSEN = (
    f"({over_time((), wide.ERRORS, promql.equal('error_type', '$error_type'))} or 0 * {LATENCY})"
)


def correlation(y: str) -> str:
    """Pearson's correlation r of the errors of each type with `y`, one series without labels.

    Each side is divided by its standard deviation; the variance of the sum of two such series is
    2 + 2 r. So each side is read only twice, rather than once for each mean and product; reading
    takes most of the time over a week of a thousand stores. A series that does not vary has no
    correlation. Rounding may carry a perfect one a little past 1, so it is clamped.
    """
    both = f"({BY_TYPE} and on () {y})"
    of_type = f"(stddev_over_time({both}{OF_ALL} @ end()) > 0)"
    of_other = f"(stddev_over_time({y}{OF_ALL} @ end()) > 0)"
    summed = f"{BY_TYPE} / {of_type} + on () group_left () {y} / {of_other}"
    enough = f"count_over_time({y}{OF_ALL}) >= {FEWEST}"
    return f"clamp(stdvar_over_time(({summed}){OF_ALL}) / 2 - 1, -1, 1) and on () ({enough})"


CORRELATIONS = table(
    "Error types that move together",
    "Correlation over the chosen time with the error type chosen above, with the mean p95 latency, "
    "and with the orders of the past hour: 1 means that they rise together, 0 that they are "
    "unrelated, -1 that one rises when the other falls. Types near 1 most likely have one cause. "
    f"Points is the number of samples in the computation, at least {LEAST_STEP} apart. With fewer "
    f"than {FEWEST}, nothing is shown, because the result would be chance.",
    (
        *(
            Query(
                correlation(y),
                title,
                decimals=2,
                width=120 if title == "with chosen" else 112,
                steps=CORRELATED,
                empty=TOO_STEADY,
            )
            for title, y in (
                ("with chosen", CHOSEN),
                ("with latency", LATENCY),
                ("with orders", ORDERED),
            )
        ),
        number(
            f"count_over_time(({BY_TYPE} and on () {LATENCY}){OF_ALL})",
            "Points",
            width=70,
            empty=NO_ERROR,
            # Beside rows, the words would be about the first one.
            otherwise=Nothing.STEADY,
        ),
    ),
    columns=("error_type",),
    sort="with chosen",
    interval=LEAST_STEP,
    points=POINTS,
)


def affected(label: str) -> str:
    """In how many values of a label each error type occurred within the chosen time."""
    return f"count by (error_type) ({errors(('error_type', label), series.FAILURES)} > 0)"


SPREAD = table(
    "How widespread each failure is",
    "Number of failures in the chosen time, and of the stores, orgs and operations in which "
    f"they occurred. {BEHIND} If many stores fail at once, look at the application, the "
    "network or a hosting company; if one fails, look at that shop.",
    (
        number(
            f"{errors(('error_type',), series.FAILURES)} > 0",
            "Failures",
            width=92,
            empty=NO_ERROR,
            otherwise=Nothing.NONE,
        ),
        *(
            number(affected(label), title, width=width, empty=NO_ERROR)
            for label, title, width in (
                ("domain", "Stores", 75),
                ("org", "Orgs", 75),
                ("operation", "Operations", 95),
            )
        ),
    ),
    columns=("error_type",),
    sort="Failures",
    nothing=Nothing.NONE,
)

MOVING_TOGETHER = Row("What moves together", (CORRELATIONS, SPREAD))
