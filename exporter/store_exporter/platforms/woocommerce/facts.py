"""What rarely changes of a shop: each is requested when it is needed, at most once an hour."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from itertools import chain, combinations
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ...errors import StoreError
from ...net.plans import Plan
from ..kit.reading.fields import Fields
from ..kit.reading.money import decimals_of, plain_decimal
from .api import FULL, PAGE, V3, Api
from .reading import totals
from .reading.product_results import PRICES
from .reading.totals import OrderTotals

_V2 = "/wp-json/wc/v2"
_PAID = ("processing", "completed")
_UNPAID = ("pending", "on-hold", "cancelled", "refunded", "failed", "checkout-draft")
_SAMPLE = f"id,currency,customer_id,{totals.MEMBERS}"
_ROUNDED = Decimal("0.005")
"""By how much that sum may be off, which has two decimals in every shop."""
_MOST_CUSTOMERS = 3
_MOST_STATUSES = 6
INDEX = "GET /wp-json/"
STATUSES = "GET /wc/v3/reports/orders/totals"
SETTINGS = "GET /wc/v3/settings/general"
TOTALS = (
    SETTINGS,
    *("GET /wc/v3/settings/tax/{id}", "GET /wc/v3/orders", "GET /wc/v2/customers/{id}"),
)
"""Calls that `order_totals` makes, all but the first only in a shop that displays few decimals."""
_AT_SUBTOTAL = f"{V3}/settings/tax/woocommerce_tax_round_at_subtotal"


class MoneySettings(NamedTuple):
    """How the shop writes amounts.

    Attributes:
        currency: its code.
        decimals: how many are displayed.
        thousands: the sign between groups of digits.
        decimal: the sign before decimals.
    """

    currency: str
    decimals: int
    thousands: str
    decimal: str


def money_settings(api: Api) -> Plan[MoneySettings]:
    """Return the shop's settings of money."""

    def ask() -> Plan[MoneySettings]:
        page = yield from api.page(f"{V3}/settings/general", {"_fields": "id,value"})
        values = {row.text_or("id").removeprefix("woocommerce_"): row for row in page}
        nothing = Fields({}, "the settings")
        code = values.get("currency", nothing).currency("value")
        decimals = values.get("price_num_decimals")
        return MoneySettings(
            code,
            decimals_of(code) if decimals is None else decimals.integer("value"),
            values.get("price_thousand_sep", nothing).text_or("value", ","),
            values.get("price_decimal_sep", nothing).text_or("value", "."),
        )

    return api.facts.get("settings", ask)


def currency(api: Api) -> Plan[str]:
    """Return the code of the shop's currency."""

    def ask() -> Plan[str]:
        return (yield from money_settings(api)).currency

    return api.facts.get("currency", ask)


def order_totals(api: Api) -> Plan[OrderTotals]:
    """Return how to read the totals of the shop's orders."""

    def ask() -> Plan[OrderTotals]:
        shop = yield from money_settings(api)
        found = OrderTotals(shop.decimals, shop.currency)
        if found.rounds(shop.currency):
            found.by_parts = True
            found.finer_below, found.is_guess = yield from _learn(api, found, is_foreign=False)
        return found

    return api.facts.get("reading", ask)


def learn_foreign(api: Api, reading: OrderTotals, rows: Iterable[Any]) -> Plan[None]:
    """Learn how totals in other currencies than the shop's own were made, if orders need it.

    Args:
        api: the store's API.
        reading: reads the totals; what is learnt is put into it.
        rows: orders as they came, with their parts.
    """
    orders = reading.of_kind(rows, is_foreign=True)
    if reading.knows_foreign or not orders:
        return
    yield from _learn_rule(api, reading)
    if not any(map(reading.has_two_readings, orders)):
        return
    below, is_guess = yield from _learn(api, reading, is_foreign=True, orders=orders)
    # Where nothing shows it: as a plugin for several currencies makes them.
    reading.foreign_below, reading.is_foreign_guess = math.inf if is_guess else below, is_guess
    reading.knows_foreign = True


def _learn(
    api: Api, reading: OrderTotals, *, is_foreign: bool, orders: Sequence[Fields] = ()
) -> Plan[tuple[float, bool]]:
    """Learn below which id orders that do not show it were made with more decimals.

    Args:
        api: the store's API.
        reading: the shop's settings, which are completed.
        is_foreign: whether of orders in other currencies than the shop's own.
        orders: some of these.

    Returns:
        The id, and whether that is a guess.
    """
    yield from _learn_rule(api, reading)
    query = {**FULL, "orderby": "id", "per_page": PAGE, "_fields": _SAMPLE}
    sample = [*orders]
    for order in ("asc", "desc"):
        page = yield from api.page(f"{V3}/orders", {**query, "order": order})
        sample += reading.of_kind(page.items, is_foreign=is_foreign)
    doubtful = totals.ambiguous_orders(reading, sample)
    if not doubtful:
        return totals.learn_rounding(reading, sample), False
    below = yield from _by_customers(api, reading, doubtful)
    return (0, True) if below is None else (below, False)


def _learn_rule(api: Api, reading: OrderTotals) -> Plan[None]:
    """Learn whether the shop rounds at the subtotal."""
    if reading.at_subtotal is None:
        rule = yield from api.get_object(_AT_SUBTOTAL, "the setting", {"_fields": "id,value"})
        reading.at_subtotal = rule.raw("value") == "yes"


def _by_customers(api: Api, reading: OrderTotals, doubtful: Sequence[Fields]) -> Plan[float | None]:
    """Learn it from what customers have spent in all, which the store adds up as it is stored.

    (`WC_Customer_Data_Store::get_total_spent`, which rounds nothing but the sum.)

    Args:
        api: the store's API.
        reading: the shop's settings.
        doubtful: orders that do not show it themselves.

    Returns:
        0 for orders that were made as they are displayed, infinity for others; None where nothing
        shows it.
    """
    customers = (order.raw("customer_id") for order in reversed(doubtful))
    accounts = dict.fromkeys(one for one in customers if isinstance(one, int) and one > 0)
    for customer in list(accounts)[:_MOST_CUSTOMERS]:
        path, query = f"{_V2}/customers/{customer}", {"_fields": "total_spent"}
        own = {"customer": customer, "_fields": f"status,{_SAMPLE}", **FULL}
        try:
            spent = (yield from api.get_object(path, "the customer", query)).decimal("total_spent")
            orders = (yield from api.rows(f"{V3}/orders", own)).whole("orders").fields("orders")
            finer, made = (_is_spent(spent, one, orders) for one in reading.either())
        except StoreError:
            continue
        if finer != made:
            return math.inf if finer else 0
    return None


def _is_spent(spent: Decimal, reading: OrderTotals, orders: Sequence[Fields]) -> bool:
    """Whether a customer's orders come to what the store adds up: those with a status of payment.

    Statuses of plugins are such or not, which nothing shows.
    """
    sums: dict[str, Decimal] = {}
    for order in orders:
        status, total = order.text("status"), reading.total(order, order.currency("currency"))
        sums[status] = sums.get(status, Decimal(0)) + total.amount
    paid = sum((sums.pop(status, Decimal(0)) for status in _PAID), Decimal(0))
    others = [amount for status, amount in sums.items() if status not in _UNPAID][:_MOST_STATUSES]
    chosen = chain.from_iterable(combinations(others, n) for n in range(len(others) + 1))
    return any(abs(sum(some, paid) - spent) <= _ROUNDED for some in chosen)


def normalize_prices(api: Api, products: Sequence[Any]) -> Plan[None]:
    """Make plain decimals of prices which a plugin writes as the shop displays them.

    Args:
        api: the store's API.
        products: as the store sent them; those with such prices are changed.
    """
    rows = [row for row in products if isinstance(row, dict)]
    written = [(row, name) for row in rows for name in PRICES if _is_formatted(row.get(name))]
    if written:
        shop = yield from money_settings(api)
        for row, name in written:
            row[name] = plain_decimal(row[name], shop.thousands, shop.decimal)


def _is_formatted(value: Any) -> bool:
    return isinstance(value, str) and not value.replace(".", "", 1).isdigit() and value != ""


def add_gmt_dates(api: Api, rows: Sequence[Any], names: Collection[str]) -> Plan[None]:
    """Fill in dates in GMT that a plugin took out, from those in the shop's own time zone.

    Args:
        api: the store's API.
        rows: as the store sent them; those that lack such dates are changed.
        names: of the dates in the shop's zone, such as `date_paid`.
    """
    lacking = [row for row in rows if isinstance(row, dict) and lacks_gmt_dates(row.get, names)]
    zone = (yield from time_zone(api)) if lacking else UTC
    for row in lacking:
        row.update(_in_gmt(row.get, names, zone))


def with_gmt_dates(api: Api, rows: Sequence[Fields], names: Collection[str]) -> Plan[list[Fields]]:
    """Return rows with such dates filled in; the arguments are those of `add_gmt_dates`."""
    is_lacking = any(lacks_gmt_dates(row.raw, names) for row in rows)
    zone = (yield from time_zone(api)) if is_lacking else UTC
    return [row.with_members(_in_gmt(row.raw, names, zone)) for row in rows]


def lacks_gmt_dates(member: Callable[[str], Any], names: Iterable[str]) -> list[str]:
    """Return those of some dates that are there in the shop's zone alone.

    Args:
        member: returns a member of the row, None where there is none.
        names: of the dates.
    """
    return [n for n in names if not member(f"{n}_gmt") and isinstance(member(n), str)]


def _in_gmt(member: Callable[[str], Any], names: Iterable[str], zone: tzinfo) -> dict[str, str]:
    found = {}
    for name in lacks_gmt_dates(member, names):
        with suppress(ValueError, OverflowError):
            local = datetime.fromisoformat(member(name))
            local = local if local.tzinfo else local.replace(tzinfo=zone)
            found[f"{name}_gmt"] = local.astimezone(UTC).isoformat()
    return found


def order_statuses(api: Api, without: Collection[str]) -> Plan[str]:
    """Return the statuses that orders can have but for some, as a parameter.

    Those of plugins are among them.
    """

    def ask() -> Plan[tuple[str, ...]]:
        page = yield from api.page(f"{V3}/reports/orders/totals")
        return tuple(row.text("slug").removeprefix("wc-") for row in page)

    every = yield from api.facts.get("statuses", ask)
    return ",".join(slug for slug in every if slug not in without)


def time_zone(api: Api) -> Plan[tzinfo]:
    """Return the time zone of the shop's calendar."""

    def ask() -> Plan[tzinfo]:
        return time_zone_of((yield from api_index(api)))

    return api.facts.get("zone", ask)


def api_index(api: Api) -> Plan[Fields]:
    """Ask for what the index of WordPress' API shows everybody of the time zone."""
    return api.get_object("/wp-json/", "the API's index", {"_fields": "gmt_offset,timezone_string"})


def time_zone_of(index: Fields) -> tzinfo:
    """Return the zone: a named one, else the fixed offset in hours, else GMT.

    Args:
        index: the members `timezone_string` and `gmt_offset` of the index.
    """
    name = index.text_or("timezone_string")
    if name:
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            pass
    if index.raw("gmt_offset") in (None, ""):
        return UTC
    seconds = int(index.decimal("gmt_offset") * 3600)
    return timezone(timedelta(seconds=seconds)) if abs(seconds) < 24 * 3600 else UTC
