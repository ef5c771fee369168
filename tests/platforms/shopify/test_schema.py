"""Every query fits the official schemas of every API version that is claimed."""

from __future__ import annotations

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLUnionType,
    NoDeprecatedCustomRule,
    OperationDefinitionNode,
    get_named_type,
    parse,
    specified_rules,
    validate,
)

from store_demo.stores.shopify.server import VERSIONS
from store_exporter.platforms.shopify.api import DOCUMENTS
from store_exporter.platforms.shopify.operations.coupons import CONDITIONS
from store_exporter.platforms.shopify.reading import order_state
from store_exporter.platforms.shopify.versions import DEFAULT, SUPPORTED
from tests.platforms.shopify import subset
from tests.platforms.shopify.subset import official

APIS = ("admin", "storefront")


def operations(api: str) -> list[str]:
    text = "\n\n".join(DOCUMENTS[api].definitions.values())
    found = [d for d in parse(text).definitions if isinstance(d, OperationDefinitionNode)]
    return [str(one.name.value) for one in found if one.name is not None]


@pytest.mark.usefixtures("schemas")
@pytest.mark.parametrize("version", SUPPORTED)
@pytest.mark.parametrize("api", APIS)
@pytest.mark.timeout(360)  # a schema of 3000 types takes seconds to build
def test_every_query_is_valid_and_uses_nothing_deprecated(api: str, version: str) -> None:
    schema = official(api, version)
    rules = [*specified_rules, NoDeprecatedCustomRule]
    for name in operations(api):
        problems = validate(schema, parse(DOCUMENTS[api].document(name)), rules)
        assert problems == [], (name, [problem.message for problem in problems])


@pytest.mark.usefixtures("schemas")
@pytest.mark.parametrize("api", APIS)
@pytest.mark.timeout(360)
def test_the_simulated_shops_schema_is_the_part_of_the_official_one_that_is_used(api: str) -> None:
    written = (subset.WRITTEN / f"{api}_schema.graphql").read_text(encoding="utf-8")
    assert written == subset.subset(api, official(api, subset.LATEST))


def test_the_default_version_is_the_latest_that_is_spoken() -> None:
    assert max(SUPPORTED) == DEFAULT == subset.LATEST
    assert VERSIONS == SUPPORTED


@pytest.mark.parametrize("api", APIS)
def test_every_document_stands_alone(api: str) -> None:
    for name in operations(api):
        parsed = parse(DOCUMENTS[api].document(name))
        assert [
            d.name.value
            for d in parsed.definitions
            if isinstance(d, OperationDefinitionNode) and d.name is not None
        ] == [name]


@pytest.mark.usefixtures("schemas")
@pytest.mark.parametrize("version", SUPPORTED)
@pytest.mark.parametrize(
    ("enum", "known"),
    [
        ("OrderDisplayFinancialStatus", order_state.FINANCIAL),
        ("OrderDisplayFulfillmentStatus", order_state.FULFILLMENT),
    ],
)
@pytest.mark.timeout(360)
def test_every_status_of_the_schema_is_known(
    version: str, enum: str, known: tuple[str, ...]
) -> None:
    found = official("admin", version).type_map[enum]
    assert isinstance(found, GraphQLEnumType)
    assert found.values.keys() <= set(known)


@pytest.mark.usefixtures("schemas")
@pytest.mark.parametrize("version", SUPPORTED)
@pytest.mark.timeout(360)
def test_every_condition_of_a_discount_in_the_schema_is_known(version: str) -> None:
    schema = official("admin", version)
    for path, known in CONDITIONS.items():
        kinds = [schema.type_map["DiscountCodeBasic"], schema.type_map["DiscountCodeFreeShipping"]]
        for name in path:
            fields = [getattr(kind, "fields", {}).get(name) for kind in kinds]
            kinds = [get_named_type(field.type) for field in fields if field is not None]
        for kind in kinds:
            assert isinstance(kind, GraphQLUnionType)
            assert {one.name for one in kind.types} == set(known), path
        assert kinds
