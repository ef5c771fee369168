"""Reading and changing a cart as plans, and putting a lost one together again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ...errors import Fault, StoreError
from ...net.plans import Plan
from ...spec.money import Quantity
from ...spec.results import Cart, CartLine
from ...spec.sessions import CartSession
from . import carts, errors
from .api import STORE, Api

_CART = f"{STORE}/cart"
_CART_LOST = "cart_lost"
_LOST = ("woocommerce_rest_missing_nonce", "woocommerce_rest_invalid_nonce")


def call(api: Api, session: CartSession, action: str = "", body: Any = None) -> Plan[Cart]:
    """Read or change the cart of a session, and let the session remember what came back.

    Raises:
        StoreError: with code cart_lost when the store does not know the token any more.
    """
    given = session.token
    headers = {} if given is None else {"Cart-Token": given}
    method = "GET" if body is None else "POST"
    path = f"{_CART}/{action}" if action else _CART
    answer = yield from api.send(method, path, json=body, headers=headers)
    try:
        document = errors.read(answer)
    except StoreError as error:
        if error.code in _LOST and given is not None:
            raise _lost() from error
        raise
    token = answer.headers.get("cart-token")
    if not token:
        raise StoreError("invalid_response", "the cart has no token", status=answer.status)
    if given is not None and not carts.same_cart(given, token):
        raise _lost()
    cart = carts.cart(document, token)
    _remember(session, cart)
    return cart


def _lost() -> StoreError:
    return StoreError("invalid_state", "the cart has expired", code=_CART_LOST)


def _remember(session: CartSession, cart: Cart) -> None:
    session.token = cart.token
    session.lines = cart.lines
    session.coupons = tuple(coupon.code for coupon in cart.coupons)


def open_cart(api: Api, session: CartSession) -> Plan[Cart]:
    """Return the session's cart; one that is lost is put together again from memory.

    What cannot be had any more is left out, and the cart says so among its problems.
    """
    try:
        return (yield from call(api, session))
    except StoreError as error:
        if error.code != _CART_LOST:
            raise
    lines, codes = session.lines, session.coupons
    session.token, session.lines, session.coupons = None, (), ()
    cart = yield from call(api, session)
    problems: list[str] = []
    for action, body in _rebuilding(lines, codes):
        try:
            cart = yield from call(api, session, action, body)
        except StoreError as error:
            if error.fault is not Fault.CUSTOMER:
                raise
            problems.append(error.message)
    return renewed(cart, problems)


def _rebuilding(
    lines: tuple[CartLine, ...], codes: tuple[str, ...]
) -> list[tuple[str, dict[str, Any]]]:
    """Return the calls that fill a new cart like an old one."""
    added = [("add-item", item(line.product_id, line.quantity, line.options)) for line in lines]
    return [*added, *(("apply-coupon", {"code": code}) for code in codes)]


def item(number: int, quantity: Quantity, options: Mapping[str, str]) -> dict[str, Any]:
    """Return the body that adds a product or variation."""
    pairs = [{"attribute": name, "value": value} for name, value in options.items()]
    count = quantity if isinstance(quantity, int) else float(quantity)
    return {"id": number, "quantity": count, "variation": pairs}


def renewed(cart: Cart, problems: Sequence[str]) -> Cart:
    """Return a cart that took the place of a lost one, with what could not be had again."""
    return replace(cart, renewed=True, problems=(*cart.problems, *problems))


def change(api: Api, session: CartSession, action: str, body: Any) -> Plan[Cart]:
    """Change the session's cart, after putting it together again if it is lost."""
    if session.token is None:
        # A change needs a token, and only reading gives one.
        yield from call(api, session)
    try:
        return (yield from call(api, session, action, body))
    except StoreError as error:
        if error.code != _CART_LOST:
            raise
    # Nothing was changed: the store refused the token before it looked at the rest.
    rebuilt = yield from open_cart(api, session)
    cart = yield from call(api, session, action, body)
    return renewed(cart, rebuilt.problems)
