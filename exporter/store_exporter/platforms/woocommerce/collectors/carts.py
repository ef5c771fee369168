"""Checkouts that shoppers began and abandoned."""

from __future__ import annotations

from collections.abc import Sequence

from ....contract import Report, Run
from ....errors import StoreError
from ....metrics.catalogue import business
from ....metrics.families import Sample
from ....net.plans import Plan
from ...kit.monitoring.declare import collector
from ...kit.monitoring.figures import abandoned_cart_report
from ...kit.monitoring.named_lists import AbandonedCart
from ...kit.monitoring.options import number
from ...kit.reading.fields import Fields
from ...kit.reading.lists import readable, unexpected_items
from .. import facts, local_dates, rounding
from ..api import V3, Api, gmt
from ..reading.order_state import MEMBERS, is_sub_order, order_status
from ..reading.totals import PARTS, OrderTotals

_MOST = 500
_MEMBERS = f"id,status,{local_dates.members('date_modified')},total,currency,{MEMBERS}"
_LEFT = ("checkout-draft", "pending")


@collector(interval=900.0, timeout=60.0, older_than=3600.0, younger_than=7 * 86_400.0)
def carts(api: Api, run: Run) -> Plan[Report]:
    """Abandoned checkouts and their value: orders that are pending or drafts of the checkout.

    They are unchanged for longer than `older_than` and not for longer than `younger_than`.
    WooCommerce itself deletes drafts after a day, and by default cancels pending orders after an
    hour. Beyond 500 only their number is published, because a value of some would look like the
    value of all. The ten that are worth most are listed by order number, from the same response.
    """
    older, younger = number(run.options, "older_than"), number(run.options, "younger_than")
    if younger <= older:
        raise StoreError("invalid_request", "the option younger_than must exceed older_than")
    reading = yield from rounding.order_totals(api)
    now = api.store_now()
    params = {
        # The status `any` leaves drafts out, so both are named.
        "status": ",".join(_LEFT),
        "modified_before": gmt(now - older),
        "modified_after": gmt(now - younger),
        "orderby": "id",
        "order": "asc",
        "_fields": f"{_MEMBERS},{PARTS}" if reading.by_parts else _MEMBERS,
    }
    rows = yield from facts.unless_unknown(api.rows(f"{V3}/orders", params, limit=_MOST), None)
    if rows is None:
        params["status"] = "pending"
        rows = yield from api.rows(f"{V3}/orders", params, limit=_MOST)
    found, failures = readable(rows.items, "orders", _read)
    first, last = now - younger - 1, now - older + 1
    if any(status not in _LEFT or not first < touched < last for _, status, touched in found):
        raise unexpected_items("the list of orders")
    came = len(rows.items)
    if rows.total is None and (came >= _MOST or not rows.complete):
        raise StoreError("invalid_response", "the list of orders does not say how many there are")
    if rows.total is None or rows.total <= came:
        own = [order for order, *_ in found if not is_sub_order(order)]
        orders = yield from rounding.with_parts(api, reading, own, params)
        return _report(orders, failures, reading, is_listed=run.store.lists)
    if came < _MOST:
        raise StoreError("invalid_response", f"of {rows.total} carts {came} came")
    summary = f"{rows.total} abandoned carts, too many to add up their value"
    return Report([Sample(business.CARTS_ABANDONED, rows.total)], summary=summary)


def _read(order: Fields) -> tuple[Fields, str, float]:
    """Return an order that has an id, its status, and when it was changed."""
    order.identifier()
    return order, order_status(order), order.seconds("date_modified_gmt")


def _report(
    orders: Sequence[Fields],
    failures: Sequence[StoreError],
    reading: OrderTotals,
    *,
    is_listed: bool,
) -> Report:
    try:
        if failures:
            raise failures[0]
        left = [_cart(order, reading) for order in orders]
    except StoreError as error:
        # A sum without this order would be wrong; the number of orders is still correct.
        reason = f"The value of abandoned carts is not known: {error.message}."
        count = len(orders) + len(failures)
        sample = Sample(business.CARTS_ABANDONED, count)
        return Report([sample], [reason], f"{count} abandoned carts of unknown value")
    report = abandoned_cart_report(left, is_listed=is_listed)
    report.degraded = reading.guesses()
    return report


def _cart(order: Fields, reading: OrderTotals) -> AbandonedCart:
    value = reading.total(order, order.currency("currency"))
    if value.amount < 0:
        raise order.invalid("total is negative")
    return AbandonedCart(str(order.identifier()), value, order.seconds("date_modified_gmt"))
