"""Pages, orders, and what narrows lists down, on WooCommerce."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from store_demo.stores.woocommerce import SimulatedWooCommerce
from store_exporter.platforms.woocommerce import WooCommerce
from store_exporter.platforms.woocommerce.reading.zones import ZonePlace, zone_covers
from store_exporter.spec.money import Money
from store_exporter.spec.results import Tracking
from tests.fakes.clock import START
from tests.fakes.woocommerce import answering
from tests.platforms.operations import failure

DAY = 86_400
ADA = "cust3@example.test"


def test_pages_of_what_can_be_had_are_those_of_one_list(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    some = [p for p in store.shop.products.values() if p["type"] == "simple"][:12]
    for product in some[::3]:
        product.update(stock_status="onbackorder", backorders_allowed=True)
    whole = shop.search_products(in_stock=True, sort="price", limit=100)
    pages = [
        shop.search_products(in_stock=True, sort="price", limit=7, page=number)
        for number in range(1, 6)
    ]
    assert [p.id for page in pages for p in page] == [p.id for p in whole]
    assert {(page.total, page.pages) for page in pages} == {(whole.total, pages[0].pages)}
    assert [page.more for page in pages] == [True] * (len(pages) - 1) + [False]
    prices = [p.price.amount for p in whole if p.price is not None]
    assert prices == sorted(prices)


@pytest.mark.parametrize(
    ("visibility", "in_search", "in_pages"),
    [("hidden", False, False), ("search", True, False), ("catalog", False, True)],
)
def test_products_that_shoppers_do_not_see_are_not_found(
    store: SimulatedWooCommerce,
    shop: WooCommerce,
    visibility: str,
    in_search: bool,
    in_pages: bool,
) -> None:
    whole = shop.search_products(limit=100)
    names = {one.id for one in shop.search_products("Part", limit=100)}
    for one in whole.items[1:30:2]:
        store.shop.products[one.id]["catalog_visibility"] = visibility
    hidden = {one.id for one in whole.items[1:30:2]}
    shown = [one.id for one in whole if in_pages or one.id not in hidden]
    found = shop.search_products(limit=100)
    assert ([one.id for one in found], found.total) == (shown, len(shown))
    pages = [shop.search_products(limit=6, page=number) for number in (1, 2, 3)]
    assert [one.id for page in pages for one in page] == shown[:18]
    assert [page.more for page in pages] == [True, True, len(shown) > 18]
    sought = {one.id for one in shop.search_products("Part", limit=100)}
    assert sought == (names if in_search else names - hidden)


def test_options_are_found_whatever_their_case(shop: WooCommerce) -> None:
    found = shop.search_products(attributes={"voltage": "24v"}, limit=1, page=2)
    assert (found.total, found.pages, found.more, len(found)) == (2, 2, False, 1)
    assert shop.search_products(attributes={"Voltage": "9V"}).total == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"page": 0},
        {"page": "2"},
        {"limit": 100, "page": 11},
        {"sort": "cheapest"},
        {"attributes": "red"},
        {"attributes": {"Colour": ""}},
    ],
)
def test_a_search_that_makes_no_sense_is_refused_before_any_request(
    store: SimulatedWooCommerce, shop: WooCommerce, wrong: dict[str, Any]
) -> None:
    store.requests.clear()
    assert failure(shop.search_products, **wrong).fault in ("app", "customer")
    assert not store.requests


def test_orders_are_narrowed_down_by_status_and_day_and_added_up(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    for age, status, total in (
        (0, "processing", "10"),
        (1, "completed", "20"),
        (9, "failed", "40"),
    ):
        store.new_order(status, email=ADA, total=total, created=START - age * DAY)
    store.new_order("completed", email=ADA, total="700", currency="JPY", created=START - 2 * DAY)
    back = store.new_order("processing", email=ADA, total="30", created=START - 3 * DAY)
    store.refund(back["id"], "5")
    whole = shop.get_customer_orders(ADA, limit=2)
    assert (whole.total, whole.pages, whole.more, len(whole)) == (5, 3, True, 2)
    assert whole.summary is not None
    assert whole.summary.orders == 5
    assert whole.summary.spent == (Money(Decimal(55), "GBP"), Money(Decimal(700), "JPY"))
    completed = shop.get_customer_orders(ADA, status="completed")
    assert [order.status for order in completed] == ["completed"] * 2
    recent = shop.get_customer_orders(ADA, first="2026-11-22")
    newest, oldest = (order.created for order in recent)
    assert newest is not None
    assert oldest is not None
    assert newest >= oldest
    earlier = shop.get_customer_orders(ADA, last="2026-11-14").summary
    assert earlier is not None
    assert earlier.orders == 1


def test_a_status_that_the_shop_lacks_is_reported_with_those_that_it_has(shop: WooCommerce) -> None:
    error = failure(shop.get_customer_orders, ADA, status="packed")
    assert error.error_type == "invalid_input"
    assert "processing" in error.message


def test_a_list_that_cannot_all_be_read_has_no_summary(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    for _ in range(2):
        made = store.new_order("processing", email=ADA)
    store.shop.orders[made["id"]]["total"] = "a lot"
    found = shop.get_customer_orders(ADA)
    assert (len(found), found.unreadable, found.summary) == (1, 1, None)


@pytest.mark.parametrize(
    ("meta", "parcels"),
    [
        (
            {
                "_wc_shipment_tracking_items": [
                    {
                        "tracking_provider": "usps",
                        "custom_tracking_provider": "",
                        "custom_tracking_link": "",
                        "tracking_number": "9400 1",
                        "date_shipped": "1795436653",
                    },
                    {
                        "tracking_provider": "",
                        "custom_tracking_provider": "Bike",
                        "custom_tracking_link": "https://bike.example/7",
                        "tracking_number": "7",
                    },
                ]
            },
            (Tracking("9400 1", "usps", ""), Tracking("7", "Bike", "https://bike.example/7")),
        ),
        (
            {"_wc_shipment_tracking_items": {"1": {"tracking_number": "A"}}},
            (Tracking("A", "", ""),),
        ),
        (
            {"_aftership_tracking_items": [{"tracking_number": "B", "slug": "dhl"}]},
            (Tracking("B", "dhl", ""),),
        ),
        (
            {
                "_aftership_tracking_number": "C",
                "_aftership_tracking_provider_name": "fedex",
                "_wc_shipment_tracking_items": [{"tracking_number": "C"}],
            },
            (Tracking("C", "", ""),),
        ),
        ({"_wc_shipment_tracking_items": ["x", {"tracking_number": ""}, None]}, ()),
        (
            {
                "_wc_shipment_tracking_items": [
                    {"tracking_number": "D", "custom_tracking_link": "javascript:alert(1)"}
                ]
            },
            (Tracking("D", "", ""),),
        ),
        # Imports over the API keep a number as it came.
        (
            {
                "_wc_shipment_tracking_items": [{"tracking_number": 94001}],
                "_aftership_tracking_number": 94002,
            },
            (Tracking("94001", "", ""), Tracking("94002", "", "")),
        ),
        ({"_aftership_tracking_number": ["E"]}, ()),
    ],
)
def test_parcels_are_read_as_plugins_keep_them(
    store: SimulatedWooCommerce,
    shop: WooCommerce,
    meta: dict[str, Any],
    parcels: tuple[Tracking, ...],
) -> None:
    made = store.new_order("completed", email=ADA)
    rows = [{"id": n, "key": key, "value": value} for n, (key, value) in enumerate(meta.items())]
    store.shop.orders[made["id"]]["meta_data"] = rows
    assert shop.check_order(made["id"], ADA).tracking == parcels
    # Where a parcel goes is told to who knows whose it is.
    assert shop.check_order(made["id"]).tracking == ()


FULFILMENTS: list[dict[str, Any]] = [
    {
        "_tracking_number": "1Z9",
        "_shipment_provider": "ups",
        "_tracking_url": "https://ups.example",
    },
    {"_tracking_number": 94001, "_shipment_provider": "other", "_provider_name": "Bike"},
    {"_items": [{"item_id": 1, "qty": 1}]},
]


def fulfil(store: SimulatedWooCommerce, number: int, status: str = "partially_fulfilled") -> None:
    """As in 11.0.1 with the feature `fulfillments`, whose flag comes as the database has it."""
    store.shop.orders[number]["meta_data"] = [{"key": "_fulfillment_status", "value": status}]
    store.shop.fulfilments[number] = [
        {
            "id": index,
            "is_fulfilled": flag,
            "meta_data": [{"key": key, "value": value} for key, value in meta.items()],
        }
        for index, (meta, flag) in enumerate(
            [*((meta, "1") for meta in FULFILMENTS), ({"_tracking_number": "draft"}, "0")]
        )
    ]


def test_parcels_of_the_shops_own_fulfilments_are_requested_where_there_are_some(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    number = store.new_order("completed", email=ADA)["id"]
    fulfil(store, number)
    found = shop.check_order(number, ADA)
    parcels = (Tracking("1Z9", "ups", "https://ups.example"), Tracking("94001", "Bike", ""))
    assert (found.tracking, found.unreadable) == (parcels, ())
    # A list tells that it does not have them.
    assert [order.unreadable for order in shop.get_customer_orders(ADA)] == [("tracking",)]
    store.requests.clear()
    assert shop.check_order(number).tracking == ()
    fulfil(store, number, "unfulfilled")
    assert shop.check_order(number, ADA).unreadable == ()
    assert not [path for _, path in store.requests if "fulfillments" in path]


@pytest.mark.parametrize("body", ["{}", '[{"id": 1, "is_fulfilled": "1", "meta_data": 7}]'])
def test_fulfilments_that_cannot_be_read_are_no_parcels(
    store: SimulatedWooCommerce, shop: WooCommerce, body: str
) -> None:
    number = store.new_order("completed", email=ADA)["id"]
    fulfil(store, number)
    store.faults.add(answering(body, path="*/fulfillments"))
    found = shop.check_order(number, ADA)
    assert (found.id, found.tracking) == (number, ())
    del store.shop.fulfilments[number]
    assert shop.check_order(number, ADA).unreadable == ("tracking",)


def test_only_a_caller_who_knows_the_customer_sees_where_an_order_goes(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    made = store.new_order("completed", email=ADA)
    store.shop.orders[made["id"]]["shipping"] |= {
        "first_name": "Ada",
        "last_name": "Byron",
        "address_1": "1 High Street",
        "address_2": "",
        "city": "London",
        "postcode": "SW1A 1AA",
        "country": "GB",
    }
    address = shop.check_order(made["id"], ADA).shipping
    assert address is not None
    assert (address.name, address.lines) == ("Ada Byron", ("1 High Street",))
    assert (address.postcode, address.country) == ("SW1A 1AA", "GB")
    assert shop.check_order(made["id"]).shipping is None


def test_reviews_are_narrowed_down_by_their_rating(shop: WooCommerce) -> None:
    every = shop.get_product_reviews("SKU-010")
    good = shop.get_product_reviews("SKU-010", min_rating=5)
    assert [review.rating for review in every] == [5, 4]
    assert [review.rating for review in good] == [5]
    assert (good.total, good.more) == (1, False)


def test_low_stock_of_a_category_is_that_of_its_products(shop: WooCommerce) -> None:
    every = shop.get_low_stock_products(limit=100)
    names = {c.name for c in shop.get_product_categories()}
    shares = [shop.get_low_stock_products(limit=100, category=name) for name in names]
    of_all = {row.product_id for share in shares for row in share}
    assert of_all == {row.product_id for row in every}
    assert max(len(share) for share in shares) < len(every)
    assert failure(shop.get_low_stock_products, category="nothing").error_type == "not_found"


def test_delivery_to_a_country_is_that_of_the_first_zone_that_has_it(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    assert list(shop.get_shipping_info("gb").zones) == ["UK"]
    assert {method.zone for method in shop.get_shipping_methods(country="GB")} == {"UK"}
    assert list(shop.get_shipping_info("US").zones) == ["Locations not covered by your other zones"]
    store.shop.zone_places[1] = [("continent", "EU"), ("postcode", "SW1*")]
    assert list(shop.get_shipping_info("GB", "sw1a 1aa").zones) == ["UK"]
    assert "UK" not in shop.get_shipping_info("GB", "N1 9GU").zones


@pytest.mark.parametrize(
    ("places", "postcode", "found"),
    [
        ([], None, True),
        ([("country", "GB")], None, True),
        ([("country", "FR")], "SW1A 1AA", False),
        ([("continent", "EU")], None, True),
        ([("state", "GB:ENG")], None, False),
        ([("postcode", "SW1A1AA")], "sw1a 1aa", True),
        ([("postcode", "SW1*")], None, False),
        ([("postcode", "10000...19999")], "15-000", True),
        ([("postcode", "10000...19999")], "20000", False),
        ([("country", "FR"), ("postcode", "SW1*")], "SW1A 1AA", False),
        ([("postcode", "AB1...AB9")], "AB5", True),
        ([("postcode", "*")], "AB5", True),
        ([("postcode", "*B5")], "AB5", False),
        ([("postcode", "AB*" + "*" * 5000)], "AB5 5AB 5AB", False),
        ([("postcode", "\u00b2...\u00b3")], "\u00b2", True),
        ([("postcode", f"1...{5000 * '9'}")], "5", True),
    ],
)
def test_a_zone_has_what_woocommerce_says_it_has(
    places: list[tuple[str, str]], postcode: str | None, found: bool
) -> None:
    assert zone_covers([ZonePlace(*place) for place in places], "GB", {"EU"}, postcode) is found


@pytest.mark.parametrize(
    ("pattern", "country", "postcode", "found"),
    [
        ("SE1 *", "GB", "se1 9ab", True),
        ("SE1 *", "GB", "SE10 9AB", False),
        ("SE1*", "GB", "SE10 9AB", True),
        ("SE109*", "GB", "SE10 9AB", False),
        ("SE10 9*", "GB", "SE109AB", True),
        ("104 *", "SE", "104 30", True),
        ("0*", "PL", "00-950", True),
        ("00-9*", "PL", "00950", True),
        ("1012 *", "NL", "1012AB", True),
        ("90210", "US", "90210", True),
        ("90210-1*", "US", "902101234", True),
        ("LV-1*", "LV", "1001", True),
        ("LV-1*", "LV", "LV-1001", True),
        ("SK-811 *", "SK", "SK81102", True),
        ("811 *", "SK", "811 02", True),
        ("150-*", "JP", "1500002", True),
        ("1050", "DK", "1050", True),
        ("75*", "FR", "75 001", True),
    ],
)
def test_a_postcode_is_compared_as_its_country_writes_it(
    pattern: str, country: str, postcode: str, found: bool
) -> None:
    """As WooCommerce 11.0.1 does (issue 24473 of woocommerce/woocommerce)."""
    assert zone_covers([ZonePlace("postcode", pattern)], country, (), postcode) is found


def test_a_report_names_what_sold_most(store: SimulatedWooCommerce, shop: WooCommerce) -> None:
    store.new_order("processing", lines=[(18, 2), (1002, 1)])
    store.new_order("processing", lines=[(18, 1), (1003, 4)])
    store.new_order("processing", lines=[(17, 9)], currency="JPY")
    report = shop.get_sales_report("week")
    assert [(row.product_id, row.items) for row in report.top_products] == [(1000, 5), (18, 3)]
    motor = report.top_products[0]
    # Its variations have SKUs of their own.
    assert (motor.name, motor.sku) == ("Motor 1", "")
    assert sum(row.total.amount for row in report.top_products) == report.gross.amount
    (yen,) = report.other_currencies
    assert [(row.product_id, row.items) for row in yen.top_products] == [(17, 9)]


@pytest.mark.parametrize("email", ["", "deleted@site.invalid"])
def test_orders_of_nobody_in_particular_do_not_make_the_best_customer(
    store: SimulatedWooCommerce, shop: WooCommerce, email: str
) -> None:
    """As orders entered at a till are, and those whose customers WooCommerce 11.0.1 erased."""
    store.new_order("completed", email=ADA, total="30")
    for total in ("20", "25"):
        made = store.new_order("completed", email="guest@example.test", total=total)
        store.edit_order(made["id"], customer_id=0, billing={**made["billing"], "email": email})
    found = shop.get_customer_insights()
    assert [(one.email, one.orders, one.total.amount) for one in found] == [
        (ADA, 1, Decimal(30)),
        ("", 1, Decimal(25)),
        ("", 1, Decimal(20)),
    ]
    assert found.totals is not None
    assert (found.totals.returning, found.totals.spent) == (0, Money(Decimal(75), "GBP"))


def test_insights_come_with_what_all_customers_come_to(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    for email, total in ((ADA, "10"), (ADA, "20"), ("guest@example.test", "5")):
        store.new_order("completed", email=email, total=total)
    store.new_order("completed", email=ADA, total="700", currency="JPY")
    found = shop.get_customer_insights(limit=1)
    assert (len(found), found.total, found.pages, found.more) == (1, 2, 2, True)
    assert found.totals is not None
    assert (found.totals.customers, found.totals.returning, found.totals.orders) == (2, 1, 4)
    assert found.totals.spent == Money(Decimal(35), "GBP")
    assert found.totals.average == Money(Decimal("17.50"), "GBP")
    assert found.totals.other_currencies == (Money(Decimal(700), "JPY"),)
