"""What holds for each operation on any store of any platform."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from store_exporter.errors import StoreError
from store_exporter.spec.results import Cart, Listing, Money

from .target import STRANGER, Target

Check = Callable[[Target], None]
CHECKS: dict[str, Check] = {}
NOBODY = 2_000_000_011
"""An id that no store has given out."""


def check(function: Check) -> Check:
    """Have a function check the operation of its name."""
    CHECKS[function.__name__] = function
    return function


def refusal(operation: Callable[..., Any], *args: Any, **kwargs: Any) -> str:
    with pytest.raises(StoreError) as caught:
        operation(*args, **kwargs)
    assert caught.value.message
    return caught.value.error_type


def money(value: Money | None, *, low: int = 0) -> None:
    assert value is None or (value.amount >= low and len(value.currency) >= 3)


@check
def search_products(target: Target) -> None:
    found = target.client.search_products(limit=5)
    assert isinstance(found, Listing)
    assert len(found) <= 5
    ids = [product.id for product in found]
    assert len(set(ids)) == len(ids)
    assert len({p.price.currency for p in found if p.price is not None}) <= 1
    for product in found:
        assert product.id > 0
        assert product.name
        money(product.price)
    for product in target.client.search_products(in_stock=True, limit=50):
        assert product.stock.in_stock
        assert product.type not in ("external", "grouped")
    turned_over(target)
    sorted_and_chosen(target)


def turned_over(target: Target) -> None:
    """Pages follow each other, and say how many there are."""
    whole = target.client.search_products(limit=4, sort="title")
    pages = [target.client.search_products(limit=2, sort="title", page=n) for n in (1, 2)]
    assert [p.id for page in pages for p in page] == [p.id for p in whole]
    assert [page.page for page in pages] == [1, 2]
    for page in pages:
        assert page.total is None or page.pages == max(1, math.ceil(page.total / 2))
    far = target.client.search_products(limit=100, page=10)
    assert far.more in (False, None) or len(far) == 100
    for wrong in ({"page": 0}, {"page": 11, "limit": 100}, {"page": True}):
        assert refusal(target.client.search_products, **wrong) == "invalid_request"


def sorted_and_chosen(target: Target) -> None:
    """Products come in the order and with the options that are asked for."""
    for sort, falls in (("price", False), ("price_desc", True)):
        found = target.client.search_products(sort=sort, limit=20, in_stock=True)
        plain = [p.price.amount for p in found if p.price is not None and not p.variations]
        assert plain == sorted(plain, reverse=falls)
    assert refusal(target.client.search_products, sort="colour") == "invalid_request"
    varied = next((p for p in target.products if p.attributes and p.variations), None)
    if varied is not None:
        name, options = next(iter(varied.attributes.items()))
        wanted = {name.upper(): options[0].lower()}
        chosen = target.client.search_products(attributes=wanted, limit=100)
        assert varied.id in {product.id for product in chosen}
        assert all(name in product.attributes for product in chosen)
        none = target.client.search_products(attributes={name: "no such option"})
        assert (len(none), none.total) in ((0, 0), (0, None))
    assert refusal(target.client.search_products, attributes={"": "x"}) == "invalid_input"


@check
def get_product_details(target: Target) -> None:
    wanted = target.products[0]
    by_id = target.client.get_product_details(wanted.id)
    assert (by_id.id, by_id.name, by_id.price) == (wanted.id, wanted.name, wanted.price)
    assert target.client.get_product_details(str(wanted.id)).id == wanted.id
    assert refusal(target.client.get_product_details, NOBODY) == "not_found"
    assert refusal(target.client.get_product_details, "no-such-sku-äß 0") == "not_found"


@check
def check_stock(target: Target) -> None:
    wanted = target.buyable
    stock = target.client.check_stock(wanted.sku)
    assert stock.in_stock
    assert stock.status in ("in_stock", "on_backorder")
    assert stock == target.client.check_stock(wanted.sku)
    assert refusal(target.client.check_stock, NOBODY) == "not_found"


@check
def get_stock_quantity(target: Target) -> None:
    wanted = target.buyable
    found = target.client.get_stock_quantity(wanted.sku)
    assert found.quantity == target.client.check_stock(wanted.sku).quantity
    assert refusal(target.client.get_stock_quantity, NOBODY) == "not_found"


@check
def check_price(target: Target) -> None:
    for product in target.products[:3]:
        price = target.client.check_price(product.id)
        money(price.price)
        money(price.regular_price)
        if price.price is not None and price.highest is not None:
            assert price.price.amount <= price.highest.amount
    assert target.client.check_price(target.buyable.sku).price == target.buyable.price


@check
def get_product_variations(target: Target) -> None:
    varied = next((p for p in target.products if len(p.variations) > 1), None)
    if varied is None:
        pytest.skip("none of the newest products has variations")
    found = target.client.get_product_variations(varied.id)
    assert {variation.id for variation in found} <= set(varied.variations)
    assert all(variation.parent_id == varied.id for variation in found)


@check
def get_product_categories(target: Target) -> None:
    found = target.client.get_product_categories()
    ids = [category.id for category in found]
    assert len(set(ids)) == len(ids)
    assert all(category.name and category.count >= 0 for category in found)


@check
def get_product_reviews(target: Target) -> None:
    product = target.products[0]
    for review in target.client.get_product_reviews(product.id, limit=3):
        assert review.product_id == product.id
        assert 0 <= review.rating <= 5
        assert review.created.tzinfo is not None
    for product in target.products[:10]:
        if product.rating_count:
            good = target.client.get_product_reviews(product.id, limit=20, min_rating=5)
            assert all(review.rating == 5 for review in good)
    for wrong in (0, 6, True, "5"):
        reviews = target.client.get_product_reviews
        assert refusal(reviews, product.id, min_rating=wrong) == "invalid_request"


@check
def get_low_stock_products(target: Target) -> None:
    found = target.client.get_low_stock_products(threshold=3, limit=10)
    quantities = [item.quantity for item in found]
    assert quantities == sorted(quantities)
    assert all(quantity <= 3 for quantity in quantities)
    assert found.total is None or found.total >= len(found)
    assert found.more is None or found.more == (found.total > 10)
    category = next((c for p in target.products for c in p.categories), None)
    if category is not None:
        within = target.client.get_low_stock_products(threshold=10**6, limit=1000)
        narrowed = target.client.get_low_stock_products(
            threshold=10**6, limit=1000, category=category
        )
        assert {row.product_id for row in narrowed} <= {row.product_id for row in within}


@check
def check_order(target: Target) -> None:
    order = target.order
    with_email = target.client.check_order(order.number, target.email.upper())
    assert (with_email.id, with_email.total) == (order.id, order.total)
    assert with_email.customer is not None
    # Where a parcel goes is told to who knows whose it is.
    unproven = target.client.check_order(order.number)
    assert (unproven.shipping, unproven.tracking) == (None, ())
    assert with_email.customer.email.casefold() == target.email.casefold()
    assert target.client.check_order(order.number).customer is None
    assert target.client.check_order(email=target.email).customer is not None
    assert refusal(target.client.check_order, order.number, STRANGER) == "not_found"
    assert refusal(target.client.check_order, NOBODY, STRANGER) == "not_found"
    assert refusal(target.client.check_order) == "invalid_request"


@check
def get_customer_orders(target: Target) -> None:
    found = target.client.get_customer_orders(target.email, limit=5)
    assert target.order.id in {o.id for o in target.client.get_customer_orders(target.email, 100)}
    dates = [order.created for order in found]
    assert dates == sorted(dates, reverse=True)
    for order in found:
        assert order.created.tzinfo is not None
        assert order.refunded.amount >= 0
        money(order.total)
    assert len(target.client.get_customer_orders(STRANGER)) == 0
    narrowed_orders(target)


def narrowed_orders(target: Target) -> None:
    """Orders are narrowed down by status and days, turned over, and added up."""
    ask = partial(target.client.get_customer_orders, target.email)
    every = ask(limit=100)
    if every.summary is not None:
        assert every.summary.orders == every.total
        kept = ("pending", "failed", "cancelled")
        own = [o for o in every if o.status not in kept]
        sums: dict[str, Decimal] = {}
        for order in own:
            value = order.total.amount - order.refunded.amount
            sums[order.total.currency] = sums.get(order.total.currency, Decimal(0)) + value
        if every.total <= 100:
            assert {m.currency: m.amount for m in every.summary.spent} == sums
            assert every.summary.last == every[0].created
    pages = [ask(limit=1, page=number) for number in (1, 2)]
    assert [o.id for page in pages for o in page] == [o.id for o in every][:2]
    status = every[0].status
    assert {o.status for o in ask(status=status, limit=100)} == {status}
    day = every[0].created.date()
    near = ask(limit=100, first=day - timedelta(days=1), last=day + timedelta(days=1))
    assert every[0].id in {order.id for order in near}
    assert all(abs(order.created.date() - day) <= timedelta(days=2) for order in near)
    assert len(ask(first="2001-01-01", last="2001-12-31")) == 0
    assert refusal(ask, first="2026-02-30") == "invalid_request"
    assert refusal(ask, first="2026-02-02", last="2026-02-01") == "invalid_request"
    assert refusal(ask, status="No Such!") == "invalid_request"
    for order in every:
        assert order.shipping is None or len(order.shipping.country) in (0, 2)
        assert all(parcel.number for parcel in order.tracking)


@check
def get_order_notes(target: Target) -> None:
    number = target.order.number
    sent = target.client.get_order_notes(number, email=target.email)
    assert all(note.for_customer for note in sent)
    every = target.client.get_order_notes(number, private=True)
    assert {note.id for note in sent} <= {note.id for note in every}
    assert refusal(target.client.get_order_notes, number, STRANGER) == "not_found"


@check
def check_refund_status(target: Target) -> None:
    status = target.client.check_refund_status(target.order.number)
    summed = sum((refund.amount.amount for refund in status.refunds), Decimal(0))
    assert summed == status.refunded.amount
    assert (status.status == "none") == (status.refunded.amount == 0)
    assert (status.status == "full") == (0 < status.total.amount <= status.refunded.amount)
    assert refusal(target.client.check_refund_status, target.order.number, STRANGER) == "not_found"


@check
def cancel_order(target: Target) -> None:
    assert refusal(target.client.cancel_order, NOBODY) == "not_found"
    number = target.order_to_cancel
    if number is None and not target.real:
        number = target.order.number
    if number is None or not target.writes:
        pytest.skip("no order that may be cancelled is named")
    assert refusal(target.client.cancel_order, number, email=STRANGER) == "not_found"
    try:
        done = target.client.cancel_order(number, "Conformance test")
    except StoreError as error:
        assert error.error_type == "invalid_state"  # noqa: PT017 - it may be too late for it
    else:
        assert done.order.status == "cancelled"
    assert refusal(target.client.cancel_order, number) == "invalid_state"


@check
def get_shipping_info(target: Target) -> None:
    info = target.client.get_shipping_info()
    money(info.free_from)
    for zone, methods in info.zones.items():
        assert all(method.zone == zone for method in methods)
    there = target.client.get_shipping_info(country="gb", postcode="SW1A 1AA")
    assert there.zones.keys() <= info.zones.keys()
    assert len(there.zones) <= len(info.zones)
    assert refusal(target.client.get_shipping_info, postcode="SW1A 1AA") == "invalid_request"
    assert refusal(target.client.get_shipping_info, country="England") == "invalid_input"


@check
def get_shipping_methods(target: Target) -> None:
    every = target.client.get_shipping_methods()
    for method in every:
        money(method.cost)
        money(method.minimum)
    if len(every):
        zone = every[0].zone
        assert {method.zone for method in target.client.get_shipping_methods(zone)} == {zone}
    assert refusal(target.client.get_shipping_methods, "no such zone") == "not_found"
    abroad = {method.zone for method in target.client.get_shipping_methods(country="ZA")}
    assert abroad <= {method.zone for method in every}


@check
def get_payment_methods(target: Target) -> None:
    ids = [method.id for method in target.client.get_payment_methods()]
    assert len(set(ids)) == len(ids)


@check
def validate_coupon(target: Target) -> None:
    assert refusal(target.client.validate_coupon, "no-such-coupon-0") == "invalid_coupon"
    assert refusal(target.client.validate_coupon, " ") == "invalid_input"
    if target.coupon is not None:
        coupon = target.client.validate_coupon(target.coupon.upper(), subtotal="1000")
        assert coupon.code.casefold() == target.coupon.casefold()
        assert (coupon.percent is None) != (coupon.amount is None)


def filled(target: Target) -> Cart:
    target.must_write()
    cart: Cart = target.client.add_to_cart(target.buyable.sku, 1)
    return cart


@check
def add_to_cart(target: Target) -> None:
    cart = filled(target)
    assert cart.items == 1
    # Where prices include tax, a cart may show them without, and the other way round. A plugin may
    # give a visitor's cart another currency.
    own, shown = target.buyable.price, cart.lines[0].unit_price
    assert own is not None
    assert own == shown or cart.tax.amount or own.currency != shown.currency
    assert cart.subtotal is not None
    assert cart.subtotal.currency == cart.total.currency
    assert not cart.renewed
    again = target.client.add_to_cart(target.buyable.sku, 1, cart=cart.token)
    assert again.items == 2
    assert refusal(target.client.add_to_cart, NOBODY) == "not_found"
    assert refusal(target.client.add_to_cart, target.buyable.sku, 0) == "invalid_input"


@check
def get_cart(target: Target) -> None:
    if not target.writes:
        # A cart that nothing was put into is not kept by the store.
        assert target.client.get_cart().items == 0
        return
    cart = filled(target)
    same = target.client.get_cart(cart=cart.token)
    assert (same.lines, same.subtotal, same.renewed) == (cart.lines, cart.subtotal, False)
    other = target.client.get_cart()
    assert other.items == 0


@check
def remove_from_cart(target: Target) -> None:
    cart = filled(target)
    sku = target.buyable.sku
    assert target.client.remove_from_cart(sku, cart=cart.token).items == 0
    assert refusal(target.client.remove_from_cart, sku, cart=cart.token) == "not_found"


@check
def update_cart_quantity(target: Target) -> None:
    cart = filled(target)
    sku = target.buyable.sku
    assert target.client.update_cart_quantity(sku, 2, cart=cart.token).items == 2
    assert target.client.update_cart_quantity(sku, 0, cart=cart.token).items == 0


@check
def apply_coupon_to_cart(target: Target) -> None:
    cart = filled(target)
    kind = refusal(target.client.apply_coupon_to_cart, "no-such-coupon-0", cart=cart.token)
    assert kind == "invalid_coupon"
    if target.coupon is not None:
        reduced = target.client.apply_coupon_to_cart(target.coupon, cart=cart.token)
        assert reduced.discount.amount > 0
        assert reduced.total.amount < cart.total.amount


@check
def get_customer_insights(target: Target) -> None:
    found = target.client.get_customer_insights(limit=5)
    totals = [customer.total.amount for customer in found]
    assert totals == sorted(totals, reverse=True)
    assert all(customer.orders >= 0 for customer in found)
    if found.totals is not None:
        spent = found.totals.spent.amount
        assert found.totals.customers >= found.totals.returning
        assert spent >= sum(totals) or any(total < 0 for total in totals)
        every = target.client.get_customer_insights(limit=1000)
        if found.total is not None and found.total <= 1000:
            assert sum(customer.total.amount for customer in every) == spent


@check
def get_sales_report(target: Target) -> None:
    reports = {p: target.client.get_sales_report(p) for p in ("day", "week", "month", "year")}
    for period in ("day", "week"):
        paid = target.client.get_sales_report(period, definition="paid")
        assert paid.definition == "paid"
        reports[f"{period}, paid"] = paid
    assert reports["day"].orders <= reports["week"].orders
    for report in reports.values():
        assert (report.average is None) == (report.orders == 0)
        assert report.gross.currency == report.net.currency
        pieces = [product.items for product in report.top_products]
        assert pieces == sorted(pieces, reverse=True)
        assert len(pieces) <= 10
        assert {p.total.currency for p in report.top_products} <= {report.gross.currency}
        assert bool(pieces) <= bool(report.orders)
        if report.first is not None and report.last is not None:
            assert report.first <= report.last
