"""What a type checker sees of code that uses `track`, checked strictly by mypy."""

from __future__ import annotations

import re
from pathlib import Path

from mypy import api

USER_CODE = """
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


def test_decorated_functions_keep_their_types_and_misuse_is_found(tmp_path: Path) -> None:
    code = tmp_path / "user_code.py"
    code.write_text(USER_CODE)
    out, err, _ = api.run(["--strict", "--no-incremental", "--config-file=", str(code)])
    assert not err
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


def test_labels_in_one_object_are_typed_as_the_guide_says(tmp_path: Path, repository: Path) -> None:
    guide = (repository / "docs" / "instrumentation.md").read_text()
    (block,) = re.findall(r"```python\n(from typing import TypedDict.*?)```", guide, re.DOTALL)
    code = tmp_path / "user_code.py"
    plain = 'plain: dict[str, str] = {}\ntrack("get_cart", **plain)\n'
    code.write_text(f"from store_exporter import track\n{block}{plain}")
    out, err, _ = api.run(["--strict", "--no-incremental", "--config-file=", str(code)])
    assert not err
    errors = re.findall(r"user_code.py:(\d+): error: (.*)", out)
    assert errors, out
    last = code.read_text().count("\n")
    assert {int(line) for line, _ in errors} == {last}
    assert 'incompatible type "**dict[str, str]"' in errors[0][1]
