"""Orders and lists that are odd or wrong are counted as far as they can be, and reported."""

from __future__ import annotations

import re
from email.utils import formatdate
from typing import Any

import pytest

from store_demo.stores.woocommerce import Fault
from store_exporter.errors import StoreError

from .watching import count_orders, figures, watching

WRONG: dict[str, tuple[str, Any]] = {
    "a null total": ("total", None),
    "a total with a thousands separator": ("total", "1,234.50"),
    "a total with a decimal comma": ("total", "12,50"),
    "a total that is not a number": ("total", "NaN"),
    "no currency": ("currency", None),
    "a currency that is a sentence": ("currency", "pounds sterling"),
    "a null status": ("status", None),
    "a status that is a number": ("status", 7),
    "a date of creation in words": ("date_created_gmt", "yesterday"),
    "a date of payment that is a number": ("date_paid_gmt", 5),
    "refunds that are null": ("refunds", None),
    "refunds that are a text": ("refunds", "none"),
    "a refund without an id": ("refunds", [{"total": "-1.00"}]),
    "a refund without a total": ("refunds", [{"id": 5}]),
    "a thousand refunds": ("refunds", [{"id": n + 1, "total": "-1"} for n in range(1_000)]),
    "a null id": ("id", None),
    "an id in words": ("id", "first"),
    "a negative id": ("id", -4),
}


@pytest.mark.parametrize("case", WRONG)
async def test_an_order_that_makes_no_sense_is_left_out_and_reported(case: str) -> None:
    name, value = WRONG[case]

    def spoil(body: Any) -> Any:
        return [
            {**order, name: value} if order.get("total") == "99.00" else order for order in body
        ]

    async with watching(orders=0) as store:
        await count_orders(store)
        store.shop.new_order("processing", total="99")
        store.shop.new_order("processing", total="1")
        fault = store.shop.faults.add(Fault(path="*/orders", change=spoil))
        store.clock.now += 300
        report = await store.collect("orders")
        assert figures(report)["store_revenue_total{GBP}"] == 1
        assert "not counted: 1 (" in report.degraded[0]
        store.shop.faults.remove(fault)
        # It was changed within the overlap, so that it is read once more.
        assert (await count_orders(store))["store_revenue_total{GBP}"] == 100


@pytest.mark.parametrize("case", WRONG)
async def test_a_page_of_only_invalid_items_is_skipped_and_reported(case: str) -> None:
    name, value = WRONG[case]

    def spoil(body: Any) -> Any:
        return [{**o, name: value} if o.get("total") == "99.00" else o for o in body]

    async with watching(orders=0) as store:
        await count_orders(store)
        for _ in range(12):
            store.clock.now += 60
            store.shop.new_order("processing", total="99")
        store.shop.new_order("processing", total="1")
        store.shop.faults.add(Fault(path="*/orders", change=spoil))
        store.clock.now += 300
        report = await store.collect("orders", page_size=5)
        assert figures(report)["store_revenue_total{GBP}"] == 1
        # What has no id cannot be told from itself where two pages overlap.
        assert re.search(r"are not counted: 1[2-4] \(", report.degraded[0])
        if name != "id":
            # Long after the walk went by, until they can be read.
            store.clock.now += 86_400
            assert "are not counted: 12 (" in (await store.collect("orders")).degraded[0]
            store.shop.faults.clear()
            report = await store.collect("orders")
            assert figures(report)["store_revenue_total{GBP}"] == 1 + 12 * 99
            assert not report.degraded


@pytest.mark.parametrize(
    "row",
    [None, False, [], {"code": "a_plugins_own", "message": "x"}, {"status": "processing"}],
)
@pytest.mark.parametrize("later", [(), (1,), (1,) * 12])
@pytest.mark.parametrize("total", [None, "missing"])
async def test_an_order_whose_row_has_no_id_is_reported_until_it_is_counted(
    row: Any, later: tuple[int, ...], total: str | None
) -> None:
    def spoil(body: Any) -> Any:
        return [row if order.get("total") == "99.00" else order for order in body]

    async with watching(orders=3) as store:
        store.shop.shop.habits.total = total
        await count_orders(store)
        store.clock.now += 900
        await count_orders(store)
        store.shop.new_order("processing", total="99")
        store.shop.faults.add(Fault(path="*/orders", change=spoil))
        for amount in later:
            store.clock.now += 60
            store.shop.new_order("processing", total=str(amount))
        for wait in (300, 300, 86_400):
            store.clock.now += wait
            report = await store.collect("orders", page_size=10)
            assert report.degraded
            assert figures(report)["store_revenue_total{GBP}"] == sum(later)
        store.shop.faults.clear()
        for _ in range(2):
            store.clock.now += 300
            report = await store.collect("orders", page_size=10)
        assert figures(report)["store_revenue_total{GBP}"] == 99 + sum(later)
        assert not report.degraded


async def test_lists_that_are_objects_are_read_and_empty_ones_if_they_say_so() -> None:
    """As with PHP's JSON_FORCE_OBJECT."""

    def spoil(body: Any) -> Any:
        return {str(place): order for place, order in enumerate(body)}

    async with watching(orders=3) as store:
        await count_orders(store)
        store.shop.faults.add(Fault(path="*/orders", change=spoil))
        store.shop.new_order("processing", total="99")
        for wait in (300, 86_400):
            store.clock.now += wait
            assert (await count_orders(store))["store_revenue_total{GBP}"] == 99
        store.shop.shop.habits.total = "missing"
        with pytest.raises(StoreError, match="is not a list"):
            await count_orders(store)


async def test_a_list_whose_rows_are_all_empty_is_refused() -> None:
    async with watching(orders=3) as store:
        await count_orders(store)
        store.shop.faults.add(Fault(path="*/orders", change=lambda body: [None for _ in body]))
        store.clock.now += 300
        with pytest.raises(StoreError, match="null, not an object"):
            await store.collect("orders")


@pytest.mark.parametrize("stale", [1, 12])
@pytest.mark.parametrize("later", [0, 1])
async def test_orders_that_a_cache_of_the_store_shows_as_they_were_hide_no_other(
    stale: int, later: int
) -> None:
    """The database finds what has changed, and an object cache still has it as it was before."""
    before = {"date_modified_gmt": "2024-05-01T10:00:00"}

    def spoil(body: Any) -> Any:
        return [order | before if order["total"] == "99.00" else order for order in body]

    async with watching(orders=3) as store:
        await count_orders(store)
        for _ in range(stale):
            store.shop.new_order("pending", total="99")
        for _ in range(later):
            store.shop.new_order("processing", total="1")
        store.shop.faults.add(Fault(path="*/orders", change=spoil))
        for wait in (300, 300, 86_400):
            store.clock.now += wait
            found = await count_orders(store)
            assert found["store_orders_total{pending}"] == stale
            assert found["store_revenue_total{GBP}"] == later
        store.shop.new_order("processing", total="7")
        store.clock.now += 300
        assert (await count_orders(store))["store_revenue_total{GBP}"] == later + 7


async def test_an_order_that_a_cache_shows_as_it_was_is_not_taken_for_another_sorting() -> None:
    def spoil(body: Any) -> Any:
        before = {"date_modified_gmt": "2024-05-01T10:00:00"}
        return [order | before if order["total"] == "99.00" else order for order in body]

    async with watching(orders=3) as store:
        await count_orders(store)
        store.shop.new_order("processing", total="1")
        store.clock.now += 1
        store.shop.new_order("pending", total="99")
        store.shop.faults.add(Fault(path="*/orders", change=spoil))
        store.clock.now += 300
        assert not (await store.collect("orders")).degraded


@pytest.mark.parametrize("total", [None, "missing", "page", "double"])
@pytest.mark.parametrize("orders", [3, 12])
async def test_a_store_that_does_not_search_by_times_of_change_is_refused(
    total: str | None, orders: int
) -> None:
    async with watching(orders=orders) as store:
        await count_orders(store)
        store.shop.shop.habits.version = (5, 7)
        store.shop.shop.habits.total = total
        store.clock.now += 86_400
        store.shop.new_order("processing", total="1")
        with pytest.raises(StoreError, match="ignores modified_after"):
            await store.collect("orders", page_size=10)


@pytest.mark.parametrize("value", [None, "soon", 5, "0000-00-00T00:00:00"])
async def test_orders_without_a_time_of_change_are_counted(value: Any) -> None:
    def spoil(body: Any) -> Any:
        return [{**order, "date_modified_gmt": value} for order in body]

    async with watching(orders=0) as store:
        await count_orders(store)
        for _ in range(12):
            store.clock.now += 60
            store.shop.new_order("processing", total="1")
        store.shop.faults.add(Fault(path="*/orders", change=spoil, times=4))
        store.clock.now += 300
        report = await store.collect("orders", page_size=5)
        assert figures(report)["store_revenue_total{GBP}"] == 12
        assert not report.degraded


ODD: dict[str, tuple[dict[str, Any], float, float]] = {
    "a total that is a number": ({"total": 12.5}, 12.5, 0),
    "a negative total": ({"total": "-3"}, 0, 3),
    "no date of creation": ({"date_created_gmt": None}, 99, 0),
    "an empty date of the database": ({"date_created_gmt": "-0001-11-30T00:00:00"}, 99, 0),
    "an empty date of an import": ({"date_created_gmt": "1970-01-01T00:00:00"}, 99, 0),
    "an empty date of a program": ({"date_created_gmt": "0001-01-01T00:00:00"}, 99, 0),
    "an empty date of a program where it was completed": (
        {"date_completed_gmt": "0001-01-01T00:00:00"},
        99,
        0,
    ),
    "an empty date of an import where it was completed": (
        {"date_completed_gmt": "1970-01-01T05:30:00"},
        99,
        0,
    ),
    "a year of another calendar": ({"date_created_gmt": "1405-09-07T10:00:00"}, 99, 0),
    "another one": ({"date_completed_gmt": "0000-00-00T00:00:00"}, 99, 0),
    "no date as PHP writes it": ({"date_completed_gmt": False}, 99, 0),
    "a float as PHP writes it": ({"total": "1.0E+1"}, 10, 0),
    "what is left of a subtraction": ({"total": "5.6843418860808E-14"}, 0, 0),
    "refunds of which one was taken out": (
        {"refunds": {"1": {"id": 5, "total": "-2.00"}, "3": {"id": 6, "total": "-1.00"}}},
        99,
        0,
    ),
    # WooCommerce puts a minus before what was refunded, also before a negative amount.
    "a refund with two signs": ({"refunds": [{"id": 5, "total": "--1.00"}]}, 99, 0),
    "more digits than a float has": ({"total": "123456789.45999999"}, 123456789.46, 0),
}


@pytest.mark.parametrize("case", ODD)
async def test_an_odd_order_is_counted_as_it_is(case: str) -> None:
    change, revenue, corrections = ODD[case]

    def spoil(body: Any) -> Any:
        return [{**order, **change} for order in body]

    async with watching(orders=0) as store:
        await count_orders(store)
        store.shop.new_order("processing", total="99")
        store.shop.faults.add(Fault(path="*/orders", change=spoil))
        found = await count_orders(store)
        assert found["store_revenue_total{GBP}"] == revenue
        assert found["store_order_corrections_total{GBP}"] == corrections
        assert found["store_orders_paid_total"] == 1


@pytest.mark.parametrize("date", ["1970-01-01T00:00:00", "0001-01-01T00:00:00"])
async def test_an_order_whose_date_of_payment_is_an_empty_one_is_not_paid(date: str) -> None:
    empty = {"date_paid_gmt": date, "date_paid": date}
    async with watching(orders=0) as store:
        await count_orders(store)
        store.shop.new_order("processing", total="99")
        store.shop.faults.add(
            Fault(path="*/orders", change=lambda body: [{**order, **empty} for order in body])
        )
        report = await store.collect("orders")
        assert figures(report)["store_orders_total{processing}"] == 1
        assert figures(report)["store_revenue_total{GBP}"] == 0
        assert not report.degraded


@pytest.mark.parametrize(
    "lacking",
    [{}, *({"date_paid_gmt": empty} for empty in (None, "", 0, "0000-00-00T00:00:00"))],
    ids=str,
)
async def test_dates_that_lack_their_gmt_are_taken_from_the_shops_zone(
    lacking: dict[str, Any],
) -> None:
    def spoil(body: Any) -> Any:
        rows = body if isinstance(body, list) else [body]
        kept = [{k: v for k, v in row.items() if not k.endswith("_gmt")} for row in rows]
        return [row | lacking for row in kept]

    async with watching(orders=0, timezone="Asia/Kolkata") as store:
        old = store.shop.new_order("processing", total="5", created=store.clock.now - 3600)
        await count_orders(store)
        store.shop.faults.add(Fault(path="*/orders", change=spoil))
        # Read five hours late, neither of the two would be told from what was there.
        store.shop.new_order("processing", total="7")
        store.shop.edit_order(old["id"], status="completed")
        found = await count_orders(store)
        assert found["store_revenue_total{GBP}"] == 7
        assert found["store_orders_total{completed}"] == 1


@pytest.mark.parametrize(
    ("date", "status"),
    [("date_paid", "processing"), ("date_paid", "completed"), ("date_created", "pending")],
)
async def test_an_order_of_which_a_plugin_took_out_a_date_is_told(date: str, status: str) -> None:
    def spoil(body: Any) -> Any:
        return [{k: v for k, v in row.items() if not k.startswith(date)} for row in body]

    async with watching(orders=0) as store:
        await count_orders(store)
        store.shop.new_order(status, total="7")
        store.shop.faults.add(Fault(path="*/orders", change=spoil))
        store.clock.now += 300
        report = await store.collect("orders")
        assert (
            f"not counted: 1 (orders[0] (id {max(store.shop.shop.orders)}): {date}_gmt is missing"
            in (report.degraded[0])
        )


async def test_an_order_of_which_a_plugin_took_out_what_is_null_counts_as_unpaid() -> None:
    def spoil(body: Any) -> Any:
        return [{k: v for k, v in row.items() if v is not None} for row in body]

    async with watching(orders=0) as store:
        await count_orders(store)
        store.shop.new_order("pending", total="7")
        store.shop.faults.add(Fault(path="*/orders", change=spoil))
        store.clock.now += 300
        report = await store.collect("orders")
        assert figures(report)["store_orders_total{pending}"] == 1
        assert not report.degraded


async def test_a_list_that_comes_as_an_object_with_places_is_a_list() -> None:
    def spoil(body: Any) -> Any:
        return {str(2 * index): row for index, row in enumerate(body)} or body

    async with watching(orders=3) as store:
        store.shop.faults.add(Fault(path="*/orders", change=spoil))
        await count_orders(store)
        store.shop.new_order("processing", total="7")
        assert (await count_orders(store))["store_revenue_total{GBP}"] == 7


async def test_an_order_that_comes_twice_on_a_page_counts_once() -> None:
    async with watching(orders=0) as store:
        await count_orders(store)
        store.shop.new_order("processing", total="5")
        store.shop.faults.add(Fault(path="*/orders", change=lambda body: [*body, *body]))
        assert (await count_orders(store))["store_revenue_total{GBP}"] == 5


@pytest.mark.parametrize("total", [None, "many", "999900", "0"])
async def test_a_total_that_is_missing_or_a_lie_neither_stops_nor_repeats(
    total: str | None,
) -> None:
    async with watching(orders=0) as store:
        await count_orders(store)
        for _ in range(12):
            store.clock.now += 1
            store.shop.new_order("processing", total="1")
        store.shop.faults.add(Fault(headers={"X-WP-Total": total or ""}))
        store.asked()
        await count_orders(store, page_size=5)
        assert len(store.asked()) <= 13
        found = await count_orders(store, page_size=50)
        assert found["store_orders_paid_total"] == 12


async def test_orders_that_are_counted_and_not_shown_are_reported() -> None:
    async with watching(orders=0) as store:
        await count_orders(store)
        store.shop.faults.add(
            Fault(path="*/orders", change=lambda _: [], headers={"X-WP-Total": "7"})
        )
        report = await store.collect("orders")
        assert report.degraded == [
            "Orders that the store does not show, or shows without an id: 7."
        ]


async def test_an_order_that_the_store_hides_is_reported_and_counted_when_it_is_shown() -> None:
    async with watching(orders=0) as store:
        await count_orders(store)
        store.clock.now += 400
        store.shop.new_order("processing", total="5")
        hidden = store.shop.new_order("processing", total="7")
        store.clock.now += 60
        store.shop.new_order("pending")
        fault = Fault(
            path="*/orders",
            change=lambda rows: [row for row in rows if row["id"] != hidden["id"]],
        )
        store.shop.faults.add(fault)
        for _ in range(3):
            store.clock.now += 300
            report = await store.collect("orders")
            assert report.degraded == [
                "Orders that the store does not show, or shows without an id: 1."
            ]
            assert figures(report)["store_collector_backlog{orders}"] == 1
            requests = len(store.asked())
        assert requests == 5
        store.shop.faults.remove(fault)
        store.clock.now += 300
        report = await store.collect("orders")
        assert figures(report)["store_revenue_total{GBP}"] == 12
        assert report.degraded == []


async def test_a_store_that_ignores_modified_after_is_refused() -> None:
    async with watching(orders=150) as store:
        await count_orders(store)
        store.shop.new_order("processing")
        rows = list(store.shop.shop.orders.values())[:100]

        def first(found: Any) -> Any:
            return [{name: row[name] for name in found[0]} for row in rows]

        store.shop.faults.add(Fault(path="*/orders", change=first))
        with pytest.raises(StoreError, match=r"5\.8 or later"):
            await count_orders(store)


async def test_an_order_edited_while_its_page_is_made_hides_none_behind_it() -> None:
    """The last order of a full page shows a time far after its place in the list."""
    async with watching(orders=0) as store:
        store.shop.new_order("pending")
        await count_orders(store)
        for _ in range(20):
            store.clock.now += 60
            store.shop.new_order("processing", total="1")

        def edited(body: Any) -> Any:
            body[-1]["date_modified_gmt"] = "2026-11-23T12:25:00"
            return body

        store.shop.faults.add(Fault(path="*/orders", change=edited, times=1))
        store.http.date = formatdate(store.clock.now, usegmt=True)
        found = await count_orders(store, seconds=0, page_size=5)
        assert found["store_orders_paid_total"] == 20
