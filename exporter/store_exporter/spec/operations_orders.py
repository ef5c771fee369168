"""Operations on orders; `operations` explains what an entry is."""

from typing import TYPE_CHECKING, Annotated

from .operation import operation
from .operations_products import PageNumber

if TYPE_CHECKING:
    from datetime import date

    from .results import Cancellation, CustomerOrders, Listing, Order, OrderNote, RefundStatus

OrderNumber = Annotated[int | str, "Number of the order, as the shopper knows it."]
OrderEmail = Annotated[
    str | None,
    "E-mail address that the order must have; without one the caller vouches for the shopper.",
]


class OrderOperations:
    """Operations on orders."""

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

        With both, the order is only found if it has that address. With the number alone, the result
        does not contain the customer. With the address alone, the result is the latest order of
        that shopper, whom the caller must have identified.
        """

    @operation(
        errors=("invalid_input",), example='store.get_customer_orders("ada@example.com", limit=5)'
    )
    def get_customer_orders(
        self,
        email: Annotated[
            str, "E-mail address of the shopper, whom the caller must have identified."
        ],
        limit: Annotated[int, "The most orders to return."] = 10,
        *,
        status: Annotated[str | None, "The status of the orders, such as processing."] = None,
        first: Annotated[
            "date | str | None", "The first day on which they were placed, as YYYY-MM-DD."
        ] = None,
        last: Annotated["date | str | None", "The last day."] = None,
        page: PageNumber = 1,
    ) -> "CustomerOrders":
        """List a shopper's orders, newest first, with the totals of all that match.

        Days are days of the shop's calendar.

        An unknown address gets an empty list, so that the result does not show who is a customer.
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
        """Return how much of an order was refunded, and whether that is all of it."""

    @operation(
        errors=("not_found", "invalid_state", "invalid_input"),
        example='store.cancel_order("52", reason="Ordered twice", email="ada@example.com")',
        writes=True,
    )
    def cancel_order(
        self,
        order: OrderNumber,
        reason: Annotated[
            str | None, "The reason, for the staff; it is added to the order as a note."
        ] = None,
        email: OrderEmail = None,
    ) -> "Cancellation":
        """Cancel an order that has not been completed. Nothing is refunded.

        An order with another status than those named below is invalid_state.
        """

    # Another name of a method.
    lookup_order = check_order
