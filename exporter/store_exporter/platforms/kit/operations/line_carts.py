"""Carts with pieces of variants and a list of codes; platforms add only what is in stock."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from ....errors import StoreError
from ....net.plans import Plan
from ....spec.results import Cart, CartLine
from .carts import ShopperCart, keep_renewal
from .products import Lookup

ApiT = TypeVar("ApiT")


class LineCart(ShopperCart[ApiT]):
    """One shopper's cart of this kind, for one operation.

    A change is made completely or not at all, although the platform itself adds the pieces in stock
    and warns about the rest.
    """

    lookup: ClassVar[type[Lookup[Any]]]
    """Finds products and their variants."""

    @abstractmethod
    def add_pieces(self, variant_id: int, quantity: int) -> Plan[Cart]:
        """Add pieces of a variant to the open cart.

        Raises:
            StoreError: out_of_stock, not all are in stock; those that are may be in the cart.
        """

    @abstractmethod
    def set_pieces(self, key: str, quantity: int) -> Plan[Cart]:
        """Set how many pieces a line of the open cart has; otherwise as `add_pieces`."""

    @abstractmethod
    def set_codes(self, codes: Sequence[str]) -> Plan[Cart]:
        """Replace the discount codes of the open cart by these.

        Raises:
            StoreError: invalid_coupon, one of them is refused.
        """

    def refilling(self, lines: Sequence[CartLine], codes: Sequence[str]) -> Iterator[Plan[Cart]]:
        """Yield the changes that fill a new cart like an old one."""
        for line in lines:
            yield self.add_pieces(line.product_id, int(line.quantity))
        if codes:
            yield self.set_codes(codes)

    def add(
        self, product: int | str, quantity: int, variation: int | str | Mapping[str, str] | None
    ) -> Plan[Cart]:
        """Of a product with several variants one must be chosen; otherwise it is invalid_input."""
        number = yield from self._variant(product, variation)
        before = yield from self.open()
        held = _pieces(before.lines, number)
        added = self.add_pieces(number, quantity)
        return keep_renewal(before, (yield from self._whole(added, number, held, held + quantity)))

    def set_quantity(self, line: CartLine, quantity: int) -> Plan[Cart]:
        """Change how many pieces a line of the open cart has."""
        changed = self.set_pieces(line.key, quantity)
        return self._whole(changed, line.product_id, int(line.quantity), quantity)

    def apply(self, code: str) -> Plan[Cart]:
        """Beside the codes that are on the cart."""
        before = yield from self.open()
        codes = [coupon.code for coupon in before.coupons]
        if code.casefold() in (known.casefold() for known in codes):
            raise StoreError("invalid_coupon", f"{code} is already on the cart")
        refused = StoreError("invalid_coupon", f"{code} is not valid for this cart")
        try:
            after = yield from self.set_codes([*codes, code])
        except StoreError as error:
            if error.error_type != "invalid_coupon":
                raise
            # What is refused may be an earlier code, if only the better one of both can apply.
            after, refused = (yield from self.open()), error
        if code.casefold() in (coupon.code.casefold() for coupon in after.coupons):
            return keep_renewal(before, after)
        # A refused code stays on the cart, and would apply once the cart is right for it.
        yield from self.set_codes(codes)
        raise refused

    def ids_of(self, product: int | str) -> Plan[set[int]]:
        """Return the ids by which a cart may hold a product: its own or its variants'."""
        found = (yield from self.lookup(self.api).find(product)).product
        return set(found.variations) if found.type == "variable" else {found.stock.product_id}

    def _whole(self, change: Plan[Cart], variant_id: int, before: int, after: int) -> Plan[Cart]:
        """Make a change of one variant's pieces, and undo it if not all are in stock."""
        try:
            cart = yield from change
            now = _pieces(cart.lines, variant_id)
            if now >= after or "lines" in cart.unreadable:
                return cart
            raise StoreError("out_of_stock", f"only {now} of {after} are available")
        except StoreError as error:
            left = [line for line in self.session.lines if line.product_id == variant_id]
            if error.error_type == "out_of_stock" and _pieces(left, variant_id) != before:
                again = self.add_pieces(variant_id, before)
                yield from self.set_pieces(left[0].key, before) if left else again
            raise

    def _variant(
        self, product: int | str, variation: int | str | Mapping[str, str] | None
    ) -> Plan[int]:
        """Return the id of the requested variant; invalid_input if none or several match."""
        lookup = self.lookup(self.api)
        found = yield from lookup.find(product)
        if variation is None:
            if found.product.type == "variable":
                raise StoreError("invalid_input", "the product has variants: choose one")
            return found.product.stock.product_id
        for row in (yield from lookup.variations(found)) or (found.product,):
            if isinstance(variation, Mapping):
                options = {name: values[0] for name, values in row.attributes.items()}
                chosen = dict(variation).items() <= options.items()
            else:
                chosen = variation in (row.stock.product_id, row.sku)
            if chosen:
                return row.stock.product_id
        raise StoreError("invalid_input", f"there is no such variation of {str(product)[:40]}")


def _pieces(lines: Sequence[CartLine], variant_id: int) -> int:
    return sum(int(line.quantity) for line in lines if line.product_id == variant_id)
