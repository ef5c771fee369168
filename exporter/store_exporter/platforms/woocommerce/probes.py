"""Whether a WooCommerce store is alive, sells and shows itself.

A probe fails when the store does not do what is asked, and finds it degraded when it does, but
slowly or with a warning of its own. What a failure makes of the store's health is in `critical`.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from ...contract import Context, Probe, Report, Response
from ...errors import StoreError
from ...metrics.catalogue import health
from ...metrics.families import Sample
from ...net import documents as answers
from ...net.names import Names
from ..kit.fields import Fields
from . import errors
from .rest import STORE_API, V3, Rest, number, server_time

_DAY = 86_400
CURRENCY = f"{V3}/settings/general/woocommerce_currency"
# Exists in every WordPress and is sent by the web server without PHP.
_STATIC_FILE = "/wp-includes/images/blank.gif"
_COMING_SOON = ("woocommerce-coming-soon", "wp-block-woocommerce-coming-soon")
_ERROR_PAGES = (
    ("briefly unavailable for scheduled maintenance", "maintenance", "maintenance"),
    ("there has been a critical error on this website", "server_error", "a critical error"),
    ("error establishing a database connection", "server_error", "a lost database"),
)


def _slow(response: Response, context: Context) -> list[str]:
    """Return the sentence that says how slow an answer was, if it was."""
    limit = number(context, "slow_after")
    took = sum(response.phases.values())
    return [f"The answer took {took:.1f} s, more than {limit:g} s."] if took > limit else []


async def liveness(context: Context) -> Report:
    """Read the currency setting: the cheapest answer that needs WordPress, WooCommerce and the key.

    It is one row of the options table however large the shop is, where a list of orders makes the
    database count them all.
    """
    body, response = await Rest(context).get(CURRENCY, {"_fields": "id,value"})
    currency = Fields(body, "the currency setting").currency("value")
    degraded = _slow(response, context)
    server = server_time(response)
    skew = 0.0 if server is None else server - context.now()
    if abs(skew) > number(context, "clock_skew"):
        way = "ahead of" if skew > 0 else "behind"
        degraded.append(f"The store's clock is {abs(skew):.0f} s {way} ours.")
    return Report((), degraded, f"the API answered; the shop sells in {currency}")


async def cart(context: Context) -> Report:
    """Read an empty cart, as a shopper's browser does who has not been there before.

    Sent without a token and without cookies, so that WooCommerce stores no session: it writes one
    only for a visitor whom it knows again. With the token of an earlier answer each run would
    leave or renew a row in the table of sessions.
    """
    url = f"{context.store.url}{STORE_API}/cart"
    response = await context.http.request("GET", url)
    cart = Fields(errors.read(response), "the cart")
    count = cart.integer("items_count")
    currency = cart.child("totals").currency("currency_code")
    if count != 0:
        raise StoreError(
            "invalid_response", "a new cart has items in it: a cache serves one to everybody"
        )
    degraded = _slow(response, context)
    methods = cart.texts_or("payment_methods")
    if cart.has("payment_methods") and not methods and context.options["require_payment_method"]:
        degraded.append("The checkout offers no payment method.")
    return Report((), degraded, f"an empty cart in {currency}; {len(methods)} payment methods")


async def storefront(context: Context) -> Report:
    """Read the shop's front page, or the page that is configured, as a visitor does."""
    path = str(context.store.settings.get("storefront_path") or "/")
    response = await context.http.request("GET", context.store.url + path)
    source = answers.text(response)
    low = source.lower()
    _check_page(response, source, low)
    degraded = _slow(response, context)
    if any(mark in low for mark in _COMING_SOON):
        degraded.append("Visitors see the page that says the shop is coming soon.")
    return Report((), degraded, f"a page of {len(response.body)} bytes")


def _check_page(response: Response, source: str, low: str) -> None:
    """Refuse what is no page of a shop.

    Raises:
        StoreError: maintenance, blocked, server_error, redirect, invalid_response, …
    """
    if 300 <= response.status < 400:
        raise StoreError("redirect", "the page leads elsewhere", status=response.status)
    if response.status != 200:
        error = answers.no_document(response, source)
        if error.error_type == "api_not_found":
            # True of an API; of a page it is the shop that has lost it.
            message = f"the page {urlsplit(response.url).path} is not there"
            raise StoreError("invalid_response", message, status=response.status)
        raise error
    for mark, error_type, what in _ERROR_PAGES:
        if mark in low:
            raise StoreError(error_type, f"the page tells of {what}", status=200)
    kind = response.headers.get("content-type", "text/html").partition(";")[0].strip().lower()
    if not source.strip():
        raise StoreError("invalid_response", "the page is empty", status=200)
    if kind not in ("text/html", "application/xhtml+xml") or "<" not in source:
        raise StoreError("invalid_response", f"the page is {kind[:40]}, not HTML", status=200)


async def tls(context: Context) -> Report:
    """Look at the certificate, over a request for a small file that costs the store no PHP."""
    if urlsplit(context.store.url).scheme != "https":
        return Report(summary="the store is watched over plain http; there is no certificate")
    response = await context.http.request("HEAD", context.store.url + _STATIC_FILE)
    expiry = response.certificate_expiry
    if expiry is None:
        raise StoreError("tls", "the connection does not tell its certificate")
    days = (expiry - context.now()) / _DAY
    limit = number(context, "warn_days")
    degraded = [f"The certificate expires in {days:.0f} days."] if days < limit else []
    return Report(
        [Sample(health.TLS_EXPIRY, expiry)],
        degraded,
        f"the certificate is good for {days:.0f} days",
    )


async def dns(context: Context) -> Report:
    """Resolve the store's host name."""
    parts = urlsplit(context.store.url)
    host = parts.hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        pass
    else:
        return Report(summary="the store is watched by its address; there is no name to resolve")
    try:
        found = await Names().addresses(host, parts.port or 443)
    except (OSError, UnicodeError) as error:
        raise StoreError("dns", f"the name {host} does not resolve") from error
    addresses = {address.host for address in found}
    return Report(summary=f"{host} has {len(addresses)} addresses")


PROBES: dict[str, Probe] = {
    probe.name: probe
    for probe in (
        Probe(
            "liveness",
            liveness,
            "Reads the currency setting with the key: if that fails, the API is down, or refuses "
            "the key. Degraded when it is slow or when the clocks are apart.",
            interval=60.0,
            timeout=10.0,
            critical=True,
            liveness=True,
            options={"slow_after": 3.0, "clock_skew": 300.0},
        ),
        Probe(
            "cart",
            cart,
            "Reads an empty cart from the Store API, without the key: if that fails, nobody can "
            "buy even where the API is up. Degraded when it is slow or when no payment method is "
            "offered.",
            interval=300.0,
            timeout=10.0,
            critical=True,
            options={"slow_after": 3.0, "require_payment_method": True},
        ),
        Probe(
            "storefront",
            storefront,
            "Reads the front page: if that fails, visitors see an error or nothing. Degraded when "
            "it is slow or says that the shop is coming soon.",
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
        Probe(
            "dns",
            dns,
            "Resolves the host name, without asking the store anything.",
            interval=300.0,
            timeout=10.0,
            requests=0,
        ),
    )
}
"""Every probe by its name."""
