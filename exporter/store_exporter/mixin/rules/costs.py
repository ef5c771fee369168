"""What an hour of this weekday and time normally brings: what an outage costs, in money and orders.

Seasonal where enough weeks are known, and the mean of the last week before that.
"""

from __future__ import annotations

from ...metrics.catalogue import business, health
from .. import promql, series
from ..model import Group, Record
from ..policy import HOUR, LIVENESS_PROBE
from ..promql import STORE, equal, select, total
from .seasonal import DAYS, same_hour_of_past_weeks

MONEY = (*STORE, "currency")
REVENUE = series.recorded(MONEY, business.REVENUE, "hourly_normal")
ORDERS = series.recorded(STORE, business.ORDERS_PAID, "hourly_normal")
LOST = series.recorded(MONEY, business.REVENUE, "lost")
"""What the outage of a store that is down has cost so far."""


def groups() -> list[Group]:
    """The rules of this module."""
    # A shop that is watched for less than a week has no mean of a week.
    old, earning = (
        total(labels, f"{metric.name} offset 6d")
        for labels, metric in ((STORE, business.ORDERS_PAID), (MONEY, business.REVENUE))
    )
    rules = [
        Record(
            REVENUE,
            f"({same_hour_of_past_weeks(series.REVENUE_HOURLY, MONEY)})"
            f" or ({HOUR} * {series.latest(series.REVENUE_NORMAL)} and {earning})",
        ),
        Record(
            ORDERS,
            f"({same_hour_of_past_weeks(series.ORDERS_HOURLY)})"
            f" or ({series.latest(series.ORDERS_NORMAL)} and {old})",
        ),
    ]
    return [Group("store-exporter.costs", rules, interval=DAYS)]


def lost_revenue() -> Record:
    """The normal revenue of the time since the first failed probe, of stores that are down."""
    failing = select(health.PROBE_FAILING_SINCE, equal("probe", LIVENESS_PROBE))
    stores = promql.on("org", "domain")
    hours = f"max by (org, domain) (time() - {failing}) / {HOUR}"
    down = f"{hours} and {stores} {series.STORE_UP} == 0"
    return Record(LOST, f"{REVENUE} * {stores} group_left () ({down})")
