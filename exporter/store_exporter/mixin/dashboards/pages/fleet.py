"""Fleet overview: which stores need attention now, the worst first."""

from __future__ import annotations

from ....metrics.catalogue import health
from ... import promql, series
from ...names import AlertName, Dashboards
from ...promql import STORE, hourly, on, select
from .. import firing
from ..panels import DashboardPage, Panel, PanelKind, Query, Row
from ..scales import (
    AFFECTED,
    FEW_GOOD,
    LATENCY,
    NONE_GOOD,
    ORDERS,
    P95,
    STALE,
    SUCCESS,
    SUCCESS_RATE,
    TROUBLE,
    UP,
    intervals_ago,
)
from ..values import NEUTRAL, UP_DOWN, Nothing, Steps
from ..variables import READ, STORE_MATCH, STORES
from .fleet_rows import LISTED, course, upkeep

WORST_STORES = f"topk({LISTED}, {TROUBLE})"
_HOURLY = select(series.REVENUE_HOURLY, *STORE_MATCH)
NORMAL = (
    f"({hourly(series.latest(series.REVENUE_NORMAL, *STORE_MATCH))}"
    f" and {promql.at(_HOURLY, '1d')} or {_HOURLY})"
)
"""Sales of an hour: the mean of the last week, or in a shop's first day those of the past hour."""


def of_worst(expression: str) -> str:
    """Restrict a column to the stores that the table lists."""
    return f"({expression}) and {on(*STORE)} {WORST_STORES}"


def page() -> DashboardPage:
    """The dashboard."""
    return DashboardPage(
        Dashboards.FLEET,
        "Stores / Fleet",
        "All stores at a glance, the worst first. Start here.",
        (*STORES, *READ),
        (what_fires(), worst_stores(), course(), upkeep()),
        marks=False,
    )


def figures() -> tuple[tuple[str, str, str, tuple[str, ...], Steps, int], ...]:
    """Title, description, expression, links, thresholds and width of each single figure."""
    return (
        (
            "Stores",
            "Stores with a liveness probe. Compare with the number you configured.",
            f"count({UP})",
            (),
            NEUTRAL,
            4,
        ),
        (
            "Down",
            "Stores that failed their last liveness probe. Each has an alert and a message.",
            f"sum({UP} == bool 0)",
            (AlertName.STORE_DOWN, AlertName.STORES_DOWN),
            NONE_GOOD,
            4,
        ),
        (
            "Degraded",
            "Stores that work, but not well: a probe that is not critical fails or is slow.",
            f"sum({promql.each(health.HEALTH, promql.equal('state', 'degraded'), *STORE_MATCH)})",
            (AlertName.STORE_DEGRADED,),
            FEW_GOOD,
            4,
        ),
        (
            "Credentials rejected",
            "Stores that respond but refuse our credentials. Create new credentials.",
            f"count({select(series.CREDENTIALS_REJECTED, *STORE_MATCH)}) or 0 * count({UP})",
            (AlertName.STORE_CREDENTIALS_REJECTED,),
            NONE_GOOD,
            6,
        ),
    )


def what_fires() -> Row:
    """What fires, and the state of the fleet in single figures."""
    alerts = firing.table(
        "domain",
        "org",
        links=(Dashboards.SHOP,),
        matchers=STORE_MATCH,
        # The errors page has no table of firing alerts.
        always=firing.general("domain", Dashboards.FLEET, Dashboards.ERRORS),
    )
    panels = [
        Panel(
            *(PanelKind.STAT, title, text, (Query(expression),)),
            width=width,
            height=4,
            decimals=0,
            steps=steps,
            links=links,
            nothing=Nothing.NO_STORE,
        )
        for title, text, expression, links, steps, width in figures()
    ]
    return Row("What fires", (alerts, *panels, sales_at_risk()))


def sales_at_risk() -> Panel:
    """The sales lost each hour if nobody acts."""
    at_risk = f"{NORMAL} and {on(*STORE)} {TROUBLE} >= {AFFECTED[-1][0]}"
    return Panel(
        PanelKind.STAT,
        "Sales at risk per hour",
        "Normal sales per hour of the stores that are down or have a critical alert, by currency: "
        "the mean of the last seven days, or in a shop's first day the past hour. It shows how "
        "urgent the trouble is, not what was lost.",
        (
            # Of many currencies, those in which nothing is at risk would hide the others.
            Query(
                f"sum by (currency) ({at_risk}) >= 0.5",
                "{{currency}}",
                empty="all stores may be well",
            ),
        ),
        unit="locale",
        width=6,
        height=4,
        decimals=0,
        steps=NONE_GOOD,
        named=True,
        nothing=Nothing.NONE,
    )


def worst_stores() -> Row:
    """The stores that need attention, with the figures that show why."""
    columns = (
        Query(of_worst(UP), "State", mappings=UP_DOWN, width=70, otherwise=Nothing.NO_RULES),
        Query(WORST_STORES, "Trouble", decimals=1, steps=AFFECTED, width=90),
        Query(of_worst(SUCCESS_RATE), "Success", unit="percentunit", decimals=1, steps=SUCCESS),
        Query(of_worst(promql.total(STORE, P95)), "p95", unit="s", steps=LATENCY),
        Query(of_worst(ORDERS), "Orders/h", decimals=0),
        Query(of_worst(hourly(select(series.STORE_RATE, *STORE_MATCH))), "Calls/h", decimals=0),
        Query(of_worst(intervals_ago()), "Intervals ago", decimals=1, steps=STALE, width=125),
    )
    table = Panel(
        PanelKind.TABLE,
        f"The {LISTED} stores in most trouble",
        "Trouble is 100 while the store is down, plus 10 for each critical alert, 1 for each "
        "warning, and the share of failing operations. Success leaves out shoppers' mistakes. "
        "Intervals ago is the age of the stalest figure, in its collector's intervals. Click a "
        "store to open its page.",
        columns,
        width=24,
        height=12,
        columns=("domain", "org"),
        sort="Trouble",
        links=(Dashboards.SHOP, Dashboards.OPERATIONS),
    )
    return Row("Worst first", (table,))
