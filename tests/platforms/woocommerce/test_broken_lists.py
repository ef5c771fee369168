"""Lists of orders are read although the store's program fails at one of them."""

from __future__ import annotations

import httpx

from store_demo.stores.woocommerce import SimulatedWooCommerce
from store_exporter.platforms.woocommerce import WooCommerce
from store_exporter.platforms.woocommerce.collectors import COLLECTORS
from tests.fakes.direct import DirectTransport

from .test_orders_broken import CRITICAL, broken, place
from .watching import figures, watching


async def test_best_sellers_lack_the_order_that_fails_and_no_other() -> None:
    async with watching(orders=0) as store:
        ids = place(store, 250)
        watcher, http = broken(store, fails_at_ids=True)
        whole = await watcher.run(COLLECTORS["best_sellers"], {})
        http.broken = {ids[20], ids[120]}
        store.shop.requests.clear()
        report = await watcher.run(COLLECTORS["best_sellers"], {})
        assert set(figures(report)) == set(figures(whole))
        assert report.degraded == ["The list of orders left out 2 of those that it counts."]
        assert len(store.shop.requests) < 60


def test_a_report_adds_up_all_other_orders_and_says_how_many_it_lacks() -> None:
    store = SimulatedWooCommerce()
    ids = [store.new_order("processing", total="1")["id"] for _ in range(250)]
    broken_ids = {ids[3], ids[249]}

    class Failing(DirectTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            response = super().handle_request(request)
            is_list = request.url.path.endswith("/orders")
            if is_list and broken_ids & {row["id"] for row in response.json()}:
                return httpx.Response(500, html=CRITICAL.decode())
            return response

    key = store.keys.read_write
    with WooCommerce(
        "https://shop.example.com",
        key.consumer_key,
        key.consumer_secret,
        org="acme",
        transport=Failing(store),
    ) as shop:
        found = shop.get_sales_report("day")
        assert (found.orders, found.unreadable) == (248, 2)
        assert shop.get_customer_insights().unreadable == 2
