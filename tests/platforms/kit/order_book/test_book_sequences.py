"""The whole order book over numbered pages, in every sequence of changes, also during its runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store_exporter.contract import Report, Response, Run
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
from tests.platforms.watching import KilledError, MemoryCursor, figures

ADDRESS = "https://shop.example.com"
RESPONSES = {
    "empty": ("is_empty", True),
    "show": ("is_empty", False),
    "drop totals": ("has_totals", False),
    "show totals": ("has_totals", True),
    "drop rows": ("has_rows", False),
    "show rows": ("has_rows", True),
}
"""What responses lack from now on, or have again."""
CHANGES = (
    *("place", "place many", "import", "pay", "edit", "refund", "take back"),
    *("delete", "delete many", "restore", "return", "return all", *RESPONSES),
)
MOVES = (*CHANGES, "wait", "wait", "run", "run", "run", "kill", "fail", "change in a run")
ONE = Decimal(1)


@dataclass
class Order:
    """An order of a shop; each of its refunds is of 1."""

    id: int
    total: Decimal
    created: int
    changed: int
    paid: int | None
    refunds: list[str] = field(default_factory=list)

    @property
    def worth(self) -> Decimal:
        return Decimal(0) if self.paid is None else self.total - len(self.refunds)


class Shop(Api):
    """Orders, and what is done before each request."""

    def __init__(self, cap: int) -> None:
        self.cap, self.clock, self.number, self.requests = cap, 1_795_435_200, 0, 0
        self.orders: dict[int, Order] = {}
        self.deleted: list[Order] = []
        self.paid: set[int] = set()
        self.hidden: set[int] = set()
        self.is_empty, self.has_totals, self.has_rows = False, True, True
        self.marks_refunds = True
        self.meanwhile: Callable[[int], None] = lambda _: None
        self.shown = {}
        self.monotonic = lambda: 0.0
        self.page_sizes = PageSizes(self.monotonic)

    def asked(self) -> None:
        self.requests += 1
        self.meanwhile(self.requests)

    def change(self, move: str, pick: int) -> None:
        if move.startswith("place"):
            for _ in range(5 + pick % 30 if move == "place many" else 1):
                self._place(self.clock, is_paid=move == "place many" or pick % 3 > 0)
        elif move == "import":
            self._place(self.clock - 1_000 - pick * 50, is_paid=True)
        elif move in RESPONSES:
            member, value = RESPONSES[move]
            setattr(self, member, value)
        elif move == "delete many":
            self.deleted += [self.orders.pop(number) for number in list(self.orders)[pick % 5 :: 2]]
        elif move in ("restore", "return", "return all"):
            most = len(self.deleted) if move == "return all" else 1
            for _ in range(min(most, len(self.deleted))):
                order = self.deleted.pop(pick % len(self.deleted))
                order.changed = self.clock if move == "restore" else order.changed
                self.orders[order.id] = order
        elif self.orders:
            self._change(move, list(self.orders.values())[pick % len(self.orders)], pick)

    def _place(self, when: int, *, is_paid: bool) -> None:
        self.number += 1
        total, paid = Decimal(10 + self.number % 7), when if is_paid else None
        self.orders[self.number] = Order(self.number, total, when, when, paid)
        self.paid.update([self.number] if is_paid else [])

    def _change(self, move: str, order: Order, pick: int) -> None:
        if move == "delete":
            self.deleted.append(self.orders.pop(order.id))
            return
        if self.marks_refunds or move not in ("refund", "take back"):
            order.changed = self.clock
        if move == "pay":
            order.paid = order.paid or self.clock
            self.paid.add(order.id)
        elif move == "edit":
            order.total = Decimal(5 + pick)
        elif move == "take back":
            del order.refunds[-1:]
        elif order.worth > ONE:
            self.number += 1
            order.refunds.append(str(self.number))


class Book(NumberedBook[Shop]):
    statuses = ("placed",)
    largest_page = 100
    path = "/orders"
    changed = "changed"
    numbers_refunds_with_orders = True

    def by_change(self, size: int, query: WalkQuery | None = None) -> Mapping[str, Any]:
        if query is None:
            return {"key": lambda one: -one.changed, "size": size}
        until, key = query.until, lambda one: one.changed
        return {"since": query.since, "until": until, "page": query.page, "size": size, "key": key}

    def newest(self, size: int, page: int = 1, exclude: Sequence[str] = ()) -> Mapping[str, Any]:
        without = set(map(int, exclude))
        return {"key": lambda one: -one.id, "page": page, "size": size, "without": without}

    def by_ids(self, ids: Sequence[str]) -> Mapping[str, Any]:
        return {"key": lambda one: -one.id, "ids": set(map(int, ids)), "size": len(ids)}

    def orders(self, params: Mapping[str, Any]) -> Plan[RestPage]:
        yield from ()
        shop = self.api
        shop.asked()
        found = [
            one
            for one in sorted(shop.orders.values(), key=params["key"])
            if params.get("since", 0) <= one.changed <= (params.get("until") or shop.clock)
            and one.id in params.get("ids", shop.orders)
            and one.id not in shop.hidden | set(params.get("without", ()))
            and not shop.is_empty
        ]
        size = min(params["size"], shop.cap)
        start = (params.get("page", 1) - 1) * size
        shown = [self._row(one) for one in found[start : start + size] if shop.has_rows]
        date = format_datetime(datetime.fromtimestamp(shop.clock, UTC), usegmt=True)
        response = Response(200, {"date": date}, b"", ADDRESS)
        total = len(found) if shop.has_totals else None
        return RestPage("orders", shown, total, None, response)

    def one_order(self, order_id: str) -> Plan[Any]:
        yield from ()
        self.api.asked()
        if int(order_id) not in self.api.orders:
            raise StoreError("not_found", "no order")
        return self._row(self.api.orders[int(order_id)])

    def refunds_of(self, order_id: str) -> Plan[list[CountedRefund]]:
        raise NotImplementedError

    def _row(self, order: Order) -> dict[str, Any]:
        changed = datetime.fromtimestamp(order.changed, UTC).isoformat()
        return {"id": order.id, "changed": changed, "order": order, "refunds": list(order.refunds)}

    def order(self, row: Fields, changed: int | None) -> CountedOrder | None:
        one: Order = row.raw("order")
        self.hides_refunds = not self.api.marks_refunds
        refunds = tuple(CountedRefund(number, ONE) for number in row.raw("refunds"))
        return CountedOrder(
            str(one.id), "placed", "EUR", one.total, one.created, changed or 0, one.paid,
            refunds=refunds,
        )  # fmt: skip


class Watch:
    """A shop whose orders are counted."""

    def __init__(self, cap: int, **options: Any) -> None:
        self.shop, self.cursor = Shop(cap), MemoryCursor()
        self.options = {"since": "now", "remember": 10_000, "refund_lookups": 20, **options}
        self.before: dict[str, float] = {}

    def run(self, meanwhile: Callable[[int], None] = lambda _: None) -> Report | None:
        """Collect; nothing is returned by a run that breaks off."""
        shop = self.shop
        shop.requests, shop.meanwhile = 0, meanwhile
        store = Store("acme", "shop.example.com", "third", ADDRESS, {})
        plan = Book(shop, Run(store, self.options, self.cursor, lambda: shop.clock)).collect()
        with suppress(KilledError, StoreError):
            try:
                next(plan)
            except StopIteration as end:
                found = figures(end.value)
                counted = {name: value for name, value in found.items() if "_total" in name}
                assert all(counted[name] >= value for name, value in self.before.items())
                self.before = counted
                report: Report = end.value
                return report
        return None

    def move(self, move: str, pick: int, change: str, at: int) -> None:
        if move == "run":
            self.run()
        elif move == "wait":
            self.shop.clock += (1, 5, 40, 400, 4_000)[pick % 5]
        elif move in CHANGES:
            self.shop.change(move, pick)
            self.shop.clock += pick % 2
        else:
            self.run(lambda number: self._meanwhile(move, change, pick) if number == at else None)

    def _meanwhile(self, move: str, change: str, pick: int) -> None:
        if move == "kill":
            raise KilledError
        if move == "fail":
            raise StoreError("server_error", "down")
        self.shop.change(change, pick)

    def counted(self) -> float:
        """What the counters of the last run say that the orders are worth."""
        names = ("revenue", "refunds", "order_corrections")
        amounts = [self.before.get(f"store_{name}_total{{EUR}}", 0) for name in names]
        return amounts[0] - amounts[1] - amounts[2]

    def worth(self) -> Decimal:
        return sum((one.worth for one in self.shop.orders.values()), Decimal(0))

    def is_right(self, *, reports_all: bool = True) -> bool:
        """Whether a run has nothing to report and the counters are as the shop has it.

        With `reports_all`, a run that has nothing to report must be right.
        """
        self.shop.clock += 300
        report = self.run()
        assert report is not None
        is_whole = not report.degraded and not figures(report)["store_collector_backlog{orders}"]
        is_right = self.counted() == self.worth()
        assert is_right or not (is_whole and reports_all)
        return is_whole and is_right


@settings(max_examples=100, deadline=None)
@given(
    moves=st.lists(
        st.tuples(
            st.sampled_from(MOVES), st.integers(0, 59), st.sampled_from(CHANGES), st.integers(1, 7)
        ),
        max_size=40,
    ),
    cap=st.sampled_from([5, 10, 100]),
    size=st.sampled_from([10, 25, 100]),
    pages=st.sampled_from([3, 10]),
    overlap=st.sampled_from([0, 300]),
    marks_refunds=st.booleans(),
)
def test_counters_come_to_what_the_shop_has_whatever_happens_and_whenever(
    moves: list[tuple[str, int, str, int]],
    cap: int,
    size: int,
    pages: int,
    overlap: int,
    *,
    marks_refunds: bool,
) -> None:
    watch = Watch(cap, page_size=size, max_pages=pages, overlap=overlap)
    watch.shop.marks_refunds = marks_refunds
    watch.run()
    for move in moves:
        watch.move(*move)
    # The walk reads the last seconds again until it sees a later order.
    watch.shop.is_empty, watch.shop.has_totals, watch.shop.has_rows = False, True, True
    watch.shop.clock += 7_000
    watch.shop.change("place", 1)
    # Passes over many orders of one second take several runs, and are repeated.
    # Only its turn to be read shows an order that vanished while another came back that no run had
    # read, or, after an empty list of up to ten orders was accepted, any other. So does a refund
    # that leaves the time of change.
    back = ("restore", "return", "return all", "empty")
    is_back = any(move in back for one in moves for move in (one[0], one[2]))
    all_known = marks_refunds and not is_back
    assert any(all(watch.is_right(reports_all=all_known) for _ in range(4)) for _ in range(100))
    paid = sum(one.paid is not None for one in watch.shop.orders.values())
    assert paid <= watch.before["store_orders_paid_total"] <= len(watch.shop.paid)


def large_shop(**options: Any) -> Watch:
    """Return a shop with more orders than a run reads again without a reason."""
    since = {"since": "2026-01-01", "page_size": 10, "max_pages": 20, "overlap": 0}
    watch = Watch(100, **since | options)
    for _ in range(5):
        watch.shop.clock += 60
        watch.shop.change("place many", 25)
    return watch


def is_right_soon(watch: Watch) -> bool:
    return any(all(watch.is_right() for _ in range(3)) for _ in range(4))


@pytest.mark.parametrize("last", range(1, 9))
def test_an_order_that_vanishes_after_a_run_was_killed_is_missed_by_the_next(last: int) -> None:
    watch = large_shop()
    watch.run()
    watch.shop.clock += 60
    watch.shop.change("place", 1)
    watch.move("kill", 0, "", last)
    del watch.shop.orders[watch.shop.number]
    assert is_right_soon(watch)


@pytest.mark.parametrize("next_run", range(3, 6))
@pytest.mark.parametrize("pages", [(2, 4), (2, 5), (3, 6), (3, 7)])
def test_orders_of_one_second_are_not_given_up_for_empty_pages_without_a_total(
    pages: tuple[int, ...], next_run: int
) -> None:
    watch = Watch(10, page_size=100, max_pages=10, overlap=0)
    watch.run()
    watch.shop.change("place many", 25)
    watch.shop.clock += 1
    for empty in (pages, (next_run,)):

        def spoil(number: int, empty: tuple[int, ...] = empty) -> None:
            watch.shop.is_empty = number in empty
            watch.shop.has_totals = number not in empty

        watch.run(spoil)
    watch.shop.is_empty, watch.shop.has_totals = False, True
    assert is_right_soon(watch)


def killed_often(watch: Watch, last: int, runs: int = 60) -> bool:
    """Whether all is read in the end, although each of many runs is killed at a request."""
    for _ in range(runs):
        watch.shop.clock += 1
        watch.move("kill", 0, "", last)
    # The first run may still read the last five minutes again.
    return watch.is_right() or watch.is_right()


@pytest.mark.parametrize("overlap", [0, 300])
@pytest.mark.parametrize("last", [3, 4, 6, 9, 14])
def test_a_backlog_of_new_orders_is_read_although_each_run_is_killed(
    last: int, overlap: int
) -> None:
    watch = large_shop(overlap=overlap)
    while not watch.is_right():
        pass
    for _ in range(10):
        watch.shop.clock += 60
        watch.shop.change("place many", 25)
    assert killed_often(watch, last, runs=100)


@pytest.mark.parametrize("last", [6, 9, 14])
def test_vanished_and_returned_orders_are_found_although_each_run_is_killed(last: int) -> None:
    watch = large_shop()
    for _ in range(15):
        watch.shop.change("place many", 25)
    while not watch.is_right():
        pass
    watch.shop.change("delete", 300)
    assert killed_often(watch, last)
    watch.shop.change("return", 0)
    assert killed_often(watch, last)


def test_an_order_that_came_back_during_a_run_is_backlog_until_it_is_read() -> None:
    watch = large_shop()
    watch.run()
    watch.shop.change("delete", 20)
    watch.run()
    watch.shop.clock += 300
    report = watch.run(lambda number: watch.shop.change("restore", 0) if number == 2 else None)
    assert report is not None
    assert not report.degraded
    assert watch.counted() < watch.worth()
    assert figures(report)["store_collector_backlog{orders}"] == 1
    assert watch.is_right()


def shop_of_hundreds() -> Watch:
    watch = Watch(100, page_size=100, max_pages=10, overlap=0)
    watch.run()
    for _ in range(20):
        watch.shop.change("place many", 25)
    watch.shop.clock += 1
    while not watch.is_right():
        pass
    return watch


def test_hundreds_of_orders_that_are_gone_are_subtracted_soon_and_each_is_requested_later() -> None:
    watch = shop_of_hundreds()
    for number in range(101, 501):
        del watch.shop.orders[number]
    runs = 0
    while not watch.is_right():
        runs += 1
        assert runs < 2 or watch.counted() == watch.worth()
    assert 15 < runs <= 20


def test_orders_that_lists_hide_are_found_although_hundreds_are_gone() -> None:
    watch = shop_of_hundreds()
    for number in range(101, 501):
        if number % 40:
            del watch.shop.orders[number]
        else:
            watch.shop.hidden.add(number)
    assert any(all(watch.is_right() for _ in range(3)) for _ in range(25))


def test_an_order_that_vanishes_while_totals_are_dropped_is_missed_when_they_are_back() -> None:
    watch = large_shop()
    watch.run()
    watch.shop.change("drop totals", 0)
    assert watch.is_right()
    watch.shop.change("delete", 100)
    watch.run()
    watch.shop.change("show totals", 0)
    assert is_right_soon(watch)


@pytest.mark.parametrize("first", range(1, 5))
@pytest.mark.parametrize("second", range(1, 9))
def test_an_order_is_found_although_pages_show_nothing_of_what_they_count(
    first: int, second: int
) -> None:
    watch = large_shop()
    while not watch.is_right():
        pass
    watch.shop.clock += 60
    watch.shop.change("import", 10)
    watch.shop.change("place", 1)
    for empty in (first, second, second):

        def meanwhile(number: int, empty: int = empty) -> None:
            watch.shop.has_rows = number != empty

        watch.run(meanwhile)
    watch.shop.has_rows = True
    assert is_right_soon(watch)


@pytest.mark.parametrize("when", range(2, 20))
def test_an_order_that_vanishes_while_the_history_is_read_is_missed(when: int) -> None:
    watch = large_shop()
    watch.run(lambda number: watch.shop.change("delete", 20) if number == when else None)
    assert is_right_soon(watch)


def test_times_at_which_orders_were_not_shown_are_read_again_over_several_runs() -> None:
    watch = large_shop(max_pages=2)
    while not watch.is_right():
        pass
    place, last = watch.cursor.load(), watch.shop.orders[watch.shop.number].changed
    # Ninety orders, of which a run reads twenty.
    place["walk"]["unread"] = [[last - 120, last, 5]]
    watch.cursor.save(place)
    assert [watch.is_right() for _ in range(6)] == [False, False, False, False, True, True]
