"""Facts about the store that change rarely."""

from __future__ import annotations

from ....contract import Report, Run
from ....errors import StoreError
from ....events.event import EventKind
from ....net.plans import Plan, none_if
from ...kit.monitoring.declare import collector
from ...kit.monitoring.figures import left_out
from ...kit.monitoring.info import LONGEST_FACT, info_sample, lacking, learn
from ...kit.reading.days import zone_at
from ...kit.reading.fields import Fields
from ...kit.reading.lists import readable
from .. import facts as settings
from .. import local_dates
from ..api import V3, Api

# WooCommerce collects only the requested sections, and calls no other servers unless the members
# remote_* are requested.
STATUS_FIELDS = (
    "environment.version,environment.wp_version,environment.wp_cron,settings.HPOS_enabled"
)
_WITH_THEME = f"{STATUS_FIELDS},theme.name,theme.version,theme.parent_name,theme.parent_version"
"""For the theme the shop itself requests the latest version from wordpress.org and scans its
templates; it caches that for an hour."""
_PROGRAMS = {"WooCommerce": "version", "WordPress": "wp_version", "PHP": "php_version"}
_VERSIONS = ",".join((*(f"environment.{name}" for name in _PROGRAMS.values()), "active_plugins"))
_STATUS = f"{V3}/system_status"


@collector(interval=86_400.0, timeout=60.0, requests=3)
def info(api: Api, _: Run) -> Plan[Report]:
    """Version, currency, time zone, order storage and theme.

    With a key that may not read system_status, or where that fails, the version is that of the
    newest order, and the storage is unknown.

    Raises:
        StoreError: only when nothing at all could be read.
    """
    facts: dict[str, str] = {}
    themes: dict[str, str] = {}
    failures: list[StoreError] = []
    yield from learn(_from_status(api, themes), facts, failures)
    if not facts.get("version"):
        yield from learn(_from_newest_order(api), facts, failures)
    yield from learn(_from_settings(api), facts, failures)
    yield from learn(_from_index(api), facts, failures)
    if failures and not any(facts.values()):
        raise failures[0]
    sample = info_sample(facts)
    known = ", ".join(f"{name} {value}" for name, value in sample.labels.items() if value)
    return Report(
        [sample], lacking(failures), known, facts={EventKind.THEME: themes} if themes else {}
    )


@collector(interval=3600.0, timeout=60.0)
def versions(api: Api, _: Run) -> Plan[Report]:
    """Versions of WooCommerce, WordPress, PHP and each active plugin, for the events of the store.

    WooCommerce caches the list of plugins for an hour. With a key that may not read system_status,
    only WooCommerce's own version is known, from the newest order.
    """
    asked = api.get_object(_STATUS, "system_status", {"_fields": _VERSIONS})
    status = yield from none_if(asked, "woocommerce_rest_cannot_view")
    if status is None:
        version = (yield from _from_newest_order(api)).get("version", "")
        return Report(
            summary="the key may not read system_status",
            facts={EventKind.PLATFORM: {"WooCommerce": version}} if version else {},
        )
    environment = status.child("environment")
    known = {
        name: version
        for name, member in _PROGRAMS.items()
        if (version := environment.text_or(member))
    }
    plugins, failures = readable(
        status.listed("active_plugins"),
        "active_plugins",
        lambda plugin: (plugin.text("name"), plugin.text_or("version")),
    )
    further = {name: version for name, version in plugins if name != "WooCommerce"}
    facts = {EventKind.PLATFORM: known}
    if not failures:
        # One that is only unreadable would look like one that was removed.
        facts[EventKind.PLUGIN] = further
    versions = [f"{name} {version[:LONGEST_FACT]}" for name, version in known.items()]
    return Report(
        degraded=left_out("Plugins", failures),
        summary=", ".join((*versions, f"{len(further)} further plugins")),
        facts=facts,
    )


def _from_status(api: Api, themes: dict[str, str]) -> Plan[dict[str, str]]:
    """Read facts from `system_status`, which is open only to users who manage the shop.

    `themes` receives the versions of the theme and of its parent theme, by name.
    """
    status = yield from api.get_object(_STATUS, "system_status", {"_fields": _WITH_THEME})
    if (theme := status.at("theme")) is not None:
        for part in ("", "parent_"):
            if name := theme.text_or(f"{part}name"):
                themes[name] = theme.text_or(f"{part}version")
    version = status.child("environment").text_or("version")
    return {"version": version, "order_storage": order_storage(status)}


def order_storage(status: Fields) -> str:
    """Return hpos or posts, or "" for WooCommerce 7.1 to 7.6, whose status does not say which."""
    hpos = status.child("settings").raw("HPOS_enabled")
    if isinstance(hpos, bool):
        return "hpos" if hpos else "posts"
    version = status.child("environment").text_or("version")
    return "posts" if version.startswith(("5.", "6.", "7.0.")) else ""


def _from_newest_order(api: Api) -> Plan[dict[str, str]]:
    """Read facts from the newest order: each has the version that it was placed with."""
    params = {"per_page": 1, "_fields": "version,currency"}
    for order in (yield from api.page(f"{V3}/orders", params)):
        return {"version": order.text_or("version"), "currency": order.text_or("currency")}
    return {}


def _from_settings(api: Api) -> Plan[dict[str, str]]:
    """Read the currency from the settings; with FOX 1.4.5 `system_status` has the visitor's."""
    return {"currency": (yield from settings.currency(api))}


def _from_index(api: Api) -> Plan[dict[str, str]]:
    """Read the time zone from the index of WordPress' API, which is open to everybody."""
    index = yield from local_dates.api_index(api)
    name = index.text_or("timezone_string")
    if not name and index.has("gmt_offset"):
        name = str(zone_at(int(index.decimal("gmt_offset") * 3600)))
    return {"timezone": name}
