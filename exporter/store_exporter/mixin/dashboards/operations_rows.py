"""A row of the operations page: each operation and each store."""

from __future__ import annotations

from .. import series
from ..names import Dashboards
from ..promql import equal, select
from .panels import Kind, Panel, Query, Row
from .scales import LATENCY, SUCCESS, success
from .variables import OPERATION_MATCH

M = OPERATION_MATCH
RATE = select(series.OPERATION_RATE, *M)


def each() -> Row:
    """Each operation and each store."""
    return Row(
        "One by one",
        (
            Panel(
                Kind.TABLE,
                "By operation",
                "Every operation, the least successful first. One that fails alone points to "
                "that call.",
                columns("operation"),
                width=12,
                height=12,
                columns=("operation",),
                sort="+Success",
                links=(Dashboards.OPERATIONS, Dashboards.ERRORS),
            ),
            Panel(
                Kind.TABLE,
                "By store: the 50 with most failures",
                "Stores with most failures a second, shoppers' mistakes left out; latency is "
                "that of the slowest operation. Click one for its page.",
                columns("org", "domain", top=50),
                width=12,
                height=12,
                columns=("org", "domain"),
                sort="+Success",
                links=(Dashboards.SHOP, Dashboards.ERRORS),
            ),
        ),
    )


def columns(*labels: str, top: int = 0) -> tuple[Query, ...]:
    """Rate, success and latency by labels; of those with most failures only, if `top` is given."""
    by = ", ".join(labels)
    failed = f"sum by ({by}) ({select(series.OPERATION_FAILED, *M)})"
    only = f" and on ({by}) topk({top}, {failed})" if top else ""

    def slowest(q: str) -> str:
        return (
            f"max by ({by}) ({select(series.OPERATION_QUANTILE, equal('quantile', q), *M)}){only}"
        )

    return (
        Query(f"sum by ({by}) ({RATE}){only}", "Rate", unit="ops", decimals=3),
        Query(
            f"({success(*labels)}){only}", "Success", unit="percentunit", decimals=1, steps=SUCCESS
        ),
        Query(f"topk({top}, {failed})" if top else failed, "Failures", unit="ops", decimals=3),
        Query(slowest("0.5"), "p50", unit="s", decimals=2, steps=LATENCY),
        Query(slowest("0.95"), "p95", unit="s", decimals=2, steps=LATENCY),
        Query(slowest("0.99"), "p99", unit="s", decimals=2, steps=LATENCY),
    )
