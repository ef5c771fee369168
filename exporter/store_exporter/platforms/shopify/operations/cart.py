"""Operations on a shopper's cart, through the Storefront API that shops' own pages use.

What identifies a cart is its id, which is as good as a password: give each shopper a `CartSession`,
or keep `Cart.token` and pass it to the next call; without either, a call begins a new cart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ....errors import StoreError
from ....net.plans import Plan
from ....spec.results import Cart, CartLine
from ...kit.carts import ShopperCart, cart_plans, kept
from ...kit.fields import Fields
from .. import carts, ids
from ..api import Api
from ..product_lookup import find

_GET = "storefront Cart"
_ROOTS = {
    "AddLines": "cartLinesAdd",
    "UpdateLines": "cartLinesUpdate",
    "RemoveLines": "cartLinesRemove",
    "ApplyDiscount": "cartDiscountCodesUpdate",
}


class _Cart(ShopperCart[Api]):
    """A cart of the Storefront API."""

    def read(self) -> Plan[Cart | None]:
        if self.session.token is None:
            data = yield from self.api.storefront.ask("CreateCart", {"input": {}}, writes=True)
            return self._changed(data.child("cartCreate"))
        data = yield from self.api.storefront.ask("Cart", {"id": self.session.token})
        return self.remember(carts.cart(data.child("cart"))) if data.has("cart") else None

    def refilling(self, lines: Sequence[CartLine], codes: Sequence[str]) -> Iterator[Plan[Cart]]:
        for line in lines:
            yield self.change("AddLines", lines=[_item(line.product_id, line.quantity)])
        if codes:
            yield self.change("ApplyDiscount", codes=list(codes))

    def change(self, name: str, **variables: Any) -> Plan[Cart]:
        """Change the open cart.

        Raises:
            StoreError: as its errors and warnings say.
        """
        asked = {"id": self.session.token, **variables}
        data = yield from self.api.storefront.ask(name, asked, writes=True)
        codes = tuple(code.upper() for code in variables.get("codes", ()))
        return self._changed(data.child(_ROOTS[name]), codes)

    def _changed(self, payload: Fields, codes: tuple[str, ...] = ()) -> Cart:
        error = carts.refusal(payload, codes)
        if payload.has("cart") or error is None:
            cart = self.remember(carts.cart(payload.child("cart")))
        if error is not None:
            raise error
        return cart

    def all_or_nothing(
        self, name: str, line: Mapping[str, Any], variant_id: int, before: int, after: int
    ) -> Plan[Cart]:
        """Change how many pieces of a variant there are; undo it where there are not so many.

        Shopify puts in what there is, and warns of the rest.

        Args:
            name: of the change.
            line: that it is given.
            variant_id: of the variant.
            before: pieces that there were.
            after: pieces that there should be.

        Raises:
            StoreError: out_of_stock.
        """
        try:
            cart = yield from self.change(name, lines=[line])
            now = _pieces(cart.lines, variant_id)
            if now >= after:
                return cart
            raise StoreError("out_of_stock", f"only {now} of {after} can be had")
        except StoreError as error:
            left = [line for line in self.session.lines if line.product_id == variant_id]
            changed = _pieces(left, variant_id) != before
            if error.error_type == "out_of_stock" and changed:
                undo = {"id": left[0].key, "quantity": before}
                yield from self.change("UpdateLines", lines=[undo])
            raise

    def add(
        self, product: int | str, quantity: int, variation: int | str | Mapping[str, str] | None
    ) -> Plan[Cart]:
        """Where a product has several variants, one has to be chosen, else it is invalid_input."""
        number = yield from _variant(self.api, product, variation)
        before = yield from self.open()
        held = _pieces(before.lines, number)
        added = self.all_or_nothing(
            "AddLines", _item(number, quantity), number, held, held + quantity
        )
        return kept(before, (yield from added))

    def apply(self, code: str) -> Plan[Cart]:
        """Beside the codes that are on the cart."""
        before = yield from self.open()
        codes = [coupon.code for coupon in before.coupons]
        if code.casefold() in (known.casefold() for known in codes):
            raise StoreError("invalid_coupon", f"{code} is on the cart already")
        after = yield from self.change("ApplyDiscount", codes=[*codes, code])
        if code.casefold() not in (coupon.code.casefold() for coupon in after.coupons):
            if codes:
                yield from self.change("ApplyDiscount", codes=codes)
            raise StoreError("invalid_coupon", f"{code} is not good for this cart")
        return kept(before, after)

    def remove(self, lines: Sequence[CartLine]) -> Plan[Cart]:
        return self.change("RemoveLines", lines=[line.key for line in lines])

    def set_quantity(self, line: CartLine, quantity: int) -> Plan[Cart]:
        changed = {"id": line.key, "quantity": quantity}
        return self.all_or_nothing(
            "UpdateLines", changed, line.product_id, int(line.quantity), quantity
        )

    def ids_of(self, product: int | str) -> Plan[set[int]]:
        found = yield from find(self.api, product)
        if found.product.type != "variable":
            return {found.product.stock.product_id}
        return set(found.product.variations)


def _item(variant_id: int, quantity: Any) -> dict[str, Any]:
    return {"merchandiseId": ids.gid("ProductVariant", variant_id), "quantity": int(quantity)}


def _pieces(lines: Sequence[CartLine], variant_id: int) -> int:
    return sum(int(line.quantity) for line in lines if line.product_id == variant_id)


def _variant(
    api: Api, product: int | str, variation: int | str | Mapping[str, str] | None
) -> Plan[int]:
    """Return the id of the variant that is meant.

    Raises:
        StoreError: invalid_input, there is no such one, or there are several.
    """
    found = yield from find(api, product)
    if variation is None:
        if found.product.type == "variable":
            raise StoreError("invalid_input", "the product has variants: choose one")
        return found.product.stock.product_id
    for row in (yield from found.variations()) or (found.product,):
        if isinstance(variation, Mapping):
            options = {name: values[0] for name, values in row.attributes.items()}
            chosen = dict(variation).items() <= options.items()
        else:
            chosen = variation in (row.stock.product_id, row.sku)
        if chosen:
            return row.stock.product_id
    raise StoreError("invalid_input", f"there is no such variation of {str(product)[:40]}")


add_to_cart, get_cart, remove_from_cart, update_cart_quantity, apply_coupon_to_cart = cart_plans(
    _Cart,
    {
        "add_to_cart": ("admin VariantsByQuery", "admin ProductById", _GET, "storefront AddLines"),
        "get_cart": (_GET,),
        "remove_from_cart": (_GET, "admin VariantsByQuery", "storefront RemoveLines"),
        "update_cart_quantity": (_GET, "admin VariantsByQuery", "storefront UpdateLines"),
        "apply_coupon_to_cart": (_GET, "storefront ApplyDiscount"),
    },
)
