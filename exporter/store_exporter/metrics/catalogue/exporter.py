"""Metrics about the exporter and the instrumentation themselves."""

from __future__ import annotations

from .model import Kind, Metric

BUILD_INFO = Metric(
    "store_exporter_build_info",
    Kind.GAUGE,
    "The versions of store-exporter and Python; always 1.",
    ("version", "python"),
)
RELOAD_SUCCESSFUL = Metric(
    "store_exporter_config_last_reload_successful",
    Kind.GAUGE,
    "Whether the last reload of the configuration succeeded (1) or failed, so that the previous "
    "one is in use (0).",
)
RELOAD_TIMESTAMP = Metric(
    "store_exporter_config_last_reload_success_timestamp_seconds",
    Kind.GAUGE,
    "When the configuration was last loaded successfully, in Unix time.",
    (),
    "s",
)
STORES = Metric(
    "store_exporter_stores",
    Kind.GAUGE,
    "Stores that this exporter watches, by platform.",
    ("platform",),
    "{store}",
)
STORES_STANDBY = Metric(
    "store_exporter_stores_standby",
    Kind.GAUGE,
    "Stores that another exporter with the same state watches instead of this one, by platform.",
    ("platform",),
    "{store}",
)
DISCOVERY_FAILURES = Metric(
    "store_exporter_discovery_failures_total",
    Kind.COUNTER,
    "Failed reads of a discovery source, by the source's org; the stores found before are kept.",
    ("org",),
    "{look}",
)
DISCOVERY_FAILING = Metric(
    "store_exporter_discovery_consecutive_failures",
    Kind.GAUGE,
    "Consecutive failed reads of an org's discovery source, of the source with the most; 0 if the "
    "last read of each source succeeded.",
    ("org",),
    "{look}",
)
DISCOVERY_REFUSED = Metric(
    "store_exporter_discovery_refused_domains",
    Kind.GAUGE,
    "Domains from discovery sources that are not watched, by the source's org and by reason: "
    "contested (another org has or supplies it), not_allowed (by `domains` of the orgs), or "
    "invalid (not a public host name).",
    ("org", "reason"),
    "{domain}",
)
INSTRUMENTATION_ERRORS = Metric(
    "store_exporter_instrumentation_errors_total",
    Kind.COUNTER,
    "Failures of the instrumentation itself, by stage; they do not affect the measured operation.",
    ("stage",),
    "{error}",
)
SERIES_DROPPED = Metric(
    "store_exporter_series_dropped_total",
    Kind.COUNTER,
    "Operations recorded as other because their label set exceeded a limit, by the limit.",
    ("limit",),
    "{operation}",
)
SERIES = Metric(
    "store_exporter_operation_series",
    Kind.GAUGE,
    "Label sets of operations in this process.",
    (),
    "{series}",
)
OTLP_PUSHES = Metric(
    "store_exporter_otlp_pushes_total",
    Kind.COUNTER,
    "Pushes to the OTLP endpoint by result: success or failure.",
    ("result",),
    "{push}",
)
SCHEDULER_LAG = Metric(
    "store_exporter_scheduler_lag_seconds",
    Kind.HISTOGRAM,
    "Delay between the planned and the actual start of probes and collectors.",
    (),
    "s",
    (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0),
)
LOOP_LAG = Metric(
    "store_exporter_event_loop_lag_seconds",
    Kind.GAUGE,
    "The longest stall of the exporter's event loop within the last minute or two; during a "
    "stall no request gets a response and no probe continues.",
    (),
    "s",
)
RUNS_SKIPPED = Metric(
    "store_exporter_runs_skipped_total",
    Kind.COUNTER,
    "Runs of probes and collectors that were skipped, by reason: overlap (the previous run had "
    "not ended, or the exporter was late), budget, backoff, local (they failed because of this "
    "machine or process, not the store), or state (their counters could not be read or saved).",
    ("reason",),
    "{run}",
)
STATE_LOSSES = Metric(
    "store_exporter_state_losses_total",
    Kind.COUNTER,
    "Times that saved state was damaged and set aside; its counters then restart.",
    (),
    "{loss}",
)
STATE_ERRORS = Metric(
    "store_exporter_state_errors_total",
    Kind.COUNTER,
    "Runs whose saved state could not be read or saved, by reason: full (the disk), unavailable "
    "(the file or database cannot be used now), or conflict (another process saved it first).",
    ("reason",),
    "{run}",
)
STATE_LEFT_BEHIND = Metric(
    "store_exporter_state_left_behind",
    Kind.GAUGE,
    "Stores whose saved state has been unused for two days, because they were removed, moved to "
    "another org, or got another address or platform; it is kept for 90 days.",
    (),
    "{store}",
)
INGESTED = Metric(
    "store_exporter_ingested_operations_total",
    Kind.COUNTER,
    "Operations that applications reported over HTTP, by outcome: counted, refused (the "
    "response gives the reason), or duplicate (of a batch that was already counted).",
    ("org", "outcome"),
    "{operation}",
)
SCRAPE_DURATION = Metric(
    "store_exporter_scrape_duration_seconds",
    Kind.GAUGE,
    "Time taken to render the previous scrape of this endpoint.",
    (),
    "s",
)
