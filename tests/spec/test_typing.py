"""What type checkers see of clients, whose methods are made from the specification."""

from __future__ import annotations

import re
from pathlib import Path

from mypy import api

from store_exporter.spec.operations import OPERATIONS

PREFIX = "store_exporter.spec.results"
BEGIN = """
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


def mypy(tmp_path: Path, lines: list[str]) -> list[str]:
    code = tmp_path / "user_code.py"
    code.write_text(BEGIN + "\n".join(lines))
    out, err, _ = api.run(["--strict", "--no-incremental", "--config-file=", str(code)])
    assert not err
    return out.splitlines()


def test_clients_have_the_types_of_the_specification_and_misuse_is_found(tmp_path: Path) -> None:
    every = [f"reveal_type({c}.{n})" for c in ("store", "ashop") for n in OPERATIONS]
    given = [f"reveal_type({expression})" for expression in REVEALED]
    found = mypy(tmp_path, [*every, *given, *REFUSED])
    plain = [re.sub(r"\b(?:[a-z_]\w*\.)+", "", line) for line in found]
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
    begin = len(BEGIN.splitlines()) + len(every) + len(given) + 1
    for line, (code, words) in enumerate(REFUSED.items(), begin):
        assert any(f":{line}: error: " in each and words in each for each in found), code
