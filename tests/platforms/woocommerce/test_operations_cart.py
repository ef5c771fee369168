"""Operations on a shopper's cart, and what becomes of it when the store loses it."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from store_demo.stores.woocommerce import Fault, SimulatedWooCommerce
from store_demo.stores.woocommerce.answers import Call
from store_exporter.errors import StoreError
from store_exporter.platforms.kit.reading.fields import Fields
from store_exporter.platforms.woocommerce import CartSession, WooCommerce
from store_exporter.platforms.woocommerce.reading import carts
from tests.fakes.clock import Clock
from tests.fakes.woocommerce import answering, changing, client
from tests.platforms.operations import failure, pounds

_CHANGES = ("*/cart", "*/add-item", "*/apply-coupon")


def test_a_cart_is_filled_changed_reduced_and_emptied(shop: WooCommerce) -> None:
    mine = CartSession()
    cart = shop.add_to_cart("SKU-010", 2, cart=mine)
    assert [(line.sku, line.quantity, line.unit_price) for line in cart.lines] == [
        ("SKU-010", 2, pounds("80.00"))
    ]
    assert (cart.subtotal, cart.shipping, cart.total) == (
        pounds("160.00"),
        pounds("5.00"),
        pounds("165.00"),
    )
    cart = shop.update_cart_quantity("SKU-010", 5, cart=mine)
    assert (cart.items, cart.subtotal) == (5, pounds("400.00"))
    cart = shop.apply_coupon_to_cart("SAVE10", cart=mine)
    assert (cart.discount, cart.total) == (pounds("40.00"), pounds("365.00"))
    assert [coupon.code for coupon in cart.coupons] == ["save10"]
    assert cart.lines[0].total == pounds("360.00")
    cart = shop.remove_from_cart("SKU-010", cart=mine)
    assert (cart.lines, cart.items, cart.shipping) == ((), 0, None)
    assert shop.get_cart(cart=mine).items == 0


def test_adding_again_adds_up(shop: WooCommerce) -> None:
    mine = CartSession()
    shop.add_to_cart(19, 2, cart=mine)
    assert shop.add_to_cart("SKU-010", 3, cart=mine).items == 5


def test_a_token_does_as_well_as_a_session(shop: WooCommerce) -> None:
    first = shop.add_to_cart("SKU-010")
    second = shop.add_to_cart("SKU-011", cart=first.token)
    assert {line.sku for line in second.lines} == {"SKU-010", "SKU-011"}
    assert first.expires is not None
    assert first.token not in repr(first)


def test_shoppers_do_not_share_a_cart(shop: WooCommerce) -> None:
    ada, eve = CartSession(), CartSession()
    shop.add_to_cart("SKU-010", cart=ada)
    assert shop.get_cart(cart=eve).items == 0
    assert shop.get_cart().items == 0


def test_the_key_is_not_sent_to_the_shoppers_api(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    seen: list[str] = []
    answer = store.carts.answer

    def seeing(call: Call, action: str) -> Any:
        seen.append(f"{call.headers} {call.params}")
        return answer(call, action)

    store.carts.answer = seeing  # type: ignore[method-assign]
    shop.add_to_cart(19)
    assert seen
    assert not any("authorization" in text or "oauth" in text for text in seen)


@pytest.mark.parametrize(
    ("product", "variation", "kind"),
    [
        ("SKU-001", None, "out_of_stock"),
        (999999, None, "not_found"),
        ("NOPE", None, "not_found"),
        ("MOTOR-1", None, "invalid_input"),
        ("MOTOR-1", {"Voltage": "9V"}, "invalid_input"),
        ("MOTOR-1", "MOTOR-2-24V", "invalid_input"),
        ("MOTOR-1", "MOTOR-1-12V", "out_of_stock"),
        ("MOTOR-1", {"Voltage": "12V"}, "out_of_stock"),
    ],
)
def test_what_cannot_be_added_is_the_shoppers_to_know(
    shop: WooCommerce, product: int | str, variation: Any, kind: str
) -> None:
    error = failure(shop.add_to_cart, product, variation=variation)
    assert (error.error_type, error.fault) == (kind, "customer")
    assert "&quot;" not in error.message


def test_a_plugins_own_rule_for_carts_is_the_shoppers_to_know(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    refusal = {"code": "lowest_quantity", "message": "At least 6 &quot;cups&quot;.", "data": None}
    store.faults.add(answering(json.dumps(refusal), path="*/add-item", status=400))
    error = failure(shop.add_to_cart, "SKU-002")
    assert (error.error_type, error.message) == ("invalid_input", 'At least 6 "cups".')


def test_more_than_there_is_cannot_be_added_or_set(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    store.set_stock(19, 4)
    mine = CartSession()
    assert failure(shop.add_to_cart, 19, 5, cart=mine).error_type == "out_of_stock"
    shop.add_to_cart(19, 3, cart=mine)
    assert failure(shop.add_to_cart, 19, 2, cart=mine).error_type == "out_of_stock"
    assert failure(shop.update_cart_quantity, 19, 5, cart=mine).error_type == "out_of_stock"
    assert shop.get_cart(cart=mine).items == 3


@pytest.mark.parametrize("variation", [1002, "MOTOR-1-24V", {"Voltage": "24V"}])
def test_a_variation_goes_by_id_sku_or_options(shop: WooCommerce, variation: Any) -> None:
    cart = shop.add_to_cart("MOTOR-1", variation=variation)
    assert [(line.product_id, line.options) for line in cart.lines] == [(1002, {"Voltage": "24V"})]
    assert shop.add_to_cart("MOTOR-1-24V").lines[0].product_id == 1002


@pytest.mark.parametrize(
    "options",
    [
        *({"Voltage": "24v"}, {"VOLTAGE": "24V"}, {"voltage": "24v"}),
        *({"voltage": "24v", "Plug": "uk"}, {"Voltage": "24V", "Plug": "Uk", "Colour": "red"}),
    ],
)
@pytest.mark.parametrize("product", ["MOTOR-1", 1000, 1002])
def test_options_go_by_what_people_read(
    store: SimulatedWooCommerce, shop: WooCommerce, product: int | str, options: dict[str, str]
) -> None:
    """The shop knows its own options letter by letter, or by slugs (seen in 11.0.1)."""
    parent = store.shop.products[1000]
    if "Plug" in options:
        parent["attributes"].append({"id": 0, "name": "Plug", "options": ["UK", "EU"]})
    cart = shop.add_to_cart(product, variation=options)
    (line,) = cart.lines
    assert line.product_id == 1002
    assert line.options == {"Voltage": "24V", **({"Plug": "UK"} if "Plug" in options else {})}


def test_options_of_no_or_of_several_variations_are_refused_as_the_shop_does(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    store.shop.variations[1001]["attributes"][0]["option"] = "24V"
    for option in ("24v", "9V"):
        error = failure(shop.add_to_cart, "MOTOR-1", variation={"Voltage": option})
        refusal = ("invalid_input", "No matching variation found.")
        assert (error.error_type, error.message) == refusal


def test_a_product_in_the_cart_goes_by_its_own_name_its_variations_or_its_ids(
    shop: WooCommerce,
) -> None:
    for name in ("MOTOR-1", 1000, "1000", 1002, "1002", "MOTOR-1-24V"):
        mine = CartSession()
        shop.add_to_cart("MOTOR-1-24V", cart=mine)
        assert shop.update_cart_quantity(name, 2, cart=mine).items == 2
        assert shop.remove_from_cart(name, cart=mine).lines == ()


def test_of_two_variations_one_must_be_named_to_be_changed(shop: WooCommerce) -> None:
    mine = CartSession()
    shop.add_to_cart("MOTOR-1-24V", cart=mine)
    shop.add_to_cart("MOTOR-1-230V", cart=mine)
    assert failure(shop.update_cart_quantity, "MOTOR-1", 2, cart=mine).error_type == "invalid_input"
    assert shop.remove_from_cart("MOTOR-1", cart=mine).lines == ()


def test_what_is_not_in_the_cart_is_not_found(shop: WooCommerce) -> None:
    mine = CartSession()
    assert failure(shop.remove_from_cart, "SKU-010", cart=mine).error_type == "not_found"
    shop.add_to_cart("SKU-011", cart=mine)
    for product in ("SKU-010", 19, "NOPE"):
        assert failure(shop.remove_from_cart, product, cart=mine).error_type == "not_found"
        assert failure(shop.update_cart_quantity, product, 2, cart=mine).error_type == "not_found"


def test_setting_nought_takes_it_out(shop: WooCommerce) -> None:
    mine = CartSession()
    shop.add_to_cart("SKU-010", cart=mine)
    assert shop.update_cart_quantity("SKU-010", 0, cart=mine).lines == ()


@pytest.mark.parametrize("quantity", [0, -1, 10000, True, "2", 1.5, None])
def test_an_impossible_quantity_is_the_shoppers_mistake(shop: WooCommerce, quantity: Any) -> None:
    assert failure(shop.add_to_cart, 19, quantity).error_type == "invalid_input"
    if quantity != 0:
        assert failure(shop.update_cart_quantity, 19, quantity).error_type == "invalid_input"


@pytest.mark.parametrize("token", ["x\r\nAuthorization: y", "ü", "a b", "x" * 5000])
def test_what_is_no_token_is_not_sent(
    store: SimulatedWooCommerce, shop: WooCommerce, token: str
) -> None:
    assert failure(shop.get_cart, cart=token).error_type == "invalid_input"
    assert not store.requests


@pytest.mark.parametrize(
    ("code", "says"),
    [("NOPE", "does not exist"), ("OLD20", "expired"), ("once", "limit"), ("welcome5", "minimum")],
)
def test_a_refused_coupon_says_why(shop: WooCommerce, code: str, says: str) -> None:
    mine = CartSession()
    shop.add_to_cart("SKU-002" if code == "x" else 17, cart=mine)
    shop.update_cart_quantity(17, 1, cart=mine)
    if code == "welcome5":
        shop.remove_from_cart(17, cart=mine)
        shop.add_to_cart("SKU-004", cart=mine)
    error = failure(shop.apply_coupon_to_cart, code, cart=mine)
    assert (error.error_type, error.fault) == ("invalid_coupon", "customer")
    assert says in error.message.lower()


def test_a_coupon_cannot_be_applied_twice(shop: WooCommerce) -> None:
    mine = CartSession()
    shop.add_to_cart(19, cart=mine)
    shop.apply_coupon_to_cart("SAVE10", cart=mine)
    error = failure(shop.apply_coupon_to_cart, "save10", cart=mine)
    assert "already been applied" in error.message


# Carts that the store loses


def lose(store: SimulatedWooCommerce, clock: Clock, how: str) -> None:
    if how == "expired":
        clock.advance(48 * 3600 + 1)
    else:
        store.carts.sessions.forget()


@pytest.fixture(params=["expired", "forgotten"])
def how(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def filled(shop: WooCommerce) -> CartSession:
    mine = CartSession()
    shop.add_to_cart("SKU-010", 2, cart=mine)
    shop.add_to_cart("MOTOR-1", variation={"Voltage": "24V"}, cart=mine)
    shop.apply_coupon_to_cart("SAVE10", cart=mine)
    return mine


def test_a_lost_cart_is_put_together_again_when_it_is_looked_at(
    store: SimulatedWooCommerce, shop: WooCommerce, clock: Clock, how: str
) -> None:
    mine = filled(shop)
    before = shop.get_cart(cart=mine)
    lose(store, clock, how)
    after = shop.get_cart(cart=mine)
    assert after.renewed
    assert not before.renewed
    assert (after.subtotal, after.discount, after.items) == (
        before.subtotal,
        before.discount,
        before.items,
    )
    assert not shop.get_cart(cart=mine).renewed


def test_a_lost_cart_is_put_together_again_when_it_is_changed(
    store: SimulatedWooCommerce, shop: WooCommerce, clock: Clock, how: str
) -> None:
    mine = filled(shop)
    lose(store, clock, how)
    cart = shop.add_to_cart("SKU-011", cart=mine)
    assert cart.renewed
    assert {line.sku for line in cart.lines} == {"SKU-010", "MOTOR-1-24V", "SKU-011"}
    lose(store, clock, how)
    assert shop.update_cart_quantity("SKU-010", 4, cart=mine).items == 6
    lose(store, clock, how)
    assert {line.sku for line in shop.remove_from_cart("SKU-011", cart=mine).lines} == {
        "SKU-010",
        "MOTOR-1-24V",
    }


def test_what_has_sold_out_meanwhile_is_left_out_and_named(
    store: SimulatedWooCommerce, shop: WooCommerce, clock: Clock, how: str
) -> None:
    mine = filled(shop)
    store.set_stock(19, 0)
    store.shop.coupons.clear()
    lose(store, clock, how)
    cart = shop.get_cart(cart=mine)
    assert [line.sku for line in cart.lines] == ["MOTOR-1-24V"]
    assert len(cart.problems) == 2
    assert "Part 10 Hose" in cart.problems[0]


def test_a_lost_cart_known_by_its_token_alone_is_new_and_says_so(
    store: SimulatedWooCommerce, shop: WooCommerce, clock: Clock, how: str
) -> None:
    token = shop.add_to_cart("SKU-010", 2).token
    lose(store, clock, how)
    empty = shop.get_cart(cart=token)
    assert (empty.renewed, empty.items) == (True, 0)
    added = shop.add_to_cart("SKU-011", cart=token)
    assert (added.renewed, added.items) == (True, 1)
    assert failure(shop.remove_from_cart, "SKU-010", cart=token).error_type == "not_found"


@pytest.mark.parametrize("token", ["nonsense", "a.b.c", "e30.e30.e30", "x" * 4096])
def test_a_token_that_never_was_one_begins_a_new_cart(shop: WooCommerce, token: str) -> None:
    cart = shop.get_cart(cart=token)
    assert (cart.renewed, cart.items) == (True, 0)


def test_a_store_in_trouble_while_a_cart_is_put_together_again_is_the_stores_fault(
    store: SimulatedWooCommerce, shop: WooCommerce, clock: Clock, how: str
) -> None:
    mine = filled(shop)
    lose(store, clock, how)
    store.faults.add(Fault(path="*/add-item", status=500))
    assert failure(shop.get_cart, cart=mine).fault == "store"


@pytest.mark.parametrize(
    "fault",
    [Fault(path=path, status=500, times=1, skip=skip) for path in _CHANGES for skip in (0, 1)],
)
def test_no_line_is_lost_when_the_store_fails_while_a_cart_is_put_together_again(
    store: SimulatedWooCommerce, shop: WooCommerce, clock: Clock, how: str, fault: Fault
) -> None:
    mine = filled(shop)
    before = shop.get_cart(cart=mine)
    for change in (shop.get_cart, lambda cart: shop.add_to_cart("SKU-011", cart=cart)):
        lose(store, clock, how)
        store.faults.add(replace(fault))
        with suppress(StoreError):
            change(cart=mine)
        store.faults.clear()
        cart = change(cart=mine)
        skus = [line.sku for line in cart.lines]
        assert skus[:2] == [line.sku for line in before.lines]
        assert [coupon.code for coupon in cart.coupons] == ["save10"]


def test_a_store_that_wants_a_nonce_beside_the_token_gets_it(
    store: SimulatedWooCommerce, shop: WooCommerce, clock: Clock, how: str
) -> None:
    store.shop.habits.version = (8, 2)
    mine = filled(shop)
    assert shop.update_cart_quantity("SKU-010", 4, cart=mine).items == 5
    store.requests.clear()
    shop.add_to_cart("SKU-010", cart=mine.token)
    assert sum("add-item" in path for _, path in store.requests) == 2
    lose(store, clock, how)
    cart = shop.add_to_cart("SKU-011", cart=mine)
    assert (cart.renewed, cart.items) == (True, 6)
    assert [coupon.code for coupon in cart.coupons] == ["save10"]
    # The cart of a token that the store does not take gets nothing that was meant for another.
    lose(store, clock, how)
    added = shop.add_to_cart("SKU-011", cart=cart.token)
    assert (added.renewed, added.items) == (True, 1)


def test_a_change_is_not_sent_twice_when_its_response_is_lost(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    mine = CartSession()
    shop.add_to_cart(19, cart=mine)
    store.faults.add(Fault(path="*/add-item", drop=True, times=1))
    assert failure(shop.add_to_cart, 19, cart=mine).error_type == "connection"
    assert sum("add-item" in path for _, path in store.requests) == 2


def test_the_shoppers_rate_limit_is_waited_out(
    store: SimulatedWooCommerce, shop: WooCommerce, clock: Clock
) -> None:
    store.carts.rate_limit.requests = 2
    mine = CartSession()
    shop.add_to_cart(19, cart=mine)
    assert shop.add_to_cart(19, cart=mine).items == 2
    assert clock.slept
    assert clock.slept[0] >= 9


def test_a_rate_limit_that_lasts_too_long_is_the_stores_fault(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    store.carts.rate_limit.requests = 0
    store.carts.rate_limit._asked = [store.shop.clock() + 500]
    error = failure(shop.get_cart)
    assert (error.error_type, error.fault) == ("rate_limited", "store")


# Reading carts


@pytest.mark.parametrize(
    ("currency", "units", "amount"),
    [("JPY", "8000", "8000"), ("KWD", "8000", "8.000"), ("EUR", "8000", "80.00")],
)
def test_minor_units_follow_the_currency(currency: str, units: str, amount: str) -> None:
    clock = Clock()
    shop = client(SimulatedWooCommerce(clock=clock.now, orders=0, currency=currency), clock)
    cart = shop.add_to_cart(19)
    assert cart.lines[0].unit_price.currency == currency
    assert cart.lines[0].unit_price.amount == 80
    decimals = {"JPY": 0, "KWD": 3}.get(currency, 2)
    totals = {"currency_code": currency, "currency_minor_unit": decimals, "total": units}
    money = carts._Amounts(Fields(totals, "totals")).money("total")
    assert str(money) == f"{amount} {currency}"


def test_a_line_in_another_currency_than_its_cart_is_not_believed(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    def change(body: Any) -> Any:
        body["items"][0]["totals"]["currency_code"] = "USD"
        return body

    store.faults.add(changing("*/add-item", change))
    cart = shop.add_to_cart(19)
    assert (cart.lines, cart.unreadable) == ((), ("lines",))


def test_what_a_plugin_says_of_a_cart_is_plain_text(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    """WooCommerce passes on the HTML of plugins."""
    said = {"code": "minimum", "message": "At least 3 of <strong>&ldquo;Hose&rdquo;</strong>"}
    store.faults.add(changing("*/add-item", lambda body: {**body, "errors": [said, None]}))
    assert shop.add_to_cart(19).problems == ("At least 3 of “Hose”",)


def test_a_cart_without_a_token_is_not_a_valid_response(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    store.faults.add(Fault(path="*/cart", headers={"Cart-Token": ""}))
    assert failure(shop.get_cart).error_type == "invalid_response"


def test_the_price_of_a_line_has_all_decimals_that_the_shop_displays(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    def finer(body: Any) -> Any:
        body["items"][0]["prices"].update(price="22962", currency_minor_unit=3)
        body["items"][0]["prices"]["raw_prices"]["price"] = "22962113"
        return body

    store.faults.add(changing("*/cart/add-item", finer))
    assert shop.add_to_cart("SKU-010").lines[0].unit_price == pounds("22.962")


def test_the_price_of_a_line_is_in_full_where_the_shop_displays_no_decimals(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    def rounded(body: Any) -> Any:
        body["items"][0]["prices"].update(price="80", currency_minor_unit=0)
        body["items"][0]["prices"]["raw_prices"]["price"] = "80450000"
        return body

    store.faults.add(changing("*/cart/add-item", rounded))
    assert shop.add_to_cart("SKU-010").lines[0].unit_price == pounds("80.45")


@pytest.mark.parametrize("odd", [None, "none", 3])
def test_a_cart_whose_list_of_lines_makes_no_sense_still_says_what_it_comes_to(
    store: SimulatedWooCommerce, shop: WooCommerce, odd: Any
) -> None:
    mine = CartSession()
    whole = shop.add_to_cart("SKU-010", 2, cart=mine)
    store.faults.add(changing("*/cart", lambda body: {**body, "items": odd, "coupons": odd}))
    found = shop.get_cart(cart=mine)
    assert (found.lines, found.coupons, found.total) == ((), (), whole.total)
    assert found.unreadable == ("lines", "coupons")
    # What cannot be read is not said to be missing.
    assert failure(shop.remove_from_cart, "SKU-010", cart=mine).error_type == "invalid_response"


def test_a_line_that_makes_no_sense_is_left_out_of_its_cart_and_reported(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    mine = CartSession()
    shop.add_to_cart("SKU-010", 2, cart=mine)
    whole = shop.get_cart(cart=mine)

    def spoil(body: Any) -> Any:
        (line,) = body["items"]
        limits = {**line, "quantity_limits": None}
        return {**body, "items": [{**line, "quantity": None}, None, limits], "items_count": "x"}

    store.faults.add(changing("*/cart", spoil))
    found = shop.get_cart(cart=mine)
    assert [line.key for line in found.lines] == [whole.lines[0].key]
    assert (found.lines[0].maximum, found.items, found.total) == (None, None, whole.total)
    assert found.unreadable == ("lines", "maximum", "items")
