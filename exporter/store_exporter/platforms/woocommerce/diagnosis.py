"""The checks of `doctor` in a WooCommerce store. They change nothing there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from ...contract import Finding, Run
from ...errors import REFUSALS, StoreError
from ...net.plans import Plan, none_if
from ..kit.monitoring.diagnosis import check_clock, check_reads, check_transport, run_checks
from ..kit.rest.responses import server_time
from . import facts
from .api import ANALYTICS, STORE, V3, Api
from .api_location import ROOT
from .collectors.facts import STATUS_FIELDS, order_storage
from .responses import READER

_EXCLUDE = (
    "If a plugin closes the API to visitors, exclude wc/store there: the blocks of cart and "
    "checkout need it too. If a firewall refused the exporter, allow its address and user agent."
)
_STORAGES = {"hpos": "own tables (HPOS)", "posts": "posts", "": "posts or own tables (HPOS)"}
# What collectors read with the permissions of the key's owner.
_READS: tuple[tuple[str, str, dict[str, object]], ...] = (
    ("orders", f"{V3}/orders", {"per_page": 1, "_fields": "id"}),
    ("order totals", f"{V3}/reports/orders/totals", {"_fields": "slug"}),
    ("products", f"{V3}/products", {"per_page": 1, "_fields": "id"}),
    ("customers", f"{V3}/customers", {"per_page": 1, "_fields": "id"}),
    ("stock report", f"{ANALYTICS}/reports/stock/stats", {}),
)


def diagnose(api: Api, run: Run) -> Plan[Sequence[Finding]]:
    """Check the API, the key and its permissions, the clock and order storage.

    If the key is refused, later checks are left out, because they could only say the same.
    """
    findings = [check_transport(run.store.url), (yield from _permalinks(api))]
    if findings[-1].state == "fail":
        return findings
    try:
        _, response = yield from facts.ask_currency(api)
    except StoreError as error:
        return [*findings, _refused(error, run)]
    findings.append(Finding("key", "ok", "the store accepts the key"))
    findings.append(check_clock(server_time(response), run.now()))
    reads = ((name, api.get(path, params)) for name, path, params in _READS)
    findings += yield from check_reads(reads)
    steps = (("may write", _writes(api)), ("installation", _installation(api)))
    return [*findings, *(yield from run_checks(steps))]


def _permalinks(api: Api) -> Plan[Finding]:
    """Check whether WordPress' API is where pretty permalinks put it.

    With plain permalinks it is below /?rest_route=, where WooCommerce does not look at keys.
    """
    name = "API"
    above, api_itself, _ = api.url.partition(ROOT)
    if api_itself:
        return Finding(name, "fail", "the url is that of the API", f"Set url to {above}.")
    try:
        index = yield from api.get_object(
            "/wp-json/", "the API's index", {"_fields": "namespaces,home"}
        )
    except StoreError as error:
        if error.error_type == "blocked":
            return (yield from _closed_to_visitors(api))
        return Finding.failed(name, error)
    if "wc/v3" not in index.optional_strings("namespaces"):
        message = "the API is there, but WooCommerce is not in it"
        return Finding(name, "fail", message, "Activate the plugin WooCommerce.")
    where = api.location.path
    if not api.location.moved:
        return Finding(name, "ok", f"the API is at {where}")
    return _misplaced(api.url, index.text_or("home", api.url)) or Finding(
        name, "ok", f"the API is at {where}, as the store's own Link header says"
    )


def _closed_to_visitors(api: Api) -> Plan[Finding]:
    """Check whether the shoppers' part of an API is open whose index needs a key."""
    name = "API"
    try:
        yield from api.get(f"{STORE}/cart", {"_fields": "items_count"})
    except StoreError as error:
        return replace(Finding.failed(name, error, "warn"), advice=_EXCLUDE)
    return Finding(name, "ok", "its index is closed to visitors, but not the cart")


def _misplaced(url: str, home: str) -> Finding | None:
    """Return a finding if the configured address is a page of the shop, such as /wp-admin.

    There is no API below it. `home` is the shop's address in WordPress' settings; behind a proxy
    its host may differ.
    """
    ours = urlsplit(url)
    try:
        path = urlsplit(home).path.rstrip("/")
    except ValueError:
        return None
    if path == ours.path:
        return None
    shop = ours._replace(path=path).geturl()
    message = f"the API is not below the url's {ours.path or '/'}"
    return Finding("API", "warn", message, f"Set url to {shop}, the shop's own address.")


def _refused(error: StoreError, run: Run) -> Finding:
    finding = Finding.failed("key", error)
    if error.code != "woocommerce_rest_cannot_view" or error.error_type == "forbidden":
        return finding
    advice = (
        "The key is unknown to the store, or its owner may not manage the shop, or the server "
        "drops the Authorization header (then set credentials_in_query)."
    )
    if run.store.url.startswith("http://"):
        advice = "Check the key, and that the url is the one the store itself goes by."
    return replace(finding, advice=advice)


def _writes(api: Api) -> Plan[Finding]:
    """Request a change of a product that cannot exist: a key that may write is told so.

    A key that may only read is refused before the store looks for the product.
    """
    name = "may write"
    response = yield from api.send("PUT", f"{V3}/products/0", json={})
    try:
        READER.read(response)
    except StoreError as error:
        if error.error_type == "forbidden":
            return Finding(name, "ok", "no: enough to watch; operations that write need more")
        if error.error_type == "not_found" or error.status in (400, 404):
            advice = "Use a key of its own with the permission Read for the exporter."
            return Finding(name, "ok", "yes, which watching does not need", advice)
        raise
    return Finding(name, "warn", "the store changed a product that does not exist", "")


def _installation(api: Api) -> Plan[Finding]:
    name = "installation"
    asked = api.get_object(f"{V3}/system_status", "system_status", {"_fields": STATUS_FIELDS})
    status = yield from none_if(asked, *REFUSALS)
    if status is None:
        message = "the key may not read system_status, so version and storage are guessed"
        return Finding(name, "warn", message, "Create the key for a user who manages the shop.")
    environment, storage = status.child("environment"), _STORAGES[order_storage(status)]
    version = environment.text_or("version", "unknown")[:40]
    cron = "on" if environment.raw("wp_cron") is True else "off (the server's own cron must run it)"
    message = f"WooCommerce {version}, orders in {storage}, WP-Cron {cron}"
    return Finding(name, "ok", message)
