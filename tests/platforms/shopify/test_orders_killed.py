"""The first walk over a shop's orders, if the process is killed again and again."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace

import pytest

from store_exporter.contract import Response
from store_exporter.net.plans import Request
from store_exporter.platforms.shopify.collectors import COLLECTORS
from tests.platforms.shopify.watching import Watched, watched
from tests.platforms.watching import KilledError


class LimitedHttp:
    """Kills the process at a request; the total of the first few orders makes no sense."""

    def __init__(self, shop: Watched, left: int, odd: int) -> None:
        self._inner, self._left = shop.http, left
        self._odd = [
            f"gid://shopify/Order/{one}" for one in list(shop.shop.stock_room.orders)[:odd]
        ]

    async def send(self, request: Request) -> Response:
        if not self._left:
            raise KilledError
        self._left -= 1
        response = await self._inner.send(request)
        body = json.loads(response.body)
        data = body.get("data") or {}
        nodes = (data.get("orders") or {}).get("nodes", [])
        for node in [*nodes, *(data.get("nodes") or []), data.get("order")]:
            if node and node.get("id") in self._odd and "totalReceivedSet" in node:
                node["totalReceivedSet"] = "odd"
        return replace(response, body=json.dumps(body).encode())


async def live(shop: Watched, requests: int, odd: int) -> int:
    """Run a process that is killed after so many requests; return how many orders are counted."""
    shop.restart()
    watcher = replace(shop.watcher(), http=LimitedHttp(shop, requests, odd))
    shop.clock.advance(5)
    with suppress(KilledError):
        await watcher.run(COLLECTORS["orders"], {"since": "2020-01-01", "page_size": 5})
    paid: int = shop.cursor.load().get("ledger", {}).get("paid", 0)
    return paid


@pytest.mark.parametrize("odd", [0, 4])
@pytest.mark.parametrize("requests", range(2, 8))
async def test_each_life_of_a_few_requests_goes_on_with_the_first_walk(
    requests: int, odd: int
) -> None:
    whole, shop = watched(), watched()
    expected = await live(whole, 100, odd)
    counted = [await live(shop, requests, odd) for _ in range(40)]
    assert counted[-1] == expected > 20
