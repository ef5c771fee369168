"""A shop whose answers are written by hand, for what the simulated shop's records cannot be."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from store_demo.stores.shopify import SimulatedShopify
from store_exporter.contract import Response
from store_exporter.net.plans import Request
from tests.fakes.clock import Clock
from tests.platforms.shopify.watching import DirectHttp, Watched

Node = dict[str, Any]
Change = Callable[[str, Node], Node]
"""Makes another answer of one, by the name of what was asked."""


def iso(when: float) -> str:
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def bag(amount: Any, currency: str = "GBP") -> Node:
    return {"shopMoney": {"amount": amount, "currencyCode": currency}}


def move(number: int, kind: str, amount: Any, when: float, **members: Any) -> Node:
    """A transaction that succeeded."""
    return {
        "id": f"gid://shopify/OrderTransaction/{number}",
        "kind": kind,
        "status": "SUCCESS",
        "gateway": "shopify_payments",
        "test": False,
        "createdAt": iso(when),
        "processedAt": iso(when),
        "amountSet": bag(amount),
        **members,
    }


def order(number: int, when: float, *moves: Node, **members: Any) -> Node:
    """An order of 100.00 that is paid; `members` are what is special about it."""
    return {
        "id": f"gid://shopify/Order/{number}",
        "createdAt": iso(when),
        "processedAt": iso(when),
        "updatedAt": iso(when),
        "cancelledAt": None,
        "test": False,
        "displayFinancialStatus": "PAID",
        "displayFulfillmentStatus": "UNFULFILLED",
        "fullyPaid": True,
        "totalPriceSet": bag("100.00"),
        "totalReceivedSet": bag("100.00"),
        "totalRefundedSet": bag("0.00"),
        "transactions": list(moves),
        "fulfillments": [],
        **members,
    }


@dataclass
class HandWritten(DirectHttp):
    """Answers what the collector of orders asks.

    Attributes:
        orders: by their ids.
        change: of every answer.
        page: orders on a page at most.
    """

    orders: dict[str, Node] = field(default_factory=dict)
    change: Change = lambda _, answer: answer
    page: int = 250

    async def send(self, request: Request) -> Response:
        asked = request.json
        assert isinstance(asked, Mapping)
        name, given = asked["operationName"], asked["variables"]
        cost = {"requestedQueryCost": 2, "actualQueryCost": 2}
        status = {"maximumAvailable": 2000.0, "currentlyAvailable": 1990, "restoreRate": 100.0}
        answer = {
            "data": self.data(name, given),
            "extensions": {"cost": {**cost, "throttleStatus": status}},
        }
        body = json.dumps(self.change(name, answer)).encode()
        return Response(200, {"content-type": "application/json"}, body, request.url, {}, None)

    def data(self, name: str, given: Mapping[str, Any]) -> Node:
        if name == "OrderHistory":
            return {"order": self.orders.get(given["id"])}
        if name == "OrdersThere":
            there = [self.orders.get(one) for one in given["ids"]]
            scopes = {"accessScopes": [{"handle": "read_all_orders"}]}
            first = [{"id": one} for one in list(self.orders)[:1]]
            newest = {"nodes": [*reversed(self.orders.values())][:50]}
            orders = {"orders": {"nodes": first}, "newest": newest}
            return {"nodes": there, **orders, "currentAppInstallation": scopes}
        if name in ("OrdersUpdated", "OrderChanges"):
            return {"orders": self.listed(given)}
        return {"shop": {"currencyCode": "GBP", "ianaTimezone": "UTC", "name": "Shop"}}

    def listed(self, given: Mapping[str, Any]) -> Node:
        rows = sorted(self.orders.values(), key=lambda node: str(node["updatedAt"]))
        if "query" not in given:
            rows.reverse()
        else:
            since = given["query"].partition("'")[2].rstrip("'")
            rows = [node for node in rows if str(node["updatedAt"]) >= since]
        begin = int(given.get("after") or 0)
        end = begin + min(self.page, given["first"])
        more = end < len(rows)
        return {
            "nodes": rows[begin:end],
            "pageInfo": {"hasNextPage": more, "endCursor": str(end) if more else None},
        }

    def add(self, node: Node) -> None:
        self.orders[node["id"]] = node


def handwritten() -> tuple[Watched, HandWritten]:
    """Return a shop without orders, and what it answers."""
    clock = Clock()
    shop = SimulatedShopify(clock=clock.now)
    http = HandWritten(shop)
    return Watched(shop, clock, http), http
