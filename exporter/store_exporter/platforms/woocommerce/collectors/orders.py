"""Orders, revenue and refunds as counters: how they are requested and read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from ....contract import Run
from ....net.plans import Plan
from ...kit.order_book import book
from ...kit.order_book.accounts import CountedOrder, CountedRefund
from ...kit.order_book.counters import OTHER
from ...kit.order_book.numbered_book import NumberedBook
from ...kit.order_book.numbered_list import ListedOrders
from ...kit.order_book.walk import WalkQuery
from ...kit.reading.fields import Fields
from ...kit.rest.responses import RestPage
from .. import local_dates, rounding
from ..api import PAGE, V3, Api, gmt
from ..reading import order_state
from ..reading.totals import PARTS, OrderTotals, read_refunded

# Without line items and addresses a page costs the store a tenth of the work, and no customer's
# name ever reaches the exporter.
_FIELDS = (
    f"id,status,currency,total,refunds,payment_method,version,{order_state.MEMBERS},"
    f"{local_dates.members(*local_dates.DATES)}"
)
_MOST_REFUNDS = 200
_METHOD = re.compile(r"[a-z0-9_-]{1,40}", re.ASCII | re.IGNORECASE)
_PAID = (*order_state.PAID, "refunded")
"""Statuses in which orders have a date of payment, or null if they were free or imported."""
_NO_ORDERS = (*order_state.HIDDEN, "draft", "new")
"""Lists of older versions contain some of them."""
_WITH_PARTS = f"{_FIELDS},{PARTS}"
_MARKS_REFUNDS = re.compile(r"7\.[6-9]|[89]\.|[1-9][0-9]")
"""Versions of WooCommerce in which a refund of a part of an order changes its time of change."""


class _OrderBook(NumberedBook[Api]):
    statuses = order_state.ENTERED
    largest_page = PAGE
    path = f"{V3}/orders"
    changed = "date_modified_gmt"
    numbers_refunds_with_orders = True
    trash: ClassVar = {"status": "trash"}
    too_old = (
        "the list of orders ignores modified_after; WooCommerce 5.8 or later is needed, or 7.3 "
        "where orders are in tables of their own"
    )

    def __init__(self, api: Api, run: Run) -> None:
        super().__init__(api, run)
        self._reading = OrderTotals(0, "")
        self._has_checked_settings = False
        self._fields = _FIELDS

    def by_change(self, size: int, query: WalkQuery | None = None) -> Mapping[str, Any]:
        params: dict[str, Any] = {"orderby": "modified", "per_page": size}
        if query is None:
            return params | {"order": "desc"}
        # WordPress excludes the given moments themselves.
        params |= {"order": "asc", "modified_after": gmt(query.since - 1)}
        params["page"] = max(1, query.page)
        if query.until is not None:
            params |= {"modified_before": gmt(query.until + 1), "orderby": "id"}
        if query.exclude:
            params["exclude"] = ",".join(number for number in query.exclude if number.isdigit())
        return params

    def newest(self, size: int, page: int = 1, exclude: Sequence[str] = ()) -> Mapping[str, Any]:
        params = {"orderby": "id", "order": "desc", "per_page": size, "page": page}
        return params | ({"exclude": ",".join(exclude)} if exclude else {})

    def by_ids(self, ids: Sequence[str]) -> Mapping[str, Any]:
        return {"include": ",".join(ids), "orderby": "id", "per_page": len(ids)}

    def ask(self, params: Mapping[str, Any]) -> Plan[ListedOrders]:
        """Read a page; once a run the settings are requested anew where an amount has changed.

        Orders may have been edited; or the shop displays fewer decimals, to which WooCommerce
        rounds the totals of all orders.
        """
        listed = yield from super().ask(params)
        changed = any(map(self.ledger.differs, listed.page.orders))
        if changed and not self._has_checked_settings:
            self._has_checked_settings = True
            if (yield from rounding.has_other_settings(self.api)):
                listed = yield from super().ask(params)
        return listed

    def orders(self, params: Mapping[str, Any]) -> Plan[RestPage]:
        """Request a page, with the parts of the orders if their totals need them."""
        self._reading = yield from rounding.order_totals(self.api)
        # At zero before its first order, which a scraper may not see if this process is killed.
        self.ledger.counters.place(self._reading.currency)
        if self._reading.by_parts:
            self._fields = _WITH_PARTS
        rows = yield from self.api.page(self.path, {"_fields": self._fields, **params})
        if self._fields == _FIELDS and any(map(self._reading.lacks_parts, rows.items)):
            self._fields = _WITH_PARTS
            rows = yield from self.api.page(self.path, {"_fields": self._fields, **params})
        yield from rounding.learn_rules(self.api, self._reading, rows.items)
        is_guess = bool(self._reading.guesses())
        remembered = len(self.ledger)
        self.place.note_reading(self._reading.shown, is_guess=is_guess, remembered=remembered)
        return rows

    def ids_of(self, params: Mapping[str, Any]) -> Plan[RestPage]:
        members = f"id,{local_dates.members('date_modified')}"
        return self.api.page(self.path, {**params, "_fields": members})

    def one_order(self, order_id: str) -> Plan[Any]:
        order = yield from self.api.get(f"{V3}/orders/{order_id}", {"_fields": _WITH_PARTS})
        yield from rounding.learn_rules(self.api, self._reading, [order])
        return order

    def refunds_of(self, order_id: str) -> Plan[list[CountedRefund]]:
        path = f"{V3}/orders/{order_id}/refunds"
        params = {"_fields": "id,amount,date_created,date_created_gmt"}
        rows = (yield from self.api.rows(path, params, limit=PAGE)).fields("refunds")
        return [_refund(row, "amount", row.seconds("date_created_gmt")) for row in rows]

    def reasons(self) -> list[str]:
        return super().reasons() + self._reading.guesses()

    def order(self, row: Fields, changed: int | None) -> CountedOrder | None:
        """Read one order; None for drafts, sub-orders and what is in the trash.

        WooCommerce sets the date of payment when an order first reaches a paid status; for cash on
        delivery that is when it is completed. A draft that becomes an order keeps its first date.
        """
        # An order has the version of WooCommerce that wrote it last.
        is_old = _MARKS_REFUNDS.match(row.text_or("version")) is None
        self.hides_refunds = is_old and self.hides_refunds is not False
        status = order_state.order_status(row)
        if status in _NO_ORDERS or order_state.is_sub_order(row):
            return None
        created = _created(row)
        if status in _PAID:
            # Where a plugin removed it, the order would be taken for one without it.
            row.gmt_if_any("date_paid_gmt")
        refunds = tuple(_refund(refund, "total") for refund in row.children("refunds"))
        if len(refunds) > _MOST_REFUNDS:
            raise row.invalid(f"there are {len(refunds)} refunds")
        paid, completed = map(row.seconds_if_any, ("date_paid_gmt", "date_completed_gmt"))
        currency = row.currency("currency")
        return CountedOrder(
            id=str(row.identifier()),
            status=order_state.status_label(status, order_state.ENTERED),
            currency=currency,
            total=self._reading.total(row, currency).amount,
            # An order without its own date counts by the dates of its payment and completion.
            created=created,
            modified=changed or max(created, paid or 0, completed or 0),
            paid=paid,
            entered={} if completed is None else {"completed": completed},
            refunds=refunds,
            method=_method(row.raw("payment_method")),
        )


def _created(row: Fields) -> int:
    """Read when an order was placed; 0 without a date, or with one from before all shops.

    Imports leave the empty dates of other programs, such as 1970-01-01, and plugins for other
    calendars years of theirs.
    """
    moment = row.gmt_if_any("date_created_gmt")
    return 0 if moment is None else max(0, int(moment.timestamp()))


def _method(name: Any) -> str:
    """Return a payment gateway's id as a label; "" for an order that was entered by hand."""
    if name in (None, False, ""):
        return ""
    return name if isinstance(name, str) and _METHOD.fullmatch(name) else OTHER


def _refund(row: Fields, name: str, created: int | None = None) -> CountedRefund:
    return CountedRefund(str(row.identifier()), read_refunded(row, name), created)


ORDERS = book.collector(
    _OrderBook,
    "a hundred to a page. `since` is `now` or a date from which to count; a first walk from a date "
    "reads `max_pages` pages in each run. Two more requests look for new ids and read remembered "
    "orders again.",
    requests=3,
    page_size=PAGE,
    refund_lookups=20,
)
