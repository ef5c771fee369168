"""A row of the merchant's page: products and carts one by one, by name."""

from __future__ import annotations

from functools import partial

from ....metrics.catalogue import lists
from ...names import AlertName, Dashboards
from ...promql import each, equal
from ..panels import Query, Row, ago, number, table
from ..values import Nothing
from ..variables import CURRENCY_MATCH, STORE_MATCH

M = STORE_MATCH
AFTER = ("stock", "sku", "domain")
"""Columns after the figures, so that a phone shows the figures and amounts with their currency."""
SEVERAL = "the row of the first figure stands for both"


def _first(rows: str, name: str, legend: str, width: int, *, unit: str = "") -> Query:
    return Query(
        rows,
        legend,
        unit=unit,
        decimals=0,
        width=width,
        otherwise=Nothing.NOT_COLLECTED,
        known=each(lists.LISTED, equal("list", name), *M),
        empty="lists may be switched off",
    )


_table = partial(table, height=12, after=AFTER, nothing=Nothing.NOT_COLLECTED)

SCARCE = _table(
    "What to restock first",
    "The ten products and variations of each shop that most need restocking: first those "
    "that are out of stock and sold in the last 30 days, then those that are low, then the "
    "others that are out. Pieces sold are counted over 30 days.",
    (
        _first(each(lists.SCARCE_SOLD, *M), "scarce", "Sold", 84),
        number(each(lists.SCARCE_QUANTITY, *M), "Left", width=70, empty=SEVERAL),
    ),
    columns=("product", "stock", "sku", "domain"),
    sort="Sold",
    links=(AlertName.STORE_BEST_SELLERS_OUT_OF_STOCK,),
)

# A phone has no room for a currency in each row, and amounts of several cannot be ordered together.
_PIECES, _SOLD_FOR, _CART_VALUE, _CART_TIME = (
    each(metric, *M, *CURRENCY_MATCH)
    for metric in (lists.SELLER_SOLD, lists.SELLER_VALUE, lists.CART_VALUE, lists.CART_SINCE)
)
SELLERS = _table(
    "Best sellers of seven days ($currency)",
    "The products with most pieces sold in the last seven days in the currency chosen above, among "
    "the ten that each shop sells most of, and their revenue before refunds and without delivery.",
    (
        _first(_PIECES, "best_sellers", "Sold", 84),
        Query(_SOLD_FOR, "Sold for", unit="locale", decimals=0, width=100, empty=SEVERAL),
    ),
    columns=("product", "sku", "domain"),
    sort="Sold",
    links=(Dashboards.TRENDS,),
)

_ABANDONED = f"1000 * {_CART_TIME}"
CARTS = _table(
    "Abandoned carts worth most ($currency)",
    "The ten abandoned checkouts of each shop that are worth most in the currency chosen "
    "above, by the number that the shop shows. You may be able to contact some of the shoppers "
    "and help them.",
    (
        _first(_CART_VALUE, "carts", "Value", 100, unit="locale"),
        ago(_ABANDONED, "Abandoned", empty=SEVERAL),
    ),
    columns=("cart", "domain"),
    sort="Value",
    links=(AlertName.STORE_ABANDONED_CARTS_SURGE,),
)

BY_NAME = Row("By name", (SCARCE, SELLERS, CARTS))
