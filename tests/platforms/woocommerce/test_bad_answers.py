"""What real shops answer on bad days. Each is a typed error or a partial result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from store_demo.stores.woocommerce import Fault, SimulatedWooCommerce
from store_exporter.errors import ERROR_TYPES, StoreError
from store_exporter.platforms.woocommerce import WooCommerce
from tests.fakes.bad_server import bomb
from tests.fakes.clock import Clock
from tests.fakes.woocommerce import answering, changing, client

EMAIL = "cust3@example.test"
PRODUCTS = "*/wc/v3/products"
Operation = Callable[[WooCommerce], Any]


def search(shop: WooCommerce) -> Any:
    return shop.search_products("part", limit=5)


def details(shop: WooCommerce) -> Any:
    return shop.get_product_details(19)


def cart(shop: WooCommerce) -> Any:
    return shop.get_cart()


def low(shop: WooCommerce) -> Any:
    return shop.get_low_stock_products()


@dataclass
class Bad:
    """A bad answer: what makes it, what is asked, and what should come of it."""

    name: str
    fault: Fault
    run: Operation = search
    kind: str | None = None
    says: str = ""
    holds: Callable[[Any], bool] = bool


def page(title: str, body: str = "", status: int = 200, **headers: str) -> Fault:
    html = f"<!DOCTYPE html><html><head><title>{title}</title></head><body>{body}</body></html>"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return answering(html, status=status, content_type="text/html", headers=named)


def change_first(**members: Any) -> Fault:
    return changing(PRODUCTS, lambda rows: [{**rows[0], **members}, *rows[1:]])


def change(path: str, *steps: str | int, to: Any) -> Fault:
    def changed(body: Any) -> Any:
        holder = body
        for step in steps[:-1]:
            holder = holder[step]
        holder[steps[-1]] = to
        return body

    return changing(path, changed)


def one_left_out(found: Any) -> bool:
    return len(found) == 4 and found.unreadable == 1


def price_left_out(found: Any) -> bool:
    return len(found) == 5 and found[0].price is None and found[0].unreadable == ("price",)


WARNING = '<br />\n<b>Warning</b>: Undefined array key "x" in <b>/srv/x.php</b> on line 7<br />\n'
TABLE = [
    # Not JSON at all
    Bad("cut in the middle", answering('[{"id": 1, "na'), kind="invalid_response", says="cut off"),
    Bad("connection cut in the middle", Fault(truncate=40), kind="connection"),
    Bad("connection dropped at once", Fault(drop=True), kind="connection"),
    Bad("nothing", answering(""), kind="invalid_response", says="empty"),
    Bad("huge", answering("[" + "1," * 3_000_000 + "1]"), kind="response_too_large"),
    Bad(
        "huge once unpacked",
        answering(bomb(50 * 2**20), headers={"Content-Encoding": "gzip"}),
        kind="response_too_large",
    ),
    Bad(
        "packed by a packer not asked for",
        Fault(headers={"Content-Encoding": "br"}),
        kind="invalid_response",
    ),
    Bad("nested without end", answering("[" * 200_000), kind="invalid_response"),
    Bad("NaN for a number", answering('[{"id": NaN}]'), kind="invalid_response"),
    Bad("a number without end", answering('[{"id": ' + "9" * 9000 + "}]"), kind="invalid_response"),
    Bad("a number beyond all others", answering('[{"id": 1e9999999}]'), kind="invalid_response"),
    Bad(
        "PHP warnings before the JSON",
        answering(WARNING + "[]"),
        kind="invalid_response",
        says="printed",
    ),
    Bad("PHP warnings after the JSON", answering("[]" + WARNING), kind="invalid_response"),
    Bad(
        "undeclared Latin-1",
        answering('[{"name": "Tür"}]'.encode("latin-1")),
        kind="invalid_response",
    ),
    # Somebody else's page
    Bad("a hoster's 500", page("Internal Server Error", status=500), kind="server_error"),
    Bad("a hoster's 502", page("502 Bad Gateway", status=502), kind="server_error", says="502"),
    Bad(
        "a hoster's page of success",
        page("Welcome to nginx!"),
        kind="invalid_response",
        says="nginx",
    ),
    Bad(
        "an account that is suspended",
        page("Account Suspended", status=403),
        kind="invalid_response",
        says="suspended",
    ),
    Bad(
        "WordPress being updated",
        answering("Briefly unavailable for scheduled maintenance.", status=503),
        kind="maintenance",
    ),
    Bad("a maintenance plugin", page("Site under maintenance"), kind="maintenance"),
    Bad("a shop that is not open yet", page("Coming soon", status=503), kind="maintenance"),
    Bad(
        "Cloudflare's challenge",
        page("Just a moment...", status=403, cf_mitigated="challenge"),
        kind="blocked",
        says="Cloudflare",
    ),
    Bad("Cloudflare under attack", page("Just a moment...", status=503), kind="blocked"),
    Bad(
        "Cloudflare's refusal", page("Attention Required! | Cloudflare", status=403), kind="blocked"
    ),
    Bad(
        "Cloudflare without the shop", answering("error code: 522", status=522), kind="server_error"
    ),
    Bad("Wordfence", page("403", "Generated by Wordfence", status=403), kind="blocked"),
    Bad("Sucuri", page("Sucuri WebSite Firewall - Access Denied", status=403), kind="blocked"),
    Bad("Imunify360", page("Imunify360 bot-protection", status=415), kind="blocked"),
    Bad("ModSecurity", page("Not Acceptable!", "Mod_Security", status=406), kind="blocked"),
    Bad("a captcha", page("Security check", "captcha", status=403), kind="blocked"),
    Bad("plain permalinks", page("404 Not Found", status=404), kind="api_not_found"),
    Bad(
        "a password before the shop",
        page("401 Authorization Required", status=401),
        kind="blocked",
        says="its own password",
    ),
    Bad(
        "a redirect to the login",
        answering(
            "", status=302, headers={"Location": "https://shop.example.com/wp-login.php?x=1"}
        ),
        kind="redirect",
        says="login page",
    ),
    Bad(
        "a redirect to www",
        answering("", status=301, headers={"Location": "https://www.shop.example.com/wp-json/"}),
        kind="redirect",
        says="www.shop.example.com",
    ),
    Bad("the login instead of an answer", page("Log In", '<form id="loginform">'), kind="redirect"),
    # Errors in other clothes
    Bad(
        "an error as a success",
        answering(
            '{"code": "rest_no_route", "message": "No", "data": {"status": 404}}', status=200
        ),
        kind="api_not_found",
    ),
    Bad(
        "an error whose data is a number",
        answering('{"code": "woocommerce_rest_x", "message": "No", "data": 500}', status=500),
        kind="server_error",
    ),
    Bad("an error without a code", answering('{"error": "no"}', status=403), kind="blocked"),
    Bad("an error that is a list", answering("[]", status=500), kind="server_error"),
    Bad(
        "PHP's fatal error",
        answering('{"code": "internal_server_error", "message": "<p>Critical</p>"}', status=500),
        kind="server_error",
    ),
    Bad(
        "too many requests, as a page",
        page("Slow down", status=429, Retry_After="3600"),
        kind="rate_limited",
    ),
    Bad(
        "too many requests, once",
        answering("{}", status=429, headers={"Retry-After": "1"}, times=1),
        holds=lambda found: len(found) == 5,
    ),
    Bad(
        "busy, once",
        answering("{}", status=503, headers={"Retry-After": "1"}, times=1),
        holds=lambda found: len(found) == 5,
    ),
    Bad(
        "too many requests of shoppers",
        answering('{"code": "rate_limit_exceeded", "message": "Too many"}', status=400),
        cart,
        kind="rate_limited",
    ),
    # Other encodings that can be read
    Bad(
        "a byte order mark",
        answering(b"\xef\xbb\xbf[]", path=PRODUCTS),
        holds=lambda found: len(found) == 0,
    ),
    Bad(
        "UTF-16",
        answering("[]".encode("utf-16"), path=PRODUCTS),
        holds=lambda found: len(found) == 0,
    ),
    Bad(
        "JSON said to be a page",
        answering("[]", content_type="text/html", path=PRODUCTS),
        holds=lambda f: len(f) == 0,
    ),
    # JSON of another shape
    Bad("an object for a list", answering("{}", path=PRODUCTS), kind="invalid_response"),
    Bad(
        "a list for an object",
        answering("[]", path="*/products/19"),
        details,
        kind="invalid_response",
    ),
    Bad("null", answering("null"), details, kind="invalid_response"),
    Bad("a text", answering('"ok"'), details, kind="invalid_response"),
    Bad("another product", change("*/products/19", "id", to=20), details, kind="invalid_response"),
    Bad("a list of nulls", answering("[null, null]", path=PRODUCTS), kind="invalid_response"),
    Bad(
        "one null in a list", changing(PRODUCTS, lambda rows: [None, *rows[1:]]), holds=one_left_out
    ),
    # Wrong figures in waiting
    Bad(
        "a price as the shop displays it",
        change_first(price="1,234.50"),
        holds=lambda found: found[0].price.amount == Decimal("1234.5"),
    ),
    Bad("a decimal comma in a price", change_first(price="12,50"), holds=price_left_out),
    Bad(
        "no number of ratings",
        change_first(rating_count=None),
        holds=lambda found: len(found) == 5 and not found.unreadable,
    ),
    Bad("a currency sign in a price", change_first(price="£12"), holds=price_left_out),
    Bad(
        "a price that is a number",
        change_first(price=12.5),
        holds=lambda found: found[0].price.amount == Decimal("12.5"),
    ),
    Bad(
        "thousands separators in a total",
        change("*/orders/*", "total", to="1,234.50"),
        lambda shop: shop.check_order(110),
        kind="invalid_response",
    ),
    Bad(
        "a report with thousands separators",
        change("*/orders", 0, "total", to="1,234.50"),
        lambda shop: shop.get_sales_report(),
        kind="invalid_response",
    ),
    Bad(
        "an unknown currency",
        change("*/settings/general", 0, "value", to="XYZ"),
        holds=lambda found: found[0].price.currency == "XYZ",
    ),
    Bad(
        "a number of decimals that its owner cleared, which is none",
        change("*/settings/general", 3, "value", to=""),
        holds=lambda found: found[0].price.currency == "GBP",
    ),
    Bad("no currency", change("*/settings/general", 0, "value", to=""), kind="invalid_response"),
    Bad(
        "negative stock",
        change("*/products/19", "stock_quantity", to=-3),
        details,
        holds=lambda found: found.stock.quantity == -3,
    ),
    Bad(
        "a stock status from a plugin",
        change_first(stock_status="preorder"),
        holds=lambda found: (found[0].stock.status, found[0].stock.in_stock) == ("other", True),
    ),
    Bad(
        "ids twice",
        changing(PRODUCTS, lambda rows: [rows[0], *rows[:4]]),
        lambda shop: shop.search_products(limit=32),
        holds=lambda found: len({product.id for product in found}) == len(found),
    ),
    Bad(
        "ten thousand pages",
        Fault(
            path="*/reports/stock", headers={"X-WP-TotalPages": "10000", "X-WP-Total": "1000000"}
        ),
        lambda shop: shop.get_product_categories(),
        holds=lambda found: len(found) == 5,
    ),
    Bad(
        "ten thousand pages of the same",
        Fault(path="*/categories", headers={"X-WP-TotalPages": "10000"}, body='[{"id": 1}]'),
        lambda shop: shop.get_product_categories(),
        kind="invalid_response",
    ),
    Bad(
        "totals that are no numbers",
        Fault(path=PRODUCTS, headers={"X-WP-Total": "1,234", "X-WP-TotalPages": "-1"}),
        holds=lambda found: found.total is None and len(found) == 5,
    ),
    Bad(
        "a date of noughts beside that in the shop's zone",
        change("*/orders/*", "date_created_gmt", to="0000-00-00T00:00:00"),
        lambda shop: shop.check_order(110),
        holds=lambda found: found.created is not None,
    ),
    Bad(
        "a cart in another currency",
        change("*/cart", "totals", "currency_minor_unit", to=99),
        cart,
        kind="invalid_response",
    ),
    Bad(
        "a number of decimals that is a text",
        change("*/cart", "totals", "currency_minor_unit", to="2"),
        cart,
        holds=lambda found: found.total.currency == "GBP",
    ),
    Bad(
        "an order's number that is no text",
        change("*/orders/*", "number", to=110),
        lambda shop: shop.check_order(110),
        holds=lambda found: found.number == "110",
    ),
    Bad(
        "a cart in major units",
        change("*/cart", "totals", "total_price", to="80.00"),
        cart,
        kind="invalid_response",
    ),
    Bad(
        "a cart without its token",
        Fault(path="*/cart", headers={"Cart-Token": ""}),
        cart,
        kind="invalid_response",
    ),
]
IDS = [bad.name for bad in TABLE]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(clock: Clock) -> SimulatedWooCommerce:
    store = SimulatedWooCommerce(clock=clock.now, orders=0)
    # The line of the order is 109, the order itself 110.
    store.shop._last_id = 108
    assert store.new_order("processing", email=EMAIL)["id"] == 110
    return store


def test_the_table_is_long_enough_and_without_repetitions() -> None:
    assert len(TABLE) >= 40
    assert len(set(IDS)) == len(IDS)


@pytest.mark.parametrize("bad", TABLE, ids=IDS)
def test_a_bad_response_is_a_typed_error_or_a_partial_result(
    store: SimulatedWooCommerce, clock: Clock, bad: Bad
) -> None:
    shop = client(store, clock)
    store.faults.add(bad.fault)
    if bad.kind is None:
        assert bad.holds(bad.run(shop))
        return
    with pytest.raises(StoreError) as caught:
        bad.run(shop)
    assert caught.value.error_type == bad.kind
    assert bad.says in caught.value.message
    assert ERROR_TYPES[bad.kind].fault in ("store", "config")
    assert len(caught.value.message) < 400
    assert store.keys.read_write.consumer_secret not in caught.value.message
    assert len(store.requests) <= 20


@pytest.mark.parametrize("path", ["*/customers", "*/orders", "*/products/reviews", "*/coupons"])
def test_a_cache_that_drops_the_query_shows_nobody_anothers_data(
    store: SimulatedWooCommerce, clock: Clock, path: str
) -> None:
    store.new_order("processing", email="cust1@example.test")
    store.new_order("processing", email="stranger@example.test")
    everything = {
        "*/customers": list(store.shop.customers.values()),
        "*/orders": list(store.shop.orders.values()),
        "*/products/reviews": list(store.shop.reviews.values()),
        "*/coupons": list(store.shop.coupons.values()),
    }[path]
    store.faults.add(changing(path, lambda _: everything))
    shop = client(store, clock)
    assert {o.customer.email for o in shop.get_customer_orders(EMAIL) if o.customer} <= {EMAIL}
    assert tuple(shop.get_customer_orders("nobody@example.test")) == ()
    assert {review.product_id for review in shop.get_product_reviews(20)} <= {20}
    with pytest.raises(StoreError) as caught:
        shop.validate_coupon("nope")
    assert caught.value.code == "coupon_unknown"
    assert shop.validate_coupon("save10").percent == Decimal(10)


def test_a_search_by_sku_that_finds_everything_finds_the_one(
    store: SimulatedWooCommerce, clock: Clock
) -> None:
    everything = list(store.shop.products.values())
    store.faults.add(changing(PRODUCTS, lambda _: everything))
    shop = client(store, clock)
    assert shop.check_stock("SKU-010").product_id == 19
    with pytest.raises(StoreError) as caught:
        shop.check_stock("NOPE")
    assert caught.value.error_type == "not_found"
