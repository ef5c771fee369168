"""The exporter itself, and the instrumentation of applications."""

from __future__ import annotations

from store_exporter.metrics.catalogue import exporter, operations
from tests.mixin.alert_cases.case import PROCESS, Case, of

EXPORTER = [
    Case(
        "Watchdog",
        "it always fires",
        {},
        "1m",
        ("Value 1: Prometheus evaluates rules and reaches Alertmanager."),
        "none",
        base="",
    ),
    Case(
        "StoreExporterDown",
        "an exporter that cannot be scraped for three minutes is a page",
        {of("up", base=PROCESS): "1x3 0x10"},
        "8m",
        "Prometheus has not been able to scrape exporter:10847 for more than two minutes. The "
        "state of its stores is unknown.",
        base=PROCESS,
    ),
    Case(
        "StoreExporterDown",
        "one missed scrape is not, nor is another job that is down",
        {
            of("up", base=PROCESS): "1x3 0 1x10",
            of("up", base='job="node", instance="node:9100"'): "0x20",
        },
        "6m",
        base=PROCESS,
    ),
    Case(
        "StoreMetricsAbsent",
        "no exporter at all is a page",
        {of(exporter.LOOP_LAG, base=PROCESS): "0x2 stale"},
        "20m",
        "No exporter has been scraped for more than five minutes. No store is watched.",
        base="",
    ),
    Case(
        "StoreMetricsAbsent",
        "one exporter is enough",
        {of(exporter.LOOP_LAG, base=PROCESS): "0x20"},
        "20m",
        base="",
    ),
    Case(
        "StoreMetricsAbsent",
        "an application that is scraped is no exporter",
        {of(exporter.BUILD_INFO, base='job="shop", instance="app:8000"'): "1x20"},
        "20m",
        "No exporter has been scraped for more than five minutes. No store is watched.",
        base="",
    ),
    Case(
        "StoreExporterReloadFailed",
        "a refused configuration is a ticket",
        {of(exporter.RELOAD_SUCCESSFUL, base=PROCESS): "0x20"},
        "10m",
        "The last reload on exporter:10847 failed; changes to stores and credentials have no "
        "effect.",
        "warning",
        base=PROCESS,
    ),
    Case(
        "StoreExporterReloadFailed",
        "an accepted one is not",
        {of(exporter.RELOAD_SUCCESSFUL, base=PROCESS): "1x20"},
        "10m",
        base=PROCESS,
    ),
    Case(
        "StoreExporterStalling",
        "pauses that recur for ten minutes are a ticket",
        {of(exporter.LOOP_LAG, base=PROCESS): "0.01x5 2.5x30"},
        "20m",
        "The event loop of exporter:10847 stood still for 2.5s at the longest, and has had such "
        "pauses for ten minutes.",
        "warning",
        base=PROCESS,
    ),
    Case(
        "StoreExporterStalling",
        "one pause is none",
        {of(exporter.LOOP_LAG, base=PROCESS): "0.01x5 2.5x2 0.01x30"},
        "20m",
        base=PROCESS,
    ),
    Case(
        "StoreExporterLagging",
        "runs that start up to a minute late for half an hour are a ticket",
        {
            of(exporter.SCHEDULER_LAG, f'le="{le}"', PROCESS, "_bucket"): f"0+{n}x40"
            for le, n in (("1.0", 50), ("15.0", 50), ("60.0", 100), ("+Inf", 100))
        },
        "35m",
        "One in a hundred runs on exporter:10847 starts at least 59.1s late.",
        "warning",
        base=PROCESS,
    ),
    Case(
        "StoreExporterLagging",
        "runs that start within a second are on time",
        {
            of(exporter.SCHEDULER_LAG, f'le="{le}"', PROCESS, "_bucket"): f"0+{n}x40"
            for le, n in (("1.0", 100), ("15.0", 100), ("+Inf", 100))
        },
        "35m",
        base=PROCESS,
    ),
    Case(
        "StoreExporterImpaired",
        "runs that fail by the exporter itself for a quarter of an hour wake somebody",
        {of(exporter.RUNS_SKIPPED, 'reason="local"', PROCESS): "0+2x30"},
        "20m",
        "10 runs failed on exporter:10847 itself within five minutes, before a store could "
        "respond. The state of the stores concerned is unknown.",
        "critical",
        base=PROCESS,
    ),
    Case(
        "StoreExporterImpaired",
        "a few at once are over, and other reasons are none",
        {
            of(exporter.RUNS_SKIPPED, 'reason="local"', PROCESS): "0 20x30",
            of(exporter.RUNS_SKIPPED, 'reason="budget"', PROCESS): "0+2x30",
        },
        "20m",
        base=PROCESS,
    ),
    Case(
        "StoreInstrumentationFailing",
        "failures to measure are a ticket",
        {of(exporter.INSTRUMENTATION_ERRORS, 'stage="labels"', PROCESS): "0+2x30"},
        "20m",
        "exporter:10847 counted 30 failures of the instrumentation at stage labels within a "
        "quarter of an hour.",
        "warning",
        {"stage": "labels"},
        PROCESS,
    ),
    Case(
        "StoreInstrumentationFailing",
        "those of last night are over",
        {of(exporter.INSTRUMENTATION_ERRORS, 'stage="labels"', PROCESS): "7x30"},
        "20m",
        base=PROCESS,
    ),
    Case(
        "StoreSeriesDropped",
        "operations beyond a limit are a ticket, from the first one on",
        {of(exporter.SERIES_DROPPED, 'limit="org"', PROCESS): "_x5 4x20"},
        "12m",
        "exporter:10847 recorded 4 operations as other within an hour: the limit of org is "
        "reached.",
        "warning",
        {"limit": "org"},
        PROCESS,
    ),
    Case(
        "StoreSeriesDropped",
        "while the limit is reached it stays, also through half an hour without an operation",
        {of(exporter.SERIES_DROPPED, 'limit="org"', PROCESS): "0x5 60x240"},
        "50m",
        "exporter:10847 recorded 60 operations as other within an hour: the limit of org is "
        "reached.",
        "warning",
        {"limit": "org"},
        PROCESS,
    ),
    Case(
        "StoreSeriesDropped",
        "an hour without any is the end of it",
        {of(exporter.SERIES_DROPPED, 'limit="org"', PROCESS): "4x90"},
        "80m",
        base=PROCESS,
    ),
    Case(
        "StoreSeriesDropped",
        "nor does one begin an hour after Prometheus was down",
        {of(exporter.SERIES_DROPPED, 'limit="org"', PROCESS): "4x90 _x20 4x90"},
        "170m",
        base=PROCESS,
    ),
    Case(
        "StoreOtlpPushesFailing",
        "three of four pushes failing is a ticket",
        {
            of(exporter.OTLP_PUSHES, 'result="failure"', PROCESS): "0+3x40",
            of(exporter.OTLP_PUSHES, 'result="success"', PROCESS): "0+1x40",
        },
        "30m",
        "75% of the pushes of exporter:10847 fail.",
        "warning",
        base=PROCESS,
    ),
    Case(
        "StoreOtlpPushesFailing",
        "one of ten is not",
        {
            of(exporter.OTLP_PUSHES, 'result="failure"', PROCESS): "0+1x40",
            of(exporter.OTLP_PUSHES, 'result="success"', PROCESS): "0+9x40",
        },
        "30m",
        base=PROCESS,
    ),
    Case(
        "StoreOperationBroken",
        "half of an operation failing by our own bug is one page for all stores",
        {
            of(operations.OPERATIONS, 'operation="get_cart"'): "0+10x30",
            of(
                operations.OPERATION_ERRORS,
                'operation="get_cart", error_type="exception", fault="app"',
            ): "0+5x30",
        },
        "20m",
        "50% of the get_cart operations on woocommerce fail with errors of the application "
        "itself, over all stores. Affected orgs: acme (50 calls).",
        base='platform="woocommerce", operation="get_cart"',
    ),
    Case(
        "StoreOperationBroken",
        "three calls at night are too few to mean anything",
        {
            of(operations.OPERATIONS, 'operation="get_cart"'): "0+0.1x30",
            of(
                operations.OPERATION_ERRORS,
                'operation="get_cart", error_type="exception", fault="app"',
            ): "0+0.1x30",
        },
        "20m",
        base='platform="woocommerce", operation="get_cart"',
    ),
]
