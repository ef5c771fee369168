"""Whatever the schema allows, there is a result or a named error: no other exception, no sum over
currencies, and nothing below zero where no amount is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import fields, is_dataclass
from typing import Any

import pytest

from store_exporter.errors import StoreError
from store_exporter.platforms.shopify import Shopify
from store_exporter.platforms.shopify.collectors import COLLECTORS
from store_exporter.platforms.shopify.diagnosis import diagnose
from store_exporter.platforms.shopify.probes import PROBES
from store_exporter.spec.money import Money
from tests.fakes.shopify import client
from tests.platforms.calls import Calls, everywhere
from tests.platforms.shopify.watching import figures, watched

from .any_response import OTHER, AnyResponse

CALLS: Calls = {
    **everywhere(several="SKU-010", zone="Pump", held="SKU-010", further="SKU-010"),
    "search_products (all)": lambda s: s.client().search_products(limit=3),
    "search_products (attributes)": lambda s: s.client().search_products(attributes={"Pump": "12"}),
    "get_product_details (id)": lambda s: s.client().get_product_details(51),
    "get_customer_orders (status)": lambda s: s.client().get_customer_orders(
        "cust3@example.test", status="processing"
    ),
}
SEEDS = range(4)
SIGNED = ("store_listed_scarce_quantity",)
"""Of what was sold without being there, less than nothing is left."""


class Scene:
    """What calls need: numbers of orders, a cart, and a client of a shop."""

    order = refunded = 1001
    cart = "gid://shopify/Cart/abc?key=1"

    def __init__(self, responses: AnyResponse) -> None:
        self._responses = responses

    def client(self) -> Shopify:
        made = client(watched().shop)
        made._driver._request = self._responses.send  # type: ignore[method-assign]
        return made


def amounts(value: Any) -> Iterator[Money]:
    """Yield all amounts of money in a result."""
    if isinstance(value, Money):
        yield value
    elif is_dataclass(value):
        for field in fields(value):
            yield from amounts(getattr(value, field.name))
    elif isinstance(value, dict):
        yield from amounts(list(value.values()))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from amounts(item)


def own(name: str, seed: int, times: int = 1) -> list[str] | None:
    """What amounts a call returns, without those in the other currency; None for an error."""
    try:
        found = CALLS[name](Scene(AnyResponse((name, seed), null=0.05 * (seed % 3), times=times)))
    except StoreError:
        return None
    return sorted(str(money) for money in amounts(found) if money.currency != OTHER)


@pytest.mark.parametrize("name", CALLS)
def test_an_operation_takes_any_response_and_mixes_no_currencies(name: str) -> None:
    for seed in SEEDS:
        once, again = own(name, seed), own(name, seed, times=3)
        assert None in (once, again) or once == again, seed
        assert not [money for money in once or () if money.startswith("-")], seed


@pytest.mark.parametrize("name", COLLECTORS)
async def test_a_collector_takes_any_response_and_no_counter_falls(name: str) -> None:
    for seed in SEEDS:
        shop = watched()
        before: dict[str, float] = {}
        for run in range(4):
            responses = AnyResponse((name, seed, run), null=0.05 * (seed % 3))
            shop.http.send = responses.send  # type: ignore[method-assign]
            shop.clock.advance(300.0)
            found: dict[str, float] = {}
            with suppress(StoreError):
                found = figures(await shop.collect(name))
            assert not {k: v for k, v in found.items() if v < 0 and not k.startswith(SIGNED)}, seed
            totals = {key: value for key, value in found.items() if "_total" in key}
            assert all(totals.get(key, value) >= value for key, value in before.items()), seed
            before |= totals


@pytest.mark.parametrize("name", ["liveness", "cart"])
async def test_a_probe_and_the_diagnosis_take_any_response(name: str) -> None:
    for seed in SEEDS:
        shop = watched()
        shop.http.send = AnyResponse((name, seed)).send  # type: ignore[method-assign]
        with suppress(StoreError):
            await shop.watcher().run(PROBES[name], {})
        with suppress(StoreError):
            await shop.watcher().drive(diagnose)
