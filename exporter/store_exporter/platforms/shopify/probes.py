"""Whether a Shopify shop is alive, sells and shows itself."""

from __future__ import annotations

from urllib.parse import urlsplit

from ...contract import Report, Run
from ...errors import ErrorName, StoreError
from ...events.event import EventKind
from ...metrics.catalogue import health
from ...metrics.families import Sample
from ...net.plans import Plan, RedirectError, none_if
from ...net.url import host_name
from ...stores.model import Store
from ..kit.graphql.bucket import ThrottledError, rate_limit_samples
from ..kit.monitoring.declare import by_name, probe
from ..kit.monitoring.info import info_sample
from ..kit.monitoring.options import number
from ..kit.monitoring.probes import tls_probe
from ..kit.monitoring.storefront import ClosedPage, StorefrontPages, storefront_probe
from . import versions
from .api import Api
from .marks import MARKS
from .reading import ids
from .responses import LOCKED

_STAY = {"_fd": "0"}
"""Requests the page from this address, without a redirect to the shop's primary domain."""
_LIMITED: tuple[ErrorName, str] = (
    "rate_limited",
    "Shopify limits what programs request of a shop's pages without its crawler_signature",
)
"""It says nothing about what visitors see."""
_PAGES = StorefrontPages(
    ClosedPage(
        "asks for a password",
        "Visitors are asked for a password: the shop is not open yet.",
        ('action="/password"',),
        path="/password",
    ),
    statuses={402: ("maintenance", "the shop is closed"), 429: _LIMITED, 430: _LIMITED},
)


@probe(interval=60.0, timeout=10.0, critical=True, liveness=True, version_warn_days=30)
def liveness(api: Api, run: Run) -> Plan[Report]:
    """Queries the shop in the Admin API: if that fails, the API is down or refuses the token.

    Degraded when the rate limit is used up, when support for the API version is about to end, or
    when another version responds.
    """
    days = versions.days_left(api.version, run.now())
    degraded = []
    if days < number(run.options, "version_warn_days"):
        degraded.append(f"Support for API version {api.version} ends in {days:.0f} days.")
    samples = [Sample(health.API_VERSION_EXPIRY, versions.ends(api.version))]
    beside: list[StoreError] = []
    try:
        data = yield from api.admin.ask("Shop", hurry=True, beside=beside)
    except ThrottledError:
        # Shopify checks the token before it refuses for lack of points: the shop is alive.
        degraded.append("The Admin API's rate limit is used up.")
        return Report(
            [*samples, *rate_limit_samples(api.admin.bucket)], degraded, "the Admin API responds"
        )
    shop, currency = data.child("shop"), ids.currency(data.child("shop"))
    # The response lacks nothing, so an error in it is no reason to call the shop down.
    degraded += [f"Shopify responds with an error besides: {one.message}" for one in beside[:1]]
    if api.served != api.version:
        degraded.append(
            f"Shopify responds by API version {api.served} and not by {api.version}, which is "
            "configured: set api_version to one that Shopify supports."
        )
    zone = shop.text("ianaTimezone")
    info = info_sample({"version": api.served, "currency": currency, "timezone": zone})
    samples += [info, *rate_limit_samples(api.admin.bucket)]
    summary = f"{shop.text('name')} sells in {currency}, API version {api.served}"
    if latest := api.admin.bucket.latest:
        summary += f", {latest.available:g} of {latest.maximum:g} points of its rate limit left"
    summary += f"; Shopify says deprecated: {api.deprecated}" if api.deprecated else ""
    return Report(samples, degraded, summary, {EventKind.API: {"Admin API": api.served}})


def _has_storefront_token(store: Store) -> bool:
    return store.credentials.get("storefront_token") is not None


@probe(interval=300.0, timeout=10.0, critical=True, applies=_has_storefront_token)
def cart(api: Api, _: Run) -> Plan[Report]:
    """Queries the shop's name in the Storefront API, if a storefront_token is configured.

    If that fails, nobody can search or fill a cart through this app.
    """
    data = yield from none_if(api.storefront.ask("StorefrontShop", hurry=True), LOCKED)
    if data is None:
        return Report((), [_PAGES.closed.degraded], "the Storefront API is locked")
    return Report(summary=f"the Storefront API of {data.child('shop').text('name')} responds")


def _leads_to_own_domain(api: Api, run: Run, error: RedirectError) -> Plan[bool]:
    """Whether a shop redirects its visitors to its own domain, as every shop with one does.

    The target is its own domain if a header of the response says so, if it is the configured
    domain, or if it is the primary domain according to the Admin API. If it is not, the advice is
    another than for other redirects, as the `url` has to stay that of the APIs.
    """
    host = urlsplit(error.target).hostname
    if not host:
        return False
    reason = error.response.headers.get("x-redirect-reason")
    if reason == "primary_domain_redirection" or _is_within(host, run.store.domain):
        return True
    if _is_within(host, (yield from api.shop()).child("primaryDomain").text_or("host")):
        return True
    message = (
        f"visitors are redirected to {host}, which is neither the store's domain nor the primary "
        f"domain of the shop: if it is the store's own, set domain to {host} and leave url as it is"
    )
    raise StoreError("redirect", message, status=error.status)


def _is_within(host: str, domain: str) -> bool:
    """Whether a host is this domain of the shop or a subdomain of it, as markets have."""
    own = host_name(domain).removeprefix("www.")
    return bool(own) and f".{host_name(host)}".endswith(f".{own}")


PROBES = by_name(
    liveness,
    cart,
    storefront_probe(_PAGES, MARKS, query=_STAY, moved=_leads_to_own_domain),
    tls_probe("/robots.txt"),
)
"""Every probe by its name."""
