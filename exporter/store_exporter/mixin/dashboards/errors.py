"""Errors: which types there are, where, and what moves together with them."""

from __future__ import annotations

from ...errors import Fault
from ...metrics.catalogue import operations
from .. import promql, series
from ..names import Dashboards
from ..promql import increase, select
from .correlation import BY_TYPE, together
from .errors_rows import ours
from .panels import NEUTRAL, Kind, Page, Panel, Query, Row, Variable
from .scales import LATENCY, NO_ERROR, NONE_GOOD, ORDERS, P95, success
from .variables import OPERATION_MATCH, OPERATIONS, STORE_MATCH

S, M = STORE_MATCH, OPERATION_MATCH

REFERENCE = Variable(
    "error_type",
    "Compare with",
    promql.select(operations.OPERATION_ERRORS, *promql.variables("org", "domain", "platform")),
    multi=False,
)


def page() -> Page:
    """The dashboard."""
    return Page(
        Dashboards.ERRORS,
        "Stores / Errors",
        "Which errors there are, in which stores and operations, and which of them rise and fall "
        "together, with latency and with orders.",
        (*OPERATIONS, REFERENCE),
        (now(), course(), together(), places(), ours()),
    )


def in_range(fault: str) -> str:
    """The number of errors of some faults within the chosen time."""
    return f"sum({increase(operations.OPERATION_ERRORS, '$__range', fault, *M)})"


def now() -> Row:
    """Errors in single figures."""
    stats = (
        (
            "Failures in the chosen time",
            "Failed operations, shoppers' mistakes and cancelled calls left out.",
            in_range(promql.one_of("fault", series.FAILURES)),
            NONE_GOOD,
        ),
        (
            "Shoppers' mistakes in the chosen time",
            (
                "Refusals such as out of stock or a wrong coupon. No failure, but many of one kind "
                "are a hint to the merchant."
            ),
            in_range(promql.equal("fault", Fault.CUSTOMER)),
            NEUTRAL,
        ),
        (
            "Stores with failures now",
            "Stores in which an operation failed within the last minutes.",
            f"count(sum by (org, domain) ({select(series.OPERATION_FAILED, *M)}) > 0)",
            NONE_GOOD,
        ),
    )
    panels = [
        Panel(
            Kind.STAT,
            title,
            text,
            (Query(expression, empty=NO_ERROR),),
            width=6,
            height=4,
            decimals=0,
            steps=steps,
        )
        for title, text, expression, steps in stats
    ]
    share = Panel(
        Kind.STAT,
        "Success rate now",
        "Share of operations that did not fail, shoppers' mistakes left out.",
        (Query(success()),),
        unit="percentunit",
        width=6,
        height=4,
        links=(Dashboards.OPERATIONS,),
    )
    return Row("Now", (*panels, share))


def course() -> Row:
    """Errors beside latency and orders, on one time axis."""
    return Row(
        "Side by side",
        (
            Panel(
                Kind.GRAPH,
                "Errors by type",
                "Errors a second by error type. Point at a rise: the crosshair shows the same "
                "moment in the panels beside.",
                (Query(BY_TYPE, "{{error_type}}", empty=NO_ERROR),),
                unit="ops",
                low=0,
                stacked=True,
            ),
            Panel(
                Kind.GRAPH,
                "Latency (p95) of the slowest stores",
                "Timeouts that follow rising latency are overload; errors without it are a fault.",
                (Query(f"topk(5, {P95})", "{{org}} {{domain}}"),),
                unit="s",
                low=0,
                steps=LATENCY,
                lines=True,
                links=(Dashboards.OPERATIONS,),
            ),
            Panel(
                Kind.GRAPH,
                "Orders in the past hour",
                "Orders of the chosen stores. Falling with rising errors, they are what the errors "
                "cost.",
                (Query(f"sum({ORDERS})", "orders"),),
                low=0,
                decimals=0,
                links=(Dashboards.TRENDS,),
            ),
        ),
    )


def places() -> Row:
    """Where the errors are."""
    labels = ("org", "domain", "operation", "error_type", "fault")
    found = promql.total(labels, increase(operations.OPERATION_ERRORS, "$__range", *M))
    return Row(
        "Where",
        (
            Panel(
                Kind.TABLE,
                "The 50 most frequent errors",
                "Error types by store and operation, with the number in the chosen time. Click a "
                "store for its page.",
                (Query(f"topk(50, {found} > 0)", "Errors", decimals=0, empty=NO_ERROR),),
                width=24,
                height=12,
                columns=labels,
                sort="Errors",
                links=(Dashboards.SHOP, Dashboards.OPERATIONS),
            ),
        ),
    )
