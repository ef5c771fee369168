"""A row of the trends: the orgs beside each other."""

from __future__ import annotations

from ... import series
from ...names import Dashboards
from ...policy import SEASONAL
from ...promql import STORE, aggregate, over, select
from ...rules import surges
from ..firing import labelled
from ..panels import Panel, PanelKind, Query, Row
from ..values import GREEN, RED, YELLOW, Nothing, Steps
from ..variables import CURRENCY_MATCH, STORE_MATCH

M = STORE_MATCH
CHANGE: Steps = ((None, RED), (-0.5, YELLOW), (-0.2, GREEN))
"""Thresholds of a change of orders."""


def orgs() -> Row:
    """The orgs beside each other, each with its week and the one before."""
    orders = select(series.orders_in("1d"), *M)
    revenue = select(surges.REVENUE, *M, *CURRENCY_MATCH)
    week, before = (f"sum by (org) ({_seven_days(orders, first)})" for first in (0, 7))
    shops = f"count by (org) ({aggregate('group', STORE, select(series.STORE_UP, *M))})"
    return Row(
        "Org by org",
        (
            Panel(
                PanelKind.TABLE,
                "Seven days of each org ($currency)",
                "Orders first paid in the last seven times 24 hours, their change against the "
                f"seven before, of orgs that had at least {SEASONAL.drought_minimum:g} then, and "
                "their gross totals in the currency chosen above. Click an org for its stores.",
                (
                    Query(
                        f"{week} / ({before} >= {SEASONAL.drought_minimum:g}) - 1",
                        "Change",
                        unit="percentunit",
                        decimals=0,
                        width=92,
                        steps=CHANGE,
                        empty="needs two weeks of history",
                    ),
                    Query(week, "Orders", decimals=0, width=86, otherwise=Nothing.NOT_COLLECTED),
                    Query(
                        f"sum by (org) ({_seven_days(revenue)})",
                        "Revenue",
                        unit="locale",
                        decimals=0,
                        width=100,
                        empty="there may be no order in this currency",
                    ),
                    Query(shops, "Stores", decimals=0, empty="orders may be of stores of the past"),
                ),
                width=24,
                columns=("org",),
                after=(),
                # Few weeks after the first shop most orgs have no change, and would come first.
                sort="Orders",
                links=(Dashboards.FLEET, Dashboards.TRENDS),
            ),
        ),
    )


def _seven_days(daily: str, first: int = 0) -> str:
    """A figure of seven days of each store, of which the latest ended so many days ago.

    Prometheus may have been down at this hour of a day.
    """
    days = (
        f"last_over_time({over(daily, '1h', f'{day}d' * bool(day))})"
        for day in range(first, first + 7)
    )
    return " or ".join(labelled(each, f'"day", "{n}", "", ""') for n, each in enumerate(days))
