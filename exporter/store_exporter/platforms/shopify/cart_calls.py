"""A shopper's cart over several calls: opening, changing and putting it together again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...errors import Fault, StoreError
from ...net.plans import Plan
from ...spec.results import Cart, CartLine
from ...spec.sessions import CartSession
from . import carts
from .api import Api
from .ids import gid


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


def open_cart(api: Api, session: CartSession) -> Plan[Cart]:
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
            "merchandiseId": gid("ProductVariant", line.product_id),
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
        return (yield from change(api, session, name, variables))
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


def change(api: Api, session: CartSession, name: str, variables: Mapping[str, Any]) -> Plan[Cart]:
    """Change the session's cart, which must be there."""
    data = yield from api.storefront(name, {"id": session.token, **variables}, writes=True)
    payload = data.child(_ROOTS[name])
    error = carts.refusal(payload, tuple(code.upper() for code in variables.get("codes", ())))
    if error is not None:
        if payload.has("cart"):
            _remember(session, carts.cart(payload.child("cart")))
        raise error
    return _remember(session, carts.cart(payload.child("cart")))


def all_or_nothing(
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
        cart = yield from change(api, session, name, variables)
        now = sum(int(line.quantity) for line in holding(cart, variant_id))
        if now >= after:
            return cart
        raise StoreError("out_of_stock", f"only {now} of {after} can be had")
    except StoreError as error:
        if error.error_type != "out_of_stock":
            raise
        left = [line for line in session.lines if line.product_id == variant_id]
        if sum(int(line.quantity) for line in left) != before:
            undo = {"lines": [{"id": left[0].key, "quantity": before}]}
            yield from change(api, session, "UpdateLines", undo)
        raise


def kept(before: Cart, after: Cart) -> Cart:
    """Return the cart after a change, with what was said about its being renewed before it."""
    return replace(after, renewed=before.renewed, problems=before.problems)


def holding(cart: Cart, variant_id: int) -> list[CartLine]:
    """Return the lines of a cart that hold a variant."""
    return [line for line in cart.lines if line.product_id == variant_id]
