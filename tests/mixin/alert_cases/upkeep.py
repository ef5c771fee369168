"""Certificates, API versions and rate limits that will soon end."""

from __future__ import annotations

from store_exporter.metrics.catalogue import health
from tests.mixin.alert_cases.case import DAY, WHO, Case, of

UPKEEP = [
    Case(
        "StoreCertificateExpiring",
        "ten days before it expires a certificate is a ticket",
        {of(health.TLS_EXPIRY): f"{10 * DAY}x130"},
        "2h",
        f"The certificate of {WHO} expires in 9d 22h.",
        "warning",
    ),
    Case(
        "StoreCertificateExpiring",
        "two days before it expires a certificate is a page as well",
        {of(health.TLS_EXPIRY): f"{2 * DAY}x130"},
        "30m",
        f"The certificate of {WHO} expires in 1d 23h.",
    ),
    Case(
        "StoreCertificateExpiring",
        "a restart of the exporter renews no certificate",
        {of(health.TLS_EXPIRY): f"{2 * DAY}x30 stale"},
        "33m",
        f"The certificate of {WHO} expires in 1d 23h.",
    ),
    Case(
        "StoreCertificateExpiring",
        "one that has expired is told of as such",
        {of(health.TLS_EXPIRY): "-1860x130"},
        "30m",
        f"The certificate of {WHO} expired 1h 1m ago.",
    ),
    Case(
        "StoreCertificateExpiring",
        "a month before it expires there is nothing to do",
        {of(health.TLS_EXPIRY): f"{30 * DAY}x130"},
        "2h",
    ),
    Case(
        "StoreApiVersionExpiring",
        "twenty days before its end the API version is a ticket",
        {of(health.API_VERSION_EXPIRY): f"{20 * DAY}x130"},
        "2h",
        f"The API version configured for {WHO} ends in 19d 22h.",
        "warning",
    ),
    Case(
        "StoreApiVersionExpiring",
        "half a year before its end there is nothing to do",
        {of(health.API_VERSION_EXPIRY): f"{180 * DAY}x130"},
        "2h",
    ),
    Case(
        "StoreApiBudgetLow",
        "an hour in which nineteen twentieths of the budget were sent is a ticket",
        {
            of(health.API_REQUESTS, 'source="orders"'): "0+9.5x80",
            of(health.API_BUDGET_LIMIT): "600x80",
        },
        "80m",
        f"Only 5% of the API budget for {WHO} is left; collectors will wait and their figures "
        "will become stale.",
        "warning",
    ),
    Case(
        "StoreApiBudgetLow",
        "no less than nothing is left of a budget",
        {
            of(health.API_REQUESTS, 'source="orders"'): "0+10.4x80",
            of(health.API_BUDGET_LIMIT): "600x80",
        },
        "80m",
        f"Only 0% of the API budget for {WHO} is left; collectors will wait and their figures "
        "will become stale.",
        "warning",
    ),
    Case(
        "StoreApiBudgetLow",
        "the platform's own budget counts as well",
        {of(health.API_BUCKET_AVAILABLE): "50x20", of(health.API_BUCKET_MAXIMUM): "1000x20"},
        "15m",
        f"Only 5% of the API budget for {WHO} is left; collectors will wait and their figures "
        "will become stale.",
        "warning",
    ),
    Case(
        "StoreApiBudgetLow",
        "a platform's budget that fills up between two evaluations is none",
        {
            of(health.API_BUCKET_AVAILABLE): " ".join(["50 1000"] * 10),
            of(health.API_BUCKET_MAXIMUM): "1000x20",
        },
        "16m",
        pace="2m",
    ),
    Case(
        "StoreApiBudgetLow",
        "a budget half spent is what it is for",
        {
            of(health.API_REQUESTS, 'source="orders"'): "0+5x80",
            of(health.API_BUDGET_LIMIT): "600x80",
            of(health.API_BUDGET_REMAINING): "5x80",
        },
        "80m",
    ),
]
