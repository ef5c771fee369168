"""One good call of each operation, on a simulated store that has what it takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from store_demo.stores.woocommerce import SimulatedWooCommerce
from store_demo.stores.woocommerce.shop_api import set_free_shipping
from store_exporter.platforms.woocommerce import CartSession, WooCommerce
from tests.fakes.clock import Clock
from tests.fakes.woocommerce import client

EMAIL = "cust3@example.test"


class Scene:
    """A store with an order, a refunded order and a filled cart; the same each time."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.store = SimulatedWooCommerce(
            clock=self.clock.now, orders=0, products=11, customers=4, seed=3
        )
        set_free_shipping(self.store.shop, None)
        made = self.store.new_order("processing", email=EMAIL, lines=[(18, 2)])
        refunded = self.store.new_order("processing", email=EMAIL, lines=[(18, 1)])
        self.order, self.refunded = int(made["id"]), int(refunded["id"])
        self.store.refund(self.refunded, "20.00", "Damaged")
        order = self.store.shop.orders[self.order]
        order["shipping"] |= {"first_name": "Ada", "address_1": "1 High Street", "country": "GB"}
        item = {"tracking_provider": "royal-mail", "tracking_number": "AB123"}
        meta = {"id": 1, "key": "_wc_shipment_tracking_items", "value": [item]}
        order["meta_data"] = [meta]
        self.store.shop.zone_places[1] = [("continent", "EU"), ("postcode", "SW1*")]
        self.store.shop.add_note(self.order, "Shipped", for_customer=True)
        session = CartSession()
        self.client().add_to_cart(18, 2, cart=session)
        self.cart = self.client().apply_coupon_to_cart("SAVE10", cart=session).token

    def client(self) -> WooCommerce:
        """Return a new client, which remembers nothing of the store."""
        return client(self.store, self.clock)


class On(Protocol):
    """What a call needs: a store's client, and the names of what is in the store."""

    order: int
    refunded: int
    cart: str

    def client(self) -> WooCommerce: ...


CALLS: dict[str, Callable[[On], Any]] = {
    "search_products": lambda s: s.client().search_products("part", limit=3),
    "get_product_details": lambda s: s.client().get_product_details("SKU-010"),
    "check_stock": lambda s: s.client().check_stock("SKU-010"),
    "get_stock_quantity": lambda s: s.client().get_stock_quantity("MOTOR-1"),
    "check_price": lambda s: s.client().check_price("MOTOR-1"),
    "get_product_variations": lambda s: s.client().get_product_variations("MOTOR-1"),
    "get_product_categories": lambda s: s.client().get_product_categories(),
    "get_product_reviews": lambda s: s.client().get_product_reviews("SKU-010"),
    "get_low_stock_products": lambda s: s.client().get_low_stock_products(),
    "check_order": lambda s: s.client().check_order(s.order, EMAIL),
    "get_customer_orders": lambda s: s.client().get_customer_orders(EMAIL),
    "get_order_notes": lambda s: s.client().get_order_notes(s.order, private=True),
    "check_refund_status": lambda s: s.client().check_refund_status(s.refunded),
    "cancel_order": lambda s: s.client().cancel_order(s.order, "Twice", EMAIL),
    "get_shipping_info": lambda s: s.client().get_shipping_info(),
    "get_shipping_info (country)": lambda s: s.client().get_shipping_info("GB", "SW1A 1AA"),
    "get_shipping_methods": lambda s: s.client().get_shipping_methods("UK"),
    "get_payment_methods": lambda s: s.client().get_payment_methods(),
    "validate_coupon": lambda s: s.client().validate_coupon("welcome5", 60, EMAIL),
    "add_to_cart": lambda s: s.client().add_to_cart(17, cart=s.cart),
    "get_cart": lambda s: s.client().get_cart(cart=s.cart),
    "remove_from_cart": lambda s: s.client().remove_from_cart(18, cart=s.cart),
    "update_cart_quantity": lambda s: s.client().update_cart_quantity(18, 3, cart=s.cart),
    "apply_coupon_to_cart": lambda s: s.client().apply_coupon_to_cart("welcome5", cart=s.cart),
    "get_customer_insights": lambda s: s.client().get_customer_insights(),
    "get_sales_report": lambda s: s.client().get_sales_report("week"),
    "get_sales_report (paid)": lambda s: s.client().get_sales_report("week", definition="paid"),
}
"""Calls by operation."""
