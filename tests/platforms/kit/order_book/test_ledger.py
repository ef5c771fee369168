from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from store_exporter.platforms.kit.order_book.accounts import CountedRefund, Payment
from store_exporter.platforms.kit.order_book.counters import (
    MAX_CURRENCIES,
    MAX_METHODS,
    remember_shown,
)
from store_exporter.platforms.kit.order_book.ledger import Ledger
from tests.platforms.kit.order_book.ledgers import BEGAN, money, order, saved_and_loaded


def test_an_order_read_twice_counts_once() -> None:
    ledger = Ledger(BEGAN)
    ledger.apply(order(paid=BEGAN + 11))
    ledger.apply(order(paid=BEGAN + 11))
    assert ledger.counters.orders == {"pending": 1}
    assert ledger.counters.paid == 1
    assert ledger.counters.revenue == {"GBP": Decimal("10.00")}


def test_payments_that_succeed_and_that_fail_count_once_by_their_method() -> None:
    ledger = Ledger(BEGAN)
    ledger.apply(order(id="1", status="failed", method="stripe"))
    ledger.apply(order(id="1", status="failed", method="stripe"))
    ledger.apply(order(id="1", status="processing", paid=BEGAN + 20, method="stripe"))
    ledger.apply(order(id="2", status="processing", paid=BEGAN + 20, method="paypal"))
    ledger.apply(order(id="3", status="failed"))
    expected = {"stripe": {"paid": 1, "failed": 1}, "paypal": {"paid": 1, "failed": 0}}
    assert ledger.counters.payments == expected
    assert saved_and_loaded(ledger).counters.payments == expected


def test_payment_methods_beyond_the_sixteenth_are_one() -> None:
    ledger = Ledger(BEGAN)
    for number in range(MAX_METHODS + 5):
        ledger.apply(order(id=str(number), status="failed", method=f"gateway{number}"))
    assert len(ledger.counters.payments) == MAX_METHODS + 1
    assert ledger.counters.payments["other"] == {"paid": 0, "failed": 5}


def test_a_ledger_of_before_payments_were_counted_goes_on() -> None:
    ledger = Ledger(BEGAN)
    ledger.apply(order(paid=BEGAN + 11, method="stripe"))
    document = ledger.to_document()
    del document["payments"]
    assert Ledger.from_document(document).counters.payments == {}


def test_each_status_an_order_enters_counts_once_even_when_it_goes_back_and_forth() -> None:
    ledger = Ledger(BEGAN)
    for status in ("pending", "processing", "pending", "processing", "completed"):
        ledger.apply(order(status=status))
    assert ledger.counters.orders == {"pending": 1, "processing": 1, "completed": 1}


def test_revenue_counts_when_an_order_is_first_paid_and_stays_when_it_is_cancelled() -> None:
    ledger = Ledger(BEGAN)
    ledger.apply(order())
    assert ledger.counters.revenue == {"GBP": Decimal(0)}
    ledger.apply(order(status="processing", paid=BEGAN + 20))
    ledger.apply(order(status="cancelled", paid=None))
    ledger.apply(order(status="processing", paid=BEGAN + 40))
    assert ledger.counters.revenue == {"GBP": Decimal("10.00")}
    assert ledger.counters.corrections == {"GBP": Decimal(0)}


def test_what_is_added_to_a_paid_order_is_revenue_and_what_it_loses_a_correction() -> None:
    ledger = Ledger(BEGAN)
    ledger.apply(order(paid=BEGAN + 20))
    ledger.apply(order(paid=BEGAN + 20, total=Decimal(25)))
    assert money(ledger) == (25, 0, 0)
    ledger.apply(order(paid=BEGAN + 20, total=Decimal(19)))
    assert money(ledger) == (25, 0, 6)
    ledger.apply(order(paid=BEGAN + 20, total=Decimal(20)))
    assert money(ledger) == (26, 0, 6)
    assert ledger.counters.paid == 1


def test_a_number_that_is_used_again_after_a_loss_is_another_order() -> None:
    ledger = Ledger(BEGAN)
    refund = CountedRefund("9", Decimal(4), BEGAN + 12)
    ledger.apply(order(paid=BEGAN + 11, modified=BEGAN + 12, refunds=(refund,)))
    ledger.gone("1")
    assert money(ledger) == (10, 4, 6)
    ledger.apply(order(created=BEGAN + 20, modified=BEGAN + 20, total=Decimal(7)))
    assert (money(ledger), ledger.counters.paid, ledger.counters.orders) == (
        (10, 4, 6),
        1,
        {"pending": 2},
    )
    ledger.apply(order(created=BEGAN + 20, paid=BEGAN + 21, total=Decimal(7)))
    assert (money(ledger), ledger.counters.paid) == ((17, 4, 6), 2)


def test_an_order_that_is_gone_loses_what_was_left_of_it_and_gains_it_back_when_restored() -> None:
    ledger = Ledger(BEGAN)
    sold = order(paid=BEGAN + 20, refunds=(CountedRefund("7", Decimal(4)),))
    ledger.apply(sold)
    ledger.gone("1")
    ledger.gone("1")
    assert (money(ledger), ledger.is_gone("1")) == ((10, 4, 6), True)
    ledger = saved_and_loaded(ledger)
    ledger.apply(sold)
    assert (money(ledger), ledger.is_gone("1")) == ((16, 4, 6), False)
    assert ledger.counters.paid == 1


def test_an_order_that_was_never_paid_goes_without_a_correction() -> None:
    ledger = Ledger(BEGAN)
    ledger.apply(order())
    ledger.gone("1")
    assert money(ledger) == (0, 0, 0)


def test_a_refund_of_an_order_that_was_never_paid_goes_and_comes_with_it() -> None:
    ledger = Ledger(BEGAN)
    refunded = order(refunds=(CountedRefund("7", Decimal(4)),))
    ledger.apply(refunded)
    ledger.gone("1")
    assert money(ledger) == (4, 4, 0)
    ledger.apply(refunded)
    assert money(ledger) == (4, 8, 0)
    ledger.apply(replace(refunded, currency="EUR"))
    assert (money(ledger), money(ledger, "EUR")) == ((8, 8, 0), (0, 4, 0))
    ledger.apply(replace(refunded, currency="EUR", paid=BEGAN + 30))
    assert money(ledger, "EUR") == (10, 4, 0)


def test_a_refund_that_grows_while_it_is_processed_counts_the_difference() -> None:
    ledger = Ledger(BEGAN)
    for amount in (0, 3, 3):
        ledger.apply(order(paid=BEGAN + 20, refunds=(CountedRefund("7", Decimal(amount)),)))
    assert money(ledger) == (10, 3, 0)


def test_money_of_a_deleted_refund_belongs_to_the_order_again() -> None:
    ledger = Ledger(BEGAN)
    ledger.apply(order(paid=BEGAN + 20, refunds=(CountedRefund("7", Decimal(4)),)))
    ledger.apply(order(paid=BEGAN + 20))
    assert money(ledger) == (14, 4, 0)


def test_payments_of_their_own_add_up_and_only_those_since_the_counting_began() -> None:
    ledger = Ledger(BEGAN)
    first, second = Payment(Decimal(6), BEGAN - 50), Payment(Decimal(4), BEGAN + 20)
    old = order(created=BEGAN - 60, paid=BEGAN - 50, payments=(first,))
    ledger.apply(old)
    assert (money(ledger), ledger.counters.paid) == ((0, 0, 0), 0)
    for _ in range(2):
        ledger.apply(replace(old, payments=(first, second)))
        assert (money(ledger), ledger.counters.paid) == ((4, 0, 0), 1)


def test_an_order_that_changes_its_currency_leaves_nothing_in_the_old_one() -> None:
    ledger = Ledger(BEGAN)
    sold = order(paid=BEGAN + 20, refunds=(CountedRefund("7", Decimal(4)),))
    ledger.apply(sold)
    ledger.apply(replace(sold, currency="EUR", total=Decimal(12)))
    assert money(ledger) == (10, 4, 6)
    assert money(ledger, "EUR") == (12, 4, 0)
    assert ledger.counters.paid == 1


def test_a_total_below_zero_is_a_correction() -> None:
    ledger = Ledger(BEGAN)
    ledger.apply(order(paid=BEGAN + 20, total=Decimal(-5)))
    assert (money(ledger), ledger.counters.paid) == ((0, 0, 5), 1)


def test_unpaid_orders_are_read_again_first_and_then_the_longest_unread() -> None:
    ledger = Ledger(BEGAN)
    for number in range(6):
        ledger.apply(order(number, paid=None if number == 5 else BEGAN + 20))
    ledger.apply(order(0, paid=BEGAN + 20))
    assert ledger.longest_unread(3) == ["5", "1", "2"]
    assert set(ledger.longest_unread(100)) == {"0", "1", "2", "3", "4", "5"}


def test_a_refund_after_payment_counts_once_and_a_second_one_adds() -> None:
    ledger = Ledger(BEGAN)
    first, second = CountedRefund("7", Decimal("2.50")), CountedRefund("8", Decimal("1.25"))
    ledger.apply(order(status="completed", paid=BEGAN + 20))
    ledger.apply(order(status="completed", paid=BEGAN + 20, refunds=(first,)))
    ledger.apply(order(status="completed", paid=BEGAN + 20, refunds=(second, first)))
    assert ledger.counters.refunds == {"GBP": Decimal("3.75")}


def test_a_refund_that_is_deleted_and_replaced_counts_as_two() -> None:
    ledger = Ledger(BEGAN)
    ledger.apply(order(refunds=(CountedRefund("7", Decimal(2)),)))
    ledger.apply(order(refunds=()))
    ledger.apply(order(refunds=(CountedRefund("9", Decimal(2)),)))
    assert ledger.counters.refunds == {"GBP": Decimal(4)}


def test_currencies_are_kept_apart_and_begin_at_zero() -> None:
    ledger = Ledger(BEGAN)
    ledger.apply(order(1, paid=BEGAN + 20))
    ledger.apply(order(2, currency="EUR"))
    assert ledger.counters.revenue == {"GBP": Decimal("10.00"), "EUR": Decimal(0)}
    assert ledger.counters.refunds == {"GBP": Decimal(0), "EUR": Decimal(0)}


def test_money_in_one_currency_too_many_is_left_out_and_said_so() -> None:
    ledger = Ledger(BEGAN)
    for number in range(MAX_CURRENCIES + 2):
        ledger.apply(order(number, currency=f"C{number:02}", paid=BEGAN + 20))
    assert len(ledger.counters.revenue) == MAX_CURRENCIES
    assert ledger.counters.overflow == 2
    assert ledger.counters.paid == MAX_CURRENCIES + 2


def test_a_ledger_survives_its_document() -> None:
    ledger = Ledger(BEGAN, limit=100)
    ledger.apply(order(1, paid=BEGAN + 11, refunds=(CountedRefund("7", Decimal("0.10")),)))
    ledger.apply(order(2, status="failed", currency="JPY"))
    copy = saved_and_loaded(ledger)
    assert copy.to_document() == ledger.to_document()
    copy.apply(order(1, paid=BEGAN + 11, refunds=(CountedRefund("7", Decimal("0.10")),)))
    copy.apply(order(2, status="failed", currency="JPY"))
    assert copy.to_document() == ledger.to_document()


@pytest.mark.parametrize(
    "change",
    [
        {"seen": None},
        {"seen": 3},
        {"orders": []},
        {"revenue": {"GBP": "much"}},
        {"began": None},
        {"statuses": 1},
        {"revenue": {"GBP": "NaN"}},
        {"refunds": {"GBP": "-1"}},
        {"undated": [["116", 0]]},
        *({"seen": {"115": account}} for account in (None, [], 7, "x", [1] * 5, [1, 0, 0, 0])),
        {"seen": {"115": [1, 0, 0, 0, "much"]}},
        {"seen": {"115": [1, 0, 0, 5, "1"]}},
        {"seen": {"115": [1, 0, 0, 0, "1", "7"]}},
        {"seen": {"115": [1, 0, 0, 0, "1", 7, None]}},
        {"seen": {"115": [1, None, 0, 0, "1", "7", None]}},
    ],
)
def test_a_document_that_is_not_a_ledger_is_refused(change: dict[str, object]) -> None:
    ledger = Ledger(BEGAN)
    ledger.apply(order(115))
    with pytest.raises(ValueError, match="not a ledger"):
        Ledger.from_document(ledger.to_document() | change)
    with pytest.raises(ValueError, match="not a ledger"):
        Ledger.from_document({})


def test_a_large_memory_stays_small_on_disk() -> None:
    ledger = Ledger(1_795_436_456)
    for number in range(10_000):
        ledger.apply(
            order(
                1_000_000 + number,
                created=1_795_436_456 + number,
                modified=1_795_436_456 + number,
                paid=1_795_436_457,
            )
        )
    assert len(json.dumps(ledger.to_document(), separators=(",", ":"))) < 450_000


def befores(ledger: Ledger, memory: dict[str, Any]) -> dict[str, float | None]:
    """What scrapers that do not know the counters are shown first."""
    samples = ledger.counters.samples(["pending", "completed"], memory)
    return {
        "".join((sample.metric.name, *sample.labels.values())): sample.before for sample in samples
    }


def test_counters_begin_at_zero_where_counting_began_in_this_process() -> None:
    memory: dict[str, Any] = {}
    remember_shown(memory, None)
    ledger = Ledger(BEGAN)
    ledger.apply(order(paid=BEGAN + 11))
    assert befores(ledger, memory) == {
        "store_orders_totalpending": 0,
        "store_orders_totalcompleted": 0,
        "store_orders_paid_total": 0,
        "store_revenue_totalGBP": 0,
        "store_refunds_totalGBP": 0,
        "store_order_corrections_totalGBP": 0,
    }


def test_counters_begin_with_what_was_restored_and_then_with_what_was_shown_last() -> None:
    ledger = Ledger(BEGAN)
    ledger.apply(order(paid=BEGAN + 11))
    ledger = saved_and_loaded(ledger)
    memory: dict[str, Any] = {}
    remember_shown(memory, ledger.counters)
    # A run that saved what it counted and then failed has shown nothing.
    ledger.apply(order(2, paid=BEGAN + 12))
    remember_shown(memory, saved_and_loaded(ledger).counters)
    ledger.apply(order(3, "completed", paid=BEGAN + 13))
    found = befores(ledger, memory)
    assert (found["store_orders_paid_total"], found["store_revenue_totalGBP"]) == (1, 10)
    assert (found["store_orders_totalpending"], found["store_orders_totalcompleted"]) == (1, 0)
    remember_shown(memory, saved_and_loaded(ledger).counters)
    ledger.apply(order(4, paid=BEGAN + 14))
    assert befores(ledger, memory)["store_orders_paid_total"] == 3
