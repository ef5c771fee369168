"""The Admin API's root fields."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from .search import Fields, matcher
from .shop import Discount, Order, StockRoom, Variant, iso
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
    """Answers queries and mutations; each public method is a root field.

    Args:
        room: the shop.
        scopes: what the token may do.
        versions: API versions that are supported.
    """

    def __init__(self, room: StockRoom, scopes: set[str], versions: Sequence[str]) -> None:
        self._room = room
        self._scopes = scopes
        self._versions = versions
        self._views = AdminViews(room)

    def root(self) -> dict[str, Any]:
        """Return the root value that queries are executed on."""
        names = [name for name in dir(self) if not name.startswith("_") and name != "root"]
        return {_camel(name): getattr(self, name) for name in names}

    def shop(self, _info: Any) -> View:
        """`shop`."""
        return {
            "id": gid("Shop", 1),
            "name": self._room.domain.partition(".")[0].title(),
            "myshopifyDomain": self._room.domain,
            "currencyCode": self._room.currency,
            "ianaTimezone": "UTC",
            "primaryDomain": {"host": self._room.primary_domain or self._room.domain},
            "plan": {"publicDisplayName": "Basic"},
        }

    def current_app_installation(self, _info: Any) -> View:
        """`currentAppInstallation`."""
        return {"accessScopes": [{"handle": scope} for scope in sorted(self._scopes)]}

    def public_api_versions(self, _info: Any) -> list[View]:
        """`publicApiVersions`."""
        return [{"handle": version, "supported": True} for version in self._versions]

    # Products

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

    # Orders

    def order(self, _info: Any, id: str) -> View | None:  # noqa: A002
        """`order`."""
        found = self._room.orders.get(number(id))
        return self._views.order(found) if found and self._is_shown(found) else None

    def nodes(self, _info: Any, ids: list[str]) -> list[View | None]:
        """`nodes`, of orders only."""
        found = [self._room.orders.get(number(one)) for one in ids]
        return [
            {"__typename": "Order", "id": gid("Order", order.id)}
            if order is not None and self._is_shown(order)
            else None
            for order in found
        ]

    def _is_shown(self, order: Order) -> bool:
        """Whether the app sees an order; without read_all_orders not one of over sixty days."""
        young = order.created >= self._room.clock() - 60 * 86_400
        return young or "read_all_orders" in self._scopes

    def orders(
        self,
        _info: Any,
        first: int,
        query: str = "",
        after: str | None = None,
        sortKey: str = "PROCESSED_AT",
        reverse: bool = False,
    ) -> View:
        """`orders`."""
        found = self._found(query)
        by: Callable[[Order], Any] = lambda order: (  # noqa: E731
            order.updated if sortKey == "UPDATED_AT" else order.created,
            order.id,
        )
        return connection(sorted(found, key=by, reverse=reverse), self._views.order, first, after)

    def orders_count(self, _info: Any, query: str = "", **_: Any) -> View:
        """`ordersCount`."""
        return count(len(self._found(query)))

    def _found(self, query: str) -> list[Order]:
        self._need("read_orders", "orders")
        matches = matcher(query)
        shown = [order for order in self._room.orders.values() if self._is_shown(order)]
        return [order for order in shown if matches(_order_fields(order))]

    def _need(self, scope: str, field: str) -> None:
        if scope not in self._scopes:
            raise AccessDeniedError(field, scope)

    def order_cancel(self, _info: Any, orderId: str, **_: Any) -> View:
        """`orderCancel`."""
        self._need("write_orders", "orderCancel")
        found = self._room.orders.get(number(orderId))
        if found is None:
            error = {"code": "NOT_FOUND", "field": ["orderId"], "message": "Order does not exist"}
            return {"job": None, "orderCancelUserErrors": [error]}
        if found.cancelled is not None:
            error = {"code": "INVALID", "field": ["orderId"], "message": "Order is cancelled"}
            return {"job": None, "orderCancelUserErrors": [error]}
        self._room.cancel(found)
        return {"job": {"id": gid("Job", found.id), "done": False}, "orderCancelUserErrors": []}

    # The shop

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
            "asyncUsageCount": found.used,
            "customerGets": {
                "value": {"__typename": "DiscountPercentage", "percentage": float(found.percent)}
            },
            "minimumRequirement": minimum,
        }

    def delivery_profiles(self, _info: Any, first: int, **_: Any) -> View:
        """`deliveryProfiles`: there is one."""
        return connection([self._profile()], lambda row: row, first)

    def delivery_profile(self, _info: Any, id: str) -> View:  # noqa: A002, ARG002
        """`deliveryProfile`."""
        return self._profile()

    def _profile(self) -> View:
        """Return a profile with two ways of delivery at home and one abroad."""

        def method(name: str, price: int, minimum: int | None) -> View:
            condition = {
                "field": "TOTAL_PRICE",
                "operator": "GREATER_THAN_OR_EQUAL_TO",
                "conditionCriteria": money(Decimal(minimum or 0), self._room.currency),
            }
            return {
                "name": name,
                "active": True,
                "rateProvider": {
                    "__typename": "DeliveryRateDefinition",
                    "price": money(Decimal(price), self._room.currency),
                },
                "methodConditions": [condition] if minimum is not None else [],
            }

        def zone(index: int, name: str, methods: list[View]) -> View:
            return {
                "zone": {"id": gid("DeliveryZone", index), "name": name},
                "methodDefinitions": lambda _info, first, **_: connection(
                    methods, lambda row: row, first
                ),
            }

        home = [method("Standard", 5, None), method("Free from 100", 0, 100)]
        zones = [zone(1, "Domestic", home), zone(2, "World", [method("Abroad", 20, None)])]
        group = {
            "locationGroup": {"id": gid("DeliveryLocationGroup", 1)},
            "locationGroupZones": lambda _info, first, after=None, **_: connection(
                zones, lambda z: z, first, after
            ),
        }
        return {
            "id": gid("DeliveryProfile", 1),
            "profileLocationGroups": lambda _info, **_: [group],
        }


class AccessDeniedError(Exception):
    """The token lacks a scope; becomes a GraphQL error with the code ACCESS_DENIED."""

    def __init__(self, field: str, scope: str) -> None:
        super().__init__(
            f"Access denied for {field} field. Required access: `{scope}` access scope."
        )
        self.extensions = {"code": "ACCESS_DENIED", "requiredAccess": f"`{scope}` access scope."}


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.title() for part in tail)


def _variant_fields(variant: Variant) -> Fields:
    return {
        "sku": variant.sku,
        "inventory_quantity": variant.quantity,
        "product_status": variant.product.status.lower(),
        "managed": variant.tracked,
    }


def _order_fields(order: Order) -> Fields:
    return {
        "name": str(order.number),
        "email": order.email,
        "created_at": order.created,
        "updated_at": order.updated,
        "financial_status": order.financial.lower(),
        "fulfillment_status": order.fulfillment.lower(),
        "status": "cancelled" if order.cancelled else "open",
        "test": order.test,
    }
