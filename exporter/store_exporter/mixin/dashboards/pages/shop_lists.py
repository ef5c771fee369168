"""A row of the merchant's page: products and carts one by one, by name."""

from __future__ import annotations

from ....metrics.catalogue import lists
from ...names import AlertName, Dashboard, Dashboards
from ...promql import each, equal
from ..firing import labelled
from ..panels import Panel, PanelKind, Query, Row
from ..values import NO_FIGURE, Nothing
from ..variables import CURRENCY_MATCH, STORE_MATCH

M = STORE_MATCH
AFTER = ("stock", "sku", "domain")
"""Columns after the figures, so that a phone shows the figures and amounts with their currency."""
SEVERAL = "the row of the first figure stands for both"


def by_name() -> Row:
    """Products to restock, best sellers and abandoned carts."""
    return Row("By name", (scarce(), sellers(), carts()))


def scarce() -> Panel:
    """What to restock first."""
    return _table(
        "What to restock first",
        "The ten products and variations of each shop that most need restocking: first those "
        "that are out of stock and sold in the last 30 days, then those that are low, then the "
        "others that are out. Pieces sold are counted over 30 days.",
        (
            _or_none(each(lists.SCARCE_SOLD, *M), "scarce", "product", "Sold", 84),
            Query(each(lists.SCARCE_QUANTITY, *M), "Left", decimals=0, width=70, empty=SEVERAL),
        ),
        columns=("product", "stock", "sku", "domain"),
        sort="Sold",
        links=(AlertName.STORE_BEST_SELLERS_OUT_OF_STOCK,),
    )


def sellers() -> Panel:
    """What sells best."""
    value = each(lists.SELLER_VALUE, *M)
    return _table(
        "Best sellers of seven days",
        "The ten products of each shop with most pieces sold in the last seven days, and their "
        "revenue before refunds and without delivery. A product sold in several currencies has a "
        "row for each.",
        (
            _or_none(value, "best_sellers", "product", "Sold for", 100, unit="locale"),
            Query(each(lists.SELLER_SOLD, *M), "Sold", decimals=0, width=84, empty=SEVERAL),
        ),
        columns=("product", "currency", "sku", "domain"),
        sort="Sold",
        links=(Dashboards.TRENDS,),
    )


def carts() -> Panel:
    """The abandoned carts that are worth most."""
    # Amounts of several currencies cannot be ordered together.
    value, left = (each(m, *M, *CURRENCY_MATCH) for m in (lists.CART_VALUE, lists.CART_SINCE))
    since = f"1000 * {left}"
    return _table(
        "Abandoned carts worth most ($currency)",
        "The ten abandoned checkouts of each shop that are worth most in the currency chosen "
        "above, by the number that the shop shows. You may be able to contact some of the shoppers "
        "and help them.",
        (
            _or_none(value, "carts", "cart", "Value", 100, unit="locale"),
            Query(since, "Left", unit="dateTimeFromNow", width=140, empty=SEVERAL),
        ),
        columns=("cart", "currency", "domain"),
        sort="Value",
        links=(AlertName.STORE_ABANDONED_CARTS_SURGE,),
    )


def _or_none(
    rows: str, name: str, column: str, legend: str, width: int, *, unit: str = ""
) -> Query:
    """The first figure of a list, or the text for a list that is known to be empty."""
    known = f"{NO_FIGURE[0]:g} + 0 * sum({each(lists.LISTED, equal('list', name), *M)})"
    none = labelled(known, f'"{column}", "{Nothing.NONE}", "", ""')
    return Query(
        f"{rows} or on () {none}",
        legend,
        unit=unit,
        decimals=0,
        width=width,
        otherwise=Nothing.NOT_COLLECTED,
        empty="lists may be switched off",
    )


def _table(
    title: str,
    description: str,
    queries: tuple[Query, Query],
    *,
    columns: tuple[str, ...],
    sort: str,
    links: tuple[Dashboard | str, ...],
) -> Panel:
    return Panel(
        PanelKind.TABLE,
        title,
        description,
        queries,
        width=24,
        height=12,
        columns=columns,
        after=tuple(label for label in columns if label in AFTER),
        sort=sort,
        links=links,
        nothing=Nothing.NOT_COLLECTED,
    )
