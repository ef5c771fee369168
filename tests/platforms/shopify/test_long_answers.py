"""What has more inside than a response shows is read on, or the result says what lacks some."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from store_demo.stores.shopify import SimulatedShopify
from store_exporter.platforms.shopify import Shopify
from tests.fakes.direct import Json, changing

EMAIL = "ada@example.test"


def parcel(*numbers: str | None, status: str = "SUCCESS", url: str | None = None) -> Json:
    rows = [{"number": number, "company": "DHL", "url": url} for number in numbers]
    return {"status": status, "trackingInfo": rows}


def shown(shop: SimulatedShopify, **members: Any) -> int:
    """Place an order whose answers have other members, and return its number."""
    room = shop.stock_room
    order = room.new_order("PAID", email=EMAIL, lines=[(room.by_sku("SKU-010").id, 1)])

    def change(answer: Json) -> Json:
        for node in answer["data"].get("orders", {}).get("nodes", []):
            node.update(members)
        return answer

    shop.faults.add(changing("*", change))
    return order.number


MANY = tuple(f"T{number}" for number in range(12))
PARCELS: dict[str, tuple[list[Json], tuple[str, ...], tuple[str, ...]]] = {
    "ten": ([parcel(one) for one in MANY[:10]], MANY[:10], ()),
    "eleven": ([parcel(one) for one in MANY[:11]], MANY[:11], ("tracking",)),
    "five numbers of one": ([parcel(*MANY[:5])], MANY[:5], ()),
    "six numbers of one": ([parcel(*MANY[:6])], MANY[:6], ("tracking",)),
    "one in place of a cancelled one": (
        [parcel("OLD", status="CANCELLED"), parcel("NEW")], ("NEW",), ()),
    "one in place of a failed one": (
        [parcel("OLD", status="FAILURE"), parcel("NEW")], ("NEW",), ()),
    "one in place of a refused one": ([parcel("OLD", status="ERROR"), parcel("NEW")], ("NEW",), ()),
    "one that is being prepared": ([parcel("T1", status="PENDING")], ("T1",), ()),
    "a status of a later version": ([parcel("T1", status="BEAMED")], ("T1",), ()),
    "an address without a number": ([parcel(None, url="https://dhl.example/1")], ("",), ()),
    "neither a number nor an address": ([parcel(None), parcel("T1")], ("T1",), ()),
    "one that makes no sense": ([parcel("T1"), 3], ("T1",), ("tracking",)),
    "numbers that are kept back": (
        [parcel("T1"), {"status": "SUCCESS", "trackingInfo": None}], ("T1",), ("tracking",)),
}  # fmt: skip
"""What the answer has of them, the numbers that the order then has, and what is unreadable."""


@pytest.mark.parametrize("name", PARCELS)
def test_parcels_are_those_on_their_way_or_it_is_reported_that_there_are_more(
    shop: SimulatedShopify, store: Shopify, name: str
) -> None:
    parcels, numbers, unreadable = PARCELS[name]
    order = store.check_order(shown(shop, fulfillments=parcels), EMAIL)
    assert tuple(one.number for one in order.tracking) == numbers
    assert order.unreadable == unreadable


def payment(when: str, kind: str = "SALE", status: str = "SUCCESS", **members: Any) -> Json:
    return {"kind": kind, "status": status, "createdAt": when, "processedAt": when, **members}


DAY = "2026-11-{}T10:00:00Z"
PAYMENTS: dict[str, tuple[list[Json], str]] = {
    "a bank deposit": ([payment(DAY.format(20), status="PENDING"), payment(DAY.format(24))], "24"),
    "captured later": (
        [payment(DAY.format(20), "AUTHORIZATION"), payment(DAY.format(22), "CAPTURE")], "22"),
    "in two parts": ([payment(DAY.format(23)), payment(DAY.format(21))], "21"),
    "declined at first": (
        [payment(DAY.format(20), status="FAILURE"), payment(DAY.format(25))], "25"),
    "without a date of its own": ([payment(DAY.format(21), processedAt=None)], "21"),
    "a refund is no payment": ([payment(DAY.format(19), "REFUND"), payment(DAY.format(23))], "23"),
    "no transaction": ([], "18"),
}  # fmt: skip
"""The transactions of a paid order of the 18th, and the day of November on which it was paid."""


@pytest.mark.parametrize("name", PAYMENTS)
def test_an_order_was_paid_when_its_first_payment_was_made(
    shop: SimulatedShopify, store: Shopify, name: str
) -> None:
    transactions, day = PAYMENTS[name]
    number = shown(shop, createdAt=DAY.format(18), transactions=transactions)
    order = store.check_order(number, EMAIL)
    assert order.paid is not None
    assert (f"{order.paid:%d}", order.unreadable) == (day, ())


def test_payments_that_are_kept_back_leave_it_open_when_an_order_was_paid(
    shop: SimulatedShopify, store: Shopify
) -> None:
    order = store.check_order(shown(shop, transactions=None), EMAIL)
    assert (order.paid, order.unreadable) == (None, ("paid",))


def test_more_attempts_to_pay_than_are_shown_leave_it_open_when_an_order_was_paid(
    shop: SimulatedShopify, store: Shopify
) -> None:
    """What was declined is among them, so that the payment may be the one that is not shown."""
    declined = [payment(DAY.format(20), status="FAILURE") for _ in range(11)]
    order = store.check_order(shown(shop, transactions=declined), EMAIL)
    assert (order.paid, order.unreadable) == (None, ("paid",))
    ten = [*declined[2:], payment(DAY.format(21))]
    order = store.check_order(shown(shop, transactions=ten), EMAIL)
    assert order.paid is not None
    assert f"{order.paid:%d}" == "21"


def sent(day: str, status: str = "SUCCESS") -> Json:
    return {**parcel("T1", status=status), "createdAt": DAY.format(day)}


COMPLETED: dict[str, tuple[list[Json], str]] = {
    "sent after it was paid": ([sent("21")], "21"),
    "sent in parts": ([sent("21"), sent("24"), sent("23")], "24"),
    "a parcel that was cancelled": ([sent("21"), sent("24", "CANCELLED")], "21"),
    "paid on delivery": ([sent("19")], "20"),
    "nothing to send": ([], "20"),
}
"""The parcels of an order that was paid on the 20th, and the day on which it was completed."""


@pytest.mark.parametrize("name", COMPLETED)
def test_an_order_is_completed_when_it_is_paid_and_all_is_sent(
    shop: SimulatedShopify, store: Shopify, name: str
) -> None:
    parcels, day = COMPLETED[name]
    members = {"displayFulfillmentStatus": "FULFILLED", "fulfillments": parcels}
    order = store.check_order(shown(shop, transactions=[payment(DAY.format(20))], **members), EMAIL)
    assert order.completed is not None
    assert (order.status, f"{order.completed:%d}", order.unreadable) == ("completed", day, ())


def test_more_parcels_than_are_shown_leave_it_open_when_an_order_was_completed(
    shop: SimulatedShopify, store: Shopify
) -> None:
    parcels = [sent("21") for _ in range(11)]
    number = shown(shop, displayFulfillmentStatus="FULFILLED", fulfillments=parcels)
    order = store.check_order(number, EMAIL)
    assert (order.completed, order.unreadable) == (None, ("completed", "tracking"))


def many_variants(shop: SimulatedShopify, count: int) -> int:
    """Give a product so many variants, each with one piece, and return its id."""
    room = shop.stock_room
    product = next(one for one in room.products.values() if len(one.variants) > 1)
    first = product.variants[0]
    del product.variants[:]
    for number in range(count):
        variant = copy.copy(first)
        variant.id, variant.sku, variant.quantity = room.next_id(), f"V-{number}", 1
        variant.options = {"Number": str(number)}
        product.variants.append(variant)
        room.variants[variant.id] = variant
    return product.id


@pytest.mark.parametrize("count", [100, 101, 250])
def test_a_product_is_read_with_all_its_variants(
    shop: SimulatedShopify, store: Shopify, count: int
) -> None:
    product = many_variants(shop, count)
    assert len(store.get_product_variations(product)) == count
    assert store.get_stock_quantity(product).quantity == count
    assert len(store.get_product_details(product).variations) == count


def test_a_search_says_which_products_have_more_variants_than_it_shows(
    shop: SimulatedShopify, store: Shopify
) -> None:
    product = many_variants(shop, 101)
    found = {one.id: one for one in store.search_products(limit=100)}
    long = found.pop(product)
    assert (len(long.variations), long.on_sale) == (100, None)
    assert long.unreadable == ("on_sale", "attributes", "variations")
    assert {one.unreadable for one in found.values()} == {()}
    chosen = store.search_products(attributes={"number": "7"})
    assert ([one.id for one in chosen], chosen.total) == ([product], None)


@pytest.mark.parametrize("more", [True, False])
def test_a_product_in_more_collections_than_are_shown_says_so(
    shop: SimulatedShopify, store: Shopify, more: bool
) -> None:
    titles = [f"Collection {number}" for number in range(10)]

    def change(answer: Json) -> Json:
        if product := answer["data"].get("product"):
            nodes = [{"title": title} for title in titles]
            product["collections"] = {"nodes": nodes, "pageInfo": {"hasNextPage": more}}
        return answer

    shop.faults.add(changing("*", change))
    found = store.get_product_details(shop.stock_room.by_sku("SKU-010").product.id)
    assert found.categories == tuple(titles)
    assert found.unreadable == (("categories",) if more else ())
    assert (found.on_sale, found.regular_price) == (False, found.price)
