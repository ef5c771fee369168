"""Metrics about the exporter and the instrumentation themselves."""

from __future__ import annotations

from .model import Kind, Metric

BUILD_INFO = Metric(
    "store_exporter_build_info",
    Kind.GAUGE,
    "The running version of store-exporter and of Python; always 1.",
    ("version", "python"),
)
RELOAD_SUCCESSFUL = Metric(
    "store_exporter_config_last_reload_successful",
    Kind.GAUGE,
    "Whether the last attempt to load the configuration succeeded (1) or the old one stays (0).",
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
    "Stores that this exporter would watch if no other one did that shares its state, by platform.",
    ("platform",),
    "{store}",
)
DISCOVERY_FAILURES = Metric(
    "store_exporter_discovery_failures_total",
    Kind.COUNTER,
    "Looks at a source of stores that brought no usable answer, by the source's org; the stores "
    "found before stay.",
    ("org",),
    "{look}",
)
DISCOVERY_REFUSED = Metric(
    "store_exporter_discovery_refused_domains",
    Kind.GAUGE,
    "Domains that sources name and that are not watched for them, by the source's org and by "
    "reason: contested (another org has or names it), not_allowed (by domains of the orgs), or "
    "invalid (no public host name).",
    ("org", "reason"),
    "{domain}",
)
INSTRUMENTATION_ERRORS = Metric(
    "store_exporter_instrumentation_errors_total",
    Kind.COUNTER,
    "Failures of the instrumentation itself, kept from the operation it measured, by stage.",
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
    "Label sets of operations that this process holds.",
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
    "How much later than planned probes and collectors started.",
    (),
    "s",
    (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0),
)
LOOP_LAG = Metric(
    "store_exporter_event_loop_lag_seconds",
    Kind.GAUGE,
    "The longest time for which the exporter's event loop stood still within the last minute or "
    "two; meanwhile nothing was answered, and probes could not go on.",
    (),
    "s",
)
RUNS_SKIPPED = Metric(
    "store_exporter_runs_skipped_total",
    Kind.COUNTER,
    "Runs of probes and collectors that were left out, by reason: overlap (the one "
    "before still went on, or the exporter was held up), budget, backoff, local (they failed by "
    "this machine or process, so that they say nothing about the store), or state (what they "
    "counted could not be read or saved).",
    ("reason",),
    "{run}",
)
STATE_LOSSES = Metric(
    "store_exporter_state_losses_total",
    Kind.COUNTER,
    "Times that saved state was damaged and set aside, after which its counters began again.",
    (),
    "{loss}",
)
STATE_ERRORS = Metric(
    "store_exporter_state_errors_total",
    Kind.COUNTER,
    "Runs whose saved state could not be read or saved, by reason: full (the disk), unavailable "
    "(the file or database cannot be used now), or conflict (another process saved it meanwhile).",
    ("reason",),
    "{run}",
)
STATE_LEFT_BEHIND = Metric(
    "store_exporter_state_left_behind",
    Kind.GAUGE,
    "Stores whose saved state nobody used for two days: removed, moved to another org, or given "
    "another address or platform; it is kept for 90 days.",
    (),
    "{store}",
)
INGESTED = Metric(
    "store_exporter_ingested_operations_total",
    Kind.COUNTER,
    "Operations that applications reported by HTTP, by outcome: counted, refused (the answer said "
    "why), or duplicate (of a batch that was counted before).",
    ("org", "outcome"),
    "{operation}",
)
SCRAPE_DURATION = Metric(
    "store_exporter_scrape_duration_seconds",
    Kind.GAUGE,
    "How long rendering the previous scrape of this endpoint took.",
    (),
    "s",
)
