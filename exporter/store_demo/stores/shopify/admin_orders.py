"""The Admin API's root fields about orders."""

from __future__ import annotations

from typing import Any

from .records import Order
from .search import Fields, matcher
from .shop import StockRoom
from .views import AdminViews, View, connection, count, gid, number


class AccessDeniedError(Exception):
    """The token lacks a scope; becomes a GraphQL error with the code ACCESS_DENIED."""

    def __init__(self, field: str, scope: str) -> None:
        super().__init__(
            f"Access denied for {field} field. Required access: `{scope}` access scope."
        )
        self.extensions = {"code": "ACCESS_DENIED", "requiredAccess": f"`{scope}` access scope."}


class AdminOrders:
    """Answers what a token's scopes may ask of orders; each public method is a root field."""

    def __init__(self, room: StockRoom, scopes: set[str]) -> None:
        self._room = room
        self._scopes = scopes
        self._views = AdminViews(room)

    def order(self, _info: Any, id: str) -> View | None:  # noqa: A002
        """`order`."""
        found = self._room.orders.get(number(id))
        return self._views.order(found) if found and self._is_shown(found) else None

    def nodes(self, _info: Any, ids: list[str]) -> list[View | None]:
        """`nodes`, of orders only."""
        found = [self._room.orders.get(number(one)) for one in ids]
        return [
            self._views.order(order) | {"__typename": "Order"}
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
        if sortKey == "UPDATED_AT":
            found = [order for order in found if order.id not in self._room.unsorted]

        def key(order: Order) -> tuple[float, int]:
            changed = self._room.searched.get(order.id, 0.0) if query else order.updated
            dates = {"UPDATED_AT": changed, "PROCESSED_AT": order.dated}
            return dates.get(sortKey, order.created), order.id

        rows = sorted(found, key=key, reverse=reverse)
        return connection(rows, self._views.order, first, after, key)

    def orders_count(self, _info: Any, query: str = "", **_: Any) -> View:
        """`ordersCount`."""
        return count(len(self._found(query)))

    def _found(self, query: str) -> list[Order]:
        self._need("read_orders", "orders")
        matches = matcher(query)
        shown = [order for order in self._room.orders.values() if self._is_shown(order)]
        if not query:
            return shown
        known = [(order, self._searched(order)) for order in shown]
        return [
            order
            for order, changed in known
            if changed is not None and matches(_order_fields(order, changed))
        ]

    def _searched(self, order: Order) -> float | None:
        """Return when an order changed last as the search knows it, None for one that is too new.

        Some are known sooner than others.
        """
        lag = self._room.search_lag * (order.id * 7919 % 100 + 1) / 100
        is_known = order.id not in self._room.unsearched
        if is_known and self._room.clock() - order.updated >= lag:
            self._room.searched[order.id] = order.updated
        return self._room.searched.get(order.id)

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


def _order_fields(order: Order, changed: float) -> Fields:
    return {
        "name": order.name.lstrip("#"),
        "confirmation_number": order.confirmation,
        "cart_token": order.cart or "",
        "email": order.email,
        "created_at": order.created,
        "processed_at": order.dated,
        "updated_at": changed,
        "financial_status": order.financial.lower(),
        "fulfillment_status": order.fulfillment.lower(),
        "status": "cancelled" if order.cancelled else "open",
        "test": order.test,
    }
