"""Operations on a shopper's cart, through the Storefront API that shops' own pages use.

What identifies a cart is its id, which is as good as a password: give each shopper a `CartSession`,
or keep `Cart.token` and pass it to the next call; without either, a call begins a new cart.
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
from ...kit.fields import Fields
from ...kit.operations import plan
from .. import ids, models, product_lookup
from ..api import Api
from ..cart_calls import all_or_nothing, change, holding, kept, open_cart

CART = "The shopper's CartSession, or the token of an earlier cart; without it a new cart."
_GET = "storefront Cart"


@plan(
    Operations.add_to_cart,
    calls=("admin VariantsByQuery", "admin ProductById", _GET, "storefront AddLines"),
)
def add_to_cart(
    api: Api,
    product: int | str,
    quantity: int = 1,
    variation: int | str | Mapping[str, str] | None = None,
    cart: CartSession | str | None = None,
) -> Plan[Cart]:
    """Where a product has several variants, one has to be chosen, else it is invalid_input."""
    count = checks.quantity(quantity)
    session = session_of(cart)
    variant = yield from _variant(api, product, variation)
    before = yield from open_cart(api, session)
    item = {"merchandiseId": ids.opaque(variant, "id"), "quantity": count}
    held = sum(int(line.quantity) for line in holding(before, ids.number(variant)))
    wanted = (ids.number(variant), held, held + count)
    after = yield from all_or_nothing(api, session, "AddLines", {"lines": [item]}, wanted)
    return kept(before, after)


def _variant(
    api: Api, product: int | str, variation: int | str | Mapping[str, str] | None
) -> Plan[Fields]:
    found = yield from product_lookup.find(api, product)
    if variation is None:
        only = yield from product_lookup.only_variant(api, found)
        if only is None:
            raise StoreError("invalid_input", "the product has variants: choose one")
        return only
    variants = yield from product_lookup.variants_of(api, found)
    for row in variants:
        if isinstance(variation, Mapping):
            chosen = dict(variation).items() <= dict(models.options(row)).items()
        else:
            chosen = variation in (ids.number(row), row.text_or("sku"))
        if chosen:
            return row
    message = f"there is no such variation of {str(product)[:40]}"
    raise StoreError("invalid_input", message)


@plan(Operations.get_cart, calls=(_GET,))
def get_cart(api: Api, cart: CartSession | str | None = None) -> Plan[Cart]:
    return (yield from open_cart(api, session_of(cart)))


def _lines_of(api: Api, cart: Cart, product: int | str) -> Plan[list[CartLine]]:
    """Return the lines of a cart that hold a product, any of its variants included.

    Raises:
        StoreError: not_found, there is none.
    """
    lines = [line for line in cart.lines if product in (line.product_id, line.sku)]
    if not lines and cart.lines:
        found = yield from product_lookup.find(api, product)
        if found.variant is not None:
            wanted = {ids.number(found.variant)}
        else:
            variants = yield from product_lookup.variants_of(api, found)
            wanted = {ids.number(row) for row in variants}
        lines = [line for line in cart.lines if line.product_id in wanted]
    if not lines:
        raise StoreError("not_found", f"the cart does not contain {str(product)[:40]}")
    return lines


@plan(Operations.remove_from_cart, calls=(_GET, "admin VariantsByQuery", "storefront RemoveLines"))
def remove_from_cart(
    api: Api, product: int | str, cart: CartSession | str | None = None
) -> Plan[Cart]:
    session = session_of(cart)
    before = yield from open_cart(api, session)
    lines = yield from _lines_of(api, before, product)
    variables = {"lines": [line.key for line in lines]}
    return kept(before, (yield from change(api, session, "RemoveLines", variables)))


@plan(
    Operations.update_cart_quantity, calls=(_GET, "admin VariantsByQuery", "storefront UpdateLines")
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
    variables = {"lines": [{"id": line.key, "quantity": count}]}
    wanted = (line.product_id, int(line.quantity), count)
    after = yield from all_or_nothing(api, session, "UpdateLines", variables, wanted)
    return kept(before, after)


@plan(Operations.apply_coupon_to_cart, calls=(_GET, "storefront ApplyDiscount"))
def apply_coupon_to_cart(api: Api, code: str, cart: CartSession | str | None = None) -> Plan[Cart]:
    """Beside the codes that are on the cart."""
    wanted = checks.text(code, "code")
    session = session_of(cart)
    before = yield from open_cart(api, session)
    codes = [coupon.code for coupon in before.coupons]
    if wanted.casefold() in (known.casefold() for known in codes):
        raise StoreError("invalid_coupon", f"{wanted} is on the cart already")
    after = yield from change(api, session, "ApplyDiscount", {"codes": [*codes, wanted]})
    if wanted.casefold() not in (coupon.code.casefold() for coupon in after.coupons):
        if codes:
            after = yield from change(api, session, "ApplyDiscount", {"codes": codes})
        raise StoreError("invalid_coupon", f"{wanted} is not good for this cart")
    return kept(before, after)
