"""Operations about what was bought, and who may know of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from store_demo.stores.woocommerce import Fault, SimulatedWooCommerce
from store_exporter.errors import StoreError
from store_exporter.platforms.woocommerce import WooCommerce
from store_exporter.spec.money import Money
from tests.fakes.clock import Clock
from tests.fakes.woocommerce import changing, client
from tests.platforms.operations import failure, pounds

ADA = "cust3@example.test"


def kind(operation: Any, *args: Any, **kwargs: Any) -> str:
    return failure(operation, *args, **kwargs).error_type


def test_an_order_with_its_address_is_shown_whole(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    made = store.new_order("processing", email=ADA, lines=[(19, 2), (1002, 1)])
    for number in (made["id"], str(made["id"]), f"#{made['id']}", f" {made['id']} "):
        order = shop.check_order(number, ADA.upper())
        assert (order.id, order.status, order.total) == (made["id"], "processing", pounds("380.00"))
        assert order.customer is not None
        assert (order.customer.email, order.customer.id) == (ADA, 4)
        assert [(line.name, line.quantity) for line in order.lines] == [
            ("Part 10 Hose", 2),
            ("Motor 1 - 24V", 1),
        ]
        assert order.created is not None
        assert order.created.tzinfo is not None
        assert order.paid == order.created


def test_somebody_elses_order_looks_like_one_that_is_not_there(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    made = store.new_order("processing", email=ADA)
    messages = []
    for number in (made["id"], made["id"] + 1):
        with pytest.raises(StoreError) as caught:
            shop.check_order(number, "eve@example.test")
        assert caught.value.error_type == "not_found"
        messages.append(caught.value.message.replace(str(number), "N"))
    assert messages[0] == messages[1]
    assert ADA not in messages[0]


def test_an_order_by_its_number_alone_comes_without_its_customer(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    made = store.new_order("completed", email=ADA)
    order = shop.check_order(made["id"])
    assert order.customer is None
    assert ADA not in repr(order)
    assert "First" not in repr(order)


def test_the_latest_order_goes_by_the_address_alone(
    store: SimulatedWooCommerce, shop: WooCommerce, clock: Clock
) -> None:
    store.new_order("completed", email=ADA)
    clock.advance(60)
    latest = store.new_order("pending", email=ADA)
    store.new_order("pending", email="other@example.test")
    assert shop.check_order(email=ADA).id == latest["id"]
    assert kind(shop.check_order, email="nobody@example.test") == "not_found"


def test_asking_for_nothing_is_the_callers_bug(shop: WooCommerce) -> None:
    assert kind(shop.check_order) == "invalid_request"
    assert kind(shop.check_order, True) == "invalid_request"
    assert kind(shop.check_order, 5.5) == "invalid_request"


@pytest.mark.parametrize("email", ["", "nobody", "a b@c", "@", "x@" + "y" * 400, "a@b\nc"])
def test_what_is_no_address_is_the_shoppers_mistake(shop: WooCommerce, email: str) -> None:
    assert kind(shop.check_order, 51, email) == "invalid_input"
    assert kind(shop.get_customer_orders, email) == "invalid_input"


@pytest.mark.parametrize("status", ["checkout-draft", "trash"])
def test_a_draft_of_the_checkout_is_no_order(
    store: SimulatedWooCommerce, shop: WooCommerce, status: str
) -> None:
    made = store.new_order("checkout-draft", email=ADA)
    store.shop.orders[made["id"]]["status"] = status
    assert kind(shop.check_order, made["id"], ADA) == "not_found"


def test_the_number_counts_where_a_plugin_numbers_orders_its_own_way(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    first = store.new_order("processing", email=ADA)
    second = store.new_order("processing", email="other@example.test")
    # The plugin's number of the first is the id of the second, and the store's search finds it.
    store.shop.orders[first["id"]]["number"] = str(second["id"])
    store.shop.orders[second["id"]]["number"] = "2026-7"
    store.shop.orders[first["id"]]["billing"]["company"] = f"order {second['id']}"
    store.shop.orders[second["id"]]["billing"]["company"] = "order 2026-7"
    assert shop.check_order(second["id"], ADA).id == first["id"]
    assert shop.check_order("2026-7", "other@example.test").id == second["id"]
    assert kind(shop.check_order, "2026-7", ADA) == "not_found"


def test_an_address_leads_to_a_plugins_number_that_the_stores_search_does_not_know(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    mine = store.new_order("processing", email=ADA)
    store.new_order("processing", email=ADA)
    store.shop.orders[mine["id"]]["number"] = "INV-2026-7"
    assert shop.check_order("#INV-2026-7", ADA).id == mine["id"]
    assert kind(shop.check_order, "INV-2026-7", "other@example.test") == "not_found"
    assert shop.check_order("INV-2026-7").id == mine["id"]


@pytest.mark.parametrize("order", ["nope", "#", "0", "-1", "9" * 30, "51; drop"])
def test_a_number_that_none_has_is_not_found(shop: WooCommerce, order: str) -> None:
    assert kind(shop.check_order, order, ADA) == "not_found"


def test_orders_of_a_shopper_are_the_customers_and_the_guests(
    store: SimulatedWooCommerce, shop: WooCommerce, clock: Clock
) -> None:
    registered = store.new_order("completed", email=ADA)
    store.shop.orders[registered["id"]]["billing"]["email"] = "work@example.test"
    clock.advance(1)
    guest = store.new_order("completed", email=ADA)
    store.shop.orders[guest["id"]]["customer_id"] = 0
    clock.advance(1)
    stranger = store.new_order("completed", email="x" + ADA)
    found = shop.get_customer_orders(ADA)
    assert [order.id for order in found] == [guest["id"], registered["id"]]
    assert found.total == 2
    assert stranger["id"] not in {order.id for order in found}
    assert len(shop.get_customer_orders(ADA, limit=1)) == 1


def test_a_shop_shows_no_more_orders_than_the_latest_takes_and_none_twice(
    store: SimulatedWooCommerce, shop: WooCommerce, clock: Clock
) -> None:
    for _ in range(8):
        made = store.new_order("completed", email=ADA)
        clock.advance(60)
    shown: list[int] = []

    def counting(rows: Any) -> Any:
        shown.append(len(rows))
        return rows

    store.faults.add(changing("*/orders", counting))
    assert shop.check_order(email=ADA).id == made["id"]
    assert shown == [2, 2]
    shown.clear()
    assert len(shop.get_customer_orders(ADA)) == 8
    # The last one shows that the list of orders is not empty as a whole.
    assert shown == [8, 0, 1]


@pytest.mark.parametrize("hpos", [True, False])
@pytest.mark.parametrize("version", [(7, 1), (11, 0)])
def test_the_latest_of_many_orders_is_the_latest_in_every_version(
    clock: Clock, version: tuple[int, int], hpos: bool
) -> None:
    store = SimulatedWooCommerce(clock=clock.now, orders=0, hpos=hpos)
    store.shop.habits.version = version
    for _ in range(4):
        made = store.new_order("completed", email=ADA)
        clock.advance(60)
    assert client(store).check_order(email=ADA).id == made["id"]


@pytest.mark.parametrize("hidden", [1, 3])
def test_orders_that_the_store_counts_and_does_not_show_leave_the_totals_unknown(
    clock: Clock, hidden: int
) -> None:
    store = SimulatedWooCommerce(clock=clock.now, orders=0)
    made = [store.new_order("completed", email=ADA)["id"] for _ in range(3)]
    shown = made[hidden:]
    store.faults.add(changing("*/orders", lambda rows: [row for row in rows if row["id"] in shown]))
    found = client(store).get_customer_orders(ADA)
    assert {order.id for order in found} == set(shown)
    assert (found.total, found.summary) == (None, None)


def test_a_shopper_whose_orders_are_counted_and_not_shown_is_not_told_to_have_none(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    store.new_order("completed", email=ADA)
    store.faults.add(changing("*/orders", lambda _: []))
    with pytest.raises(StoreError, match="none that it sends is theirs") as caught:
        shop.check_order(email=ADA)
    assert caught.value.error_type == "invalid_response"


def test_orders_that_only_mention_an_address_do_not_hide_its_own(
    store: SimulatedWooCommerce, shop: WooCommerce, clock: Clock
) -> None:
    own = store.new_order("completed", email="guest@example.test")
    for _ in range(5):
        clock.advance(60)
        store.new_order("completed", email="another.guest@example.test")
    assert shop.check_order(email="guest@example.test").id == own["id"]


def test_nobody_by_an_address_has_no_orders(shop: WooCommerce) -> None:
    assert tuple(shop.get_customer_orders("nobody@example.test")) == ()


def test_a_shopper_sees_only_the_notes_that_were_sent(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    made = store.new_order("processing", email=ADA)
    store.shop.add_note(made["id"], "Suspicious; call first")
    store.shop.add_note(made["id"], "Shipped via DHL &amp; co", for_customer=True)
    assert [note.text for note in shop.get_order_notes(made["id"])] == ["Shipped via DHL & co"]
    every = shop.get_order_notes(made["id"], private=True)
    assert [note.for_customer for note in every] == [False, True]
    assert kind(shop.get_order_notes, made["id"], "eve@example.test") == "not_found"


def test_refunds_are_none_partial_or_full(store: SimulatedWooCommerce, shop: WooCommerce) -> None:
    made = store.new_order("completed", email=ADA, total="100.00")
    assert shop.check_refund_status(made["id"], ADA).status == "none"
    store.refund(made["id"], "30.00", "Damaged")
    partial = shop.check_refund_status(made["id"])
    assert (partial.status, partial.refunded) == ("partial", pounds("30.00"))
    assert [(r.amount, r.reason) for r in partial.refunds] == [(pounds("30.00"), "Damaged")]
    assert shop.check_order(made["id"]).refunded == pounds("30.00")
    store.refund(made["id"])
    full = shop.check_refund_status(made["id"])
    assert (full.status, full.refunded, full.total) == ("full", pounds("100.00"), pounds("100.00"))
    assert kind(shop.check_refund_status, made["id"], "eve@example.test") == "not_found"


@pytest.mark.parametrize("status", ["pending", "on-hold", "processing"])
def test_an_order_that_is_not_done_can_be_cancelled(
    store: SimulatedWooCommerce, shop: WooCommerce, status: str
) -> None:
    made = store.new_order(status, email=ADA)
    done = shop.cancel_order(made["id"], "Ordered twice", ADA)
    assert done.order.status == "cancelled"
    assert done.reason_noted
    assert store.shop.notes[made["id"]][-1]["note"] == "Cancelled: Ordered twice"
    assert not store.shop.notes[made["id"]][-1]["customer_note"]


@pytest.mark.parametrize("status", ["completed", "cancelled", "refunded", "failed"])
def test_an_order_that_is_done_cannot(
    store: SimulatedWooCommerce, shop: WooCommerce, status: str
) -> None:
    made = store.new_order(status, email=ADA)
    assert kind(shop.cancel_order, made["id"]) == "invalid_state"
    assert store.shop.orders[made["id"]]["status"] == status


def test_a_plugins_own_status_cannot_be_cancelled_either(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    made = store.new_order("processing", email=ADA)
    store.shop.orders[made["id"]]["status"] = "packed"
    assert kind(shop.cancel_order, made["id"]) == "invalid_state"


def test_nobody_cancels_anothers_order(store: SimulatedWooCommerce, shop: WooCommerce) -> None:
    made = store.new_order("processing", email=ADA)
    assert kind(shop.cancel_order, made["id"], email="eve@example.test") == "not_found"
    assert store.shop.orders[made["id"]]["status"] == "processing"


def test_a_cancelled_order_stays_so_when_its_reason_cannot_be_noted(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    made = store.new_order("processing", email=ADA)
    store.faults.add(Fault(path="*/notes", status=500))
    done = shop.cancel_order(made["id"], "Ordered twice")
    assert (done.order.status, done.reason_noted) == ("cancelled", False)


def test_a_key_that_may_only_read_is_the_configurations_fault(store: SimulatedWooCommerce) -> None:
    made = store.new_order("processing", email=ADA)
    with pytest.raises(StoreError) as caught:
        client(store, key=store.keys.read_only).cancel_order(made["id"])
    assert (caught.value.error_type, caught.value.fault) == ("forbidden", "config")


def test_an_order_of_another_currency_keeps_it(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    made = store.new_order("processing", currency="EUR", total="12.34")
    assert shop.check_order(made["id"]).total == Money(Decimal("12.34"), "EUR")


def test_dates_are_right_in_a_shop_far_away(clock: Clock) -> None:
    store = SimulatedWooCommerce(clock=clock.now, orders=0, timezone="Pacific/Auckland")
    made = store.new_order("processing")
    created = client(store).check_order(made["id"]).created
    assert created is not None
    assert created.timestamp() == clock.now()


def spoiling(number: int, odd: dict[str, Any]) -> Any:
    """Return what replaces members of one order in a list."""
    return lambda rows: [{**row, **odd} if row["id"] == number else row for row in rows]


@pytest.mark.parametrize(
    ("odd", "left_out"),
    [
        ({"total": None}, 1),
        ({"total": "1,234.50"}, 1),
        ({"currency": ""}, 1),
        ({"id": "x"}, 1),
        # What only goes with an order is left out of it.
        ({"date_created_gmt": "yesterday"}, 0),
        ({"date_created_gmt": 7}, 0),
        ({"line_items": [None]}, 0),
        ({"refunds": None}, 0),
        # What can be understood is: no lines, a currency in lower case, no account.
        ({"line_items": None}, 0),
        ({"date_created_gmt": None}, 0),
        ({"date_modified_gmt": None}, 0),
        ({"currency": "gbp"}, 0),
        ({"customer_id": None}, 0),
    ],
)
def test_one_odd_order_is_left_out_of_a_list_and_reported(
    odd: dict[str, Any], left_out: int
) -> None:
    store = SimulatedWooCommerce(clock=Clock().now, orders=0)
    email = "cust2@example.test"
    good, other = (store.new_order("completed", email=email) for _ in range(2))
    store.faults.add(changing("*/orders", spoiling(other["id"], odd)))
    found = client(store).get_customer_orders(email)
    assert good["id"] in {order.id for order in found}
    assert (len(found), found.unreadable) == (2 - left_out, left_out)


@pytest.mark.parametrize("row", [None, False, [], {}, {"billing": "x"}, "gone"])
def test_a_row_that_may_be_a_shoppers_order_is_reported_and_not_shown(row: Any) -> None:
    store = SimulatedWooCommerce(clock=Clock().now, orders=0)
    good, other = (store.new_order("completed", email=ADA) for _ in range(2))

    def spoil(rows: Any) -> Any:
        return [row if one["id"] == other["id"] else one for one in rows]

    store.faults.add(changing("*/orders", spoil))
    found = client(store).get_customer_orders(ADA)
    assert [order.id for order in found] == [good["id"]]
    assert (found.unreadable, found.total, found.summary) == (1, 2, None)
    assert client(store).check_order(email=ADA).id == good["id"]


@pytest.mark.parametrize("odd", [{"billing": []}, {"billing": None}, {"billing": "x"}])
def test_an_order_that_is_nobodys_spoils_nobodys_list(odd: dict[str, Any]) -> None:
    store = SimulatedWooCommerce(clock=Clock().now, orders=0)
    email = "guest@example.test"
    good, other = (store.new_order("completed", email=email) for _ in range(2))

    store.faults.add(changing("*/orders", spoiling(other["id"], odd)))
    assert good["id"] in {order.id for order in client(store).get_customer_orders(email)}


def with_odd_order(store: SimulatedWooCommerce, **members: Any) -> Any:
    """An order of two lines, with some of its members as they should not be."""
    made = store.new_order("processing", email=ADA, lines=[(19, 2), (1002, 1)])

    def spoil(body: Any) -> Any:
        rows = body if isinstance(body, list) else [body]
        spoiled = [{**row, **members} if row.get("id") == made["id"] else row for row in rows]
        return spoiled if isinstance(body, list) else spoiled[0]

    store.faults.add(changing("*/orders*", spoil))
    return made


@pytest.mark.parametrize("odd", [{"quantity": None}, {"quantity": "two"}, {"total": None}])
def test_a_line_that_makes_no_sense_is_left_out_of_its_order_and_reported(
    store: SimulatedWooCommerce, shop: WooCommerce, odd: dict[str, Any]
) -> None:
    made = store.new_order("processing", email=ADA, lines=[(19, 2), (1002, 1)])
    first, second = made["line_items"]
    store.faults.clear()
    made = with_odd_order(store, line_items=[{**first, **odd}, second, None])
    for order in (shop.check_order(made["id"], ADA), shop.get_customer_orders(ADA)[0]):
        assert [line.name for line in order.lines] == ["Motor 1 - 24V"]
        assert (order.total, order.unreadable) == (pounds("380.00"), ("lines",))


def test_what_goes_with_an_order_never_keeps_its_status_back(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    dates = ("created", "modified", "paid", "completed")
    members = {f"date_{name}_gmt": "one day" for name in dates}
    made = with_odd_order(
        store, **members, line_items="none", refunds=None, shipping="here", customer_id="?"
    )
    order = shop.check_order(made["id"], ADA)
    assert (order.status, order.total, order.lines) == ("processing", pounds("380.00"), ())
    assert (order.customer, order.shipping, order.refunded) == (None, None, None)
    assert {getattr(order, name) for name in dates} == {None}
    assert set(order.unreadable) == {"refunded", "lines", "customer", "shipping", *dates}
    found = shop.get_customer_orders(ADA)
    assert (len(found), found.unreadable, found.summary) == (1, 0, None)


def test_a_note_and_a_refund_without_a_date_are_there(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    made = store.new_order("processing", email=ADA, lines=[(19, 2)])
    store.shop.add_note(made["id"], "Packed", for_customer=True)
    store.refund(made["id"], "5.00")
    undated = {"date_created": None, "date_created_gmt": None}
    for path in ("*/notes", "*/refunds"):
        store.faults.add(changing(path, lambda rows: [{**row, **undated} for row in rows]))
    assert {note.created for note in shop.get_order_notes(made["id"], private=True)} == {None}
    status = shop.check_refund_status(made["id"])
    assert (status.refunded, status.refunds[0].created) == (pounds("5.00"), None)


def test_orders_are_found_among_those_of_many_longer_addresses(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    """A search finds an address within others; of a hundred, none may be that of the shopper."""
    own = [store.new_order("completed", email="an@example.test")["id"] for _ in range(3)]
    for number in range(230):
        store.new_order("completed", email=f"iv{number}an@example.test")
    found = shop.get_customer_orders("an@example.test")
    assert [order.id for order in found] == own[::-1]
    assert (found.total, found.complete) == (3, True)
    assert shop.check_order(email="an@example.test").id == own[-1]
    for number in range(800):
        store.new_order("completed", email=f"jo{number}an@example.test")
    found = shop.get_customer_orders("an@example.test")
    assert (len(found), found.total, found.complete) == (0, None, False)
