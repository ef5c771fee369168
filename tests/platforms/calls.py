"""One good call of each operation that all platforms can do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from store_exporter.platforms.kit.client.clients import BlockingClient

EMAIL = "cust3@example.test"


class On(Protocol):
    """What a call needs: a store's client, and the names of what is in the store."""

    order: int
    refunded: int
    cart: str

    def client(self) -> BlockingClient[Any]: ...


Calls = dict[str, Callable[[On], Any]]
"""Calls by operation."""


def everywhere(*, several: str, zone: str, held: int | str, further: int | str) -> Calls:
    """Return the calls.

    Args:
        several: SKU of what has variations.
        zone: name of one.
        held: what the cart has.
        further: what it has not.
    """
    return {
        "search_products": lambda s: s.client().search_products("part", limit=3),
        "get_product_details": lambda s: s.client().get_product_details("SKU-010"),
        "check_stock": lambda s: s.client().check_stock("SKU-010"),
        "get_stock_quantity": lambda s: s.client().get_stock_quantity(several),
        "check_price": lambda s: s.client().check_price(several),
        "get_product_variations": lambda s: s.client().get_product_variations(several),
        "get_product_categories": lambda s: s.client().get_product_categories(),
        "get_low_stock_products": lambda s: s.client().get_low_stock_products(),
        "check_order": lambda s: s.client().check_order(s.order, EMAIL),
        "get_customer_orders": lambda s: s.client().get_customer_orders(EMAIL),
        "get_order_notes": lambda s: s.client().get_order_notes(s.order, private=True),
        "check_refund_status": lambda s: s.client().check_refund_status(s.refunded),
        "cancel_order": lambda s: s.client().cancel_order(s.order, "Twice", EMAIL),
        "get_shipping_info": lambda s: s.client().get_shipping_info(),
        "get_shipping_info (country)": lambda s: s.client().get_shipping_info("GB", "SW1A 1AA"),
        "get_shipping_methods": lambda s: s.client().get_shipping_methods(zone),
        "get_payment_methods": lambda s: s.client().get_payment_methods(),
        "validate_coupon": lambda s: s.client().validate_coupon("welcome5", 60, EMAIL),
        "add_to_cart": lambda s: s.client().add_to_cart(further, cart=s.cart),
        "get_cart": lambda s: s.client().get_cart(cart=s.cart),
        "remove_from_cart": lambda s: s.client().remove_from_cart(held, cart=s.cart),
        "update_cart_quantity": lambda s: s.client().update_cart_quantity(held, 3, cart=s.cart),
        "apply_coupon_to_cart": lambda s: s.client().apply_coupon_to_cart("welcome5", cart=s.cart),
        "get_customer_insights": lambda s: s.client().get_customer_insights(),
        "get_sales_report": lambda s: s.client().get_sales_report("week"),
        "get_sales_report (paid)": lambda s: s.client().get_sales_report("week", definition="paid"),
    }
