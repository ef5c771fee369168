"""Rows of the merchant's page: sales, operations, upkeep."""

from __future__ import annotations

from ...metrics.catalogue import business
from .. import promql, series
from ..names import AlertName, Dashboards
from ..promql import equal, increase, select, total
from .panels import OK_FAILED, Kind, Panel, Query, Row
from .scales import LATENCY, NO_ERROR, PAYMENTS, REVENUE, SUCCESS
from .variables import STORE_MATCH

M = STORE_MATCH


def sales() -> Row:
    """What the shop sells, and what stops it."""
    failed = total((), increase(business.ORDERS, "1h", equal("status", "failed"), *M))
    paid = total((), select(series.ORDERS_HOURLY, *M))
    share = f"({failed} or 0 * {paid}) / ({failed} + {paid} > 0)"
    return Row(
        "Sales",
        (
            Panel(
                Kind.GRAPH,
                "Revenue per hour",
                "Gross totals of the orders first paid within the past hour, by currency.",
                (Query(f"sum by (currency) ({REVENUE})", "{{currency}}"),),
                low=0,
                links=(Dashboards.TRENDS,),
            ),
            Panel(
                Kind.GRAPH,
                "Orders per hour, and what is normal",
                "Orders first paid within the past two hours, beside the median of the same "
                "weekday and hour of the last weeks.",
                (
                    Query(f"sum({select(series.orders_in('2h'), *M)})", "now"),
                    Query(
                        f"sum({select(series.orders_normal('2h'), *M)})",
                        "normal",
                        empty="needs three weeks of history",
                    ),
                ),
                low=0,
                links=(AlertName.STORE_ORDER_DROUGHT, Dashboards.TRENDS),
            ),
            Panel(
                Kind.GRAPH,
                "Failed payments",
                "Share of the orders of the past hour that failed to be paid. A rise means that "
                "the payment provider fails, or that somebody tests stolen cards.",
                (Query(share, "share", empty="no orders in that time"),),
                unit="percentunit",
                low=0,
                high=1,
                steps=PAYMENTS,
                lines=True,
                links=(AlertName.STORE_PAYMENTS_FAILING,),
            ),
            Panel(
                Kind.BARS,
                "Orders by status",
                "How many orders are in each status now. Many that wait (on hold, pending) want "
                "somebody's attention.",
                (
                    Query(
                        f"sort_desc(sum by (status) ({select(business.ORDERS_CURRENT, *M)}))",
                        "{{status}}",
                        empty="not every platform has this figure",
                    ),
                ),
                decimals=0,
            ),
            Panel(
                Kind.GRAPH,
                "Abandoned value",
                "Total value of the checkouts counted as abandoned, by currency.",
                (
                    Query(
                        f"sum by (currency) ({select(business.CART_ABANDONED_VALUE, *M)})",
                        "{{currency}}",
                        empty="there may be no abandoned checkout",
                    ),
                ),
                low=0,
            ),
            Panel(
                Kind.GRAPH,
                "Refunds per day",
                "Amounts refunded within the past day, by currency. A jump may be a bad product.",
                (
                    Query(
                        f"sum by (currency) ({increase(business.REFUNDS, '1d', *M)})",
                        "{{currency}}",
                        empty="there may be no refund",
                    ),
                ),
                low=0,
            ),
        ),
    )


def work() -> Row:
    """How the operations against this shop fare."""
    failed = select(series.OPERATION_FAILED, *M)
    measured = select(series.OPERATION_MEASURED, *M)
    success = (
        f"1 - {series.ratio(f'sum by (operation) ({failed})', f'sum by (operation) ({measured})')}"
    )
    p95 = select(series.OPERATION_QUANTILE, equal("quantile", "0.95"), *M)
    table = Panel(
        Kind.TABLE,
        "Operations one by one",
        "Each operation's rate, success without shoppers' mistakes, and p95 latency over the last "
        "minutes. Sorted by success, the worst first.",
        (
            Query(
                f"sum by (operation) ({select(series.OPERATION_RATE, *M)})",
                "Rate",
                unit="ops",
                decimals=3,
            ),
            Query(success, "Success", unit="percentunit", decimals=1, steps=SUCCESS),
            Query(f"max by (operation) ({p95})", "p95", unit="s", decimals=2, steps=LATENCY),
        ),
        width=12,
        columns=("operation",),
        sort="+Success",
        links=(Dashboards.OPERATIONS, Dashboards.ERRORS),
    )
    errors = Panel(
        Kind.GRAPH,
        "Errors by who must act",
        "Errors a second by fault. customer is what shoppers did wrong: no failure of the shop.",
        (
            Query(
                f"sum by (fault) ({select(series.STORE_ERROR_RATE, *M)})",
                "{{fault}}",
                empty=NO_ERROR,
            ),
        ),
        unit="ops",
        width=12,
        stacked=True,
        low=0,
        links=(Dashboards.ERRORS,),
    )
    return Row("Operations", (table, errors))


def upkeep() -> Row:
    """Stock, background work and how fresh each figure is."""
    age = f"time() - max by (collector) ({select(business.COLLECTOR_LAST_SUCCESS, *M)})"
    names = promql.one_of("__name__", (business.WEBHOOKS.name, business.SCHEDULED_ACTIONS.name))
    states = promql.one_of("state", ("disabled", "overdue", "failed"))
    late = "{" + ", ".join((names, states, *M)) + "}"
    stock = Panel(
        Kind.GRAPH,
        "Stock",
        "Products and variations by stock. A sudden change of many is an import, not sales.",
        (Query(f"sum by (stock) ({select(business.PRODUCTS, *M)})", "{{stock}}"),),
        decimals=0,
        stacked=True,
        low=0,
        links=(AlertName.STORE_BEST_SELLERS_OUT_OF_STOCK,),
    )
    background = Panel(
        Kind.GRAPH,
        "Background work",
        "Webhooks that are disabled, and background jobs that are overdue or failed. Each means "
        "that something that should happen by itself does not.",
        (
            Query(
                f"sum by (state) ({late})",
                "{{state}}",
                empty="not every platform has these figures",
            ),
        ),
        decimals=0,
        low=0,
        links=(AlertName.STORE_WEBHOOKS_DISABLED, AlertName.STORE_BACKGROUND_JOBS_STUCK),
    )
    fresh = Panel(
        Kind.TABLE,
        "Freshness",
        "Each group of figures: whether its last run succeeded, and how old it is.",
        (
            Query(
                f"min by (collector) ({select(business.COLLECTOR_SUCCESS, *M)})",
                "Last run",
                mappings=OK_FAILED,
            ),
            Query(age, "Age", unit="s"),
        ),
        columns=("collector",),
        sort="Age",
        links=(AlertName.STORE_FIGURES_STALE,),
    )
    return Row("Upkeep", (stock, background, fresh))
