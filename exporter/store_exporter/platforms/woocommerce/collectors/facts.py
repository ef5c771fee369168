"""Facts about the store that change rarely."""

from __future__ import annotations

from collections.abc import Awaitable

from ....contract import Collector, Context, Report
from ....errors import Fault, StoreError
from ....metrics.catalogue import health
from ....metrics.families import Sample
from ...kit.fields import Fields
from ..rest import V3, Rest

# WooCommerce gathers only the sections that are asked for and, without the members remote_*, does
# not call other servers for it.
STATUS_FIELDS = (
    "environment.version,environment.wp_version,environment.wp_cron,"
    "settings.currency,settings.HPOS_enabled"
)
_LIMIT = 64


async def info(context: Context) -> Report:
    """Read version, currency, time zone and where orders are kept, as far as the key may.

    Raises:
        StoreError: only when nothing at all could be read.
    """
    rest = Rest(context)
    facts: dict[str, str] = {}
    failures: list[StoreError] = []
    await _learn(_from_status(rest), facts, failures)
    if not facts.get("version"):
        await _learn(_from_newest_order(rest), facts, failures)
    await _learn(_from_index(rest), facts, failures)
    if failures and not any(facts.values()):
        raise failures[0]
    labels = {
        name: facts.get(name, "")[:_LIMIT]
        for name in ("version", "currency", "timezone", "order_storage")
    }
    known = ", ".join(f"{name} {value}" for name, value in labels.items() if value)
    return Report([Sample(health.INFO, 1, labels)], summary=known)


async def _learn(
    reading: Awaitable[dict[str, str]], facts: dict[str, str], failures: list[StoreError]
) -> None:
    """Add what one source says; a source that refuses or makes no sense is noted and left out."""
    try:
        facts.update(await reading)
    except StoreError as error:
        if error.fault is Fault.STORE and error.error_type != "invalid_response":
            # The store is in trouble: asking it for the rest as well would not help it.
            raise
        failures.append(error)


async def _from_status(rest: Rest) -> dict[str, str]:
    """`system_status` knows it all, but answers only to those who manage the shop."""
    body, _ = await rest.get(f"{V3}/system_status", {"_fields": STATUS_FIELDS})
    status = Fields(body, "system_status")
    environment, settings = status.child("environment"), status.child("settings")
    facts = {
        "version": environment.text_or("version"),
        "currency": settings.text_or("currency"),
    }
    hpos = settings.raw("HPOS_enabled")
    if isinstance(hpos, bool):
        facts["order_storage"] = "hpos" if hpos else "posts"
    return facts


async def _from_newest_order(rest: Rest) -> dict[str, str]:
    """Each order carries the version of WooCommerce that it was placed with."""
    params = {"per_page": 1, "_fields": "version,currency"}
    for order in await rest.rows(f"{V3}/orders", params):
        return {"version": order.text_or("version"), "currency": order.text_or("currency")}
    return {}


async def _from_index(rest: Rest) -> dict[str, str]:
    """The index of WordPress' API tells the time zone to everybody."""
    body, _ = await rest.get("/wp-json/", {"_fields": "gmt_offset,timezone_string"})
    index = Fields(body, "the API's index")
    name = index.text_or("timezone_string")
    if not name and index.has("gmt_offset"):
        minutes = int(index.decimal("gmt_offset") * 60)
        sign = "-" if minutes < 0 else "+"
        name = f"UTC{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
    return {"timezone": name}


INFO = Collector(
    "info",
    info,
    "Version, currency, time zone and order storage. With a key that may not read system_status "
    "the version is that of the newest order, and the storage is unknown.",
    interval=86_400.0,
    timeout=60.0,
    requests=2,
)
