"""The order book over numbered pages, on a platform that numbers refunds by themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from store_exporter.contract import Response, Run
from store_exporter.errors import StoreError
from store_exporter.net.page_sizes import PageSizes
from store_exporter.net.plans import Plan
from store_exporter.platforms.kit.connection import Api
from store_exporter.platforms.kit.order_book.accounts import CountedOrder, CountedRefund
from store_exporter.platforms.kit.order_book.numbered_book import NumberedBook
from store_exporter.platforms.kit.order_book.walk import WalkQuery
from store_exporter.platforms.kit.reading.fields import Fields
from store_exporter.platforms.kit.rest.responses import RestPage
from store_exporter.stores.model import Store
from tests.platforms.watching import MemoryCursor, figures

ADDRESS = "https://shop.example.com"
NOW = 1_795_435_200
DAY = 86_400
Json = dict[str, Any]
OPTIONS = {
    "since": "now", "overlap": 300.0, "max_pages": 10, "remember": 100, "page_size": 10,
    "refund_lookups": 20,
}  # fmt: skip


class Shop(Api):
    """Orders as a list shows them, and the refunds of each with their dates."""

    def __init__(self, orders: list[Json], refunds: dict[str, list[CountedRefund]]) -> None:
        self.orders, self.refunds, self.shown = orders, refunds, {}
        self.monotonic = lambda: 0.0
        self.page_sizes = PageSizes(self.monotonic)


class Book(NumberedBook[Shop]):
    statuses = ("paid",)
    largest_page = 10
    path = "/orders"
    changed = "changed"

    def by_change(self, size: int, query: WalkQuery | None = None) -> Mapping[str, Any]:
        query = query or WalkQuery(0)
        return {"since": query.since, "page": query.page, "size": size}

    def newest(self, size: int, page: int = 1, exclude: Sequence[str] = ()) -> Mapping[str, Any]:
        return {"page": page, "exclude": exclude, "size": size}

    def by_ids(self, ids: Sequence[str]) -> Mapping[str, Any]:
        return {"ids": ids, "page": 1, "size": len(ids)}

    def orders(self, params: Mapping[str, Any]) -> Plan[RestPage]:
        """List what the parameters ask for, the largest id first: the shop has few orders."""
        yield from ()
        found = [
            row
            for row in sorted(self.api.orders, key=lambda row: -row["id"])
            if datetime.fromisoformat(row["changed"]).timestamp() >= params.get("since", 0)
            and str(row["id"]) in params.get("ids", str(row["id"]))
            and str(row["id"]) not in params.get("exclude", ())
        ]
        start = (params["page"] - 1) * params["size"]
        shown = found[start : start + params["size"]]
        return RestPage("orders", shown, len(found), None, Response(200, {}, b"", ADDRESS))

    def one_order(self, order_id: str) -> Plan[Any]:
        raise NotImplementedError

    def refunds_of(self, order_id: str) -> Plan[list[CountedRefund]]:
        yield from ()
        return self.api.refunds[order_id]

    def order(self, row: Fields, changed: int | None) -> CountedOrder | None:
        refunds = tuple(CountedRefund(r, Decimal(5)) for r in row.raw("refunds"))
        created = row.seconds("created")
        return CountedOrder(
            str(row.identifier()), "paid", "EUR", Decimal(20), created, changed or 0, created,
            refunds=refunds,
        )  # fmt: skip


def order(number: int, *, days: int, refunds: Sequence[str] = ()) -> Json:
    """An order that was placed and paid some days ago, and changed just now."""
    created = datetime.fromtimestamp(NOW - days * DAY, UTC).isoformat()
    changed = datetime.fromtimestamp(NOW, UTC).isoformat()
    return {"id": number, "created": created, "changed": changed, "refunds": refunds}


def collect(
    shop: Shop, cursor: MemoryCursor, book: type[Book] = Book, **options: Any
) -> dict[str, float]:
    store = Store("acme", "shop.example.com", "third", ADDRESS, {})
    plan = book(shop, Run(store, OPTIONS | options, cursor, lambda: NOW)).collect()
    try:
        next(plan)
    except StopIteration as end:
        return figures(end.value)
    raise AssertionError("a request is planned, where the shop has everything")


def test_a_new_refund_counts_though_its_number_is_below_those_of_the_orders() -> None:
    old = order(1000, days=30)
    shop, cursor = Shop([old], {}), MemoryCursor()
    collect(shop, cursor)
    shop.refunds["1000"] = [CountedRefund("7", Decimal(5), NOW + 60)]
    old["refunds"] = ["7"]
    assert collect(shop, cursor)["store_refunds_total{EUR}"] == 5


def test_an_order_is_seen_by_its_number_though_those_of_the_refunds_are_beyond_it() -> None:
    shop, cursor = Shop([order(10, days=2, refunds=["5000"])], {}), MemoryCursor()
    collect(shop, cursor)
    late = order(11, days=0)
    late["changed"] = datetime.fromtimestamp(NOW - 9 * DAY, UTC).isoformat()
    shop.orders.append(late)
    assert collect(shop, cursor)["store_orders_paid_total"] == 1


def test_a_book_without_the_path_of_its_list_is_refused_by_name() -> None:
    members = {name: value for name, value in vars(Book).items() if name != "path"}
    nameless = type("Nameless", (NumberedBook,), members)
    store = Store("acme", "shop.example.com", "third", ADDRESS, {})
    with pytest.raises(TypeError, match="path"):
        nameless(Shop([], {}), Run(store, OPTIONS, MemoryCursor(), lambda: NOW))


def test_numbers_of_pages_go_on_by_their_own_size_when_the_store_sends_larger_ones_again() -> None:
    requested: list[tuple[int, int]] = []

    class Large(Book):
        largest_page = 40

        def by_change(self, size: int, query: WalkQuery | None = None) -> Mapping[str, Any]:
            requested.append((query.page if query else 1, size))
            return super().by_change(size, query)

    def run() -> list[tuple[int, int]]:
        requested.clear()
        collect(shop, cursor, Large, page_size=40, max_pages=2)
        return list(requested)

    shop, cursor = Shop([], {}), MemoryCursor()
    run()
    shop.orders = [order(number, days=0) for number in range(1, 101)]
    shop.page_sizes.failed(Large.path, 40, StoreError("timeout", "late"), 10.0)
    while run()[-1] != (2, 20):
        assert len(requested) == 2, "the walk ended"
    shop.page_sizes.came(Large.path, 20, 1.0)
    assert run() == [(3, 20), (4, 20)]
    assert run()[0] == (5, 20)
