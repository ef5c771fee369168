"""What was before the counting began, or was forgotten since, counts by its dates."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from store_exporter.platforms.kit.order_book.accounts import CountedRefund
from store_exporter.platforms.kit.order_book.ledger import Ledger
from tests.platforms.kit.order_book.ledgers import BEGAN, money, order, saved_and_loaded


def test_a_refund_of_an_order_from_before_goes_with_it_to_another_currency() -> None:
    ledger = Ledger(BEGAN)
    old = order(created=BEGAN - 90, modified=BEGAN - 80, paid=BEGAN - 80)
    ledger.apply(old, count=False)
    refunded = replace(old, refunds=(CountedRefund("8", Decimal(4), BEGAN + 5),))
    ledger.apply(refunded)
    ledger.apply(replace(refunded, currency="EUR"))
    assert (money(ledger), money(ledger, "EUR")) == ((4, 4, 0), (0, 4, 0))


def test_the_total_of_an_order_from_before_the_counting_may_change_unnoticed() -> None:
    ledger = Ledger(BEGAN)
    old = order(created=BEGAN - 90, modified=BEGAN - 80, paid=BEGAN - 80)
    ledger.apply(old, count=False)
    ledger.apply(
        replace(old, total=Decimal(3), refunds=(CountedRefund("8", Decimal(1), BEGAN + 5),))
    )
    ledger.gone("1")
    assert money(ledger) == (0, 1, 0)


def test_the_starting_point_is_remembered_and_not_counted() -> None:
    ledger = Ledger(BEGAN)
    old = order(created=BEGAN - 90, modified=BEGAN, refunds=(CountedRefund("7", Decimal(1)),))
    ledger.apply(replace(old, paid=BEGAN + 60), count=False)
    assert ledger.counters.orders == {}
    ledger.apply(replace(old, status="completed", paid=BEGAN + 60))
    assert ledger.counters.orders == {"completed": 1}
    assert ledger.counters.paid == 0
    assert ledger.counters.refunds == {"GBP": Decimal(0)}


def test_an_old_order_that_is_not_remembered_counts_only_what_its_dates_prove() -> None:
    ledger = Ledger(BEGAN)
    ledger.apply(
        order(
            status="completed",
            created=BEGAN - 9_000,
            modified=BEGAN + 50,
            paid=BEGAN + 40,
            entered={"completed": BEGAN + 45},
            refunds=(
                CountedRefund("7", Decimal(1), BEGAN - 5),
                CountedRefund("8", Decimal(2), BEGAN + 5),
                CountedRefund("9", Decimal(4), BEGAN - 1),
            ),
        )
    )
    assert ledger.counters.orders == {"completed": 1}
    assert ledger.counters.revenue == {"GBP": Decimal("10.00")}
    assert ledger.counters.refunds == {"GBP": Decimal(2)}
    assert ledger.counters.corrections == {"GBP": Decimal(5)}


def test_an_old_order_edited_a_year_later_is_not_a_new_order() -> None:
    ledger = Ledger(BEGAN)
    ledger.apply(
        order(status="completed", created=BEGAN - 9_000, modified=BEGAN + 50, paid=BEGAN - 8_000)
    )
    assert ledger.counters.orders == {}
    assert ledger.counters.revenue == {"GBP": Decimal(0)}


def test_a_refund_without_a_date_on_an_old_order_waits_for_it_whether_remembered_or_not() -> None:
    old = order(created=BEGAN - 90, modified=BEGAN - 80, paid=BEGAN - 80)
    for remembered in (True, False):
        ledger = Ledger(BEGAN)
        ledger.newest = 70
        if remembered:
            ledger.apply(old, count=False)
        before, back, new = (CountedRefund(str(n), Decimal(n)) for n in (7, 71, 72))
        ledger.apply(replace(old, refunds=(before, back, new)))
        ledger = saved_and_loaded(ledger)
        assert (money(ledger), ledger.undated) == ((0, 0, 0), {"1": BEGAN})
        dated = [replace(back, created=BEGAN - 9), replace(new, created=BEGAN + 9)]
        for _ in range(2):
            ledger.date_refunds("1", dated)
            ledger.apply(replace(old, refunds=(before, back, new)))
            assert (money(ledger), ledger.undated) == ((0, 72, 0), {})


def test_refunds_from_before_the_counting_need_no_date() -> None:
    ledger = Ledger(BEGAN)
    ledger.newest = 70
    ledger.apply(
        order(created=BEGAN - 90, paid=BEGAN - 80, refunds=(CountedRefund("7", Decimal(1)),))
    )
    assert (money(ledger), ledger.undated) == ((0, 0, 0), {})


def test_a_forgotten_order_is_not_counted_again() -> None:
    ledger = Ledger(BEGAN, limit=10)
    for number in range(30):
        ledger.apply(order(number, created=BEGAN + number, modified=BEGAN + number))
        ledger.forget(before=BEGAN + 1_000)
    assert len(ledger) <= 10
    assert not ledger.remembers("0")
    assert ledger.counters.orders == {"pending": 30}
    ledger.apply(order(0, created=BEGAN, modified=BEGAN + 500))
    assert ledger.counters.orders == {"pending": 30}


def test_what_happens_to_a_forgotten_order_later_counts_by_its_date() -> None:
    ledger = Ledger(BEGAN, limit=2)
    for number in range(5):
        ledger.apply(order(number, created=BEGAN + number, modified=BEGAN + number))
    ledger.forget(before=BEGAN + 1_000)
    ledger.apply(order(0, status="processing", created=BEGAN, modified=BEGAN + 9, paid=BEGAN + 9))
    assert ledger.counters.paid == 1


def test_orders_that_may_be_read_again_are_kept_up_to_the_hard_limit() -> None:
    ledger = Ledger(BEGAN, limit=10)
    for number in range(35):
        ledger.apply(order(number))
    ledger.forget(before=BEGAN)
    assert len(ledger) == 35
    for number in range(35, 60):
        ledger.apply(order(number))
    ledger.forget(before=BEGAN)
    assert len(ledger) == 40


def test_a_first_walk_counts_an_order_created_before_what_was_forgotten() -> None:
    ledger = Ledger(BEGAN, walk_end=BEGAN + 1_000, limit=2)
    for number in range(5):
        ledger.apply(order(number, created=BEGAN + 50 + number, modified=BEGAN + 50 + number))
    ledger.forget(before=BEGAN + 1_000)
    assert ledger.horizon > BEGAN + 50
    ledger.apply(order(99, created=BEGAN + 1, modified=BEGAN + 900))
    assert ledger.counters.orders == {"pending": 6}


@pytest.mark.parametrize("known", [True, False])
def test_a_refund_of_a_counted_order_with_a_date_from_before_is_a_correction(known: bool) -> None:
    ledger = Ledger(BEGAN)
    old = order(created=BEGAN - 900, refunds=(CountedRefund("7", Decimal(3), BEGAN - 500),))
    if known:
        # Paid back before it was paid, as the dates have it.
        ledger.apply(old)
        assert ledger.counters.corrections == {"GBP": 0}
    for total in (10, 10, 12):
        paid = replace(old, paid=BEGAN + 20, modified=BEGAN + 20, total=Decimal(total))
        ledger.apply(paid)
    assert ledger.counters.revenue == {"GBP": 12}
    assert ledger.counters.refunds == {"GBP": 0}
    assert ledger.counters.corrections == {"GBP": 3}


def test_a_refund_whose_date_was_requested_is_a_correction_at_once() -> None:
    ledger = Ledger(BEGAN)
    found = order(created=BEGAN - 900, paid=BEGAN + 20, refunds=(CountedRefund("7", Decimal(3)),))
    ledger.apply(found)
    assert ledger.undated.keys() == {found.id}
    for _ in range(2):
        ledger.date_refunds(found.id, [CountedRefund("7", Decimal(3), BEGAN - 500)])
        ledger.apply(found)
        assert not ledger.undated
        assert (ledger.counters.revenue, ledger.counters.refunds) == ({"GBP": 10}, {"GBP": 0})
        assert ledger.counters.corrections == {"GBP": 3}


def test_a_refund_of_an_order_from_before_that_fails_after_all_is_revenue() -> None:
    ledger = Ledger(BEGAN)
    old = order(created=BEGAN - 90, modified=BEGAN - 80, paid=BEGAN - 80)
    ledger.apply(old, count=False)
    refund = CountedRefund("8", Decimal(4), BEGAN + 5)
    ledger.apply(replace(old, refunds=(refund,)))
    assert money(ledger) == (0, 4, 0)
    ledger.apply(old)
    assert money(ledger) == (4, 4, 0)
    ledger.apply(replace(old, refunds=(refund,)))
    assert money(ledger) == (4, 8, 0)
