"""The first walk over a store's orders, if the process is killed again and again."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from store_exporter.contract import Response
from store_exporter.net.plans import Request
from tests.platforms.watching import KilledError

from .watching import LoopbackHttp, Watched, watching


class LimitedHttp(LoopbackHttp):
    """Kills the process at a request."""

    left = 0

    async def send(self, request: Request) -> Response:
        if not self.left:
            raise KilledError
        self.left -= 1
        return await super().send(request)


async def live(store: Watched, requests: int) -> int:
    """Run a process that is killed after so many requests; return how many orders are counted."""
    http = LimitedHttp(store.http.session)
    http.left = requests
    store.clock.now += 5
    options: dict[str, Any] = {"since": "2020-01-01", "page_size": 10}
    with suppress(KilledError):
        await replace(store, http=http).collect("orders", **options)
    paid: int = store.cursor.load().get("ledger", {}).get("paid", 0)
    return paid


def paid_orders(store: Watched) -> int:
    return sum(order["date_paid"] is not None for order in store.shop.shop.orders.values())


@pytest.mark.parametrize("requests", range(3, 9))
async def test_each_life_of_a_few_requests_goes_on_with_the_first_walk(requests: int) -> None:
    async with watching(orders=60) as store:
        counted = [await live(store, requests) for _ in range(20)]
        assert counted[-1] == paid_orders(store) > 20
