"""The operations, the same on every platform: one entry each, read by everything that lists them.

A new operation is one entry here and one plan in the `operations` folder of each platform that can
do it; the others say in `UNSUPPORTED` there why they cannot.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from .operation import OperationSpec, operation

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

    from .results import (
        Cancellation,
        Cart,
        Category,
        Coupon,
        CustomerSpend,
        Listing,
        LowStock,
        Order,
        OrderNote,
        PaymentMethod,
        Price,
        Product,
        RefundStatus,
        Review,
        SalesReport,
        ShippingInfo,
        ShippingMethod,
        Stock,
        StockQuantity,
    )
    from .sessions import CartSession

ProductId = Annotated[
    int | str, "Id (a number) of a product or variation, or SKU (a string) of one."
]
OrderNumber = Annotated[int | str, "Number of the order, as the shopper knows it."]
OrderEmail = Annotated[
    str | None,
    "E-mail address that the order must have; without one the caller vouches for the shopper.",
]
ShopperCart = Annotated[
    "CartSession | str | None",
    "The shopper's CartSession, or the token of an earlier cart; without it a new cart.",
]
MostProducts = Annotated[int, "The most products to return."]
CouponCode = Annotated[str, "The code, upper or lower case."]


class Operations:
    """The operations of a store, as methods of its clients."""

    @operation(
        errors=("invalid_input",),
        example='store.search_products("pump", max_price="300", in_stock=True)',
    )
    def search_products(
        self,
        query: Annotated[str | None, "Words to look for in name and description."] = None,
        *,
        category: Annotated[int | str | None, "Id, slug or name of a category."] = None,
        min_price: Annotated[
            "Decimal | float | str | None", "The lowest price, in the shop's currency."
        ] = None,
        max_price: Annotated[
            "Decimal | float | str | None", "The highest price, in the shop's currency."
        ] = None,
        in_stock: Annotated[
            bool | None, "True for products that can be had, False for those that cannot."
        ] = None,
        limit: MostProducts = 10,
    ) -> "Listing[Product]":
        """Search published products by words, category, price and availability."""

    @operation(errors=("not_found",), example='store.get_product_details("SKU-010")')
    def get_product_details(self, product: ProductId) -> "Product":
        """Return everything about one product or variation."""

    @operation(errors=("not_found",), example='store.check_stock("SKU-010").in_stock')
    def check_stock(self, product: ProductId) -> "Stock":
        """Tell whether a product can be had.

        A product with variations is in stock when one of them is.
        """

    @operation(errors=("not_found",), example='store.get_stock_quantity("MOTOR-1").quantity')
    def get_stock_quantity(self, product: ProductId) -> "StockQuantity":
        """Return how many pieces of a product are left.

        Of a product with variations, in all and one by one.
        """

    @operation(errors=("not_found",), example='store.check_price("SKU-010").price')
    def check_price(self, product: ProductId) -> "Price":
        """Return what a product costs.

        Of a product with variations, from the lowest price to the highest.
        """

    @operation(errors=("not_found",), example='store.get_product_variations("MOTOR-1")')
    def get_product_variations(self, product: ProductId) -> "Listing[Product]":
        """List the variations of a product, or those beside a variation.

        A product of one kind only has none.
        """

    @operation(errors=("not_found",), example="store.get_product_categories(parent=0)")
    def get_product_categories(
        self,
        parent: Annotated[
            int | str | None, "Id, slug or name of the category above; 0 for those at the top."
        ] = None,
    ) -> "Listing[Category]":
        """List product categories, all of them or those right below one."""

    @operation(errors=("not_found",), example='store.get_product_reviews("SKU-010", limit=3)')
    def get_product_reviews(
        self, product: ProductId, limit: Annotated[int, "The most reviews to return."] = 10
    ) -> "Listing[Review]":
        """List what shoppers wrote about a product, newest first.

        Approved reviews only; a variation has those of its product.
        """

    @operation(example="store.get_low_stock_products(threshold=3)")
    def get_low_stock_products(
        self,
        threshold: Annotated[int, "Pieces at or below which stock is low."] = 5,
        limit: MostProducts = 20,
    ) -> "Listing[LowStock]":
        """List products and variations of which few are left, fewest first.

        The same threshold holds for all, whatever thresholds the shop has set for itself. What the
        store does not count is left out.
        """

    @operation(
        errors=("not_found", "invalid_input"),
        example='store.check_order(order="51", email="ada@example.com").status',
    )
    def check_order(
        self,
        order: Annotated[int | str | None, "Number of the order, as the shopper knows it."] = None,
        email: Annotated[str | None, "E-mail address of the shopper."] = None,
    ) -> "Order":
        """Return an order by its number, or a shopper's latest by e-mail address.

        With both, the order must have that address, else it is not found. With the number alone it
        comes without its customer. With the address alone it is the latest order of that shopper,
        whom the caller must have identified.
        """

    @operation(
        errors=("invalid_input",),
        example='store.get_customer_orders("ada@example.com", limit=5)',
    )
    def get_customer_orders(
        self,
        email: Annotated[
            str, "E-mail address of the shopper, whom the caller must have identified."
        ],
        limit: Annotated[int, "The most orders to return."] = 10,
    ) -> "Listing[Order]":
        """List a shopper's orders, newest first.

        Nobody by that address is an empty list, so that the answer does not tell who is a customer.
        """

    @operation(
        errors=("not_found", "invalid_input"),
        example='store.get_order_notes("51", email="ada@example.com")',
    )
    def get_order_notes(
        self,
        order: OrderNumber,
        email: OrderEmail = None,
        private: Annotated[
            bool, "Whether to return the staff's notes too, which are not meant for shoppers."
        ] = False,
    ) -> "Listing[OrderNote]":
        """List the notes on an order, oldest first."""

    @operation(
        errors=("not_found", "invalid_input"),
        example='store.check_refund_status("60", email="ada@example.com").status',
    )
    def check_refund_status(self, order: OrderNumber, email: OrderEmail = None) -> "RefundStatus":
        """Tell what was paid back of an order, and whether that is all of it."""

    @operation(
        errors=("not_found", "invalid_state", "invalid_input"),
        example='store.cancel_order("52", reason="Ordered twice", email="ada@example.com")',
        writes=True,
    )
    def cancel_order(
        self,
        order: OrderNumber,
        reason: Annotated[str | None, "Why, for the staff; noted on the order."] = None,
        email: OrderEmail = None,
    ) -> "Cancellation":
        """Cancel an order that has not been completed. Nothing is paid back.

        In another status than those named below, it is invalid_state.
        """

    @operation(example="store.get_shipping_info().free_from")
    def get_shipping_info(self) -> "ShippingInfo":
        """Tell where and how the shop delivers, and from which order value that is free."""

    @operation(errors=("not_found",), example='store.get_shipping_methods(zone="UK")')
    def get_shipping_methods(
        self,
        zone: Annotated[int | str | None, "Id or name of a zone; all zones without it."] = None,
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
        """Put a product into a shopper's cart, beside what is in it already."""

    @operation(example="store.get_cart(cart=session).total")
    def get_cart(self, cart: ShopperCart = None) -> "Cart":
        """Return a shopper's cart. One that the store has lost is renewed, and says so."""

    @operation(errors=("not_found",), example='store.remove_from_cart("SKU-010", cart=session)')
    def remove_from_cart(self, product: ProductId, cart: ShopperCart = None) -> "Cart":
        """Take a product, or every variation of it, out of a shopper's cart."""

    @operation(
        errors=("not_found", "out_of_stock", "invalid_input"),
        example='store.update_cart_quantity("SKU-010", 5, cart=session)',
    )
    def update_cart_quantity(
        self,
        product: ProductId,
        quantity: Annotated[int, "Pieces that there should be; 0 takes the product out."],
        cart: ShopperCart = None,
    ) -> "Cart":
        """Change how many pieces of a product are in a shopper's cart.

        Where several lines hold it, as with two variations, it is invalid_input: name one.
        """

    @operation(
        errors=("invalid_coupon", "invalid_input"),
        example='store.apply_coupon_to_cart("SAVE10", cart=session).discount',
    )
    def apply_coupon_to_cart(self, code: CouponCode, cart: ShopperCart = None) -> "Cart":
        """Apply a coupon to a shopper's cart; the store's message says why where it does not."""

    @operation(example="store.get_customer_insights(limit=3)")
    def get_customer_insights(
        self, limit: Annotated[int, "The most customers to return."] = 10
    ) -> "Listing[CustomerSpend]":
        """List the customers who spent most."""

    @operation(example='store.get_sales_report("month").gross')
    def get_sales_report(
        self,
        period: Annotated[
            str, "day, week (the last seven days), month or year, up to today."
        ] = "week",
        first: Annotated[
            "date | str | None", "The first day, as YYYY-MM-DD, instead of a period."
        ] = None,
        last: Annotated["date | str | None", "The last day; today without it."] = None,
        definition: Annotated[
            str, "created counts orders by the day they were placed, paid counts what was paid."
        ] = "created",
    ) -> "SalesReport":
        """Report the sales of a period in the shop's currency, by days of the shop's calendar."""

    # Other names of methods.
    apply_discount = apply_coupon_to_cart
    lookup_order = check_order


OPERATIONS: Mapping[str, OperationSpec[..., Any]] = {
    name: value
    for name, value in vars(Operations).items()
    if isinstance(value, OperationSpec) and name == value.name
}
"""By name, in the order of the documentation.

The names are fixed: dashboards and old data use them.
"""

ALIASES: Mapping[str, str] = {
    alias: spec.name for spec in OPERATIONS.values() for alias in spec.aliases
}
"""Name of the operation by other names of its method."""
