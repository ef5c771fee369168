"""A simulated Shopify shop: its Admin and Storefront APIs, executed by graphql-core.

The demo runs it, and tests run against it. A query is validated and executed on a schema: by
default on what the queries of `platforms/shopify` use of the official ones, in tests on these
themselves, so that a field, argument or enum value that does not exist fails as at Shopify.

    shop = SimulatedShopify("shop.example.com", currency="EUR", seed=1, clock=clock)
    async with shop.serve() as url:          # http on a free port of the loopback interface
        ...

    shop.tokens.admin, shop.tokens.storefront
    shop.tokens.revoke()                     # Shopify answers 401 from now on
    shop.tokens.scopes.discard("read_orders")
    shop.bucket.maximum, shop.bucket.restore_rate = 100, 5    # the Admin API's rate limit

The shop's life, for collectors to see:

    order = shop.stock_room.new_order("paid", email="cust3@example.test", lines=[(variant_id, 2)])
    shop.stock_room.edit_order(order, financial="paid", fulfillment="FULFILLED")
    shop.stock_room.refund(order, "10.00")

Misbehaviour is scripted with `shop.faults`, as for every simulated store.
"""

from .server import SimulatedShopify

__all__ = ["SimulatedShopify"]
