"""Every search uses filters and values that Shopify documents; it ignores those that it lacks."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from decimal import Decimal

import pytest
from graphql import (
    FieldNode,
    OperationDefinitionNode,
    StringValueNode,
    VariableNode,
    parse,
)

from store_demo.stores.serving import Incoming, Outgoing
from store_demo.stores.shopify import SimulatedShopify
from store_exporter.platforms.shopify.collectors import COLLECTORS
from store_exporter.platforms.shopify.versions import SUPPORTED
from tests.platforms.shopify.calls import CALLS, Scene
from tests.platforms.shopify.subset import official
from tests.platforms.shopify.watching import watched

_TERM = re.compile(r"(?:^|[\s-])([a-z_.]+):((?:[^\s\"']|\"[^\"]*\"|'[^']*')+)")
_WORDS = ("search",)
"""Root fields whose query is words, as a shopper types them."""

ROOTS = {"abandonedCheckouts", "orders", "ordersCount", "products", "productVariants"}
"""All that are searched."""
Sent = set[tuple[str, str, str, str]]
"""API, root field, filter and value of each term."""


def searches(request: Incoming) -> Iterator[tuple[str, str, str, str]]:
    body = json.loads(request.body)
    api = "admin" if request.path.startswith("/admin/") else "storefront"
    (operation,) = (
        one for one in parse(body["query"]).definitions if isinstance(one, OperationDefinitionNode)
    )
    for field in operation.selection_set.selections:
        assert isinstance(field, FieldNode)
        for argument in (field.arguments or ()) if field.name.value not in _WORDS else ():
            if argument.name.value != "query":
                continue
            query = ""
            if isinstance(argument.value, StringValueNode):
                query = argument.value.value
            elif isinstance(argument.value, VariableNode):
                query = body["variables"].get(argument.value.name.value) or ""
            for name, value in _TERM.findall(query):
                yield api, field.name.value, name, value


def listening(shop: SimulatedShopify, sent: Sent) -> None:
    """Write down what is searched for."""
    respond = shop.respond

    def heard(request: Incoming) -> Outgoing:
        if request.path.endswith("graphql.json"):
            sent.update(searches(request))
        return respond(request)

    shop.respond = heard  # type: ignore[method-assign]


@pytest.fixture(scope="module")
def sent() -> Sent:
    found: Sent = set()
    shop = watched()
    listening(shop.shop, found)

    async def collected() -> None:
        for name in COLLECTORS:
            for _ in range(2):
                shop.clock.advance(60.0)
                await shop.collect(name)

    asyncio.run(collected())
    for call in CALLS.values():
        scene = Scene()
        listening(scene.shop, found)
        call(scene)
    store = scene.client()
    store.search_products("part", category="Valve", min_price=5, max_price=50, in_stock=True)
    for number in range(100):
        scene.shop.stock_room.add_product("Rod", "Rod", [(f"ROD-{number}", Decimal(1), 0, {})])
    store.get_low_stock_products(category="Valve")
    store.get_customer_orders("cust4@example.test", first="2026-11-20")
    return found


def documented(api: str, version: str, root: str) -> dict[str, list[str]]:
    """The columns of each filter in the description of a root field's query."""
    query = official(api, version).query_type
    assert query is not None
    text = query.fields[root].args["query"].description or ""
    rows = [row.split("|") for row in re.split(r"\n(?=\| [a-z_.]+ \|)", text)]
    return {row[1].strip(): row for row in rows if len(row) > 1}


@pytest.mark.usefixtures("schemas")
@pytest.mark.parametrize("version", SUPPORTED)
@pytest.mark.timeout(360)  # a schema of 3000 types takes seconds to build
def test_every_filter_and_value_is_documented(sent: Sent, version: str) -> None:
    assert {root for _, root, _, _ in sent} == ROOTS
    for api, root in {(api, root) for api, root, _, _ in sent}:
        rows = documented(api, version, root)
        for name, value in {(n, v) for a, r, n, v in sent if (a, r) == (api, root)}:
            assert name in rows, (root, name)
            # Columns: name, type, description, values.
            listed = re.findall(r"`([a-z_]+)`", rows[name][4]) if api == "admin" else []
            if listed:
                assert set(value.split(",")) <= set(listed), (root, name, value)
