"""A row of the operations page: each operation and each store."""

from __future__ import annotations

from ... import series
from ...names import Dashboards
from ..panels import Panel, PanelKind, Query, Row
from ..scales import LATENCY, SUCCESS, calls, failures, slowest, success
from ..values import Nothing
from ..variables import OPERATION_MATCH

M = OPERATION_MATCH


def one_by_one() -> Row:
    """Each operation and each store."""
    return Row(
        "One by one",
        (
            Panel(
                PanelKind.TABLE,
                "By operation",
                "Every operation; those with most failures come first. If one fails alone, look "
                "at that call.",
                columns("operation"),
                width=24,
                height=10,
                columns=("operation",),
                sort="Failures/h",
                links=(Dashboards.OPERATIONS, Dashboards.ERRORS),
            ),
            Panel(
                PanelKind.TABLE,
                "By store: the 50 with most failures",
                "The stores with most failures per hour, without shoppers' mistakes. Latency is "
                "the slowest operation's. Click a store for its page.",
                columns("domain", "org", top=50),
                width=24,
                height=10,
                columns=("domain", "org"),
                sort="Failures/h",
                links=(Dashboards.SHOP, Dashboards.ERRORS),
            ),
        ),
    )


def columns(*labels: str, top: int = 0) -> tuple[Query, ...]:
    """Rate, success and latency by labels; with `top`, only of those with most failures."""
    by = ", ".join(labels)
    failed = failures(*labels)
    only = f" and on ({by}) topk({top}, {failed})" if top else ""

    def latency(q: float) -> Query:
        return Query(
            f"{slowest(q, labels, M)}{only}",
            f"p{q * 100:g}",
            unit="s",
            steps=LATENCY,
            empty="what did not run has none",
        )

    return (
        Query(f"topk({top}, {failed})" if top else failed, "Failures/h", decimals=1, width=105),
        Query(
            f"({success(*labels)}){only}", "Success", unit="percentunit", decimals=1, steps=SUCCESS
        ),
        *map(latency, series.QUANTILES),
        Query(f"({calls(*labels)}){only}", "Calls/h", decimals=0, otherwise=Nothing.NO_CALLS),
    )
