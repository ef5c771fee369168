"""Reads JSON of products, categories, reviews and stock, or raises invalid_response. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from ....spec.money import Money, Quantity
from ....spec.results import Category, LowStock, Price, Product, Review, Stock
from ...kit.reading.fields import Fields
from ...kit.reading.secondary import Secondary
from ...kit.reading.values import as_list

_STOCK = {"instock": "in_stock", "outofstock": "out_of_stock", "onbackorder": "on_backorder"}
_NAME = partial(Fields.text_or_number, name="name")
PRICES = ("price", "regular_price")
NOT_SOLD_HERE = ("external", "grouped")
"""Types of products that cannot be put into a cart: sold elsewhere, or only a list of others."""


def counts_stock(fields: Fields) -> bool:
    """Whether the store counts the stock; `parent` means that the variation's product counts it."""
    return fields.raw("manage_stock") == "parent" or fields.flag("manage_stock")


def stock_quantity(fields: Fields) -> Quantity | None:
    """Read how many pieces are left; None if the store does not count them."""
    return fields.quantity_if_any("stock_quantity") if counts_stock(fields) else None


def is_for_sale(fields: Fields) -> bool:
    """Whether a cart takes a product: not one without a price, or that a plugin withholds."""
    return fields.raw("type") not in NOT_SOLD_HERE and fields.raw("purchasable") is not False


def read_stock(fields: Fields) -> Stock:
    """Read a product's or variation's stock."""
    # To WooCommerce itself every status except "outofstock" is in stock.
    if not fields.text("stock_status"):
        raise fields.invalid("stock_status is empty")
    status = _STOCK.get(fields.text("stock_status"), "other")
    also = Secondary()
    return Stock(
        product_id=fields.identifier(),
        sku=fields.text_or("sku"),
        name=fields.text_or("name"),
        in_stock=status != "out_of_stock" and is_for_sale(fields),
        status=status,
        quantity=also.read("quantity", stock_quantity, fields),
        backorders_allowed=also.read("backorders_allowed", fields.flag, "backorders_allowed"),
        unreadable=also.unreadable,
    )


def read_product(fields: Fields, currency: str) -> Product:
    """Read a product or variation."""
    kind, also = fields.text("type"), Secondary()
    count = also.read("rating_count", _rating_count, fields, kind)
    return Product(
        id=fields.identifier(),
        parent_id=also.read("parent_id", fields.identifier_if_any, "parent_id"),
        type=kind,
        name=fields.text_or_number("name"),
        sku=fields.text_or("sku"),
        price=also.read("price", fields.money_if_any, "price", currency),
        regular_price=also.read("regular_price", fields.money_if_any, "regular_price", currency),
        on_sale=also.read("on_sale", fields.flag, "on_sale"),
        stock=read_stock(fields),
        permalink=fields.text_or("permalink"),
        # Of a product with a password, shoppers see everything else.
        description="" if fields.text_or("post_password") else fields.markup_or("description"),
        categories=tuple(also.rows("categories", as_list(fields.raw("categories")), _NAME)),
        attributes=dict(also.rows("attributes", as_list(fields.raw("attributes")), read_attribute)),
        images=fields.optional_items("images", lambda row: row.text("src")),
        variations=tuple(_variations(fields, also)),
        rating=also.read("rating", fields.decimal, "average_rating") if count else None,
        rating_count=count,
        unreadable=also.unreadable,
    )


def _rating_count(fields: Fields, kind: str) -> int | None:
    """Read the number of ratings; 0 for variations, None if a plugin left it null or empty."""
    if kind == "variation":
        return 0
    return None if fields.raw("rating_count") in (None, "") else fields.integer("rating_count")


def read_attribute(row: Fields) -> tuple[str, tuple[str, ...]]:
    """Read the name of an attribute and its options; a variation has one option of it, or any."""
    is_one = row.has("option")
    options = (row.text_or_number("option"),) if is_one else row.optional_strings("options")
    return _NAME(row), options


def _variations(fields: Fields, also: Secondary) -> list[int]:
    """Read the ids of a product's variations; plugins put whole variations in their place."""
    given = as_list(fields.raw("variations")) or ()
    rows = (item if isinstance(item, Mapping) else {"id": item} for item in given)
    return also.rows("variations", rows, Fields.identifier)


def has_variations(fields: Fields) -> bool:
    """Whether a product has variations; types of plugins may, such as `variable-subscription`."""
    return "variable" in fields.text("type") or any(_variations(fields, Secondary()))


def product_ids(fields: Fields) -> set[int]:
    """Return the ids with which a product may be in a cart: its own and its variations'."""
    return {fields.identifier(), *_variations(fields, Secondary())}


def read_price(fields: Fields, currency: str, variations: Iterable[Any] = ()) -> Price:
    """Read the price of a product or variation.

    `variations` are the published ones of the product, as the store sent them.
    """
    also = Secondary()
    # One without a price cannot be bought.
    priced = (row for row in variations if not (isinstance(row, dict) and row.get("price") == ""))
    prices = also.rows("highest", priced, lambda row: row.money("price", currency))
    prices.sort(key=lambda money: money.amount)
    lowest: Money | None
    highest: Money | None
    if prices and not also.unreadable:
        lowest, highest = prices[0], prices[-1]
    else:
        # A product with variations shows the lowest of their prices as its own.
        lowest = fields.money_if_any("price", currency)
        highest = None if also.unreadable else lowest
    return Price(
        product_id=fields.identifier(),
        sku=fields.text_or("sku"),
        name=fields.text_or("name"),
        price=lowest,
        highest=highest,
        regular_price=also.read("regular_price", fields.money_if_any, "regular_price", currency),
        on_sale=also.read("on_sale", fields.flag, "on_sale"),
        sale_ends=also.read("sale_ends", fields.gmt_if_any, "date_on_sale_to_gmt"),
        unreadable=also.unreadable,
    )


def read_category(fields: Fields) -> Category:
    """Read a category."""
    also = Secondary()
    return Category(
        id=fields.identifier(),
        name=fields.text_or_number("name"),
        slug=fields.text_or("slug"),
        parent_id=fields.identifier_if_any("parent"),
        count=also.read("count", fields.integer, "count"),
        description=fields.markup_or("description"),
    )


def read_review(fields: Fields) -> Review:
    """Read a review; the reviewer's e-mail address stays in the store."""
    rating = fields.integer("rating")
    if rating > 5:
        raise fields.invalid(f"rating is {rating}, above 5")
    also = Secondary()
    return Review(
        id=fields.identifier(),
        product_id=fields.identifier("product_id"),
        rating=rating,
        text=fields.markup_or("review"),
        reviewer=fields.text_or("reviewer"),
        verified=also.read("verified", fields.flag, "verified"),
        created=also.read("created", fields.gmt, "date_created_gmt"),
    )


def read_low_stock(fields: Fields) -> LowStock:
    """Read a row of wc-analytics' stock report, for a product or variation with its own stock."""
    fields.flag("manage_stock")
    return LowStock(
        product_id=fields.identifier(),
        parent_id=fields.identifier_if_any("parent_id"),
        sku=fields.text_or("sku"),
        name=fields.text_or("name"),
        quantity=fields.quantity("stock_quantity"),
        in_stock=fields.text("stock_status") != "outofstock",
    )
