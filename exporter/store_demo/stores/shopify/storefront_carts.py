"""The Storefront API's root fields about carts."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from .records import Cart, Variant
from .shop import StockRoom
from .views import View, connection, money, number


class Carts:
    """Answers queries and mutations; each public method but `root` is a root field.

    `show` returns what a response shows of a variant.
    """

    def __init__(self, room: StockRoom, show: Callable[[Variant], View]) -> None:
        self._room = room
        self._show = show

    def root(self) -> dict[str, Any]:
        """Return the part of the root value that is about carts."""
        return {
            "cart": self.cart,
            "cartCreate": self.cart_create,
            "cartLinesAdd": self.cart_lines_add,
            "cartLinesUpdate": self.cart_lines_update,
            "cartLinesRemove": self.cart_lines_remove,
            "cartDiscountCodesUpdate": self.cart_discount_codes_update,
        }

    def _cart(self, cart: Cart) -> View:
        """Return a `Cart`; its codes are for the whole order, and each line shows its share."""
        rates = self._rates(cart)
        gross = cart.gross
        currency = self._room.currency

        def line(row: tuple[str, tuple[Variant, int]]) -> View:
            key, (variant, quantity) = row
            full = variant.price * quantity
            taken = {code: full * rate for code, rate in rates.items() if rate}
            return {
                "__typename": "CartLine",
                "id": key,
                "quantity": quantity,
                "cost": {
                    "amountPerQuantity": money(variant.price, currency),
                    "subtotalAmount": money(full, currency),
                },
                "discountAllocations": lambda _info, **_: [
                    {
                        "__typename": "CartCodeDiscountAllocation",
                        "discountedAmount": money(amount, currency),
                        "code": code,
                    }
                    for code, amount in taken.items()
                ],
                "merchandise": self._show(variant),
            }

        return {
            "id": cart.id,
            "totalQuantity": sum(count for _, count in cart.lines.values()),
            "discountCodes": [
                {"code": code, "applicable": rate > 0} for code, rate in rates.items()
            ],
            "cost": {"totalAmount": money(gross * (1 - sum(rates.values())), currency)},
            "lines": lambda _info, first, **_: connection(list(cart.lines.items()), line, first),
        }

    def _rates(self, cart: Cart) -> dict[str, Decimal]:
        rates = {code: self._rate(code, cart.gross) for code in cart.codes}
        found = [self._room.discount(code) for code, rate in rates.items() if rate]
        if all(one.combines for one in found if one is not None):
            return rates
        best = max(rates, key=lambda code: rates[code])
        return {code: rate if code == best else Decimal(0) for code, rate in rates.items()}

    def _rate(self, code: str, gross: Decimal) -> Decimal:
        """Return the share that a code takes off; 0 where it is not good."""
        found = self._room.discount(code)
        if found is None or (found.ends is not None and found.ends < self._room.clock()):
            return Decimal(0)
        if found.limit is not None and found.used >= found.limit:
            return Decimal(0)
        if found.minimum is not None and gross < found.minimum:
            return Decimal(0)
        return found.percent

    def cart(self, _info: Any, id: str) -> View | None:  # noqa: A002
        """`cart`; one that has expired is null.

        An id without its key, or with another one, can be read, but is none to change.
        """
        place = id.partition("?")[0]
        found = (cart for known, cart in self._room.carts.items() if known.startswith(f"{place}?"))
        return next((self._cart(cart) | {"id": id} for cart in found), None)

    def cart_create(self, _info: Any, input: View | None = None) -> View:  # noqa: A002, ARG002
        """`cartCreate`."""
        cart = Cart(f"gid://shopify/Cart/{self._room.next_id()}?key={self._room.next_id()}")
        self._room.carts[cart.id] = cart
        return self._changed(cart)

    def _changed(self, cart: Cart, *warnings: View) -> View:
        """Return a changed cart; each change warns again of the lines that are sold out."""
        sold_out = [
            {"code": "MERCHANDISE_OUT_OF_STOCK", "message": "It is sold out.", "target": key}
            for key, (_, quantity) in cart.lines.items()
            if not quantity
        ]
        return {"cart": self._cart(cart), "userErrors": [], "warnings": [*sold_out, *warnings]}

    def _refused(self, code: str, message: str, *field: str) -> View:
        error = {"code": code, "field": field or ["cartId"], "message": message}
        return {"cart": None, "userErrors": [error], "warnings": []}

    def cart_lines_add(self, _info: Any, cartId: str, lines: list[View]) -> View:
        """`cartLinesAdd`: puts in what there is, and warns of the rest."""
        cart = self._room.carts.get(cartId)
        if cart is None:
            return self._refused("INVALID", "The specified cart does not exist.")
        warnings = []
        for place, line in enumerate(lines):
            variant = self._room.variants.get(number(line["merchandiseId"]))
            if variant is None or not variant.product.published:
                message = f"The merchandise with id {line['merchandiseId']} does not exist."
                return self._refused("INVALID", message, "lines", str(place), "merchandiseId")
            warnings += self._put(cart, variant, line.get("quantity") or 1)
        return self._changed(cart, *warnings)

    def _put(self, cart: Cart, variant: Variant, quantity: int) -> list[View]:
        key = f"gid://shopify/CartLine/{variant.id}?cart={number(cart.id)}"
        _, held = cart.lines.get(key, (variant, 0))
        free = variant.backorders or not variant.tracked
        possible = held + quantity if free else min(held + quantity, max(0, variant.quantity))
        cart.lines[key] = (variant, possible)
        if possible in (0, held + quantity):
            return []
        message = f"Only {variant.quantity} items are available."
        return [{"code": "MERCHANDISE_NOT_ENOUGH_STOCK", "message": message, "target": key}]

    def cart_lines_update(self, _info: Any, cartId: str, lines: list[View]) -> View:
        """`cartLinesUpdate`."""
        cart = self._room.carts.get(cartId)
        if cart is None:
            return self._refused("INVALID", "The specified cart does not exist.")
        warnings = []
        for line in lines:
            if line["id"] not in cart.lines:
                message = "The merchandise line does not exist."
                return self._refused("INVALID_MERCHANDISE_LINE", message)
            variant, _ = cart.lines.pop(line["id"])
            if line["quantity"]:
                warnings += self._put(cart, variant, line["quantity"])
        return self._changed(cart, *warnings)

    def cart_lines_remove(self, _info: Any, cartId: str, lineIds: list[str]) -> View:
        """`cartLinesRemove`."""
        cart = self._room.carts.get(cartId)
        if cart is None:
            return self._refused("INVALID", "The specified cart does not exist.")
        for key in lineIds:
            cart.lines.pop(key, None)
        return self._changed(cart)

    def cart_discount_codes_update(
        self,
        _info: Any,
        cartId: str,
        discountCodes: list[str],
    ) -> View:
        """`cartDiscountCodesUpdate`: keeps every code and tells which are applicable."""
        cart = self._room.carts.get(cartId)
        if cart is None:
            return self._refused("INVALID", "The specified cart does not exist.")
        cart.codes = list(discountCodes)
        unknown = [code for code in discountCodes if self._room.discount(code) is None]
        words = dict.fromkeys(unknown, ("DISCOUNT_NOT_FOUND", "is not known."))
        for code, rate in self._rates(cart).items():
            if self._rate(code, cart.gross) > rate:
                words[code] = ("DISCOUNT_CODE_NOT_HONOURED", "does not combine.")
        return self._changed(
            cart,
            *(
                {"code": kind, "message": f"{code} {why}", "target": cart.id}
                for code, (kind, why) in words.items()
            ),
        )
