"""The operations as data: complete, wired on each platform, and methods of each client."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import pytest

from store_exporter.errors import UnsupportedOperationError
from store_exporter.net.plans import Plan
from store_exporter.platforms import base
from store_exporter.platforms.base import Platform
from store_exporter.platforms.kit.operations.plans import Plans, plan
from store_exporter.platforms.shopify import AsyncShopify, Shopify
from store_exporter.platforms.woocommerce import AsyncWooCommerce, WooCommerce
from store_exporter.spec import results
from store_exporter.spec.operation import operation, written
from store_exporter.spec.operations import ALIASES, OPERATIONS, Operations
from store_exporter.spec.results import Stock

CLIENTS: Mapping[str, Callable[[], Any]] = {
    "WooCommerce": lambda: WooCommerce("https://shop.example.com", "ck_1", "cs_1", org="acme"),
    "AsyncWooCommerce": lambda: AsyncWooCommerce("https://a.example", "ck_1", "cs_1", org="acme"),
    "Shopify": lambda: Shopify("https://shop.example.com", "shpat_1", org="acme"),
    "AsyncShopify": lambda: AsyncShopify("https://shop.example.com", "shpat_1", org="acme"),
}


@pytest.fixture(params=base.names())
def platform(request: pytest.FixtureRequest) -> Platform:
    return base.load(request.param)


def test_what_is_specified_is_planned_by_each_platform_or_refused_with_a_reason(
    platform: Platform,
) -> None:
    folder = f"exporter/store_exporter/platforms/{platform.name}/operations"
    missing = OPERATIONS.keys() - platform.operations.keys() - platform.unsupported.keys()
    assert not missing, (
        f"{', '.join(sorted(missing))}: specified in exporter/store_exporter/spec, "
        f"but {platform.title} has neither a plan in {folder} nor a reason in UNSUPPORTED of "
        f"{folder}/__init__.py"
    )
    assert not platform.operations.keys() & platform.unsupported.keys()
    assert platform.unsupported.keys() <= OPERATIONS.keys()


def test_each_result_is_one_that_is_described(platform: Platform) -> None:
    for spec in OPERATIONS.values():
        kinds = spec.result.removesuffix("]").split("[")
        assert set(kinds) <= set(results.__all__), spec


@pytest.mark.parametrize("kind", CLIENTS)
def test_a_client_has_a_method_with_its_signature_for_each_operation(kind: str) -> None:
    client = CLIENTS[kind]()
    for name, spec in OPERATIONS.items():
        method = getattr(client, name)
        assert method.__name__ == name
        assert method.__doc__
        assert inspect.signature(method) == spec.signature
    for alias, name in ALIASES.items():
        assert getattr(client, alias).__name__ == name


def test_help_shows_what_an_operation_takes_and_does() -> None:
    import pydoc

    # Python 3.14 shows annotations without quotation marks.
    text = pydoc.plain(pydoc.render_doc(WooCommerce)).replace("'", "")
    assert "check_stock(self, product: int | str) -> Stock" in text
    assert "Tell whether a product can be had." in text


def test_other_names_of_an_operation_come_from_the_class() -> None:
    assert ALIASES == {"lookup_order": "check_order", "apply_discount": "apply_coupon_to_cart"}


def test_a_plan_of_another_signature_is_refused_with_both() -> None:
    def check_stock(api: Any, product: int | str, warehouse: str = "") -> Plan[Stock]:
        yield from ()
        raise NotImplementedError

    with pytest.raises(TypeError) as caught:
        plan(Operations.check_stock, calls=("GET /stock",))(check_stock)
    assert str(caught.value) == (
        f"{__name__}.check_stock is (product: 'int | str', warehouse: 'str' = '') -> 'Stock', but "
        "the specification of check_stock in store_exporter.spec.operations_products is "
        "(product: 'int | str') -> 'Stock'; make them alike"
    )


def test_a_parameter_without_a_sentence_is_refused() -> None:
    def fly(self: Any, height: int) -> None:
        """Fly."""

    spec = operation(example="store.fly(3)")(fly)
    with pytest.raises(TypeError, match="fly: what height means is missing; write its type as"):
        assert spec.parameters


def test_a_platform_that_cannot_do_something_says_why() -> None:
    plans = Plans("Magento", (), {"get_cart": "carts are kept elsewhere"})
    with pytest.raises(UnsupportedOperationError, match="Magento cannot do get_cart: carts are"):
        plans.of(Operations.get_cart)
    with pytest.raises(UnsupportedOperationError, match="check_stock: the platform has no such"):
        plans.of(Operations.check_stock)


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (int, "int"),
        (int | str | None, "int | str | None"),
        (dict[str, Stock], "dict[str, Stock]"),
        ("decimal.Decimal | None", "Decimal | None"),
        (Annotated["Stock", "The stock."].__origin__, "Stock"),  # type: ignore[attr-defined]
    ],
)
def test_types_are_written_without_their_modules(annotation: Any, text: str) -> None:
    assert written(annotation) == text
