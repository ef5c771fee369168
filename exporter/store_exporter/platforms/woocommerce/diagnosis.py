"""What `doctor` looks at in a WooCommerce store. Nothing is changed there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from ...contract import Context
from ...errors import ERROR_TYPES, StoreError
from ..base import Finding
from ..kit.fields import Fields
from . import errors
from .collectors.facts import STATUS_FIELDS
from .collectors.shop import overdue_drafts, webhook_states
from .probes import CURRENCY
from .rest import ANALYTICS, V3, Rest, server_time

_SKEW = 60
_OVERDUE = 2 * 86_400
# What collectors read, and what the key's owner needs for it.
_READS: tuple[tuple[str, str, dict[str, object]], ...] = (
    ("orders", f"{V3}/orders", {"per_page": 1, "_fields": "id"}),
    ("order totals", f"{V3}/reports/orders/totals", {"_fields": "slug"}),
    ("products", f"{V3}/products", {"per_page": 1, "_fields": "id"}),
    ("customers", f"{V3}/customers", {"per_page": 1, "_fields": "id"}),
    ("stock report", f"{ANALYTICS}/reports/stock/stats", {}),
)


def _failed(check: str, error: StoreError, state: str = "fail") -> Finding:
    advice = ERROR_TYPES[error.error_type].advice
    message = f"{error.error_type}: {error.message}"
    return Finding(check, "fail" if state == "fail" else "warn", message, advice)


async def diagnose(context: Context) -> Sequence[Finding]:
    """Look at the API, the key and its permissions, the clock, order storage and background work.

    Later checks are left out when the key is refused, since they could only say the same.
    """
    rest = Rest(context)
    findings = [_transport(context), await _permalinks(rest)]
    if findings[-1].state == "fail":
        return findings
    try:
        _, answer = await rest.get(CURRENCY, {"_fields": "id,value"})
    except StoreError as error:
        return [*findings, _refused(error, context)]
    findings.append(Finding("key", "ok", "the store accepts the key"))
    findings.append(_clock(server_time(answer), context.now()))
    for name, path, params in _READS:
        try:
            await rest.get(path, params)
        except StoreError as error:
            findings.append(_failed(f"may read {name}", error))
    if not any(finding.check.startswith("may read") for finding in findings):
        findings.append(Finding("may read", "ok", "everything that the collectors need"))
    steps: tuple[tuple[str, Callable[[], Awaitable[Finding]]], ...] = (
        ("may write", lambda: _writes(rest)),
        ("installation", lambda: _installation(rest)),
        ("webhooks", lambda: _webhooks(rest)),
        ("background work", lambda: _background(rest, context.now())),
    )
    for name, step in steps:
        try:
            findings.append(await step())
        except StoreError as error:
            findings.append(_failed(name, error, "warn"))
    return findings


def _transport(context: Context) -> Finding:
    if context.store.url.startswith("https://"):
        return Finding("transport", "ok", "https")
    return Finding(
        "transport",
        "warn",
        "plain http: the key is not sent, but the figures can be read on the way",
        "Give the store a certificate and use its https address.",
    )


async def _permalinks(rest: Rest) -> Finding:
    """See whether WordPress' API is where pretty permalinks put it.

    With plain permalinks it is below /?rest_route=, where WooCommerce does not look at keys.
    """
    name = "permalinks"
    try:
        body, _ = await rest.get("/wp-json/", {"_fields": "namespaces"})
    except StoreError as error:
        return _failed(name, error)
    found = Fields(body, "the API's index").texts_or("namespaces")
    if "wc/v3" not in found:
        return Finding(
            name,
            "fail",
            "the API is there, but WooCommerce is not in it",
            "Activate the plugin WooCommerce.",
        )
    return Finding(name, "ok", "the API is at /wp-json")


def _refused(error: StoreError, context: Context) -> Finding:
    advice = ERROR_TYPES[error.error_type].advice
    if error.code == "woocommerce_rest_cannot_view":
        advice = (
            "The key is unknown to the store, or its owner may not manage the shop, or the server "
            "drops the Authorization header (then set credentials_in_query)."
        )
        if context.store.url.startswith("http://"):
            advice = "Check the key, and that the url is the one the store itself goes by."
    return Finding("key", "fail", f"{error.error_type}: {error.message}", advice)


def _clock(server: float | None, now: float) -> Finding:
    if server is None:
        return Finding("clock", "warn", "the store's answers have no usable Date header")
    skew = server - now
    message = f"{round(skew):+d} s against ours"
    if abs(skew) <= _SKEW:
        return Finding("clock", "ok", message)
    return Finding(
        "clock", "warn", message, "Let NTP set both clocks; signatures fail from 15 minutes on."
    )


async def _writes(rest: Rest) -> Finding:
    """Ask to change a product that cannot exist: a key that may write learns that it is not there.

    The answer to a key that may only read comes before anything is looked up.
    """
    name = "may write"
    answer = await rest.send("PUT", f"{V3}/products/0", json={})
    try:
        errors.read(answer)
    except StoreError as error:
        if error.error_type == "forbidden":
            return Finding(name, "ok", "no: enough to watch; operations that write need more")
        if error.error_type == "not_found" or error.status in (400, 404):
            return Finding(
                name,
                "ok",
                "yes, which watching does not need",
                "Use a key of its own with the permission Read for the exporter.",
            )
        raise
    return Finding(name, "warn", "the store changed a product that does not exist", "")


async def _installation(rest: Rest) -> Finding:
    name = "installation"
    try:
        body, _ = await rest.get(f"{V3}/system_status", {"_fields": STATUS_FIELDS})
    except StoreError as error:
        if error.error_type not in ("unauthorized", "forbidden"):
            raise
        return Finding(
            name,
            "warn",
            "the key may not read system_status, so version and storage are guessed",
            "Create the key for a user who manages the shop.",
        )
    status = Fields(body, "system_status")
    environment, settings = status.child("environment"), status.child("settings")
    storage = "own tables (HPOS)" if settings.raw("HPOS_enabled") is True else "posts"
    version = environment.text_or("version", "unknown")[:40]
    cron = "on" if environment.raw("wp_cron") is True else "off (the server's own cron must run it)"
    return Finding(name, "ok", f"WooCommerce {version}, orders in {storage}, WP-Cron {cron}")


async def _webhooks(rest: Rest) -> Finding:
    states = await webhook_states(rest)
    message = f"{states['active']} active, {states['disabled']} disabled"
    if not states["disabled"]:
        return Finding("webhooks", "ok", message)
    return Finding(
        "webhooks",
        "warn",
        message,
        "Look at their delivery logs under WooCommerce > Settings > Advanced > Webhooks.",
    )


async def _background(rest: Rest, now: float) -> Finding:
    name = "background work"
    overdue = await overdue_drafts(rest, now, _OVERDUE)
    if not overdue:
        return Finding(name, "ok", "no trace of work left undone")
    return Finding(
        name,
        "warn",
        f"{overdue} checkout drafts should have been removed days ago",
        "Look at WooCommerce > Status > Scheduled Actions and at the cron that runs them.",
    )
