"""Operations on a shopper's cart, through the Storefront API that shops' own pages use.

What identifies a cart is its id, which is as good as a password: give each shopper a `CartSession`,
or keep `Cart.token` and pass it to the next call; without either, a call begins a new cart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ....errors import Fault, StoreError
from ... import checks
from ...described import operation
from ...fields import Fields
from ...plans import Plan
from ...results import Cart, CartLine
from ...sessions import CartSession, session_of
from .. import carts, models
from ..api import Api
from . import products

CART = "The shopper's CartSession, or the token of an earlier cart; without it a new cart."
_GET = "storefront Cart"


def _remember(session: CartSession, cart: Cart) -> Cart:
    session.token = cart.token
    session.lines = cart.lines
    session.coupons = tuple(coupon.code for coupon in cart.coupons)
    return cart


def _create(api: Api, session: CartSession) -> Plan[Cart]:
    data = yield from api.storefront("CreateCart", {"input": {}}, writes=True)
    payload = data.child("cartCreate")
    error = carts.refusal(payload)
    if error is not None:
        raise error
    return _remember(session, carts.cart(payload.child("cart")))


def _open(api: Api, session: CartSession) -> Plan[Cart]:
    """Return the session's cart; one that is lost is put together again from memory.

    What cannot be had any more is left out, and the cart says so among its problems.
    """
    if session.token is None:
        return (yield from _create(api, session))
    data = yield from api.storefront("Cart", {"id": session.token})
    if data.has("cart"):
        return _remember(session, carts.cart(data.child("cart")))
    lines, codes = session.lines, session.coupons
    session.token, session.lines, session.coupons = None, (), ()
    cart = yield from _create(api, session)
    problems: list[str] = []
    for line in lines:
        item = {
            "merchandiseId": models.gid("ProductVariant", line.product_id),
            "quantity": int(line.quantity),
        }
        cart = yield from _tried(api, session, cart, "AddLines", {"lines": [item]}, problems)
    if codes:
        variables = {"codes": list(codes)}
        cart = yield from _tried(api, session, cart, "ApplyDiscount", variables, problems)
    return replace(cart, renewed=True, problems=tuple(problems))


def _tried(  # noqa: PLR0917
    api: Api,
    session: CartSession,
    cart: Cart,
    name: str,
    variables: Mapping[str, Any],
    problems: list[str],
) -> Plan[Cart]:
    """Change a cart; note a refusal that is for the shopper and go on with the cart as it was."""
    try:
        return (yield from _change(api, session, name, variables))
    except StoreError as error:
        if error.fault is not Fault.CUSTOMER:
            raise
        problems.append(error.message)
        return cart


_ROOTS = {
    "AddLines": "cartLinesAdd",
    "UpdateLines": "cartLinesUpdate",
    "RemoveLines": "cartLinesRemove",
    "ApplyDiscount": "cartDiscountCodesUpdate",
}


def _change(api: Api, session: CartSession, name: str, variables: Mapping[str, Any]) -> Plan[Cart]:
    """Change the session's cart, which must be there."""
    data = yield from api.storefront(name, {"id": session.token, **variables}, writes=True)
    payload = data.child(_ROOTS[name])
    error = carts.refusal(payload, tuple(code.upper() for code in variables.get("codes", ())))
    if error is not None:
        if payload.has("cart"):
            _remember(session, carts.cart(payload.child("cart")))
        raise error
    return _remember(session, carts.cart(payload.child("cart")))


def _all_or_nothing(
    api: Api,
    session: CartSession,
    name: str,
    variables: Mapping[str, Any],
    wanted: tuple[int, int, int],
) -> Plan[Cart]:
    """Change how many pieces of a variant there are; take it back where there are not so many.

    Shopify puts in what there is, and warns of the rest.

    Args:
        api: asks the shop.
        session: whose cart.
        name: of the change.
        variables: of the change.
        wanted: id of the variant, pieces before and pieces after.

    Raises:
        StoreError: out_of_stock.
    """
    variant_id, before, after = wanted
    try:
        cart = yield from _change(api, session, name, variables)
        now = sum(int(line.quantity) for line in _holding(cart, variant_id))
        if now >= after:
            return cart
        raise StoreError("out_of_stock", f"only {now} of {after} can be had")
    except StoreError as error:
        if error.error_type != "out_of_stock":
            raise
        left = [line for line in session.lines if line.product_id == variant_id]
        if sum(int(line.quantity) for line in left) != before:
            undo = {"lines": [{"id": left[0].key, "quantity": before}]}
            yield from _change(api, session, "UpdateLines", undo)
        raise


def _kept(before: Cart, after: Cart) -> Cart:
    """Return the cart after a change, with what was said about its being renewed before it."""
    return replace(after, renewed=before.renewed, problems=before.problems)


@operation(
    "Puts a product into a shopper's cart.",
    parameters={
        "product": products.PRODUCT,
        "quantity": "Pieces.",
        "variation": "Id or SKU of the variant, or its options by name, such as Size: L.",
        "cart": CART,
    },
    errors=("not_found", "out_of_stock", "invalid_input"),
    calls=("admin VariantsByQuery", "admin ProductById", _GET, "storefront AddLines"),
    example='store.add_to_cart("SKU-010", quantity=2, cart=session)',
)
def add_to_cart(
    api: Api,
    product: int | str,
    quantity: int = 1,
    variation: int | str | Mapping[str, str] | None = None,
    cart: CartSession | str | None = None,
) -> Plan[Cart]:
    """Add to a cart, beside what is in it already.

    Raises:
        StoreError: invalid_input, the product has several variants and none was chosen.
    """
    count = checks.quantity(quantity)
    session = session_of(cart)
    variant = yield from _variant(api, product, variation)
    before = yield from _open(api, session)
    item = {"merchandiseId": models.opaque(variant, "id"), "quantity": count}
    held = sum(int(line.quantity) for line in _holding(before, models.number(variant)))
    wanted = (models.number(variant), held, held + count)
    after = yield from _all_or_nothing(api, session, "AddLines", {"lines": [item]}, wanted)
    return _kept(before, after)


def _variant(
    api: Api, product: int | str, variation: int | str | Mapping[str, str] | None
) -> Plan[Fields]:
    found = yield from products.find(api, product)
    if variation is None:
        only = yield from products.only_variant(api, found)
        if only is None:
            raise StoreError("invalid_input", "the product has variants: choose one")
        return only
    variants = yield from products.variants_of(api, found)
    for row in variants:
        if isinstance(variation, Mapping):
            chosen = dict(variation).items() <= dict(models.options(row)).items()
        else:
            chosen = variation in (models.number(row), row.text_or("sku"))
        if chosen:
            return row
    message = f"there is no such variation of {str(product)[:40]}"
    raise StoreError("invalid_input", message)


def _holding(cart: Cart, variant_id: int) -> list[CartLine]:
    return [line for line in cart.lines if line.product_id == variant_id]


@operation(
    "Shows a shopper's cart.",
    parameters={"cart": CART},
    calls=(_GET,),
    example="store.get_cart(cart=session).total",
)
def get_cart(api: Api, cart: CartSession | str | None = None) -> Plan[Cart]:
    """Return a cart. One that the store has lost is renewed, and says so."""
    return (yield from _open(api, session_of(cart)))


def _lines_of(api: Api, cart: Cart, product: int | str) -> Plan[list[CartLine]]:
    """Return the lines of a cart that hold a product, any of its variants included.

    Raises:
        StoreError: not_found, there is none.
    """
    lines = [line for line in cart.lines if product in (line.product_id, line.sku)]
    if not lines and cart.lines:
        found = yield from products.find(api, product)
        if found.variant is not None:
            wanted = {models.number(found.variant)}
        else:
            variants = yield from products.variants_of(api, found)
            wanted = {models.number(row) for row in variants}
        lines = [line for line in cart.lines if line.product_id in wanted]
    if not lines:
        raise StoreError("not_found", f"the cart does not contain {str(product)[:40]}")
    return lines


@operation(
    "Takes a product out of a shopper's cart.",
    parameters={"product": products.PRODUCT, "cart": CART},
    errors=("not_found",),
    calls=(_GET, "admin VariantsByQuery", "storefront RemoveLines"),
    example='store.remove_from_cart("SKU-010", cart=session)',
)
def remove_from_cart(
    api: Api, product: int | str, cart: CartSession | str | None = None
) -> Plan[Cart]:
    """Remove every line that holds the product or one of its variants."""
    session = session_of(cart)
    before = yield from _open(api, session)
    lines = yield from _lines_of(api, before, product)
    variables = {"lines": [line.key for line in lines]}
    return _kept(before, (yield from _change(api, session, "RemoveLines", variables)))


@operation(
    "Changes how many pieces of a product are in a shopper's cart.",
    parameters={
        "product": products.PRODUCT,
        "quantity": "Pieces that there should be; 0 takes the product out.",
        "cart": CART,
    },
    errors=("not_found", "out_of_stock", "invalid_input"),
    calls=(_GET, "admin VariantsByQuery", "storefront UpdateLines"),
    example='store.update_cart_quantity("SKU-010", 5, cart=session)',
)
def update_cart_quantity(
    api: Api, product: int | str, quantity: int, cart: CartSession | str | None = None
) -> Plan[Cart]:
    """Set the quantity of the line that holds the product.

    Raises:
        StoreError: invalid_input, several lines hold it, as with two variants: name one.
    """
    count = checks.quantity(quantity, low=0)
    session = session_of(cart)
    before = yield from _open(api, session)
    lines = yield from _lines_of(api, before, product)
    if len(lines) > 1:
        raise StoreError("invalid_input", "several lines hold this product: name the variation")
    line = lines[0]
    variables = {"lines": [{"id": line.key, "quantity": count}]}
    wanted = (line.product_id, int(line.quantity), count)
    after = yield from _all_or_nothing(api, session, "UpdateLines", variables, wanted)
    return _kept(before, after)


@operation(
    "Applies a coupon to a shopper's cart.",
    parameters={"code": "The discount code, upper or lower case.", "cart": CART},
    errors=("invalid_coupon", "invalid_input"),
    calls=(_GET, "storefront ApplyDiscount"),
    example='store.apply_coupon_to_cart("SAVE10", cart=session).discount',
)
def apply_coupon_to_cart(api: Api, code: str, cart: CartSession | str | None = None) -> Plan[Cart]:
    """Apply a discount code beside those that are on the cart."""
    wanted = checks.text(code, "code")
    session = session_of(cart)
    before = yield from _open(api, session)
    codes = [coupon.code for coupon in before.coupons]
    if wanted.casefold() in (known.casefold() for known in codes):
        raise StoreError("invalid_coupon", f"{wanted} is on the cart already")
    after = yield from _change(api, session, "ApplyDiscount", {"codes": [*codes, wanted]})
    if wanted.casefold() not in (coupon.code.casefold() for coupon in after.coupons):
        if codes:
            after = yield from _change(api, session, "ApplyDiscount", {"codes": codes})
        raise StoreError("invalid_coupon", f"{wanted} is not good for this cart")
    return _kept(before, after)
