"""The walk and the ledger together, in every sequence of changes that hypothesis finds."""

from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from store_exporter.platforms.kit.order_book.accounts import CountedRefund
from store_exporter.platforms.kit.order_book.ledger import Ledger
from tests.platforms.kit.order_book.walking import START, Reader, Store


class Shop(RuleBasedStateMachine):
    """Any interleaving of edits, short runs, crashes and page sizes."""

    @initialize(
        size=st.integers(1, 4),
        old=st.integers(0, 6),
        backfill=st.booleans(),
        seed=st.integers(0, 9),
    )
    def open(self, size: int, old: int, backfill: bool, seed: int) -> None:
        self.store = Store(random=random.Random(seed))
        for index in range(old):
            self.store.now = START - 3_600 + index // 3
            self.store.place(paid=index % 2 == 0)
        self.store.now = START
        self.before = set(self.store.orders)
        self.reader = Reader(self.store, size=size)
        self.reader.begin(START - 7_200 if backfill else None)
        self.counted = set() if backfill else set(self.before)
        self.events: dict[str, set[str]] = {}
        self.refunds = 0
        self.had: dict[str, set[str]] = {
            number: {order.status} for number, order in self.store.orders.items()
        }
        self.unpaid_before = {n for n in self.before if self.store.orders[n].paid is None}
        self.backfill = backfill
        self.last = (Decimal(0), Decimal(0), Decimal(0))

    def pick(self, choice: int) -> str | None:
        numbers = list(self.store.orders)
        return numbers[choice % len(numbers)] if numbers else None

    @rule(seconds=st.sampled_from([0, 0, 1, 5, 40, 400]))
    def time_passes(self, seconds: int) -> None:
        self.store.now += seconds

    @rule(many=st.integers(1, 6), paid=st.booleans())
    def orders_are_placed(self, many: int, paid: bool) -> None:
        for _ in range(many):
            self.store.place(paid=paid)
            number = str(len(self.store.orders))
            self.had[number] = {self.store.orders[number].status}

    @rule(choice=st.integers(0, 30), status=st.sampled_from(["pending", "on-hold", "cancelled"]))
    def an_order_changes(self, choice: int, status: str) -> None:
        if number := self.pick(choice):
            self.store.change(number, status=status)
            self.had[number].add(status)

    @rule(choice=st.integers(0, 30))
    def an_order_is_paid(self, choice: int) -> None:
        if number := self.pick(choice):
            paid = self.store.orders[number].paid or self.store.now
            self.store.change(number, status="processing", paid=paid)
            self.had[number].add("processing")

    @rule(choice=st.integers(0, 30))
    def an_order_is_refunded(self, choice: int) -> None:
        if number := self.pick(choice):
            self.refunds += 1
            # The id doubles as the refund's date, which the reader asks for when it needs it.
            refund = CountedRefund(f"{self.store.now}.{self.refunds}".split(".")[0], Decimal(1))
            known = self.store.orders[number].refunds
            if refund.id in {r.id for r in known}:
                self.refunds -= 1
                return
            self.store.change(number, refunds=(*known, refund))

    @rule(pages=st.integers(1, 4))
    def a_run_is_cut_short(self, pages: int) -> None:
        self.reader.run(pages=pages)

    @rule(after=st.integers(0, 3))
    def a_run_crashes(self, after: int) -> None:
        self.reader.run(crash_after=after)

    @rule()
    def a_run_ends(self) -> None:
        self.reader.run()

    @invariant()
    def counters_never_fall(self) -> None:
        if not hasattr(self, "reader"):
            return
        ledger, _ = self.reader.load()
        now = (
            Decimal(ledger.counters.paid),
            sum(ledger.counters.revenue.values(), Decimal(0)),
            sum(ledger.counters.refunds.values(), Decimal(0)),
        )
        pairs: Iterator[tuple[Decimal, Decimal]] = zip(now, self.last, strict=True)
        assert all(new >= old for new, old in pairs)
        self.last = now

    def teardown(self) -> None:
        if not hasattr(self, "reader"):
            return
        while not self.reader.run():
            pass
        self.reader.run()
        ledger, _ = self.reader.load()
        orders = self.store.orders
        countable = set(orders) if self.backfill else set(orders) - self.before
        countable |= {n for n in self.unpaid_before if orders[n].paid is not None}
        paid = [orders[n] for n in countable if orders[n].paid is not None]
        assert ledger.counters.paid == len(paid)
        assert sum(ledger.counters.revenue.values(), Decimal(0)) == sum(
            (o.total for o in paid), Decimal(0)
        )
        assert sum(ledger.counters.refunds.values(), Decimal(0)) == self.refunds
        new = set(orders) if self.backfill else set(orders) - self.before
        for status in ("pending", "on-hold", "cancelled", "processing"):
            now = sum(orders[n].status == status for n in new)
            ever = sum(status in had for had in self.had.values())
            assert now <= ledger.counters.orders.get(status, 0) <= ever


TestShop = Shop.TestCase
TestShop.settings = settings(max_examples=120, stateful_step_count=25, deadline=None)


@given(
    seconds=st.lists(st.integers(0, 6), min_size=1, max_size=40),
    size=st.integers(1, 5),
    pages=st.integers(1, 3),
)
@settings(max_examples=100, deadline=None)
def test_a_bounded_memory_never_counts_an_order_twice(
    seconds: list[int], size: int, pages: int
) -> None:
    store = Store()
    reader = Reader(store, size=size, limit=5)
    reader.begin()
    for index, delay in enumerate(seconds):
        store.now += delay * 30
        store.place(paid=index % 3 == 0)
        if index % 4 == 1:
            number = str(index // 2 + 1)
            store.change(number, status="processing", paid=store.orders[number].paid or store.now)
        reader.run(pages=pages)
    while not reader.run():
        pass
    ledger, _ = reader.load()
    paid = [order for order in store.orders.values() if order.paid is not None]
    assert ledger.counters.paid == len(paid)
    assert sum(ledger.counters.revenue.values(), Decimal(0)) == sum(
        (o.total for o in paid), Decimal(0)
    )
    assert sum(ledger.counters.orders.values()) <= 2 * len(store.orders)
    assert len(ledger) <= 5 * 4 + size


CHANGES = ("place", "place many", "place many", "import", "edit", "pay", "refund", "wait")


class Forgetful:
    """A store whose reader remembers few orders, and what its counters should say."""

    def __init__(self, size: int, limit: int, *, backfill: bool) -> None:
        self.store = Store(now=START + 400)
        self.reader = Reader(self.store, size=size, limit=limit)
        self.reader.begin(START if backfill else None)
        self.began = START if backfill else self.store.now

    def change(self, what: str, choice: int) -> None:
        store = self.store
        if what.startswith("place"):
            for _ in range(1 + choice % 25 if what == "place many" else 1):
                store.place(paid=choice % 3 > 0)
        elif what == "import":
            store.place(created=store.now - 10 * choice, paid=True)
        elif what == "wait":
            store.now += (0, 1, 5, 40, 400)[choice % 5]
        elif store.orders:
            self._change_one(what, list(store.orders)[choice % len(store.orders)], choice)

    def _change_one(self, what: str, number: str, choice: int) -> None:
        store, order = self.store, self.store.orders[number]
        # Of an order that is edited in the very second in which it was read, and forgotten because
        # four times the memory changed right after it, nothing could tell.
        store.now += 1
        if what == "edit":
            store.change(number, total=Decimal(choice))
        elif what == "pay":
            store.change(number, paid=order.paid or store.now)
        elif str(store.now) not in {refund.id for refund in order.refunds}:
            refund = CountedRefund(str(store.now), Decimal(1))
            store.change(number, refunds=(*order.refunds, refund))

    def own_total(self) -> Decimal:
        """What the counted orders come to, less all refunds since the counting began."""
        total = Decimal(0)
        for order in self.store.orders.values():
            is_counted = order.paid is not None and max(order.created, order.paid) >= self.began
            total += order.total if is_counted else 0
            total -= sum(refund.amount for refund in order.refunds)
        return total

    def ledger(self) -> Ledger:
        """The counters once everything was read, also what came behind the place of a pass."""
        for _ in range(2):
            while not self.reader.run():
                pass
        return self.reader.load()[0]


@given(
    changes=st.lists(
        st.tuples(st.sampled_from([*CHANGES, "run", "crash"]), st.integers(0, 40)), max_size=40
    ),
    size=st.integers(1, 4),
    limit=st.integers(4, 8),
    backfill=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_a_memory_that_is_too_small_is_reported_whenever_the_money_differs(
    changes: list[tuple[str, int]], size: int, limit: int, backfill: bool
) -> None:
    shop = Forgetful(size, limit, backfill=backfill)
    for what, choice in changes:
        if what in CHANGES:
            shop.change(what, choice)
        else:
            shop.reader.run(choice % 4 + 1, choice % 3 if what == "crash" else None)
    for _ in range(2):
        ledger = shop.ledger()
        amounts = (ledger.counters.revenue, ledger.counters.refunds, ledger.counters.corrections)
        revenue, refunds, corrections = (sum(one.values(), Decimal(0)) for one in amounts)
        assert revenue - refunds - corrections == shop.own_total() or ledger.doubts
