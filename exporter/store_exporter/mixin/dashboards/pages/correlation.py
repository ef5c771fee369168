"""Which errors move together: correlation and spread, computed by PromQL."""

from __future__ import annotations

from ....metrics.catalogue import operations
from ... import promql, series
from ...promql import increase, select
from ..panels import BLUE, GREY, ORANGE, RED, Nothing, Panel, PanelKind, Query, Row
from ..scales import NO_ERROR, ORDERS, P95
from ..variables import OPERATION_MATCH, STORE_MATCH

S, M = STORE_MATCH, OPERATION_MATCH
BY_TYPE = f"sum by (error_type) ({select(series.STORE_ERROR_RATE, *S)})"
FOUND = increase(
    operations.OPERATION_ERRORS, "$__range", promql.one_of("fault", series.FAILURES), *M
)
STEP = "5m"
"""Distance of the points between which correlation is computed."""
FEWEST = 12
"""Points below which a correlation is mere chance, and not shown: an hour of them."""
TOO_STEADY = "what does not vary within the chosen time has no correlation"


def correlation(x: str, y: str) -> str:
    """Pearson's correlation of each series of `x` with the one series `y`, which has no labels.

    Both are sampled every `STEP` over the chosen time, and `FEWEST` times at least. What does not
    vary has no correlation, and rounding may carry a perfect one a little past 1.
    """
    both = f"({x} and on () {y})"
    mean_of = f"[$__range:{STEP}]"
    product = f"avg_over_time(({both} * on () group_left () {y}){mean_of})"
    means = f"avg_over_time({both}{mean_of}) * on () group_left () avg_over_time(({y}){mean_of})"
    spread = (
        f"(stddev_over_time({both}{mean_of})"
        f" * on () group_left () stddev_over_time(({y}){mean_of}))"
    )
    enough = f"count_over_time({both}{mean_of}) >= {FEWEST}"
    return f"clamp((({product} - {means}) / {spread}) >= -1.01 <= 1.01, -1, 1) and {enough}"


def together() -> Row:
    """Which error types move together, and with what else."""
    chosen = (
        f"(sum ({select(series.STORE_ERROR_RATE, promql.equal('error_type', '$error_type'), *S)}))"
    )
    latency = f"(avg ({P95}))"
    orders = f"(sum ({ORDERS}))"
    steps = ((None, BLUE), (-0.5, GREY), (0.5, ORANGE), (0.8, RED))
    table = Panel(
        PanelKind.TABLE,
        "Error types that move together",
        "Correlation over the chosen time, from -1 (one rises when the other falls) over 0 "
        "(unrelated) to 1 (they rise together): with the error type chosen above, with the mean "
        "p95 latency, and with the orders of the past hour. Types near 1 most likely have one "
        f"cause. Points are what it is computed from, {STEP} apart; of fewer than {FEWEST} nothing "
        "is shown, as it would be chance.",
        (
            *(
                Query(
                    correlation(f"({BY_TYPE})", y),
                    title,
                    decimals=2,
                    width=120 if title == "with latency" else 112,
                    steps=steps,
                    empty=TOO_STEADY,
                    otherwise=Nothing.STEADY if y == latency else None,
                )
                for title, y in (
                    ("with chosen", chosen),
                    ("with latency", latency),
                    ("with orders", orders),
                )
            ),
            Query(
                f"count_over_time(({BY_TYPE})[$__range:{STEP}])",
                "Points",
                decimals=0,
                width=70,
                empty=NO_ERROR,
            ),
        ),
        width=24,
        columns=("error_type",),
        sort="with latency",
    )
    spread = Panel(
        PanelKind.TABLE,
        "How widespread each failure is",
        "Failures in the chosen time, and the stores, orgs and operations they occurred in. Many "
        "stores at once: look at the application, the network or a hosting company; one store: "
        "look at that shop.",
        (
            Query(
                f"sum by (error_type) ({FOUND})",
                "Failures",
                decimals=0,
                empty=NO_ERROR,
                otherwise=Nothing.NONE,
            ),
            *(
                Query(affected(label), title, decimals=0, width=width, empty=NO_ERROR)
                for label, title, width in (
                    ("domain", "Stores", 75),
                    ("org", "Orgs", 75),
                    ("operation", "Operations", 95),
                )
            ),
        ),
        width=24,
        columns=("error_type",),
        sort="Failures",
        nothing=Nothing.NONE,
    )
    return Row("What moves together", (table, spread))


def affected(label: str) -> str:
    """In how many values of a label each error type occurred within the chosen time."""
    return f"count by (error_type) (sum by (error_type, {label}) ({FOUND}) > 0)"
