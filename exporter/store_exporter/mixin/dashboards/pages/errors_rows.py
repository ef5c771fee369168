"""A row of the errors page: failures of the exporter's own requests."""

from __future__ import annotations

from ....metrics.catalogue import health
from ... import promql, series, wide
from ...names import AlertName, Dashboards
from ...promql import STORE, on, select
from ..by_hour import by_hour
from ..panels import Panel, PanelKind, Query, Row
from ..scales import LATENCY, NO_ERROR, over_time
from ..values import Nothing
from ..variables import STORE_MATCH

S = STORE_MATCH


def seen_by_exporter() -> Row:
    """Failures of the exporter's own requests, which show without any shopper."""
    return Row(
        "Seen by the exporter itself",
        (probe_failures(), collector_failures(), slowest_probes(), failing_now()),
    )


def probe_failures() -> Panel:
    """Why probes fail."""
    return by_hour(
        "Failed probes per hour by type",
        "Failed health checks per hour, shown every four minutes. They show an outage even at "
        "night, when no shopper runs into it.",
        "error_type",
        over_time(("error_type",), wide.PROBE_ERRORS),
        empty=NO_ERROR,
        width=12,
        height=10,
        links=(AlertName.STORE_DOWN,),
        nothing=Nothing.NONE,
    )


def collector_failures() -> Panel:
    """Why collectors fail."""
    return by_hour(
        "Failed collectors per hour by type",
        "Failed reads of business figures per hour, shown every four minutes. rate_limited "
        "means that the budget is spent.",
        "error_type",
        over_time(("error_type",), wide.COLLECTOR_ERRORS),
        empty=NO_ERROR,
        width=12,
        height=10,
        links=(AlertName.STORE_FIGURES_STALE,),
        nothing=Nothing.NONE,
    )


def slowest_probes() -> Panel:
    """How slow probes are."""
    slowest = select(series.SLOWEST_PROBE, *S)
    return Panel(
        PanelKind.GRAPH,
        "Slowest probes (p95)",
        "How long the slowest health check takes in the slowest stores. A rise towards the "
        "timeout announces an outage.",
        (Query(f"topk(5, {slowest})", "{{domain}}"),),
        unit="s",
        width=24,
        height=10,
        low=0,
        steps=LATENCY,
        lines=True,
        links=(Dashboards.SHOP, AlertName.STORE_DEGRADED),
    )


def failing_now() -> Panel:
    """Which probes fail now."""
    return Panel(
        PanelKind.TABLE,
        "Probes that fail now",
        "When each check last succeeded, and its last HTTP status if there was a response. No "
        "response points to the network, 5xx to the shop, 403 to a firewall.",
        (
            Query(
                failing_probes(),
                "Last success",
                unit="dateTimeFromNow",
                width=140,
                empty="there may be no failing probe",
            ),
        ),
        width=24,
        columns=("domain", "probe", "status", "org"),
        sort="+Last success",
        links=(Dashboards.SHOP, AlertName.STORE_DOWN),
        nothing=Nothing.NONE,
    )


def failing_probes() -> str:
    """When each failing probe last succeeded, with the status of its last response as a label."""
    by = (*STORE, "probe")
    last = (
        f"1000 * {select(health.PROBE_LAST_SUCCESS, *S)}"
        f" and {on(*by)} {select(health.PROBE_SUCCESS, *S)} == 0"
    )
    since = promql.aggregate("max", by, last)
    statuses = promql.aggregate("max", by, select(health.PROBE_STATUS, *S))
    status = f'count_values by ({", ".join(by)}) ("status", {statuses})'
    return f"{since} * {on(*by)} group_left (status) {status} or {since} unless {on(*by)} {status}"
