"""Operations about delivery, payment and coupons; `operations` explains what an entry is."""

from typing import TYPE_CHECKING, Annotated

from .operation import operation

if TYPE_CHECKING:
    from decimal import Decimal

    from .results import Coupon, Listing, PaymentMethod, ShippingInfo, ShippingMethod

Country = Annotated[
    str | None,
    "The destination, as a code of two letters such as GB: selects the zone that delivers there.",
]
Postcode = Annotated[str | None, "The postcode of the destination; requires a country."]
CouponCode = Annotated[str, "The code, upper or lower case."]


class ShopOperations:
    """Operations about delivery, payment and coupons."""

    @operation(example="store.get_shipping_info().free_from")
    def get_shipping_info(
        self, country: Country = None, postcode: Postcode = None
    ) -> "ShippingInfo":
        """Return where and how the shop delivers, and from which order value delivery is free.

        For a country to which it does not deliver, the result has no zones.
        """

    @operation(errors=("not_found",), example='store.get_shipping_methods(zone="UK")')
    def get_shipping_methods(
        self,
        zone: Annotated[int | str | None, "Id or name of a zone; all zones without it."] = None,
        country: Country = None,
        postcode: Postcode = None,
    ) -> "Listing[ShippingMethod]":
        """List the enabled shipping methods."""

    @operation(example="store.get_payment_methods()")
    def get_payment_methods(self) -> "Listing[PaymentMethod]":
        """List the enabled payment methods."""

    @operation(
        errors=("invalid_coupon", "invalid_input"),
        example='store.validate_coupon("SAVE10", subtotal="80.00").percent',
    )
    def validate_coupon(
        self,
        code: CouponCode,
        subtotal: Annotated[
            "Decimal | float | str | None",
            "Value of the goods, to check it against the coupon's minimum and maximum.",
        ] = None,
        email: Annotated[
            str | None,
            "The shopper's e-mail address, to check whether and how often they may use it.",
        ] = None,
    ) -> "Coupon":
        """Return a coupon that is valid now, or say why it is not.

        A valid coupon can still be refused for a particular cart: `restricted` says whether it is
        only for some products or customers. To be sure, apply it to the cart. A refusal is
        invalid_coupon, and its `code` gives the reason.
        """
