"""Errors: which types occur, where, and what rises and falls with them."""

from __future__ import annotations

from functools import partial

from ....errors import Fault
from ....metrics.catalogue import health
from ... import promql, series, wide
from ...names import AlertName, Dashboards
from ...promql import STORE, hourly, on, select
from .. import changed
from ..counted import BEHIND, errors, latest_errors
from ..panels import DashboardPage, Panel, Query, Row, Variable, ago, graph, number, stat, table
from ..scales import LATENCY, NO_ERROR, NONE_GOOD, P95, SUCCESS, mean, over_time, per_hour, success
from ..values import Nothing
from ..variables import OPERATION_MATCH, OPERATIONS, READ, SKIPPED, STORE_MATCH
from .correlation import MOVING_TOGETHER

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

FAILED = select(series.OPERATION_ERROR_RATE, *M, promql.one_of("fault", series.FAILURES))

_figure = partial(stat, width=6, height=4)
_count = partial(_figure, decimals=0, nothing=Nothing.NONE)
_graph = partial(graph, height=10)

KEY_FIGURES = Row(
    "Now",
    (
        _count(
            "Failures",
            "Failed operations in the chosen time; shoppers' mistakes and cancelled calls are "
            f"left out. {BEHIND}",
            Query(errors((), series.FAILURES), empty=NO_ERROR),
            steps=NONE_GOOD,
        ),
        _count(
            "Shoppers' mistakes",
            "Refusals in the chosen time, such as out of stock or a wrong coupon. They are not "
            f"failures, but many of one kind are a hint to the merchant. {BEHIND}",
            Query(errors((), MISTAKEN), empty=NO_ERROR),
        ),
        _count(
            "Stores with failures",
            "Stores in which an operation failed within the last minutes.",
            Query(
                f"count({promql.aggregate('group', ('org', 'domain'), f'{FAILED} > 0')})",
                empty=NO_ERROR,
            ),
            steps=NONE_GOOD,
        ),
        _figure(
            "Success rate now",
            "Share of operations that did not fail, shoppers' mistakes left out.",
            Query(success()),
            unit="percentunit",
            decimals=1,
            steps=SUCCESS,
            nothing=Nothing.NO_CALLS,
            links=(Dashboards.OPERATIONS,),
        ),
    ),
)


def by_type(title: str, text: str, faults: tuple[str, ...]) -> Panel:
    """Errors of some faults by type."""
    rate = over_time(("error_type",), wide.ERRORS, promql.one_of("fault", faults))
    return _graph(
        title,
        text,
        Query(hourly(rate), "{{error_type}}", empty=NO_ERROR),
        stacked=True,
        nothing=Nothing.NONE,
    )


FAILURES_BY_TYPE = by_type(
    "Failures per hour by type",
    "Failures per hour by error type. Point at a rise, and the crosshair shows the same "
    "moment in the panels beside it.",
    series.FAILURES,
)

MISTAKES_BY_TYPE = by_type(
    "Shoppers' mistakes per hour by type",
    "Shoppers' mistakes per hour, which are not failures. A sudden rise of one kind may "
    "come from a wrongly announced coupon, or a product that sold out.",
    MISTAKEN,
)

SLOWEST_STORES = _graph(
    "Latency (p95) of the slowest stores",
    "Timeouts after rising latency mean overload; errors without rising latency mean a fault.",
    Query(f"topk(5, {P95})", "{{domain}}"),
    unit="s",
    steps=LATENCY,
    lines=True,
    links=(Dashboards.OPERATIONS,),
)

ORDERS = _graph(
    "Orders in the past hour",
    "Orders of the chosen stores. If they fall while errors rise, the fall is what the "
    "errors cost.",
    Query(over_time((), wide.ORDERS), "orders"),
    decimals=0,
    links=(Dashboards.TRENDS,),
)

SIDE_BY_SIDE = Row("Side by side", (FAILURES_BY_TYPE, SLOWEST_STORES, ORDERS, MISTAKES_BY_TYPE))


def ranked(title: str, text: str, top: int, faults: tuple[str, ...], *more: str) -> Panel:
    """A table of the most frequent errors."""
    labels = ("domain", "operation", "error_type", *more, "org")
    found = f"{errors(labels, faults)} > 0 or {latest_errors(labels, faults)} > 0"
    return table(
        title,
        text,
        number(f"topk({top}, {found})", "Errors", empty=NO_ERROR),
        height=10,
        columns=labels,
        sort="Errors",
        links=(Dashboards.SHOP, Dashboards.OPERATIONS),
        nothing=Nothing.NONE,
        calls=True,
    )


MOST_FREQUENT = Row(
    "Where",
    (
        ranked(
            "The 50 most frequent failures",
            "Failures by store and operation, with their number in the chosen time and "
            f"their fault. {BEHIND} A new kind of failure is shown at once. "
            "Click a store for its page.",
            50,
            series.FAILURES,
            "fault",
        ),
        ranked(
            "The 20 most frequent mistakes",
            "Shoppers' mistakes by store and operation, with their number in the chosen "
            f"time. They are not failures of the shop. {BEHIND}",
            20,
            MISTAKEN,
        ),
    ),
)


PROBE_FAILURES = per_hour(
    "Failed probes per hour by type",
    "Failed health checks per hour, shown every four minutes. They show an outage even at "
    "night, when no shopper runs into it.",
    "error_type",
    over_time(("error_type",), wide.PROBE_ERRORS),
    empty=NO_ERROR,
    links=(AlertName.STORE_DOWN,),
)

COLLECTOR_FAILURES = per_hour(
    "Failed collectors per hour by type",
    "Failed reads of business figures per hour, shown every four minutes. rate_limited "
    "means that the budget is spent.",
    "error_type",
    over_time(("error_type",), wide.COLLECTOR_ERRORS),
    empty=NO_ERROR,
    links=(AlertName.STORE_FIGURES_STALE,),
)

_SLOWEST = select(series.SLOWEST_PROBE, *S)
SLOWEST_PROBES = _graph(
    "Slowest probes (p95)",
    "How long the slowest health check takes in the slowest stores. A rise towards the "
    "timeout announces an outage.",
    Query(f"topk(5, {_SLOWEST})", "{{domain}}"),
    unit="s",
    width=24,
    steps=LATENCY,
    lines=True,
    links=(Dashboards.SHOP, AlertName.STORE_DEGRADED),
)


def failing_probes() -> str:
    """When each failing probe last succeeded, with the status of its last response as a label."""
    by = (*STORE, "probe")
    last = (
        f"1000 * {select(health.PROBE_LAST_SUCCESS, *S)}"
        f" and {on(*by)} {select(health.PROBE_SUCCESS, *S)} == 0"
    )
    since = promql.aggregate("max", by, last)
    statuses = promql.each(health.PROBE_STATUS, *S)
    status = f'count_values by ({", ".join(by)}) ("status", {statuses})'
    return f"{since} * {on(*by)} group_left (status) {status} or {since} unless {on(*by)} {status}"


FAILING_NOW = table(
    "Probes that fail now",
    "When each check last succeeded, and its last HTTP status if there was a response. No "
    "response points to the network, 5xx to the shop, 403 to a firewall.",
    ago(failing_probes(), "Last success", empty="there may be no failing probe"),
    columns=("domain", "probe", "status", "org"),
    sort="+Last success",
    links=(Dashboards.SHOP, AlertName.STORE_DOWN),
    nothing=Nothing.NONE,
)

SEEN_BY_EXPORTER = Row(
    "Seen by the exporter itself", (PROBE_FAILURES, COLLECTOR_FAILURES, SLOWEST_PROBES, FAILING_NOW)
)

PAGE = DashboardPage(
    Dashboards.ERRORS,
    "Stores / Errors",
    "Which errors occur, in which stores and operations, and which of them rise and fall "
    "together, with latency or with orders.",
    (*OPERATIONS, *READ, SKIPPED, REFERENCE),
    (
        KEY_FIGURES,
        SIDE_BY_SIDE,
        changed.row(Dashboards.SHOP),
        MOST_FREQUENT,
        MOVING_TOGETHER,
        SEEN_BY_EXPORTER,
    ),
)
