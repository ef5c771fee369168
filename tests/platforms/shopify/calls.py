"""One good call of each operation, on a simulated shop that has what it takes."""

from __future__ import annotations

from decimal import Decimal

from store_demo.stores.shopify import SimulatedShopify
from store_exporter.platforms.shopify import CartSession, Shopify
from tests.fakes.clock import Clock
from tests.fakes.shopify import client
from tests.platforms.calls import EMAIL, Calls, everywhere


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


CALLS: Calls = {
    **everywhere(several="MOTOR-1-24V", zone="World", held="SKU-010", further="SKU-011"),
    "search_products (all)": lambda s: s.client().search_products(limit=3),
    "get_product_details (variants)": lambda s: s.client().get_product_details("MOTOR-1-24V"),
}
"""Calls by operation."""
