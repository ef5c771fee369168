"""Whatever stands in an answer that a collector reads, there is a figure or a `StoreError`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from store_demo.stores.serving import Incoming
from store_demo.stores.woocommerce import SimulatedWooCommerce
from store_exporter.contract import Report, Response
from store_exporter.errors import StoreError
from store_exporter.net.plans import Request
from store_exporter.platforms.woocommerce.collectors import COLLECTORS
from store_exporter.platforms.woocommerce.connection import Connection
from store_exporter.stores.model import Secret, Store
from tests.platforms.members import MISSING, Recorded, Replayer, places, replaced
from tests.platforms.watching import MemoryCursor, Watcher, figures

from .watching import NOON, Clock

UNREAD = ("environment", "database", "active_plugins", "settings", "theme", "_links", "meta_data")
"""Large objects of which few members are read, and what nobody reads."""


def nested(depth: int) -> Any:
    found: Any = 1
    for _ in range(depth):
        found = [found]
    return found


ODD: tuple[Any, ...] = (
    *(None, MISSING, True, "", "n/a", "1.234,56", "1 234", "NaN", "1e400", "9" * 400, -(10**30)),
    *([], {}, [None], ["x"], nested(60), {"x": {"y": 1}}, {"3": {"id": 7}}, "<b>7</b>"),
    *("0000-00-00T00:00:00", "-0001-11-30T00:00:00", "9999-12-31T23:59:59", "23/11/2026"),
)
"""What plugins, caches and broken databases put where something else should be."""


class Recording:
    """Answers as the simulated store does, and keeps the answers."""

    def __init__(self, shop: SimulatedWooCommerce) -> None:
        self._shop = shop
        self.seen: list[Recorded] = []

    async def send(self, request: Request) -> Response:
        path, headers = (
            urlsplit(request.url).path,
            {k.lower(): v for k, v in request.headers.items()},
        )
        incoming = Incoming(request.method, path, dict(request.params), headers, b"", "https", "")
        told = self._shop.respond(incoming)
        # Links repeat what is unlike in each request, by which an answer of a cache is known.
        kept = {k.lower(): v for k, v in told.headers.items() if k.lower() != "link"}
        self.seen.append(Recorded(request.method, path, told.status, kept, told.document))
        return Response(told.status, kept, json.dumps(told.document).encode(), request.url)


class Replaying(Replayer):
    """Answers as recorded."""

    async def send(self, request: Request) -> Response:
        return self.answer(request)


async def collect(shop: SimulatedWooCommerce, name: str, http: Any) -> Report:
    clock, key = Clock(), shop.keys.read_only
    store = Store(
        org="acme",
        domain=shop.domain,
        platform="woocommerce",
        url=f"https://{shop.domain}",
        credentials={
            "consumer_key": Secret(key.consumer_key),
            "consumer_secret": Secret(key.consumer_secret),
        },
        lists=True,
    )
    connection = Connection.of(store, monotonic=clock, now=clock)
    watcher = Watcher(store, connection, http, MemoryCursor(), clock)
    options = {"since": "2020-01-01"} if name == "orders" else {}
    return await watcher.run(COLLECTORS[name], options)


def changes(seen: list[Recorded]) -> Iterator[tuple[str, list[Recorded]]]:
    for index, one in enumerate(seen):
        for path in [(), *places(one.body, UNREAD)]:
            for odd in ODD:
                if odd is MISSING and (not path or isinstance(path[-1], int)):
                    continue
                body = replaced(one.body, path, odd) if path else odd
                changed = [*seen]
                changed[index] = Recorded(one.method, one.path, one.status, one.headers, body)
                yield f"{one.path} {path} = {str(odd)[:30]}", changed


@pytest.mark.usefixtures("same_members")
@pytest.mark.parametrize("name", COLLECTORS)
async def test_an_odd_response_is_a_report_or_an_error_of_the_store(name: str) -> None:
    shop = SimulatedWooCommerce(clock=lambda: NOON, seed=3, orders=6, products=11, customers=3)
    for state in ("active", "paused", "disabled"):
        shop.shop.add_webhook(state)
    shop.refund(shop.new_order("completed")["id"], "2.00")
    shop.new_order("pending", created=NOON - 7200)
    shop.new_order("checkout-draft", created=NOON - 3 * 86_400)
    recording = Recording(shop)
    whole = figures(await collect(shop, name, recording))
    assert figures(await collect(shop, name, Replaying(recording.seen))) == whole
    refused = 0
    for change, changed in changes(recording.seen):
        try:
            await collect(shop, name, Replaying(changed))
        except StoreError:
            refused += 1
        except Exception as error:
            raise AssertionError(f"{name}: {change}: {error!r}") from error
    # Facts of a store that make no sense are left out one by one.
    assert refused > 10 or name == "info"
