"""Probes that are the same on every platform: certificate and name.

A platform adds a small file, which is requested to see the certificate.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Generator, Sequence
from typing import Any
from urllib.parse import urlsplit

from ....contract import Probe, Report, Resolve, Response, Run
from ....errors import StoreError
from ....metrics.catalogue import health
from ....metrics.families import Sample
from ....net.plans import Plan, Request, once
from ....stores.model import Store
from .declare import probe
from .options import number

_DAY = 86_400


def slow_response(response: Response, run: Run) -> list[str]:
    """Return the reason if a response was slow, by the option `slow_after`."""
    limit = number(run.options, "slow_after")
    took = sum(response.phases.values())
    return [f"The response took {took:.1f} s, more than {limit:g} s."] if took > limit else []


def wrong_clock(server: float | None, run: Run) -> list[str]:
    """Return the reason if the store's clock and ours differ by more than the option `clock_skew`.

    `server` is Unix time by the store's clock; None if it does not show it.
    """
    skew = 0.0 if server is None else server - run.now()
    if abs(skew) <= number(run.options, "clock_skew"):
        return []
    way = "ahead of" if skew > 0 else "behind"
    return [f"The store's clock is {abs(skew):.0f} s {way} ours."]


def tls_probe(small_file: str) -> Probe:
    """Return the probe of the certificate; a small file, by its path, costs the store little."""

    @probe(interval=3600.0, timeout=10.0, applies=_is_https, warn_days=14)
    def tls(_: Any, run: Run) -> Plan[Report]:
        """Checks the certificate of a store over https. Degraded when it is about to expire."""
        try:
            response = yield from once(Request("HEAD", run.store.url + small_file, idempotent=True))
            expiry = response.certificate_expiry
        except StoreError as error:
            # Whatever came after the certificate was accepted says nothing about it.
            expiry = error.certificate_expiry
            if expiry is None:
                raise
        if expiry is None:
            raise StoreError("tls", "the connection does not show its certificate")
        days = (expiry - run.now()) / _DAY
        limit = number(run.options, "warn_days")
        degraded = [f"The certificate expires in {days:.0f} days."] if days < limit else []
        samples = [Sample(health.TLS_EXPIRY, expiry)]
        return Report(samples, degraded, f"the certificate is good for {days:.0f} days")

    return tls


def _is_https(store: Store) -> bool:
    return urlsplit(store.url).scheme == "https"


def _has_name(store: Store) -> bool:
    try:
        ipaddress.ip_address(urlsplit(store.url).hostname or "")
    except ValueError:
        return True
    return False


@probe(interval=300.0, timeout=10.0, requests=0, applies=_has_name)
def dns(_: Any, run: Run) -> Generator[Resolve, Sequence[str], Report]:
    """Resolves the host name, if the url has one, without a request to the store."""
    parts = urlsplit(run.store.url)
    host = parts.hostname or ""
    addresses = yield Resolve(host, parts.port or 443)
    samples = [Sample(health.NETWORK, 1, {"network": network_of(addresses)})]
    return Report(samples, summary=f"addresses of {host}: {len(set(addresses))}")


def network_of(addresses: Sequence[str]) -> str:
    """The lowest network of some addresses, so that their order does not matter."""
    parsed = [ipaddress.ip_address(address.partition("%")[0]) for address in addresses]
    networks = [
        ipaddress.ip_network((a, 24 if a.version == 4 else 48), strict=False) for a in parsed
    ]
    return str(min(networks, key=lambda network: (network.version, network.network_address)))
