"""`wc/v3` about the shop itself: settings, shipping, payment, webhooks and status."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from .answers import ApiError, Call, Document, Reply, invalid_parameter, link, paged
from .shop import Shop
from .templates import currency_members

_ROOT = "/wp-json/wc/v3"
_MONEY = ("currency", "price_thousand_sep", "price_decimal_sep", "price_num_decimals")
_HIDDEN = ("currency", "price_num_decimals")


def index(shop: Shop) -> Document:
    """GET /wp-json, which anybody may read."""
    offset = datetime.fromtimestamp(shop.clock(), shop.zone).utcoffset() or timedelta()
    return {
        "name": shop.domain,
        "description": "",
        "url": shop.base,
        "home": shop.base,
        "namespaces": ["wc/store", "wc/store/v1", "wc/v1", "wc/v2", "wc/v3", "wc-analytics"],
        "timezone_string": str(shop.zone),
        "gmt_offset": str(offset / timedelta(hours=1)).removesuffix(".0"),
    }


def options(shop: Shop, call: Call) -> Reply:
    """GET wc-admin/options, which only an administrator may read."""
    known = index(shop)
    return Reply({name: known.get(name) for name in call.values("options")})


def _setting(shop: Shop, name: str, label: str, value: str) -> Document:
    setting: Document = {
        "id": name,
        "label": label,
        "description": "",
        "type": "text",
        "default": "",
        "tip": "",
        "value": value,
        "group_id": "general",
    }
    return {**setting, "_links": link(shop.base, f"{_ROOT}/settings/general/{name}")}


def settings(shop: Shop, call: Call) -> Reply:
    """GET settings/general, those about money."""
    shown = [name for name in _MONEY if not (shop.habits.hides_currency and name in _HIDDEN)]
    return Reply([setting(shop, call, f"woocommerce_{name}").body for name in shown])


def current_currency(shop: Shop, call: Call) -> Reply:
    """GET data/currencies/current."""
    del call
    members = currency_members(shop.currency)
    found = {"code": shop.currency, "name": shop.currency, "symbol": members["currency_symbol"]}
    return Reply({**found, "_links": link(shop.base, f"{_ROOT}/data/currencies/{shop.currency}")})


def switch(shop: Shop, call: Call, name: str) -> Reply:
    """GET settings/{tax,products}/{id}, for how taxes are rounded and whether stock is counted."""
    del call
    switches = {
        "woocommerce_tax_round_at_subtotal": ("Rounding", shop.habits.at_subtotal),
        "woocommerce_manage_stock": ("Manage stock", shop.habits.counts_stock),
    }
    if name not in switches:
        raise ApiError(404, "rest_setting_setting_invalid", "Invalid setting.")
    label, is_on = switches[name]
    return Reply(_setting(shop, name, label, "yes" if is_on else "no"))


def setting(shop: Shop, call: Call, name: str) -> Reply:
    """GET settings/general/{id}, for the settings about money and for any other an error."""
    del call
    if shop.habits.hides_currency and name.removeprefix("woocommerce_") in _HIDDEN:
        raise ApiError(404, "rest_setting_setting_invalid", "Invalid setting.")
    if name == "woocommerce_currency":
        currency = shop.templates.get("currency_setting", value=shop.currency)
        currency["_links"] = link(shop.base, f"{_ROOT}/settings/general/{name}")
        return Reply(currency)
    shown = shop.shown if shop.habits.setting is None else shop.habits.setting
    known = {
        "woocommerce_price_num_decimals": ("Number of decimals", str(shown)),
        "woocommerce_price_decimal_sep": ("Decimal separator", "."),
        "woocommerce_price_thousand_sep": ("Thousand separator", ","),
    }
    if name not in known:
        raise ApiError(404, "rest_setting_setting_invalid", "Invalid setting.")
    return Reply(_setting(shop, name, *known[name]))


def system_status(shop: Shop, call: Call) -> Reply:
    """GET system_status."""
    del call
    status = shop.templates.get("system_status")
    status["settings"].update(
        currency=shop.currency, number_of_decimals=shop.shown, HPOS_enabled=shop.hpos
    )
    status["environment"].update(default_timezone="UTC", home_url=shop.base, site_url=shop.base)
    counts = {
        "product": len(shop.products),
        "product_variation": len(shop.variations),
        "shop_coupon": len(shop.coupons),
        "shop_order": len(shop.orders),
        "shop_order_refund": sum(len(rows) for rows in shop.refunds.values()),
    }
    for row in status["post_type_counts"]:
        row["count"] = str(counts.get(row["type"], row["count"]))
    return Reply(status)


def payment_gateways(shop: Shop, call: Call) -> Reply:
    """GET payment_gateways, those that are off included."""
    rows = [
        {**row, "_links": link(shop.base, f"{_ROOT}/payment_gateways/{row['id']}")}
        for row in shop.gateways
    ]
    return paged(call, rows, shop.base)


def shipping_zones(shop: Shop, call: Call) -> Reply:
    """GET shipping/zones; zone 0 is everywhere else."""
    rows = []
    for row in shop.zones.values():
        path = f"{_ROOT}/shipping/zones/{row['id']}"
        links = link(shop.base, path)
        links["describedby"] = [{"href": f"{shop.base}{path}/locations"}]
        rows.append({**row, "_links": links})
    return paged(call, rows, shop.base)


def shipping_methods(shop: Shop, call: Call, zone_id: str) -> Reply:
    """GET shipping/zones/{id}/methods."""
    if int(zone_id) not in shop.zones:
        raise ApiError(404, "woocommerce_rest_shipping_zone_invalid", "Invalid shipping zone.")
    path = f"{_ROOT}/shipping/zones/{zone_id}"
    rows = []
    for row in shop.zone_methods.get(int(zone_id), []):
        links = link(shop.base, f"{path}/methods/{row['instance_id']}")
        links["describes"] = [{"href": shop.base + path}]
        rows.append({**row, "_links": links})
    return paged(call, rows, shop.base)


def shipping_locations(shop: Shop, call: Call, zone_id: str) -> Reply:
    """GET shipping/zones/{id}/locations; the list comes whole."""
    del call
    if int(zone_id) not in shop.zones:
        raise ApiError(404, "woocommerce_rest_shipping_zone_invalid", "Invalid shipping zone.")
    path = f"{_ROOT}/shipping/zones/{zone_id}"
    links = {
        "collection": [{"href": f"{shop.base}{path}/locations"}],
        "describes": [{"href": shop.base + path}],
    }
    rows = shop.zone_places.get(int(zone_id), [])
    return Reply([{"code": code, "type": kind, "_links": links} for kind, code in rows])


def continents(shop: Shop, call: Call) -> Reply:
    """GET data/continents, some countries of two of them."""
    del shop, call
    lands = {"EU": ("AT", "DE", "FR", "GB"), "NA": ("CA", "US")}
    return Reply(
        [
            {
                "code": code,
                "name": code,
                "countries": [{"code": land, "name": land, "states": []} for land in countries],
            }
            for code, countries in lands.items()
        ]
    )


def set_free_shipping(shop: Shop, minimum: Decimal | None) -> None:
    """Offer free shipping from a minimum amount on, or to everybody."""
    for method in shop.zone_methods[1]:
        if method["method_id"] == "free_shipping":
            settings = method["settings"]
            settings["requires"]["value"] = "" if minimum is None else "min_amount"
            settings["min_amount"]["value"] = "0" if minimum is None else str(minimum)


def webhooks(shop: Shop, call: Call) -> Reply:
    """GET webhooks, by status if one is given."""
    status = call.params.get("status", "all")
    if status not in ("all", "active", "paused", "disabled"):
        reason = "status is not one of all, active, paused, and disabled."
        raise invalid_parameter("status", reason, "rest_not_in_enum")
    rows = [
        {**row, "_links": link(shop.base, f"{_ROOT}/webhooks/{row['id']}")}
        for row in shop.webhooks.values()
        if status in ("all", row["status"])
    ]
    return paged(call, rows, shop.base)
