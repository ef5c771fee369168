"""Normal sales of this weekday and hour, which are the cost of an outage, in money and orders.

They are the median of past weeks, or the mean of the last week until enough weeks are known.
"""

from __future__ import annotations

from ...metrics.catalogue import business, health
from .. import promql, series
from ..model import Group, Record
from ..policy import HOUR, LIVENESS_PROBE, SELDOM
from ..promql import STORE, equal, select, total
from .seasonal import same_hour_of_past_weeks

MONEY = (*STORE, "currency")
REVENUE = series.recorded(MONEY, business.REVENUE, "hourly_normal")
ORDERS = series.recorded(STORE, business.ORDERS_PAID, "hourly_normal")
LOST = series.recorded(MONEY, business.REVENUE, "lost")
"""The cost so far of the outage of a store that is down."""


def groups() -> list[Group]:
    """The rules of this module."""
    # A shop that has been watched for less than a week has no mean of a week.
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
    return [Group("store-exporter.costs", rules, interval=SELDOM)]


def lost_revenue() -> Record:
    """For stores that are down, the normal revenue of the time since the first failed probe."""
    failing = select(health.PROBE_FAILING_SINCE, equal("probe", LIVENESS_PROBE))
    stores = promql.on(*promql.SHOP)
    hours = f"max by (org, domain) (time() - {failing}) / {HOUR}"
    down = f"{hours} and {stores} {series.STORE_UP} == 0"
    return Record(LOST, f"{REVENUE} * {stores} group_left () ({down})")
