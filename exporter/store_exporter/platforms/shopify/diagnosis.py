"""What `doctor` looks at in a Shopify shop: scopes, API version, clock."""

from __future__ import annotations

from collections.abc import Sequence

from ...contract import Finding, Run
from ...net.plans import Plan
from . import versions
from .api import Api

# Scopes that reading takes, and what is missing without each.
READ_SCOPES = {
    "read_orders": "orders, revenue, refunds and abandoned checkouts",
    "read_products": "products, prices and collections",
    "read_inventory": "stock",
    "read_customers": "customers",
    "read_discounts": "discount codes",
    "read_shipping": "delivery",
}
WRITE_SCOPES = {"write_orders": "cancel_order"}


def diagnose(api: Api, run: Run) -> Plan[Sequence[Finding]]:
    """Look at what the app may do and at the version it speaks."""
    data = yield from api.admin.ask("AccessScopes")
    installation = data.child("currentAppInstallation")
    scopes = {row.text("handle") for row in installation.children("accessScopes")}
    # To write includes to read.
    held = scopes | {scope.replace("write_", "read_", 1) for scope in scopes}
    missing = [scope for scope in READ_SCOPES if scope not in held]
    findings = [_scopes(missing)]
    findings += [
        Finding(
            "write access",
            "warn",
            f"{scope} is missing: {what} does not work",
            "Grant the scope only if your application needs it.",
        )
        for scope, what in WRITE_SCOPES.items()
        if scope not in held
    ]
    if "read_all_orders" not in held:
        findings.append(
            Finding(
                "old orders",
                "warn",
                "orders older than 60 days are not shown to this app",
                "Ask for the scope read_all_orders if you count from an earlier date.",
            )
        )
    known = yield from api.admin.ask("ApiVersions")
    supported = [
        row.text("handle") for row in known.children("publicApiVersions") if row.flag("supported")
    ]
    findings.append(_version(api.version, supported, run.now()))
    return findings


def _scopes(missing: list[str]) -> Finding:
    if not missing:
        return Finding("scopes", "ok", "every scope that reading takes is granted")
    lost = "; ".join(f"{scope} ({READ_SCOPES[scope]})" for scope in missing)
    return Finding(
        "scopes",
        "fail",
        f"missing: {lost}",
        "Grant them in the app's configuration and install it again.",
    )


def _version(version: str, supported: list[str], now: float) -> Finding:
    days = (versions.ends(version) - now) / 86_400
    if version not in supported:
        return Finding(
            "API version",
            "fail",
            f"{version} is not supported any more",
            f"Set api_version to {versions.DEFAULT}.",
        )
    if days < 30:
        return Finding(
            "API version",
            "warn",
            f"support for {version} ends in {days:.0f} days",
            f"Set api_version to {versions.DEFAULT}.",
        )
    return Finding("API version", "ok", f"{version} is supported for {days:.0f} days more")
