"""One good call of each operation, on a simulated shop that has what it takes."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Protocol

from store_demo.stores.shopify import SimulatedShopify
from store_exporter.platforms.shopify import CartSession, Shopify
from tests.fakes.clock import Clock
from tests.fakes.shopify import client

EMAIL = "cust3@example.test"


class Scene:
    """A shop with an order, a refunded order and a filled cart; the same each time."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.shop = SimulatedShopify(clock=self.clock.now, seed=3)
        room = self.shop.stock_room
        room.orders.clear()
        bought = [(room.by_sku("SKU-010").id, 2)]
        made = room.new_order("PAID", email=EMAIL, lines=bought)
        made.note = "Ring twice"
        made.delivered = self.clock.now()
        refunded = room.new_order("PAID", email="cust4@example.test", lines=bought)
        room.refund(refunded, Decimal(20), "Damaged")
        self.order, self.refunded = made.number, refunded.number
        session = CartSession()
        self.client().add_to_cart("SKU-010", 2, cart=session)
        self.cart = self.client().apply_coupon_to_cart("save10", cart=session).token

    def client(self) -> Shopify:
        """Return a new client, which remembers nothing of the shop."""
        return client(self.shop, self.clock)


class On(Protocol):
    """What a call needs: a shop's client, and the names of what is in the shop."""

    order: int
    refunded: int
    cart: str

    def client(self) -> Shopify: ...


CALLS: dict[str, Callable[[On], Any]] = {
    "search_products": lambda s: s.client().search_products("part", limit=3),
    "search_products (all)": lambda s: s.client().search_products(limit=3),
    "get_product_details": lambda s: s.client().get_product_details("SKU-010"),
    "get_product_details (variants)": lambda s: s.client().get_product_details("MOTOR-1-24V"),
    "check_stock": lambda s: s.client().check_stock("SKU-010"),
    "get_stock_quantity": lambda s: s.client().get_stock_quantity("MOTOR-1-24V"),
    "check_price": lambda s: s.client().check_price("MOTOR-1-24V"),
    "get_product_variations": lambda s: s.client().get_product_variations("MOTOR-1-24V"),
    "get_product_categories": lambda s: s.client().get_product_categories(),
    "get_low_stock_products": lambda s: s.client().get_low_stock_products(),
    "check_order": lambda s: s.client().check_order(s.order, EMAIL),
    "get_customer_orders": lambda s: s.client().get_customer_orders(EMAIL),
    "get_order_notes": lambda s: s.client().get_order_notes(s.order, private=True),
    "check_refund_status": lambda s: s.client().check_refund_status(s.refunded),
    "cancel_order": lambda s: s.client().cancel_order(s.order, "Twice", EMAIL),
    "get_shipping_info": lambda s: s.client().get_shipping_info(),
    "get_shipping_info (country)": lambda s: s.client().get_shipping_info("GB", "SW1A 1AA"),
    "get_shipping_methods": lambda s: s.client().get_shipping_methods("World"),
    "get_payment_methods": lambda s: s.client().get_payment_methods(),
    "validate_coupon": lambda s: s.client().validate_coupon("welcome5", 60, EMAIL),
    "add_to_cart": lambda s: s.client().add_to_cart("SKU-011", cart=s.cart),
    "get_cart": lambda s: s.client().get_cart(cart=s.cart),
    "remove_from_cart": lambda s: s.client().remove_from_cart("SKU-010", cart=s.cart),
    "update_cart_quantity": lambda s: s.client().update_cart_quantity("SKU-010", 3, cart=s.cart),
    "apply_coupon_to_cart": lambda s: s.client().apply_coupon_to_cart("welcome5", cart=s.cart),
    "get_customer_insights": lambda s: s.client().get_customer_insights(),
    "get_sales_report": lambda s: s.client().get_sales_report("week"),
    "get_sales_report (paid)": lambda s: s.client().get_sales_report("week", definition="paid"),
}
"""Calls by operation."""
