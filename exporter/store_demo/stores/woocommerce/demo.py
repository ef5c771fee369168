"""The simulated WooCommerce as a store of the demo."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from ..base import Role, Wares
from .store import SimulatedWooCommerce

ROLES = (
    Role("acme", "shop.acme.example", "woocommerce", "EUR"),
    Role("acme", "outlet.acme.example", "woocommerce", "EUR"),
    Role("globex", "store.globex.example", "woocommerce", "USD", fails=True),
)
WARES = Wares()
_RESTOCK_BELOW = 5


class DemoWooCommerce(SimulatedWooCommerce):
    """A simulated WooCommerce that trades."""

    platform = "woocommerce"

    @property
    def credentials(self) -> Mapping[str, str]:
        """A key that may read and write."""
        key = self.keys.read_write
        return {"consumer_key": key.consumer_key, "consumer_secret": key.consumer_secret}

    def sell(self, random: Random) -> int:
        """Let somebody order and pay; return the order's total in hundredths of its currency."""
        amount = random.randrange(1, 500)
        self.new_order("processing", total=f"{amount}.00")
        return amount * 100

    def trade(self, random: Random) -> None:
        """Place an order, or move a young one along; a few fail, are given up or refunded."""
        if random.random() < 0.6:
            lines = [(random.choice(self._sellable()), random.randint(1, 3))]
            status = random.choices(
                ("processing", "pending", "failed", "checkout-draft"), (80, 10, 4, 6)
            )[0]
            self.new_order(status, email=random.choice(WARES.emails), lines=lines)
            return
        young = [o for o in self.shop.orders.values() if o["status"] in ("processing", "pending")]
        if not young:
            return
        order = random.choice(young[-10:])
        if order["status"] == "pending":
            self.edit_order(order["id"], status=random.choice(("processing", "cancelled")))
        elif random.random() < 0.08:
            self.refund(order["id"])
        else:
            self.edit_order(order["id"], status="completed")

    def _sellable(self) -> list[int]:
        """Products in stock; what runs low is restocked first, so that the demo never sells out."""
        found = []
        for item in self.shop.everything_sold():
            if item.get("sku") in WARES.products:
                if (item.get("stock_quantity") or 0) < _RESTOCK_BELOW:
                    self.set_stock(item["id"], 40)
                found.append(item["id"])
        return found


def open_store(domain: str, *, currency: str, seed: int) -> DemoWooCommerce:
    """Make a store whose age and stock depend on the seed alone."""
    return DemoWooCommerce(domain, currency=currency, seed=seed, tls_terminated=False)
