"""What a type checker sees of code that uses clients and `track`, checked strictly by mypy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from mypy import api

from store_exporter.spec.operations import OPERATIONS

PREFIX = "store_exporter.spec.results"
CLIENTS = """
from store_exporter.platforms.shopify import AsyncShopify, Shopify
from store_exporter.platforms.woocommerce import AsyncWooCommerce, CartSession, WooCommerce

store = WooCommerce("https://shop.example.com", "ck_1", "cs_1", org="acme")
astore = AsyncWooCommerce("https://shop.example.com", "ck_1", "cs_1", org="acme")
shop = Shopify("https://shop.example.com", "shpat_1", org="acme")
ashop = AsyncShopify("https://shop.example.com", "shpat_1", org="acme")
"""
REVEALED = {
    "store.check_stock": "def (product: int | str) -> Stock",
    "ashop.check_stock": "def (product: int | str) -> Coroutine[Any, Any, Stock]",
    'store.check_stock("SKU")': "Stock",
    'store.search_products("pump", in_stock=True, max_price="300")': "Listing[Product]",
    "shop.get_cart(cart=CartSession())": "Cart",
    'shop.lookup_order("51")': "Order",
    'astore.check_stock("SKU")': "Coroutine[Any, Any, Stock]",
    "ashop.get_payment_methods()": "Coroutine[Any, Any, Listing[PaymentMethod]]",
}
REFUSED = {
    "store.check_stock()": "Too few arguments",
    "store.check_stock(5.0)": 'has incompatible type "float"; expected "int | str"',
    'shop.search_products("pump", colour="red")': 'Unexpected keyword argument "colour"',
    "ashop.get_low_stock_products(limit=None)": 'has incompatible type "None"; expected "int"',
    "store.fly()": 'has no attribute "fly"',
    'ashop.check_stock("SKU")': "must be used",
}


TRACKED = """
from collections.abc import AsyncIterator, Iterator
from typing import overload

from store_exporter import Operation, StoreLabels, bind, register_error, store_context, track


@track("search_products", org="acme", domain="shop.example.com", platform="woocommerce")
def search(query: str, *, limit: int = 10) -> list[str]:
    return [query] * limit


@track("check_order", failure=lambda found: "not_found" if found is None else None)
async def check(order: int) -> str | None:
    return None


@track("get_cart", labels=lambda page: ("acme", "shop.example.com", "woocommerce"))
def items(page: int) -> Iterator[str]:
    yield "item"


@track("get_cart")
async def aitems(page: int) -> AsyncIterator[str]:
    yield "item"


class Client:
    tracked = bind(org="acme", domain="shop.example.com", platform="woocommerce")

    @tracked("get_cart")
    def cart(self, verbose: bool) -> int:
        with self.tracked("check_stock") as operation:
            reveal_type(operation)
            operation.fail("out_of_stock")
        return 1

    @classmethod
    @track("check_stock")
    def stock(cls) -> str:
        return "in"

    @overload
    def price(self, product: int) -> int: ...
    @overload
    def price(self, product: str) -> str: ...
    @track("check_price")
    def price(self, product: int | str) -> int | str:
        return product


async def block() -> None:
    async with track("add_to_cart") as operation:
        reveal_type(operation)
    with store_context(org="acme", domain="shop.example.com", platform="woocommerce"):
        pass


register_error(KeyError, "not_found")
reveal_type(search)
reveal_type(check)
reveal_type(items)
reveal_type(aitems)
reveal_type(Client().cart)
reveal_type(Client.stock)
reveal_type(Client().price(5))
search(5)
track("get_cart", org=5)
track("get_cart", failure=lambda result: 5)
with track("get_cart") as failed:
    failed.fail("out_of_stok")
"""

EVERY = [f"reveal_type({client}.{name})" for client in ("store", "ashop") for name in OPERATIONS]
GIVEN = [f"reveal_type({expression})" for expression in REVEALED]


def labelled(repository: Path) -> str:
    """The guide's labels in one object, and on the last line what is no such object."""
    guide = (repository / "docs" / "instrumentation.md").read_text()
    (block,) = re.findall(r"```python\n(from typing import TypedDict.*?)```", guide, re.DOTALL)
    plain = 'plain: dict[str, str] = {}\ntrack("get_cart", **plain)\n'
    return f"from store_exporter import track\n{block}{plain}"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> dict[str, list[str]]:
    """What mypy says of each file of somebody's code, in one run because it has to read so much."""
    folder = tmp_path_factory.mktemp("code")
    code = {
        "clients": CLIENTS + "\n".join([*EVERY, *GIVEN, *REFUSED]),
        "tracked": TRACKED,
        "labelled": labelled(repository),
    }
    files = [folder / f"{name}.py" for name in code]
    for file in files:
        file.write_text(code[file.stem])
    # Most of the time goes into the package and its libraries, which seldom change.
    cache = repository / ".mypy_cache" / "of-tests"
    out, err, _ = api.run(["--strict", f"--cache-dir={cache}", "--config-file=", *map(str, files)])
    assert not err
    lines = out.splitlines()
    return {file.stem: [line for line in lines if f"{file.name}:" in line] for file in files}


def test_clients_have_the_types_of_the_specification_and_misuse_is_found(
    found: dict[str, list[str]],
) -> None:
    plain = [re.sub(r"\b(?:[a-z_]\w*\.)+", "", line) for line in found["clients"]]
    notes = [
        match[1] for line in plain if (match := re.search(r'note: Revealed type is "(.*)"', line))
    ]
    results = [re.sub(r" ?\| ?", " | ", note) for note in notes]
    count = len(OPERATIONS)
    for name, spec, blocking, awaited in zip(
        OPERATIONS, OPERATIONS.values(), results[:count], results[count : 2 * count], strict=True
    ):
        assert blocking.endswith(f"-> {spec.result}"), name
        assert awaited.endswith(f"-> Coroutine[Any, Any, {spec.result}]"), name
        for parameter in spec.parameters:
            assert f"{parameter.name}: {parameter.type}" in blocking, name
    assert dict(zip(REVEALED, results[2 * count :], strict=True)) == REVEALED
    begin = len(CLIENTS.splitlines()) + len(EVERY) + len(GIVEN) + 1
    for line, (code, words) in enumerate(REFUSED.items(), begin):
        assert any(f":{line}: error: " in each and words in each for each in found["clients"]), code


def test_decorated_functions_keep_their_types_and_misuse_is_found(
    found: dict[str, list[str]],
) -> None:
    out = "\n".join(found["tracked"])
    # The checker's wording of one type differs between its versions.
    revealed = [text.replace("builtins.", "") for text in re.findall(r'is "(.*)"', out)]
    assert [re.sub(r"Union\[(.*), None\]", r"\1 | None", text) for text in revealed] == [
        "store_exporter.operations.operation.Operation",
        "store_exporter.operations.operation.Operation",
        "def (query: str, *, limit: int =) -> list[str]",
        "def (order: int) -> typing.Coroutine[Any, Any, str | None]",
        "def (page: int) -> typing.Iterator[str]",
        "def (page: int) -> typing.AsyncIterator[str]",
        "def (verbose: bool) -> int",
        "def () -> str",
        "int",
    ]
    errors = re.findall(r"error: (.*)", out)
    assert len(errors) == 5, out
    assert 'Argument 1 to "fail" of "Operation" has incompatible type' in errors[4]
    assert 'to "search" has incompatible type "int"' in errors[0]
    assert 'Argument "org" to "track" has incompatible type "int"' in errors[1]
    assert 'to "track" has incompatible type' in errors[2]


def test_labels_in_one_object_are_typed_as_the_guide_says(
    found: dict[str, list[str]], repository: Path
) -> None:
    errors = re.findall(r"labelled.py:(\d+): error: (.*)", "\n".join(found["labelled"]))
    assert errors, found["labelled"]
    assert {int(line) for line, _ in errors} == {labelled(repository).count("\n")}
    assert 'incompatible type "**dict[str, str]"' in errors[0][1]
