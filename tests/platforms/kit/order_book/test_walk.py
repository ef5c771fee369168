"""The walk and the ledger together against a model store, in every sequence hypothesis finds."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from store_exporter.platforms.kit.order_book.accounts import CountedOrder, CountedRefund
from store_exporter.platforms.kit.order_book.ledger import Ledger
from store_exporter.platforms.kit.order_book.walk import DAY, Walk, WalkQuery

START = 1_000_000
OVERLAP = 60


@dataclass
class Store:
    """Orders with times of change, served in pages as a shop would; ties in no fixed sequence."""

    now: int = START
    orders: dict[str, CountedOrder] = field(default_factory=dict)
    random: random.Random = field(default_factory=lambda: random.Random(1))
    queries: int = 0

    def place(self, *, created: int | None = None, paid: bool = False) -> None:
        number = str(len(self.orders) + 1)
        when = self.now if created is None else created
        self.orders[number] = CountedOrder(
            number,
            "processing" if paid else "pending",
            "GBP",
            Decimal(len(self.orders) + 1),
            created=when,
            modified=self.now,
            paid=when if paid else None,
        )

    def change(self, number: str, **members: object) -> None:
        old = self.orders[number]
        self.orders[number] = replace(old, modified=self.now, **members)  # type: ignore[arg-type]

    def page(self, query: WalkQuery, size: int) -> tuple[list[CountedOrder], int]:
        self.queries += 1
        rows = [
            order
            for order in self.orders.values()
            if order.modified >= query.since
            and (query.until is None or order.modified <= query.until)
        ]
        self.random.shuffle(rows)
        key = (lambda o: int(o.id)) if query.until is not None else (lambda o: o.modified)
        rows.sort(key=key)
        return rows[(query.page - 1) * size : query.page * size], len(rows)


@dataclass
class Reader:
    """A collector's run, with a document in the place of the disk."""

    store: Store
    size: int = 3
    limit: int = 1_000
    document: str = ""

    def begin(self, since: int | None = None) -> None:
        ledger = Ledger(since or self.store.now, self.store.now if since else 0, self.limit)
        walk = Walk(since or self.store.now)
        if since is None:
            for order in self.store.orders.values():
                ledger.apply(order, count=False)
        self.save(ledger, walk)

    def save(self, ledger: Ledger, walk: Walk) -> None:
        self.document = json.dumps([ledger.to_document(), walk.to_document()])

    def load(self) -> tuple[Ledger, Walk]:
        ledger, walk = json.loads(self.document)
        return Ledger.from_document(ledger, self.limit), Walk.from_document(walk)

    def run(self, pages: int = 10_000, crash_after: int | None = None) -> bool:
        """Run once; return whether it caught up. A crash loses what was not saved."""
        ledger, walk = self.load()
        walk.begin(self.store.now, OVERLAP, ledger.floor)
        for number in range(pages):
            orders, total = self.store.page(walk.query(), self.size)
            for order in orders:
                ledger.apply(order)
                if order.id in ledger.undated:
                    dated = [replace(r, created=int(r.id)) for r in order.refunds]
                    ledger.date_refunds(order.id, dated)
            more = walk.advance([o.id for o in orders], [o.modified for o in orders], total)
            ledger.forget(walk.read_again_from(OVERLAP))
            if number == crash_after:
                return False
            self.save(ledger, walk)
            if not more:
                break
        walk.settle(self.store.now, self.store.now)
        self.save(ledger, walk)
        return walk.caught_up


def test_orders_beyond_the_first_page_are_read_in_one_run() -> None:
    store = Store()
    reader = Reader(store)
    reader.begin()
    for _ in range(10):
        store.now += 1
        store.place(paid=True)
    assert reader.run()
    assert reader.load()[0].paid == 10


def test_a_hundred_orders_of_one_second_are_read_once_each() -> None:
    store = Store(now=START + 5)
    for _ in range(100):
        store.place(paid=True)
    reader = Reader(store, size=7)
    reader.begin(START)
    assert reader.run()
    assert reader.load()[0].paid == 100
    assert store.queries < 30


def test_a_second_that_changes_while_it_is_read_is_read_again() -> None:
    store = Store(now=START + 5)
    for _ in range(12):
        store.place(paid=True)
    walk = Walk(START + 5)
    ledger = Ledger(START, START + 5)
    step = 0
    while True:
        orders, total = store.page(walk.query(), 4)
        for order in orders:
            ledger.apply(order)
        if not walk.advance([o.id for o in orders], [o.modified for o in orders], total):
            break
        step += 1
        if step == 2:
            # The first of the second leaves it, and the others move up a place.
            store.now += 50
            store.change("1", status="completed")
    assert ledger.paid == 12


def test_a_run_that_is_cut_short_goes_on_where_it_stopped_without_an_overlap() -> None:
    store = Store()
    for _ in range(90):
        store.now += 1
        store.place(paid=True)
    reader = Reader(store, size=3)
    reader.begin(START)
    runs = 0
    while not reader.run(pages=2):
        runs += 1
        assert runs < 60, "the overlap must not eat the progress"
    assert reader.load()[0].paid == 90
    assert reader.load()[1].backlog == 0


def test_a_long_second_makes_progress_over_many_short_runs() -> None:
    store = Store(now=START + 1)
    for _ in range(100):
        store.place(paid=True)
    reader = Reader(store, size=3)
    reader.begin(START)
    runs = 0
    while not reader.run(pages=2):
        runs += 1
        assert runs < 100
    assert reader.load()[0].paid == 100


def test_the_backlog_tells_what_is_left() -> None:
    store = Store()
    for _ in range(30):
        store.now += 1
        store.place()
    reader = Reader(store, size=5)
    reader.begin(START)
    reader.run(pages=2)
    assert 15 <= reader.load()[1].backlog <= 21


def test_a_store_whose_clock_is_set_back_loses_nothing() -> None:
    store = Store(now=START)
    reader = Reader(store)
    reader.begin()
    for _ in range(3):
        store.now += 300
        store.place(paid=True)
        reader.run()
    store.now -= 700
    for _ in range(3):
        store.now += 50
        store.place(paid=True)
        reader.run()
    assert reader.load()[0].paid == 6


def test_an_order_changed_in_the_future_hides_no_other() -> None:
    store = Store(now=START)
    reader = Reader(store)
    reader.begin()
    store.now += 30 * DAY
    store.place(paid=True)
    store.now -= 30 * DAY
    reader.run()
    for _ in range(40):
        store.now += 300
        store.place(paid=True)
        reader.run()
    assert reader.load()[0].paid == 41


@pytest.mark.parametrize(
    ("now", "server", "position"),
    [
        (START, START, START - 700),  # an ordinary run: up to what was read
        (START, None, START - 700),
        (START, START - 500, START - 1_100),  # the store was set back just now
        (START, START + 500, START - 700),
        (START, 0, START - 700),  # a Date header from 1970 is not believed
        (START, START + 30 * DAY, START - 700),
    ],
)
def test_the_next_pass_begins_at_what_was_read_but_not_after_the_previous_pass(
    now: int, server: int | None, position: int
) -> None:
    walk = Walk(
        START - 800,
        newest=START - 700,
        caught_up=True,
        previous=START - 600,
        started=START - 300,
    )
    walk.settle(now, server)
    assert walk.position == position


def test_our_own_clock_from_1970_is_not_believed() -> None:
    walk = Walk(START, newest=START, caught_up=True, previous=0, started=300)
    walk.settle(600, START + 10)
    assert walk.position == START + 10 - 600


def test_a_pass_begins_an_overlap_before_the_end_of_the_last_one() -> None:
    walk = Walk(START, newest=START, caught_up=True, previous=START, started=START + 300)
    walk.begin(START + 600, OVERLAP)
    assert walk.query() == WalkQuery(START - OVERLAP)
    assert not walk.caught_up


def test_a_run_that_did_not_reach_the_end_goes_on_exactly_where_it_stopped() -> None:
    walk = Walk(START, newest=START + 50, previous=START - 600, started=START - 300)
    walk.settle(START, START)
    walk.begin(START + 300, OVERLAP)
    assert walk.position == START


def test_a_total_that_is_a_lie_ends_the_walk_all_the_same() -> None:
    walk = Walk(START)
    steps = 0
    rows = [START + 1, START + 2]
    while advance(walk, [row for row in rows if row >= walk.position][:2], 1_000_000):
        steps += 1
        if walk.page > 1:
            rows = []
        assert steps < 10
    assert walk.caught_up


def advance(walk: Walk, changed: list[int], total: int | None, first: int = 0) -> bool:
    """Take in a page of records whose ids count up from one."""
    return walk.advance([str(first + n) for n in range(len(changed))], changed, total)


def test_a_page_short_of_hidden_records_is_not_taken_for_the_last() -> None:
    walk = Walk(START)
    assert advance(walk, [START + 1, START + 2], 7)
    assert walk.query() == WalkQuery(START + 2)
    assert walk.backlog == 5


@pytest.mark.parametrize("total", [None, 0])
def test_without_a_usable_total_only_an_empty_page_is_the_end(total: int | None) -> None:
    walk = Walk(START)
    assert advance(walk, [START, START, START], total)
    assert walk.query() == WalkQuery(START, START, 1)
    assert advance(walk, [START, START, START], total)
    assert walk.query() == WalkQuery(START, START, 2)
    assert advance(walk, [START], total, first=3)
    assert walk.query() == WalkQuery(START, START, 3)
    assert advance(walk, [], total)
    assert walk.query() == WalkQuery(START + 1)
    assert not advance(walk, [], total)
    assert walk.caught_up


def test_a_total_that_counts_only_what_is_on_the_page_is_not_believed() -> None:
    walk = Walk(START)
    assert advance(walk, [START + n for n in range(10)], 10)
    assert walk.query() == WalkQuery(START + 9)
    assert not walk.caught_up


def test_where_page_numbers_are_ignored_what_was_received_is_excluded() -> None:
    walk = Walk(START)
    for _ in range(3):
        assert advance(walk, [START, START], 4)
    assert walk.query() == WalkQuery(START, START, exclude=("0", "1"))
    assert advance(walk, [START, START], 2, first=2)
    assert walk.query() == WalkQuery(START + 1)
    assert walk.unread == []


def test_what_the_store_counts_and_never_shows_is_stepped_over_and_told() -> None:
    walk = Walk(START)
    for _ in range(4):
        assert advance(walk, [START, START], 4)
    assert walk.query() == WalkQuery(START + 1)
    assert walk.unread == [(START, START, 2)]
    assert walk.look_again() == (START, START)
    walk.looked_again(1)
    assert Walk.from_document(json.loads(json.dumps(walk.to_document()))).hidden == 1
    walk.looked_again(0)
    assert walk.look_again() is None


def test_what_is_counted_and_not_shown_among_what_was_shown_is_told_once() -> None:
    walk = Walk(START)
    assert advance(walk, [START + 5, START + 9], 3)
    # One was before this, one is here: the third is neither.
    assert not advance(walk, [START + 9], 1, first=1)
    assert walk.unread == [(START, START + 8, 1)]
    # The next pass comes by the same times.
    walk.begin(START + 20, 20)
    assert advance(walk, [START + 5, START + 9], 3)
    assert not advance(walk, [START + 9], 1, first=1)
    assert walk.hidden == 1


def test_hidden_records_of_too_many_times_are_told_as_those_of_longer_ones() -> None:
    walk = Walk(START)
    for index in range(130):
        walk.position = START + 10 * index
        walk.second = True
        advance(walk, [], 1)
    assert walk.hidden == 130
    assert len(walk.unread) <= 100
    assert min(walk.unread)[0] == START
    assert max(until for _, until, _ in walk.unread) == START + 1_290


def test_short_pages_and_what_is_edited_meanwhile_hide_nothing() -> None:
    walk = Walk(START)
    assert advance(walk, [START + 5, START + 9], 5)
    # The first was edited, and is counted here as well.
    assert advance(walk, [START + 9, START + 12], 5, first=1)
    assert advance(walk, [START + 12, START + 15, START + 18], 4, first=2)
    assert walk.unread == []


def test_pages_without_any_time_of_change_are_numbered() -> None:
    walk = Walk(START)
    assert walk.advance(["1", "2"], [], 5)
    assert walk.advance(["3", "4"], [], 5)
    assert walk.query() == WalkQuery(START, None, 3)
    walk = Walk.from_document(json.loads(json.dumps(walk.to_document())))
    assert not walk.advance(["5"], [], 5)
    assert walk.caught_up


@pytest.mark.parametrize("document", [{}, {"position": "x"}, {"position": 1}])
def test_a_document_that_is_not_a_walk_is_refused(document: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="not a walk"):
        Walk.from_document(document)


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
            Decimal(ledger.paid),
            sum(ledger.revenue.values(), Decimal(0)),
            sum(ledger.refunds.values(), Decimal(0)),
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
        assert ledger.paid == len(paid)
        assert sum(ledger.revenue.values(), Decimal(0)) == sum((o.total for o in paid), Decimal(0))
        assert sum(ledger.refunds.values(), Decimal(0)) == self.refunds
        new = set(orders) if self.backfill else set(orders) - self.before
        for status in ("pending", "on-hold", "cancelled", "processing"):
            now = sum(orders[n].status == status for n in new)
            ever = sum(status in had for had in self.had.values())
            assert now <= ledger.orders.get(status, 0) <= ever


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
    assert ledger.paid == len(paid)
    assert sum(ledger.revenue.values(), Decimal(0)) == sum((o.total for o in paid), Decimal(0))
    assert sum(ledger.orders.values()) <= 2 * len(store.orders)
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
def test_a_memory_that_is_too_small_is_told_whenever_the_money_differs(
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
        amounts = (ledger.revenue, ledger.refunds, ledger.corrections)
        revenue, refunds, corrections = (sum(one.values(), Decimal(0)) for one in amounts)
        assert revenue - refunds - corrections == shop.own_total() or ledger.doubts
