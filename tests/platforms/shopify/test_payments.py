"""Payments by gateway: an order once for each gateway and result, and the alert on a broken one."""

from __future__ import annotations

from pathlib import Path

import pytest

from store_demo.stores.shopify.records import Order
from tests.mixin import promtool, test_alerts
from tests.mixin.alert_cases.case import Case
from tests.platforms.shopify.watching import Watched, figures, without_orders

HALF_HOUR = 1800.0
WEEK = 7 * 48


@pytest.fixture
def shop() -> Watched:
    return without_orders()


async def later(shop: Watched) -> dict[str, float]:
    """Payments counted so far, by gateway and result."""
    shop.clock.advance(60.0)
    found = figures(await shop.collect("orders"))
    name = "store_payments_total{"
    return {k.removeprefix(name).rstrip("}"): v for k, v in found.items() if k.startswith(name)}


def order(shop: Watched) -> Order:
    """An order that nobody has paid yet."""
    room = shop.shop.stock_room
    room.by_sku("SKU-010").quantity = 1_000_000
    return room.new_order("PENDING", lines=[(room.by_sku("SKU-010").id, 1)])


def tried(shop: Watched, one: Order, gateway: str, status: str, kind: str = "SALE") -> None:
    shop.shop.stock_room.pay(one, one.total, kind=kind, status=status, gateway=gateway)


async def test_an_order_counts_once_for_each_gateway_and_result(shop: Watched) -> None:
    await later(shop)
    sold = order(shop)
    tried(shop, sold, "shopify_payments", "FAILURE")
    tried(shop, sold, "shopify_payments", "ERROR")
    tried(shop, sold, "paypal", "SUCCESS")
    expected = {
        "shopify_payments,paid": 0,
        "shopify_payments,failed": 1,
        "paypal,paid": 1,
        "paypal,failed": 0,
    }
    assert await later(shop) == expected
    shop.shop.stock_room.edit_order(sold, fulfillment="FULFILLED")
    shop.restart()
    assert await later(shop) == expected


async def test_an_authorised_order_counts_as_paid_when_it_is_authorised(shop: Watched) -> None:
    await later(shop)
    sold = order(shop)
    tried(shop, sold, "shopify_payments", "SUCCESS", kind="AUTHORIZATION")
    assert (await later(shop))["shopify_payments,paid"] == 1
    tried(shop, sold, "shopify_payments", "SUCCESS", kind="CAPTURE")
    assert (await later(shop))["shopify_payments,paid"] == 1


async def test_a_pending_payment_counts_when_it_ends(shop: Watched) -> None:
    await later(shop)
    sold = order(shop)
    tried(shop, sold, "klarna", "PENDING")
    assert await later(shop) == {}
    shop.shop.stock_room.settle(sold.payments[0], "FAILURE")
    assert await later(shop) == {"klarna,paid": 0, "klarna,failed": 1}


async def test_what_was_tried_before_counting_began_does_not_count(shop: Watched) -> None:
    old = order(shop)
    tried(shop, old, "paypal", "FAILURE")
    tried(shop, old, "paypal", "SUCCESS")
    await later(shop)
    shop.shop.stock_room.edit_order(old, fulfillment="FULFILLED")
    lines = [(shop.shop.stock_room.by_sku("SKU-010").id, 1)]
    shop.shop.stock_room.import_order(shop.clock.now() - 86_400 * 400, lines)
    assert not any((await later(shop)).values())


@pytest.mark.parametrize(
    ("gateway", "label"),
    [
        ("Cash on Delivery (COD)", "cash_on_delivery_cod"),
        ("gift_card", "gift_card"),
        ("Überweisung", "uberweisung"),
        ("Paiement à la livraison", "paiement_a_la_livraison"),
        ("代金引換", "other"),
        ("Amazon order 026-1520163-6049104", "other"),
        ("x" * 200, "other"),
    ],
)
async def test_a_gateway_is_a_short_label(shop: Watched, gateway: str, label: str) -> None:
    await later(shop)
    tried(shop, order(shop), gateway, "SUCCESS")
    assert await later(shop) == {f"{label},paid": 1, f"{label},failed": 0}


async def test_a_payment_without_a_gateway_counts_as_revenue_only(shop: Watched) -> None:
    await later(shop)
    tried(shop, order(shop), "", "SUCCESS")
    assert await later(shop) == {}


async def test_a_thousand_names_of_gateways_are_seventeen_labels(shop: Watched) -> None:
    await later(shop)
    for number in range(100):
        tried(shop, order(shop), f"gateway {number}", "SUCCESS")
    found = await later(shop)
    assert (len(found), found["other,paid"], sum(found.values())) == (34, 84, 100)
    assert len(shop.cursor.load()["ledger"]["statuses"]) < 30


@pytest.mark.real
async def test_a_gateway_that_stops_working_while_others_go_on_is_reported(
    shop: Watched, tmp_path: Path
) -> None:
    """A week in which one of twelve cards is declined, then hours in which all are."""
    found = await later(shop)
    seen: dict[str, list[float]] = {}
    for step in range(WEEK + 8):
        for number in range(3):
            sold = order(shop)
            if step >= WEEK or (step % 4 == 0 and number == 0):
                tried(shop, sold, "shopify_payments", "FAILURE")
                tried(shop, sold, "paypal", "SUCCESS")
            else:
                tried(shop, sold, "shopify_payments", "SUCCESS")
        # Before anything is wrong, a run of the collector every four hours shows as much.
        if step >= WEEK or step % 8 == 7:
            found = await later(shop)
        for name, value in found.items():
            seen.setdefault(name, []).append(value)
        shop.clock.advance(HALF_HOUR)
    store = f'org="acme", domain="{shop.shop.domain}", platform="shopify"'
    series = {}
    for name, values in seen.items():
        method, _, result = name.partition(",")
        labels = f'{store}, payment_method="{method}", result="{result}"'
        # A series begins where its first order is counted.
        late = ["_"] * (WEEK + 8 - len(values))
        series[f"store_payments_total{{{labels}}}"] = " ".join([*late, *map(str, values)])
    case = Case(
        "StorePaymentMethodFailing",
        "",
        series,
        f"{(WEEK + 7) * 30}m",
        f"100% of the payments by shopify_payments at {shop.shop.domain} (acme) failed in "
        "the last two hours.",
        labels={"payment_method": "shopify_payments"},
        base=store,
        step="30m",
        groups=("business", "payments"),
    )
    test_alerts.write(case, tmp_path)
    promtool.run(tmp_path)
