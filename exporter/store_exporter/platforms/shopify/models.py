"""From Shopify's JSON to results: products, orders and the shop. No I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from ...errors import StoreError
from ..fields import Fields
from ..money import Money
from ..results import (
    Category,
    Customer,
    LowStock,
    Order,
    OrderLine,
    OrderNote,
    Price,
    Product,
    Refund,
    ShippingMethod,
    Stock,
)

_GID = re.compile(r"gid://shopify/[A-Za-z]+/(\d{1,19})(?:\?.*)?")


def number(fields: Fields, name: str = "id") -> int:
    """Read the number in a global id such as `gid://shopify/Product/51`.

    Raises:
        StoreError: invalid_response, it is no such id.
    """
    match = _GID.fullmatch(opaque(fields, name))
    if match is None:
        raise StoreError("invalid_response", f"{fields.where}: {name} is not an id of Shopify")
    return int(match.group(1))


def opaque(fields: Fields, name: str) -> str:
    """Read an id or a cursor, which has to go back to Shopify as it came.

    Raises:
        StoreError: invalid_response, it is no text.
    """
    value = fields.raw(name)
    if not isinstance(value, str):
        raise StoreError("invalid_response", f"{fields.where}: {name} is not a text")
    return value


def gid(kind: str, identifier: int) -> str:
    """Return the global id of a number."""
    return f"gid://shopify/{kind}/{identifier}"


def shop_money(fields: Fields, name: str) -> Money:
    """Read an amount in the shop's own currency out of a `MoneyBag`."""
    return amount(fields.child(name).child("shopMoney"))


def amount(fields: Fields) -> Money:
    """Read a `MoneyV2`."""
    return fields.money("amount", fields.currency("currencyCode"))


def amount_if_any(fields: Fields, name: str) -> Money | None:
    """Read a `MoneyV2` that may be null."""
    return amount(fields.child(name)) if fields.has(name) else None


# Products


def title(variant: Fields, product: Fields) -> str:
    """Return the name of a variant; the only one of a product has the product's."""
    return product.text("title") if _alone(product) else variant.text("title")


def _alone(product: Fields) -> bool:
    return product.flag("hasOnlyDefaultVariant")


def counted(variant: Fields) -> int | None:
    """Return how many pieces there are, None when Shopify does not count them."""
    if not variant.child("inventoryItem").flag("tracked"):
        return None
    return variant.integer("inventoryQuantity", low=-(10**9))


def stock(variant: Fields, product: Fields) -> Stock:
    """Read the stock of a variant."""
    quantity = counted(variant)
    backorders = quantity is not None and variant.text("inventoryPolicy") == "CONTINUE"
    empty = quantity is not None and quantity <= 0
    available = variant.flag("availableForSale")
    status = "out_of_stock" if not available else "on_backorder" if empty else "in_stock"
    return Stock(
        product_id=number(variant),
        sku=variant.text_or("sku"),
        name=title(variant, product),
        in_stock=available,
        status=status,
        quantity=quantity,
        backorders_allowed=backorders,
    )


def price(variant: Fields, product: Fields, currency: str) -> Price:
    """Read the price of a variant; `compareAtPrice` is what it cost before it was reduced."""
    now = variant.money("price", currency)
    before = variant.money_if_any("compareAtPrice", currency)
    reduced = before is not None and before.amount > now.amount
    return Price(
        product_id=number(variant),
        sku=variant.text_or("sku"),
        name=title(variant, product),
        price=now,
        highest=now,
        regular_price=before if reduced else now,
        on_sale=reduced,
        sale_ends=None,
    )


def options(fields: Fields) -> Mapping[str, str]:
    """Read what distinguishes a variant."""
    return dict(
        fields.decorating("selectedOptions", lambda row: (row.text("name"), row.text("value")))
    )


def variation(variant: Fields, product: Fields, currency: str) -> Product:
    """Read a variant as a product of its own."""
    priced = price(variant, product, currency)
    return Product(
        id=number(variant),
        parent_id=number(product),
        type="variation",
        name=variant.text("title"),
        sku=variant.text_or("sku"),
        price=priced.price,
        regular_price=priced.regular_price,
        on_sale=priced.on_sale,
        stock=stock(variant, product),
        permalink=product.text_or("onlineStoreUrl"),
        description=product.text_or("description"),
        categories=_categories(product),
        attributes={name: (value,) for name, value in options(variant).items()},
        images=(),
        variations=(),
        rating=None,
        rating_count=0,
    )


def _categories(product: Fields) -> tuple[str, ...]:
    if not product.has("collections"):
        return ()
    return product.child("collections").decorating("nodes", lambda row: row.text("title"))


def product(fields: Fields, variants: list[Fields], currency: str) -> Product:
    """Read a product with its variants; Shopify has at least one of every product."""
    if not variants:
        raise StoreError("invalid_response", f"{fields.where}: a product without variants")
    if _alone(fields):
        only = variation(variants[0], fields, currency)
        return Product(
            **{
                **{name: getattr(only, name) for name in Product.__slots__},
                "id": number(fields),
                "parent_id": None,
                "type": "simple",
                "name": fields.text("title"),
                "attributes": {},
            }
        )
    priced = sorted(
        (price(variant, fields, currency) for variant in variants),
        key=lambda found: found.price.amount if found.price else Decimal(0),
    )
    stocks = [stock(variant, fields) for variant in variants]
    known = [found.quantity for found in stocks if found.quantity is not None]
    available = any(found.in_stock for found in stocks)
    return Product(
        id=number(fields),
        parent_id=None,
        type="variable",
        name=fields.text("title"),
        sku="",
        price=priced[0].price,
        regular_price=priced[0].regular_price,
        on_sale=any(found.on_sale for found in priced),
        stock=Stock(
            product_id=number(fields),
            sku="",
            name=fields.text("title"),
            in_stock=available,
            status="in_stock" if available else "out_of_stock",
            quantity=sum(known) if len(known) == len(stocks) else None,
            backorders_allowed=any(found.backorders_allowed for found in stocks),
        ),
        permalink=fields.text_or("onlineStoreUrl"),
        description=fields.text_or("description"),
        categories=_categories(fields),
        attributes=_attributes(variants),
        images=(),
        variations=tuple(number(variant) for variant in variants),
        rating=None,
        rating_count=0,
    )


def _attributes(variants: list[Fields]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for variant in variants:
        for name, value in options(variant).items():
            found.setdefault(name, {})[value] = None
    return {name: tuple(values) for name, values in found.items()}


def category(fields: Fields) -> Category:
    """Read a collection; collections have none above them."""
    count = fields.child("productsCount").integer("count")
    return Category(number(fields), fields.text("title"), fields.text("handle"), None, count, "")


def low_stock(variant: Fields) -> LowStock:
    """Read a variant of which little is left."""
    parent = variant.child("product")
    quantity = counted(variant)
    if quantity is None:
        raise StoreError("invalid_response", f"{variant.where}: not counted")
    return LowStock(
        product_id=number(variant),
        parent_id=number(parent),
        sku=variant.text_or("sku"),
        name=title(variant, parent),
        quantity=quantity,
        in_stock=variant.flag("availableForSale"),
    )


# Orders

_PAID = ("PAID", "PARTIALLY_REFUNDED", "REFUNDED")
_UNPAID = ("AUTHORIZED", "PARTIALLY_PAID", "PENDING")
_LOST = ("EXPIRED", "VOIDED")
_DELIVERED = "FULFILLED"
_UNDELIVERED = (
    "FULFILLMENT_NOT_REQUIRED",
    "IN_PROGRESS",
    "ON_HOLD",
    "OPEN",
    "PARTIALLY_FULFILLED",
    "PENDING_FULFILLMENT",
    "REQUEST_DECLINED",
    "RESTOCKED",
    "SCHEDULED",
    "UNFULFILLED",
)


def financial_status(order: Fields) -> str:
    """Read how far an order is paid.

    Raises:
        StoreError: invalid_response, it is a status that is not known here.
    """
    return _one_of(order, "displayFinancialStatus", (*_PAID, *_UNPAID, *_LOST))


def is_delivered(order: Fields) -> bool:
    """Whether everything has been sent.

    Raises:
        StoreError: invalid_response, it is a status that is not known here.
    """
    name = "displayFulfillmentStatus"
    return _one_of(order, name, (_DELIVERED, *_UNDELIVERED)) == _DELIVERED


def _one_of(fields: Fields, name: str, known: Sequence[str]) -> str:
    value = fields.text(name)
    if value not in known:
        message = f"{fields.where}: {name} is {value[:40]}, which is not known here"
        raise StoreError("invalid_response", message)
    return value


def status(order: Fields) -> str:
    """Return an order's status in the words that all platforms share.

    Shopify has no single status: payment, delivery and cancellation are told apart.
    """
    financial, delivered = financial_status(order), is_delivered(order)
    if order.gmt_if_any("cancelledAt") is not None:
        return "cancelled"
    if financial == "REFUNDED":
        return "refunded"
    if financial in _LOST:
        return "failed"
    if financial in _PAID:
        return "completed" if delivered else "processing"
    return "pending"


def is_paid(order: Fields) -> bool:
    """Whether an order has been paid, whatever was paid back since."""
    return financial_status(order) in _PAID


def order(fields: Fields, *, with_customer: bool) -> Order:
    """Read an order."""
    created = fields.gmt("createdAt")
    found = status(fields)
    return Order(
        id=number(fields),
        number=fields.text("name").lstrip("#"),
        status=found,
        total=shop_money(fields, "totalPriceSet"),
        refunded=shop_money(fields, "totalRefundedSet"),
        lines=tuple(_line(row) for row in fields.child("lineItems").children("nodes")),
        customer=_customer(fields) if with_customer else None,
        payment_method="",
        created=created,
        modified=fields.gmt("updatedAt"),
        paid=created if is_paid(fields) else None,
        completed=fields.gmt_if_any("closedAt") if found == "completed" else None,
    )


def _line(row: Fields) -> OrderLine:
    quantity = row.integer("quantity")
    unit = shop_money(row, "originalUnitPriceSet")
    return OrderLine(
        product_id=number(row.child("product")) if row.has("product") else None,
        variation_id=number(row.child("variant")) if row.has("variant") else None,
        sku=row.text_or("sku"),
        name=row.text("name"),
        quantity=quantity,
        total=Money(unit.amount * quantity, unit.currency),
    )


def _customer(fields: Fields) -> Customer:
    email = fields.text_or("email")
    if not fields.has("customer"):
        return Customer(None, email, "")
    found = fields.child("customer")
    return Customer(number(found), email, found.text_or("displayName"))


def refund(fields: Fields) -> Refund:
    """Read one refund."""
    return Refund(
        number(fields),
        shop_money(fields, "totalRefundedSet"),
        fields.text_or("note"),
        fields.gmt("createdAt"),
    )


# The shop


def shipping_method(zone: str, fields: Fields) -> ShippingMethod:
    """Read a way of delivery out of a delivery profile."""
    provider = fields.child("rateProvider")
    fixed = provider.text("__typename") == "DeliveryRateDefinition"
    cost = amount(provider.child("price")) if fixed else None
    free = cost is not None and cost.amount == 0
    return ShippingMethod(
        zone=zone,
        title=fields.text("name"),
        kind="free_shipping" if free else "flat_rate" if fixed else "carrier",
        cost=None if free else cost,
        cost_rule="" if fixed else "computed by the carrier",
        minimum=_minimum(fields),
        needs_coupon=False,
    )


def _minimum(fields: Fields) -> Money | None:
    """Return the order value from which a way of delivery is offered."""
    rows: Any = list(fields.children("methodConditions"))
    for row in rows:
        at_least = row.raw("operator") == "GREATER_THAN_OR_EQUAL_TO"
        if row.raw("field") == "TOTAL_PRICE" and at_least:
            return amount(row.child("conditionCriteria"))
    return None


def cancelled(found: Order) -> Order:
    """Return an order as it will be once its cancellation, a job of Shopify's, is done."""
    return replace(found, status="cancelled")


def event(fields: Fields) -> OrderNote:
    """Read an entry of an order's timeline, which only the staff sees."""
    message = fields.markup_or("message")
    return OrderNote(number(fields), message, False, fields.gmt("createdAt"))


def price_range(product: Fields, variants: list[Fields], currency: str) -> Price:
    """Read the prices of a product's variants, from the lowest to the highest."""
    if not variants:
        raise StoreError("invalid_response", f"{product.where}: a product without variants")
    priced = [price(variant, product, currency) for variant in variants]
    amounts = sorted((p.price for p in priced if p.price), key=lambda money: money.amount)
    return Price(
        product_id=number(product),
        sku="",
        name=product.text("title"),
        price=amounts[0],
        highest=amounts[-1],
        regular_price=None,
        on_sale=any(found.on_sale for found in priced),
        sale_ends=None,
    )


def found_product(fields: Fields) -> Product:
    """Read a product as the Storefront API's search shows it, without quantities.

    Their number takes a scope that no shopper's page needs.
    """
    prices = fields.child("priceRange")
    lowest = amount(prices.child("minVariantPrice"))
    available = fields.flag("availableForSale")
    variants = list(fields.child("variants").children("nodes"))
    single = len(variants) == 1
    return Product(
        id=number(fields),
        parent_id=None,
        type="simple" if single else "variable",
        name=fields.text("title"),
        sku=variants[0].text_or("sku") if single else "",
        price=lowest,
        regular_price=lowest,
        on_sale=any(_reduced(row) for row in variants),
        stock=Stock(
            product_id=number(fields),
            sku="",
            name=fields.text("title"),
            in_stock=available,
            status="in_stock" if available else "out_of_stock",
            quantity=None,
            backorders_allowed=False,
        ),
        permalink=fields.text_or("onlineStoreUrl"),
        description=fields.text_or("description"),
        categories=(fields.text_or("productType"),) if fields.text_or("productType") else (),
        attributes={},
        images=(),
        variations=() if single else tuple(number(row) for row in variants),
        rating=None,
        rating_count=0,
    )


def _reduced(variant: Fields) -> bool:
    before = amount_if_any(variant, "compareAtPrice")
    return before is not None and before.amount > amount(variant.child("price")).amount
