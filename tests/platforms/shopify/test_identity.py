"""Revenue less refunds less corrections is what the shop's counted orders come to, at every moment.

Streams of what happens to orders are drawn, and after every collection the counters are compared
with the simulated shop's own records: what was received since the counting began, by the date of
each payment, less what was paid back.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from store_demo.stores.shopify.records import Order, Payment, Refund
from store_exporter.platforms.kit.order_book import accounts
from tests.platforms.shopify.watching import Watched, figures, watched

YEAR = 365 * 86_400.0
REVENUE, REFUNDS, CORRECTIONS = (
    f"store_{name}_total{{GBP}}" for name in ("revenue", "refunds", "order_corrections")
)
Pick = int
"""A number that picks one of what is there."""


class Life:
    """A shop whose orders change, and what its counters should say."""

    def __init__(self, *, sees_all: bool = True, **options: int) -> None:
        self.shop: Watched = watched()
        self.options = options
        if not sees_all:
            self.shop.shop.tokens.scopes.discard("read_all_orders")
        self.room = self.shop.shop.stock_room
        self.room.by_sku("SKU-010").quantity = 1_000_000
        self.began = 0.0
        self.lost: defaultdict[str, Decimal] = defaultdict(Decimal)
        """Refunds counted of deleted orders that were paid before the counting, by currency."""
        self.before: dict[str, float] = {}
        self.shown: dict[int, Decimal] = {}
        """What orders came to when they were last shown; too old, an app sees them no more."""

    def lines(self, pick: Pick) -> list[tuple[int, int]]:
        return [(self.room.by_sku("SKU-010").id, 1 + pick % 3)]

    def order(self, pick: Pick) -> Order | None:
        orders = list(self.room.orders.values())
        return orders[pick % len(orders)] if orders else None

    # What happens; a move that finds no order does nothing.

    def create(self, pick: Pick) -> None:
        self.room.new_order(("PAID", "PENDING", "AUTHORIZED")[pick % 3], lines=self.lines(pick))

    def create_test(self, pick: Pick) -> None:
        self.room.new_order("PAID", lines=self.lines(pick)).test = True

    def import_old(self, pick: Pick) -> None:
        self.room.import_order(self.began - YEAR * (1 + pick % 5), self.lines(pick))

    def capture(self, pick: Pick) -> None:
        if (order := self.order(pick)) is not None:
            self.room.pay(order, Decimal(1 + pick % 70))

    def pay_with_change(self, pick: Pick) -> None:
        if (order := self.order(pick)) is not None:
            self.room.pay(order, Decimal(50), kind="SALE")
            self.room.pay(order, Decimal(1 + pick % 40), kind="CHANGE")

    def tip(self, pick: Pick) -> None:
        if (order := self.order(pick)) is not None:
            self.room.pay(order, order.total + 1 + pick % 9, kind="SALE")

    def pay_pending(self, pick: Pick) -> None:
        if (order := self.order(pick)) is not None:
            self.room.pay(order, Decimal(1 + pick % 70), status="PENDING")

    def write_down_old_payment(self, pick: Pick) -> None:
        if (order := self.order(pick)) is not None:
            self.room.pay(order, Decimal(1 + pick % 70), when=self.began - YEAR)

    def edit_and_pay_the_rest(self, pick: Pick) -> None:
        if (order := self.order(pick)) is not None:
            order.lines.append((self.room.by_sku("SKU-010"), 1 + pick % 2))
            self.room.edit_order(order, financial=("PARTIALLY_PAID", "PAID")[pick % 2])

    def lower(self, pick: Pick) -> None:
        if (order := self.order(pick)) is not None:
            del order.lines[1:]
            self.room.edit_order(order)

    def refund(self, pick: Pick) -> None:
        if (order := self.order(pick)) is not None:
            self.room.refund(order, Decimal(1 + pick % 30), pending=pick % 2 == 0)

    def settle(self, pick: Pick) -> None:
        moves: list[Payment | Refund] = []
        for order in self.room.orders.values():
            moves += [*order.payments, *order.refunds]
        pending = [move for move in moves if move.status == "PENDING"]
        if pending:
            self.room.settle(pending[pick % len(pending)], ("SUCCESS", "FAILURE")[pick % 3 == 0])

    def bounce(self, pick: Pick) -> None:
        """What had succeeded turns out to have failed."""
        order = self.order(pick)
        if order is None or any(payment.kind == "CHANGE" for payment in order.payments):
            return  # cash does not bounce
        moves: list[Payment | Refund] = [*order.payments, *order.refunds]
        if moves:
            self.room.settle(moves[pick % len(moves)], "FAILURE")

    def grow_old(self, pick: Pick) -> None:
        self.shop.clock.advance(86_400.0 * (10 + pick % 40))

    def cancel(self, pick: Pick) -> None:
        if (order := self.order(pick)) is not None:
            self.room.cancel(order)

    def fulfil(self, pick: Pick) -> None:
        if (order := self.order(pick)) is not None:
            self.room.edit_order(order, fulfillment="FULFILLED")

    def delete(self, pick: Pick) -> None:
        if (order := self.order(pick)) is not None:
            self.room.delete(order)
            account = self.accounts.get(f"{order.id}", [0] * accounts.REFUNDS)
            if account[accounts.AMOUNT] is None and account[accounts.SINCE]:
                counted = filter(None, account[accounts.REFUNDS + 1 :: 2])
                self.lost[order.currency] += sum(map(Decimal, counted))

    # What the shop's own records say.

    def is_new(self, order: Order, when: float) -> bool:
        """Whether money moved since counting began; what an import brings along is as old as it."""
        is_imported = order.processed is not None and when < order.created + 60
        return when >= self.began and not is_imported

    def received(self, order: Order) -> Decimal:
        signs = {"SALE": 1, "CAPTURE": 1, "CHANGE": -1}
        return sum(
            (
                payment.amount * signs[payment.kind]
                for payment in order.payments
                if payment.status == "SUCCESS" and self.is_new(order, payment.processed)
            ),
            Decimal(0),
        )

    def refunded(self, order: Order) -> Decimal:
        return sum(
            (
                refund.amount
                for refund in order.refunds
                if refund.status == "SUCCESS"
                and self.is_new(order, refund.processed or refund.created)
            ),
            Decimal(0),
        )

    @property
    def accounts(self) -> dict[str, list[Any]]:
        """What the ledger remembers of each order, by its id."""
        seen: dict[str, list[Any]] = self.shop.cursor.load()["ledger"]["seen"]
        return seen

    def own_total(self, currency: str = "GBP") -> Decimal:
        for order in self.room.orders.values():
            if self.is_shown(order):
                self.shown[order.id] = self.received(order) - self.refunded(order)
        orders = [
            order
            for order in self.room.orders.values()
            if not order.test and order.currency == currency
        ]
        return sum((self.shown.get(one.id, Decimal(0)) for one in orders), -self.lost[currency])

    def is_shown(self, order: Order) -> bool:
        return self.sees_all or order.created >= self.shop.clock.now() - 60 * 86_400

    @property
    def sees_all(self) -> bool:
        return "read_all_orders" in self.shop.shop.tokens.scopes

    def run(self) -> dict[str, float]:
        """Collect, until no order is left to read."""
        while True:
            report = asyncio.run(self.shop.collect("orders", **self.options))
            nothing_shown = not any(self.is_shown(order) for order in self.room.orders.values())
            assert report.degraded == [] or nothing_shown
            found = figures(report)
            for name, value in self.before.items():
                assert found[name] >= value or name.startswith("store_collector")
            self.before = found
            if not found["store_collector_backlog{orders}"]:
                return found

    def collect(self) -> None:
        found = self.run()
        total = found[REVENUE] - found[REFUNDS] - found[CORRECTIONS]
        assert round(total, 6) == float(self.own_total())


MOVES = (
    "create",
    "create_test",
    "import_old",
    "capture",
    "pay_with_change",
    "tip",
    "pay_pending",
    "write_down_old_payment",
    "edit_and_pay_the_rest",
    "lower",
    "refund",
    "settle",
    "bounce",
    "cancel",
    "fulfil",
    "delete",
)


PAGES: tuple[dict[str, Any], ...] = (
    {},
    {"page_size": 1, "max_pages": 2},
    {"page_size": 3, "max_pages": 1},
)
"""Options with which a collection takes several pages, and several runs."""


@pytest.mark.timeout(360)
@settings(max_examples=40, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(
    st.lists(st.tuples(st.sampled_from(MOVES), st.integers(0, 1000)), max_size=6),
    st.lists(
        st.tuples(st.sampled_from([*MOVES, "restart"]), st.integers(0, 1000), st.booleans()),
        max_size=20,
    ),
    st.sampled_from(PAGES),
)
def test_the_identity_holds_after_every_collection(
    earlier: list[tuple[str, Pick]],
    stream: list[tuple[str, Pick, bool]],
    options: dict[str, Any],
) -> None:
    life = begun(Life(**options), earlier)
    go_on(life, stream)


@pytest.mark.timeout(360)
@settings(max_examples=20, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(
    st.lists(
        st.tuples(
            st.sampled_from([move for move in MOVES if move != "delete"] + ["grow_old"]),
            st.integers(0, 1000),
            st.booleans(),
        ),
        max_size=20,
    ),
    st.sampled_from(PAGES),
)
def test_what_grows_too_old_for_the_app_stays_as_it_was_shown_last(
    stream: list[tuple[str, Pick, bool]], options: dict[str, int]
) -> None:
    life = begun(Life(sees_all=False, **options), [])
    go_on(life, stream)


def test_deletions_that_cannot_be_distinguished_from_age_are_reported() -> None:
    life = begun(Life(sees_all=False), [])
    life.room.orders.clear()
    report = asyncio.run(life.shop.collect("orders"))
    assert "look like old ones" in report.degraded[0]


def begun(life: Life, earlier: list[tuple[str, Pick]]) -> Life:
    """Let a shop live, and begin to count."""
    life.room.orders.clear()
    life.room.new_order("PENDING", lines=life.lines(0))
    life.began = life.shop.clock.now()
    for name, pick in earlier:
        if name != "delete":
            getattr(life, name)(pick)
    life.shop.clock.advance(60.0)
    life.room.new_order("PAID", lines=life.lines(0))
    life.run()
    life.began = life.shop.clock.now() + 1.0
    life.shop.clock.advance(60.0)
    for _ in range(2):
        life.run()
    return life


def go_on(life: Life, stream: list[tuple[str, Pick, bool]]) -> None:
    """Let it live on, and compare after each collection."""
    for name, pick, is_collected in stream:
        life.shop.clock.advance(30.0)
        if name == "restart":
            life.shop.restart()
            life.run()
        else:
            getattr(life, name)(pick)
        if is_collected or not life.sees_all:
            life.collect()
    life.collect()
