"""Revenue less refunds less corrections is what the shop's counted orders come to, at every moment.

Streams of what happens to orders are drawn, and after every collection the counters are compared
with the simulated shop's own records: what was received since the counting began, by the date of
each payment, less what was paid back.
"""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from store_demo.stores.shopify.records import Order, Payment, Refund
from tests.platforms.shopify.watching import Watched, figures, watched

YEAR = 365 * 86_400.0
REVENUE, REFUNDS, CORRECTIONS = (
    f"store_{name}_total{{GBP}}" for name in ("revenue", "refunds", "order_corrections")
)
Pick = int
"""A number that picks one of what is there."""


class Life:
    """A shop whose orders change, and what its counters should say."""

    def __init__(self) -> None:
        self.shop: Watched = watched()
        self.room = self.shop.shop.stock_room
        self.room.by_sku("SKU-010").quantity = 1_000_000
        self.began = 0.0
        self.lost = Decimal(0)
        """Refunds of deleted orders that were paid before the counting began, and never counted."""
        self.before: dict[str, float] = {}

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
        if moves := [*order.payments, *order.refunds]:
            self.room.settle(moves[pick % len(moves)], "FAILURE")

    def cancel(self, pick: Pick) -> None:
        if (order := self.order(pick)) is not None:
            self.room.cancel(order)

    def fulfil(self, pick: Pick) -> None:
        if (order := self.order(pick)) is not None:
            self.room.edit_order(order, fulfillment="FULFILLED")

    def delete(self, pick: Pick) -> None:
        if (order := self.order(pick)) is not None:
            self.room.delete(order)
            if not order.test and not self.was_counted(order):
                self.lost += self.refunded(order)

    # What the shop's own records say.

    def received(self, order: Order) -> Decimal:
        signs = {"SALE": 1, "CAPTURE": 1, "CHANGE": -1}
        return sum(
            (
                payment.amount * signs[payment.kind]
                for payment in order.payments
                if payment.status == "SUCCESS" and payment.processed >= self.began
            ),
            Decimal(0),
        )

    def refunded(self, order: Order) -> Decimal:
        return sum(
            (
                refund.amount
                for refund in order.refunds
                if refund.status == "SUCCESS" and (refund.processed or refund.created) >= self.began
            ),
            Decimal(0),
        )

    def was_counted(self, order: Order) -> bool:
        return f"{order.id}" in self.counted

    @property
    def counted(self) -> set[str]:
        """Ids of orders that the ledger has counted as paid."""
        seen = self.shop.cursor.load()["ledger"]["seen"]
        return {number for number, account in seen.items() if account[4] is not None}

    def own_total(self) -> Decimal:
        orders = [order for order in self.room.orders.values() if not order.test]
        return sum((self.received(one) - self.refunded(one) for one in orders), -self.lost)

    def collect(self) -> None:
        report = asyncio.run(self.shop.collect("orders"))
        found = figures(report)
        assert report.degraded == []
        for name, value in self.before.items():
            assert found[name] >= value or name.startswith("store_collector")
        self.before = found
        total = found[REVENUE] - found[REFUNDS] - found[CORRECTIONS]
        assert round(total, 6) == float(self.own_total())


MOVES = (
    "create",
    "create_test",
    "import_old",
    "capture",
    "pay_with_change",
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


@pytest.mark.timeout(120)
@settings(max_examples=40, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(
    st.lists(st.tuples(st.sampled_from(MOVES), st.integers(0, 1000)), max_size=6),
    st.lists(
        st.tuples(st.sampled_from([*MOVES, "restart"]), st.integers(0, 1000), st.booleans()),
        max_size=20,
    ),
)
def test_the_identity_holds_after_every_collection(
    earlier: list[tuple[str, Pick]], stream: list[tuple[str, Pick, bool]]
) -> None:
    life = Life()
    life.room.orders.clear()
    life.room.new_order("PENDING", lines=life.lines(0))
    life.began = life.shop.clock.now()
    for name, pick in earlier:
        if name != "delete":
            getattr(life, name)(pick)
    life.shop.clock.advance(60.0)
    life.room.new_order("PAID", lines=life.lines(0))
    asyncio.run(life.shop.collect("orders"))
    life.began = life.shop.clock.now() + 1.0
    life.shop.clock.advance(60.0)
    for _ in range(2):
        asyncio.run(life.shop.collect("orders"))
    for name, pick, is_collected in stream:
        life.shop.clock.advance(30.0)
        if name == "restart":
            life.shop.restart()
            asyncio.run(life.shop.collect("orders"))
        else:
            getattr(life, name)(pick)
        if is_collected:
            life.collect()
    life.collect()
