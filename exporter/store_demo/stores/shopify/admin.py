"""The Admin API's root fields."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from .admin_delivery import AdminDelivery
from .admin_orders import AdminOrders
from .records import Discount, Order, Variant, iso
from .search import Fields, Part, matcher
from .shop import StockRoom
from .views import AdminViews, View, bag, connection, count, gid, money, number

SCOPES = (
    "read_all_orders",
    "read_customers",
    "read_discounts",
    "read_inventory",
    "read_orders",
    "read_products",
    "read_shipping",
    "write_orders",
)


class Admin:
    """Answers queries and mutations of a token's scopes; each public method is a root field."""

    def __init__(self, room: StockRoom, scopes: set[str], versions: Sequence[str]) -> None:
        self._room = room
        self._scopes = scopes
        self._versions = versions
        self._views = AdminViews(room)

    def root(self) -> dict[str, Any]:
        """Return the root value that queries are executed on."""
        parts = (self, AdminOrders(self._room, self._scopes), AdminDelivery(self._room))
        return {
            _camel(name): getattr(part, name)
            for part in parts
            for name in dir(part)
            if not name.startswith("_") and name != "root"
        }

    def shop(self, _info: Any) -> View:
        """`shop`."""
        return {
            "id": gid("Shop", 1),
            "name": self._room.domain.partition(".")[0].title(),
            "createdAt": iso(self._room.opened),
            "myshopifyDomain": self._room.domain,
            "currencyCode": self._room.currency,
            "ianaTimezone": self._room.zone,
            "primaryDomain": {"host": self._room.primary_domain or self._room.domain},
            "plan": {"publicDisplayName": "Basic"},
            "features": {"marketDrivenShipping": self._room.market_driven_shipping},
        }

    def current_app_installation(self, _info: Any) -> View:
        """`currentAppInstallation`."""
        return {"accessScopes": [{"handle": scope} for scope in sorted(self._scopes)]}

    def public_api_versions(self, _info: Any) -> list[View]:
        """`publicApiVersions`."""
        return [{"handle": version, "supported": True} for version in self._versions]

    def product(self, _info: Any, id: str) -> View | None:  # noqa: A002
        """`product`."""
        found = self._room.products.get(number(id))
        return self._views.product(found) if found else None

    def product_variant(self, _info: Any, id: str) -> View | None:  # noqa: A002
        """`productVariant`."""
        found = self._room.variants.get(number(id))
        return self._views.variant(found) if found else None

    def product_variants(
        self,
        _info: Any,
        first: int,
        query: str = "",
        after: str | None = None,
        **_: Any,
    ) -> View:
        """`productVariants`, fewest first."""
        matches = matcher(query)
        found = [v for v in self._room.variants.values() if matches(_variant_fields(v))]
        found.sort(key=lambda variant: variant.quantity)
        return connection(found, self._views.variant, first, after)

    def products(
        self, _info: Any, first: int, query: str = "", after: str | None = None, **_: Any
    ) -> View:
        """`products`."""
        matches = matcher(query)
        found = [p for p in self._room.products.values() if matches({"status": p.status.lower()})]
        return connection(found, self._views.product, first, after)

    def collections(self, _info: Any, first: int, after: str | None = None, **_: Any) -> View:
        """`collections`: one for each kind of product."""
        kinds = Counter(product.kind for product in self._room.products.values())

        def view(row: tuple[int, tuple[str, int]]) -> View:
            index, (kind, products) = row
            return {
                "id": gid("Collection", index + 1),
                "title": kind,
                "handle": kind.lower(),
                "productsCount": count(products),
            }

        return connection(list(enumerate(sorted(kinds.items()))), view, first, after)

    def abandoned_checkouts(
        self, _info: Any, first: int, query: str = "", after: str | None = None, **_: Any
    ) -> View:
        """`abandonedCheckouts`."""
        matches = matcher(query)
        found = [
            checkout
            for checkout in self._room.checkouts.values()
            if matches({"created_at": checkout.created, "recovery_state": "not_recovered"})
        ]

        def view(checkout: Any) -> View:
            return {
                "id": gid("AbandonedCheckout", checkout.id),
                "name": f"#{checkout.id}",
                "createdAt": iso(checkout.created),
                "updatedAt": iso(checkout.created),
                "completedAt": None,
                "totalPriceSet": bag(checkout.total, self._room.currency),
            }

        return connection(found, view, first, after)

    def customers(self, _info: Any, first: int, after: str | None = None, **_: Any) -> View:
        """`customers`: those who have ordered."""
        orders: dict[str, list[Order]] = {}
        for order in self._room.orders.values():
            orders.setdefault(order.email, []).append(order)

        def view(row: tuple[str, list[Order]]) -> View:
            email, own = row
            spent = sum((order.total - order.refunded for order in own), Decimal(0))
            return {
                "id": gid("Customer", sum(email.encode())),
                "displayName": email.partition("@")[0].title(),
                "createdAt": iso(own[0].created),
                "numberOfOrders": str(len(own)),
                "amountSpent": money(spent, self._room.currency),
                "defaultEmailAddress": {"emailAddress": email},
                "lastOrder": {"createdAt": iso(own[-1].created)},
            }

        return connection(sorted(orders.items()), view, first, after)

    def customers_count(self, _info: Any, **_: Any) -> View:
        """`customersCount`."""
        return count(len({order.email for order in self._room.orders.values()}))

    def webhook_subscriptions_count(self, _info: Any, **_: Any) -> View:
        """`webhookSubscriptionsCount`."""
        return count(2)

    def code_discount_node_by_code(self, _info: Any, code: str) -> View | None:
        """`codeDiscountNodeByCode`."""
        found = self._room.discount(code)
        if found is None:
            return None
        return {"id": gid("DiscountCodeNode", 1), "codeDiscount": self._discount(found)}

    def _discount(self, found: Discount) -> View:
        ended = found.ends is not None and found.ends < self._room.clock()
        minimum = None
        if found.minimum is not None:
            minimum = {
                "__typename": "DiscountMinimumSubtotal",
                "greaterThanOrEqualToSubtotal": money(found.minimum, self._room.currency),
            }
        return {
            "__typename": "DiscountCodeBasic",
            "title": found.code.upper(),
            "status": "EXPIRED" if ended else "ACTIVE",
            "summary": f"{found.percent:%} off",
            "startsAt": iso(0),
            "endsAt": iso(found.ends) if found.ends is not None else None,
            "usageLimit": found.limit,
            "asyncUsageCount": found.used + found.others,
            "codesCount": count(1 + found.others),
            "codes": lambda _info, **_: {
                "nodes": [{"code": found.code.upper(), "asyncUsageCount": found.used}]
            },
            "context": {"__typename": "DiscountBuyerSelectionAll", "all": "ALL"},
            "customerGets": {
                "appliesOnOneTimePurchase": True,
                "items": {"__typename": "AllDiscountItems", "allItems": True},
                "value": {"__typename": "DiscountPercentage", "percentage": float(found.percent)},
            },
            "minimumRequirement": minimum,
        }


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.title() for part in tail)


def _variant_fields(variant: Variant) -> Fields:
    return {
        "sku": Part(variant.sku),
        "inventory_quantity": variant.quantity,
        "product_status": variant.product.status.lower(),
        "managed": variant.tracked,
        "product_type": variant.product.kind,
    }
