"""Metrics about the exporter and the instrumentation themselves."""

from __future__ import annotations

from .model import counter, gauge, histogram

BUILD_INFO = gauge(
    "store_exporter_build_info",
    "The versions of store-exporter and Python; always 1.",
    ("version", "python"),
)
RELOAD_SUCCESSFUL = gauge(
    "store_exporter_config_last_reload_successful",
    "Whether the last reload of the configuration succeeded (1) or failed, so that the previous "
    "one is in use (0).",
)
RELOAD_TIMESTAMP = gauge(
    "store_exporter_config_last_reload_success_timestamp_seconds",
    "When the configuration was last loaded successfully, in Unix time.",
    unit="s",
)
STORES = gauge(
    "store_exporter_stores",
    "Stores that this exporter watches, by platform.",
    ("platform",),
    "{store}",
)
STORES_STANDBY = gauge(
    "store_exporter_stores_standby",
    "Stores that another exporter with the same state watches instead of this one, by platform.",
    ("platform",),
    "{store}",
)
DISCOVERY_FAILURES = counter(
    "store_exporter_discovery_failures_total",
    "Failed reads of a discovery source, by the source's org; the stores found before are kept.",
    ("org",),
    "{look}",
)
DISCOVERY_FAILING = gauge(
    "store_exporter_discovery_consecutive_failures",
    "Consecutive failed reads of an org's discovery source, of the source with the most; 0 if the "
    "last read of each source succeeded.",
    ("org",),
    "{look}",
)
DISCOVERY_REFUSED = gauge(
    "store_exporter_discovery_refused_domains",
    "Domains from discovery sources that are not watched, by the source's org and by reason: "
    "contested (another org has or supplies it), not_allowed (by `domains` of the orgs), or "
    "invalid (not a public host name).",
    ("org", "reason"),
    "{domain}",
)
INSTRUMENTATION_ERRORS = counter(
    "store_exporter_instrumentation_errors_total",
    "Failures of the instrumentation itself, by stage; they do not affect the measured operation.",
    ("stage",),
    "{error}",
)
SERIES_DROPPED = counter(
    "store_exporter_series_dropped_total",
    "Operations recorded as other because their label set exceeded a limit, by the limit.",
    ("limit",),
    "{operation}",
)
SERIES = gauge(
    "store_exporter_operation_series",
    "Label sets of operations in this process.",
    unit="{series}",
)
OTLP_PUSHES = counter(
    "store_exporter_otlp_pushes_total",
    "Pushes to the OTLP endpoint by result: success or failure.",
    ("result",),
    "{push}",
)
SCHEDULER_LAG = histogram(
    "store_exporter_scheduler_lag_seconds",
    "Delay between the planned and the actual start of probes and collectors.",
    unit="s",
    buckets=(0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0),
)
LOOP_LAG = gauge(
    "store_exporter_event_loop_lag_seconds",
    "The longest stall of the exporter's event loop within the last minute or two; during a "
    "stall no request gets a response and no probe continues.",
    unit="s",
)
RUNS_SKIPPED = counter(
    "store_exporter_runs_skipped_total",
    "Runs of probes and collectors that were skipped, by reason: overlap (the previous run had "
    "not ended, or the exporter was late), budget, backoff, local (they failed because of this "
    "machine or process, not the store), or state (their counters could not be read or saved).",
    ("reason",),
    "{run}",
)
STATE_LOSSES = counter(
    "store_exporter_state_losses_total",
    "Times that saved state was damaged and set aside; its counters then restart.",
    unit="{loss}",
)
STATE_ERRORS = counter(
    "store_exporter_state_errors_total",
    "Runs whose saved state could not be read or saved, by reason: full (the disk), unavailable "
    "(the file or database cannot be used now), or conflict (another process saved it first).",
    ("reason",),
    "{run}",
)
STATE_LEFT_BEHIND = gauge(
    "store_exporter_state_left_behind",
    "Stores whose saved state has been unused for two days, because they were removed, moved to "
    "another org, or got another address or platform; it is kept for 90 days.",
    unit="{store}",
)
INGESTED = counter(
    "store_exporter_ingested_operations_total",
    "Operations that applications reported over HTTP, by outcome: counted, refused (the "
    "response gives the reason), or duplicate (of a batch that was already counted).",
    ("org", "outcome"),
    "{operation}",
)
SCRAPE_DURATION = gauge(
    "store_exporter_scrape_duration_seconds",
    "Time taken to render the previous scrape of this endpoint.",
    unit="s",
)
