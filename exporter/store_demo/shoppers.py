"""Simulated shoppers: an application that runs instrumented operations against stores.

Each shopper is a thread with a client of its own, as in a threaded web application, and goes on
small errands at a human rate. Refusals are part of the trade: about one errand in eight asks for
what is sold out, unknown or expired.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

from store_exporter.errors import StoreError
from store_exporter.platforms import base as platforms
from store_exporter.spec.results import Cart
from store_exporter.stores.model import Secret, Store

from .stores.base import DemoStore, Wares, wares

log = logging.getLogger(__name__)

_REFUSED = 0.12

# How a shopper comes by the arguments of an operation.
_DRAW: Mapping[str, Callable[[Wares, Random], Any]] = {
    "query": lambda w, r: r.choice(w.queries),
    "product": lambda w, r: r.choice(w.sold_out if r.random() < _REFUSED else w.products),
    "quantity": lambda _, r: r.randint(1, 3),
    "code": lambda w, r: r.choice(w.bad_coupons if r.random() < _REFUSED else w.coupons),
    "email": lambda w, r: r.choice(w.emails),
    "limit": lambda _, r: r.choice((5, 10, 20)),
}

# Errands and how often they are gone on: operations in sequence, each with its arguments.
_ERRANDS: tuple[tuple[int, tuple[tuple[str, tuple[str, ...]], ...]], ...] = (
    (30, (("search_products", ("query",)), ("get_product_details", ("product",)))),
    (10, (("get_product_details", ("product",)), ("check_stock", ("product",)))),
    (6, (("check_price", ("product",)), ("get_stock_quantity", ("product",)))),
    (16, (("add_to_cart", ("product", "quantity")), ("get_cart", ("cart",)))),
    (
        8,
        (
            ("add_to_cart", ("product",)),
            ("apply_coupon_to_cart", ("code", "cart")),
            ("get_cart", ("cart",)),
        ),
    ),
    (5, (("get_shipping_info", ()), ("get_payment_methods", ()))),
    (5, (("validate_coupon", ("code",)),)),
    (4, (("get_product_categories", ()),)),
    (8, (("check_order", ("email",)),)),
    (3, (("get_customer_orders", ("email", "limit")),)),
    (1, (("get_low_stock_products", ()), ("get_sales_report", ()))),
)


class Shoppers:
    """A crowd of shoppers in several stores.

    Args:
        stores: where they shop; each store gets its share of the crowd.
        each: shoppers per store.
        pause: mean seconds between a shopper's errands.
        seed: of all choices.

    Attributes:
        finished: operations that came to an end, by domain, operation and error type, None of
            those that succeeded.
    """

    def __init__(
        self, stores: Sequence[Store], *, each: int = 2, pause: float = 2.0, seed: int = 0
    ) -> None:
        self.finished: Counter[tuple[str, str, str | None]] = Counter()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._pause = pause
        self._threads = [
            threading.Thread(
                target=self._shop,
                args=(store, Random(f"{seed}/{store.domain}/{number}")),
                name=f"shopper {number} at {store.domain}",
                daemon=True,
            )
            for store in stores
            for number in range(each)
        ]

    def start(self) -> None:
        """Send them all out."""
        for thread in self._threads:
            thread.start()

    def stop(self, timeout: float = 15.0) -> None:
        """Call them home and wait until each has finished its operation, `timeout` s at most."""
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout)

    def _shop(self, store: Store, random: Random) -> None:
        offered = wares(store.platform)
        platform = platforms.load(store.platform)
        weights = [weight for weight, _ in _ERRANDS]
        with platform.connect(store) as client:
            while not self._stop.wait(random.expovariate(1 / self._pause)):
                _, errand = random.choices(_ERRANDS, weights)[0]
                cart: str | None = None
                for operation, names in errand:
                    if operation not in platform.operations or self._stop.is_set():
                        continue
                    drawn = {name: _DRAW[name](offered, random) for name in names if name in _DRAW}
                    arguments = {**drawn, "cart": cart} if "cart" in names else drawn
                    result = self._run(client, store.domain, operation, arguments)
                    cart = result.token if isinstance(result, Cart) else cart
                    self._stop.wait(random.uniform(0.0, 0.2))

    def _run(self, client: Any, domain: str, operation: str, arguments: dict[str, Any]) -> Any:
        result, failure = None, None
        try:
            result = getattr(client, operation)(**arguments)
        except StoreError as error:
            log.debug("%s at %s: %s", operation, domain, error)
            failure = error.error_type
        with self._lock:
            self.finished[domain, operation, failure] += 1
        return result


def operated(store: DemoStore, org: str, url: str) -> Store:
    """Return a simulated store as an application that runs operations against it knows it."""
    credentials = {key: Secret(value) for key, value in store.credentials.items()}
    return Store(org, store.domain, store.platform, url, credentials, store.settings(url))
