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
        key: the line's own name, which changing it takes.
        product_id: of the product, or of the variation where it is one.
        quantity: pieces.
        maximum: the most pieces that can be bought; None if there is no such limit.
        unit_price: of one piece, before coupons, with or without tax as the shop's cart shows it.
        total: of the line, after coupons and without tax.
        options: what distinguishes the variation.
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
    """A coupon on a cart and what it takes off."""

    code: str
    discount: Money


@dataclass(frozen=True, slots=True)
class Cart:
    """A shopper's cart.

    Attributes:
        token: identifies the cart in the next call; keep it with the shopper's session, secret.
        expires: when the token ends.
        lines: what is in it.
        coupons: what reduces it.
        items: pieces in all; None if that is not known.
        subtotal: of the goods, before coupons and without tax.
        discount: by coupons.
        shipping: None as long as it is not known.
        tax: in all.
        total: to be paid.
        problems: what the store finds wrong with it, for the shopper.
        renewed: True when the requested cart was lost and this one took its place.
        unreadable: what the store sent broken: lines and coupons lack what could not be read, and
            `items` and the lines' `maximum` are None.
    """

    token: str = field(repr=False)
    expires: datetime | None
    lines: tuple[CartLine, ...]
    coupons: tuple[CartCoupon, ...]
    items: Quantity | None
    subtotal: Money
    discount: Money
    shipping: Money | None
    tax: Money
    total: Money
    problems: tuple[str, ...] = ()
    renewed: bool = False
    unreadable: tuple[str, ...] = ()
