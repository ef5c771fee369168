"""Alerts on approaching limits: certificates, API versions, request budgets."""

from __future__ import annotations

from ...metrics.catalogue import health
from .. import promql
from ..model import Alert, Group, Runbook
from ..names import AlertName, Dashboards
from ..policy import HOUR, MINUTE, SELDOM, THRESHOLDS
from ..promql import STORE
from .texts import SHARE, WHO, ends


def groups() -> list[Group]:
    """Every alert of this module."""
    found = [*certificate_expiring(), api_version_expiring(), api_budget_low()]
    return [Group("store-exporter.alerts.upkeep", found, interval=SELDOM)]


def certificate_expiring() -> list[Alert]:
    """A certificate is about to expire: first a warning, then a critical alert."""
    runbook = Runbook(
        "The store's certificate is about to expire. After that, browsers warn shoppers away and "
        "every operation fails with error type tls. Automatic renewal happens weeks earlier, so it "
        "is broken.",
        (
            (
                "Look at the certificate from outside: `openssl s_client -connect DOMAIN:443 "
                "-servername DOMAIN </dev/null | openssl x509 -noout -dates -issuer`."
            ),
            "If the shop is behind a CDN, check which of the two certificates it is.",
        ),
        (
            (
                "Renew it and reload the web server; correct the automatic renewal (DNS, challenge "
                "path, rate limit of the issuer)."
            ),
            "The alert resolves with the next probe that gets the new certificate.",
        ),
    )
    left = f"{promql.aggregate('min', STORE, promql.select(health.TLS_EXPIRY))} - time()"
    levels = (
        ("warning", THRESHOLDS.certificate_warning, HOUR),
        ("critical", THRESHOLDS.certificate_critical, 15 * MINUTE),
    )
    return [
        Alert(
            AlertName.STORE_CERTIFICATE_EXPIRING,
            f"{left} < {limit:.0f}",
            hold,
            severity,
            "A store's certificate expires soon.",
            "A store's TLS certificate was about to expire.",
            f"The certificate of {WHO} {ends('expires', 'expired')}",
            Dashboards.FLEET,
            runbook,
        )
        for severity, limit, hold in levels
    ]


def api_version_expiring() -> Alert:
    """The platform is about to end the API version in use."""
    left = f"{promql.aggregate('min', STORE, promql.select(health.API_VERSION_EXPIRY))} - time()"
    return Alert(
        AlertName.STORE_API_VERSION_EXPIRING,
        f"{left} < {THRESHOLDS.api_version_warning:.0f}",
        HOUR,
        "warning",
        "The API version expires soon.",
        "The API version was about to expire.",
        f"The API version configured for {WHO} {ends('ends', 'ended')}",
        Dashboards.EXPORTER,
        Runbook(
            "The platform ends each API version some time after its release. After that it "
            "responds with a later version, whose fields may differ, or not at all.",
            (
                (
                    "Run `store-exporter doctor`: it shows the configured version of each store, "
                    "and when it ends."
                ),
            ),
            (
                (
                    "Set a later version in the store's settings, on one store first, and "
                    "watch its probes and collectors."
                ),
                "Update store-exporter if it does not know a later version yet.",
            ),
        ),
    )


def api_budget_low() -> Alert:
    """The request budget of a store is nearly spent: the hourly one, or the platform's own."""
    sent = f"sum without (source) ({promql.increase(health.API_REQUESTS, '1h')})"
    spent = f"{sent} / ({promql.select(health.API_BUDGET_LIMIT)} > 0)"
    # It refills within a minute, so it is low if even its maximum since the last evaluation is low.
    since = promql.over(promql.select(health.API_BUCKET_AVAILABLE), promql.duration(SELDOM))
    most, maximum = f"max_over_time({since})", promql.select(health.API_BUCKET_MAXIMUM)
    left = [
        # `increase` extrapolates, so the requests sent can exceed the budget.
        f"clamp_min(1 - {promql.aggregate('max', STORE, spent)}, 0)",
        promql.aggregate("min", STORE, f"{most} / ({maximum} > 0)"),
    ]
    return Alert(
        AlertName.STORE_API_BUDGET_LOW,
        " or ".join(f"({share} < {THRESHOLDS.budget_low:g})" for share in left),
        10 * MINUTE,
        "warning",
        "A store's API budget is nearly spent.",
        "The request budget for a store's API was nearly spent.",
        f"Only {SHARE} of the API budget for {WHO} is left; collectors will wait and their "
        "figures will become stale.",
        Dashboards.EXPORTER,
        Runbook(
            "The exporter limits its requests to each store in an hour, so that monitoring "
            "never takes capacity from shoppers, and respects the platform's own limit. Nearly "
            "all of that budget is spent. The liveness probe goes first; other probes and "
            "collectors take turns and wait, and figures become stale.",
            (
                (
                    "Do other integrations of the shop use up its API's limit, or was an interval "
                    "of the exporter shortened?"
                ),
                "The exporter dashboard shows which probe or collector sends the requests.",
                "Did the number of orders per run grow?",
            ),
            (
                "Lengthen the interval of the most expensive collector of this store.",
                "Raise `requests_per_hour` if the store's hosting can handle it.",
            ),
        ),
    )
