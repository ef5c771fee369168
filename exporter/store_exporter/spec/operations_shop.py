"""Operations about delivery, payment and coupons; `operations` explains what an entry is."""

from typing import TYPE_CHECKING, Annotated

from .operation import operation

if TYPE_CHECKING:
    from decimal import Decimal

    from .results import Coupon, Listing, PaymentMethod, ShippingInfo, ShippingMethod

Country = Annotated[
    str | None, "Where to, as a code of two letters such as GB: the zone that delivers there."
]
Postcode = Annotated[str | None, "The postcode there; it takes a country."]
CouponCode = Annotated[str, "The code, upper or lower case."]


class ShopOperations:
    """Operations about delivery, payment and coupons."""

    @operation(example="store.get_shipping_info().free_from")
    def get_shipping_info(
        self, country: Country = None, postcode: Postcode = None
    ) -> "ShippingInfo":
        """Tell where and how the shop delivers, and from which order value that is free.

        Of a country to which it does not deliver, there are no zones.
        """

    @operation(errors=("not_found",), example='store.get_shipping_methods(zone="UK")')
    def get_shipping_methods(
        self,
        zone: Annotated[int | str | None, "Id or name of a zone; all zones without it."] = None,
        country: Country = None,
        postcode: Postcode = None,
    ) -> "Listing[ShippingMethod]":
        """List the ways of delivery that are switched on."""

    @operation(example="store.get_payment_methods()")
    def get_payment_methods(self) -> "Listing[PaymentMethod]":
        """List the ways to pay that are switched on."""

    @operation(
        errors=("invalid_coupon", "invalid_input"),
        example='store.validate_coupon("SAVE10", subtotal="80.00").percent',
    )
    def validate_coupon(
        self,
        code: CouponCode,
        subtotal: Annotated[
            "Decimal | float | str | None",
            "Value of the goods, to check the least and the most that the coupon is good for.",
        ] = None,
        email: Annotated[
            str | None, "The shopper's address, to check whom it is for and how often it was used."
        ] = None,
    ) -> "Coupon":
        """Return a coupon if it is good now, and say why not otherwise.

        It can still be refused for a certain cart: `restricted` says whether it is for some
        products or customers only. Applying it to the cart is the last word. A refusal is
        invalid_coupon, and its `code` says why.
        """
