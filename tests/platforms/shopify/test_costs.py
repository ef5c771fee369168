"""What queries cost by the rules that Shopify documents, and what they leave in the bucket.

A scalar costs nothing, an object a point, a union its dearest member, and a list what it has in
it, as often as it is requested. Shops charge less for long lists, and none charges more.
Source: https://shopify.dev/docs/apps/build/apis/graphql-admin/rate-limits
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLSchema,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_composite_type,
    parse,
)

from store_demo.stores.shopify.cost import proportional
from store_exporter.platforms.shopify.api import DOCUMENTS
from store_exporter.platforms.shopify.collectors import COLLECTORS
from tests.platforms.shopify.watching import figures, watched

from .subset import official

MOST = 1000.0
"""Points that one query may cost."""
SHARE = 0.25
BASIC, OLD = 2000.0, 1000.0
"""What the bucket of the cheapest plan holds, and held until 2023."""
MONITORED = (
    *("Shop", "OrdersUpdated", "OrderChanges", "OrderHistory", "OrdersThere", "OrderCounts"),
    *("ActiveProducts", "SoldLines", "ScarceVariants", "AbandonedCheckouts"),
    *("CustomerCount", "WebhookCount"),
)
"""Documents of probes and collectors, but for the one of orders with many payments."""


class Documented:
    """Costs by the documented rules."""

    def __init__(self, name: str, schema: GraphQLSchema) -> None:
        document = parse(DOCUMENTS["admin"].document(name))
        self._schema = schema
        self._fragments = {
            d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)
        }
        (self._operation,) = (
            d for d in document.definitions if isinstance(d, OperationDefinitionNode)
        )

    def cost(self) -> float:
        root = self._schema.get_root_type(self._operation.operation)
        base = 10.0 if self._operation.operation is OperationType.MUTATION else 0.0
        return base + self._inside(self._operation.selection_set, root)

    def _inside(self, selection: SelectionSetNode | None, parent: Any) -> float:
        total, members = 0.0, [0.0]
        for node in selection.selections if selection else ():
            if isinstance(node, FieldNode):
                total += self._field(node, parent)
                continue
            name = getattr(getattr(node, "name", None), "value", "")
            inner: Any = self._fragments.get(name, node)
            kind = parent
            if inner.type_condition:
                kind = self._schema.type_map[inner.type_condition.name.value]
            points = self._inside(inner.selection_set, kind)
            if kind is parent:
                total += points
            else:
                members.append(points)
        return total + max(members)

    def _field(self, node: FieldNode, parent: Any) -> float:
        field = getattr(parent, "fields", {}).get(node.name.value)
        kind = get_named_type(field.type) if field else None
        if kind is None or not is_composite_type(kind):
            return 0.0
        inner = self._inside(node.selection_set, kind)
        first = next(self._sizes(node), None)
        if first is None:
            return 1.0 + inner
        # `nodes` of a connection is counted as one object, and so is its `pageInfo`.
        return 1.0 + first * (inner if kind.name.endswith("Connection") else 1.0 + inner)

    def _sizes(self, node: FieldNode) -> Iterator[int]:
        for argument in node.arguments or ():
            if argument.name.value not in ("first", "ids"):
                continue
            if isinstance(argument.value, IntValueNode):
                yield int(argument.value.value)
            elif isinstance(argument.value, VariableNode):
                # Fewer items than one there cannot be.
                yield 1


NAMES = tuple(
    d.name.value
    for d in parse("\n".join(DOCUMENTS["admin"].definitions.values())).definitions
    if isinstance(d, OperationDefinitionNode) and d.name
)


@pytest.mark.usefixtures("schemas")
@pytest.mark.timeout(180)  # a schema of 3000 types takes seconds to build
def test_no_query_costs_more_than_one_may() -> None:
    schema = official("admin")
    costs = {name: Documented(name, schema).cost() for name in NAMES}
    assert {name: cost for name, cost in costs.items() if not 0 < cost <= MOST} == {}
    # Monitoring uses a part of the bucket, and that has to be enough for its smallest pages.
    assert {n: costs[n] for n in MONITORED if costs[n] > OLD * SHARE} == {}
    assert MONITORED[0] == "Shop"
    assert costs["Shop"] == 2.0


@pytest.mark.parametrize("maximum", [BASIC, OLD])
async def test_monitoring_leaves_its_share_however_dear_lists_are(maximum: float) -> None:
    shop, cheap = watched(), watched()
    shop.shop.growth = proportional
    shop.shop.bucket.maximum, shop.shop.bucket.restore_rate = maximum, maximum / 20
    shop.shop.bucket.lowest = maximum
    for one in (shop, cheap):
        room = one.shop.stock_room
        sold = room.new_order("AUTHORIZED", lines=[(room.by_sku("SKU-010").id, 1)])
        for _ in range(30):
            room.pay(sold, Decimal("1.00"))
    for name in COLLECTORS:
        options = {"since": "2020-01-01"} if name == "orders" else {}
        for one in (shop, cheap):
            one.cursor.text = "{}"
        found = await shop.collect(name, **options)
        assert figures(found) == figures(await cheap.collect(name, **options)), name
        assert found.degraded == [], name
    assert shop.shop.bucket.lowest >= math.floor(maximum * (1 - SHARE))
