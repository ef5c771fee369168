"""Answers that are not what they should be: a typed error, or nothing wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from store_demo.stores.faults import Fault
from store_demo.stores.shopify import SimulatedShopify
from store_exporter.errors import StoreError
from store_exporter.platforms.shopify import CartSession, Shopify
from store_exporter.spec.results import Listing
from tests.fakes.direct import Json, answering, changing
from tests.platforms.operations import pounds
from tests.platforms.shopify.watching import watched

NOTHING = {"extensions": {"cost": None}}


@dataclass(frozen=True)
class Bad:
    """One bad answer and the error type that it is."""

    name: str
    expected: str
    body: Any = None
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json; charset=utf-8"

    def __str__(self) -> str:
        return self.name


def errors(code: str | None, message: str = "No", **more: Any) -> dict[str, Any]:
    extensions = {} if code is None else {"extensions": {"code": code}}
    return {"errors": [{"message": message, **extensions}], **more}


HTML = "text/html; charset=utf-8"
TABLE = (
    Bad("a refused token as text", "unauthorized", {"errors": "[API] Invalid access token"}),
    Bad("a refused token", "unauthorized", {"errors": "Invalid access token"}, 401),
    Bad("a refusal that is not Shopify's", "blocked", b"", 401),
    Bad("a firewall's JSON", "blocked", {"message": "Forbidden"}, 403),
    Bad("unauthorized by code", "unauthorized", errors("UNAUTHORIZED")),
    Bad("a missing scope", "forbidden", errors("ACCESS_DENIED")),
    Bad("a missing scope without its code", "forbidden",
        errors(None, "Access denied for orders field.", data=None)),
    Bad("personal data that the plan withholds, without its code", "forbidden",
        errors(None, "This app is not approved to use the email field. Access to personally …")),
    Bad("a missing scope beside null", "forbidden", errors("ACCESS_DENIED", data=None)),
    Bad("forbidden", "forbidden", {"errors": "Unavailable"}, 403),
    Bad("forbidden by whoever stands before Shopify", "blocked", "<html>No</html>", 403,
        content_type=HTML),
    Bad("partial data with an error", "server_error",
        errors("INTERNAL_SERVER_ERROR", data={"shop": {"currencyCode": "GBP"}, "x": None})),
    Bad("an internal error", "server_error", errors("INTERNAL_SERVER_ERROR", data=None)),
    Bad("a timeout of Shopify's", "timeout", errors("TIMEOUT")),
    Bad("a timeout without its code", "timeout", errors(None, "Timeout")),
    Bad("a timeout of one field", "timeout", errors(None, "Timeout on QueryRoot.productVariants")),
    Bad("a timeout by another code", "timeout",
        errors("validationTimeout", "Timeout on validation of query")),
    Bad("an inactive shop", "maintenance", errors("SHOP_INACTIVE")),
    Bad("a shop behind its password", "maintenance",
        errors("BAD_REQUEST", "Online Store channel is locked."), 400),
    Bad("a shop behind its password, as text", "maintenance",
        {"errors": "Online Store channel is locked."}, 400),
    Bad("an internal error without its code", "server_error", errors(None, "Internal error. Oh")),
    Bad("a service that is away", "server_error", errors("SERVICE_UNAVAILABLE")),
    Bad("a code in lower case", "server_error", errors("internal_server_error")),
    Bad("a firewall's test", "blocked", "<script>window.KPSDK={}</script>", 429, content_type=HTML),
    Bad("a field that this version lacks", "invalid_request", errors("undefinedField")),
    Bad("an error with an unknown code", "invalid_request", errors("SOMETHING_NEW")),
    Bad("an error without a code", "invalid_request", errors(None)),
    Bad("a query too dear", "invalid_request", errors("MAX_COST_EXCEEDED")),
    Bad("throttled for ever", "rate_limited", errors("THROTTLED")),
    Bad("errors as text", "invalid_response", {"errors": "Not Found"}),
    Bad("errors as an object", "invalid_request", {"errors": {"query": "Required"}}),
    Bad("errors as a list of numbers", "invalid_request", {"errors": [1, 2]}),
    Bad("errors with odd extensions", "invalid_request", {"errors": [{"extensions": 3}]}),
    Bad("an error with a code that is a list", "invalid_request",
        {"errors": [{"message": 1, "extensions": {"code": ["THROTTLED"]}}]}),
    Bad("neither data nor errors", "invalid_response", NOTHING),
    Bad("data null", "invalid_response", {"data": None}),
    Bad("data as a list", "invalid_response", {"data": []}),
    Bad("data as text", "invalid_response", {"data": "shop"}),
    Bad("every root null", "invalid_response", {"data": {"shop": None, "productVariants": None}}),
    Bad("a list", "invalid_response", []),
    Bad("a number", "invalid_response", 12),
    Bad("null", "invalid_response", b"null"),
    Bad("an empty body", "invalid_response", b""),
    Bad("white space", "invalid_response", b"  \n "),
    Bad("half of the JSON", "invalid_response", b'{"data": {"shop": {"currencyC'),
    Bad("JSON and then a warning", "invalid_response", b'{"data": {}}<b>Warning</b>'),
    Bad("NaN", "invalid_response", b'{"data": {"x": NaN}}'),
    Bad("nested without end", "invalid_response", b"[" * 100_000),
    Bad("not UTF-8", "invalid_response", b'{"data": "\xff\xfe"}'),
    Bad("a page of HTML", "invalid_response", "<html>Welcome</html>", content_type=HTML),
    Bad("a frozen shop", "maintenance", {"errors": "Unavailable Shop"}, 402),
    Bad("a locked shop", "maintenance", {"errors": "Locked"}, 423),
    Bad("a frozen shop, in other letters", "maintenance", {"errors": "Unavailable shop"}, 403),
    Bad("a frozen shop, by another status", "maintenance", {"errors": "Unavailable Shop"}, 403),
    Bad("a token that does not expire, of a public app", "unauthorized",
        {"errors": "[API] Non-expiring access tokens are no longer accepted for the API"}, 403),
    Bad("a scope that waits for the merchant", "forbidden",
        {"errors": "[API] This action requires merchant approval for read_orders scope."}, 403),
    Bad("a lost token, by its code", "unauthorized", errors("UNAUTHORIZED"), 403),
    Bad("a firewall's 404", "blocked", "<h1>WebKnight Application Firewall</h1>", 404,
        content_type=HTML),
    Bad("a host that has no such site", "invalid_response", "<title>Site not found</title>", 404,
        content_type=HTML),
    Bad("no such shop or version", "api_not_found", {"errors": "Not Found"}, 404),
    Bad("an address that is not the shop's own", "api_not_found", "Bad Request", 400,
        content_type="text/plain"),
    Bad("slow down", "rate_limited", {"errors": "Exceeded 2 calls per second"}, 429),
    Bad("refused as a bot", "blocked", "<html>Your connection needs to be verified</html>", 430,
        content_type=HTML),
    Bad("a redirect to a login", "redirect", b"", 302, {"Location": "https://accounts.example/login"}),
    Bad("an internal server error", "server_error", "<html>Oops</html>", 500, content_type=HTML),
    Bad("a bad gateway", "server_error", b"", 502),
    Bad("a bad gateway with JSON", "server_error", {"errors": "Internal Server Error"}, 503),
    Bad("a bad request", "invalid_request", {"errors": {"query": "missing"}}, 400),
    Bad("unprocessable", "invalid_request", {"errors": "Unprocessable"}, 422),
    Bad("more than the limit", "response_too_large", b'{"data": "' + b"x" * 6_000_000 + b'"}'),
)  # fmt: skip


def bodied(bad: Bad) -> bytes | str:
    return bad.body if isinstance(bad.body, (bytes, str)) else json.dumps(bad.body)


@pytest.mark.parametrize("bad", TABLE, ids=str)
def test_an_operation_raises_what_happened(
    shop: SimulatedShopify, store: Shopify, bad: Bad
) -> None:
    shop.faults.add(
        answering(
            bodied(bad), status=bad.status, content_type=bad.content_type, headers=bad.headers
        )
    )
    with pytest.raises(StoreError) as caught:
        store.check_stock("SKU-010")
    assert caught.value.error_type == bad.expected
    assert shop.tokens.admin not in str(caught.value)


@pytest.mark.parametrize("body", ["", "<title>Shopify Security Rejection</title>"])
def test_a_refusal_by_shopifys_own_protection_names_it(
    shop: SimulatedShopify, store: Shopify, body: str
) -> None:
    shop.faults.add(answering(body, status=430, content_type=HTML))
    with pytest.raises(StoreError, match="Shopify's protection refuses") as caught:
        store.check_stock("SKU-010")
    assert caught.value.error_type == "blocked"


@pytest.mark.parametrize("bad", TABLE, ids=str)
async def test_a_collector_raises_what_happened(bad: Bad) -> None:
    if bad.expected in ("rate_limited", "response_too_large"):
        pytest.skip("the runner ends the waiting, and its HTTP the reading")
    found = watched()
    found.shop.faults.add(
        answering(
            bodied(bad), status=bad.status, content_type=bad.content_type, headers=bad.headers
        )
    )
    for name in ("order_statuses", "customers", "orders"):
        with pytest.raises(StoreError) as caught:
            await found.collect(name)
        assert caught.value.error_type == bad.expected


def payload(root: str, **members: Any) -> Any:
    """Change the payload of a mutation."""

    def change(answer: Json) -> Json:
        if root in (answer.get("data") or {}):
            answer["data"][root] = {**answer["data"][root], **members}
        return answer

    return change


def error(code: str | None, message: str = "No", field: str = "x") -> list[dict[str, Any]]:
    return [{"code": code, "field": ["lines", "0", field], "message": message}]


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"userErrors": error("INVALID")}, "invalid_input"),
        ({"userErrors": error("INVALID", field="quantity")}, "invalid_input"),
        ({"userErrors": error("INVALID", field="merchandiseId")}, "not_found"),
        ({"userErrors": error("INVALID", field="cartId")}, "invalid_response"),
        ({"userErrors": [{"code": "INVALID", "field": None, "message": "No"}]}, "invalid_input"),
        ({"userErrors": error(None)}, "invalid_input"),
        ({"userErrors": error("SOMETHING_NEW")}, "invalid_input"),
        ({"userErrors": error("INVALID_MERCHANDISE_LINE")}, "not_found"),
        ({"userErrors": error("SERVICE_UNAVAILABLE")}, "server_error"),
        ({"userErrors": error("MERCHANDISE_LINE_TRANSFORMERS_RUN_ERROR")}, "server_error"),
        ({"userErrors": error("VALIDATION_CUSTOM")}, "invalid_state"),
        ({"userErrors": [1]}, "invalid_response"),
        ({"userErrors": None}, "invalid_response"),
        ({"warnings": error("MERCHANDISE_OUT_OF_STOCK")}, "out_of_stock"),
        ({"warnings": [None]}, "invalid_response"),
        ({"cart": None}, "invalid_response"),
        ({"cart": []}, "invalid_response"),
    ],
)
def test_a_change_of_a_cart_that_was_not_made_is_an_error(
    shop: SimulatedShopify, store: Shopify, members: dict[str, Any], expected: str
) -> None:
    shop.faults.add(changing("*", payload("changed", **members)))
    with pytest.raises(StoreError) as caught:
        store.add_to_cart("SKU-010")
    assert caught.value.error_type == expected


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"orderCancelUserErrors": error("NO_REFUND_PERMISSION")}, "forbidden"),
        ({"orderCancelUserErrors": error("INTERNAL_ERROR")}, "server_error"),
        ({"orderCancelUserErrors": error("INVALID")}, "invalid_state"),
        ({"orderCancelUserErrors": error(None)}, "invalid_state"),
        ({"job": None}, "invalid_response"),
    ],
)
def test_a_cancellation_that_was_not_begun_is_an_error(
    shop: SimulatedShopify, store: Shopify, members: dict[str, Any], expected: str
) -> None:
    shop.faults.add(changing("*", payload("orderCancel", **members)))
    number = next(o.number for o in shop.stock_room.orders.values() if o.fulfillment != "FULFILLED")
    with pytest.raises(StoreError) as caught:
        store.cancel_order(number)
    assert caught.value.error_type == expected


LISTS: dict[str, Callable[[Shopify], Listing[Any]]] = {
    "collections": lambda store: store.get_product_categories(),
    "orders": lambda store: store.get_customer_orders("cust1@example.test", limit=20),
    "productVariants": lambda store: store.get_low_stock_products(),
    "customers": lambda store: store.get_customer_insights(),
    "products": lambda store: store.search_products(limit=20),
}


@pytest.mark.parametrize("root", LISTS)
@pytest.mark.parametrize("odd", [None, {"id": "x"}, 3])
def test_what_is_odd_in_a_list_is_left_out_and_counted(
    shop: SimulatedShopify, store: Shopify, root: str, odd: Any
) -> None:
    def spoil(answer: Json) -> Json:
        nodes = answer["data"][root]["nodes"]
        # An order whose address cannot be read is nobody's.
        nodes[1] = {**nodes[1], "totalPriceSet": odd} if root == "orders" else odd
        return answer

    whole = LISTS[root](store)
    shop.faults.add(changing("*", spoil))
    found = LISTS[root](store)
    assert (len(found), found.unreadable) == (len(whole) - 1, 1)


def test_orders_are_found_beside_what_is_none(shop: SimulatedShopify, store: Shopify) -> None:
    def spoil(answer: Json) -> Json:
        answer["data"]["orders"]["nodes"][1:2] = [None]
        return answer

    whole = store.get_customer_orders("cust1@example.test", limit=20)
    shop.faults.add(changing("*", spoil))
    found = store.get_customer_orders("cust1@example.test", limit=20)
    assert (len(found), found.unreadable) == (len(whole) - 1, 1)
    assert (found.total, found.summary) == (None, None)
    assert store.check_order(email="cust1@example.test").id == whole[0].id
    assert store.check_order(whole[0].number).id == whole[0].id


@pytest.mark.parametrize("node", [None, 3])
def test_an_order_that_cannot_be_read_is_not_taken_for_one_that_is_not_there(
    shop: SimulatedShopify, store: Shopify, node: Any
) -> None:
    def spoil(answer: Json) -> Json:
        answer["data"]["orders"]["nodes"] = [node]
        return answer

    shop.faults.add(changing("*", spoil))
    calls: list[Callable[[], object]] = [
        lambda: store.check_order("1003"),
        lambda: store.check_order(email="cust1@example.test"),
        lambda: store.get_customer_orders("cust1@example.test"),
    ]
    for call in calls:
        with pytest.raises(StoreError, match="not an object") as caught:
            call()
        assert caught.value.error_type == "invalid_response"


def test_a_way_of_delivery_that_is_odd_is_left_out_and_counted(
    shop: SimulatedShopify, store: Shopify
) -> None:
    def spoil(answer: Json) -> Json:
        if profile := answer["data"].get("deliveryProfile"):
            zones = profile["profileLocationGroups"][0]["locationGroupZones"]["nodes"]
            zones[0]["methodDefinitions"]["nodes"][0]["rateProvider"] = None
        return answer

    whole = store.get_shipping_methods()
    shop.faults.add(changing("*", spoil))
    found = store.get_shipping_methods()
    assert (len(found), found.unreadable) == (len(whole) - 1, 1)


async def test_a_shop_that_has_moved_is_reported_with_the_setting(
    shop: SimulatedShopify, store: Shopify
) -> None:
    there = {"Location": "https://new.myshopify.com/admin/api/2026-10/graphql.json"}
    fault = answering("", status=301, headers=there)
    shop.faults.add(fault)
    words = r"the shop's APIs are at new\.myshopify\.com: set url to https://new\.myshopify\.com"
    with pytest.raises(StoreError, match=words):
        store.check_stock("SKU-010")
    found = watched()
    found.shop.faults.add(fault)
    with pytest.raises(StoreError, match=words) as caught:
        await found.probe("liveness")
    assert caught.value.error_type == "redirect"


async def test_a_shop_that_leads_to_what_is_no_address_is_a_redirect(
    shop: SimulatedShopify, store: Shopify
) -> None:
    fault = answering("", status=301, headers={"Location": "http://[/admin/api/graphql.json"})
    shop.faults.add(fault)
    with pytest.raises(StoreError) as caught:
        store.check_stock("SKU-010")
    assert caught.value.error_type == "redirect"
    found = watched()
    found.shop.faults.add(fault)
    with pytest.raises(StoreError) as caught:
        await found.probe("liveness")
    assert caught.value.error_type == "redirect"


def test_a_token_that_is_revoked_in_the_middle_of_a_list_fails_the_whole_report(
    shop: SimulatedShopify, store: Shopify
) -> None:
    room = shop.stock_room
    for _ in range(150):
        room.new_order("PAID", lines=[(room.by_sku("SKU-010").id, 1)])
    assert store.get_sales_report("day").orders >= 150
    refused = json.dumps({"errors": "[API] Invalid API key or access token"})
    shop.faults.add(answering(refused, status=401)).skip = 1
    with pytest.raises(StoreError) as caught:
        store.get_sales_report("day")
    assert caught.value.error_type == "unauthorized"


def test_a_mutation_is_not_sent_again_when_its_response_is_lost(
    shop: SimulatedShopify, store: Shopify
) -> None:
    cart = store.add_to_cart("SKU-010")
    shop.faults.add(Fault(path="/api/*", truncate=10, skip=1, times=1))
    with pytest.raises(StoreError) as caught:
        store.add_to_cart("SKU-010", cart=cart.token)
    assert caught.value.error_type == "connection"
    assert store.get_cart(cart.token).items == 2


@pytest.mark.parametrize("status", ["half paid", "", 3, ["PAID"]])
def test_an_order_status_that_is_not_known_is_an_error(
    shop: SimulatedShopify, store: Shopify, status: Any
) -> None:
    def spoil(answer: Json) -> Json:
        for node in answer["data"]["orders"]["nodes"]:
            node["displayFinancialStatus"] = status
        return answer

    shop.faults.add(changing("*", spoil))
    with pytest.raises(StoreError) as caught:
        store.check_order("1003")
    assert caught.value.error_type == "invalid_response"


def spoiling(root: str, **members: Any) -> Fault:
    """A fault that gives the nodes, or the only object, of an answer other members."""

    def spoil(answer: Json) -> Json:
        found = answer["data"].get(root)
        if found is not None:
            for row in found.get("nodes", [found]):
                row.update(members)
        return answer

    return changing("*", spoil)


def test_what_goes_with_an_order_never_keeps_its_status_back(
    shop: SimulatedShopify, store: Shopify
) -> None:
    whole = store.get_customer_orders("cust1@example.test")[0]
    dates = {"createdAt": None, "updatedAt": "soon", "transactions": "soon"}
    done = {"displayFinancialStatus": "PAID", "displayFulfillmentStatus": "FULFILLED"}
    line = {"name": None, "quantity": None}
    shop.faults.add(
        spoiling(
            "orders",
            **dates,
            **done,
            totalRefundedSet=None,
            lineItems={"nodes": [line, None]},
            customer="?",
            fulfillments=None,
            shippingAddress="?",
        )
    )
    found = store.get_customer_orders("cust1@example.test")
    order = found[0]
    assert (found.unreadable, found.summary, order.total) == (0, None, whole.total)
    assert (order.lines, order.customer, order.refunded, order.created) == ((), None, None, None)
    assert set(order.unreadable) == {
        *("refunded", "lines", "customer", "shipping", "tracking"),
        *("created", "modified", "paid", "completed"),
    }


def test_a_variant_whose_number_is_kept_back_can_be_had_all_the_same(
    shop: SimulatedShopify, store: Shopify
) -> None:
    odd = {"inventoryQuantity": None, "compareAtPrice": "dear"}
    shop.faults.add(spoiling("productVariants", **odd))
    stock = store.check_stock("SKU-010")
    assert (stock.in_stock, stock.quantity, stock.backorders_allowed) == (True, None, None)
    assert stock.unreadable == ("quantity",)
    price = store.check_price("SKU-010")
    assert (price.price, price.regular_price, price.on_sale) == (pounds("100.00"), None, None)
    assert price.unreadable == ("regular_price",)


def test_a_collection_whose_products_are_not_counted_is_a_collection(
    shop: SimulatedShopify, store: Shopify
) -> None:
    shop.faults.add(spoiling("collections", productsCount=None))
    found = store.get_product_categories()
    assert (found.unreadable, {row.count for row in found}) == (0, {None})


def test_a_line_that_makes_no_sense_is_left_out_of_its_cart_and_reported(
    shop: SimulatedShopify, store: Shopify
) -> None:
    mine = CartSession()
    whole = store.add_to_cart("SKU-010", 2, cart=mine)

    def spoil(answer: Json) -> Json:
        answer["data"]["cart"]["lines"]["nodes"][0]["quantity"] = None
        return answer

    shop.faults.add(changing("*", spoil))
    found = store.get_cart(mine)
    assert (found.lines, found.total, found.unreadable) == ((), whole.total, ("lines",))


@pytest.mark.parametrize("which", ["line", "discount"])
def test_a_cart_in_two_currencies_keeps_its_lines_and_codes_without_their_sums(
    shop: SimulatedShopify, store: Shopify, which: str
) -> None:
    mine = CartSession()
    store.add_to_cart("SKU-010", 2, cart=mine)

    def spoil(answer: Json) -> Json:
        cart = answer["data"].get("cart") or answer["data"].get("changed", {}).get("cart")
        line = cart["lines"]["nodes"][0] if cart else None
        parts = [part["discountedAmount"] for part in line["discountAllocations"]] if line else []
        if which == "line" and line:
            parts += line["cost"].values()
        for amount in parts:
            amount["currencyCode"] = "EUR"
        return answer

    shop.faults.add(changing("*", spoil))
    found = store.apply_coupon_to_cart("save10", cart=mine)
    assert (found.total, found.items) == (pounds("180"), 2)
    assert [(one.code, one.discount) for one in found.coupons] == [("save10", None)]
    assert len(found.lines) == (which == "line")
    assert (found.subtotal is None, found.discount) == (which == "line", None)
    assert {"discount"} < set(found.unreadable)
    assert store.add_to_cart("SKU-011", cart=mine).items == 3
