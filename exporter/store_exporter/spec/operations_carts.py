"""Operations on shoppers' carts; `operations` explains what an entry is."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

from .operation import operation
from .operations_products import ProductId
from .operations_shop import CouponCode

if TYPE_CHECKING:
    from .results import Cart
    from .sessions import CartSession

ShopperCart = Annotated[
    "CartSession | str | None",
    "The shopper's CartSession, or the token of an earlier cart; a new cart without it.",
]


class CartOperations:
    """Operations on shoppers' carts."""

    @operation(
        errors=("not_found", "out_of_stock", "invalid_input"),
        example='store.add_to_cart("SKU-010", quantity=2, cart=session)',
    )
    def add_to_cart(
        self,
        product: ProductId,
        quantity: Annotated[int, "Pieces."] = 1,
        variation: Annotated[
            int | str | Mapping[str, str] | None,
            "Id or SKU of the variation, or its options by name, such as Voltage: 24V.",
        ] = None,
        cart: ShopperCart = None,
    ) -> "Cart":
        """Add a product to a shopper's cart."""

    @operation(example="store.get_cart(cart=session).total")
    def get_cart(self, cart: ShopperCart = None) -> "Cart":
        """Return a shopper's cart. A cart that the store has lost is renewed; `renewed` says so."""

    @operation(errors=("not_found",), example='store.remove_from_cart("SKU-010", cart=session)')
    def remove_from_cart(self, product: ProductId, cart: ShopperCart = None) -> "Cart":
        """Remove a product, or all of its variations, from a shopper's cart."""

    @operation(
        errors=("not_found", "out_of_stock", "invalid_input"),
        example='store.update_cart_quantity("SKU-010", 5, cart=session)',
    )
    def update_cart_quantity(
        self,
        product: ProductId,
        quantity: Annotated[int, "The new number of pieces; 0 removes the product."],
        cart: ShopperCart = None,
    ) -> "Cart":
        """Change how many pieces of a product are in a shopper's cart.

        If several lines contain it, such as two variations, it is invalid_input: name one of them.
        """

    @operation(
        errors=("invalid_coupon", "invalid_input"),
        example='store.apply_coupon_to_cart("SAVE10", cart=session).discount',
    )
    def apply_coupon_to_cart(self, code: CouponCode, cart: ShopperCart = None) -> "Cart":
        """Apply a coupon to a shopper's cart; a refusal has the store's reason."""

    # Another name of a method.
    apply_discount = apply_coupon_to_cart
