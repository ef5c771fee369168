"""What operations do beyond what holds on every platform."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from store_demo.stores.shopify import SimulatedShopify
from store_demo.stores.shopify.records import Discount
from store_exporter.errors import UnsupportedOperationError
from store_exporter.metrics.recorder import Recorder
from store_exporter.platforms.shopify import CartSession, Shopify
from store_exporter.platforms.shopify.operations import sales
from tests.fakes.clock import Clock
from tests.fakes.direct import Json, changing
from tests.fakes.shopify import client
from tests.platforms.operations import failure, pounds


def test_each_coupon_of_a_cart_has_its_own_share_of_the_discount(store: Shopify) -> None:
    mine = CartSession()
    store.add_to_cart("SKU-010", 2, cart=mine)
    store.apply_coupon_to_cart("SAVE10", cart=mine)
    cart = store.apply_coupon_to_cart("welcome5", cart=mine)
    assert {coupon.code.lower(): coupon.discount for coupon in cart.coupons} == {
        "save10": pounds("20.00"),
        "welcome5": pounds("10.00"),
    }
    assert (cart.subtotal, cart.discount, cart.total) == (
        pounds("200.00"),
        pounds("30.00"),
        pounds("170.00"),
    )


def test_a_line_of_a_cart_comes_to_what_is_left_after_its_share_of_a_coupon(
    store: Shopify,
) -> None:
    mine = CartSession()
    store.add_to_cart("SKU-010", 2, cart=mine)
    cart = store.apply_coupon_to_cart("save10", cart=mine)
    assert [(line.unit_price, line.total) for line in cart.lines] == [
        (pounds("100.00"), pounds("180.00"))
    ]


@pytest.mark.parametrize("quantity", [2, 3])
def test_lines_of_a_cart_with_one_id_are_two_lines(
    shop: SimulatedShopify, store: Shopify, quantity: int
) -> None:
    """As https://github.com/Shopify/hydrogen/issues/1076 has it."""

    def twice(answer: Json) -> Json:
        cart = answer["data"].get("cart")
        if cart is not None:
            cost = {**cart["lines"]["nodes"][0]["cost"]}
            cost["subtotalAmount"] = {"amount": f"{quantity}00.0", "currencyCode": "GBP"}
            other = {**cart["lines"]["nodes"][0], "quantity": quantity, "cost": cost}
            cart["lines"]["nodes"].append(other)
            cart["totalQuantity"] += quantity
            cart["cost"]["totalAmount"]["amount"] = f"{2 + quantity}00.0"
        return answer

    mine = CartSession()
    store.add_to_cart("SKU-010", 2, cart=mine)
    shop.faults.add(changing("*", twice))
    cart = store.get_cart(mine)
    assert [line.quantity for line in cart.lines] == [2, quantity]
    assert (cart.items, cart.unreadable) == (2 + quantity, ())
    assert cart.subtotal == cart.total == pounds(f"{2 + quantity}00")
    error = failure(store.update_cart_quantity, "SKU-010", 9, mine)
    assert (error.error_type, error.message.rpartition(": ")[2]) == (
        "invalid_input",
        "remove it and add it anew",
    )


def test_a_line_that_is_sold_out_is_not_in_the_cart_and_keeps_no_other_change_from_it(
    store: Shopify,
) -> None:
    mine = CartSession()
    assert failure(store.add_to_cart, "SKU-001", cart=mine).error_type == "out_of_stock"
    assert store.add_to_cart("SKU-010", 1, cart=mine).items == 1
    assert store.update_cart_quantity("SKU-010", 2, mine).items == 2
    cart = store.apply_coupon_to_cart("save10", cart=mine)
    assert [(line.sku, line.quantity) for line in cart.lines] == [("SKU-010", 2)]
    assert failure(store.remove_from_cart, "SKU-001", mine).error_type == "not_found"
    assert store.remove_from_cart("SKU-010", mine).lines == ()
    assert failure(store.add_to_cart, "SKU-001", cart=mine).error_type == "out_of_stock"


def test_a_coupon_that_is_refused_leaves_the_others_on_the_cart(store: Shopify) -> None:
    mine = CartSession()
    store.add_to_cart("SKU-010", cart=mine)
    store.apply_coupon_to_cart("save10", cart=mine)
    for code in ("old20", "once", "nosuchcode"):
        error = failure(store.apply_coupon_to_cart, code, cart=mine)
        assert error.error_type == "invalid_coupon", code
        assert [coupon.code for coupon in store.get_cart(mine).coupons] == ["save10"]


def test_a_coupon_that_was_refused_does_not_apply_by_itself_later(store: Shopify) -> None:
    mine = CartSession()
    store.add_to_cart("SKU-004", cart=mine)
    assert failure(store.apply_coupon_to_cart, "nosuch", cart=mine).code == "DISCOUNT_NOT_FOUND"
    assert failure(store.apply_coupon_to_cart, "welcome5", cart=mine).error_type == "invalid_coupon"
    cart = store.add_to_cart("SKU-010", cart=mine)
    assert (cart.coupons, cart.total) == ((), pounds("140"))


@pytest.mark.parametrize(("percent", "stays"), [("0.2", "alone"), ("0.05", "save10")])
def test_of_coupons_that_do_not_combine_the_cart_has_the_better_one(
    shop: SimulatedShopify, store: Shopify, percent: str, stays: str
) -> None:
    shop.stock_room.discounts.append(Discount("alone", Decimal(percent), combines=False))
    mine = CartSession()
    store.add_to_cart("SKU-010", cart=mine)
    store.apply_coupon_to_cart("save10", cart=mine)
    if stays == "alone":
        cart = store.apply_coupon_to_cart("alone", cart=mine)
        assert (cart.total, cart.discount) == (pounds("80"), pounds("20"))
    else:
        refused = failure(store.apply_coupon_to_cart, "alone", cart=mine)
        assert refused.code == "DISCOUNT_CODE_NOT_HONOURED"
    assert [coupon.code for coupon in store.get_cart(mine).coupons] == [stays]


def test_more_than_there_is_is_out_of_stock_and_leaves_the_cart_as_it_was(
    shop: SimulatedShopify, store: Shopify
) -> None:
    shop.stock_room.by_sku("SKU-010").quantity = 3
    mine = CartSession()
    assert failure(store.add_to_cart, "SKU-010", 5, cart=mine).error_type == "out_of_stock"
    assert failure(store.add_to_cart, "SKU-001", cart=mine).error_type == "out_of_stock"
    assert store.get_cart(mine).items == 0
    store.add_to_cart("SKU-010", 2, cart=mine)
    assert failure(store.add_to_cart, "SKU-010", 5, cart=mine).error_type == "out_of_stock"
    assert failure(store.update_cart_quantity, "SKU-010", 9, mine).error_type == "out_of_stock"
    assert store.get_cart(mine).items == 2


def test_a_cart_that_the_shop_lost_is_put_together_again(
    shop: SimulatedShopify, store: Shopify
) -> None:
    mine = CartSession()
    store.add_to_cart("SKU-010", 2, cart=mine)
    store.add_to_cart("SKU-011", 1, cart=mine)
    store.apply_coupon_to_cart("save10", cart=mine)
    shop.stock_room.carts.clear()
    shop.stock_room.by_sku("SKU-011").quantity = 0
    cart = store.get_cart(mine)
    assert cart.renewed
    assert [(line.sku, line.quantity) for line in cart.lines] == [("SKU-010", 2)]
    assert [coupon.code for coupon in cart.coupons] == ["save10"]
    assert len(cart.problems) == 1


def _without_key(store: Shopify, sku: str) -> CartSession:
    """Return the session of a cart whose id lost its key: it can be read, but not changed."""
    token = store.add_to_cart(sku, 2).token
    assert token is not None
    mine = CartSession(token.partition("?")[0])
    assert store.get_cart(mine).items == 2
    return mine


def test_a_cart_that_can_only_be_read_is_put_together_again_by_a_change(store: Shopify) -> None:
    mine = _without_key(store, "SKU-010")
    cart = store.add_to_cart("SKU-011", cart=mine)
    assert (cart.renewed, cart.items, cart.problems) == (True, 3, ())
    mine = _without_key(store, "SKU-010")
    assert store.update_cart_quantity("SKU-010", 5, mine).items == 5
    mine = _without_key(store, "SKU-010")
    assert store.remove_from_cart("SKU-010", mine).items == 0
    cart = store.apply_coupon_to_cart("save10", cart=_without_key(store, "SKU-010"))
    assert (cart.renewed, cart.items, len(cart.coupons)) == (True, 2, 1)


@pytest.mark.parametrize("token", ["abc", "gid://shopify/Checkout/abc?key=1", "/Cart/1"])
def test_a_token_that_is_no_carts_is_refused_before_any_request(
    shop: SimulatedShopify, store: Shopify, token: str
) -> None:
    """It comes from a shopper's browser, perhaps from the shop that was there before."""
    for call in (store.get_cart, lambda cart: store.add_to_cart(1, cart=cart)):
        assert failure(call, token).error_type == "invalid_input"
    assert not shop.requests


@pytest.mark.parametrize("is_told", [True, False])
def test_a_new_cart_in_place_of_a_lost_one_does_not_hide_what_was_in_that(
    shop: SimulatedShopify, store: Shopify, is_told: bool
) -> None:
    """As https://shopify.dev/changelog/cart-mutations-return-a-new-cart-on-failedtoretrievecart-error
    has it.
    """
    other = CartSession()
    store.add_to_cart("SKU-011", cart=other)

    def replaced(answer: Json) -> Json:
        changed = answer["data"].get("changed")
        if changed and changed["cart"] is None:
            changed["cart"] = new
            changed["userErrors"] = changed["userErrors"] if is_told else []
        return answer

    new = whole_cart(shop, other)
    shop.faults.add(changing("*", replaced))
    cart = store.add_to_cart("SKU-011", cart=_without_key(store, "SKU-010"))
    assert cart.renewed
    assert [(line.sku, line.quantity) for line in cart.lines] == [("SKU-010", 2), ("SKU-011", 1)]
    cart = store.apply_coupon_to_cart("save10", cart=_without_key(store, "SKU-010"))
    assert (cart.renewed, cart.items, len(cart.coupons)) == (True, 2, 1)


def whole_cart(shop: SimulatedShopify, session: CartSession) -> Json:
    """Return the JSON of a session's cart."""
    seen: list[Json] = []

    def keep(answer: Json) -> Json:
        seen.append(answer["data"]["cart"])
        return answer

    fault = shop.faults.add(changing("*", keep))
    client(shop).get_cart(session)
    shop.faults.remove(fault)
    return seen[0]


def test_a_null_among_the_orders_does_not_keep_a_lost_cart_from_its_shopper(
    shop: SimulatedShopify, store: Shopify
) -> None:
    def nothing(answer: Json) -> Json:
        if orders := answer["data"].get("orders"):
            orders["nodes"] = [None]
        return answer

    mine = CartSession()
    store.add_to_cart("SKU-010", 2, cart=mine)
    shop.stock_room.carts.clear()
    shop.faults.add(changing("*", nothing))
    assert store.get_cart(mine).items == 2


@pytest.mark.parametrize("searched", [True, False])
def test_a_cart_that_was_bought_is_not_put_together_again(
    shop: SimulatedShopify, store: Shopify, searched: bool
) -> None:
    mine = CartSession()
    token = store.add_to_cart("SKU-010", 2, cart=mine).token
    assert token is not None
    order = shop.stock_room.buy(token)
    if not searched:
        shop.stock_room.unsearched.add(order.id)
    cart = store.get_cart(mine)
    assert (cart.renewed, cart.lines, cart.problems) == (True, (), ())
    assert store.add_to_cart("SKU-011", cart=mine).items == 1


def test_without_the_scope_to_see_orders_a_lost_cart_is_put_together_again(
    shop: SimulatedShopify, clock: Clock
) -> None:
    shop.tokens.scopes.discard("read_orders")
    narrowed, mine = client(shop, clock), CartSession()
    narrowed.add_to_cart("SKU-010", 2, cart=mine)
    shop.stock_room.carts.clear()
    assert narrowed.get_cart(mine).items == 2


def test_a_shopper_whose_cart_expired_gets_a_new_one_with_what_is_added(
    shop: SimulatedShopify, store: Shopify
) -> None:
    token = store.add_to_cart("SKU-010").token
    shop.stock_room.carts.clear()
    cart = store.add_to_cart("SKU-011", cart=token)
    assert (cart.renewed, cart.items, cart.lines[0].sku) == (True, 1, "SKU-011")


@pytest.mark.parametrize("status", ["ARCHIVED", "DRAFT"])
def test_a_sku_names_what_is_on_sale_before_what_no_longer_is(
    shop: SimulatedShopify, store: Shopify, status: str
) -> None:
    rows = [("SKU-010", Decimal(1), number, {"Size": str(number)}) for number in range(12)]
    shop.stock_room.add_product("Legacy", "Pump", rows).status = status
    assert store.get_product_details("SKU-010").name == "Part 10 Seal"
    assert store.add_to_cart("SKU-010").subtotal == pounds("100")
    shop.stock_room.by_sku("SKU-010").product.status = status
    assert store.check_stock("SKU-010").sku == "SKU-010"


@pytest.mark.parametrize("others", [0, 49, 50, 130])
def test_a_sku_is_found_behind_those_that_only_contain_it(
    shop: SimulatedShopify, store: Shopify, others: int
) -> None:
    """As Shopify's search for 2001 found 200, too: https://community.shopify.dev/t/13963."""
    longer = [f"200-{number:03}" for number in range(others)]
    for sku in (*longer, "200"):
        shop.stock_room.add_product(sku, "Rod", [(sku, Decimal(2), 7, {})])
    assert store.check_stock("200").quantity == 7
    assert failure(store.check_stock, "20").error_type == "not_found"


@pytest.mark.parametrize("sku", ["SKU-010", "MOTOR-1-12V"])
@pytest.mark.parametrize("percent", [80, 125])
def test_a_search_knows_the_price_before_a_reduction_as_the_details_do(
    shop: SimulatedShopify, store: Shopify, sku: str, percent: int
) -> None:
    variant = shop.stock_room.by_sku(sku)
    variant.before = variant.price * percent / 100
    mine = variant.product.id
    shown = store.get_product_details(mine)
    (found,) = (one for one in store.search_products(limit=100) if one.id == mine)
    assert (found.price, found.regular_price) == (shown.price, shown.regular_price)
    assert found.on_sale is shown.on_sale is (percent > 100)
    assert found.regular_price is not None
    assert found.regular_price.amount == max(variant.price, variant.before)


def test_what_the_sales_channel_does_not_show_is_not_found(
    shop: SimulatedShopify, store: Shopify
) -> None:
    product = shop.stock_room.by_sku("SKU-010").product
    product.published = False
    refused = failure(store.add_to_cart, "SKU-010")
    assert (refused.error_type, refused.code) == ("not_found", "INVALID")
    assert product.id not in [row.id for row in store.search_products("part", limit=50)]
    assert store.check_stock("SKU-010").in_stock


def test_a_product_with_variants_has_to_be_chosen_from(store: Shopify) -> None:
    product = store.get_product_details("MOTOR-1-24V").parent_id
    assert product is not None
    assert failure(store.add_to_cart, product).error_type == "invalid_input"
    cart = store.add_to_cart(product, variation={"Voltage": "230V"})
    assert cart.lines[0].sku == "MOTOR-1-230V"
    missing = failure(store.add_to_cart, product, variation="MOTOR-9")
    assert missing.error_type == "invalid_input"


def test_more_than_one_page_of_products_is_found(shop: SimulatedShopify, store: Shopify) -> None:
    for number in range(300):
        shop.stock_room.add_product(f"Nut {number}", "Nut", [(f"NUT-{number}", Decimal(1), 10, {})])
    found = store.search_products("nut", limit=290)
    assert len({product.id for product in found}) == 290
    assert found.total == 300
    assert len(store.search_products(category="Nut", limit=1000)) == 300


@pytest.mark.parametrize("query", [None, "part"])
def test_a_search_keeps_to_what_was_requested(store: Shopify, query: str | None) -> None:
    found = store.search_products(
        query, category="Valve", min_price="50", max_price=200, in_stock=True, limit=50
    )
    assert len(found) > 1
    for product in found:
        assert product.price is not None
        assert Decimal(50) <= product.price.amount <= Decimal(200)
        assert product.categories == ("Valve",)
        assert product.stock.in_stock


def test_what_is_on_backorder_or_not_counted_is_distinguished(
    shop: SimulatedShopify, store: Shopify
) -> None:
    room = shop.stock_room
    room.by_sku("SKU-001").backorders = True
    room.by_sku("SKU-002").tracked = False
    assert store.check_stock("SKU-001").status == "on_backorder"
    stock = store.check_stock("SKU-002")
    assert (stock.status, stock.quantity) == ("in_stock", None)
    low = {item.sku for item in store.get_low_stock_products(threshold=3, limit=50)}
    assert "SKU-002" not in low


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("old20", "coupon_expired"),
        ("once", "coupon_usage_limit"),
        ("nosuchcode", "coupon_unknown"),
        ("welcome5", "coupon_minimum_spend"),
    ],
)
def test_a_coupon_that_is_not_good_says_why(store: Shopify, code: str, reason: str) -> None:
    error = failure(store.validate_coupon, code, "20.00")
    assert (error.error_type, error.code) == ("invalid_coupon", reason)


@pytest.mark.parametrize(("used", "left"), [(0, 2), (1, 1)])
def test_each_code_of_a_discount_has_its_own_uses(
    shop: SimulatedShopify, store: Shopify, used: int, left: int
) -> None:
    shop.stock_room.discounts += [
        Discount("of-many", Decimal("0.1"), limit=2, used=used, others=500),
        Discount("used-up", Decimal("0.1"), limit=2, used=2, others=500),
    ]
    coupon = store.validate_coupon("OF-many")
    assert (coupon.uses_left, coupon.restricted) == (left, False)
    assert failure(store.validate_coupon, "used-up").code == "coupon_usage_limit"


@pytest.mark.parametrize(
    ("others", "found"), [(0, (1, False)), (500, (None, True))], ids=["its only code", "of many"]
)
def test_a_code_that_shopify_has_not_listed_yet_is_not_taken_for_used_up(
    shop: SimulatedShopify, store: Shopify, others: int, found: tuple[int | None, bool]
) -> None:
    def unlisted(answer: Json) -> Json:
        answer["data"]["codeDiscountNodeByCode"]["codeDiscount"]["codes"]["nodes"] = []
        return answer

    shop.stock_room.discounts.append(Discount("new", Decimal("0.1"), limit=1, others=others))
    shop.faults.add(changing("*", unlisted))
    coupon = store.validate_coupon("new")
    assert (coupon.uses_left, coupon.restricted) == found


def test_orders_of_somebody_else_are_not_there(shop: SimulatedShopify, store: Shopify) -> None:
    order = next(iter(shop.stock_room.orders.values()))
    mine = store.check_order(f"#{order.number}", order.email)
    assert mine.customer is not None
    assert mine.paid is not None or mine.status == "pending"
    for call in (store.check_order, store.get_order_notes, store.check_refund_status):
        assert failure(call, order.number, "eve@example.test").error_type == "not_found"
    error = failure(store.cancel_order, order.number, email="eve@example.test")
    assert error.error_type == "not_found"


@pytest.mark.parametrize("words", ["part", None])
def test_what_is_out_of_stock_is_found_although_shopify_has_no_filter_for_it(
    store: Shopify, words: str | None
) -> None:
    found = store.search_products(words, in_stock=False, limit=2)
    assert [product.name for product in found] == ["Part 1 Hose", "Part 2 Seal"]
    found = store.search_products(words, in_stock=False)
    assert ([product.stock.in_stock for product in found], found.total) == ([False] * 3, 3)
    assert all(p.stock.in_stock for p in store.search_products(words, in_stock=True, limit=50))


def test_what_delivery_costs_by_weight_is_not_said_of_every_order(store: Shopify) -> None:
    info = store.get_shipping_info()
    rules = {method.title: method.cost_rule for method in info.zones["World"]}
    assert rules == {
        "Letter": "total_weight <= 0.5 kilograms and total_price <= 20.00 GBP",
        "Parcel": "total_weight >= 0.5 kilograms and total_weight <= 30.0 kilograms",
        "Abroad": "",
    }
    assert info.free_from == pounds("100")


def test_an_order_is_found_by_whatever_number_the_shopper_was_shown(
    shop: SimulatedShopify, store: Shopify
) -> None:
    order = next(iter(shop.stock_room.orders.values()))
    order.form = "EN{}-UK"
    name, confirmation = f"EN{order.number}-UK", order.confirmation
    for shown in (name, f"#{name}", name.lower(), confirmation, f"#{confirmation.lower()}"):
        assert store.check_order(shown, order.email).id == order.id, shown
        assert failure(store.check_order, shown, "eve@example.test").error_type == "not_found"


def test_of_two_orders_with_one_number_none_is_taken_for_the_other(
    shop: SimulatedShopify, store: Shopify
) -> None:
    """Apps and imports may give an order the name that another one has."""
    room = shop.stock_room
    lines = [(room.by_sku("SKU-010").id, 1)]
    first = room.new_order("PAID", email="ada@example.test", lines=lines)
    second = room.new_order("PAID", email="eve@example.test", lines=lines)
    second.form = first.form
    second.number = first.number
    for call in (store.check_order, store.cancel_order, store.get_order_notes):
        error = failure(call, first.number)
        assert error.error_type == "invalid_input"
        assert "several orders" in error.message
    assert store.check_order(first.number, "ada@example.test").id == first.id
    assert store.check_order(second.confirmation).id == second.id
    second.email = first.email
    assert failure(store.check_order, first.number, first.email).error_type == "invalid_input"


def test_an_order_is_found_that_was_placed_just_now(shop: SimulatedShopify, store: Shopify) -> None:
    order = shop.stock_room.new_order("PENDING", email="ada@example.test")
    shop.stock_room.unsearched.add(order.id)
    for shown in (order.number, order.confirmation):
        assert store.check_order(shown, "ada@example.test").id == order.id
        assert failure(store.check_order, shown, "eve@example.test").error_type == "not_found"


def test_a_cancelled_order_cannot_be_cancelled_again(
    shop: SimulatedShopify, store: Shopify
) -> None:
    room = shop.stock_room
    order = room.new_order("PAID", lines=[(room.by_sku("SKU-010").id, 1)])
    done = store.cancel_order(order.number, "Twice")
    assert (done.order.status, done.reason_noted) == ("cancelled", True)
    assert failure(store.cancel_order, order.number).error_type == "invalid_state"


def test_a_report_counts_what_was_placed_in_the_period(
    shop: SimulatedShopify, store: Shopify
) -> None:
    room = shop.stock_room
    room.orders.clear()
    sold = [room.new_order("PAID", lines=[(room.by_sku("SKU-010").id, 2)]) for _ in range(3)]
    room.new_order("PENDING", lines=[(room.by_sku("SKU-010").id, 1)])
    room.refund(sold[0], Decimal(50))
    room.cancel(sold[1])
    sold[2].test = True
    created = store.get_sales_report("day")
    assert (created.orders, created.gross, created.refunds) == (2, pounds("300"), pounds("50"))
    paid = store.get_sales_report("day", definition="paid")
    assert (paid.orders, paid.gross, paid.items) == (1, pounds("200"), 2)


def test_a_report_up_to_today_has_orders_that_the_search_leaves_out(
    shop: SimulatedShopify, clock: Clock, store: Shopify
) -> None:
    room = shop.stock_room
    room.orders.clear()
    for days in (0, 0, 1, 1, 9):
        created = clock.now() - days * 86_400
        order = room.new_order("PENDING", lines=[(room.by_sku("SKU-010").id, 1)], created=created)
        room.unsearched.add(order.id)
    assert [store.get_sales_report(period).orders for period in ("day", "week")] == [2, 4]


@pytest.mark.parametrize("pages", [20, 0])
def test_a_report_takes_imported_orders_by_the_date_that_they_bear(
    shop: SimulatedShopify,
    clock: Clock,
    store: Shopify,
    monkeypatch: pytest.MonkeyPatch,
    pages: int,
) -> None:
    monkeypatch.setattr(sales, "_MOST_PAGES", pages)
    room = shop.stock_room
    room.orders.clear()
    lines = [(room.by_sku("SKU-010").id, 1)]
    room.import_order(clock.now() - 40 * 86_400, lines)
    room.new_order("PAID", lines=lines)
    room.import_order(clock.now() - 3 * 86_400, lines)
    assert [store.get_sales_report(period).orders for period in ("day", "week")] == [1, 2]
    day = datetime.fromtimestamp(clock.now(), UTC).date() - timedelta(days=40)
    assert store.get_sales_report(first=day, last=day).orders == 1


@pytest.mark.parametrize("page", [250, 2, 1])
def test_so_has_a_report_of_days_that_are_over(
    shop: SimulatedShopify,
    clock: Clock,
    store: Shopify,
    monkeypatch: pytest.MonkeyPatch,
    page: int,
) -> None:
    monkeypatch.setattr(sales, "_PAGE", page)
    room = shop.stock_room
    room.orders.clear()
    for days in (0, 0, 0, 3, 3, 9):
        created = clock.now() - days * 86_400
        order = room.new_order("PENDING", lines=[(room.by_sku("SKU-010").id, 1)], created=created)
        room.unsearched.add(order.id)
    today = datetime.fromtimestamp(clock.now(), UTC).date()

    def report(days: int) -> int:
        day = today - timedelta(days=days)
        return store.get_sales_report(first=day, last=day).orders

    assert [report(days) for days in (0, 1, 3, 9, 10)] == [3, 0, 2, 1, 0]


def test_days_that_lie_too_far_back_are_searched_for(
    shop: SimulatedShopify, clock: Clock, store: Shopify, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sales, "_PAGE", 1)
    room = shop.stock_room
    room.orders.clear()
    made = [
        room.new_order("PAID", lines=[], created=clock.now() - days * 86_400)
        for days in (*([0] * 20), 3, 3)
    ]
    room.unsearched.add(made[-1].id)
    day = datetime.fromtimestamp(clock.now(), UTC).date() - timedelta(days=3)
    assert store.get_sales_report(first=day, last=day).orders == 1
    room.orders.pop(made[0].id)
    assert store.get_sales_report(first=day, last=day).orders == 2


@pytest.mark.parametrize("opened", [59, 300])
def test_an_app_that_is_shown_no_old_orders_takes_what_it_sees_for_all_in_a_young_shop_only(
    shop: SimulatedShopify, clock: Clock, store: Shopify, opened: int
) -> None:
    room = shop.stock_room
    room.orders.clear()
    for days in (0, 70):
        room.new_order("PAID", email="ada@example.test", created=clock.now() - days * 86_400)
    whole = store.get_customer_orders("ada@example.test")
    assert (whole.total, whole.complete, whole.summary is None) == (2, True, False)
    assert store.get_sales_report(first="2026-08-01").orders == 2
    shop.tokens.scopes.discard("read_all_orders")
    room.opened = clock.now() - opened * 86_400
    narrowed = client(shop, clock)
    found = narrowed.get_customer_orders("ada@example.test")
    assert (len(found), found.total, found.complete) == (1, 1 if opened < 60 else None, opened < 60)
    assert narrowed.get_customer_orders("ada@example.test", first="2026-11-01").total == 1
    assert narrowed.get_sales_report("week").orders == 1
    if opened < 60:
        assert narrowed.get_sales_report(first="2026-08-01").orders == 1
    else:
        error = failure(narrowed.get_sales_report, first="2026-08-01")
        assert (error.error_type, "read_all_orders" in error.message) == ("forbidden", True)


def test_a_private_app_of_old_is_shown_all_orders_without_the_scope(
    shop: SimulatedShopify, clock: Clock, store: Shopify
) -> None:
    def unnamed(answer: Json) -> Json:
        if "currentAppInstallation" in answer["data"]:
            answer["data"]["currentAppInstallation"]["accessScopes"] = [{"handle": "read_orders"}]
        return answer

    room = shop.stock_room
    room.orders.clear()
    for days in (0, 70):
        room.new_order("PAID", email="ada@example.test", created=clock.now() - days * 86_400)
    shop.faults.add(changing("*", unnamed))
    assert store.get_sales_report(first="2026-08-01").orders == 2
    assert store.get_customer_orders("ada@example.test").complete


def test_the_other_names_are_measured_under_the_operation_s_own(
    shop: SimulatedShopify, clock: Clock
) -> None:
    recorder = Recorder()
    store = client(shop, clock, recorder=recorder)
    mine = CartSession()
    store.add_to_cart("SKU-010", cart=mine)
    assert store.apply_discount("save10", cart=mine).coupons
    assert store.lookup_order("1003").number == "1003"
    with pytest.raises(UnsupportedOperationError, match="reviews belong to third-party apps"):
        store.get_product_reviews("SKU-010")
    counted = {
        family.metric.name: {labels[3:]: value for labels, value in family.series}
        for family in recorder.families()
        if family.metric.name.startswith("store_operation") and "total" in family.metric.name
    }
    assert {labels[0] for labels in counted["store_operations_total"]} == {
        "add_to_cart",
        "apply_coupon_to_cart",
        "check_order",
        "get_product_reviews",
    }
    errors = counted["store_operation_errors_total"]
    assert {key for key, value in errors.items() if value} == {
        ("get_product_reviews", "unsupported_operation", "app")
    }


def test_without_a_storefront_token_carts_say_what_is_missing(
    shop: SimulatedShopify, clock: Clock
) -> None:
    store = client(shop, clock, storefront_token=None)
    error = failure(store.get_cart)
    assert error.error_type == "unauthorized"
    assert "storefront_token" in error.message
    assert store.check_stock("SKU-010").in_stock


@pytest.mark.parametrize("url", ["shop.example.com", "ftp://shop.example.com", "https://a:b@c"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="https"):
        Shopify(url, "shpat_1", org="acme")


def test_a_variant_that_cannot_be_read_is_left_out_of_the_list_and_of_no_sum(
    shop: SimulatedShopify, store: Shopify
) -> None:
    product = shop.stock_room.by_sku("MOTOR-1-24V").product

    def spoil(answer: Json) -> Json:
        found = answer["data"].get("product") or {"variants": {"nodes": []}}
        for node in found["variants"]["nodes"][:1]:
            node["price"] = "n/a"
        return answer

    shop.faults.add(changing("*", spoil))
    for named in (product.id, "MOTOR-1-24V"):
        variants = store.get_product_variations(named)
        assert (len(variants), variants.total, variants.unreadable) == (2, 3, 1)
    for operation in (store.check_price, store.check_stock, store.get_product_details):
        assert failure(operation, product.id).error_type == "invalid_response"
