"""The merchant's page: sales, carts, stock, health and freshness, the same on every platform."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from ....metrics.catalogue import business
from ....metrics.catalogue.values import StockState
from ... import promql, series
from ...names import AlertName, Dashboards
from ...promql import each, one_of, select, total
from .. import changed, firing
from ..panels import DashboardPage, Query, Row, stat
from ..scales import FEW_GOOD, NOT_COLLECTED, SUCCESS, UP, success
from ..values import GREEN, GREY, RED, Nothing
from ..variables import CURRENCY, READ, STORE_MATCH, STORES
from .shop_days import TODAY, WEEK_AND_DAY
from .shop_health import CHECKS, OPERATIONS, UPKEEP
from .shop_lists import BY_NAME
from .shop_sales import SALES

_ALERTS = firing.table(
    "domain", "org", links=(Dashboards.OPERATIONS, Dashboards.ERRORS), matchers=STORE_MATCH
)
# A phone shows today's sales without scrolling.
_ALERTS = replace(_ALERTS, height=6)
M = STORE_MATCH
_figure = partial(stat, width=6, height=4)
_count = partial(_figure, decimals=0, nothing=Nothing.NOT_COLLECTED)

RESPONDING = _figure(
    "Does it respond?",
    "Whether the last liveness probe of each chosen shop succeeded. While a shop does not "
    "respond, nothing else matters.",
    Query(f"min({UP})"),
    mappings=((0, "No", RED), (1, "Yes", GREEN)),
    steps=((None, RED), (1, GREEN)),
    links=(AlertName.STORE_DOWN,),
)

_COLLECTED = select(business.COLLECTOR_LAST_SUCCESS, *M)
FRESHNESS = _figure(
    "Figures read",
    "When the stalest figures on this page were read. Figures that are too old are "
    "withdrawn rather than shown.",
    Query(f"1000 * min({_COLLECTED})", empty=NOT_COLLECTED),
    unit="dateTimeFromNow",
    links=(AlertName.STORE_FIGURES_STALE,),
    nothing=Nothing.NOT_COLLECTED,
)


# Each order is in the same number of recorded hours, except those of the last hour.
_LOST, _PAID = (
    total((), f"sum_over_time({promql.over(select(name, *M), '7d')})")
    for name in (series.LOST_HOURLY, series.ORDERS_HOURLY)
)
PAID = _figure(
    "Orders that get paid",
    "Share of first-paid orders among all orders that were paid, failed or were cancelled "
    "within the last seven days; orders of the last hour count in part. Carts that never "
    "became an order are not included.",
    Query(f"{_PAID} / ({_PAID} + {promql.or_zero(_LOST, _PAID)} > 0)", empty=NOT_COLLECTED),
    unit="percentunit",
    decimals=1,
    links=(AlertName.STORE_PAYMENTS_FAILING,),
    nothing=Nothing.NO_ORDERS,
)

SUCCEEDING = _figure(
    "Calls that succeed",
    "Share of the last minutes' operations that did not fail, without shoppers' mistakes. "
    "Operations are the calls that applications make for shoppers.",
    Query(success(matchers=M)),
    unit="percentunit",
    decimals=1,
    steps=SUCCESS,
    nothing=Nothing.NO_CALLS,
    links=(Dashboards.OPERATIONS, AlertName.STORE_CHECKOUT_ERRORS_AFTER_UPDATE),
)

ABANDONED = _count(
    "Abandoned carts",
    "Checkouts that were started, not paid and left unchanged for an hour to a week. A rise "
    "while orders fall means that something in the checkout stops shoppers.",
    Query(f"sum({each(business.CARTS_ABANDONED, *M)})", empty=NOT_COLLECTED),
)

ABANDONED_VALUE = _count(
    "Their value",
    "Total value of the checkouts counted as abandoned now, by currency.",
    Query(
        f"sum by (currency) ({each(business.CART_ABANDONED_VALUE, *M)})"
        f" or on () 0 * sum({each(business.CARTS_ABANDONED, *M)})",
        "{{currency}}",
        empty=NOT_COLLECTED,
    ),
    unit="locale",
    mappings=((0, Nothing.NONE, GREY),),
    named=True,
)

SCARCE = _count(
    "Low or out of stock",
    "Products and variations at or below their threshold, or out of stock. Restock them.",
    Query(
        f"sum({each(business.PRODUCTS, one_of('stock', (StockState.LOW, StockState.OUT)), *M)})",
        empty=NOT_COLLECTED,
    ),
)

SELLERS_OUT = _count(
    "Best sellers out",
    "How many of the best-selling products of the last 30 days are out of stock.",
    Query(f"sum({each(business.BEST_SELLERS_OUT, *M)})", empty=NOT_COLLECTED),
    steps=FEW_GOOD,
    links=(AlertName.STORE_BEST_SELLERS_OUT_OF_STOCK,),
)

IS_ALL_WELL = Row(
    "Is all well?",
    (RESPONDING, FRESHNESS, PAID, SUCCEEDING, ABANDONED, ABANDONED_VALUE, SCARCE, SELLERS_OUT),
)

PAGE = DashboardPage(
    Dashboards.SHOP,
    "Stores / Shop",
    "One shop or several: sales, health, and the age of the figures, the same on every platform.",
    (*STORES, CURRENCY, *READ),
    (
        Row("What fires", (_ALERTS,)),
        TODAY,
        IS_ALL_WELL,
        BY_NAME,
        WEEK_AND_DAY,
        SALES,
        CHECKS,
        changed.row(Dashboards.ERRORS),
        OPERATIONS,
        UPKEEP,
    ),
    since="now-24h",
)
