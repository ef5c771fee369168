"""Errors: which types occur, where, and what rises and falls with them."""

from __future__ import annotations

from ....errors import Fault
from ... import promql, series, wide
from ...names import Dashboards
from ...promql import hourly, select
from .. import changed
from ..counted import BEHIND, BEHIND_OF_OPERATIONS, errors, latest_errors
from ..panels import DashboardPage, Panel, PanelKind, Query, Row, Variable
from ..scales import LATENCY, NO_ERROR, NONE_GOOD, P95, SUCCESS, mean, over_time, success
from ..values import NEUTRAL, Nothing, Steps
from ..variables import OPERATION_MATCH, OPERATIONS, READ, SKIPPED, STORE_MATCH
from .correlation import moving_together
from .errors_rows import seen_by_exporter

S, M = STORE_MATCH, OPERATION_MATCH
MISTAKEN = (Fault.CUSTOMER.value,)


def frequency(*matchers: str) -> str:
    """How often each error type occurred in the chosen time, on average."""
    return over_time(("error_type",), wide.ERRORS, *matchers, each=mean)


REFERENCE = Variable(
    "error_type",
    "Compare with",
    select(series.STORE_ERROR_RATE, *S),
    multi=False,
    # Failures before shoppers' mistakes, which are far more frequent; the most frequent first.
    ranked=f"sort_desc(1000 + {frequency(promql.one_of('error_type', series.FAILED_TYPES))}"
    f" or {frequency()})",
)


def page() -> DashboardPage:
    """The dashboard."""
    return DashboardPage(
        Dashboards.ERRORS,
        "Stores / Errors",
        "Which errors occur, in which stores and operations, and which of them rise and fall "
        "together, with latency or with orders.",
        (*OPERATIONS, *READ, SKIPPED, REFERENCE),
        (
            key_figures(),
            side_by_side(),
            changed.row(Dashboards.SHOP),
            most_frequent(),
            moving_together(),
            seen_by_exporter(),
        ),
    )


FAILED = select(series.OPERATION_ERROR_RATE, *M, promql.one_of("fault", series.FAILURES))
FIGURES: tuple[tuple[str, str, str, Steps], ...] = (
    (
        "Failures",
        (
            "Failed operations in the chosen time; shoppers' mistakes and cancelled calls are "
            f"left out. {BEHIND}"
        ),
        errors((), series.FAILURES),
        NONE_GOOD,
    ),
    (
        "Shoppers' mistakes",
        (
            "Refusals in the chosen time, such as out of stock or a wrong coupon. They are not "
            f"failures, but many of one kind are a hint to the merchant. {BEHIND}"
        ),
        errors((), MISTAKEN),
        NEUTRAL,
    ),
    (
        "Stores with failures",
        "Stores in which an operation failed within the last minutes.",
        f"count({promql.aggregate('group', ('org', 'domain'), f'{FAILED} > 0')})",
        NONE_GOOD,
    ),
)
"""Title, description, expression and thresholds of each single figure."""


def key_figures() -> Row:
    """Errors in single figures."""
    panels = [
        Panel(
            PanelKind.STAT,
            title,
            text,
            (Query(expression, empty=NO_ERROR),),
            width=6,
            height=4,
            decimals=0,
            steps=steps,
            nothing=Nothing.NONE,
        )
        for title, text, expression, steps in FIGURES
    ]
    share = Panel(
        PanelKind.STAT,
        "Success rate now",
        "Share of operations that did not fail, shoppers' mistakes left out.",
        (Query(success()),),
        unit="percentunit",
        decimals=1,
        steps=SUCCESS,
        width=6,
        height=4,
        nothing=Nothing.NO_CALLS,
        links=(Dashboards.OPERATIONS,),
    )
    return Row("Now", (*panels, share))


def side_by_side() -> Row:
    """Errors beside latency and orders, on one time axis."""
    return Row("Side by side", (failures_by_type(), slowest_stores(), orders(), mistakes_by_type()))


def by_type(title: str, text: str, faults: tuple[str, ...]) -> Panel:
    """Errors of some faults by type."""
    rate = over_time(("error_type",), wide.ERRORS, promql.one_of("fault", faults))
    return Panel(
        PanelKind.GRAPH,
        title,
        text,
        (Query(hourly(rate), "{{error_type}}", empty=NO_ERROR),),
        width=12,
        height=10,
        low=0,
        stacked=True,
        nothing=Nothing.NONE,
    )


def failures_by_type() -> Panel:
    """What fails."""
    return by_type(
        "Failures per hour by type",
        "Failures per hour by error type. Point at a rise, and the crosshair shows the same "
        "moment in the panels beside it.",
        series.FAILURES,
    )


def mistakes_by_type() -> Panel:
    """Shoppers' mistakes by type."""
    return by_type(
        "Shoppers' mistakes per hour by type",
        "Shoppers' mistakes per hour, which are not failures. A sudden rise of one kind may "
        "come from a wrongly announced coupon, or a product that sold out.",
        MISTAKEN,
    )


def slowest_stores() -> Panel:
    """How long operations take in the slowest stores."""
    return Panel(
        PanelKind.GRAPH,
        "Latency (p95) of the slowest stores",
        "Timeouts after rising latency mean overload; errors without rising latency mean a fault.",
        (Query(f"topk(5, {P95})", "{{domain}}"),),
        unit="s",
        width=12,
        height=10,
        low=0,
        steps=LATENCY,
        lines=True,
        links=(Dashboards.OPERATIONS,),
    )


def orders() -> Panel:
    """Orders, which may fall while errors rise."""
    return Panel(
        PanelKind.GRAPH,
        "Orders in the past hour",
        "Orders of the chosen stores. If they fall while errors rise, the fall is what the "
        "errors cost.",
        (Query(over_time((), wide.ORDERS), "orders"),),
        width=12,
        height=10,
        low=0,
        decimals=0,
        links=(Dashboards.TRENDS,),
    )


def most_frequent() -> Row:
    """The most frequent errors by place: failures, then shoppers' mistakes."""
    return Row(
        "Where",
        (
            ranked(
                "The 50 most frequent failures",
                "Failures by store and operation, with their number in the chosen time and "
                f"their fault. {BEHIND_OF_OPERATIONS} A new kind of failure is shown at once. "
                "Click a store for its page.",
                50,
                series.FAILURES,
                "fault",
            ),
            ranked(
                "The 20 most frequent mistakes",
                "Shoppers' mistakes by store and operation, with their number in the chosen "
                f"time. They are not failures of the shop. {BEHIND_OF_OPERATIONS}",
                20,
                MISTAKEN,
            ),
        ),
    )


def ranked(title: str, text: str, top: int, faults: tuple[str, ...], *more: str) -> Panel:
    """A table of the most frequent errors."""
    labels = ("domain", "operation", "error_type", *more, "org")
    found = f"{errors(labels, faults)} > 0 or {latest_errors(labels, faults)} > 0"
    return Panel(
        PanelKind.TABLE,
        title,
        text,
        (Query(f"topk({top}, {found})", "Errors", decimals=0, empty=NO_ERROR),),
        width=24,
        height=10,
        columns=labels,
        sort="Errors",
        links=(Dashboards.SHOP, Dashboards.OPERATIONS),
        nothing=Nothing.NONE,
        calls=True,
    )
