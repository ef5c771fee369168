"""The operations as data: complete, wired on each platform, and methods of each client."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Iterable, Iterator
from importlib import import_module
from types import ModuleType
from typing import Annotated, Any

import pytest

from store_exporter.errors import UnsupportedOperationError
from store_exporter.net.plans import Plan
from store_exporter.platforms import base
from store_exporter.platforms.base import Platform
from store_exporter.platforms.kit.client.clients import AsyncClient, BlockingClient, Client
from store_exporter.platforms.kit.operations.plans import Plans, plan
from store_exporter.platforms.woocommerce import WooCommerce
from store_exporter.spec import results
from store_exporter.spec.operation import operation, written
from store_exporter.spec.operations import ALIASES, OPERATIONS, Operations
from store_exporter.spec.results import Stock

BOTH = (BlockingClient, AsyncClient)


def clients(platform: str) -> Iterator[type[Client[Any, Any, Any]]]:
    """The clients that a platform's package offers."""
    package = import_module(f"{base.__package__}.{platform}")
    for member in (getattr(package, name) for name in package.__all__):
        if isinstance(member, type) and issubclass(member, Client):
            yield member


@pytest.fixture(params=base.names())
def platform(request: pytest.FixtureRequest) -> Platform:
    return base.load(request.param)


def test_what_is_specified_is_planned_by_each_platform_or_refused_with_a_reason(
    platform: Platform,
) -> None:
    assert all(planned.spec is OPERATIONS[name] for name, planned in platform.operations.items())
    assert {*platform.operations, *platform.unsupported} == OPERATIONS.keys()
    assert all(platform.unsupported.values())


@pytest.mark.parametrize(
    ("reasons", "wrong"),
    [
        (OPERATIONS.keys() - {"check_stock", "get_cart"}, "get_cart"),
        (OPERATIONS.keys(), "check_stock"),
    ],
)
def test_an_operation_with_neither_a_plan_nor_a_reason_or_with_both_is_named_at_first_use(
    reasons: Iterable[str], wrong: str
) -> None:
    check_stock = base.load("woocommerce").operations["check_stock"]
    module = ModuleType("magento")
    vars(module)["check_stock"] = check_stock
    plans = Plans("Magento", (module,), dict.fromkeys(reasons, "carts are kept elsewhere"))
    with pytest.raises(TypeError, match=f"^{wrong} of Magento: an operation needs either a plan,"):
        plans.of(Operations.check_stock)


def test_each_result_is_one_that_is_described(platform: Platform) -> None:
    for spec in OPERATIONS.values():
        kinds = spec.result.removesuffix("]").split("[")
        assert set(kinds) <= set(results.__all__), spec


@pytest.mark.parametrize("name", base.built_in())
def test_a_built_in_platform_offers_a_blocking_and_an_asyncio_client(name: str) -> None:
    kinds = {kind: sum(issubclass(c, kind) for c in clients(name)) for kind in BOTH}
    assert kinds == dict.fromkeys(BOTH, 1), (
        f"__all__ of exporter/store_exporter/platforms/{name}/__init__.py must have one of each"
    )


@pytest.mark.parametrize("kind", [kind for name in base.built_in() for kind in clients(name)])
def test_a_client_has_a_method_with_its_signature_for_each_operation(
    kind: type[Client[Any, Any, Any]],
) -> None:
    client = object.__new__(kind)
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
    assert "Return whether a product can be bought now." in text


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
    reasons = {"get_cart": "carts are kept elsewhere"}
    plans = Plans("Magento", (), reasons, otherwise="not written yet")
    with pytest.raises(UnsupportedOperationError, match="Magento cannot do get_cart: carts are"):
        plans.of(Operations.get_cart)
    with pytest.raises(UnsupportedOperationError, match="check_stock: not written yet"):
        plans.of(Operations.check_stock)


def test_a_client_has_imported_its_plans_before_the_first_operation_is_timed() -> None:
    code = (
        "import sys, httpx\n"
        "from store_exporter.platforms.woocommerce import WooCommerce\n"
        "empty = httpx.MockTransport(lambda request: httpx.Response(200, json=[]))\n"
        "store = WooCommerce('https://s.example', 'ck_1', 'cs_1', org='acme', transport=empty)\n"
        "before = set(sys.modules)\n"
        "store.get_product_categories()\n"
        "print(*(name for name in set(sys.modules) - before if 'operations' in name))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"


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
