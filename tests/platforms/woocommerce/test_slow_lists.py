"""A store that does not send a hundred orders in time is requested fewer, and counted in full."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from store_exporter.contract import Report, Response
from store_exporter.errors import StoreError
from store_exporter.net.plans import Request, TransportError
from store_exporter.platforms.woocommerce.collectors import COLLECTORS
from tests.platforms.watching import Watcher
from tests.platforms.woocommerce.test_orders_distrust import accounted, truth

from .watching import Clock, LoopbackHttp, Watched, figures, watching

DAY = 86_400
PATIENCE = 30.0


@dataclass
class SlowHttp(LoopbackHttp):
    """A real connection to a store that takes some seconds of the test's clock for each order."""

    clock: Clock = None  # type: ignore[assignment]
    seconds: float = 0.4

    async def send(self, request: Request) -> Response:
        response = await super().send(request)
        is_list = request.url.endswith("/orders")
        took = len(json.loads(response.body)) * self.seconds if is_list else 0.0
        self.clock.now += min(took, PATIENCE)
        if took > PATIENCE:
            raise TransportError("timeout", "no response within 30 s", sent=True)
        return response


class GivingUp(SlowHttp):
    """One whose server ends by itself what takes too long."""

    async def send(self, request: Request) -> Response:
        try:
            return await super().send(request)
        except TransportError:
            return Response(504, {"content-type": "text/html"}, b"Gateway Time-out", request.url)


@dataclass
class SmallMemoryHttp(LoopbackHttp):
    """A real connection to a store whose PHP has memory for some orders at once."""

    most: int = 20

    async def send(self, request: Request) -> Response:
        response = await super().send(request)
        if request.url.endswith("/orders") and len(json.loads(response.body)) > self.most:
            page = b"<html><title>WordPress</title><p>There has been a critical error.</p></html>"
            return Response(500, {"content-type": "text/html"}, page, request.url)
        return response


@dataclass
class LimitedHttp(LoopbackHttp):
    """A real connection to a store of which a plugin allows fewer items on a page.

    As WooCommerce 11.0.1 responds where a filter of the parameters lowers their maximum.
    """

    most: int = 20

    async def send(self, request: Request) -> Response:
        if int((request.params or {}).get("per_page", 0)) <= self.most:
            return await super().send(request)
        says = f"per_page must be between 1 (inclusive) and {self.most} (inclusive)"
        refused = {
            "code": "rest_invalid_param",
            "message": "Invalid parameter(s): per_page",
            "data": {"status": 400, "params": {"per_page": says}, "details": {}},
        }
        headers = {"content-type": "application/json; charset=UTF-8"}
        return Response(400, headers, json.dumps(refused).encode(), request.url)


def slow(store: Watched, seconds: float = 0.4) -> Watched:
    return replace(store, http=SlowHttp(store.http.session, clock=store.clock, seconds=seconds))


async def run(watcher: Watcher, name: str = "orders", **options: Any) -> Report:
    """Collect once more over the connection that is remembered."""
    return await watcher.run(COLLECTORS[name], options)


def sizes(store: Watched, of: str = "/orders") -> list[int]:
    """The sizes of page requested so far of a list; forgets them."""
    found = [
        int(parse_qs(urlsplit(path).query)["per_page"][0])
        for _, path in store.shop.requests
        if urlsplit(path).path.endswith(of) and "per_page=" in path
    ]
    store.shop.requests.clear()
    return found


def place(store: Watched, count: int, *, apart: float = 60) -> None:
    for _ in range(count):
        store.clock.now += apart
        store.shop.new_order("processing", total="1")


@pytest.mark.parametrize("most", [45, 20, 10])
async def test_a_store_without_memory_for_a_hundred_orders_is_counted_in_full(most: int) -> None:
    async with watching(orders=0) as store:
        place(store, 130)
        watcher = replace(store, http=SmallMemoryHttp(store.http.session, most=most)).watcher()
        for _ in range(2):
            report = await run(watcher, since="2026-01-01")
        assert not report.degraded
        assert accounted(figures(report)) == truth(store) == 130
        assert max(sizes(store)) > most


@pytest.mark.parametrize("most", [50, 20, 12])
async def test_a_store_that_allows_fewer_on_a_page_is_counted_in_full(most: int) -> None:
    async with watching(orders=0) as store:
        place(store, 130)
        watcher = replace(store, http=LimitedHttp(store.http.session, most=most)).watcher()
        for _ in range(2):
            report = await run(watcher, since="2026-01-01")
        assert not report.degraded
        assert accounted(figures(report)) == truth(store) == 130
        whole = await run(store.watcher(), "best_sellers")
        assert figures(await run(watcher, "best_sellers")) == figures(whole)


async def test_how_totals_are_rounded_is_learnt_from_few_orders_where_memory_is_small() -> None:
    async with watching(orders=0) as store:
        store.shop.shop.habits.decimals = 0
        place(store, 130)
        store.shop.new_order("pending", total="7", created=store.clock.now - 7200)
        watcher = replace(store, http=SmallMemoryHttp(store.http.session)).watcher()
        assert figures(await run(watcher, "carts"))["store_cart_abandoned_value{GBP}"] == 7
        assert sizes(store)[0] == 100


async def test_a_first_walk_over_a_slow_store_requests_smaller_pages_by_itself() -> None:
    async with watching(orders=0) as fast:
        place(fast, 130)
        store = slow(fast)
        watcher = store.watcher()
        report = await run(watcher, since="2026-01-01")
        assert accounted(figures(report)) == truth(store) == 130
        assert not report.degraded
        assert sizes(store)[:4] == [25, 100, 50, 50]
        place(fast, 80)
        report = await run(watcher, since="2026-01-01")
        assert accounted(figures(report)) == truth(store) == 210
        assert max(sizes(store)) == 50


async def test_counting_begins_on_a_slow_store_and_goes_on_after_a_restart() -> None:
    async with watching(orders=120) as fast:
        store = slow(fast)
        await run(store.watcher())
        for _ in range(3):
            place(fast, 40)
            report = await run(store.watcher())
        assert figures(report)["store_orders_total{processing}"] == 120
        assert not report.degraded


async def test_pages_grow_again_when_the_store_is_faster() -> None:
    async with watching(orders=0) as fast:
        place(fast, 60)
        store = slow(fast, 2.0)
        watcher = store.watcher()
        options: dict[str, Any] = {"since": "2026-01-01", "page_size": 20}
        await run(watcher, **options)
        watcher.http.seconds = 0.01  # type: ignore[attr-defined]
        place(fast, 30)
        sizes(store)
        await run(watcher, **options)
        assert sizes(store)[0] == 12
        place(fast, 30)
        report = await run(watcher, **options)
        assert sizes(store)[0] == 20
        assert accounted(figures(report)) == truth(store) == 120


@pytest.mark.parametrize("slow_from", [1, 2, 3])
async def test_a_store_that_gets_slow_within_one_second_of_orders_is_counted_in_full(
    slow_from: int,
) -> None:
    """An import changes hundreds of orders in a second, which is read by the numbers of pages."""
    async with watching(orders=0) as fast:
        place(fast, 8)
        place(fast, 86, apart=0)
        store = slow(fast, 0.0)
        watcher = store.watcher()
        options: dict[str, Any] = {"since": "2026-01-01", "max_pages": 2, "page_size": 20}
        for number in range(12):
            if number >= slow_from:
                watcher.http.seconds = 2.0  # type: ignore[attr-defined]
            report = await run(watcher, **options)
        assert accounted(figures(report)) == truth(store) == 94
        assert not report.degraded


async def test_new_orders_with_old_dates_are_read_by_id_in_smaller_pages_too() -> None:
    async with watching(orders=0) as fast:
        store = slow(fast, 0.0)
        watcher = store.watcher()
        fast.shop.new_order("pending")
        options: dict[str, Any] = {"since": "2026-01-01", "max_pages": 2, "page_size": 20}
        await run(watcher, **options)
        shop = fast.shop.shop
        for _ in range(92):
            when = fast.clock.now - 40 * DAY
            made = fast.shop.new_order("processing", total="1", created=when)
            for name in ("date_paid", "date_modified"):
                shop.stamp(shop.orders[made["id"]], name, when)
        await run(watcher, **options)
        watcher.http.seconds = 2.0  # type: ignore[attr-defined]
        for _ in range(12):
            report = await run(watcher, **options)
        assert accounted(figures(report)) == truth(store) == 92
        assert not report.degraded


async def test_a_walk_leaves_half_of_the_run_to_what_it_cannot_see() -> None:
    async with watching(orders=0) as fast:
        place(fast, 400)
        store = slow(fast)
        watcher = store.watcher(timeout=120)
        began = store.clock.now
        report = await run(watcher, since="2026-01-01")
        assert store.clock.now - began < 120
        assert figures(report)["store_collector_backlog{orders}"] > 200
        for _ in range(5):
            report = await run(watcher, since="2026-01-01")
        assert accounted(figures(report)) == truth(store) == 400


async def test_a_store_that_sends_nothing_in_time_does_not_get_requests_for_ever() -> None:
    async with watching(orders=60) as fast:
        store = slow(fast, 60.0)
        with pytest.raises(StoreError, match="no response within 30 s"):
            await run(store.watcher(), since="2026-01-01")
        assert sizes(store) == [25, 12, 10]


async def test_best_sellers_and_carts_of_a_slow_store_come_in_smaller_pages() -> None:
    async with watching(orders=0) as fast:
        place(fast, 130, apart=1)
        for _ in range(110):
            fast.shop.new_order("pending", total="2")
        fast.clock.now += 7_200
        store = slow(fast)
        watcher = store.watcher()
        report = await run(watcher, "best_sellers")
        assert not report.degraded
        assert sizes(store) == [100, 50, 50, 50]
        assert figures(await run(watcher, "carts"))["store_carts_abandoned"] == 110
        assert sizes(store) == [50, 50, 50]


async def test_best_sellers_of_a_very_slow_store_are_those_of_the_orders_that_came() -> None:
    async with watching(orders=0) as fast:
        place(fast, 1_100, apart=1)
        store = slow(fast, 0.25)
        timeout = COLLECTORS["best_sellers"].timeout
        began = store.clock.now
        report = await run(store.watcher(timeout=timeout), "best_sellers")
        # Each page takes 25 s, and the products and the stock report need some time as well.
        assert timeout / 2 < store.clock.now - began < timeout * 0.75
        assert "store_best_sellers_out_of_stock" in figures(report)
        (reason,) = report.degraded
        assert "the newest 700 orders: half of the run's time was too short for 1000." in reason


async def test_best_sellers_come_from_all_orders_where_ten_pages_take_two_minutes() -> None:
    async with watching(orders=0) as fast:
        place(fast, 1_100, apart=1)
        store = slow(fast, 0.12)
        timeout = COLLECTORS["best_sellers"].timeout
        report = await run(store.watcher(timeout=timeout), "best_sellers")
        assert not report.degraded


async def test_a_page_that_php_gives_up_is_requested_smaller_too() -> None:
    """A limit of the store's own time ends in a 500, a server before it gives up with a 504."""
    async with watching(orders=0) as fast:
        place(fast, 130)
        store = replace(fast, http=GivingUp(fast.http.session, clock=fast.clock))
        report = await run(store.watcher(), since="2026-01-01")
        assert accounted(figures(report)) == truth(store) == 130
        assert sizes(store)[:5] == [25, 100, 50, 50, 50]
