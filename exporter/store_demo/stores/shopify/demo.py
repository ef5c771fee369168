"""The simulated Shopify shop as a store of the demo."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from ..base import Role, Wares
from .server import SimulatedShopify

ROLES = (Role("initech", "shop.initech.example", "shopify", "GBP"),)
WARES = Wares()
_RESTOCK_BELOW = 5


class DemoShopify(SimulatedShopify):
    """A simulated shop that trades."""

    platform = "shopify"

    @property
    def credentials(self) -> Mapping[str, str]:
        """Those of an app from the Dev Dashboard, and the Storefront API's token."""
        return {
            "client_id": self.tokens.client_id,
            "client_secret": self.tokens.client_secret,
            "storefront_token": self.tokens.storefront,
        }

    def sell(self, random: Random) -> int:
        """Let somebody order and pay; return the order's total in hundredths of its currency."""
        variant = self.stock_room.by_sku(random.choice(WARES.products))
        variant.quantity = 1_000
        order = self.stock_room.new_order("PAID", lines=[(variant.id, 1)])
        return int(order.total * 100)

    def trade(self, random: Random) -> None:
        """Place an order, or move a young one along; some checkouts are left."""
        room = self.stock_room
        chance = random.random()
        if chance < 0.1:
            room.new_checkout(f"{random.randint(20, 300)}.00")
        elif chance < 0.65:
            for sku in WARES.products:
                variant = room.by_sku(sku)
                if variant.quantity < _RESTOCK_BELOW:
                    variant.quantity = 40
            bought = room.by_sku(random.choice(WARES.products))
            financial = random.choices(("PAID", "PENDING"), (85, 15))[0]
            room.new_order(
                financial,
                email=random.choice(WARES.emails[:-1]),
                lines=[(bought.id, random.randint(1, 3))],
            )
        else:
            self._move_along(random)

    def _move_along(self, random: Random) -> None:
        room = self.stock_room
        young = [o for o in list(room.orders.values())[-30:] if o.fulfillment == "UNFULFILLED"]
        young = [o for o in young if o.cancelled is None and o.financial in ("PAID", "PENDING")]
        if not young:
            return
        order = random.choice(young)
        if order.financial == "PENDING":
            room.edit_order(order, financial="PAID")
        elif random.random() < 0.08:
            room.refund(order)
        else:
            room.edit_order(order, fulfillment="FULFILLED")


def open_store(domain: str, *, currency: str, seed: int) -> DemoShopify:
    """Make a shop whose stock depends on the seed alone, with the rate limit of a large plan."""
    shop = DemoShopify(domain, currency=currency, seed=seed)
    shop.bucket.maximum, shop.bucket.restore_rate = 20_000.0, 1_000.0
    return shop
