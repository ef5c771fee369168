"""Metrics about a store's health and the API budget that probing costs."""

from __future__ import annotations

from .model import counter, gauge, histogram, info

PROBE_BUCKETS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Fewer than those of operations: there is a histogram for each probe of each store."""

STORE_LABELS = ("org", "domain", "platform")

UP = gauge(
    "store_up",
    "Whether the store's last liveness probe succeeded (1) or failed (0).",
    STORE_LABELS,
)
HEALTH = gauge(
    "store_health",
    "The store's health as one of healthy, degraded and critical; the current state is 1.",
    (*STORE_LABELS, "state"),
)
PROBE_SUCCESS = gauge(
    "store_probe_success",
    "Whether the last run of this probe succeeded (1) or failed (0).",
    (*STORE_LABELS, "probe"),
)
PROBE_DURATION = histogram(
    "store_probe_duration_seconds",
    "Duration of this probe's runs, including failed ones.",
    (*STORE_LABELS, "probe"),
    "s",
    PROBE_BUCKETS,
)
PROBE_PHASE = gauge(
    "store_probe_phase_seconds",
    "Duration of each phase of the probe's last request: resolve, connect, tls, processing "
    "(until the first byte of the response) and transfer. The first three are absent on a "
    "reused connection.",
    (*STORE_LABELS, "probe", "phase"),
    "s",
)
PROBE_FAILURES = counter(
    "store_probe_failures_total",
    "Failed runs of this probe, by error type and fault (who must act).",
    (*STORE_LABELS, "probe", "error_type", "fault"),
    "{probe}",
)
PROBE_STATUS = gauge(
    "store_probe_http_status_code",
    "HTTP status of the last response to this probe; absent without a response.",
    (*STORE_LABELS, "probe"),
)
PROBE_LAST_SUCCESS = gauge(
    "store_probe_last_success_timestamp_seconds",
    "When this probe last succeeded, in Unix time.",
    (*STORE_LABELS, "probe"),
    "s",
)
PROBE_FAILING_SINCE = gauge(
    "store_probe_failing_since_timestamp_seconds",
    "When the first of this probe's consecutive failures ended, in Unix time; absent while it "
    "succeeds. A restart of the exporter begins a new sequence.",
    (*STORE_LABELS, "probe"),
    "s",
)
PROBE_FAILURE = info(
    "store_probe_failure_info",
    "Why a probe fails, always 1; absent while it succeeds. The reason is taken from the first "
    "of its consecutive failures of one type: the store's response, or the error without a "
    "response, cut to 160 characters and without secrets, addresses, e-mail addresses and ids.",
    (*STORE_LABELS, "probe", "error_type", "reason"),
)
MAINTENANCE = gauge(
    "store_maintenance",
    "Whether the store is in maintenance (1), so that no alert about it is sent, or not (0).",
    STORE_LABELS,
)
EVENT = gauge(
    "store_event_timestamp_seconds",
    "When a change that may explain a failure happened, in Unix time; shown for a day, at most "
    "20 per store. Kind is deploy, platform, plugin, theme, api, webhook or certificate. "
    "Without a domain it applies to all stores of the org.",
    (*STORE_LABELS, "kind", "component", "before", "after"),
    "s",
)
TLS_EXPIRY = gauge(
    "store_tls_certificate_expiry_timestamp_seconds",
    "When the certificate that the store presented expires, in Unix time.",
    STORE_LABELS,
    "s",
)
INFO = info(
    "store_info",
    "Facts about the store that rarely change; always 1. Unknown facts are empty.",
    (*STORE_LABELS, "version", "currency", "timezone", "order_storage"),
)
NETWORK = info(
    "store_network_info",
    "The network of the store's first IP address, a /24 (IPv6: a /48); always 1. Stores in the "
    "same network share a hosting company or a CDN.",
    (*STORE_LABELS, "network"),
)
API_REQUESTS = counter(
    "store_api_requests_total",
    "Requests that this exporter sent to the store, by probe or collector.",
    (*STORE_LABELS, "source"),
    "{request}",
)
API_BUDGET_LIMIT = gauge(
    "store_api_budget_limit",
    "Maximum number of requests from this exporter to the store in any hour.",
    STORE_LABELS,
    "{request}",
)
API_BUDGET_REMAINING = gauge(
    "store_api_budget_remaining",
    "Requests that this exporter may send to the store now without waiting.",
    STORE_LABELS,
    "{request}",
)
API_THROTTLED = counter(
    "store_api_throttled_total",
    "Responses with which the store required this exporter to slow down.",
    STORE_LABELS,
    "{response}",
)
API_COST = counter(
    "store_api_cost_total",
    "Query cost points of the platform's rate limit, by kind: requested or actual.",
    (*STORE_LABELS, "kind"),
    "{point}",
)
API_BUCKET_AVAILABLE = gauge(
    "store_api_bucket_available",
    "Query cost points left in the platform's rate limit at the last response.",
    STORE_LABELS,
    "{point}",
)
API_BUCKET_MAXIMUM = gauge(
    "store_api_bucket_maximum",
    "Maximum number of query cost points in the platform's rate limit.",
    STORE_LABELS,
    "{point}",
)
API_VERSION_EXPIRY = gauge(
    "store_api_version_expiry_timestamp_seconds",
    "When the platform ends the API version in use, in Unix time.",
    STORE_LABELS,
    "s",
)
