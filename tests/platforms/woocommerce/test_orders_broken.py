"""An order at which the store's program fails hides no other, and is named until it is mended."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from store_exporter.contract import Report, Response
from store_exporter.errors import StoreError
from store_exporter.net.plans import Request
from store_exporter.platforms.woocommerce.collectors import COLLECTORS
from tests.platforms.watching import Watcher

from .watching import LoopbackHttp, Watched, figures, watching

CRITICAL = b"<html><title>WordPress</title><p>There has been a critical error.</p></html>"


@dataclass
class BrokenHttp(LoopbackHttp):
    """A real connection to a store whose program fails where it reads one of some orders."""

    broken: set[int] = field(default_factory=set)
    fails_at_ids: bool = False
    """Whether it fails where only ids and times of change are requested as well."""
    alone: set[int] = field(default_factory=set)
    """Orders at which it fails when they are requested alone."""

    async def send(self, request: Request) -> Response:
        response = await super().send(request)
        if any(urlsplit(request.url).path.endswith(f"/orders/{one}") for one in self.alone):
            return Response(500, {"content-type": "text/html"}, CRITICAL, request.url)
        if not urlsplit(request.url).path.endswith("/orders") or response.status != 200:
            return response
        is_read = self.fails_at_ids or "total" in request.params["_fields"].split(",")
        if is_read and self.broken & {row["id"] for row in json.loads(response.body)}:
            return Response(500, {"content-type": "text/html"}, CRITICAL, request.url)
        return response


def place(store: Watched, count: int) -> list[int]:
    ids = []
    for _ in range(count):
        store.clock.now += 60
        ids.append(store.shop.new_order("processing", total="1")["id"])
    return ids


def broken(store: Watched, **options: Any) -> tuple[Watcher, BrokenHttp]:
    http = BrokenHttp(store.http.session, **options)
    return replace(store, http=http).watcher(), http


async def collect(watcher: Watcher, store: Watched, runs: int = 3, **options: Any) -> Report:
    for _ in range(runs):
        store.clock.now += 300
        report = await watcher.run(COLLECTORS["orders"], options)
    return report


@pytest.mark.parametrize("at", [0, 30, 59], ids=["the first", "in the middle", "the newest"])
async def test_all_other_orders_are_counted_and_the_broken_one_once_it_is_mended(at: int) -> None:
    async with watching(orders=30) as store:
        watcher, http = broken(store)
        await collect(watcher, store, 1)
        http.broken = {place(store, 60)[at]}
        report = await collect(watcher, store)
        assert figures(report)["store_revenue_total{GBP}"] == 59
        (reason,) = report.degraded
        assert reason.startswith("Orders that could not be read and are not counted: 1 (")
        assert "critical error" in reason
        http.broken = set()
        report = await collect(watcher, store, 1)
        assert figures(report)["store_revenue_total{GBP}"] == 60
        assert not report.degraded


@pytest.mark.parametrize("at", [0, 30, 59], ids=["the first", "in the middle", "the newest"])
async def test_a_program_that_fails_at_the_mere_id_of_an_order_hides_no_other(at: int) -> None:
    async with watching(orders=30) as store:
        watcher, http = broken(store, fails_at_ids=True)
        await collect(watcher, store, 1)
        http.broken = {place(store, 60)[at]}
        report = await collect(watcher, store)
        assert figures(report)["store_revenue_total{GBP}"] == 59
        assert "critical error" in report.degraded[0]
        assert "Orders that the store does not show, or shows without an id: 1." in report.degraded
        store.shop.requests.clear()
        await collect(watcher, store, 1)
        assert len(store.shop.requests) < 60
        http.broken = set()
        report = await collect(watcher, store, 1)
        assert figures(report)["store_revenue_total{GBP}"] == 60
        assert not (await collect(watcher, store)).degraded


async def test_a_counted_order_whose_mere_id_cannot_be_had_any_more_stops_nothing() -> None:
    async with watching(orders=0) as store:
        watcher, http = broken(store, fails_at_ids=True)
        await collect(watcher, store, 1)
        ids = place(store, 60)
        await collect(watcher, store)
        http.broken = {ids[20]}
        place(store, 60)
        report = await collect(watcher, store)
        assert figures(report)["store_revenue_total{GBP}"] == 120
        (reason,) = report.degraded
        assert reason.startswith("Orders that could not be read and are not counted: 1 (")
        http.broken = set()
        assert not (await collect(watcher, store)).degraded


async def test_an_order_that_left_the_list_and_breaks_the_store_stops_nothing() -> None:
    async with watching(orders=0) as store:
        watcher, http = broken(store)
        await collect(watcher, store, 1)
        ids = place(store, 20)
        await collect(watcher, store)
        http.alone = set(ids[5:8])
        for one in ids[5:10]:
            del store.shop.shop.orders[one]
        place(store, 10)
        report = await collect(watcher, store, 6)
        assert "not counted: 3 (" in report.degraded[0]
        assert figures(report)["store_revenue_total{GBP}"] == 30
        assert figures(report)["store_order_corrections_total{GBP}"] == 2
        http.alone = set()
        report = await collect(watcher, store)
        assert figures(report)["store_order_corrections_total{GBP}"] == 5
        assert not report.degraded


async def test_counting_begins_beside_an_order_that_was_broken_before() -> None:
    async with watching(orders=0) as store:
        ids = place(store, 30)
        watcher, _ = broken(store, broken={ids[-2]})
        await collect(watcher, store, 1)
        place(store, 20)
        report = await collect(watcher, store)
        assert figures(report)["store_revenue_total{GBP}"] == 20


async def test_a_first_walk_gets_past_several_broken_orders() -> None:
    async with watching(orders=0) as store:
        ids = place(store, 150)
        watcher, _ = broken(store, broken={ids[3], ids[4], ids[77], ids[149]})
        report = await collect(watcher, store, 6, since="2026-01-01")
        assert figures(report)["store_revenue_total{GBP}"] == 146
        assert figures(report)["store_collector_backlog{orders}"] == 0
        assert "not counted: 4 (" in report.degraded[0]


@pytest.mark.parametrize("fails_at_ids", [True, False])
async def test_a_store_that_fails_at_every_order_is_a_failure(fails_at_ids: bool) -> None:
    async with watching(orders=0) as store:
        watcher, http = broken(store, fails_at_ids=fails_at_ids)
        await collect(watcher, store, 1)
        http.broken = set(place(store, 40))
        store.shop.requests.clear()
        with pytest.raises(StoreError, match="critical error") as raised:
            await collect(watcher, store, 1)
        assert raised.value.error_type == "server_error"
        lists = [path for _, path in store.shop.requests if "/orders?" in path]
        assert len(lists) == (5 if fails_at_ids else 13)


async def test_a_broken_order_costs_a_few_requests_in_each_run() -> None:
    async with watching(orders=30) as store:
        watcher, http = broken(store)
        await collect(watcher, store, 1)
        http.broken = {place(store, 1)[0]}
        await collect(watcher, store, 1)
        for orders, requests in ((5, 9), (30, 5)):
            place(store, orders)
            await collect(watcher, store, 2)
            store.shop.requests.clear()
            await collect(watcher, store, 1)
            lists = [path for _, path in store.shop.requests if "/orders?" in path]
            assert len(lists) == requests
