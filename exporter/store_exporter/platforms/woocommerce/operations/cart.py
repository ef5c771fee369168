"""Operations on a shopper's cart, through the Store API that the shop's own pages use.

They need no API key, and none is sent: with a shop manager's rights the answers would be another
person's. What identifies a shopper is the cart's token. Give each shopper a `CartSession`, or keep
`Cart.token` and pass it to the next call; without either, a call begins a new cart.
"""

from __future__ import annotations

from collections.abc import Mapping

from ....errors import StoreError
from ....net.plans import Plan
from ....spec.operations import Operations
from ....spec.results import Cart, CartLine
from ....spec.sessions import CartSession
from ...kit import checks
from ...kit.carts import session_of
from ...kit.operations import plan
from .. import models
from ..api import Api
from ..cart_calls import call, change, item, open_cart, renewed
from ..product_lookup import find_product

CART = "The shopper's CartSession, or the token of an earlier cart; without it a new cart."
GET_CART = "GET /wc/store/v1/cart"


def _lines_of(api: Api, cart: Cart, product: int | str) -> Plan[list[CartLine]]:
    """Return the lines of a cart that hold a product, any of its variations included.

    Raises:
        StoreError: not_found, there is none.
    """
    lines = [line for line in cart.lines if product in (line.product_id, line.sku)]
    if not lines and cart.lines:
        found = yield from find_product(api, product)
        wanted = models.product_ids(found)
        lines = [line for line in cart.lines if line.product_id in wanted]
    if not lines:
        raise StoreError("not_found", f"the cart does not contain {str(product)[:40]}")
    return lines


@plan(
    Operations.add_to_cart,
    calls=(
        "GET /wc/v3/products?sku=",
        "GET /wc/v3/products/{id}",
        GET_CART,
        "POST /wc/store/v1/cart/add-item",
    ),
)
def add_to_cart(
    api: Api,
    product: int | str,
    quantity: int = 1,
    variation: int | str | Mapping[str, str] | None = None,
    cart: CartSession | str | None = None,
) -> Plan[Cart]:
    count = checks.quantity(quantity)
    options: Mapping[str, str] = {}
    if isinstance(variation, Mapping):
        options = variation
    elif variation is not None:
        product = yield from _variation_id(api, product, variation)
    if not isinstance(product, int):
        product = (yield from find_product(api, product)).identifier()
    body = item(product, count, options)
    return (yield from change(api, session_of(cart), "add-item", body))


def _variation_id(api: Api, product: int | str, variation: int | str) -> Plan[int]:
    """Return the id of a variation, which must be one of the product's.

    Raises:
        StoreError: invalid_input, it is another product's.
    """
    parent = yield from find_product(api, product)
    child = yield from find_product(api, variation)
    if models.optional_id(child, "parent_id") != parent.identifier():
        message = f"{str(variation)[:40]} is not a variation of {str(product)[:40]}"
        raise StoreError("invalid_input", message)
    return child.identifier()


@plan(Operations.get_cart, calls=(GET_CART,))
def get_cart(api: Api, cart: CartSession | str | None = None) -> Plan[Cart]:
    return (yield from open_cart(api, session_of(cart)))


@plan(
    Operations.remove_from_cart,
    calls=(GET_CART, "GET /wc/v3/products/{id}", "POST /wc/store/v1/cart/remove-item"),
)
def remove_from_cart(
    api: Api, product: int | str, cart: CartSession | str | None = None
) -> Plan[Cart]:
    session = session_of(cart)
    before = yield from open_cart(api, session)
    after = before
    for line in (yield from _lines_of(api, before, product)):
        after = yield from call(api, session, "remove-item", {"key": line.key})
    return renewed(after, before.problems) if before.renewed else after


@plan(
    Operations.update_cart_quantity,
    calls=(GET_CART, "GET /wc/v3/products/{id}", "POST /wc/store/v1/cart/update-item"),
)
def update_cart_quantity(
    api: Api, product: int | str, quantity: int, cart: CartSession | str | None = None
) -> Plan[Cart]:
    count = checks.quantity(quantity, low=0)
    session = session_of(cart)
    before = yield from open_cart(api, session)
    lines = yield from _lines_of(api, before, product)
    if len(lines) > 1:
        raise StoreError("invalid_input", "several lines hold this product: name the variation")
    line = lines[0]
    body = {"key": line.key, "quantity": count}
    try:
        after = yield from call(api, session, "update-item", body)
    except StoreError as error:
        # The store has one code for "below the minimum" and "more than there is".
        if error.code == "invalid_quantity" and line.maximum is not None and count > line.maximum:
            raise StoreError(
                "out_of_stock", error.message, status=error.status, code=error.code
            ) from error
        raise
    return renewed(after, before.problems) if before.renewed else after


@plan(Operations.apply_coupon_to_cart, calls=(GET_CART, "POST /wc/store/v1/cart/apply-coupon"))
def apply_coupon_to_cart(api: Api, code: str, cart: CartSession | str | None = None) -> Plan[Cart]:
    body = {"code": checks.text(code, "code")}
    return (yield from change(api, session_of(cart), "apply-coupon", body))
