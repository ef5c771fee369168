"""Operations on a shopper's cart, through the Storefront API that shops' own pages use.

A cart is identified by its id, which is as secret as a password. Give each shopper a `CartSession`,
or keep `Cart.token` and pass it to the next call; without either, a call starts a new cart.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from ....errors import ErrorName, StoreError
from ....net.plans import Plan
from ....spec.money import Money
from ....spec.results import Cart, CartCoupon, CartLine
from ....spec.sessions import CartSession
from ...kit.graphql.documents import check_whole
from ...kit.operations.carts import CartLostError, cart_plans
from ...kit.operations.line_carts import LineCart
from ...kit.reading.fields import Fields
from ...kit.reading.lists import Rows
from ...kit.reading.secondary import Secondary
from ..api import Api
from ..product_lookup import Lookup, quoted
from ..reading import ids

_ID = "gid://shopify/Cart/"
_GET = ("storefront Cart", "admin OrdersOfCarts")
_LOST = "INVALID cartId"
"""The code of the error, and its argument, if there is no such cart; some can still be read."""
_BY_CODE = "CartCodeDiscountAllocation"
_ALLOCATIONS = (_BY_CODE, "CartAutomaticDiscountAllocation", "CartCustomDiscountAllocation")

# CartErrorCode and CartWarningCode of the official schema, by the error type they stand for.
# Shopify carries a change out as far as it can and warns; what was not done is an error here.
# After a space comes the argument that names nothing the channel shows.
_REFUSALS: dict[str, ErrorName] = {
    "INVALID merchandiseId": "not_found",
    "MERCHANDISE_NOT_ENOUGH_STOCK": "out_of_stock",
    "MERCHANDISE_OUT_OF_STOCK": "out_of_stock",
    "MERCHANDISE_NOT_APPLICABLE": "not_found",
    "INVALID_MERCHANDISE_LINE": "not_found",
    "PRODUCT_UNAVAILABLE_IN_BUYER_LOCATION": "out_of_stock",
    "MISSING_DISCOUNT_CODE": "invalid_coupon",
    "SERVICE_UNAVAILABLE": "server_error",
    "MERCHANDISE_LINE_TRANSFORMERS_RUN_ERROR": "server_error",
    "VALIDATION_CUSTOM": "invalid_state",
}


class _Cart(LineCart[Api]):
    lookup = Lookup

    def __init__(self, api: Api, cart: CartSession | str | None) -> None:
        super().__init__(api, cart)
        if self.session.token is not None and not self.session.token.startswith(_ID):
            # Shopify refuses it as a query that makes no sense.
            raise StoreError("invalid_input", f"the cart's token does not begin with {_ID}")

    def read(self) -> Plan[Cart | None]:
        if self.session.token is None:
            return (yield from self.change("CreateCart", input={}))
        data = yield from self.api.storefront.ask("Cart", {"id": self.session.token})
        return self._filled(_cart(data.child("cart"))) if data.has("cart") else None

    def is_bought(self) -> Plan[bool]:
        """By the token in its id; the search may not know an order yet that was placed just now."""
        token = _place(self.session.token or "").rpartition("/")[2]
        try:
            for query in (f"cart_token:{quoted(token)}", None) if token else ():
                orders = yield from self.api.admin.ask("OrdersOfCarts", {"query": query}, first=50)
                rows = Rows(orders.child("orders").listed("nodes")).objects("orders")
                if any(row.text_or("cartToken") == token for row in rows):
                    return True
        except StoreError as error:
            # An app that is shown no orders may still fill carts.
            if error.error_type != "forbidden":
                raise
        return False

    def change(
        self, name: str, concerns: Callable[[CartLine], bool] = lambda _: False, **variables: Any
    ) -> Plan[Cart]:
        """Change the open cart, or open one, and raise what its errors and warnings say.

        `concerns` says whether a line is one of those that are changed.
        """
        with_id = {"id": self.session.token, **variables}
        data = yield from self.api.storefront.ask(name, with_id, writes=True)
        payload, codes = data.child("changed"), "codes" in variables
        if not payload.has("cart"):
            missing = payload.invalid("there is no cart")
            raise _refusal(payload, (), codes=codes) or missing
        cart = _cart(payload.child("cart"))
        others = [line.key for line in cart.lines if not concerns(line)]
        error = _refusal(payload, others, codes=codes)
        if isinstance(error, CartLostError) or self._is_another(cart):
            # A new cart in place of a lost one has at most what was added now.
            raise CartLostError
        filled = self._filled(cart)
        if error is not None:
            raise error
        return filled

    def _is_another(self, cart: Cart) -> bool:
        """Whether a response shows another cart than the session's."""
        known = self.session.token
        return known is not None and _place(cart.token or "") != _place(known)

    def _filled(self, cart: Cart) -> Cart:
        """Return a cart without lines of zero pieces, as which sold-out products stay in it."""
        filled = tuple(line for line in cart.lines if line.quantity)
        return self.remember(replace(cart, lines=filled))

    def add_pieces(self, variant_id: int, quantity: int) -> Plan[Cart]:
        item = {"merchandiseId": ids.gid("ProductVariant", variant_id), "quantity": quantity}
        return self.change("AddLines", lambda line: line.product_id == variant_id, lines=[item])

    def set_pieces(self, key: str, quantity: int) -> Plan[Cart]:
        line = {"id": key, "quantity": quantity}
        return self.change("UpdateLines", lambda line: line.key == key, lines=[line])

    def set_codes(self, codes: Sequence[str]) -> Plan[Cart]:
        return self.change("ApplyDiscount", codes=list(codes))

    def remove(self, lines: Sequence[CartLine]) -> Plan[Cart]:
        return self.change("RemoveLines", lines=[line.key for line in lines])


def _place(token: str) -> str:
    """Return the id of a cart without its key."""
    return token.partition("?")[0]


def _refusal(payload: Fields, others: Collection[str], *, codes: bool) -> StoreError | None:
    """Return why a change of a cart was not carried out, None if it was.

    `others` are the keys of lines that were not changed: Shopify repeats the warnings about
    sold-out lines with every change. If discount `codes` were to be applied, their warnings are
    refusals.
    """
    for error in payload.children("userErrors"):
        code = error.text_or("code")
        place = " ".join((code, *error.optional_strings("field")[-1:]))
        if place == _LOST:
            return CartLostError()
        kind = _REFUSALS.get(place) or _REFUSALS.get(code, "invalid_input")
        return StoreError(kind, error.text("message"), code=code)
    for warning in payload.children("warnings") if payload.has("warnings") else ():
        code = warning.text("code")
        if code in _REFUSALS and warning.text_or("target") not in others:
            return StoreError(_REFUSALS[code], warning.text("message"), code=code)
        if codes and code.startswith("DISCOUNT_"):
            return StoreError("invalid_coupon", warning.text("message"), code=code)
    return None


def _cart(fields: Fields) -> Cart:
    """Read a cart; lines that cannot be read are left out and reported.

    Price and discount of the goods are added up from all lines, because the API shows only the
    total. Where they are in another currency than the total, they are unreadable. More than a
    hundred lines are response_too_large.
    """
    also = Secondary()
    total = ids.amount(fields.child("cost").child("totalAmount"))
    connection = fields.child("lines")
    check_whole(connection)
    # Lines that differ in their attributes alone may have one id.
    rows = Rows(connection.listed("nodes")).fields(connection.where)
    allocations = [allocation for row in rows for allocation in row.children("discountAllocations")]
    full = (ids.amount(row.child("cost").child("subtotalAmount")) for row in rows)
    applied = [
        row.text("code") for row in fields.children("discountCodes") if row.flag("applicable")
    ]
    return Cart(
        token=fields.opaque(),
        expires=None,
        lines=tuple(also.rows("lines", connection.listed("nodes"), _line)),
        coupons=tuple(
            CartCoupon(code, also.read("discount", _share, allocations, code, total.currency))
            for code in applied
        ),
        items=fields.integer("totalQuantity"),
        subtotal=also.read("subtotal", _sum, full, total.currency),
        discount=also.read("discount", _sum, map(_taken, allocations), total.currency),
        shipping=None,
        tax=Money(Decimal(0), total.currency),
        total=total,
        unreadable=also.unreadable,
    )


def _taken(allocation: Fields) -> Money:
    """Read what a discount takes off a line, including its share of one on the whole cart."""
    return ids.amount(allocation.child("discountedAmount"))


def _share(allocations: Sequence[Fields], code: str, currency: str) -> Money:
    by_code = (row for row in allocations if row.one_of("__typename", _ALLOCATIONS) == _BY_CODE)
    own = (row for row in by_code if row.text("code").casefold() == code.casefold())
    return _sum(map(_taken, own), currency)


def _sum(amounts: Iterable[Money], currency: str) -> Money:
    """Add up amounts, all of which must be in one currency."""
    found = Decimal(0)
    for money in amounts:
        if money.currency != currency:
            message = f"the cart is in {currency} and {money.currency}"
            raise StoreError("invalid_response", message)
        found += money.amount
    return Money(found, currency)


def _line(row: Fields) -> CartLine:
    cost, merchandise = row.child("cost"), row.child("merchandise")
    full = ids.amount(cost.child("subtotalAmount"))
    # Shopify's own total of a line leaves out discounts on the whole cart.
    taken = _sum(map(_taken, row.children("discountAllocations")), full.currency)
    return CartLine(
        key=row.opaque(),
        product_id=ids.number(merchandise, "ProductVariant"),
        sku=merchandise.text_or("sku"),
        name=merchandise.child("product").text("title"),
        quantity=row.integer("quantity"),
        maximum=None,
        unit_price=ids.amount(cost.child("amountPerQuantity")),
        total=ids.not_negative(Money(full.amount - taken.amount, full.currency), row),
    )


PLANNED = cart_plans(
    _Cart,
    {
        "add_to_cart": ("admin VariantsByQuery", "admin ProductById", *_GET, "storefront AddLines"),
        "get_cart": _GET,
        "remove_from_cart": (*_GET, "admin VariantsByQuery", "storefront RemoveLines"),
        "update_cart_quantity": (*_GET, "admin VariantsByQuery", "storefront UpdateLines"),
        "apply_coupon_to_cart": (*_GET, "storefront ApplyDiscount"),
    },
)
