"""Payments and refunds come to what the platform says of the order."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from store_exporter.platforms.kit.order_book.accounts import CountedRefund, Payment
from store_exporter.platforms.kit.order_book.settling import settled_payments, settled_refunds

AMOUNTS = st.lists(st.integers(0, 10_000).map(Decimal), max_size=4)


@given(AMOUNTS, st.integers(0, 50_000).map(Decimal))
def test_payments_come_to_what_was_received(amounts: list[Decimal], received: Decimal) -> None:
    payments = [Payment(amount, 100 + place) for place, amount in enumerate(amounts)]
    found = settled_payments(payments, received, is_paid=True, processed=50)
    assert sum(payment.amount for payment in found) == received
    assert found[-1].when == (100 + len(amounts) - 1 if amounts else 50)


def test_an_order_for_nothing_is_paid_with_nothing_and_an_unpaid_one_not_at_all() -> None:
    assert settled_payments([], Decimal(0), is_paid=True, processed=7) == [Payment(Decimal(0), 7)]
    assert settled_payments([], Decimal(0), is_paid=False, processed=7) == []


@given(AMOUNTS, st.integers(0, 50_000).map(Decimal), st.integers(0, 100).map(Decimal))
def test_refunds_come_to_what_was_paid_back_but_for_what_is_pending(
    amounts: list[Decimal], refunded: Decimal, pending: Decimal
) -> None:
    refunds = [CountedRefund(str(n), amount, n) for n, amount in enumerate(amounts)]
    found = settled_refunds(refunds, refunded, others=pending, when=9)
    total = sum((refund.amount for refund in found), Decimal(0))
    assert max(refunded - pending, Decimal(0)) <= total <= refunded
    assert all(refund.amount >= 0 for refund in found)


def test_what_was_refunded_less_is_taken_from_the_latest_refund() -> None:
    refunds = [CountedRefund("1", Decimal(10), 1), CountedRefund("2", Decimal(10), 2)]
    found = settled_refunds(refunds, Decimal(15), others=Decimal(0), when=9)
    assert {refund.id: refund.amount for refund in found} == {"1": Decimal(10), "2": Decimal(5)}
