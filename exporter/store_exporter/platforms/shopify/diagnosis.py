"""The checks of `doctor` in a Shopify shop: scopes, API version and deprecations."""

from __future__ import annotations

from collections.abc import Sequence

from ...contract import Finding, Run
from ...net.plans import Plan
from ..kit.monitoring import diagnosis
from . import versions
from .api import Api

_WARN_DAYS = 30
_GRANT = "Grant them in the app's configuration and install it again."
_UPDATE = "Update the exporter before Shopify takes it away with one of the next API versions."
# Scopes that reading needs, and what is missing without each.
READ_SCOPES = {
    "read_orders": "orders, revenue, refunds and abandoned checkouts",
    "read_products": "products, prices and collections",
    "read_inventory": "stock",
    "read_customers": "customers",
    "read_discounts": "discount codes",
    "read_shipping": "delivery",
}
# Scopes that only some applications need, and the findings if they are missing.
_FURTHER_SCOPES = {
    "write_orders": Finding(
        "write access",
        "warn",
        "write_orders is missing: cancel_order does not work",
        "Grant the scope only if your application needs it.",
    ),
    "read_all_orders": Finding(
        "old orders",
        "warn",
        "orders older than 60 days are not shown to this app",
        "Ask for the scope read_all_orders if you count from an earlier date.",
    ),
}


def diagnose(api: Api, run: Run) -> Plan[Sequence[Finding]]:
    """Check the app's scopes, the API version and what Shopify calls deprecated."""
    scopes = yield from api.scopes()
    # A scope to write includes the scope to read.
    held = scopes | {scope.replace("write_", "read_", 1) for scope in scopes}
    further = [finding for scope, finding in _FURTHER_SCOPES.items() if scope not in held]
    known = yield from api.admin.ask("ApiVersions")
    supported = [
        row.text("handle") for row in known.children("publicApiVersions") if row.flag("supported")
    ]
    reading = diagnosis.check_scopes(held, READ_SCOPES, _GRANT)
    found = [reading, *further, _version(api.version, supported, run.now())]
    if api.deprecated:
        message = f"Shopify says deprecated: {api.deprecated}"
        found.append(Finding("deprecations", "warn", message, _UPDATE))
    return found


def _version(version: str, supported: list[str], now: float) -> Finding:
    days = versions.days_left(version, now)
    advice = f"Set api_version to {versions.DEFAULT}."
    if version not in supported:
        return Finding("API version", "fail", f"{version} is not supported any more", advice)
    if days < _WARN_DAYS:
        message = f"support for {version} ends in {days:.0f} days"
        return Finding("API version", "warn", message, advice)
    return Finding("API version", "ok", f"{version} is supported for {days:.0f} days more")
