"""What a shopper's cart holds, and the document that the Store API makes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from .answers import Document
from .shop import Shop
from .templates import currency_members

LIMIT = 9999
"""The most of anything that fits into a cart."""


def escaped(text: str) -> str:
    """Return text as PHP's esc_html() does."""
    for char, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(char, entity)
    return text.replace("'", "&#039;")


@dataclass(slots=True)
class Line:
    """One line of a cart: a product or variation and how many of it."""

    product_id: int
    quantity: int
    variation: list[Document]


@dataclass(slots=True)
class Basket:
    """What one shopper has put together."""

    lines: dict[str, Line] = field(default_factory=dict)
    coupons: list[str] = field(default_factory=list)


def item_name(shop: Shop, item: Document) -> str:
    """Return the name that a cart shows: a variation goes by its parent's."""
    parent = shop.products.get(item.get("parent_id") or 0)
    return str((parent or item)["name"])


def left(item: Document) -> int:
    """Return how many of a product or variation a cart may hold."""
    managed = item["manage_stock"] and not item["backorders_allowed"]
    return min(item["stock_quantity"], LIMIT) if managed else LIMIT


def subtotal(shop: Shop, basket: Basket) -> Decimal:
    """Return what the goods cost before discounts."""
    return sum((_line_subtotal(shop, line) for line in basket.lines.values()), Decimal(0))


def _line_subtotal(shop: Shop, line: Line) -> Decimal:
    item = shop.item(line.product_id)
    return Decimal(item["price"]) * line.quantity if item else Decimal(0)


def _minor(shop: Shop, amount: Decimal) -> str:
    return str(int(amount.scaleb(shop.shown).quantize(Decimal(1), ROUND_HALF_UP)))


def _discounts(shop: Shop, basket: Basket, goods: Decimal) -> list[tuple[str, str, Decimal]]:
    found = {c["code"]: c for c in shop.coupons.values()}
    rows = []
    for code in basket.coupons:
        coupon = found[code]
        amount = Decimal(coupon["amount"])
        value = goods * amount / 100 if coupon["discount_type"] == "percent" else amount
        # A coupon stays when the last line goes, and the recorded store then shows it as it was.
        rows.append((code, coupon["discount_type"], min(value, goods)))
    return rows


def document(shop: Shop, basket: Basket) -> Document:
    """Return a cart as the Store API shows it: amounts are strings in minor units."""
    money = currency_members(shop.currency, shop.shown)
    goods = subtotal(shop, basket)
    discounts = _discounts(shop, basket, goods)
    discount = sum((value for _, _, value in discounts), Decimal(0))
    share = discount / goods if goods else Decimal(0)
    items = [_item(shop, key, line, share) for key, line in basket.lines.items()]
    rates = _rates(shop, items)
    shipping = rates[0]["shipping_rates"][0]["price"] if rates else None
    full = bool(items)
    cart = shop.templates.get(
        "cart",
        items=items,
        shipping_rates=rates,
        needs_payment=full,
        needs_shipping=full,
        has_calculated_shipping=full,
        items_count=sum(line.quantity for line in basket.lines.values()),
        payment_methods=[row["id"] for row in shop.gateways if row["enabled"]],
        coupons=[
            {
                "code": code,
                "discount_type": kind,
                "totals": {
                    "total_discount": _minor(shop, value),
                    "total_discount_tax": "0",
                    **money,
                },
            }
            for code, kind, value in discounts
        ],
    )
    cart["totals"].update(
        total_items=_minor(shop, goods),
        total_discount=_minor(shop, discount),
        total_shipping=shipping,
        total_shipping_tax=None if shipping is None else "0",
        total_price=str(int(_minor(shop, goods - discount)) + int(shipping or 0)),
        **money,
    )
    return cart


def _item(shop: Shop, key: str, line: Line, share: Decimal) -> Document:
    item = shop.item(line.product_id) or {}
    money = currency_members(shop.currency, shop.shown)
    goods = _line_subtotal(shop, line)
    row = shop.templates.get(
        "cart_item",
        key=key,
        id=line.product_id,
        type=item["type"],
        quantity=line.quantity,
        name=escaped(item_name(shop, item)),
        sku=item["sku"],
        permalink=item["permalink"],
        description=item["description"].strip(),
        variation=line.variation,
    )
    row["quantity_limits"]["maximum"] = left(item)
    for name in ("price", "regular_price", "sale_price"):
        value = Decimal(item[name] or item["price"])
        row["prices"][name] = _minor(shop, value)
        row["prices"]["raw_prices"][name] = str(int(value.scaleb(6)))
    row["prices"].update(money)
    row["totals"].update(
        line_subtotal=_minor(shop, goods), line_total=_minor(shop, goods * (1 - share)), **money
    )
    return row


def _rates(shop: Shop, items: list[Document]) -> list[Document]:
    if not items:
        return []
    package = shop.templates.get("shipping_package")
    package["items"] = [{name: i[name] for name in ("key", "name", "quantity")} for i in items]
    for rate in package["shipping_rates"]:
        rate.update(currency_members(shop.currency, shop.shown))
        if rate["method_id"] == "flat_rate":
            rate["price"] = _minor(shop, Decimal(5))
    return [package]
