"""Python of the documentation runs as it stands, against stores that are simulated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from store_demo.stores.shopify import SimulatedShopify
from store_demo.stores.woocommerce import SimulatedWooCommerce
from store_exporter.platforms import base
from tests.docs.blocks import ROOT, blocks
from tests.fakes.serving import serving

OPERATIONS = "docs/operations.md"
RUN_BY = {
    "README.md": "tests/mounts/test_documentation.py",
    "docs/exposition.md": "tests/mounts/test_documentation.py",
    "docs/otlp.md": "tests/mounts/test_documentation.py",
    "docs/frameworks.md": "tests/mounts/test_frameworks.py",
    "docs/instrumentation.md": "tests/operations/test_documentation.py",
    OPERATIONS: "tests/docs/test_python.py",
}
EMAIL = "ada@example.com"
# An order that is paid, one to cancel and one that was refunded, as the examples name them.
ORDERS = ('"51"', '"52"', '"60"')


def test_a_test_runs_every_block_of_python() -> None:
    assert {block.page for block in blocks("python")} == set(RUN_BY)
    for page, test in RUN_BY.items():
        assert page.rpartition("/")[2] in (ROOT / test).read_text(encoding="utf-8")


@contextmanager
def woocommerce() -> Iterator[dict[str, str]]:
    """A shop that is served; yields what its own are of what the examples name."""
    shop = SimulatedWooCommerce("shop.example.com", seed=1)
    orders = [shop.new_order(email=EMAIL) for _ in range(3)]
    shop.refund(orders[2]["id"], reason="Broken")
    numbers = [f'"{order["number"]}"' for order in orders]
    key = shop.keys.read_write
    with serving(shop) as url:
        yield {
            "https://shop.example.com": url,
            "ck_...": key.consumer_key,
            "cs_...": key.consumer_secret,
            **dict(zip(ORDERS, numbers, strict=True)),
        }


@contextmanager
def shopify() -> Iterator[dict[str, str]]:
    """The same of Shopify, where the simulated shop has no motors and ships to other zones."""
    shop = SimulatedShopify("shop.example.com", seed=1)
    bought = [(shop.stock_room.by_sku("SKU-010").id, 1)]
    orders = [shop.stock_room.new_order(email=EMAIL, lines=bought) for _ in range(3)]
    shop.stock_room.refund(orders[2], "1.00")
    numbers = [f'"{order.number}"' for order in orders]
    with serving(shop) as url:
        yield {
            "https://shop.myshopify.com": url,
            "client-id": shop.tokens.client_id,
            "shpss_...": shop.tokens.client_secret,
            "storefront-token": shop.tokens.storefront,
            "MOTOR-1": "SKU-010",
            '"UK"': '"Domestic"',
            **dict(zip(ORDERS, numbers, strict=True)),
        }


@pytest.mark.parametrize("shop", [woocommerce, shopify])
def test_the_client_is_made_and_every_operation_runs_as_its_example_says(shop: Any) -> None:
    platform = base.load(shop.__name__)
    texts = [block.text for block in blocks("python") if block.page == OPERATIONS]
    names: dict[str, Any] = {}
    ran = set()
    with shop() as own:

        def run(text: str) -> None:
            for example, ours in own.items():
                text = text.replace(example, ours)
            exec(text, names)  # noqa: S102 - the project's own documentation

        (client,) = [text for text in texts if f"platforms.{platform.name} import" in text]
        run(client)
        with names["store"]:
            for text in texts:
                found = re.match(r"store\.(\w+)", text)
                if found is None or found[1] in platform.unsupported:
                    continue
                if found[1] == "update_cart_quantity":  # the example before took the article out
                    run('store.add_to_cart("SKU-010", cart=session)')
                run(text)
                ran.add(found[1])
    assert ran == set(platform.operations)
