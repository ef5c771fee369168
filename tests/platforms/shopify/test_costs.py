"""What queries cost, and what they leave in the bucket.

A scalar costs nothing, an object a point unless it is a mere value, a union its dearest member, a
mutation ten, and a connection two and what is in it, times twice the natural logarithm of its size.
Sources: https://shopify.dev/docs/apps/build/apis/graphql-admin/rate-limits,
https://community.shopify.dev/t/how-to-calculate-graphql-cost-estimates/24364 and what Shopify said
that each query of a connector cost in version 2025-07, https://github.com/microsoft/BCApps/pull/5926.
"""

from __future__ import annotations

import math

import pytest
from graphql import FragmentDefinitionNode, GraphQLSchema, OperationDefinitionNode, parse

from store_demo.stores.shopify.cost import Costs, Growth, charged, proportional
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
    *("Shop", "OrdersUpdated", "OrderChanges", "OrdersThere", "OrderCounts"),
    *("ActiveProducts", "SoldLines", "ScarceVariants", "AbandonedCheckouts"),
    *("CustomerCount", "WebhookCount"),
)
"""Documents of probes and collectors, but for the one of orders with many payments."""


CHARGED = (
    (9, "{ deliveryProfiles(first: 50) { nodes { id } } }"),
    (12, "{ customers(first: 200) { edges { node { id } } pageInfo { hasNextPage } } }"),
    (4, "{ customers(first: 1) { nodes { defaultEmailAddress { emailAddress } } } }"),
    (25, "{ product(id: 1) { variants(first: 250) { nodes { inventoryItem { tracked } } } } }"),
    (3, "{ deliveryProfile(id: 1) { profileLocationGroups { locationGroup { id } } } }"),
    (
        3,
        """{ order(id: 1) { transactions {
            amountSet { shopMoney { amount } }
            paymentDetails { ... on CardPaymentDetails { company } }
        } } }""",
    ),
    (
        15,
        """{ order(id: 1) { fulfillments {
            location { id } trackingInfo { url } service { type }
            fulfillmentLineItems(first: 10) { nodes { lineItem { id } } }
        } } }""",
    ),
    (
        43,
        """{ order(id: 1) { lineItems(first: 10) { nodes {
            product { id } variant { id } customAttributes { key } duties { taxLines { rate } }
            fulfillmentService { location { id } } discountAllocations {
                allocatedAmountSet { shopMoney { amount } }
            }
            taxLines { priceSet { shopMoney { amount } } }
        } } } }""",
    ),
    (
        74,
        """{ markets(first: 25) { edges { node { delivery { shipping {
            optionDefinitions(first: 50) { edges { node { isActive } } }
        } } } } } }""",
    ),
    (10, "mutation { orderClose(input: {id: 1}) { order { id customer { id } } } }"),
)
"""What Shopify charged for queries of this form, and others published."""


def cost(document: str, schema: GraphQLSchema, growth: Growth = charged) -> float:
    parsed = parse(document)
    (operation,) = (d for d in parsed.definitions if isinstance(d, OperationDefinitionNode))
    fragments = {
        d.name.value: d for d in parsed.definitions if isinstance(d, FragmentDefinitionNode)
    }
    return Costs(schema, fragments, {}, growth).of(operation)


NAMES = tuple(
    d.name.value
    for d in parse("\n".join(DOCUMENTS["admin"].definitions.values())).definitions
    if isinstance(d, OperationDefinitionNode) and d.name
)


@pytest.mark.usefixtures("schemas")
@pytest.mark.timeout(360)  # a schema of 3000 types takes seconds to build
def test_the_simulated_shop_charges_what_real_ones_charged() -> None:
    schema = official("admin")
    assert [(cost(document, schema), document) for _, document in CHARGED] == list(CHARGED)


@pytest.mark.usefixtures("schemas")
@pytest.mark.timeout(360)
def test_no_query_costs_more_than_one_may_however_dear_lists_are() -> None:
    schema = official("admin")
    costs = {name: cost(DOCUMENTS["admin"].document(name), schema, proportional) for name in NAMES}
    assert {name: points for name, points in costs.items() if not 0 < points <= MOST} == {}
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
    for name in COLLECTORS:
        options = {"since": "2020-01-01"} if name == "orders" else {}
        for one in (shop, cheap):
            one.cursor.text = "{}"
        found = await shop.collect(name, **options)
        assert figures(found) == figures(await cheap.collect(name, **options)), name
        assert found.degraded == [], name
    assert shop.shop.bucket.lowest >= math.floor(maximum * (1 - SHARE))
