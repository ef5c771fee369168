"""A simulated WooCommerce: a real HTTP server with a shop's state and a real shop's answers.

The demo runs it, and tests run against it. Its documents, headers and errors have the shape of the
recorded WooCommerce 11.0.1; its rules (what is out of stock, which coupon is refused and how, what
`any` means as an order's status) are that store's.

    store = SimulatedWooCommerce("shop.example.com", currency="EUR", seed=1, clock=clock)
    async with store.serve() as url:          # http on a free port of the loopback interface
        ...                                   # or mount `store.app`, an aiohttp application

    store.keys.read_write                     # Key(consumer_key, consumer_secret, permissions)
    store.keys.read_only
    store.keys.revoke(store.keys.read_write)
    store.requests                            # (method, path with query) of each request

What it serves: `wc/v3` (products, variations, categories, reviews, orders, notes, refunds,
customers, coupons, settings/general, system_status, payment_gateways, shipping zones and methods,
webhooks, reports), `wc-analytics` (low stock, stock, customers, order and revenue statistics),
`wc/store/v1/cart` (Cart-Token, Nonce, rate limit) and an HTML page everywhere else. Over https, or
when `tls_terminated`, basic authentication works; over http OAuth 1.0a does.

The shop's life, for collectors and probes to see:

    order = store.new_order("pending", email="cust3@example.test", lines=[(product_id, 2)])
    store.edit_order(order["id"], status="processing")     # dates, notes and stock follow
    store.refund(order["id"], "10.00", "Damaged")          # the whole rest without an amount
    store.set_stock(product_id, 0)
    store.add_product(name="Part 99", sku="000123", price="9.90")
    store.shop.add_coupon("spring", "15.00", usage_limit=3, expires=unix_time)
    store.shop.add_webhook("disabled")
    store.shop.analytics_lag = 43200                       # wc-analytics is behind by 12 hours
    store.shop.habits.cap = 10                             # pages of ten orders; see Habits
    store.page_cache = "path"                              # and the API's answers are kept
    store.carts.sessions.forget()                          # all Cart-Tokens become invalid
    store.carts.rate_limit.requests = 25                   # the Store API's rate limit

Misbehaviour is scripted with `store.faults` (see `demo.stores.faults`):

    store.faults.add(Fault(path="*/orders*", status=503, rate=0.3, latency=2.0))
    store.faults.clear()
"""

from ..faults import Fault, Faults
from .access import Key, Keys
from .store import SimulatedWooCommerce

__all__ = ["Fault", "Faults", "Key", "Keys", "SimulatedWooCommerce"]
