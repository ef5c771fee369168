"""One good call of each operation, on a simulated store that has what it takes."""

from __future__ import annotations

from store_demo.stores.woocommerce import SimulatedWooCommerce
from store_demo.stores.woocommerce.shop_api import set_free_shipping
from store_exporter.platforms.woocommerce import CartSession, WooCommerce
from tests.fakes.clock import Clock
from tests.fakes.woocommerce import client
from tests.platforms.calls import EMAIL, Calls, everywhere


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


CALLS: Calls = {
    **everywhere(several="MOTOR-1", zone="UK", held=18, further=17),
    "get_product_reviews": lambda s: s.client().get_product_reviews("SKU-010"),
}
"""Calls by operation."""
