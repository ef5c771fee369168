"""Operations about what is sold."""

from __future__ import annotations

import html
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from store_demo.stores.woocommerce import SimulatedWooCommerce
from store_exporter.errors import StoreError
from store_exporter.platforms.woocommerce import WooCommerce
from store_exporter.spec.money import Money
from tests.fakes.clock import Clock
from tests.fakes.direct import DirectTransport
from tests.fakes.woocommerce import changing, client
from tests.platforms.operations import failure, pounds

GBP = "GBP"


def error_type(caught: pytest.ExceptionInfo[StoreError]) -> str:
    return caught.value.error_type


def test_a_search_finds_by_word_price_category_and_stock(shop: WooCommerce) -> None:
    found = shop.search_products(
        "pump", category="Pumps", min_price="20", max_price=Decimal(300), in_stock=True, limit=3
    )
    assert [product.name for product in found] == ["Part 28 Pump", "Part 24 Pump", "Part 20 Pump"]
    assert found.total == 7
    assert found[0].price == pounds("215")
    assert found[0].stock.in_stock
    assert found[0].description == "Description of part 28"
    assert found[0].categories == ("Pumps",)


def test_a_search_without_anything_lists_the_newest(shop: WooCommerce) -> None:
    assert len(shop.search_products()) == 10
    assert len(shop.search_products(limit=32)) == 32


def test_numbers_that_come_as_text_and_texts_that_come_as_numbers_are_the_same(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    store.add_product(name="Odd", sku="1000", price="1")

    def swapped(body: Any) -> Any:
        for row in body if isinstance(body, list) else [body]:
            row["variations"] = [str(number) for number in row.get("variations", ())]
            row["sku"] = int(row["sku"]) if row["sku"].isdigit() else row["sku"]
        return body

    whole = shop.get_product_details("1000"), shop.get_product_details("MOTOR-1")
    for path in ("*/products", "*/products/*"):
        store.faults.add(changing(path, swapped))
    # The id of the second is the SKU of the first.
    assert (shop.get_product_details("1000"), shop.get_product_details("MOTOR-1")) == whole
    assert whole[1].variations == (1001, 1002, 1003)


def test_what_cannot_be_had_can_be_searched_too(shop: WooCommerce) -> None:
    found = shop.search_products(in_stock=False)
    assert {product.name for product in found} == {"Part 1 Valve", "Part 2 Hose", "Part 3 Seal"}


def test_a_search_for_nothing_known_is_empty(shop: WooCommerce) -> None:
    assert tuple(shop.search_products("unobtainium")) == ()


@pytest.mark.parametrize("category", ["pumps", "Pumps", "PUMPS", 16, "16"])
def test_a_category_goes_by_slug_name_or_id(shop: WooCommerce, category: int | str) -> None:
    assert shop.search_products(category=category).total == 7


def test_the_description_of_a_product_with_a_password_is_not_shown(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    """As the shop's own pages do (pull request 63466 of WooCommerce); the key sees everything."""
    product = store.add_product(name="Secret", sku="secret", description="<p>For members</p>")
    assert shop.get_product_details("secret").description == "For members"
    product["post_password"] = "open"
    assert shop.get_product_details("secret").description == ""
    assert [(p.name, p.description) for p in shop.search_products("Secret")] == [("Secret", "")]


def test_a_product_is_found_by_the_price_of_any_of_its_variations(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    parent = next(p for p in store.shop.products.values() if p["type"] == "variable")
    for number, price in zip(parent["variations"], ("610", "630", "650"), strict=False):
        store.shop.variations[number]["price"] = price
    for low, high, is_found in ((625, 635, True), (631, 649, False), (650, None, True)):
        found = shop.search_products(min_price=low, max_price=high, limit=100)
        assert (parent["name"] in {product.name for product in found}) is is_found


def test_words_are_searched_for_also_those_that_begin_with_a_minus(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    """WordPress would leave out the products with such a word."""
    store.add_product(name="Cable to -40 degrees")
    shop.search_products('cable -40 "-20" --x self-locking 5 - 6')
    shop.search_products("-")
    queries = [parse_qs(urlsplit(path).query) for _, path in store.requests]
    searched = [query["search"] for query in queries if "search" in query]
    assert searched == [['cable 40 "20" x self-locking 5  6'], ["-"]]


@pytest.mark.parametrize("name", ["Pumps & Valves", "<5 bar", 'Men\'s "Best"'])
def test_a_category_goes_by_its_name_whatever_signs_it_has(
    store: SimulatedWooCommerce, shop: WooCommerce, name: str
) -> None:
    """WordPress stores and searches it as HTML, quotes excepted (issue 27086 of WooCommerce)."""
    store.shop.categories[16]["name"] = html.escape(name, quote=False)
    assert name in {category.name for category in shop.get_product_categories()}
    assert shop.search_products(category=name.lower()).total == 7


@pytest.mark.parametrize("category", ["Gaskets", "0016"])
def test_an_unknown_category_is_not_found(shop: WooCommerce, category: str) -> None:
    with pytest.raises(StoreError) as caught:
        shop.search_products(category=category)
    assert error_type(caught) == "not_found"


@pytest.mark.parametrize("name", ["SKU-010", 19, "19", "sku-010"])
def test_a_product_goes_by_sku_or_id(shop: WooCommerce, name: int | str) -> None:
    product = shop.get_product_details(name)
    assert (product.id, product.sku, product.type) == (19, "SKU-010", "simple")
    assert product.price == product.regular_price == pounds("80")
    assert product.rating == Decimal("4.50")


@pytest.mark.parametrize(
    "sku", ["000123", "19", "A B 7", "Größe-Ü", "50%+&=#", "a,b", "x" * 100, "'; DROP", "零件"]
)
def test_any_sku_finds_its_product_and_no_other(store: SimulatedWooCommerce, sku: str) -> None:
    made = store.add_product(name="Odd", sku=sku, price="1")
    assert client(store).get_product_details(sku).id == made["id"]
    assert client(store, url="http://shop.example.com").check_stock(sku).product_id == made["id"]


def test_a_text_of_digits_is_an_id_only_when_no_sku_is_like_it(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    assert shop.check_stock("19").sku == "SKU-010"
    made = store.add_product(name="Nineteen", sku="19", price="1")
    assert shop.check_stock("19").product_id == made["id"]
    assert shop.check_stock(19).product_id == 19


def test_a_sku_that_was_imported_with_a_space_is_found(store: SimulatedWooCommerce) -> None:
    made = store.add_product(name="Odd", sku="TRAIL", price="1")
    store.faults.add(
        changing("*/products", lambda rows: [{**one, "sku": "TRAIL "} for one in rows])
    )
    assert client(store).check_stock("trail ").product_id == made["id"]


def test_a_sku_with_a_comma_does_not_find_the_products_of_its_parts(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    with pytest.raises(StoreError) as caught:
        shop.check_stock("SKU-010,SKU-011")
    assert error_type(caught) == "not_found"


@pytest.mark.parametrize("product", [999999, "999999", "NOPE", 0, -4, "9" * 30, "0019"])
@pytest.mark.parametrize("operation", ["get_product_details", "check_stock", "check_price"])
def test_an_unknown_product_is_not_found(
    shop: WooCommerce, operation: str, product: int | str
) -> None:
    with pytest.raises(StoreError) as caught:
        getattr(shop, operation)(product)
    assert error_type(caught) == "not_found"
    assert caught.value.fault == "customer"


@pytest.mark.parametrize("status", ["draft", "private", "pending", "trash"])
def test_what_is_not_published_is_not_found_although_the_key_may_see_it(
    store: SimulatedWooCommerce, shop: WooCommerce, status: str
) -> None:
    made = store.add_product(name="Secret", sku="SECRET-1", price="1", status=status)
    for name in ("SECRET-1", made["id"], str(made["id"])):
        with pytest.raises(StoreError) as caught:
            shop.get_product_details(name)
        assert error_type(caught) == "not_found"
    assert tuple(shop.search_products("Secret")) == ()


def test_a_variation_that_is_not_offered_does_not_count(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    store.shop.variations[1003]["status"] = "private"
    assert shop.get_stock_quantity("MOTOR-1").quantity == 4
    assert shop.check_price("MOTOR-1").highest == pounds("220")
    assert len(shop.get_product_variations("MOTOR-1")) == 2


@pytest.mark.parametrize("product", ["", "  ", "x" * 300])
def test_an_impossible_name_is_refused_without_asking(
    store: SimulatedWooCommerce, shop: WooCommerce, product: str
) -> None:
    with pytest.raises(StoreError) as caught:
        shop.check_stock(product)
    assert error_type(caught) == "invalid_input"
    assert not store.requests


def test_a_variation_is_a_product_of_its_own(shop: WooCommerce) -> None:
    by_sku, by_id = shop.get_product_details("MOTOR-1-24V"), shop.get_product_details(1002)
    assert by_sku == by_id
    assert by_sku.parent_id == 1000
    assert by_sku.attributes == {"Voltage": ("24V",)}


def test_a_price_has_its_currency_and_its_sale(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    product = store.shop.products[39]
    store.shop.stamp(product, "date_on_sale_to", 1795500000.0)
    price = shop.check_price("SKU-030")
    assert (price.price, price.regular_price, price.on_sale) == (pounds("184"), pounds("230"), True)
    assert price.sale_ends is not None
    assert price.sale_ends.timestamp() == 1795500000.0


def test_a_product_with_variations_has_a_price_from_and_to(shop: WooCommerce) -> None:
    price = shop.check_price("MOTOR-1")
    assert (price.price, price.highest) == (pounds("200"), pounds("240"))


def test_a_product_without_a_price_has_none(store: SimulatedWooCommerce, shop: WooCommerce) -> None:
    store.add_product(name="On request", sku="R", price="")
    assert shop.check_price("R").price is None


def test_prices_are_in_the_shops_currency_whatever_a_plugin_shows_to_our_visit(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    """As FOX 1.4.5 does it, by the country of the address from which we come."""

    def prices() -> list[object]:
        found = [shop.check_price(product) for product in ("SKU-010", "MOTOR-1", 1001)]
        variations = shop.get_product_variations("MOTOR-1")
        listed = (*shop.search_products("pump"), *variations, shop.get_product_details("SKU-010"))
        return [*found, *((product.price, product.regular_price) for product in listed)]

    own = prices()
    store.shop.habits.rate = Decimal("0.6666")
    assert prices() == own


def test_the_currency_is_requested_once_an_hour(store: SimulatedWooCommerce) -> None:
    clock = Clock()
    shop = client(store, clock)
    for _ in range(3):
        shop.check_price(19)
    asked = [path for _, path in store.requests if "settings" in path]
    assert len(asked) == 1
    clock.advance(3601)
    shop.check_price(19)
    assert len([path for _, path in store.requests if "settings" in path]) == 2


def test_a_currency_that_is_given_is_not_requested(store: SimulatedWooCommerce) -> None:
    assert client(store, currency="CHF").check_price(19).price == Money(Decimal(80), "CHF")
    assert not [path for _, path in store.requests if "settings" in path]


def test_variations_are_listed_for_the_product_and_beside_one_of_them(shop: WooCommerce) -> None:
    for name in ("MOTOR-1", "MOTOR-1-24V"):
        skus = {variation.sku for variation in shop.get_product_variations(name)}
        assert skus == {"MOTOR-1-12V", "MOTOR-1-24V", "MOTOR-1-230V"}
    assert tuple(shop.get_product_variations("SKU-010")) == ()


@pytest.mark.parametrize("version", [(8, 2), (8, 6), (9, 0)])
def test_variations_are_listed_by_versions_that_say_less_of_them(
    store: SimulatedWooCommerce, version: tuple[int, int]
) -> None:
    """As 8.6.1, which has no type of them, and 8.2.2, which has neither product nor name."""
    store.shop.habits.version = version
    found = client(store).get_product_variations("MOTOR-1")
    parent = client(store).get_product_details("MOTOR-1")
    assert {(row.type, row.parent_id) for row in found} == {("variation", parent.id)}
    assert {row.name for row in found} == {"12V", "24V", "230V"}


def test_categories_are_listed_whole_or_below_one(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    assert {category.name for category in shop.get_product_categories()} == {
        "Hoses",
        "Pumps",
        "Seals",
        "Uncategorized",
        "Valves",
    }
    store.shop.categories[19]["parent"] = 16
    assert [c.name for c in shop.get_product_categories("pumps")] == ["Seals"]
    assert len(shop.get_product_categories(0)) == 4


def test_reviews_are_the_products_own_also_of_its_variation(shop: WooCommerce) -> None:
    reviews = shop.get_product_reviews("SKU-010", limit=1)
    assert (reviews.total, len(reviews)) == (2, 1)
    assert (reviews[0].rating, reviews[0].text) == (5, "Review 2 for 19")
    assert not hasattr(reviews[0], "reviewer_email")
    assert tuple(shop.get_product_reviews("MOTOR-1-24V")) == ()


@pytest.mark.parametrize("of_variation", [False, True])
def test_the_sku_zero_is_a_sku(
    store: SimulatedWooCommerce, shop: WooCommerce, of_variation: bool
) -> None:
    items = store.shop.variations if of_variation else store.shop.products
    number, item = next(iter(items.items()))
    item["sku"] = "0"
    assert shop.check_stock("0").product_id == number


def test_no_product_has_the_sku_zero_unless_one_has(shop: WooCommerce) -> None:
    with pytest.raises(StoreError) as caught:
        shop.check_stock("0")
    assert error_type(caught) == "not_found"


def test_a_list_that_is_not_read_to_its_end_says_so(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    for number in range(1001):
        store.add_product(name="D", sku=f"D{number}", price="1", manage_stock=False).update(
            stock_quantity=None
        )
    found = shop.get_low_stock_products(threshold=3)
    assert (found.complete, found.total, len(found)) == (False, None, 0)
    assert len(store.requests) == 10


@pytest.mark.parametrize("limit", [0, -1, 1001, True, "5", 2.5, None])
def test_a_limit_that_is_none_is_the_callers_bug(shop: WooCommerce, limit: Any) -> None:
    with pytest.raises(StoreError) as caught:
        shop.search_products(limit=limit)
    assert error_type(caught) == "invalid_request"
    assert caught.value.fault == "app"


@pytest.mark.parametrize("price", ["cheap", -1, "NaN", "1e999", float("inf")])
def test_an_invalid_price_limit_is_the_shoppers_mistake(shop: WooCommerce, price: Any) -> None:
    with pytest.raises(StoreError) as caught:
        shop.search_products(max_price=price)
    assert error_type(caught) == "invalid_input"


def test_entities_in_names_are_decoded(store: SimulatedWooCommerce, shop: WooCommerce) -> None:
    store.add_product(name="Nut &amp; Bolt &#215; 5&quot;", sku="N", price="1")
    assert shop.get_product_details("N").name == 'Nut & Bolt \u00d7 5"'


def test_items_repeated_by_a_shifting_page_are_listed_once(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    store.faults.add(changing("*/products", lambda rows: [*rows, *rows[:5]]))
    found = shop.search_products(limit=100)
    assert len({product.id for product in found}) == len(found) == 32


def test_one_broken_product_does_not_hide_the_others(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    store.faults.add(changing("*/products", lambda rows: [{**rows[0], "name": None}, *rows[1:]]))
    found = shop.search_products()
    assert (len(found), found.unreadable) == (9, 1)


@pytest.mark.parametrize("odd", ["no date", 12, True, {"date": "2026-11-30"}])
def test_the_end_of_a_sale_that_is_no_date_leaves_the_price_as_it_is(
    store: SimulatedWooCommerce, shop: WooCommerce, odd: Any
) -> None:
    change = {"date_on_sale_to_gmt": odd, "on_sale": None, "regular_price": "cheap"}
    store.faults.add(changing("*/products/*", lambda body: {**body, **change}))
    found = shop.check_price(19)
    assert (found.price, found.sale_ends, found.on_sale) == (pounds("80"), None, None)
    assert found.unreadable == ("regular_price", "on_sale", "sale_ends")


@pytest.mark.parametrize("odd", [None, "dear", [], True])
def test_a_variation_with_an_odd_price_leaves_the_lowest_price_as_the_product_shows_it(
    store: SimulatedWooCommerce, shop: WooCommerce, odd: Any
) -> None:
    whole = shop.check_price("MOTOR-1")
    store.faults.add(changing("*/variations", lambda rows: [{**rows[0], "price": odd}, *rows[1:]]))
    found = shop.check_price("MOTOR-1")
    assert (found.price, found.highest) == (whole.price, None)
    assert found.unreadable == ("highest",)


@pytest.mark.parametrize(("count", "told"), [(None, ()), ("", ()), ("few", ("rating_count",))])
def test_a_product_without_a_number_of_ratings_is_a_product(
    store: SimulatedWooCommerce,
    shop: WooCommerce,
    count: Any,
    told: tuple[str, ...],
) -> None:
    change = {"rating_count": count}
    store.faults.add(changing("*/products", lambda rows: [{**row, **change} for row in rows]))
    found = shop.search_products("part")
    assert found.unreadable == 0
    assert {(row.rating, row.rating_count, row.unreadable) for row in found} == {(None, None, told)}


def test_unreadable_details_that_were_not_requested_do_not_fail_stock_categories_and_reviews(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    odd = {
        "backorders_allowed": None,
        "stock_quantity": "many",
        "manage_stock": True,
        "count": None,
        "date_created_gmt": "lately",
        "verified": "perhaps",
    }

    def spoil(body: Any) -> Any:
        return [{**row, **odd} for row in body] if isinstance(body, list) else {**body, **odd}

    shop.check_stock(19)
    store.faults.add(changing("*/products*", spoil))
    stock = shop.check_stock(19)
    assert (stock.in_stock, stock.quantity, stock.backorders_allowed) == (True, None, None)
    assert stock.unreadable == ("quantity", "backorders_allowed")
    assert {row.count for row in shop.get_product_categories()} == {None}
    reviews = shop.get_product_reviews("SKU-010")
    assert len(reviews) > 0
    assert {(row.verified, row.created) for row in reviews} == {(None, None)}


@pytest.mark.parametrize("change", [{"type": "variable-subscription"}, {"type": "x"}])
def test_a_product_with_variations_may_have_the_type_of_a_plugin(
    store: SimulatedWooCommerce, shop: WooCommerce, change: dict[str, Any]
) -> None:
    whole = shop.check_price("MOTOR-1"), shop.get_stock_quantity("MOTOR-1")
    store.faults.add(changing("*/products", lambda rows: [{**row, **change} for row in rows]))
    assert (shop.check_price("MOTOR-1"), shop.get_stock_quantity("MOTOR-1")) == whole
    assert len(shop.get_product_variations("MOTOR-1").items) == 3


def test_a_sum_of_variations_of_which_the_store_shows_some_is_an_error(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    store.faults.add(changing("*/variations", lambda rows: rows[1:]))
    for operation in (shop.check_price, shop.get_stock_quantity):
        error = failure(operation, "MOTOR-1")
        assert error.message == "the store has 3 variations, but sent 2"


def test_a_sku_is_found_where_a_plugin_allows_few_items_on_a_page(
    store: SimulatedWooCommerce,
) -> None:
    class Limited(DirectTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            if int(request.url.params.get("per_page", 0)) <= 20:
                return super().handle_request(request)
            says = "per_page must be between 1 (inclusive) and 20 (inclusive)"
            data = {"status": 400, "params": {"per_page": says}}
            refused = {"code": "rest_invalid_param", "message": "per_page", "data": data}
            return httpx.Response(400, json=refused)

    key = store.keys.read_write
    with WooCommerce(
        "https://shop.example.com",
        key.consumer_key,
        key.consumer_secret,
        org="acme",
        transport=Limited(store),
    ) as shop:
        assert shop.check_stock("SKU-010").in_stock
        assert len(shop.search_products(limit=30)) == 30
