"""Probes that are the same on every platform: the page that visitors see, certificate and name.

What a platform must add is data: its marks on the storefront, and a small file for the look at the
certificate.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from ....contract import Probe, Report, Resolve, Response, Run
from ....errors import StoreError
from ....metrics.catalogue import health
from ....metrics.families import Sample
from ....net import documents
from ....net.decoding import text
from ....net.marks import Marks
from ....net.pages import instead_of_shop
from ....net.plans import Plan, RedirectError, Request, once
from ....stores.model import Store
from .declare import probe
from .options import number

_DAY = 86_400
_HTML = ("text/html", "application/xhtml+xml")


@dataclass(frozen=True, slots=True)
class ClosedPage:
    """How a page says to visitors that the shop is not open yet.

    Attributes:
        description: what the page does, for the probe's description: "asks for a password".
        degraded: the sentence that says so.
        marks: texts of which the page has one, in lower case.
        path: a path to which visitors are sent; empty for none.
    """

    description: str
    degraded: str
    marks: Sequence[str]
    path: str = ""


@dataclass(frozen=True, slots=True)
class StorefrontPages:
    """What a platform's own pages say to visitors.

    Attributes:
        closed: that the shop is not open yet.
        statuses: HTTP statuses with a meaning of their own: error type and message.
    """

    closed: ClosedPage
    statuses: Mapping[int, tuple[str, str]] = field(default_factory=dict)


def check_path(value: str) -> str | None:
    """Say what is wrong with the setting `storefront_path`."""
    if not value.startswith("/") or value.startswith("//"):
        return "is not a path on the store's own host; it must begin with a single /"
    if any(character.isspace() for character in value):
        return "has white space in it"
    return None


def slow_answer(response: Response, run: Run) -> list[str]:
    """Return the sentence that says how slow a response was, if it was, by option `slow_after`."""
    limit = number(run.options, "slow_after")
    took = sum(response.phases.values())
    return [f"The answer took {took:.1f} s, more than {limit:g} s."] if took > limit else []


RedirectCheck = Callable[[Any, Run, RedirectError], Plan[bool]]
"""Whether a redirect to another host leads to a domain of the store's own."""


def storefront_probe(
    pages: StorefrontPages,
    marks: Marks,
    *,
    query: Mapping[str, str] | None = None,
    moved: RedirectCheck | None = None,
) -> Probe:
    """Return the probe that reads the front page, or the one that is configured, as a visitor.

    Args:
        pages: what the platform's own pages say.
        marks: of those who answer in the store's place.
        query: to add to the page's address.
        moved: whether a healthy store responds with a redirect. It is not followed even
            so: requests go to addresses out of the configuration, and to no other.
    """

    def check(api: Any, run: Run) -> Plan[Report]:
        path = str(run.store.settings.get("storefront_path") or "/")
        try:
            response = yield from once(Request("GET", run.store.url + path, params=query or {}))
        except RedirectError as error:
            return (yield from _redirected(api, run, error, pages.closed, moved))
        source = text(response)
        low = source.lower()
        _check_page(response, source, low, pages, marks)
        degraded = slow_answer(response, run)
        closed = pages.closed
        sent = closed.path and closed.path in response.url
        if sent or any(mark in low for mark in closed.marks):
            degraded.append(closed.degraded)
        return Report((), degraded, f"a page of {len(response.body)} bytes")

    return Probe(
        "storefront",
        check,
        "Reads the front page: if that fails, visitors see an error or nothing. Degraded when it "
        f"is slow or {pages.closed.description}.",
        interval=300.0,
        timeout=15.0,
        critical=True,
        options={"slow_after": 5.0},
    )


def _redirected(
    api: Any, run: Run, error: RedirectError, closed: ClosedPage, moved: RedirectCheck | None
) -> Plan[Report]:
    """Report a redirect that a healthy store may send, as `storefront_probe` says.

    Raises:
        RedirectError: it is none.
    """
    target = urlsplit(error.target)
    stays = target.hostname == urlsplit(run.store.url).hostname
    if not stays and (moved is None or not (yield from moved(api, run, error))):
        raise error
    is_closed = bool(closed.path) and target.path.startswith(closed.path)
    if stays and not is_closed:
        raise error
    degraded = [closed.degraded] if is_closed else []
    return Report((), degraded, f"visitors are sent to {target.hostname}{target.path}")


def _check_page(
    response: Response, source: str, low: str, pages: StorefrontPages, marks: Marks
) -> None:
    """Refuse what is no page of a shop.

    Raises:
        StoreError: maintenance, blocked, server_error, redirect, invalid_response, …
    """
    status = response.status
    if 300 <= status < 400:
        raise StoreError("redirect", "the page leads elsewhere", status=status)
    if who := marks.challenged_by(response.headers):
        raise StoreError("blocked", f"{who} answered in the store's place", status=status)
    if status in pages.statuses:
        raise StoreError(*pages.statuses[status], status=status)
    if status in (200, 404) and (failure := marks.failed(low)):
        raise StoreError(*failure, status=status)
    if status != 200:
        error = documents.no_document(response, source, marks)
        if error.error_type == "api_not_found":
            # True of an API; of a page it is the shop that has lost it.
            message = f"the page {urlsplit(response.url).path} is not there"
            raise StoreError("invalid_response", message, status=status)
        raise error
    if found := instead_of_shop(source, urlsplit(response.url).hostname or "", marks):
        raise StoreError(*found, status=status)
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower() or _HTML[0]
    if not source.strip():
        raise StoreError("invalid_response", "the page is empty", status=status)
    if kind not in _HTML or "<" not in source:
        raise StoreError("invalid_response", f"the page is {kind[:40]}, not HTML", status=status)


def tls_probe(small_file: str) -> Probe:
    """Return the probe that looks at the certificate.

    Args:
        small_file: path of a file that costs the store next to nothing.
    """

    def check(_: Any, run: Run) -> Plan[Report]:
        try:
            response = yield from once(Request("HEAD", run.store.url + small_file))
        except RedirectError as error:
            # The certificate was accepted before the redirect came.
            response = error.response
        expiry = response.certificate_expiry
        if expiry is None:
            raise StoreError("tls", "the connection does not show its certificate")
        days = (expiry - run.now()) / _DAY
        limit = number(run.options, "warn_days")
        degraded = [f"The certificate expires in {days:.0f} days."] if days < limit else []
        samples = [Sample(health.TLS_EXPIRY, expiry)]
        return Report(samples, degraded, f"the certificate is good for {days:.0f} days")

    return Probe(
        "tls",
        check,
        "Looks at the certificate, of a store over https. Degraded when it is about to expire.",
        interval=3600.0,
        timeout=10.0,
        options={"warn_days": 14},
        applies=_over_https,
    )


def _over_https(store: Store) -> bool:
    return urlsplit(store.url).scheme == "https"


def _has_name(store: Store) -> bool:
    try:
        ipaddress.ip_address(urlsplit(store.url).hostname or "")
    except ValueError:
        return True
    return False


@probe(interval=300.0, timeout=10.0, requests=0, applies=_has_name)
def dns(_: Any, run: Run) -> Generator[Resolve, Sequence[str], Report]:
    """Resolves the host name, if the url has one, without asking the store anything."""
    parts = urlsplit(run.store.url)
    host = parts.hostname or ""
    addresses = yield Resolve(host, parts.port or 443)
    samples = [Sample(health.NETWORK, 1, {"network": network_of(addresses)})]
    return Report(samples, summary=f"{host} has {len(set(addresses))} addresses")


def network_of(addresses: Sequence[str]) -> str:
    """The lowest network of some addresses, so that their order does not matter."""
    parsed = [ipaddress.ip_address(address.partition("%")[0]) for address in addresses]
    networks = [
        ipaddress.ip_network((a, 24 if a.version == 4 else 48), strict=False) for a in parsed
    ]
    return str(min(networks, key=lambda network: (network.version, network.network_address)))
