"""Alerts on a shop's business: orders, payments, stock, background work, fresh figures."""

from __future__ import annotations

from functools import partial

from ...errors import Fault
from ...metrics.catalogue import business
from ...metrics.catalogue.values import ActionState, WebhookState
from .. import promql, series
from ..model import Alert, Group
from ..names import AlertName
from ..policy import HOUR, MINUTE, RESTART, SELDOM, THRESHOLDS
from ..promql import STORE, equal, select
from .causes import UNREMEMBERED, UNUSABLE, UNWATCHED
from .texts import ARE, COLLECTOR_CAUSE, TIME, WHO, counted, error_type, estimated

_alert = partial(Alert, inhibited_by=(UNWATCHED,), keep=RESTART)
COLLECTOR = (*STORE, "collector")
_OUT = promql.each(business.BEST_SELLERS_OUT)
_ORDERS = f"sum_over_time({series.orders_in('1d')}[7d:1d])"
BEST_SELLERS_OUT = _alert(
    AlertName.STORE_BEST_SELLERS_OUT_OF_STOCK,
    f"({_OUT} > 0) and {promql.on(*STORE)} ({_ORDERS} >= {THRESHOLDS.best_seller_orders:g})",
    30 * MINUTE,
    "info",
    "Best-selling products are out of stock.",
    "Best-selling products were out of stock.",
    f"{{{{ $value }}}} of the best-selling products of {WHO} {ARE} out of stock.",
    f"""
    Products among the best sellers of the last month cannot be bought any more, in a shop with at
    least {THRESHOLDS.best_seller_orders:g} orders in the last week. Shoppers who come for them
    leave.

    - Look at the shop dashboard: it lists scarce products by name, if lists are enabled.
    - Run `store-exporter run get_low_stock_products --store DOMAIN` for the list.

    - The merchant restocks, or allows back-orders.
    - If the stock is wrong, correct it; imports from other systems may be the cause.
    """,
)

_DISABLED = promql.aggregate(
    "max", STORE, select(business.WEBHOOKS, equal("state", WebhookState.DISABLED))
)
WEBHOOKS_DISABLED = _alert(
    AlertName.STORE_WEBHOOKS_DISABLED,
    f"{_DISABLED} > 0",
    15 * MINUTE,
    "warning",
    "Webhooks of a store are disabled.",
    "Webhooks of a store were disabled.",
    f"{counted('webhook')} of {WHO} {ARE} disabled; integrations miss events.",
    """
    The platform disables a webhook after several deliveries in a row failed. Whoever relies on it
    (fulfilment, accounting, the application) no longer hears of new orders, without any error on
    their side.

    - Open the list of webhooks in the shop's settings: which are disabled, and where do they
      deliver to? The delivery log has the last response.

    - Repair the receiving end, then enable the webhook again.
    - Have the receiver fetch what it missed since the webhook was disabled.
    - Delete webhooks that nobody needs any more.
    """,
)

_LATE = promql.each(business.SCHEDULED_ACTIONS, equal("state", ActionState.OVERDUE))
BACKGROUND_JOBS_STUCK = _alert(
    AlertName.STORE_BACKGROUND_JOBS_STUCK,
    f"{_LATE} > {THRESHOLDS.scheduled_actions:g}",
    30 * MINUTE,
    "warning",
    "Background jobs of a store do not run.",
    "Background jobs of a store did not run.",
    f"{estimated('background job')} of {WHO} are {{{{ $labels.state }}}}.",
    """
    The shop's own scheduled jobs are overdue: e-mails, subscription renewals, stock holds,
    analytics. On some platforms they run only when pages are visited, unless a system timer runs
    them.

    - Open the shop's list of jobs: it has the error of each (see the platform's page).
    - Are the shop's own reports days old? Then no job runs at all.

    - Have a system timer run them every minute, as the platform's page describes.
    - Remove the overdue actions of plugins that no longer exist.
    """,
)

_SUCCEEDED = promql.each(business.COLLECTOR_LAST_SUCCESS)
_INTERVAL = promql.each(business.COLLECTOR_INTERVAL)
_RUNBOOK = f"""
A collector has not succeeded for more than {THRESHOLDS.stale_intervals:g} of its intervals, or
never has. Its figures have been withdrawn from `/metrics`, because they may no longer be true;
panels show no data.

- `store-exporter probe DOMAIN` runs every collector once and says what happened.
- Read the error type in the message; the table below explains each.
- If there is no failure, the collector never had its turn. If the request budget is spent
  ({AlertName.STORE_API_BUDGET_LOW}), it waits. If the exporter starts everything late
  ({AlertName.STORE_EXPORTER_LAGGING}), the exporter lacks processor time.

- Act on the error type; after a timeout, set a longer timeout or interval.
- Disable a collector that does not work with this store.
"""
_WHICH = f"The {{{{ $labels.collector }}}} figures of {WHO}"
FIGURES_STALE = [
    Alert(
        AlertName.STORE_FIGURES_STALE,
        expression,
        hold,
        "warning",
        "Business figures of a store are out of date.",
        "Business figures of a store were out of date.",
        f"{_WHICH} {state}.{COLLECTOR_CAUSE}",
        _RUNBOOK,
        by=COLLECTOR,
        labels={"reason": reason},
        inhibited_by=(*UNUSABLE, UNWATCHED, *UNREMEMBERED),
        faults=(Fault.STORE, Fault.CONFIG),
        facts={"error_type": error_type(business.COLLECTOR_FAILURES, "1h", "collector")},
    )
    for reason, expression, hold, state in (
        (
            "late",
            f"time() - {_SUCCEEDED} > {THRESHOLDS.stale_intervals:g} * {_INTERVAL}",
            10 * MINUTE,
            f"are {TIME} old",
        ),
        (
            "never",
            f"{_INTERVAL} unless {promql.on(*COLLECTOR)} {_SUCCEEDED}",
            HOUR,
            "have never been read",
        ),
    )
]

GROUPS = [
    Group(
        "store-exporter.alerts.business",
        [BEST_SELLERS_OUT, WEBHOOKS_DISABLED, BACKGROUND_JOBS_STUCK, *FIGURES_STALE],
        interval=SELDOM,
    )
]
