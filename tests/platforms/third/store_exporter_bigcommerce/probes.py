"""Whether a BigCommerce store is alive, and its certificate good."""

from __future__ import annotations

from store_exporter.contract import Report, Run
from store_exporter.net.plans import Plan
from store_exporter.platforms.kit.monitoring.declare import by_name, probe
from store_exporter.platforms.kit.monitoring.probes import dns, slow_response, tls_probe
from store_exporter.platforms.kit.reading.fields import Fields

from .api import Api


@probe(critical=True, liveness=True, slow_after=3.0)
def liveness(api: Api, run: Run) -> Plan[Report]:
    """Reads the store's own record: if that fails, the API is down, or refuses the token.

    Degraded when it is slow.
    """
    body, response = yield from api.ask("/v2/store")
    currency = Fields(body, "the store").currency("currency")
    return Report(
        (), slow_response(response, run), f"the API responded; the shop sells in {currency}"
    )


PROBES = by_name(liveness, tls_probe("/favicon.ico"), dns)
"""Every probe by its name."""
