"""What rarely changes of a shop: each is asked for when it is needed, at most once an hour."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
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
_SAMPLE = f"id,currency,customer_id,{totals.MEMBERS}"
_ROUNDED = Decimal("0.005")
"""By how much that sum may be off, which has two decimals in every shop."""
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
        found = OrderTotals(shop.decimals)
        if not found.rounds(shop.currency):
            return found
        rule = yield from api.get_object(_AT_SUBTOTAL, "the setting", {"_fields": "id,value"})
        at_subtotal = rule.raw("value") == "yes"
        found = OrderTotals(shop.decimals, at_subtotal=at_subtotal, by_parts=True)
        query = {**FULL, "orderby": "id", "per_page": PAGE}
        query["_fields"] = _SAMPLE
        orders: list[Fields] = []
        for order in ("asc", "desc"):
            orders += yield from api.page(f"{V3}/orders", {**query, "order": order})
        doubtful = totals.ambiguous_orders(found, orders)
        if doubtful:
            return (yield from _by_customer(api, found, doubtful))
        return totals.learn_rounding(found, orders)

    return api.facts.get("reading", ask)


def _by_customer(api: Api, reading: OrderTotals, doubtful: Sequence[Fields]) -> Plan[OrderTotals]:
    """Learn it from what a customer has spent in all, which the store adds up as it is stored.

    (`WC_Customer_Data_Store::get_total_spent`, which rounds nothing but the sum.)

    Args:
        api: the store's API.
        reading: the shop's settings.
        doubtful: orders that do not tell it themselves.
    """
    guess = replace(reading, finer_below=0, is_guess=True)
    customers = [order.raw("customer_id") for order in doubtful]
    customer = next((one for one in reversed(customers) if isinstance(one, int) and one > 0), None)
    if customer is None:
        return guess
    path, query = f"{_V2}/customers/{customer}", {"_fields": "total_spent"}
    paid = {"customer": customer, "status": ",".join(_PAID), "_fields": _SAMPLE, **FULL}
    try:
        spent = (yield from api.get_object(path, "the customer", query)).decimal("total_spent")
        orders = (yield from api.rows(f"{V3}/orders", paid)).all_items("orders")
        made, finer = replace(reading, finer_below=0), replace(reading, finer_below=math.inf)
        as_shown, in_full = (_sum(one, orders) for one in (made, finer))
    except StoreError:
        return guess
    if abs(as_shown - in_full) <= 2 * _ROUNDED:
        return guess
    if abs(as_shown - spent) <= _ROUNDED:
        return made
    return finer if abs(in_full - spent) <= _ROUNDED else guess


def _sum(reading: OrderTotals, orders: Sequence[Fields]) -> Decimal:
    amounts = (reading.total(row, row.currency("currency")).amount for row in orders)
    return sum(amounts, Decimal(0))


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
    lacking = [
        (row, name)
        for row in rows
        if isinstance(row, dict)
        for name in names
        if not row.get(f"{name}_gmt") and isinstance(row.get(name), str)
    ]
    if lacking:
        shops = yield from time_zone(api)
        for row, name in lacking:
            with suppress(ValueError, OverflowError):
                local = datetime.fromisoformat(row[name])
                local = local if local.tzinfo else local.replace(tzinfo=shops)
                row[f"{name}_gmt"] = local.astimezone(UTC).isoformat()


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
    """Ask for what the index of WordPress' API tells everybody of the time zone."""
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
