"""Many operations and the collectors at once, within a small rate limit, in virtual time."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar

import httpx
import pytest

from store_demo.stores.shopify import SimulatedShopify
from store_exporter.errors import StoreError
from store_exporter.net.retry import Policy
from store_exporter.platforms.shopify import AsyncShopify
from store_exporter.platforms.shopify.collectors import COLLECTORS
from tests.fakes.clock import START, Clock
from tests.fakes.direct import DirectTransport, changing
from tests.fakes.shopify import client
from tests.platforms.shopify.watching import DirectHttp, Watched, figures, watched

T = TypeVar("T")


class AsyncDirect(httpx.AsyncBaseTransport):
    """Hands requests to a simulated shop, each a moment after it was sent."""

    def __init__(self, shop: SimulatedShopify) -> None:
        self._direct = DirectTransport(shop)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0)
        found = self._direct.handle_request(request)
        return httpx.Response(found.status_code, headers=found.headers, content=found.read())


class Selector(selectors.SelectSelector):
    """Lets an event loop's waiting go by at once."""

    now = START

    def select(self, timeout: float | None = None) -> list[Any]:
        assert timeout is not None, "something waits for ever"
        self.now += timeout
        assert self.now < START + 7200.0, "something takes for ever"
        return super().select(0)


class World:
    """A shop with a small bucket, an application and an exporter, in one virtual time."""

    def __init__(self) -> None:
        selector = Selector()
        self.loop = asyncio.SelectorEventLoop(selector)
        # Less than this would be lost beside the seconds since 1970.
        self.loop._clock_resolution = 1e-5  # type: ignore[attr-defined]
        self.loop.time = lambda: selector.now  # type: ignore[method-assign]
        self.shop = SimulatedShopify(clock=self.loop.time, seed=3)
        self.shop.bucket.maximum, self.shop.bucket.restore_rate = 160.0, 5.0
        self.shop.bucket.lowest = 160.0
        clock = Clock()
        clock.now = self.loop.time  # type: ignore[method-assign]
        self.watched = Watched(self.shop, clock, DirectHttp(self.shop), sleep=asyncio.sleep)
        self.client = AsyncShopify(
            "https://shop.example.com",
            self.shop.tokens.admin,
            self.shop.tokens.storefront,
            org="acme",
            policy=Policy(deadline=7200.0),
            transport=AsyncDirect(self.shop),
            monotonic=self.loop.time,
            now=self.loop.time,
        )

    def run(self, *coroutines: Coroutine[Any, Any, T]) -> list[T]:
        """Run all at the same time and return their results.

        Raises:
            StoreError: one of them did.
        """

        async def all_of_them() -> list[T]:
            return list(await asyncio.gather(*coroutines))

        return self.loop.run_until_complete(all_of_them())


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.loop.close()


def test_two_hundred_operations_and_the_collectors_all_finish_and_none_is_dropped(
    world: World,
) -> None:
    calls: list[Callable[[], Any]] = [
        lambda: world.client.check_stock("SKU-010"),
        lambda: world.client.get_product_details("MOTOR-1-12V"),
        lambda: world.client.check_order("1003"),
        world.client.get_low_stock_products,
        world.client.get_shipping_info,
    ]
    operations = [calls[n % len(calls)]() for n in range(200)]
    collectors = [world.watched.collect(name) for name in COLLECTORS]
    results = world.run(*operations, *collectors)
    assert len(results) == 200 + len(COLLECTORS)
    assert all(result is not None for result in results)


def test_monitoring_alone_leaves_three_quarters_of_the_bucket_to_others(world: World) -> None:
    for _ in range(5):
        world.run(*(world.watched.collect(name) for name in COLLECTORS))
        world.watched.restart()
    assert world.shop.bucket.lowest >= 120.0


def test_liveness_does_not_wait_for_the_share_and_takes_little(world: World) -> None:
    before = world.shop.bucket.available
    (report,) = world.run(world.watched.probe("liveness"))
    assert figures(report)["store_api_bucket_maximum"] == 160.0
    assert before - world.shop.bucket.available <= 2.0


def test_a_shop_whose_rate_limit_others_use_up_is_alive_and_degraded(world: World) -> None:
    assert world.shop.bucket.spend(160.0)
    (report,) = world.run(world.watched.probe("liveness"))
    assert report.degraded == ["The Admin API's rate limit is used up."]
    assert figures(report)["store_api_bucket_available"] == 0.0


async def test_a_page_that_costs_more_than_the_share_is_read_in_smaller_pages() -> None:
    small, large = watched(), watched()
    small.shop.bucket.maximum, small.shop.bucket.restore_rate = 120.0, 50.0
    for shop in (small, large):
        shop.shop.stock_room.new_order("PAID", lines=[])
        await shop.collect("orders", since="2020-01-01")
    assert len(small.shop.requests) > len(large.shop.requests)
    assert (await small.collect("order_statuses")).samples == (
        await large.collect("order_statuses")
    ).samples
    assert figures(await small.collect("orders", since="2020-01-01")) == figures(
        await large.collect("orders", since="2020-01-01")
    )


async def test_a_query_that_costs_more_than_the_share_is_refused_and_says_why() -> None:
    shop = watched()
    shop.shop.bucket.maximum = 100.0
    shop.settings["budget_share"] = 0.02
    # What a query costs is known when it has been answered once.
    await shop.collect("order_statuses")
    with pytest.raises(StoreError, match=r"OrderCounts costs 8 points .* and may cost 2") as caught:
        await shop.collect("order_statuses")
    # It never ends by waiting.
    assert caught.value.error_type == "invalid_request"


async def test_a_share_too_small_for_any_query_does_not_take_a_shop_for_dead() -> None:
    shop = watched()
    shop.settings["budget_share"] = 0.0001
    for _ in range(3):
        assert (await shop.probe("liveness")).degraded == []


async def test_a_query_that_shopify_finds_too_dear_is_named() -> None:
    def refused(_: Any) -> Any:
        extensions = {"code": "MAX_COST_EXCEEDED", "cost": 1200, "maxCost": 1000}
        return {"errors": [{"message": "dear", "extensions": extensions}]}

    shop = watched()
    shop.shop.faults.add(changing("*", refused))
    with pytest.raises(StoreError, match=r"^Shop costs 1200 .* may cost 1000") as caught:
        await shop.probe("liveness")
    assert caught.value.error_type == "invalid_request"


def test_an_operation_whose_query_the_bucket_can_never_hold_is_refused_at_once() -> None:
    clock = Clock()
    shop = SimulatedShopify(clock=clock.now)
    shop.bucket.maximum = 4.0
    with pytest.raises(StoreError, match="may cost 4") as caught:
        client(shop, clock).check_stock("SKU-010")
    assert caught.value.error_type == "invalid_request"
    assert sum(clock.slept) < 1.0


def test_an_operations_page_that_the_bucket_can_never_hold_is_made_smaller() -> None:
    clock = Clock()
    shop = SimulatedShopify(clock=clock.now)
    shop.bucket.maximum, shop.bucket.restore_rate = 60.0, 30.0
    found = client(shop, clock).get_customer_insights(limit=5)
    assert len(found) == 5
    assert found.complete


def test_an_operation_that_cannot_wait_long_enough_says_so() -> None:
    clock = Clock()
    shop = SimulatedShopify(clock=clock.now)
    shop.bucket.maximum, shop.bucket.restore_rate = 100.0, 0.5
    shop.bucket.spend(99.0)
    with pytest.raises(StoreError, match="no room in time") as caught:
        client(shop, clock).check_order("1003")
    assert caught.value.error_type == "rate_limited"


def test_an_operation_that_is_refused_again_and_again_asks_ever_more_rarely() -> None:
    """As while another app takes each point at once; many refusals may lock the shop."""
    clock = Clock()
    shop = SimulatedShopify(clock=clock.now)
    status = {"maximumAvailable": 2000.0, "currentlyAvailable": 0.0, "restoreRate": 100.0}
    cost = {"requestedQueryCost": 20, "actualQueryCost": None, "throttleStatus": status}
    refusal = {
        "errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}],
        "extensions": {"cost": cost},
    }
    shop.faults.add(changing("*", lambda _: refusal))
    with pytest.raises(StoreError, match="no room in time"):
        client(shop, clock).check_stock("SKU-010")
    assert sum(clock.slept) > 24.0
    assert len(shop.requests) <= 12


def test_a_refusal_that_does_not_tell_the_cost_is_tried_again_after_a_second() -> None:
    clock = Clock()
    shop = SimulatedShopify(clock=clock.now)
    refusal = {"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]}
    fault = changing("*", lambda _: refusal)
    fault.times = 2
    shop.faults.add(fault)
    assert client(shop, clock).check_stock("SKU-010").in_stock
    assert sum(clock.slept) == pytest.approx(2.0)


@pytest.mark.parametrize("member", ["cost", "throttleStatus"])
async def test_a_limit_that_is_not_reported_is_not_taken_for_the_tightest(member: str) -> None:
    def silenced(answer: Any) -> Any:
        cost = answer["extensions"]["cost"] if member == "throttleStatus" else answer["extensions"]
        cost.pop(member, None)
        return answer

    silent, telling = watched(), watched()
    silent.shop.faults.add(changing("*", silenced))
    for shop in (silent, telling):
        for _ in range(3):
            await shop.collect("orders", since="2020-01-01")
            await shop.collect("stock")
    # Who is told nothing asks once whether that is so, and then as much as is wanted.
    assert len(silent.shop.requests) <= len(telling.shop.requests)
    assert figures(await silent.collect("orders", since="2020-01-01")) == figures(
        await telling.collect("orders", since="2020-01-01")
    )


async def test_a_page_that_costs_too_much_is_made_smaller_if_no_limit_is_reported() -> None:
    def silenced(answer: Any) -> Any:
        answer.get("extensions", {}).pop("cost", None)
        return answer

    shop = watched()
    shop.shop.faults.add(changing("*", silenced))
    for _ in range(300):
        shop.shop.stock_room.new_order("PAID", lines=[])
    found = figures(await shop.collect("orders", since="2020-01-01", page_size=250))
    assert found["store_orders_paid_total"] >= 300
