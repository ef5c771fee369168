"""Rows of the fleet's page: its course over time, and upkeep."""

from __future__ import annotations

from ...metrics.catalogue import business, health
from .. import series
from ..names import AlertName, Dashboards
from ..policy import DAY, THRESHOLDS
from ..promql import STORE, on, select
from .panels import UP_DOWN, Kind, Panel, Query, Row
from .scales import (
    CERTIFICATE,
    MISSED,
    NO_ERROR,
    ORDERS,
    SUCCESS,
    SUCCESS_RATE,
    TROUBLE,
    UP,
    missed_runs,
)
from .variables import STORE_MATCH

LISTED = 50


def course() -> Row:
    """How the fleet fared over the chosen time."""
    worst_at_end = f"topk(20, {TROUBLE} @ end())"
    faults = select(series.STORE_ERROR_RATE, *STORE_MATCH)
    return Row(
        "Over time",
        (
            Panel(
                Kind.TIMELINE,
                "State of the 20 stores in most trouble",
                "When each of them was down. Bars that begin together point to a common cause: "
                "a hosting company, a network, a release.",
                (Query(f"{UP} and {on(*STORE)} {worst_at_end}", "{{org}} {{domain}}"),),
                width=12,
                height=10,
                mappings=UP_DOWN,
                links=(Dashboards.SHOP,),
            ),
            Panel(
                Kind.GRAPH,
                "Errors by who must act",
                "Errors a second by fault: store, config, app, and customer, which is no failure "
                "but what shoppers did wrong. A rise of customer errors alone is not an outage.",
                (
                    Query(
                        f"sum by (fault) ({faults})",
                        "{{fault}}",
                        empty=NO_ERROR,
                    ),
                ),
                unit="ops",
                width=12,
                height=10,
                stacked=True,
                low=0,
                links=(Dashboards.ERRORS,),
            ),
            Panel(
                Kind.GRAPH,
                "Operations",
                "Operations a second by platform. A sudden fall to zero means that applications "
                "do not report, or do not run.",
                (
                    Query(
                        f"sum by (platform) ({select(series.STORE_RATE, *STORE_MATCH)})",
                        "{{platform}}",
                    ),
                ),
                unit="ops",
                low=0,
                stacked=True,
                links=(Dashboards.OPERATIONS,),
            ),
            Panel(
                Kind.GRAPH,
                "Success rate of the worst store of each platform",
                "Share of operations that did not fail, shoppers' mistakes left out. The lowest "
                "store counts, because a mean over many stores hides one that is broken.",
                (
                    Query(
                        f"min by (platform) ({SUCCESS_RATE})",
                        "{{platform}}",
                    ),
                ),
                unit="percentunit",
                steps=SUCCESS,
                high=1,
                links=(Dashboards.OPERATIONS,),
            ),
            Panel(
                Kind.GRAPH,
                "Orders in the past hour",
                "Orders first paid within the past hour, by platform, as one line each. Compare "
                "with the trends dashboard before you worry about a dip at night.",
                (
                    Query(
                        f"sum by (platform) ({ORDERS})",
                        "{{platform}}",
                    ),
                ),
                decimals=0,
                low=0,
                links=(Dashboards.TRENDS,),
            ),
        ),
    )


def upkeep() -> Row:
    """What will become trouble if nobody acts."""
    expiry = f"{select(health.TLS_EXPIRY, *STORE_MATCH)} - time()"
    worst = f"and {on(*STORE)} topk({LISTED}, {TROUBLE})"
    facts = ("version", "currency", "timezone", "order_storage")
    return Row(
        "Upkeep",
        (
            Panel(
                Kind.TABLE,
                "Certificates that expire next",
                "Time left of the ten certificates that expire first. Less than "
                f"{THRESHOLDS.certificate_warning / DAY:g} days means that renewal is broken.",
                (
                    Query(
                        f"bottomk(10, {expiry})",
                        "Left",
                        unit="s",
                        steps=CERTIFICATE,
                        empty="stores served over plain http have no certificate",
                    ),
                ),
                width=12,
                columns=STORE,
                sort="+Left",
                links=(Dashboards.SHOP, AlertName.STORE_CERTIFICATE_EXPIRING),
            ),
            Panel(
                Kind.TABLE,
                "Stalest figures",
                "Collectors that are furthest behind, in intervals. From "
                f"{THRESHOLDS.stale_intervals:g} on their figures are withdrawn.",
                (Query(f"topk(10, {missed_runs()})", "Missed runs", decimals=1, steps=MISSED),),
                width=12,
                columns=STORE,
                sort="Missed runs",
                links=(Dashboards.SHOP, AlertName.STORE_FIGURES_STALE),
            ),
            Panel(
                Kind.TABLE,
                f"About the {LISTED} stores in most trouble",
                "What runs them: version, currency, time zone, order storage, and their number of "
                "customers. Faults of one version only are that version's.",
                (
                    Query(
                        f"{select(health.INFO, *STORE_MATCH)} {worst}",
                        "Known",
                        mappings=((1, "yes", "green"),),
                        empty="the collector of these facts may be switched off",
                    ),
                    Query(
                        f"({select(business.CUSTOMERS, *STORE_MATCH)} {worst})"
                        f" * {on(*STORE)} group_right () {select(health.INFO, *STORE_MATCH)}",
                        "Customers",
                        decimals=0,
                        empty="the collector of customers may be switched off",
                    ),
                ),
                width=24,
                columns=(*STORE, *facts),
                sort="+domain",
                links=(Dashboards.SHOP,),
            ),
        ),
    )
