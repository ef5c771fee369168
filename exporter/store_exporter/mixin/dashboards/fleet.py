"""Fleet overview: which of all stores need somebody now, worst first."""

from __future__ import annotations

from ...metrics.catalogue import business, health
from .. import promql, rules
from ..policy import DAY, THRESHOLDS, Uid
from ..promql import STORE, on, select
from .panels import GREEN, ORANGE, RED, UP_DOWN, YELLOW, Kind, Page, Panel, Query, Row, Steps
from .variables import STORE_MATCH, STORES

WORST = 50
NONE_GOOD: Steps = ((None, GREEN), (1, RED))
SUCCESS: Steps = (
    (None, RED),
    (THRESHOLDS.success_critical, YELLOW),
    (THRESHOLDS.success_warning, GREEN),
)
LATENCY: Steps = (
    (None, GREEN),
    (THRESHOLDS.latency_warning, YELLOW),
    (THRESHOLDS.latency_critical, RED),
)
MISSED: Steps = ((None, GREEN), (2, YELLOW), (THRESHOLDS.stale_intervals, RED))
CERTIFICATE: Steps = (
    (None, RED),
    (THRESHOLDS.certificate_critical, ORANGE),
    (THRESHOLDS.certificate_warning, GREEN),
)
UP = select(rules.STORE_UP, *STORE_MATCH)
TROUBLE = select(rules.TROUBLE, *STORE_MATCH)
WORST_STORES = f"topk({WORST}, {TROUBLE})"
P95 = select(rules.STORE_QUANTILE, promql.equal("quantile", "0.95"), *STORE_MATCH)
NORMAL = f"3600 * {select(rules.REVENUE_NORMAL, *STORE_MATCH)}"


def of_worst(expression: str) -> str:
    """Restrict a column to the stores that the table lists."""
    return f"({expression}) and {on(*STORE)} {WORST_STORES}"


def missed_runs() -> str:
    """How many of its intervals each store's stalest collector is behind."""
    age = f"time() - {select(business.COLLECTOR_LAST_SUCCESS, *STORE_MATCH)}"
    return promql.aggregate(
        "max", STORE, f"({age}) / {select(business.COLLECTOR_INTERVAL, *STORE_MATCH)}"
    )


def page() -> Page:
    """The dashboard."""
    return Page(
        Uid.FLEET,
        "fleet",
        "Stores / Fleet",
        "All stores at a glance, the worst first. Start here.",
        STORES,
        (now(), worst(), course(), upkeep()),
    )


def now() -> Row:
    """The state of the fleet in single figures."""
    alerts = promql.firing(promql.one_of("severity", ("critical", "warning")), *STORE_MATCH)
    at_risk = f"{NORMAL} and {on(*STORE)} {TROUBLE} >= 10"
    figures = (
        (
            "Stores watched",
            "Stores with a liveness probe. Compare with the number you configured.",
            f"count({UP})",
            (),
        ),
        (
            "Stores down",
            "Stores that failed their last liveness probe. Each has an alert and a message.",
            f"sum({UP} == bool 0)",
            ("StoreDown",),
        ),
        (
            "Credentials rejected",
            "Stores that answer but refuse our credentials. Create new ones.",
            f"count({select(rules.CREDENTIALS_REJECTED, *STORE_MATCH)}) or 0 * count({UP})",
            ("StoreCredentialsRejected",),
        ),
        (
            "Degraded",
            "Stores that work, but not well. Look at their probes.",
            f"sum({select(health.HEALTH, promql.equal('state', 'degraded'), *STORE_MATCH)})",
            ("StoreDegraded",),
        ),
        (
            "Firing alerts",
            "Critical and warning alerts that fire for the chosen stores.",
            f"count({alerts}) or 0 * count({UP})",
            (),
        ),
    )
    panels = [
        Panel(
            *(Kind.STAT, title, text, (Query(expression),)),
            width=4,
            height=4,
            decimals=0,
            steps=NONE_GOOD if index else ((None, "blue"),),
            links=links,
        )
        for index, (title, text, expression, links) in enumerate(figures)
    ]
    risk = Panel(
        Kind.STAT,
        "Revenue at risk per hour",
        "What the stores with a critical alert normally take in an hour (mean of the last seven "
        "days), by currency. It says how urgent the trouble is, not what was lost.",
        (
            Query(
                f"sum by (currency) ({at_risk}) or 0 * sum by (currency) ({NORMAL})",
                "{{currency}}",
            ),
        ),
        width=4,
        height=4,
        decimals=0,
        steps=NONE_GOOD,
    )
    return Row("Now", (*panels, risk))


def worst() -> Row:
    """The stores that need somebody, with the figures that say why."""
    columns = (
        Query(WORST_STORES, "Trouble", decimals=1, steps=((None, GREEN), (1, YELLOW), (10, RED))),
        Query(of_worst(UP), "State", mappings=UP_DOWN),
        Query(
            of_worst(select(rules.STORE_SUCCESS, *STORE_MATCH)),
            "Success",
            unit="percentunit",
            decimals=1,
            steps=SUCCESS,
        ),
        Query(of_worst(promql.total(STORE, P95)), "p95", unit="s", decimals=2, steps=LATENCY),
        Query(
            of_worst(select(rules.STORE_RATE, *STORE_MATCH)), "Operations", unit="ops", decimals=2
        ),
        Query(of_worst(missed_runs()), "Missed runs", decimals=1, steps=MISSED),
        Query(of_worst(select(rules.ORDERS_HOURLY, *STORE_MATCH)), "Orders in 1 h", decimals=0),
    )
    table = Panel(
        Kind.TABLE,
        f"The {WORST} stores in most trouble",
        "Trouble is ten for each critical alert and one for each warning, plus the share of "
        "failing operations. Success leaves out what shoppers did wrong. Missed runs is how many "
        "of its intervals the stalest figure is behind. Click a store to open its page.",
        columns,
        width=24,
        height=12,
        columns=STORE,
        sort="Trouble",
        links=("shop", "operations"),
    )
    return Row("Worst first", (table,))


def course() -> Row:
    """How the fleet fared over the chosen time."""
    worst_at_end = f"topk(20, {TROUBLE} @ end())"
    faults = select(rules.STORE_ERROR_RATE, *STORE_MATCH)
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
                links=("shop",),
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
                        empty="there may have been no error at all",
                    ),
                ),
                unit="ops",
                width=12,
                height=10,
                stacked=True,
                low=0,
                links=("errors",),
            ),
            Panel(
                Kind.GRAPH,
                "Operations",
                "Operations a second by platform. A sudden fall to zero means that applications "
                "do not report, or do not run.",
                (
                    Query(
                        f"sum by (platform) ({select(rules.STORE_RATE, *STORE_MATCH)})",
                        "{{platform}}",
                    ),
                ),
                unit="ops",
                low=0,
                stacked=True,
                links=("operations",),
            ),
            Panel(
                Kind.GRAPH,
                "Success rate of the worst store of each platform",
                "Share of operations that did not fail, shoppers' mistakes left out. The lowest "
                "store counts, because a mean over many stores hides one that is broken.",
                (
                    Query(
                        f"min by (platform) ({select(rules.STORE_SUCCESS, *STORE_MATCH)})",
                        "{{platform}}",
                    ),
                ),
                unit="percentunit",
                steps=SUCCESS,
                high=1,
                links=("operations",),
            ),
            Panel(
                Kind.GRAPH,
                "Orders in the past hour",
                "Orders first paid within the past hour, by platform, as one line each. Compare "
                "with the trends dashboard before you worry about a dip at night.",
                (
                    Query(
                        f"sum by (platform) ({select(rules.ORDERS_HOURLY, *STORE_MATCH)})",
                        "{{platform}}",
                    ),
                ),
                decimals=0,
                low=0,
                links=("trends",),
            ),
        ),
    )


def upkeep() -> Row:
    """What will become trouble if nobody acts."""
    expiry = f"{select(health.TLS_EXPIRY, *STORE_MATCH)} - time()"
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
                links=("shop", "StoreCertificateExpiring"),
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
                links=("shop", "StoreFiguresStale"),
            ),
        ),
    )
