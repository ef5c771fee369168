"""Alerts on approaching limits: certificates, API versions, request budgets."""

from __future__ import annotations

from ...metrics.catalogue import health
from .. import promql
from ..model import Alert, Group
from ..names import AlertName, Dashboards
from ..policy import HOUR, MINUTE, RESTART, SELDOM, THRESHOLDS
from ..promql import STORE
from .texts import SHARE, WHO, ends

_RUNBOOK = """
The store's certificate is about to expire. After that, browsers warn shoppers away and every
operation fails with error type tls. Automatic renewal happens weeks earlier, so it is broken.

- Look at the certificate from outside: `openssl s_client -connect DOMAIN:443 -servername DOMAIN
  </dev/null | openssl x509 -noout -dates -issuer`.
- If the shop is behind a CDN, check which of the two certificates it is.

- Renew it and reload the web server; correct the automatic renewal (DNS, challenge path, rate limit
  of the issuer).
- The alert resolves with the next probe that gets the new certificate.
"""
_CERTIFICATE_LEFT = f"{promql.aggregate('min', STORE, promql.select(health.TLS_EXPIRY))} - time()"
_LEVELS = (
    ("warning", THRESHOLDS.certificate_warning, HOUR),
    ("critical", THRESHOLDS.certificate_critical, 15 * MINUTE),
)
CERTIFICATE_EXPIRING = [
    Alert(
        AlertName.STORE_CERTIFICATE_EXPIRING,
        f"{_CERTIFICATE_LEFT} < {limit:.0f}",
        hold,
        severity,
        "A store's certificate expires soon.",
        "A store's TLS certificate was about to expire.",
        f"The certificate of {WHO} {ends('expires', 'expired')}",
        _RUNBOOK,
        dashboard=Dashboards.FLEET,
        keep=RESTART,
    )
    for severity, limit, hold in _LEVELS
]

_VERSION_LEFT = (
    f"{promql.aggregate('min', STORE, promql.select(health.API_VERSION_EXPIRY))} - time()"
)
API_VERSION_EXPIRING = Alert(
    AlertName.STORE_API_VERSION_EXPIRING,
    f"{_VERSION_LEFT} < {THRESHOLDS.api_version_warning:.0f}",
    HOUR,
    "warning",
    "The API version expires soon.",
    "The API version was about to expire.",
    f"The API version configured for {WHO} {ends('ends', 'ended')}",
    """
    The platform ends each API version some time after its release. After that it responds with a
    later version, whose fields may differ, or not at all.

    - Run `store-exporter doctor`: it shows the configured version of each store, and when it ends.

    - Set a later version in the store's settings, on one store first, and watch its probes and
      collectors.
    - Update store-exporter if it does not know a later version yet.
    """,
    dashboard=Dashboards.EXPORTER,
    keep=RESTART,
)

_SENT = f"sum without (source) ({promql.increase(health.API_REQUESTS, '1h')})"
_SPENT = f"{_SENT} / ({promql.select(health.API_BUDGET_LIMIT)} > 0)"
# It refills within a minute, so it is low if even its maximum since the last evaluation is low.
_SINCE = promql.over(promql.select(health.API_BUCKET_AVAILABLE), promql.duration(SELDOM))
_MAXIMUM = promql.select(health.API_BUCKET_MAXIMUM)
_BUDGETS_LEFT = [
    # `increase` extrapolates, so the requests sent can exceed the budget.
    f"clamp_min(1 - {promql.aggregate('max', STORE, _SPENT)}, 0)",
    promql.aggregate("min", STORE, f"max_over_time({_SINCE}) / ({_MAXIMUM} > 0)"),
]
API_BUDGET_LOW = Alert(
    AlertName.STORE_API_BUDGET_LOW,
    " or ".join(f"({share} < {THRESHOLDS.budget_low:g})" for share in _BUDGETS_LEFT),
    10 * MINUTE,
    "warning",
    "A store's API budget is nearly spent.",
    "The request budget for a store's API was nearly spent.",
    f"Only {SHARE} of the API budget for {WHO} is left; collectors will wait and their "
    "figures will become stale.",
    """
    The exporter limits its requests to each store in an hour, so that monitoring never takes
    capacity from shoppers, and respects the platform's own limit. Nearly all of that budget is
    spent. The liveness probe goes first; other probes and collectors take turns and wait, and
    figures become stale.

    - Do other integrations of the shop use up its API's limit, or was an interval of the exporter
      shortened?
    - The exporter dashboard shows which probe or collector sends the requests.
    - Did the number of orders per run grow?

    - Lengthen the interval of the most expensive collector of this store.
    - Raise `requests_per_hour` if the store's hosting can handle it.
    """,
    dashboard=Dashboards.EXPORTER,
)

_FOUND = [*CERTIFICATE_EXPIRING, API_VERSION_EXPIRING, API_BUDGET_LOW]
GROUPS = [Group("store-exporter.alerts.upkeep", _FOUND, interval=SELDOM)]
