"""Whoever answers in the store's place, it is never the key that is to blame.

Every wall, language and shape of the simulators is tried with probes, drawn ones with collectors.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store_exporter.errors import Fault, StoreError

from .walls import SENTENCES, WALLS, in_maintenance, walled
from .watching import watching

SHAPES = ("json", "page", "plain")


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("retry_after", [None, 30, 600])
async def test_maintenance_is_recognised_in_every_language(
    shape: str, retry_after: int | None
) -> None:
    found = {}
    async with watching(orders=0, products=1) as store:
        for language in SENTENCES:
            store.shop.faults.clear()
            store.shop.faults.add(in_maintenance(language, shape, retry_after))
            # Of a page nobody asks for JSON.
            for probe in ("liveness", "cart", *(["storefront"] if shape != "json" else [])):
                with pytest.raises(StoreError) as raised:
                    await store.probe(probe)
                found[language, probe] = raised.value.error_type
    assert {where: kind for where, kind in found.items() if kind != "maintenance"} == {}


@pytest.mark.parametrize("name", WALLS)
@pytest.mark.parametrize("shape", ["json", "page"])
async def test_a_firewall_is_recognised_whatever_it_responds_with(name: str, shape: str) -> None:
    found = {}
    async with watching(orders=0, products=1) as store:
        for status in WALLS[name].statuses:
            store.shop.faults.clear()
            store.shop.faults.add(walled(name, status, shape))
            for probe in ("liveness", "cart"):
                with pytest.raises(StoreError) as raised:
                    await store.probe(probe)
                found[status, probe] = raised.value.error_type
    assert {where: kind for where, kind in found.items() if kind != "blocked"} == {}


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    wall=st.sampled_from(sorted(WALLS)),
    status=st.sampled_from([200, 202, 400, 401, 403, 404, 405, 406, 415, 418, 429, 451, 500, 503]),
    shape=st.sampled_from(["json", "page"]),
    collector=st.sampled_from(["orders", "stock", "order_statuses", "carts", "info"]),
)
async def test_no_wall_blames_the_key(wall: str, status: int, shape: str, collector: str) -> None:
    async with watching(orders=1, products=1) as store:
        store.shop.faults.add(walled(wall, status, shape))
        with pytest.raises(StoreError) as raised:
            await store.collect(collector)
    assert raised.value.error_type not in ("unauthorized", "forbidden")
    if raised.value.error_type != "blocked":
        assert raised.value.fault is not Fault.CONFIG or raised.value.error_type == "api_not_found"
