"""Orders of stores that answer otherwise than asked: caches, caps, totals, drafts, decimals."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from store_demo.stores.woocommerce import Fault
from store_demo.stores.woocommerce.habits import Habits
from store_exporter.contract import Collector, Probe
from store_exporter.errors import StoreError
from store_exporter.platforms.woocommerce.collectors import COLLECTORS
from store_exporter.platforms.woocommerce.probes import PROBES
from tests.fakes.clock import Clock
from tests.fakes.woocommerce import client

from .watching import Watched, count_orders, figures, watching

HABITS: dict[str, Habits] = {
    "pages of ten at most": Habits(cap=10),
    "pages of three at most": Habits(cap=3),
    "numbers of pages ignored": Habits(ignores_page=True),
    "short pages without numbers": Habits(cap=7, ignores_page=True),
    "no total": Habits(total="missing"),
    "a total of zero": Habits(total="zero"),
    "a total of the page alone": Habits(cap=10, total="page"),
    "drafts in the list": Habits(shows_drafts=True),
}


@pytest.mark.parametrize("case", HABITS)
@pytest.mark.parametrize("seconds", [0, 7])
async def test_all_orders_are_counted_whatever_the_pages_are_like(case: str, seconds: int) -> None:
    async with watching(orders=0) as store:
        store.shop.new_order("pending")
        await count_orders(store)
        store.shop.shop.habits = HABITS[case]
        for index in range(64):
            store.clock.now += seconds
            store.shop.new_order("checkout-draft" if index % 8 == 0 else "processing", total="1")
        for _ in range(4):
            store.clock.now += 300
            report = await store.collect("orders", max_pages=40)
        found = figures(report)
        assert found["store_revenue_total{GBP}"] == 56
        assert found["store_orders_total{other}"] == 0
        assert not report.degraded
        assert found["store_collector_backlog{orders}"] == 0


@pytest.mark.parametrize("habits", [Habits(cap=10), Habits(cap=10, total="missing")])
async def test_an_edit_with_an_old_date_is_found_in_a_shop_of_short_pages(habits: Habits) -> None:
    """Orders still to be paid have the larger ids, which such a shop shows first, run after run."""
    async with watching(orders=0) as store:
        store.shop.new_order("pending")
        await count_orders(store)
        paid = [store.shop.new_order("processing", total="10") for _ in range(40)]
        for _ in range(60):
            store.shop.new_order("pending", total="10")
        await count_orders(store, max_pages=40)
        # The walk has no reason to go back to them.
        store.clock.now += 4000
        store.shop.new_order("pending")
        for _ in range(3):
            await count_orders(store)
        store.shop.shop.habits = habits
        for made in paid:
            order = store.shop.shop.orders[made["id"]]
            modified = {k: order[k] for k in ("date_modified", "date_modified_gmt")}
            store.shop.edit_order(made["id"], total="12")
            order |= modified
        for _ in range(4):
            found = await count_orders(store)
        assert found["store_revenue_total{GBP}"] == 40 * 12


async def test_an_early_version_with_orders_in_tables_is_reported_and_reports_are_right() -> None:
    """Versions 7.1 and 7.2 ignore times of change there, and find nothing by words."""
    async with watching(orders=0) as store:
        shop = store.shop
        shop.new_order("completed", total="5", created=store.clock.now - 40 * 86_400)
        shop.new_order("pending")
        await count_orders(store)
        shop.shop.habits.version = (7, 2)
        made = shop.new_order("processing", total="7")
        with client(shop, clock=Clock(store.clock.now)) as operations:
            assert operations.get_sales_report("day").gross.amount == 7
            mine = operations.get_customer_orders(made["billing"]["email"])
            assert mine[0].id == made["id"]
        store.clock.now += 300
        with pytest.raises(StoreError, match=r"or 7\.3 where orders are in tables"):
            await store.collect("orders")
        shop.shop.hpos = False
        assert (await count_orders(store))["store_revenue_total{GBP}"] == 7


async def test_a_total_that_is_too_large_is_reported_and_loses_nothing() -> None:
    async with watching(orders=0) as store:
        store.shop.new_order("pending")
        await count_orders(store)
        store.shop.shop.habits.total = "double"
        for _ in range(9):
            store.shop.new_order("processing", total="1")
        for _ in range(2):
            found = await count_orders(store)
        assert found["store_revenue_total{GBP}"] == 9


async def test_new_orders_are_found_where_a_plugin_shows_some_twice() -> None:
    async with watching(orders=0) as store:
        store.shop.new_order("pending")
        await count_orders(store)
        store.shop.shop.habits = Habits(repeats=True)
        for _ in range(40):
            made = store.shop.new_order("processing", total="1", created=store.clock.now - 90_000)
            store.shop.shop.stamp(store.shop.shop.orders[made["id"]], "date_paid", store.clock.now)
        found = await count_orders(store)
        assert found["store_revenue_total{GBP}"] == 40


async def test_orders_that_vanished_are_found_where_ids_in_a_query_are_ignored() -> None:
    async with watching(orders=0) as store:
        store.shop.new_order("pending")
        await count_orders(store)
        made = [store.shop.new_order("processing", total="10") for _ in range(15)]
        await count_orders(store)
        store.shop.shop.habits = Habits(ignores=("include",))
        del store.shop.shop.orders[made[0]["id"]]
        for _ in range(3):
            found = await count_orders(store)
        assert accounted(found) == truth(store) == 140


async def test_a_list_that_is_sorted_by_date_is_reported_when_an_edit_shows_it() -> None:
    async with watching(orders=0) as store:
        store.shop.new_order("pending")
        await count_orders(store)
        store.shop.shop.habits = Habits(ignores=("orderby",))
        first = store.shop.new_order("pending")
        await count_orders(store, 1_000)
        store.shop.new_order("processing", total="1")
        store.clock.now += 3_700
        store.shop.edit_order(first["id"], status="processing")
        store.clock.now += 180
        assert "not sorted as requested" in "".join((await store.collect("orders")).degraded)
        store.shop.shop.habits = Habits()
        store.clock.now += 31 * 86_400
        assert not (await store.collect("orders")).degraded


async def test_an_hour_that_a_shops_clock_repeats_is_not_taken_for_another_order() -> None:
    """WordPress sorts posts by the time of change in the shop's zone, also as summer time ends."""
    async with watching(orders=0, timezone="Europe/Berlin") as store:
        store.shop.shop.hpos = False
        end_of_summer_time = 1_761_440_400
        for since in (-3_000, 600, -1_200, 2_400):
            made = store.shop.new_order("processing", created=end_of_summer_time + since)
            order = store.shop.shop.orders[made["id"]]
            for name in ("date_modified", "date_paid"):
                store.shop.shop.stamp(order, name, end_of_summer_time + since)
        report = await store.collect("orders", since="2025-01-01")
        assert figures(report)["store_orders_paid_total"] == 4
        assert not report.degraded


async def test_an_import_at_the_end_of_a_list_that_is_sorted_by_date_is_reported() -> None:
    async with watching(orders=0) as store:
        store.shop.new_order("pending")
        await count_orders(store)
        store.shop.shop.habits = Habits(ignores=("orderby",))
        for _ in range(40):
            store.shop.new_order("processing", total="1")
        await count_orders(store)
        store.shop.new_order("processing", total="1", created=store.clock.now - 90_000)
        found = await count_orders(store)
        assert found["store_collector_backlog{orders}"] == 1
        for _ in range(2):
            store.clock.now += 300
            report = await store.collect("orders")
            assert "not sorted as requested" in "".join(report.degraded)


async def test_a_list_whose_page_numbers_are_ignored_is_sorted_all_the_same() -> None:
    async with watching(orders=0) as store:
        store.shop.new_order("pending")
        await count_orders(store)
        store.shop.shop.habits = Habits(cap=10, ignores_page=True)
        made = [store.shop.new_order("processing", total="1") for _ in range(30)]
        await count_orders(store)
        gone = store.shop.shop.orders.pop(made[4]["id"])
        await count_orders(store)
        store.shop.shop.orders[gone["id"]] = gone
        store.shop.shop.orders[7] = {**gone, "id": 7, "date_created_gmt": "2020-01-01T00:00:00"}
        store.shop.shop.refunds[7] = []
        for _ in range(4):
            store.clock.now += 300
            report = await store.collect("orders")
        assert "not sorted" not in "".join(report.degraded)


async def test_all_that_vanished_are_found_where_neither_totals_nor_pages_are_reported() -> None:
    async with watching(orders=0) as store:
        store.shop.new_order("pending")
        await count_orders(store)
        store.shop.shop.habits = Habits(cap=2, ignores_page=True, total="zero")
        paid = [store.shop.new_order("processing", total="10") for _ in range(4)]
        await count_orders(store, max_pages=60)
        for made in paid[:3]:
            del store.shop.shop.orders[made["id"]]
        found = await count_orders(store, max_pages=60)
        assert accounted(found) == truth(store) == 10


def tell_tale(store: Watched, status: str) -> Any:
    """Place an order that tells that it was made with cents: its lines, rounded, are 48 in all."""
    product = next(iter(store.shop.shop.products))
    made = store.shop.new_order(status, lines=[(product, 1), (product, 1)], total="48.80")
    order = store.shop.shop.orders[made["id"]]
    for line in order["line_items"]:
        line["total"] = "24.40"
    return order


@pytest.mark.parametrize("setting", [None, 2])
async def test_cents_are_counted_in_a_shop_that_displays_none(setting: int | None) -> None:
    """Where a plugin takes the decimals away, the setting still names them."""
    async with watching(orders=0) as store:
        store.shop.shop.habits.decimals, store.shop.shop.habits.setting = 0, setting
        await count_orders(store)
        order = tell_tale(store, "processing")
        store.shop.refund(order["id"], "21.80")
        found = await count_orders(store)
        assert found["store_revenue_total{GBP}"] == 48.80
        assert found["store_refunds_total{GBP}"] == 21.80


async def test_a_shop_that_displays_fewer_decimals_from_now_on_is_read_in_full_at_once() -> None:
    async with watching(orders=0) as store:
        watcher = store.watcher()

        async def count() -> tuple[dict[str, float], int]:
            """Return the figures, and how often the settings were requested."""
            store.clock.now += 300
            store.shop.requests.clear()
            found = figures(await watcher.run(COLLECTORS["orders"], {}))
            asked = [path for _, path in store.shop.requests if "/settings/general?" in path]
            return found, len(asked)

        await count()
        orders = [tell_tale(store, "processing") for _ in range(3)]
        found, asked = await count()
        assert (accounted(found), asked) == (truth(store), 0)
        store.shop.shop.habits.decimals = 0
        store.shop.edit_order(orders[0]["id"], status="completed")
        found, asked = await count()
        assert (accounted(found), asked) == (truth(store), 1)
        assert found["store_order_corrections_total{GBP}"] == 0
        assert found["store_revenue_total{GBP}"] == float(truth(store))
        # An edited order is a reason to request them, too, in that run alone.
        store.shop.edit_order(orders[1]["id"], total="40.00")
        assert [(await count())[1] for _ in range(3)] == [1, 0, 0]


async def test_amounts_that_were_guessed_are_read_again_where_more_decimals_are_displayed() -> None:
    options = {"page_size": 10, "max_pages": 2}
    async with watching(orders=0) as store:
        shop = store.shop.shop
        shop.currency, shop.habits.decimals, shop.habits.at_subtotal = "JPY", 0, True
        await count_orders(store, **options)
        for _ in range(40):
            store.clock.now += 30
            lines = [(19, 1), (20, 1)]
            order = store.shop.new_order("processing", currency="EUR", lines=lines, email="a@b.de")
            order = shop.orders[order["id"]]
            order["total"] = "13298"
            for line, amount in zip(order["line_items"], ("7549.2148", "5749.2652"), strict=True):
                line["total"] = amount
        while (await count_orders(store, **options))["store_collector_backlog{orders}"]:
            pass
        shop.habits.decimals = 2
        seen = []
        for _ in range(4):
            store.clock.now += 300
            report = await store.collect("orders", **options)
            found = figures(report)
            value = found["store_revenue_total{EUR}"] - found["store_order_corrections_total{EUR}"]
            seen.append((round(value, 2), len(report.degraded)))
        assert seen[1:] == [(40 * 13298, 0)] * 3
        assert seen[0][0] > seen[1][0]
        assert seen[0][1] == 1


async def test_a_list_that_is_empty_where_many_orders_were_takes_none_of_them_off() -> None:
    async with watching(orders=0) as store:
        await count_orders(store)
        for _ in range(12):
            store.shop.new_order("processing", total="10")
        await count_orders(store)
        orders = dict(store.shop.shop.orders)
        store.shop.shop.orders.clear()
        for _ in range(2):
            store.clock.now += 300
            report = await store.collect("orders")
            assert "The list of orders is empty, but had 12 before" in "".join(report.degraded)
            assert figures(report)["store_collector_backlog{orders}"] == 12
        # Once it shows orders, those that it lacks are gone.
        store.shop.shop.orders.update(list(orders.items())[:11])
        found = await count_orders(store)
        assert found["store_order_corrections_total{GBP}"] == 10
        assert found["store_revenue_total{GBP}"] == 120
        assert found["store_collector_backlog{orders}"] == 0


async def test_a_cache_that_goes_by_the_address_hides_no_order() -> None:
    async with watching(orders=0) as store:
        store.shop.page_cache = "address"
        for number in range(4):
            assert (await count_orders(store))["store_orders_paid_total"] == number
            store.shop.new_order("processing", total="10")
        store.shop.faults.add(Fault(status=500))
        for name in ("liveness", "cart"):
            with pytest.raises(StoreError):
                await store.probe(name)


@pytest.mark.parametrize("name", ["liveness", "cart"])
async def test_a_cache_that_ignores_the_query_is_a_failure_that_says_so(name: str) -> None:
    async with watching(orders=0) as store:
        store.shop.page_cache = "path"
        await store.probe(name)
        with pytest.raises(StoreError, match=r"from a cache \(x-litespeed-cache: hit\)"):
            await store.probe(name)
        # The first request of a run fills the cache that the second one meets.
        with pytest.raises(StoreError, match="from a cache"):
            await count_orders(store)


async def failure(store: Watched, name: str) -> str:
    """Return why a probe fails, "" where it does not."""
    try:
        await store.probe(name)
    except StoreError as error:
        return error.message
    return ""


@pytest.mark.parametrize("name", ["liveness", "cart"])
async def test_a_cache_that_shows_nothing_and_ignores_the_query_proves_nothing(name: str) -> None:
    async with watching(orders=0) as store:
        store.shop.page_cache, store.shop.page_cache_tells = "path", False
        await store.probe(name)
        refused = [await failure(store, name) for _ in range(20)]
        # By chance the same members may be drawn again.
        assert sum("was not requested: it comes from a cache" in words for words in refused) > 10


@pytest.mark.parametrize("name", ["orders", "webhooks", "best_sellers", "versions"])
async def test_a_list_out_of_a_cache_that_shows_nothing_is_never_a_figure(name: str) -> None:
    async with watching(orders=3) as store:
        store.shop.shop.add_webhook()
        store.shop.page_cache, store.shop.page_cache_tells = "path", False
        refused = []
        for _ in range(12):
            try:
                await store.collect(name)
            except StoreError as error:
                refused.append(error.message)
        # One run may fill the cache, and by chance the same members may be drawn again.
        assert len(refused) > 6
        assert all("was not requested: it comes from a cache" in words for words in refused)


@pytest.mark.parametrize("name", ["order_statuses", "stock", "webhooks"])
async def test_what_shows_no_cache_is_no_figure_while_other_responses_show_one(name: str) -> None:
    async with watching(orders=3) as store:
        watcher = store.watcher()

        async def found(job: Probe | Collector) -> str:
            try:
                await watcher.run(job, {})
            except StoreError as error:
                return error.message
            return ""

        store.shop.page_cache, store.shop.page_cache_tells = "path", False
        assert not await found(COLLECTORS[name])
        # By chance the same members may be drawn again.
        while not await found(PROBES["liveness"]):
            pass
        assert "another response of the store" in await found(COLLECTORS[name])
        store.shop.page_cache = None
        assert not await found(PROBES["liveness"])
        assert not await found(COLLECTORS[name])


async def test_a_cache_that_does_not_tell_of_itself_is_known_by_the_links_of_a_list() -> None:
    async with watching(orders=30) as store:
        store.shop.page_cache, store.shop.page_cache_tells = "path", False
        with pytest.raises(StoreError, match="a cache that does not say so"):
            await count_orders(store)


def truth(store: Watched) -> Decimal:
    """What the store's own list of paid orders adds up to, less their refunds."""
    shop = store.shop.shop
    total = Decimal(0)
    for number, order in shop.orders.items():
        if order["date_paid_gmt"] is not None:
            total += Decimal(order["total"])
            total -= sum((Decimal(row["amount"]) for row in shop.refunds[number]), Decimal(0))
    return total


def accounted(found: dict[str, float]) -> Decimal:
    """Revenue less refunds less corrections."""
    revenue, refunds, corrections = (
        Decimal(str(found[f"store_{name}_total{{GBP}}"]))
        for name in ("revenue", "refunds", "order_corrections")
    )
    return revenue - refunds - corrections


MOVES = (
    *("place", "import", "pay", "edit", "edit in the past", "delete", "restore", "return"),
    *("refund", "take back", "wait", "run", "crash", "hide", "show"),
)
ODD = st.builds(
    Habits,
    cap=st.sampled_from([None, None, 2, 10]),
    ignores_page=st.booleans(),
    ignores=st.sampled_from([(), (), ("include",), ("exclude",), ("order",)]),
    repeats=st.booleans(),
    total=st.sampled_from([None, None, "missing", "zero", "double"]),
    version=st.sampled_from([(5, 8), (7, 8), (8, 9), (11, 0)]),
    shows_drafts=st.booleans(),
    decimals=st.sampled_from([None, 0]),
)


@settings(
    max_examples=40,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    habits=ODD,
    moves=st.lists(st.tuples(st.sampled_from(MOVES), st.integers(0, 20)), max_size=30),
    size=st.sampled_from([2, 3, 100]),
)
async def test_the_identity_holds_or_the_collector_is_degraded(
    habits: Habits, moves: list[tuple[str, int]], size: int
) -> None:
    async with watching(orders=0, products=3, customers=1) as store:
        store.lasts, store.shop.shop.habits = True, habits
        tell_tale(store, "pending")
        await count_orders(store)
        binned: list[tuple[int, Any]] = []
        before: dict[str, float] = {}
        for move, choice in moves:
            await _move(store, move, choice, binned, size)
        for _ in range(3):
            store.clock.now += 300
            report = await store.collect("orders", max_pages=60)
            found = figures(report)
            assert all(found[name] >= value for name, value in before.items() if "total" in name)
            before = found
        # Without page numbers, only orders that are excluded lead to others.
        is_short = habits.ignores_page and "exclude" in habits.ignores
        is_told = habits.hidden or is_short or "order" in habits.ignores
        if habits.total in (None, "missing", "zero") and not is_told:
            assert not report.degraded
        if not report.degraded:
            assert accounted(found) == truth(store)
            assert found["store_collector_backlog{orders}"] == 0


async def _move(
    store: Watched, move: str, choice: int, binned: list[tuple[int, Any]], size: int
) -> None:
    shop = store.shop.shop
    orders = list(shop.orders.values())[1:]
    if move == "place":
        store.shop.new_order(("pending", "processing", "checkout-draft")[choice % 3], total="9.90")
    elif move == "import":
        made = store.shop.new_order("processing", total="7.35", created=store.clock.now - 40_000)
        shop.stamp(shop.orders[made["id"]], "date_paid", store.clock.now)
    elif move == "hide" and shop.habits.total is None:
        # Where the totals are no good either, nothing tells of it.
        shop.habits.hidden.add(store.shop.new_order("processing", total="3.10")["id"])
    elif move == "show":
        shop.habits.hidden.clear()
    elif move in ("restore", "return") and binned:
        number, kept = binned.pop()
        shop.orders[number] = kept
        if move == "restore":
            shop.touch(kept)
    elif move == "wait":
        store.clock.now += choice * 30
    elif move in ("run", "crash"):
        await _run(store, choice, size, is_last=move == "crash")
    elif orders:
        _change(store, move, orders[choice % len(orders)], choice, binned)


async def _run(store: Watched, choice: int, size: int, *, is_last: bool) -> None:
    """Collect; the process may end after a few saves."""
    store.cursor.fail_after = store.cursor.saves + choice % 3 if is_last else None
    with suppress(OSError):
        await count_orders(store, seconds=1, page_size=size, max_pages=1 + choice % 4)
    store.cursor.fail_after = None
    if is_last:
        store.restart()


def _change(
    store: Watched, move: str, order: Any, choice: int, binned: list[tuple[int, Any]]
) -> None:
    shop = store.shop.shop
    if move == "pay":
        store.shop.edit_order(order["id"], status="processing")
    elif move.startswith("edit"):
        modified = order["date_modified"], order["date_modified_gmt"]
        store.shop.edit_order(order["id"], total=f"{choice}.25")
        if move != "edit":
            order["date_modified"], order["date_modified_gmt"] = modified
    elif move == "delete":
        binned.append((order["id"], shop.orders.pop(order["id"])))
    elif move == "refund" and order["date_paid_gmt"] is not None and order["status"] != "refunded":
        with suppress(ValueError):
            store.shop.refund(order["id"], "0.35")
    elif move == "take back" and shop.refunds[order["id"]]:
        shop.refunds[order["id"]].pop()
        order["refunds"].pop()
        shop.touch(order)


@pytest.mark.parametrize("page", [1, 2, 3])
async def test_an_empty_page_is_not_the_end_of_imported_orders(page: int) -> None:
    """Their times of change are old, so that only their ids show that they are new."""
    async with watching(orders=0, products=3, customers=1) as store:
        shop = store.shop.shop
        shop.habits.cap = 10
        tell_tale(store, "pending")
        await count_orders(store)
        for _ in range(25):
            made = store.shop.new_order("processing", total="2", created=store.clock.now - 90_000)
            shop.stamp(shop.orders[made["id"]], "date_paid", store.clock.now)
        store.shop.faults.add(
            Fault(
                path="*/orders",
                skip=1 + page,
                times=1,
                change=lambda _: [],
                headers={"X-WP-Total": "0", "X-WP-TotalPages": "0"},
            )
        )
        for _ in range(3):
            found = await count_orders(store)
        assert accounted(found) == truth(store)
        assert found["store_revenue_total{GBP}"] == 50


@pytest.mark.parametrize(("page", "times"), [(1, 1), (2, 1), (3, 1), (1, 2), (2, 20)])
async def test_a_row_without_an_id_is_not_the_end_of_imported_orders(page: int, times: int) -> None:
    """Once the row comes with its id, all are counted; until then, the others are."""
    async with watching(orders=0, products=3, customers=1) as store:
        shop = store.shop.shop
        shop.habits.cap = 10
        tell_tale(store, "pending")
        await count_orders(store)
        for _ in range(35):
            made = store.shop.new_order("processing", total="2", created=store.clock.now - 90_000)
            shop.stamp(shop.orders[made["id"]], "date_paid", store.clock.now)
        hidden = sorted(shop.orders, reverse=True)[10 * page - 1]
        store.shop.faults.add(
            Fault(
                path="*/orders",
                skip=page,
                times=times,
                change=lambda rows: [
                    {**row, "id": None if row["id"] == hidden else row["id"]} for row in rows
                ],
            )
        )
        for _ in range(4):
            found = await count_orders(store)
        if times == 20:
            assert found["store_revenue_total{GBP}"] == 68
        else:
            assert accounted(found) == truth(store) == 70
