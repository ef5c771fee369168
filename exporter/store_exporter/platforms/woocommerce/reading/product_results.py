"""From WooCommerce's JSON to results: lists and products. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from ....errors import StoreError
from ....spec.money import Money, Quantity
from ....spec.results import Category, LowStock, Price, Product, Review, Stock
from ...kit.reading.fields import Fields, as_list

T = TypeVar("T")
_STOCK = {"instock": "in_stock", "outofstock": "out_of_stock", "onbackorder": "on_backorder"}
PRICES = ("price", "regular_price")
NOT_SOLD_HERE = ("external", "grouped")
"""Types of products that no cart takes: sold elsewhere, or only a list of others."""


def optional_id(fields: Fields, name: str) -> int | None:
    """Read an id that is 0, null or PHP's empty text or false where there is none."""
    return None if fields.raw(name) in (None, "", False) else fields.integer(name) or None


def full_name(person: Fields) -> str:
    """Read a name, of which one part may be missing."""
    return f"{person.text_or('first_name')} {person.text_or('last_name')}".strip()


def lines(order: Fields) -> Iterator[Fields]:
    """Yield an order's lines; plugins leave null where there are none."""
    return order.children("line_items") if order.has("line_items") else iter(())


def counts_stock(fields: Fields) -> bool:
    """Whether the store counts the stock; at a variation its product may do so, as `parent`."""
    return fields.raw("manage_stock") == "parent" or fields.flag("manage_stock")


def stock_quantity(fields: Fields) -> Quantity | None:
    """Read what is left; None where the store does not count."""
    if not counts_stock(fields) or fields.raw("stock_quantity") is None:
        return None
    return fields.quantity("stock_quantity")


def read_stock(fields: Fields) -> Stock:
    """Read a product's or variation's stock."""
    # WooCommerce itself takes every status for in stock that is not "outofstock".
    status = _STOCK.get(fields.text("stock_status"), "other")
    return Stock(
        product_id=fields.identifier(),
        sku=fields.text_or("sku"),
        name=fields.text_or("name"),
        in_stock=status != "out_of_stock" and fields.raw("type") not in NOT_SOLD_HERE,
        status=status,
        quantity=stock_quantity(fields),
        backorders_allowed=fields.flag("backorders_allowed"),
    )


def read_product(fields: Fields, currency: str) -> Product:
    """Read a product or variation."""
    kind, unreadable = fields.text("type"), []
    prices: dict[str, Money | None] = dict.fromkeys(PRICES)
    for name in PRICES:
        try:
            prices[name] = fields.money_if_any(name, currency)
        except StoreError:
            unreadable.append(name)
    # Variations have no ratings of their own.
    rating_count = 0 if kind == "variation" else fields.integer("rating_count")
    rating = None
    try:
        rating = fields.decimal("average_rating") if rating_count else None
    except StoreError:
        unreadable.append("rating")
    return Product(
        id=fields.identifier(),
        parent_id=optional_id(fields, "parent_id"),
        type=kind,
        name=fields.text("name"),
        sku=fields.text_or("sku"),
        price=prices["price"],
        regular_price=prices["regular_price"],
        on_sale=fields.flag("on_sale"),
        stock=read_stock(fields),
        permalink=fields.text_or("permalink"),
        description=fields.markup_or("description"),
        categories=fields.optional_items("categories", lambda row: row.text("name")),
        attributes=dict(fields.optional_items("attributes", _attribute)),
        images=fields.optional_items("images", lambda row: row.text("src")),
        variations=tuple(_ids(fields.raw("variations"))),
        rating=rating,
        rating_count=rating_count,
        unreadable=tuple(unreadable),
    )


def _attribute(row: Fields) -> tuple[str, tuple[str, ...]]:
    options = (row.text("option"),) if row.has("option") else row.optional_strings("options")
    return row.text("name"), options


def _ids(value: Any) -> Iterable[int]:
    items = as_list(value) or ()
    return (item for item in items if isinstance(item, int) and not isinstance(item, bool))


def product_ids(fields: Fields) -> set[int]:
    """Return the ids by which a cart may hold a product: its own and its variations'."""
    return {fields.identifier(), *_ids(fields.raw("variations"))}


def read_price(fields: Fields, currency: str) -> Price:
    """Read what a product or variation costs."""
    current = fields.money_if_any("price", currency)
    return Price(
        product_id=fields.identifier(),
        sku=fields.text_or("sku"),
        name=fields.text_or("name"),
        price=current,
        highest=current,
        regular_price=fields.money_if_any("regular_price", currency),
        on_sale=fields.flag("on_sale"),
        sale_ends=fields.gmt_if_any("date_on_sale_to_gmt"),
    )


def read_category(fields: Fields) -> Category:
    """Read a category."""
    return Category(
        id=fields.identifier(),
        name=fields.text("name"),
        slug=fields.text("slug"),
        parent_id=optional_id(fields, "parent"),
        count=fields.integer("count"),
        description=fields.markup_or("description"),
    )


def read_review(fields: Fields) -> Review:
    """Read a review; the reviewer's e-mail address stays in the store."""
    rating = fields.integer("rating")
    if rating > 5:
        raise StoreError("invalid_response", f"{fields.where}: rating is {rating}, above 5")
    return Review(
        id=fields.identifier(),
        product_id=fields.identifier("product_id"),
        rating=rating,
        text=fields.markup_or("review"),
        reviewer=fields.text_or("reviewer"),
        verified=fields.flag("verified"),
        created=fields.gmt("date_created_gmt"),
    )


def read_low_stock(fields: Fields) -> LowStock:
    """Read a row of wc-analytics' stock report, of what has stock of its own.

    Raises:
        StoreError: invalid_response.
    """
    fields.flag("manage_stock")
    return LowStock(
        product_id=fields.identifier(),
        parent_id=optional_id(fields, "parent_id"),
        sku=fields.text_or("sku"),
        name=fields.text("name"),
        quantity=fields.quantity("stock_quantity"),
        in_stock=fields.text("stock_status") != "outofstock",
    )
