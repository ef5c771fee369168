"""Settings of a shop that rarely change: requested when they are needed, at most once an hour."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple, TypeVar

from ...contract import Response
from ...net.plans import Plan, none_if
from ..kit.connection import fact
from ..kit.reading.fields import Fields
from ..kit.reading.money import plain_decimal
from .api import V3, Api
from .reading.product_results import PRICES

T = TypeVar("T")
OtherT = TypeVar("OtherT")

STATUSES = "GET /wc/v3/reports/orders/totals"
ANY = ("any",)
"""Every status except those of drafts and the trash."""
SETTINGS = "GET /wc/v3/settings/general"
_ESCAPED = re.compile("[_%]")
_ESCAPES_TWICE = re.compile(r"7\.[1-9]|8\.[0-3]\b")
_CURRENCY = f"{V3}/settings/general/woocommerce_currency"
_MANAGE_STOCK = f"{V3}/settings/products/woocommerce_manage_stock"
_UNKNOWN_SETTING = "rest_setting_setting_invalid"
_CURRENT = f"{V3}/data/currencies/current"
_MONEY = {
    "currency": "currency",
    "number_of_decimals": "price_num_decimals",
    "thousand_separator": "price_thousand_sep",
    "decimal_separator": "price_decimal_sep",
}
"""Settings of money by their names in the shop's status."""


class MoneySettings(NamedTuple):
    """How the shop writes amounts.

    Attributes:
        currency: code of the currency.
        decimals: number of decimals that are displayed.
        thousands: the separator of thousands.
        decimal: the separator before the decimals.
    """

    currency: str
    decimals: int
    thousands: str
    decimal: str


@fact
def _general(api: Api) -> Plan[Fields]:
    """Return the values of the shop's general settings. Plugins remove some of them."""
    page = yield from api.page(f"{V3}/settings/general", {"_fields": "id,value"})
    values = {row.text_or("id").removeprefix("woocommerce_"): row.raw("value") for row in page}
    return Fields(values, "the settings")


@fact
def money_settings(api: Api) -> Plan[MoneySettings]:
    """Return the shop's settings of money.

    Plugins for several currencies have their own settings and remove WooCommerce's from its list.
    The effective values are then read from the shop's status. They are also if the number of
    decimals is empty, which WooCommerce takes for no decimals.
    """
    values = yield from _general(api)
    known = {name: values.raw(setting) for name, setting in _MONEY.items()}
    shop = Fields(known, "the settings")
    if not shop.has("currency") or shop.raw("number_of_decimals") in (None, ""):
        query = {"_fields": ",".join(f"settings.{name}" for name in _MONEY)}
        status = yield from api.get_object(f"{V3}/system_status", "system_status", query)
        shop = status.child("settings")
    return MoneySettings(
        shop.currency("currency"),
        shop.integer("number_of_decimals"),
        shop.text_or("thousand_separator", ","),
        shop.text_or("decimal_separator", "."),
    )


def forget_money(api: Api) -> None:
    """Request the settings of money anew when they are needed."""
    api.facts.forget(_general)
    api.facts.forget(money_settings)


def delivers(api: Api) -> Plan[bool]:
    """Return whether the shop delivers anything."""
    return (yield from _general(api)).text_or("ship_to_countries") != "disabled"


def delivers_to(api: Api, country: str) -> Plan[bool]:
    """Return whether the shop delivers to a country, whatever its zones say.

    Unless it has countries to deliver to, they are those that it sells to.
    """
    settings = yield from _general(api)
    target, sold = map(settings.text_or, ("ship_to_countries", "allowed_countries"))
    if target in ("disabled", "all"):
        return target == "all"
    if target == "specific":
        return country in settings.optional_strings("specific_ship_to_countries")
    if sold == "specific":
        return country in settings.optional_strings("specific_allowed_countries")
    return sold != "all_except" or country not in settings.optional_strings("all_except_countries")


def ask_currency(api: Api) -> Plan[tuple[str, Response]]:
    """Request the code of the shop's currency again; return it and the response that has it.

    Raises:
        StoreError: invalid_response, it is not a code; any error of a request.
    """
    asked, member = api.ask(_CURRENCY, {"_fields": "id,value"}), "value"
    found = yield from none_if(asked, _UNKNOWN_SETTING)
    if found is None:
        # A plugin removed the setting; see `money_settings`.
        member, found = "code", (yield from api.ask(_CURRENT, {"_fields": "code"}))
    body, response = found
    return Fields(body, "the currency setting").currency(member), response


@fact
def manages_stock(api: Api) -> Plan[bool]:
    """Return whether the shop counts its stock; a shop that stopped keeps the old quantities."""
    asked = api.get_object(_MANAGE_STOCK, "the setting", {"_fields": "id,value"})
    # A role may see reports and no settings.
    setting = yield from none_if(asked, _UNKNOWN_SETTING, "forbidden")
    return setting is None or setting.text_or("value") != "no"


@fact
def currency(api: Api) -> Plan[str]:
    """Return the code of the shop's currency."""
    return (yield from money_settings(api)).currency


def normalize_prices(api: Api, products: Sequence[Any]) -> Plan[None]:
    """Convert prices that a plugin writes as the shop displays them to plain decimals."""
    rows = [row for row in products if isinstance(row, dict)]
    written = [(row, name) for row in rows for name in PRICES if _is_formatted(row.get(name))]
    if written:
        shop = yield from money_settings(api)
        for row, name in written:
            row[name] = plain_decimal(row[name], shop.thousands, shop.decimal)


def _is_formatted(value: Any) -> bool:
    return isinstance(value, str) and not value.replace(".", "", 1).isdigit() and value != ""


def order_statuses(api: Api, without: Collection[str]) -> Plan[Sequence[str]]:
    """Return all statuses that orders can have, those of plugins included, except some."""
    return [slug for slug in (yield from _statuses(api)) if slug not in without]


def in_statuses(
    api: Api, without: Collection[str], ask: Callable[[Sequence[str]], Plan[T]]
) -> Plan[T]:
    """Request orders in all statuses but some; in any status if the list does not know one of them.

    The plugin that added it was switched off since the statuses were requested, or added it to the
    report alone. `ask` may have read some pages before, and must count no order twice.
    """
    found = yield from unless_unknown(ask((yield from order_statuses(api, without))), None)
    if found is not None:
        return found
    forget_statuses(api)
    return (yield from ask(ANY))


def unless_unknown(ask: Plan[T], otherwise: OtherT) -> Plan[T | OtherT]:
    """Request orders in some statuses; return `otherwise` if the store does not know one of them.

    In older versions, 6.3 among them, the checkout creates no drafts.
    """
    found = yield from none_if(ask, "rest_invalid_param", about="status")
    return otherwise if found is None else found


def forget_statuses(api: Api) -> None:
    """Request the statuses of orders anew when they are needed, as the list refused one."""
    api.facts.forget(_statuses)


def words_to_search(api: Api, text: str) -> Plan[str]:
    """Return what to search for to find the orders that contain a text, and perhaps others.

    Versions from 7.1 to 8.3 find nothing by _ or % (issue 41359 of woocommerce/woocommerce), so
    there it is the longest part without them.
    """
    parts = _ESCAPED.split(text)
    if len(parts) == 1 or not _ESCAPES_TWICE.match((yield from _newest_version(api))):
        return text
    return max(parts, key=len)


@fact
def _newest_version(api: Api) -> Plan[str]:
    """Return the version of WooCommerce that wrote the newest order; "" if nothing shows it."""
    page = yield from api.page(f"{V3}/orders", {"per_page": 1, "_fields": "version"})
    return next((order.text_or("version") for order in page), "")


@fact
def _statuses(api: Api) -> Plan[tuple[str, ...]]:
    page = yield from api.page(f"{V3}/reports/orders/totals")
    return tuple(row.text("slug").removeprefix("wc-") for row in page)
