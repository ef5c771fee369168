"""Errors beside data that tell which place they explain: what reads there fails, and no more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from store_demo.stores.shopify import SimulatedShopify
from store_exporter.errors import StoreError
from store_exporter.platforms.shopify import Shopify
from store_exporter.platforms.shopify.responses import READER
from tests.fakes.direct import Json, changing
from tests.platforms.shopify.watching import figures, watched

EMAIL = "cust1@example.test"


def denied(*path: str | int, code: str = "ACCESS_DENIED", message: str = "Access denied") -> Any:
    """Make a place of an answer null, with the error that explains it."""

    def change(answer: Json) -> Json:
        place: Any = answer["data"]
        try:
            for step in path[:-1]:
                place = place[step]
            place[path[-1]] = None
        except (KeyError, IndexError, TypeError):
            return answer
        error = {"message": message, "path": [*path], "extensions": {"code": code}}
        return {**answer, "errors": [error]}

    return changing("*", change)


async def test_a_status_that_could_not_be_counted_is_left_out_and_reported() -> None:
    shop = watched()
    whole = figures(await shop.collect("order_statuses"))
    shop.shop.faults.add(denied("refunded", code="TIMEOUT", message="Took too long"))
    report = await shop.collect("order_statuses")
    assert figures(report) == {k: v for k, v in whole.items() if "refunded" not in k}
    assert "Took too long" in "".join(report.degraded)


async def test_a_field_of_one_variant_that_is_kept_back_leaves_out_that_variant() -> None:
    shop = watched()
    await shop.collect("stock")
    whole = figures(await shop.collect("stock"))
    shop.shop.faults.add(denied("productVariants", "nodes", 0, "inventoryItem"))
    report = await shop.collect("stock")
    assert sum(figures(report).values()) == sum(whole.values()) - 1
    assert "Access denied" in report.degraded[0]


async def test_a_product_that_an_app_may_not_see_is_not_taken_for_a_deleted_one() -> None:
    shop = watched()
    await shop.collect("best_sellers")
    path = ("orders", "nodes", 0, "lineItems", "nodes", 0, "product")
    shop.shop.faults.add(denied(*path))
    report = await shop.collect("best_sellers")
    assert "Sales that could not be read" in report.degraded[0]
    assert "Access denied" in report.degraded[0]


async def test_one_order_whose_payments_failed_to_load_does_not_keep_back_the_others() -> None:
    shop = watched()
    room = shop.shop.stock_room
    room.orders.clear()
    await shop.collect("orders")
    for _ in range(3):
        shop.clock.advance(1.0)
        room.new_order("PAID", lines=[(room.by_sku("SKU-010").id, 1)])
    shop.clock.advance(60.0)
    path = ("orders", "nodes", 1, "transactions")
    fault = shop.shop.faults.add(denied(*path, code="INTERNAL_SERVER_ERROR", message="Oh"))
    report = await shop.collect("orders", page_size=3)
    assert figures(report)["store_revenue_total{GBP}"] == 200.0
    assert "not counted: 1" in report.degraded[0]
    assert "Oh" in report.degraded[0]
    shop.shop.faults.remove(fault)
    report = await shop.collect("orders", page_size=3)
    assert figures(report)["store_revenue_total{GBP}"] == 300.0
    assert report.degraded == []


async def test_what_is_kept_back_and_read_by_nobody_is_reported() -> None:
    shop = watched()
    await shop.collect("stock")
    shop.shop.faults.add(denied("products", "nodes", 0, "publishedAt", message="No"))
    report = await shop.collect("stock")
    assert report.degraded == ["Shopify keeps back a part: No"]


def test_customer_data_that_is_restricted_does_not_hide_the_order(
    shop: SimulatedShopify, store: Shopify
) -> None:
    whole = store.check_order("1003")
    message = "This app is not approved to access the Customer object."
    shop.faults.add(denied("orders", "nodes", 0, "customer", message=message))
    found = store.check_order("1003")
    assert (found.status, found.total, found.lines) == (whole.status, whole.total, whole.lines)
    mine = store.get_customer_orders(EMAIL)
    assert (mine[0].customer, mine[0].unreadable) == (None, ("customer",))


@pytest.mark.parametrize("is_told", [True, False])
def test_addresses_that_are_kept_back_are_no_other_shoppers(
    shop: SimulatedShopify, store: Shopify, is_told: bool
) -> None:
    def hidden(answer: Json) -> Json:
        for index, node in enumerate(answer["data"].get("orders", {}).get("nodes", [])):
            node["email"] = None
            if is_told:
                path = ["orders", "nodes", index, "email"]
                error = {"message": "No PII", "path": path, "extensions": {"code": "ACCESS_DENIED"}}
                answer.setdefault("errors", []).append(error)
        return answer

    calls: tuple[Callable[[], object], ...] = (
        lambda: store.get_customer_orders(EMAIL),
        lambda: store.get_customer_orders("nobody@example.test"),
        lambda: store.check_order(email=EMAIL),
        lambda: store.check_order(email="nobody@example.test"),
        lambda: store.check_order("1003", EMAIL),
        lambda: store.check_order("999999", EMAIL),
    )
    shop.faults.add(changing("*", hidden))
    for call in calls:
        with pytest.raises(StoreError, match=r"No PII|protected customer data") as one:
            call()
        assert one.value.error_type == "forbidden"


def test_orders_of_a_till_have_no_address_and_nothing_is_kept_back(
    shop: SimulatedShopify, store: Shopify
) -> None:
    def anonymous(answer: Json) -> Json:
        for node in answer["data"].get("orders", {}).get("nodes", []):
            node["email"] = node["customer"] = None
        return answer

    shop.faults.add(changing("*", anonymous))
    for asked in ({"order": "1003", "email": EMAIL}, {"email": EMAIL}):
        with pytest.raises(StoreError) as one:
            store.check_order(**asked)
        assert one.value.error_type == "not_found"


def test_a_list_that_is_kept_back_as_a_whole_is_an_error(
    shop: SimulatedShopify, store: Shopify
) -> None:
    def nothing(answer: Json) -> Json:
        if "productVariants" in answer["data"]:
            answer["data"]["productVariants"] = None
            path = ["productVariants", "nodes", 3, "title"]
            answer["errors"] = [{"message": "Oh", "path": path, "extensions": {"code": "TIMEOUT"}}]
        return answer

    shop.faults.add(changing("*", nothing))
    with pytest.raises(StoreError, match="Oh") as caught:
        store.check_stock("SKU-010")
    assert caught.value.error_type == "timeout"


@pytest.mark.parametrize("path", [None, [], ["shop"], ["gone", 0], [0], ["shop", None], "shop"])
def test_an_error_that_explains_nothing_fails_the_operation(
    shop: SimulatedShopify, store: Shopify, path: Any
) -> None:
    error = {"message": "Oh", "path": path, "extensions": {"code": "INTERNAL_SERVER_ERROR"}}
    shop.faults.add(changing("*", lambda answer: {**answer, "errors": [error]}))
    with pytest.raises(StoreError, match="Oh") as caught:
        store.check_stock("SKU-010")
    assert caught.value.error_type == "server_error"


DENIED = "Access denied for product field. Required access: `read_products` access scope."
CUT_SHORT = "Too many execution errors, max error limit reached. Results truncated"


def without_products(answer: Json, listed: int) -> Json:
    """Keep back the products of all lines; the list of errors ends after so many of them."""
    errors: list[Any] = []
    for index, order in enumerate(answer["data"].get("orders", {}).get("nodes", [])):
        for place, line in enumerate(order["lineItems"]["nodes"]):
            line["product"] = None
            path = ["orders", "nodes", index, "lineItems", "nodes", place, "product"]
            errors.append(
                {"message": DENIED, "path": path, "extensions": {"code": "ACCESS_DENIED"}}
            )
    if len(errors) > listed:
        errors = [*errors[:listed], {"message": CUT_SHORT}]
    return {**answer, "errors": errors} if errors else answer


async def test_what_is_null_beyond_the_listed_errors_is_not_taken_for_deleted() -> None:
    shop = watched()
    await shop.collect("best_sellers")
    shop.shop.faults.add(changing("*", lambda answer: without_products(answer, 2)))
    with pytest.raises(StoreError, match="Access denied for product field") as caught:
        await shop.collect("best_sellers")
    assert caught.value.error_type == "forbidden"
    assert "more errors" in caught.value.message


@pytest.mark.parametrize("listed", [249, 250, 400])
def test_more_errors_than_are_read_fail_the_operation_with_the_first(listed: int) -> None:
    lines = [{"product": {"id": "1"}} for _ in range(300)]
    whole = {"data": {"orders": {"nodes": [{"lineItems": {"nodes": lines}}]}}}
    result = READER.read_body(without_products(whole, listed))
    with pytest.raises(StoreError, match="Access denied for product field") as caught:
        READER.data_of(result, "SoldLines")
    assert caught.value.error_type == "forbidden"
