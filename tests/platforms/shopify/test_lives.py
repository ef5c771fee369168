"""Lives of orders, step by step: after each the counters say what Shopify's own totals say.

A step is an order as Shopify shows it then: its transactions so far, what it calls received and
refunded, and what else it shows. Revenue less refunds less corrections is the former less the
latter, which Shopify calls the net payment. The shapes are those of orders in public fixtures of
apps, of Shopify's documentation, and of threads about orders that apps synchronised wrongly.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from itertools import cycle
from typing import Any

import pytest

from tests.platforms.shopify.handwritten import Node, bag, handwritten, iso, move, order
from tests.platforms.shopify.watching import figures

Move = tuple[str, ...]
"""Kind, amount, and how it ended if that is not success; a gateway if it is not the usual one."""


@dataclass(frozen=True)
class Step:
    """An order at one moment of its life.

    Attributes:
        received: what Shopify calls the total received.
        refunded: what it calls the total refunded.
        moves: its transactions; those of the steps before come first and may have ended since.
        status: financial, by Shopify.
        members: what else is special.
        counted: of the net payment, where not all of it is new since the counting began.
    """

    received: str
    refunded: str
    moves: tuple[Move, ...]
    status: str = "PAID"
    members: Node = field(default_factory=dict)
    counted: str | None = None


def step(received: str, refunded: str, *moves: Move, status: str = "PAID", **members: Any) -> Step:
    counted = members.pop("counted", None)
    return Step(received, refunded, moves, status, members, counted)


def sale(amount: str, ended: str = "SUCCESS", gateway: str = "shopify_payments") -> Move:
    return ("SALE", amount, ended, gateway)


def auth(amount: str, ended: str = "SUCCESS") -> Move:
    return ("AUTHORIZATION", amount, ended)


def capture(amount: str, ended: str = "SUCCESS") -> Move:
    return ("CAPTURE", amount, ended)


def back(amount: str, ended: str = "SUCCESS", gateway: str = "shopify_payments") -> Move:
    return ("REFUND", amount, ended, gateway)


def void(amount: str) -> Move:
    return ("VOID", amount)


PART, FULL, LESS = "PARTIALLY_REFUNDED", "REFUNDED", "PARTIALLY_PAID"
CANCELLED = {"cancelledAt": "now"}


def total(amount: str) -> Node:
    return {"totalPriceSet": amount}


LIVES: dict[str, tuple[Step, ...]] = {
    # Paid at once.
    "a card": (step("100", "0", sale("100")),),
    "a card that was declined twice first": (
        step("100", "0", sale("100", "FAILURE"), sale("100", "ERROR"), sale("100")),
    ),
    "nothing to pay": (step("0", "0", **total("0")),),
    "free by a discount, and later one line more": (
        step("0", "0", **total("0")),
        step("0", "0", status=LESS, **total("20")),
        step("20", "0", sale("20"), **total("20")),
    ),
    "a tip": (step("112.50", "0", sale("112.50"), **total("112.50")),),
    "a tip that is added at the counter later": (
        step("100", "0", sale("100")),
        step("115", "0", sale("100"), sale("15"), **total("115")),
    ),
    "duties and import taxes": (step("143.20", "0", sale("143.20"), **total("143.20")),),
    "an additional fee": (step("104.99", "0", sale("104.99"), **total("104.99")),),
    "a gift card that is sold": (step("50", "0", sale("50"), **total("50")),),
    "a gift card that pays all": (step("100", "0", sale("100", gateway="gift_card")),),
    "two gift cards and a card": (
        step("310", "0", sale("150", gateway="gift_card"), sale("150", gateway="gift_card"),
             sale("10"), **total("310")),
    ),
    "a gift card and a card, the card declined at first": (
        step("0", "0", sale("30", "PENDING", "gift_card"), sale("70", "FAILURE"), status="PENDING"),
        step("100", "0", sale("30", gateway="gift_card"), sale("70", "FAILURE"), sale("70")),
    ),
    "fifty-five gift cards": (
        step("8250", "0", *[sale("150", gateway="gift_card")] * 55, **total("8250")),
    ),
    "store credit": (step("100", "0", sale("100", gateway="shopify_store_credit")),),
    "a refund as store credit": (
        step("100", "0", sale("100")),
        step("100", "100", sale("100"), back("100", gateway="shopify_store_credit"), status=FULL),
    ),
    "a refund to a gift card": (
        step("100", "0", sale("100", gateway="gift_card")),
        step("100", "25", sale("100", gateway="gift_card"), back("25", gateway="gift_card"),
             status=PART),
    ),
    # Authorised first.
    "authorised and captured": (
        step("0", "0", auth("100"), status="AUTHORIZED"),
        step("100", "0", auth("100"), capture("100")),
    ),
    "captured in three parts": (
        step("0", "0", auth("100"), status="AUTHORIZED"),
        step("40", "0", auth("100"), capture("40"), status=LESS),
        step("70", "0", auth("100"), capture("40"), capture("30"), status=LESS),
        step("100", "0", auth("100"), capture("40"), capture("30"), capture("30")),
    ),
    "authorised and voided, which moves nothing": (
        step("0", "0", auth("100"), status="AUTHORIZED"),
        step("0", "0", auth("100"), void("0"), status="VOIDED"),
    ),
    "captured in part, and the rest voided": (
        step("0", "0", auth("100"), status="AUTHORIZED"),
        step("60", "0", auth("100"), capture("60"), void("40"), status=LESS),
    ),
    "an authorisation that is voided": (
        step("0", "0", auth("100"), status="AUTHORIZED"),
        step("0", "0", auth("100"), void("100"), status="VOIDED"),
    ),
    "an authorisation that expires": (
        step("0", "0", auth("100"), status="AUTHORIZED"),
        step("0", "0", auth("100"), status="EXPIRED"),
    ),
    "an authorisation that expires, and is replaced": (
        step("0", "0", auth("100"), status="EXPIRED"),
        step("100", "0", auth("100"), auth("100"), capture("100")),
    ),
    "a capture that fails, and one that does not": (
        step("0", "0", auth("100"), capture("100", "FAILURE"), status="AUTHORIZED"),
        step("100", "0", auth("100"), capture("100", "FAILURE"), capture("100")),
    ),
    "a capture that is pending, and then fails": (
        step("0", "0", auth("100"), capture("100", "PENDING"), status="AUTHORIZED"),
        step("0", "0", auth("100"), capture("100", "FAILURE"), status="AUTHORIZED"),
    ),
    "a card reader": (
        step("0", "0", ("EMV_AUTHORIZATION", "100"), status="AUTHORIZED"),
        step("100", "0", ("EMV_AUTHORIZATION", "100"), capture("100")),
    ),
    "a refund by voiding the authorisation after capture": (
        step("50.94", "0", auth("50.94"), capture("50.94"), **total("50.94")),
        step("50.94", "50.94", auth("50.94"), capture("50.94"), back("50.94"), status=FULL,
             **total("50.94"), **CANCELLED),
    ),
    # Pending first.
    "a bank transfer that arrives": (
        step("0", "0", sale("100", "PENDING", "manual"), status="PENDING"),
        step("100", "0", sale("100", "PENDING", "manual"), sale("100", gateway="manual")),
    ),
    "a bank transfer that never arrives": (
        step("0", "0", sale("100", "PENDING", "manual"), status="PENDING"),
        step("0", "0", sale("100", "PENDING", "manual"), status="VOIDED", **CANCELLED),
    ),
    "a wallet that takes a day": (
        step("0", "0", sale("100", "AWAITING_RESPONSE"), status="PENDING"),
        step("0", "0", sale("100", "PENDING"), status="PENDING"),
        step("100", "0", sale("100")),
    ),
    "a debit that succeeds and is returned by the bank": (
        step("100", "0", sale("100")),
        step("0", "0", sale("100", "FAILURE"), status="PENDING"),
        step("100", "0", sale("100", "FAILURE"), sale("100", gateway="manual")),
    ),
    "cash on delivery": (
        step("0", "0", sale("100", "PENDING", "Cash on Delivery (COD)"), status="PENDING"),
        step("100", "0", sale("100", "PENDING", "Cash on Delivery (COD)"),
             sale("100", gateway="Cash on Delivery (COD)"),
             displayFulfillmentStatus="FULFILLED"),
    ),
    "cash on delivery that is refused at the door": (
        step("0", "0", sale("100", "PENDING", "cod"), status="PENDING"),
        step("0", "0", sale("100", "PENDING", "cod"), status="PENDING", **CANCELLED),
    ),
    "terms of thirty days, paid in two parts": (
        step("0", "0", status="PENDING", **total("2400")),
        step("1000", "0", sale("1000", gateway="manual"), status=LESS, **total("2400")),
        step("2400", "0", sale("1000", gateway="manual"), sale("1400", gateway="manual"),
             **total("2400")),
    ),
    "a deposit, and the rest on delivery": (
        step("30", "0", sale("30"), status=LESS),
        step("100", "0", sale("30"), sale("70")),
    ),
    "a deposit that is paid back": (
        step("30", "0", sale("30"), status=LESS),
        step("30", "30", sale("30"), back("30"), status=FULL, **CANCELLED),
    ),
    "a preorder by a stored card that is charged later": (
        step("0", "0", status="PENDING"),
        step("0", "0", sale("100", "FAILURE"), status="PENDING"),
        step("100", "0", sale("100", "FAILURE"), sale("100")),
    ),
    "a draft that is completed as paid": (step("100", "0", sale("100", gateway="manual")),),
    "a draft that is completed as unpaid": (
        step("0", "0", sale("100", "PENDING", "manual"), status="PENDING"),
        step("100", "0", sale("100", "PENDING", "manual"), sale("100")),
    ),
    # Paid back.
    "a refund of one line": (
        step("100", "0", sale("100")),
        step("100", "40", sale("100"), back("40"), status=PART),
    ),
    "refunds in four parts": (
        step("100", "0", sale("100")),
        step("100", "10", sale("100"), back("10"), status=PART),
        step("100", "30", sale("100"), back("10"), back("20"), status=PART),
        step("100", "60", sale("100"), back("10"), back("20"), back("30"), status=PART),
        step("100", "100", sale("100"), back("10"), back("20"), back("30"), back("40"),
             status=FULL),
    ),
    "a refund of the delivery alone": (
        step("109.98", "0", sale("109.98"), **total("109.98")),
        step("109.98", "9.98", sale("109.98"), back("9.98"), status=PART, **total("109.98")),
    ),
    "a refund without lines": (
        step("100", "0", sale("100")),
        step("100", "5.85", sale("100"), back("5.85"), status=PART),
    ),
    "more paid back than was paid": (
        step("100", "0", sale("100")),
        step("100", "110", sale("100"), back("110"), status=FULL),
    ),
    "goods put back and nothing paid back": (
        step("100", "0", sale("100")),
        step("100", "0", sale("100"), displayFulfillmentStatus="RESTOCKED"),
    ),
    "a refund that is pending, then succeeds": (
        step("100", "0", sale("100")),
        step("100", "0", sale("100"), back("40", "PENDING")),
        step("100", "40", sale("100"), back("40"), status=PART),
    ),
    "a refund that is pending, then fails, then is made by hand": (
        step("100", "0", sale("100"), back("40", "PENDING")),
        step("100", "0", sale("100"), back("40", "FAILURE")),
        step("100", "40", sale("100"), back("40", "FAILURE"), back("40", gateway="manual"),
             status=PART),
    ),
    "a refund that succeeded and comes back": (
        step("100", "40", sale("100"), back("40"), status=PART),
        step("100", "0", sale("100"), back("40", "FAILURE")),
    ),
    "a refund over two gateways": (
        step("100", "0", sale("30", gateway="gift_card"), sale("70")),
        step("100", "100", sale("30", gateway="gift_card"), sale("70"),
             back("30", gateway="gift_card"), back("70"), status=FULL),
    ),
    "a refund in the shop's currency at another day's rate": (
        step("133.70", "0", sale("133.70"), **total("133.70")),
        step("133.70", "133.70", sale("133.70"), back("131.02"), status=FULL, **total("133.70")),
    ),
    "what was received at another day's rate than captured": (
        step("0", "0", auth("133.70"), status="AUTHORIZED", **total("133.70")),
        step("132.11", "0", auth("133.70"), capture("131.95"), **total("133.70")),
    ),
    "cancelled and paid back": (
        step("100", "0", sale("100")),
        step("100", "100", sale("100"), back("100"), status=FULL, **CANCELLED),
    ),
    "cancelled, and paid back a week later": (
        step("100", "0", sale("100")),
        step("100", "0", sale("100"), **CANCELLED),
        step("100", "100", sale("100"), back("100"), status=FULL, **CANCELLED),
    ),
    "cancelled for fraud before it was captured": (
        step("0", "0", auth("100"), status="AUTHORIZED"),
        step("0", "0", auth("100"), void("100"), status="VOIDED", **CANCELLED),
    ),
    # Edited.
    "lines added and paid for": (
        step("100", "0", sale("100")),
        step("100", "0", sale("100"), status=LESS, **total("150")),
        step("150", "0", sale("100"), sale("50"), **total("150")),
    ),
    "an upsell after the purchase": (
        step("100", "0", auth("100"), capture("100")),
        step("129", "0", auth("100"), capture("100"), auth("29"), capture("29"), **total("129")),
    ),
    "lines removed and paid back": (
        step("100", "0", sale("100")),
        step("100", "0", sale("100")),
        step("100", "60", sale("100"), back("60"), status=PART),
    ),
    "lines removed before it is paid": (
        step("0", "0", status="PENDING"),
        step("0", "0", status="PENDING", fullyPaid=False),
        step("60", "0", sale("60"), fullyPaid=True),
    ),
    "lines replaced by dearer ones, and the rest waived": (
        step("100", "0", sale("100")),
        step("100", "0", sale("100"), status=LESS, **total("120")),
        step("100", "0", sale("100"), **total("100")),
    ),
    "archived, and opened again": (
        step("100", "0", sale("100"), closedAt="now"),
        step("100", "0", sale("100")),
    ),
    # Returned.
    "an exchange for something dearer": (
        step("100", "0", sale("100")),
        step("100", "0", sale("100"), status=LESS, **total("130")),
        step("130", "0", sale("100"), sale("30"), **total("130")),
    ),
    "an exchange for something cheaper": (
        step("100", "0", sale("100")),
        step("100", "20", sale("100"), back("20"), status=PART),
    ),
    "a partial refund, then an exchange for something cheaper that is in the total": (
        step("1000", "0", sale("1000"), **total("1000")),
        step("1000", "500", sale("1000"), back("500"), status=PART, **total("1000")),
        step("1000", "665", sale("1000"), back("500"), back("165"), status=PART, **total("1085")),
    ),
    "an exchange for the same": (
        step("100", "0", sale("100")),
        step("100", "0", sale("100"), **total("200")),
    ),
    "a return that is opened, and paid back less a fee": (
        step("100", "0", sale("100"), displayFulfillmentStatus="FULFILLED"),
        step("100", "95", sale("100"), back("95"), status=PART,
             displayFulfillmentStatus="FULFILLED"),
    ),
    "an exchange at the counter that comes to less than nothing": (
        step("0", "30", back("30", gateway="cash"), status=FULL, **total("-30")),
    ),
    # At the counter.
    "cash": (step("100", "0", sale("100", gateway="cash")),),
    "cash with change": (
        step("87.65", "0", sale("100", gateway="cash"), ("CHANGE", "12.35", "SUCCESS", "cash"),
             **total("87.65")),
    ),
    "change that is written as a negative amount": (
        step("87.65", "0", sale("100", gateway="cash"), ("CHANGE", "-12.35", "SUCCESS", "cash"),
             **total("87.65")),
    ),
    "cash, rounded down to five cents": (
        step("9.98", "0", sale("9.98", gateway="cash"), **total("9.98"),
             totalCashRoundingAdjustment={"paymentSet": bag("-0.03")}),
    ),
    "cash, rounded, and received as it was rounded": (
        step("9.95", "0", sale("9.98", gateway="cash"), **total("9.98")),
        step("9.95", "9.95", sale("9.98", gateway="cash"), back("9.98", gateway="cash"),
             status=FULL, **total("9.98")),
    ),
    "half in cash, half by card": (
        step("100", "0", sale("50", gateway="cash"), sale("50")),
    ),
    # Brought in from elsewhere.
    "history of years ago": (
        step("100", "0", ("SALE", "100", "SUCCESS", "manual", "2019-05-01T10:00:00Z"),
             processedAt="2019-05-01T10:00:00Z", counted="0"),
    ),
    "history of years ago, and a refund of today": (
        step("100", "0", ("SALE", "100", "SUCCESS", "manual", "2019-05-01T10:00:00Z"),
             processedAt="2019-05-01T10:00:00Z", counted="0"),
        step("100", "10", ("SALE", "100", "SUCCESS", "manual", "2019-05-01T10:00:00Z"),
             back("10"), status=PART, processedAt="2019-05-01T10:00:00Z", counted="-10"),
    ),
    "history of which the order comes first, and its payment an hour later": (
        step("0", "0", status="PENDING", processedAt="2019-05-01T10:00:00Z"),
        step("100", "0", ("SALE", "100", "SUCCESS", "manual", "2019-05-01T10:00:00Z"),
             processedAt="2019-05-01T10:00:00Z", counted="0"),
    ),
    "an order of today, with a payment of years ago": (
        step("0", "0", status="PENDING"),
        step("100", "0", ("SALE", "100", "SUCCESS", "manual", "2019-05-01T10:00:00Z"),
             counted="0"),
    ),
    "history whose payment and refund have no date of their own": (
        step("100", "30", sale("100", gateway="manual"), back("30"), status=PART,
             processedAt="2019-05-01T10:00:00Z", counted="0"),
        step("100", "40", sale("100", gateway="manual"), back("30"), back("10"), status=PART,
             processedAt="2019-05-01T10:00:00Z", counted="-10"),
    ),
    "an order that is dated back, and paid two hours after it was written down": (
        step("0", "0", status="PENDING", processedAt="2019-05-01T10:00:00Z"),
        step("0", "0", status="PENDING", processedAt="2019-05-01T10:00:00Z"),
        step("100", "0", sale("100"), processedAt="2019-05-01T10:00:00Z"),
    ),
    "history without any transaction": (
        step("100", "0", processedAt="2019-05-01T10:00:00Z", counted="0"),
    ),
    "an order of a marketplace, without a transaction": (step("100", "0"),),
    "an order of a deleted customer": (step("100", "0", sale("100"), customer=None, email=None),),
    "a test order": (step("100", "0", sale("100"), test=True, counted="0"),),
    "a test payment of an order that is none": (
        step("100", "0", ("SALE", "100", "SUCCESS", "bogus", "", "test"), counted="0"),
    ),
    # As some API versions show it.
    "no financial status": (
        step("100", "0", sale("100"), displayFinancialStatus=None),
        step("100", "100", sale("100"), back("100"), displayFinancialStatus=None),
    ),
    "payments without a date of their own": (
        step("100", "0", sale("100"), processed=None),
    ),
}  # fmt: skip


def shown(life: tuple[Step, ...], number: int, times: list[float], currency: str) -> Node:
    """The order after a step; transactions keep the time at which they were seen first."""
    now, one = times[number], life[number]
    moves = []
    for place, (kind, amount, *rest) in enumerate(one.moves):
        ended, gateway, date, test = (*rest, *("SUCCESS", "shopify_payments", "", "")[len(rest) :])
        first = next(n for n, s in enumerate(life) if len(s.moves) > place)
        made = move(100 + place, kind, amount, times[first], status=ended, gateway=gateway)
        made["amountSet"] = bag(amount, currency)
        made["test"] = bool(test)
        if date:
            made["processedAt"] = date
        if one.members.get("processed", "") is None:
            made["processedAt"] = None
        moves.append(made)
    members = {name: value for name, value in one.members.items() if name != "processed"}
    for name in ("cancelledAt", "closedAt"):
        if members.get(name) == "now":
            members[name] = iso(now)
    return order(
        1,
        times[0],
        *moves,
        updatedAt=iso(now),
        displayFinancialStatus=members.pop("displayFinancialStatus", one.status),
        fullyPaid=members.pop("fullyPaid", one.status in ("PAID", PART, FULL)),
        totalPriceSet=bag(members.pop("totalPriceSet", "100"), currency),
        totalReceivedSet=bag(one.received, currency),
        totalRefundedSet=bag(one.refunded, currency),
        **members,
    )


def net(found: dict[str, float], currency: str) -> float:
    names = ("revenue", "refunds", "order_corrections")
    revenue, refunds, corrections = (
        found.get(f"store_{name}_total{{{currency}}}", 0.0) for name in names
    )
    return revenue - refunds - corrections


@pytest.mark.parametrize(
    ("name", "currency"), list(zip(LIVES, cycle(("GBP", "KWD")), strict=False))
)
async def test_the_counters_say_what_shopify_says_at_each_step(name: str, currency: str) -> None:
    life = LIVES[name]
    shop, http = handwritten()
    http.add(order(9, shop.clock.now() - 100 * 86_400.0))
    await shop.collect("orders")
    shop.clock.advance(60.0)
    times = [shop.clock.now() + 3600.0 * number for number in range(len(life))]
    before: dict[str, float] = {}
    for number, one in enumerate(life):
        shop.clock.advance(times[number] + 30.0 - shop.clock.now())
        http.add(shown(life, number, times, currency))
        expected = Decimal(one.received) - Decimal(one.refunded)
        if one.counted is not None:
            expected = Decimal(one.counted)
        for _ in range(2):
            report = await shop.collect("orders")
            found = figures(report)
            assert round(net(found, currency), 6) == float(expected), number
            assert report.degraded == []
            shop.clock.advance(60.0)
        assert all(found[key] >= value for key, value in before.items() if "backlog" not in key)
        before = found
    assert before["store_orders_paid_total"] <= 1


@pytest.mark.parametrize("name", LIVES)
async def test_an_order_that_is_seen_first_at_its_end_counts_the_same(name: str) -> None:
    life = LIVES[name]
    shop, http = handwritten()
    http.add(order(9, shop.clock.now() - 100 * 86_400.0))
    await shop.collect("orders")
    shop.clock.advance(60.0)
    times = [shop.clock.now() + 3600.0 * number for number in range(len(life))]
    shop.clock.advance(3600.0 * len(life))
    http.add(shown(life, len(life) - 1, times, "GBP"))
    last = life[-1]
    expected = Decimal(last.received) - Decimal(last.refunded)
    if last.counted is not None:
        expected = Decimal(last.counted)
    report = await shop.collect("orders")
    assert round(net(figures(report), "GBP"), 6) == float(expected)
    assert report.degraded == []


OF_THE_PAST = (
    "a debit that succeeds and is returned by the bank",
    "a refund that succeeded and comes back",
)
"""Lives in which something from before the counting ends otherwise later, at its old date."""


@pytest.mark.parametrize("name", [name for name in LIVES if name not in OF_THE_PAST])
async def test_an_order_whose_life_began_before_the_counting_counts_what_is_new(name: str) -> None:
    life = LIVES[name]
    for begin in range(len(life) - 1):
        shop, http = handwritten()
        times = [shop.clock.now() + 3600.0 * number for number in range(len(life))]
        for number in range(len(life)):
            shop.clock.advance(times[number] + 30.0 - shop.clock.now())
            http.add(shown(life, number, times, "GBP"))
            if number == begin:
                http.add(order(8, shop.clock.now() - 1.0))
            if number >= begin:
                report = await shop.collect("orders")
        first, last = life[begin], life[-1]
        expected = Decimal(last.received) - Decimal(last.refunded)
        expected -= Decimal(first.received) - Decimal(first.refunded)
        if last.counted is not None:
            expected = Decimal(last.counted) - Decimal(first.counted or 0)
        assert round(net(figures(report), "GBP"), 6) == float(expected), begin
        assert report.degraded == []
