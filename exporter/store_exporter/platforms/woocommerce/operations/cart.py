"""Operations on a shopper's cart, through the Store API that the shop's own pages use.

They need no API key, and none is sent: with a shop manager's rights the responses would be another
person's. What identifies a shopper is the cart's token. Give each shopper a `CartSession`, or keep
`Cart.token` and pass it to the next call; without either, a call begins a new cart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from ....contract import Response
from ....errors import StoreError
from ....net.plans import Plan
from ....spec.money import Quantity
from ....spec.results import Cart, CartLine
from ....spec.sessions import CartSession
from ...kit.operations.carts import CartLostError, ShopperCart, cart_plans, keep_renewal
from ..api import STORE, Api
from ..product_lookup import find_product, find_variation
from ..reading import carts, product_results
from ..responses import READER

GET_CART = "GET /wc/store/v1/cart"
_NO_VARIATION = (
    *("woocommerce_rest_variation_id_from_variation_data", "woocommerce_rest_missing_attributes"),
    *("woocommerce_rest_invalid_variation_data", "woocommerce_rest_missing_variation_data"),
)
_LOST = ("woocommerce_rest_missing_nonce", "woocommerce_rest_invalid_nonce")


class _Cart(ShopperCart[Api]):
    def __init__(self, api: Api, cart: CartSession | str | None) -> None:
        super().__init__(api, cart)
        self._nonce: dict[str, str] = {}

    def call(self, action: str = "", body: Any = None) -> Plan[Cart]:
        """Read or change the cart, or raise `CartLostError`."""
        sent = self.session.token
        response = yield from self._send(action, body)
        try:
            if _lacks_nonce(response, sent):
                self._nonce = {"Nonce": response.headers["nonce"]}
                response = yield from self._send(action, body)
            document = READER.read(response)
        except StoreError as error:
            if error.code in _LOST and sent is not None:
                raise CartLostError from error
            raise
        token = response.headers.get("cart-token")
        if not token:
            message = "the cart has no token: WooCommerce before 7.1 has none"
            raise StoreError("invalid_response", message, status=response.status)
        if sent is not None and not carts.same_cart(sent, token):
            raise CartLostError
        return self.remember(carts.read_cart(document, token))

    def _send(self, action: str, body: Any) -> Plan[Response]:
        token = self.session.token
        headers = self._nonce if token is None else {**self._nonce, "Cart-Token": token}
        method = "GET" if body is None else "POST"
        path = f"{STORE}/cart/{action}".rstrip("/")
        return self.api.send(method, path, json=body, headers=headers)

    def read(self) -> Plan[Cart | None]:
        try:
            return (yield from self.call())
        except CartLostError:
            return None

    def refilling(self, lines: Sequence[CartLine], codes: Sequence[str]) -> Iterator[Plan[Cart]]:
        for line in lines:
            yield self._add(line.product_id, line.quantity, line.options)
        for code in codes:
            yield self.call("apply-coupon", {"code": code})

    def change(self, change: Callable[[], Plan[Cart]]) -> Plan[Cart]:
        """Change the cart. A change needs a token, and only reading gives one."""
        if self.session.token is not None:
            return (yield from change())
        before = yield from self.open()
        return keep_renewal(before, (yield from change()))

    def add(
        self, product: int | str, quantity: int, variation: int | str | Mapping[str, str] | None
    ) -> Plan[Cart]:
        """Options may be written as the shop shows them, in any case."""
        options: Mapping[str, str] = {}
        if isinstance(variation, Mapping):
            options = variation
        elif variation is not None:
            product = yield from _variation_id(self.api, product, variation)
        number = product
        if not isinstance(number, int):
            number = (yield from find_product(self.api, number)).identifier()
        return (yield from self.change(partial(self._add, number, quantity, options)))

    def _add(self, number: int, quantity: Quantity, options: Mapping[str, str]) -> Plan[Cart]:
        """Add a product; if the shop does not know the options as they are written, look for them.

        It compares them with the slugs of its own, or letter by letter.
        """
        try:
            return (yield from self.call("add-item", _item(number, quantity, options)))
        except StoreError as error:
            if not options or error.code not in _NO_VARIATION:
                raise
            found = yield from find_variation(self.api, number, options)
            if found is None:
                raise
        variation, others = found
        return (yield from self.call("add-item", _item(variation, quantity, others)))

    def apply(self, code: str) -> Plan[Cart]:
        return self.change(lambda: self.call("apply-coupon", {"code": code}))

    def remove(self, lines: Sequence[CartLine]) -> Plan[Cart]:
        for line in lines:
            after = yield from self.call("remove-item", {"key": line.key})
        return after

    def set_quantity(self, line: CartLine, quantity: int) -> Plan[Cart]:
        try:
            return (yield from self.call("update-item", {"key": line.key, "quantity": quantity}))
        except StoreError as error:
            # The store has one code for "below the minimum" and "more than there is".
            too_many = line.maximum is not None and quantity > line.maximum
            if error.code == "invalid_quantity" and too_many:
                raise StoreError(
                    "out_of_stock", error.message, status=error.status, code=error.code
                ) from error
            raise

    def ids_of(self, product: int | str) -> Plan[set[int]]:
        return product_results.product_ids((yield from find_product(self.api, product)))


def _lacks_nonce(response: Response, sent: str | None) -> bool:
    """Whether a change was refused for want of a nonce although the store took the cart's token.

    WooCommerce 7.8 and 8.2 require both, and each response has the nonce. Where they do not take
    the token, the response has the token of somebody else.
    """
    if sent is None or "nonce" not in response.headers or response.status not in (401, 403):
        return False
    is_refused = any(code.encode() in response.body[:500] for code in _LOST)
    return is_refused and carts.same_cart(sent, response.headers.get("cart-token", ""))


def _item(number: int, quantity: Quantity, options: Mapping[str, str]) -> dict[str, Any]:
    """Return the body that adds a product or variation."""
    pairs = [{"attribute": name, "value": value} for name, value in options.items()]
    count = quantity if isinstance(quantity, int) else float(quantity)
    return {"id": number, "quantity": count, "variation": pairs}


def _variation_id(api: Api, product: int | str, variation: int | str) -> Plan[int]:
    """Return the id of a variation; it is invalid_input if it is another product's."""
    parent = yield from find_product(api, product)
    child = yield from find_product(api, variation)
    if child.identifier_if_any("parent_id") != parent.identifier():
        message = f"{str(variation)[:40]} is not a variation of {str(product)[:40]}"
        raise StoreError("invalid_input", message)
    return child.identifier()


_BY_ID = "GET /wc/v3/products/{id}"
_CART = "POST /wc/store/v1/cart"
PLANNED = cart_plans(
    _Cart,
    {
        "add_to_cart": (
            *("GET /wc/v3/products?sku=", _BY_ID, GET_CART, f"{_CART}/add-item"),
            "GET /wc/v3/products/{id}/variations",
        ),
        "get_cart": (GET_CART,),
        "remove_from_cart": (GET_CART, _BY_ID, f"{_CART}/remove-item"),
        "update_cart_quantity": (GET_CART, _BY_ID, f"{_CART}/update-item", f"{_CART}/remove-item"),
        "apply_coupon_to_cart": (GET_CART, f"{_CART}/apply-coupon"),
    },
)
