"""`wc/store/v1`: carts, as shoppers' browsers use them. No key is needed, a Cart-Token is."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from .answers import ApiError, Call, Document, Reply
from .baskets import Basket, Line, document, escaped, item_name, left, subtotal
from .sessions import RateLimit, Sessions
from .shop import Shop

_MOST = 10_000


def _given(given: dict[str, str], name: str) -> str | None:
    """Return the option that was given for an attribute, by its name or that in lower case."""
    return given.get(name, given.get(name.lower()))


class Carts:
    """All carts of a shop; tokens and nonce are of the seed, so that runs are alike."""

    def __init__(self, shop: Shop, seed: int) -> None:
        self._shop = shop
        self._baskets: dict[str, Basket] = {}
        self.sessions = Sessions(f"{seed}@{shop.domain}", shop.clock)
        self.rate_limit = RateLimit(shop.clock)

    def answer(self, call: Call, action: str) -> Reply:
        """Answer a request to the cart or one of its actions.

        Raises:
            ApiError: 400 `rate_limit_exceeded`, when a rate limit is set and exceeded.
        """
        headers = self.rate_limit.headers()
        session = self.sessions.session(call.headers.get("cart-token", ""))
        trusted = session is not None
        if session is None:
            # A bad token is not refused: the shopper silently gets another, empty cart.
            session = self.sessions.begin()
        basket = self._baskets.setdefault(session, Basket())
        if len(self._baskets) > _MOST:
            del self._baskets[next(iter(self._baskets))]
        try:
            if call.method != "GET" and not (trusted and self._shop.habits.token_is_enough):
                self.sessions.check_nonce(call)
            status = _ACTIONS[action](self, basket, call.body or {})
            reply = Reply(document(self._shop, basket), status)
        except ApiError as error:
            reply = error.reply
            if reply.status == 409:
                reply.body["data"]["cart"] = document(self._shop, basket)
        reply.headers.update(headers)
        reply.headers.update(
            {
                "Nonce": self.sessions.nonce,
                "Nonce-Timestamp": str(int(self._shop.clock())),
                "User-ID": "0",
                "Cart-Token": self.sessions.token(session),
                "Cart-Hash": self._hash(basket),
            }
        )
        return reply

    def _hash(self, basket: Basket) -> str:
        if not basket.lines:
            return ""
        return hashlib.sha256(repr((basket.lines, basket.coupons)).encode()).hexdigest()[:32]

    # Actions

    def read(self, basket: Basket, body: Document) -> int:
        """Change nothing."""
        del basket, body
        return 200

    def add(self, basket: Basket, body: Document) -> int:
        """Add a product or variation."""
        number = int(body.get("id", 0))
        item = self._shop.item(number)
        if item is None:
            code = "woocommerce_rest_cart_invalid_product"
            text = f"Product with ID &quot;{number}&quot; was not found"
            text += " and cannot be added to the cart."
            raise ApiError(400, code, text)
        given = {row["attribute"]: row["value"] for row in body.get("variation", [])}
        if item["type"] == "variable":
            item = self._variation(item, given)
            number = item["id"]
        name = escaped(item_name(self._shop, item))
        quantity = body.get("quantity", 1)
        if quantity <= 0:
            text = (
                f"You cannot add &quot;{name}&quot; with a quantity less than or equal to 0 "
                "to the cart."
            )
            raise ApiError(400, "woocommerce_rest_product_invalid_quantity", text)
        if item["stock_status"] == "outofstock":
            text = f"You cannot add &quot;{name}&quot; to the cart because the product is"
            text += " out of stock."
            raise ApiError(400, "woocommerce_rest_product_out_of_stock", text)
        chosen = self._chosen(item, given)
        key = hashlib.md5(f"{number}{chosen}".encode(), usedforsecurity=False).hexdigest()
        line = basket.lines.get(key) or Line(number, 0, chosen)
        if line.quantity + quantity > left(item):
            text = (
                f"You cannot add that amount of &quot;{name}&quot; to the cart because there is "
                f"not enough stock ({left(item)} remaining)."
            )
            raise ApiError(400, "woocommerce_rest_product_partially_out_of_stock", text)
        line.quantity += quantity
        basket.lines[key] = line
        return 201

    def _variation(self, parent: Document, given: dict[str, str]) -> Document:
        for number in parent["variations"]:
            child = self._shop.variations[number]
            if all(_given(given, a["name"]) == a["option"] for a in child["attributes"]):
                return child
        code = "woocommerce_rest_variation_id_from_variation_data"
        raise ApiError(400, code, "No matching variation found.")

    def _chosen(self, item: Document, given: dict[str, str]) -> list[Document]:
        """Return the options of a variation: its own, and those given where it takes any."""
        parent = self._shop.products.get(item.get("parent_id") or 0)
        own = {a["name"]: a["option"] for a in item["attributes"]} if parent else {}
        chosen = []
        for attribute in parent["attributes"] if parent else []:
            name = attribute["name"]
            allowed = [own[name]] if name in own else attribute["options"]
            value = _given(given, name) or own.get(name)
            if value not in allowed:
                text = f"Invalid value posted for {name}. Allowed values: {', '.join(allowed)}"
                raise ApiError(400, "woocommerce_rest_invalid_variation_data", text)
            chosen.append({"attribute": name, "value": value})
        return chosen

    def _line(self, basket: Basket, body: Document) -> tuple[str, Line]:
        key = str(body.get("key", ""))
        if key not in basket.lines:
            text = "Cart item no longer exists or is invalid."
            raise ApiError(409, "woocommerce_rest_cart_invalid_key", text)
        return key, basket.lines[key]

    def update(self, basket: Basket, body: Document) -> int:
        """Set the quantity of a line; a line is taken out by `remove` only."""
        _, line = self._line(basket, body)
        item = self._shop.item(line.product_id) or {}
        quantity = int(body.get("quantity", 1))
        name = escaped(item_name(self._shop, item))
        if quantity <= 0:
            text = f"The minimum quantity of &quot;{name}&quot; allowed in the cart is 1"
            raise ApiError(400, "invalid_quantity", text)
        if quantity > left(item):
            text = f"The maximum quantity of &quot;{name}&quot; allowed in the cart is {left(item)}"
            raise ApiError(400, "invalid_quantity", text)
        line.quantity = quantity
        return 200

    def remove(self, basket: Basket, body: Document) -> int:
        """Remove a line; coupons stay."""
        key, _ = self._line(basket, body)
        del basket.lines[key]
        return 200

    def apply_coupon(self, basket: Basket, body: Document) -> int:
        """Apply a coupon, or say with one and the same code why not."""
        code = str(body.get("code", "")).lower()
        found = next((c for c in self._shop.coupons.values() if c["code"] == code), None)
        reason = self._refusal(basket, code, found)
        if reason is not None:
            raise ApiError(400, "woocommerce_rest_cart_coupon_error", escaped(reason))
        basket.coupons.append(code)
        return 200

    def remove_coupon(self, basket: Basket, body: Document) -> int:
        """Take a coupon off again."""
        code = str(body.get("code", "")).lower()
        if code not in basket.coupons:
            text = "Coupon does not exist in the cart."
            raise ApiError(409, "woocommerce_rest_cart_coupon_invalid_code", text)
        basket.coupons.remove(code)
        return 200

    def _refusal(self, basket: Basket, code: str, coupon: Document | None) -> str | None:
        if coupon is None:
            return f'Coupon "{code}" cannot be applied because it does not exist.'
        expires = coupon["date_expires_gmt"]
        now: Document = {}
        self._shop.stamp(now, "at", self._shop.clock())
        checks: tuple[tuple[bool, str], ...] = (
            (code in basket.coupons, f'Coupon code "{code}" has already been applied.'),
            (
                bool(coupon["usage_limit"]) and coupon["usage_count"] >= coupon["usage_limit"],
                f'Usage limit for coupon "{code}" has been reached.',
            ),
            (bool(expires) and now["at_gmt"] > expires, f'Coupon "{code}" has expired.'),
            (
                Decimal(coupon["minimum_amount"]) > subtotal(self._shop, basket),
                f'The minimum spend for coupon "{code}" is {coupon["minimum_amount"]}.',
            ),
        )
        return next((text for failed, text in checks if failed), None)


_ACTIONS: dict[str, Callable[[Carts, Basket, Any], int]] = {
    "": Carts.read,
    "add-item": Carts.add,
    "update-item": Carts.update,
    "remove-item": Carts.remove,
    "apply-coupon": Carts.apply_coupon,
    "remove-coupon": Carts.remove_coupon,
}
