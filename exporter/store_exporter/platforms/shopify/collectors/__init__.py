"""The business figures of a Shopify shop, one module for each kind of record."""

from __future__ import annotations

from dataclasses import replace

from ....contract import Collector, Report, Run
from ....net.plans import Plan
from ...kit.monitoring.declare import by_name
from ..api import Api
from ..responses import IgnoredFilterError
from .orders import ORDERS
from .sellers import best_sellers
from .shop import carts, customers, order_statuses, stock, webhooks


def _reports_omissions(collector: Collector) -> Collector:
    """Return a collector whose report is degraded if Shopify keeps back a part of a response.

    If Shopify ignores a filter of its search, there is no figure: it would count what was not
    requested.
    """

    def reporting(api: Api, run: Run) -> Plan[Report]:
        try:
            report = yield from collector.check(api, run)
        except IgnoredFilterError as error:
            report = Report((), [f"{error.message}."], "nothing is counted")
        reasons = list(report.degraded)
        for message in dict.fromkeys(error.message for error in api.admin.kept_back):
            if not any(message in reason for reason in reasons):
                reasons.append(f"Shopify keeps back a part: {message}")
        report.degraded = reasons
        return report

    return replace(collector, check=reporting)


_SHOP = (order_statuses, stock, best_sellers, carts, customers, webhooks)
COLLECTORS = by_name(ORDERS, *map(_reports_omissions, _SHOP))
"""Every collector by its name."""
