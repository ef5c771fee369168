"""The merchant's page: sales, carts, stock, health and freshness, the same on every platform."""

from __future__ import annotations

from dataclasses import replace

from ...names import Dashboards
from .. import changed, firing
from ..panels import DashboardPage, Row
from ..variables import CURRENCY, READ, STORE_MATCH, STORES
from .shop_days import today, week_and_day
from .shop_figures import is_all_well
from .shop_health import checks, operations, upkeep
from .shop_lists import by_name
from .shop_sales import sales


def page() -> DashboardPage:
    """The dashboard."""
    alerts = firing.table(
        "domain",
        "org",
        links=(Dashboards.OPERATIONS, Dashboards.ERRORS),
        matchers=STORE_MATCH,
    )
    # A phone shows today's sales without scrolling.
    alerts = replace(alerts, height=6)
    return DashboardPage(
        Dashboards.SHOP,
        "Stores / Shop",
        "One shop or several: sales, health, and the age of the figures, the same on every "
        "platform.",
        (*STORES, CURRENCY, *READ),
        (
            Row("What fires", (alerts,)),
            today(),
            is_all_well(),
            by_name(),
            week_and_day(),
            sales(),
            checks(),
            changed.row(Dashboards.ERRORS),
            operations(),
            upkeep(),
        ),
        since="now-24h",
    )
