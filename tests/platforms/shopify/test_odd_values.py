"""Values that have the right type and make no sense: an id of something else, an unknown word.

Wherever one stands, an operation raises an error or leaves something out, and a collector fails,
says degraded, or shows the same.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from store_exporter.contract import Response
from store_exporter.errors import StoreError
from store_exporter.net.plans import Request
from store_exporter.platforms.shopify.collectors import COLLECTORS
from tests.platforms.members import (
    Recorded,
    Replayer,
    no_more_than,
    outcome,
    places,
    replaced,
)
from tests.platforms.shopify.calls import CALLS
from tests.platforms.shopify.test_every_field import Replay, query_of, record
from tests.platforms.shopify.watching import DirectHttp, Watched, figures, watched

WORD = ("abc", "NaN", "")
ODD: dict[str, tuple[Any, ...]] = {
    "id": ("gid://shopify/Other/51", "gid://shopify/Order/", "51"),
    "amount": ("-1", "NaN", "1e400", "Infinity"),
    "percentage": (-0.1, 1.5, "NaN"),
    "currencyCode": ("usd", "NaN", "INFINITY", ""),
    "__typename": ("Other", "", "NaN"),
    **dict.fromkeys(("precision", "inventoryPolicy", "kind"), WORD),
    **dict.fromkeys(("displayFinancialStatus", "displayFulfillmentStatus", "status"), WORD),
    "nodes": ({"edges": []}, None),
    "pageInfo": (None, {}, {"hasNextPage": True}, {"hasNextPage": None}),
    "hasNextPage": (None, "abc", []),
    "count": (-1, "NaN", 10**40),
    "quantity": (-1, 1.5, "NaN"),
}
"""Values by the name of the member."""
SIGNED = ("totalPriceSet", "currentTotalPriceSet", "totalOutstandingSet", "amountSpent")
"""What an exchange, or more paid back than was paid, makes negative."""
OPAQUE = ("cart", "lines", "events", "attributeToUser")
"""What has an id that is of no certain kind, or goes back as it came."""


def spoilt(body: Any) -> Iterator[tuple[str, Any]]:
    """Yield what is spoilt, and the answer with it."""
    for path in places(body, ("extensions",)):
        name = path[-1]
        parents = [step for step in path[:-1] if isinstance(step, str)]
        if name == "id" and (parents[-1] in OPAQUE or parents[-2:-1] == ["lines"]):
            continue
        if name == "id" and parents[-2:] == ["lines", "nodes"]:
            continue
        for value in ODD.get(str(name), ()):
            if value == "-1" and not {*SIGNED}.isdisjoint(parents):
                continue
            found = body
            for step in path:
                found = found[step]
            if found is not None and found != value:
                yield f"{'.'.join(map(str, path))} = {value!r}", replaced(body, path, value)


@pytest.mark.parametrize("name", CALLS)
def test_no_operation_takes_what_makes_no_sense(name: str) -> None:
    scene, recorded, whole = record(name)
    replay = partial(Replay, scene)
    wrong, tried = [], 0
    for index, one in enumerate(recorded):
        for change, body in spoilt(one.body):
            if one.path == "OrderNotes" and "events" in change and ".id" in change:
                continue
            answers = [*recorded]
            answers[index] = Recorded(one.method, one.path, one.status, one.headers, body)
            error, found = outcome(CALLS[name], replay(Replayer(answers, query_of)))
            tried += 1
            if error is None and not no_more_than(found, whole):
                wrong.append(f"{one.path}: {change}")
    assert wrong == []
    assert tried > 5 or name == "get_payment_methods"


Exchange = tuple[str, Response, Any]
"""The name of what was asked, what came, and its JSON."""


def name_of(request: Request) -> str:
    return str((request.json or {}).get("operationName"))


@dataclass
class Kept:
    """An HTTP that keeps what it answers, or answers what was kept."""

    inner: DirectHttp | None
    seen: list[Exchange] = field(default_factory=list)

    async def send(self, request: Request) -> Response:
        name = name_of(request)
        if self.inner is not None:
            answer = await self.inner.send(request)
            self.seen.append((name, answer, json.loads(answer.body)))
            return answer
        for index, (kept, answer, body) in enumerate(self.seen):
            if kept == name:
                del self.seen[index]
                return replace(answer, body=json.dumps(body).encode())
        raise StoreError("connection", f"nobody answers {name}")


def shop_for(name: str) -> Watched:
    """A shop with something of everything that the collector reads."""
    shop = watched()
    room = shop.shop.stock_room
    room.by_sku("SKU-010").quantity = 1_000
    for amount in ("10.50", "7.00", "99.00"):
        room.new_checkout(Decimal(amount))
    shop.clock.advance(7200.0)
    if name == "orders":
        asyncio.run(shop.collect("orders"))
        lines = [(room.by_sku("SKU-010").id, 2)]
        shop.clock.advance(60.0)
        for _ in range(2):
            room.new_order("PAID", lines=lines)
        paid_in_parts = room.new_order("AUTHORIZED", lines=lines)
        for _ in range(12):
            room.pay(paid_in_parts, Decimal(3))
        room.refund(room.new_order("PAID", lines=lines), Decimal(20))
        shop.clock.advance(60.0)
    return shop


@pytest.mark.parametrize("name", COLLECTORS)
def test_no_collector_shows_what_makes_no_sense(name: str) -> None:
    shop = shop_for(name)
    text = shop.cursor.text
    shop.restart()
    kept = Kept(shop.http)
    shop.http = kept  # type: ignore[assignment]
    whole = figures(asyncio.run(shop.collect(name)))
    recorded, wrong, tried = list(kept.seen), [], 0
    for index, (document, answer, body) in enumerate(recorded):
        for change, other in spoilt(body):
            shop.cursor.text = text
            shop.restart()
            answers = [*recorded]
            answers[index] = (document, answer, other)
            shop.http = Kept(None, answers)  # type: ignore[assignment]
            tried += 1
            try:
                report = asyncio.run(shop.collect(name))
            except StoreError:
                continue
            if figures(report) != whole and not report.degraded:
                wrong.append(f"{document}: {change}")
    assert wrong == []
    assert tried > 3
