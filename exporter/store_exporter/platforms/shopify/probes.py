"""Whether a Shopify shop is alive, sells and shows itself."""

from __future__ import annotations

from ...contract import Context, Probe, Report, Response
from ...errors import StoreError
from ...metrics.catalogue import health
from ...metrics.families import Sample
from ...net import documents as answers
from . import versions
from .graphql import ThrottledError
from .monitor import Monitor
from .options import number

_DAY = 86_400


async def liveness(context: Context) -> Report:
    """Ask the Admin API for the shop: the cheapest query that needs the token.

    A refusal for want of points comes after the token was looked at: the shop is alive.
    """
    monitor = Monitor(context, hurry=True)
    ends = versions.ends(monitor.version)
    days = (ends - context.now()) / _DAY
    degraded = []
    if days < number(context, "version_warn_days"):
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


async def storefront(context: Context) -> Report:
    """Read the shop's front page, or the page that is configured, as a visitor does."""
    path = str(context.store.settings.get("storefront_path") or "/")
    response = await context.http.request("GET", context.store.url + path)
    source = answers.text(response)
    _check_page(response, source)
    degraded = []
    if "/password" in response.url or 'action="/password"' in source:
        degraded.append("Visitors are asked for a password: the shop is not open yet.")
    took = sum(response.phases.values())
    limit = number(context, "slow_after")
    if took > limit:
        degraded.append(f"The answer took {took:.1f} s, more than {limit:g} s.")
    return Report((), degraded, f"a page of {len(response.body) / 1024:.0f} KiB")


def _check_page(response: Response, source: str) -> None:
    if 300 <= response.status < 400:
        raise StoreError("redirect", "the page leads elsewhere", status=response.status)
    if response.status == 402:
        raise StoreError("maintenance", "the shop is closed", status=response.status)
    if response.status != 200:
        raise answers.no_document(response, source)
    if "<" not in source:
        raise StoreError("invalid_response", "the page is not HTML", status=response.status)


async def tls(context: Context) -> Report:
    """Look at the certificate, over a request that reads nothing."""
    if not context.store.url.startswith("https:"):
        return Report(summary="the shop is watched over plain http; there is no certificate")
    response = await context.http.request("HEAD", context.store.url + "/robots.txt")
    expiry = response.certificate_expiry
    if expiry is None:
        raise StoreError("tls", "the connection does not tell its certificate")
    days = (expiry - context.now()) / _DAY
    degraded = []
    if days < number(context, "warn_days"):
        degraded.append(f"The certificate expires in {days:.0f} days.")
    samples = [Sample(health.TLS_EXPIRY, expiry)]
    return Report(samples, degraded, f"the certificate is good for {days:.0f} days")


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
        Probe(
            "storefront",
            storefront,
            "Reads the front page: if that fails, visitors see an error or nothing. Degraded when "
            "it is slow or asks for a password.",
            interval=300.0,
            timeout=15.0,
            critical=True,
            options={"slow_after": 5.0},
        ),
        Probe(
            "tls",
            tls,
            "Looks at the certificate. Degraded when it is about to expire.",
            interval=3600.0,
            timeout=10.0,
            options={"warn_days": 14},
        ),
    )
}
"""Every probe by its name."""
