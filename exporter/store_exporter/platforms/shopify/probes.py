"""Whether a Shopify shop is alive, sells and shows itself."""

from __future__ import annotations

from ...contract import Context, Probe, Report
from ...metrics.catalogue import health
from ...metrics.families import Sample
from ..kit.options import number
from ..kit.probes import Closed, Marks, storefront, tls
from . import versions
from .graphql import ThrottledError
from .monitor import Monitor

_DAY = 86_400
_MARKS = Marks(
    Closed(
        "asks for a password",
        "Visitors are asked for a password: the shop is not open yet.",
        ('action="/password"',),
        path="/password",
    ),
    statuses={402: ("maintenance", "the shop is closed")},
)


async def liveness(context: Context) -> Report:
    """Ask the Admin API for the shop: the cheapest query that needs the token.

    A refusal for want of points comes after the token was looked at: the shop is alive.
    """
    monitor = Monitor(context, hurry=True)
    ends = versions.ends(monitor.version)
    days = (ends - context.now()) / _DAY
    degraded = []
    if days < number(context.options, "version_warn_days"):
        degraded.append(f"Support for API version {monitor.version} ends in {days:.0f} days.")
    samples = [Sample(health.API_VERSION_EXPIRY, ends)]
    try:
        shop = (await monitor.admin("Shop")).child("shop")
    except ThrottledError:
        degraded.append("The Admin API's rate limit is used up.")
        return Report([*samples, *monitor.usage.samples()], degraded, "the Admin API answers")
    currency = shop.currency("currencyCode")
    info = {
        "version": monitor.version,
        "currency": currency,
        "timezone": shop.text("ianaTimezone"),
        "order_storage": "",
    }
    samples += [Sample(health.INFO, 1, info), *monitor.usage.samples()]
    latest = monitor.usage.latest
    left = f", {latest.available:g} of {latest.maximum:g} points left" if latest else ""
    summary = f"{shop.text('name')} sells in {currency}, API version {monitor.version}{left}"
    return Report(samples, degraded, summary)


async def storefront_api(context: Context) -> Report:
    """Ask the Storefront API, which searches and carts go through, for the shop's name."""
    if context.store.credentials.get("storefront_token") is None:
        return Report(summary="no storefront_token is configured; carts are not watched")
    data = await Monitor(context).storefront("StorefrontShop")
    return Report(summary=f"the Storefront API of {data.child('shop').text('name')} answers")


PROBES: dict[str, Probe] = {
    probe.name: probe
    for probe in (
        Probe(
            "liveness",
            liveness,
            "Asks the Admin API for the shop: if that fails, the API is down or refuses the token. "
            "Degraded when the rate limit is used up, or when support for the API version is about "
            "to end.",
            interval=60.0,
            timeout=10.0,
            critical=True,
            liveness=True,
            options={"version_warn_days": 30},
        ),
        Probe(
            "cart",
            storefront_api,
            "Asks the Storefront API for the shop's name: if that fails, nobody can search or fill "
            "a cart through this app.",
            interval=300.0,
            timeout=10.0,
            critical=True,
        ),
        storefront(_MARKS),
        tls("/robots.txt"),
    )
}
"""Every probe by its name."""
