"""Operations on a shopper's cart, through the Storefront API that shops' own pages use.

What identifies a cart is its id, which is as good as a password: give each shopper a `CartSession`,
or keep `Cart.token` and pass it to the next call; without either, a call begins a new cart.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from ....errors import ErrorName, StoreError
from ....net.plans import Plan
from ....spec.money import Money
from ....spec.results import Cart, CartCoupon, CartLine
from ...kit.graphql.documents import check_whole
from ...kit.operations.carts import cart_plans
from ...kit.operations.line_carts import LineCart
from ...kit.reading.fields import Fields
from ...kit.reading.secondary import Secondary
from ..api import Api
from ..product_lookup import Lookup
from ..reading import ids

_GET = "storefront Cart"
_ROOTS = {
    "AddLines": "cartLinesAdd",
    "UpdateLines": "cartLinesUpdate",
    "RemoveLines": "cartLinesRemove",
    "ApplyDiscount": "cartDiscountCodesUpdate",
}
_BY_CODE = "CartCodeDiscountAllocation"
_ALLOCATIONS = (_BY_CODE, "CartAutomaticDiscountAllocation", "CartCustomDiscountAllocation")

# CartErrorCode and CartWarningCode of the official schema, by the error type they stand for.
# Shopify carries a change out as far as it can and warns; what was not done is an error here.
_REFUSALS: dict[str, ErrorName] = {
    "MERCHANDISE_NOT_ENOUGH_STOCK": "out_of_stock",
    "MERCHANDISE_OUT_OF_STOCK": "out_of_stock",
    "MERCHANDISE_NOT_APPLICABLE": "not_found",
    "INVALID_MERCHANDISE_LINE": "not_found",
    "PRODUCT_UNAVAILABLE_IN_BUYER_LOCATION": "out_of_stock",
    "MISSING_DISCOUNT_CODE": "invalid_coupon",
    "SERVICE_UNAVAILABLE": "server_error",
    "VALIDATION_CUSTOM": "invalid_state",
}


class _Cart(LineCart[Api]):
    """A cart of the Storefront API."""

    lookup = Lookup

    def read(self) -> Plan[Cart | None]:
        if self.session.token is None:
            data = yield from self.api.storefront.ask("CreateCart", {"input": {}}, writes=True)
            return self._changed(data.child("cartCreate"))
        data = yield from self.api.storefront.ask("Cart", {"id": self.session.token})
        return self.remember(_cart(data.child("cart"))) if data.has("cart") else None

    def change(self, name: str, **variables: Any) -> Plan[Cart]:
        """Change the open cart.

        Raises:
            StoreError: as its errors and warnings say.
        """
        with_id = {"id": self.session.token, **variables}
        data = yield from self.api.storefront.ask(name, with_id, writes=True)
        codes = tuple(code.upper() for code in variables.get("codes", ()))
        return self._changed(data.child(_ROOTS[name]), codes)

    def _changed(self, payload: Fields, codes: tuple[str, ...] = ()) -> Cart:
        error = _refusal(payload, codes)
        if payload.has("cart") or error is None:
            cart = self.remember(_cart(payload.child("cart")))
        if error is not None:
            raise error
        return cart

    def add_pieces(self, variant_id: int, quantity: int) -> Plan[Cart]:
        item = {"merchandiseId": ids.gid("ProductVariant", variant_id), "quantity": quantity}
        return self.change("AddLines", lines=[item])

    def set_pieces(self, key: str, quantity: int) -> Plan[Cart]:
        return self.change("UpdateLines", lines=[{"id": key, "quantity": quantity}])

    def set_codes(self, codes: Sequence[str]) -> Plan[Cart]:
        return self.change("ApplyDiscount", codes=list(codes))

    def remove(self, lines: Sequence[CartLine]) -> Plan[Cart]:
        return self.change("RemoveLines", lines=[line.key for line in lines])


def _refusal(payload: Fields, codes: tuple[str, ...] = ()) -> StoreError | None:
    """Return why a change of a cart was not carried out, None if it was.

    Args:
        payload: of the mutation.
        codes: discount codes that were to be applied, in upper case; their warnings are refusals.
    """
    for error in payload.children("userErrors"):
        code = error.text_or("code")
        return StoreError(_REFUSALS.get(code, "invalid_input"), error.text("message"), code=code)
    warnings = payload.children("warnings") if payload.has("warnings") else iter(())
    for warning in warnings:
        code = warning.text("code")
        if code in _REFUSALS:
            return StoreError(_REFUSALS[code], warning.text("message"), code=code)
        if codes and code.startswith("DISCOUNT_"):
            return StoreError("invalid_coupon", warning.text("message"), code=code)
    return None


def _cart(fields: Fields) -> Cart:
    """Read a cart; lines that make no sense are left out and reported.

    Raises:
        StoreError: invalid_response, what it comes to cannot be read: that is added up from all
            lines, as the API shows only the total; response_too_large, it has more than a hundred.
    """
    also = Secondary()
    total = ids.amount(fields.child("cost").child("totalAmount"))
    connection = fields.child("lines")
    check_whole(connection)
    rows = list(connection.children("nodes"))
    gross = _sum((ids.amount(row.child("cost").child("subtotalAmount")) for row in rows), total)
    # What each discount takes off each line; discounts on the whole cart are spread over the lines.
    allocations = [allocation for row in rows for allocation in row.children("discountAllocations")]
    applied = [
        row.text("code") for row in fields.children("discountCodes") if row.flag("applicable")
    ]
    return Cart(
        token=fields.opaque(),
        expires=None,
        lines=tuple(also.rows("lines", connection.listed("nodes"), _line)),
        coupons=tuple(CartCoupon(code, _share(allocations, code, total)) for code in applied),
        items=fields.integer("totalQuantity"),
        subtotal=gross,
        discount=_sum((ids.amount(row.child("discountedAmount")) for row in allocations), total),
        shipping=None,
        tax=Money(Decimal(0), total.currency),
        total=total,
        unreadable=also.unreadable,
    )


def _share(allocations: Sequence[Fields], code: str, total: Money) -> Money:
    """Return what one discount code takes off."""
    by_code = (row for row in allocations if row.one_of("__typename", _ALLOCATIONS) == _BY_CODE)
    own = (row for row in by_code if row.text("code").casefold() == code.casefold())
    return _sum((ids.amount(row.child("discountedAmount")) for row in own), total)


def _sum(amounts: Iterable[Money], total: Money) -> Money:
    """Add up amounts, all of which must be in the currency of the cart's total.

    Raises:
        StoreError: invalid_response, one is in another.
    """
    found = Decimal(0)
    for money in amounts:
        if money.currency != total.currency:
            message = f"the cart is in {total.currency} and {money.currency}"
            raise StoreError("invalid_response", message)
        found += money.amount
    return Money(found, total.currency)


def _line(row: Fields) -> CartLine:
    cost, merchandise = row.child("cost"), row.child("merchandise")
    return CartLine(
        key=row.opaque(),
        product_id=ids.number(merchandise, "ProductVariant"),
        sku=merchandise.text_or("sku"),
        name=merchandise.child("product").text("title"),
        quantity=row.integer("quantity"),
        maximum=None,
        unit_price=ids.amount(cost.child("amountPerQuantity")),
        total=ids.amount(cost.child("totalAmount")),
    )


PLANNED = cart_plans(
    _Cart,
    {
        "add_to_cart": ("admin VariantsByQuery", "admin ProductById", _GET, "storefront AddLines"),
        "get_cart": (_GET,),
        "remove_from_cart": (_GET, "admin VariantsByQuery", "storefront RemoveLines"),
        "update_cart_quantity": (_GET, "admin VariantsByQuery", "storefront UpdateLines"),
        "apply_coupon_to_cart": (_GET, "storefront ApplyDiscount"),
    },
)
