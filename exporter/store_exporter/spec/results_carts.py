"""Results about a shopper's cart. `results` explains what all results have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from .money import Money, Quantity


@dataclass(frozen=True, slots=True)
class CartLine:
    """One line of a cart.

    Attributes:
        key: identifies the line in calls that change or remove it.
        product_id: id of the product, or of the variation if the line holds one.
        quantity: number of pieces.
        maximum: the most pieces that can be bought; None if there is no such limit.
        unit_price: price of one piece before coupons, with or without tax as in the shop's cart.
        total: price of the line after coupons, without tax.
        options: the options that distinguish the variation, such as its colour.
    """

    key: str
    product_id: int
    sku: str
    name: str
    quantity: Quantity
    maximum: Quantity | None
    unit_price: Money
    total: Money
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CartCoupon:
    """A coupon on a cart, and its discount; None if unreadable."""

    code: str
    discount: Money | None


@dataclass(frozen=True, slots=True)
class Cart:
    """A shopper's cart.

    Attributes:
        token: identifies the cart in the next call; a secret to keep in the shopper's session.
        expires: when the token expires.
        lines: the goods in the cart.
        coupons: the coupons applied to the cart.
        items: number of pieces in all lines; None if it is not known.
        subtotal: price of the goods before coupons, without tax; None if unreadable.
        discount: sum of the coupons' discounts; None if unreadable.
        shipping: price of the delivery; None until it is known.
        tax: sum of all taxes.
        total: the amount to pay.
        problems: the store's complaints about the cart, written for the shopper.
        renewed: True if the requested cart was lost and this one replaces it.
        unreadable: names of what the store sent broken. `lines` and `coupons` lack the entries
            that could not be read; `items` and a line's `maximum` are None.
    """

    token: str = field(repr=False)
    expires: datetime | None
    lines: tuple[CartLine, ...]
    coupons: tuple[CartCoupon, ...]
    items: Quantity | None
    subtotal: Money | None
    discount: Money | None
    shipping: Money | None
    tax: Money
    total: Money
    problems: tuple[str, ...] = ()
    renewed: bool = False
    unreadable: tuple[str, ...] = ()
