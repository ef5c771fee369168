"""A row of the merchant's page: single figures that show whether all is well."""

from __future__ import annotations

from dataclasses import replace

from ....metrics.catalogue import business
from ... import promql, series
from ...names import AlertName, Dashboards
from ...promql import each, one_of, select, total
from ..panels import Panel, PanelKind, Query, Row
from ..scales import FEW_GOOD, SUCCESS, UP, success
from ..values import GREEN, GREY, RED, Nothing
from ..variables import STORE_MATCH

M = STORE_MATCH
NOT_COLLECTED = "a shop without this collector, or before its first order, has no such figure"


def is_all_well() -> Row:
    """Whether the shop works, in single figures."""
    panels = (
        responding(),
        freshness(),
        paid(),
        succeeding(),
        abandoned(),
        abandoned_value(),
        scarce(),
        sellers_out(),
    )
    return Row("Is all well?", [replace(panel, width=6, height=4) for panel in panels])


def responding() -> Panel:
    """Whether the shop responds."""
    return Panel(
        PanelKind.STAT,
        "Does it respond?",
        "Whether the last liveness probe of each chosen shop succeeded. While a shop does not "
        "respond, nothing else matters.",
        (Query(f"min({UP})"),),
        mappings=((0, "No", RED), (1, "Yes", GREEN)),
        steps=((None, RED), (1, GREEN)),
        links=(AlertName.STORE_DOWN,),
    )


def freshness() -> Panel:
    """How fresh the figures are."""
    collected = select(business.COLLECTOR_LAST_SUCCESS, *M)
    return Panel(
        PanelKind.STAT,
        "Figures read",
        "When the stalest figures on this page were read. Figures that are too old are "
        "withdrawn rather than shown.",
        (Query(f"1000 * min({collected})", empty=NOT_COLLECTED),),
        unit="dateTimeFromNow",
        links=(AlertName.STORE_FIGURES_STALE,),
        nothing=Nothing.NOT_COLLECTED,
    )


def paid() -> Panel:
    """The share of orders that get paid."""
    return Panel(
        PanelKind.STAT,
        "Orders that get paid",
        "Share of first-paid orders among all orders that were paid, failed or were cancelled "
        "within the last seven days; orders of the last hour count in part. Carts that never "
        "became an order are not included.",
        (Query(paid_share("7d"), empty=NOT_COLLECTED),),
        unit="percentunit",
        decimals=1,
        links=(AlertName.STORE_PAYMENTS_FAILING,),
        nothing=Nothing.NO_ORDERS,
    )


def succeeding() -> Panel:
    """The share of calls that succeed."""
    return Panel(
        PanelKind.STAT,
        "Calls that succeed",
        "Share of the last minutes' operations that did not fail, without shoppers' mistakes. "
        "Operations are the calls that applications make for shoppers.",
        (Query(success(matchers=M)),),
        unit="percentunit",
        decimals=1,
        steps=SUCCESS,
        nothing=Nothing.NO_CALLS,
        links=(Dashboards.OPERATIONS, AlertName.STORE_CHECKOUT_ERRORS_AFTER_UPDATE),
    )


def abandoned() -> Panel:
    """The number of abandoned carts."""
    return Panel(
        PanelKind.STAT,
        "Abandoned carts",
        "Checkouts that were started, not paid and left unchanged for an hour to a week. A rise "
        "while orders fall means that something in the checkout stops shoppers.",
        (Query(f"sum({each(business.CARTS_ABANDONED, *M)})", empty=NOT_COLLECTED),),
        decimals=0,
        nothing=Nothing.NOT_COLLECTED,
    )


def abandoned_value() -> Panel:
    """The value of abandoned carts."""
    return Panel(
        PanelKind.STAT,
        "Their value",
        "Total value of the checkouts counted as abandoned now, by currency.",
        (
            Query(
                f"sum by (currency) ({each(business.CART_ABANDONED_VALUE, *M)})"
                f" or on () 0 * sum({each(business.CARTS_ABANDONED, *M)})",
                "{{currency}}",
                empty=NOT_COLLECTED,
            ),
        ),
        unit="locale",
        decimals=0,
        mappings=((0, Nothing.NONE, GREY),),
        named=True,
        nothing=Nothing.NOT_COLLECTED,
    )


def scarce() -> Panel:
    """The number of products to restock."""
    return Panel(
        PanelKind.STAT,
        "Low or out of stock",
        "Products and variations at or below their threshold, or out of stock. Restock them.",
        (
            Query(
                f"sum({each(business.PRODUCTS, one_of('stock', ('low', 'out')), *M)})",
                empty=NOT_COLLECTED,
            ),
        ),
        decimals=0,
        nothing=Nothing.NOT_COLLECTED,
    )


def sellers_out() -> Panel:
    """The number of best sellers that cannot be bought."""
    return Panel(
        PanelKind.STAT,
        "Best sellers out",
        "How many of the best-selling products of the last 30 days are out of stock.",
        (Query(f"sum({each(business.BEST_SELLERS_OUT, *M)})", empty=NOT_COLLECTED),),
        decimals=0,
        steps=FEW_GOOD,
        links=(AlertName.STORE_BEST_SELLERS_OUT_OF_STOCK,),
        nothing=Nothing.NOT_COLLECTED,
    )


def paid_share(window: str) -> str:
    """Share of paid orders among those that were paid, failed or were cancelled within a window.

    Each order is in the same number of recorded hours, except those of the last hour.
    """
    lost, paid = (
        total((), f"sum_over_time({promql.over(select(name, *M), window)})")
        for name in (series.LOST_HOURLY, series.ORDERS_HOURLY)
    )
    return f"{paid} / ({paid} + {promql.or_zero(lost, paid)} > 0)"
