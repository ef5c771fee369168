"""Fleet overview: which stores need attention now, the worst first."""

from __future__ import annotations

from functools import partial

from ....metrics.catalogue import health
from ....metrics.catalogue.values import HealthState
from ... import promql, series
from ...names import AlertName, Dashboards
from ...promql import STORE, each, equal, hourly, on, select
from .. import firing
from ..panels import DashboardPage, Query, Row, number, share, stat, table
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
from ..values import UP_DOWN, Nothing
from ..variables import READ, STORE_MATCH, STORES
from .fleet_rows import COURSE, LISTED, UPKEEP

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


_figure = partial(stat, width=4, height=4, decimals=0, nothing=Nothing.NO_STORE)
_FIGURES = (
    _figure(
        "Stores",
        "Stores with a liveness probe. Compare with the number you configured.",
        Query(f"count({UP})"),
    ),
    _figure(
        "Down",
        "Stores that failed their last liveness probe. Each has an alert and a message.",
        Query(f"sum({UP} == bool 0)"),
        steps=NONE_GOOD,
        links=(AlertName.STORE_DOWN, AlertName.STORES_DOWN),
    ),
    _figure(
        "Degraded",
        "Stores that work, but not well: a probe that is not critical fails or is slow.",
        Query(f"sum({each(health.HEALTH, equal('state', HealthState.DEGRADED), *STORE_MATCH)})"),
        steps=FEW_GOOD,
        links=(AlertName.STORE_DEGRADED,),
    ),
    _figure(
        "Credentials rejected",
        "Stores that respond but refuse our credentials. Create new credentials.",
        Query(f"count({select(series.CREDENTIALS_REJECTED, *STORE_MATCH)}) or 0 * count({UP})"),
        width=6,
        steps=NONE_GOOD,
        links=(AlertName.STORE_CREDENTIALS_REJECTED,),
    ),
)

_AT_RISK = f"{NORMAL} and {on(*STORE)} {TROUBLE} >= {AFFECTED[-1][0]}"
SALES_AT_RISK = _figure(
    "Sales at risk per hour",
    "Normal sales per hour of the stores that are down or have a critical alert, by currency: "
    "the mean of the last seven days, or in a shop's first day the past hour. It shows how "
    "urgent the trouble is, not what was lost.",
    # Of many currencies, those in which nothing is at risk would hide the others.
    Query(f"sum by (currency) ({_AT_RISK}) >= 0.5", "{{currency}}", empty="all stores may be well"),
    unit="locale",
    width=6,
    steps=NONE_GOOD,
    named=True,
    nothing=Nothing.NONE,
)

_ALERTS = firing.table(
    "domain",
    "org",
    links=(Dashboards.SHOP,),
    matchers=STORE_MATCH,
    # The errors page has no table of firing alerts.
    always=firing.general("domain", Dashboards.FLEET, Dashboards.ERRORS),
)
WHAT_FIRES = Row("What fires", (_ALERTS, *_FIGURES, SALES_AT_RISK))

_COLUMNS = (
    Query(of_worst(UP), "State", mappings=UP_DOWN, width=70, otherwise=Nothing.NO_RULES),
    Query(WORST_STORES, "Trouble", decimals=1, steps=AFFECTED, width=90),
    share(of_worst(SUCCESS_RATE), "Success", decimals=1, steps=SUCCESS),
    Query(of_worst(promql.total(STORE, P95)), "p95", unit="s", steps=LATENCY),
    number(of_worst(ORDERS), "Orders/h"),
    number(of_worst(hourly(select(series.STORE_RATE, *STORE_MATCH))), "Calls/h"),
    Query(of_worst(intervals_ago()), "Intervals ago", decimals=1, steps=STALE, width=125),
)
_TABLE = table(
    f"The {LISTED} stores in most trouble",
    "Trouble is 100 while the store is down, plus 10 for each critical alert, 1 for each warning, "
    "and the share of failing operations. Success leaves out shoppers' mistakes. Intervals ago is "
    "the age of the stalest figure, in its collector's intervals. Click a store to open its page.",
    _COLUMNS,
    height=12,
    columns=("domain", "org"),
    sort="Trouble",
    links=(Dashboards.SHOP, Dashboards.OPERATIONS),
)
WORST_FIRST = Row("Worst first", (_TABLE,))

PAGE = DashboardPage(
    Dashboards.FLEET,
    "Stores / Fleet",
    "All stores at a glance, the worst first. Start here.",
    (*STORES, *READ),
    (WHAT_FIRES, WORST_FIRST, COURSE, UPKEEP),
    marks=False,
)
