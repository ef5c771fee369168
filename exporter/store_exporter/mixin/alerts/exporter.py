"""Alerts on the exporter, on the instrumentation, and on monitoring itself."""

from __future__ import annotations

from ...errors import Fault
from ...metrics.catalogue import exporter, operations
from .. import promql
from ..model import Alert, Group, Runbook
from ..policy import EXPORTER_JOB, MINUTE, THRESHOLDS, Uid
from ..promql import equal

PROCESS = ("job", "instance")


def groups() -> list[Group]:
    """Every alert on the exporter and on instrumented applications."""
    return [
        Group(
            "store-exporter.alerts.exporter",
            [
                watchdog(),
                exporter_down(),
                metrics_absent(),
                reload_failed(),
                scheduler_lagging(),
                instrumentation_failing(),
                series_dropped(),
                otlp_failing(),
                application_errors(),
            ],
        )
    ]


def watchdog() -> Alert:
    """Always fires: its silence means that alerting is broken."""
    return Alert(
        "Watchdog",
        "vector(1)",
        0,
        "none",
        "Alerting works. This alert always fires; its absence is the problem.",
        "Value {{ $value }}: Prometheus evaluates rules and reaches Alertmanager.",
        Uid.EXPORTER,
        Runbook(
            "This alert always fires. It goes to a dead-man's switch outside this system, which "
            "tells you when it stops arriving. If it is missing, Prometheus or Alertmanager does "
            "not work, and no other alert will reach you.",
            (
                "Open Prometheus: is it up, and is the rule group evaluated (Status, Rules)?",
                "Open Alertmanager: does it list Watchdog, and does its receiver work?",
            ),
            ("Restore whichever of the two is broken; nothing is watched until then.",),
        ),
        by=(),
    )


def exporter_down() -> Alert:
    """Prometheus cannot scrape an exporter that it knows."""
    return Alert(
        "StoreExporterDown",
        f"up{{{equal('job', EXPORTER_JOB)}}} == 0",
        2 * MINUTE,
        "critical",
        "The exporter cannot be scraped; the stores it watches are not watched.",
        "Prometheus has not been able to scrape {{ $labels.instance }} for more than two minutes "
        "(up is {{ $value }}). The state of its stores is unknown.",
        Uid.EXPORTER,
        Runbook(
            "Prometheus reaches the exporter's address but gets no metrics, or does not reach it. "
            "No store it watches is being watched. Alerts on orders, stock and figures are held "
            "back while this one fires.",
            (
                "Is the process running? Read the last lines of its log.",
                "`curl ADDRESS/-/healthy` and `curl ADDRESS/metrics` from Prometheus' machine.",
                (
                    "In Prometheus, Status, Targets shows the error of the last scrape. A timeout "
                    "means that `/metrics` is too slow: see its size and the scrape's limit."
                ),
            ),
            (
                "Restart it. Counters of orders and revenue continue from the persisted cursor.",
                (
                    "If its configuration was rejected at start, `store-exporter serve "
                    "--config.check` lists every problem with file and line."
                ),
            ),
        ),
        by=PROCESS,
    )


def metrics_absent() -> Alert:
    """No exporter is known to Prometheus at all."""
    return Alert(
        "StoreMetricsAbsent",
        f"absent({promql.select(exporter.BUILD_INFO)})",
        5 * MINUTE,
        "critical",
        "Prometheus receives no metrics from any exporter.",
        "No exporter has been scraped for more than five minutes (absent is {{ $value }}).",
        Uid.EXPORTER,
        Runbook(
            "Not one exporter is known to Prometheus, so even the alert on a failing scrape "
            "cannot fire. Usually the scrape configuration or service discovery lost it.",
            (
                f"In Prometheus, Status, Targets: is there a job `{EXPORTER_JOB}` with a target?",
                "What changed in prometheus.yml or in discovery?",
            ),
            ("Restore the scrape job and reload Prometheus.",),
        ),
        by=(),
    )


def reload_failed() -> Alert:
    """The exporter runs on an old configuration."""
    return Alert(
        "StoreExporterReloadFailed",
        f"{promql.select(exporter.RELOAD_SUCCESSFUL)} == 0",
        5 * MINUTE,
        "warning",
        "The exporter refused its new configuration and runs on the old one.",
        "The last reload on {{ $labels.instance }} failed (successful is {{ $value }}); changes to "
        "stores and credentials have no effect.",
        Uid.EXPORTER,
        Runbook(
            "The configuration has a mistake. The exporter keeps running with the last good one, "
            "so new stores are not watched and new credentials not used. A restart would fail.",
            ("`store-exporter serve --config.check` lists every problem with file and line.",),
            ("Correct the file and reload; the alert resolves with the next scrape.",),
        ),
        by=PROCESS,
    )


def scheduler_lagging() -> Alert:
    """Probes start later than planned."""
    lag = promql.quantile(0.99, exporter.SCHEDULER_LAG, "10m", PROCESS)
    return Alert(
        "StoreExporterLagging",
        f"({lag}) > {THRESHOLDS.scheduler_lag:g}",
        15 * MINUTE,
        "warning",
        "Probes and collectors start later than planned.",
        "One in a hundred runs on {{ $labels.instance }} starts at least "
        "{{ $value | humanizeDuration }} late.",
        Uid.EXPORTER,
        Runbook(
            "The exporter cannot keep up with its schedule: it lacks processor time, or too many "
            "stores are slow at once. Outages are noticed late.",
            (
                "The exporter dashboard shows its processor time, memory and number of stores.",
                "Do many stores time out at once? Then its own network may be at fault.",
            ),
            (
                "Give it a processor core more, or split the stores among several exporters.",
                "Lengthen intervals of expensive collectors.",
            ),
        ),
        by=PROCESS,
    )


def instrumentation_failing() -> Alert:
    """The instrumentation fails and measures less than it should."""
    failing = promql.increase(exporter.INSTRUMENTATION_ERRORS, "15m")
    return Alert(
        "StoreInstrumentationFailing",
        f"{promql.total((*PROCESS, 'stage'), failing)} > 0",
        5 * MINUTE,
        "warning",
        "The instrumentation of operations fails; operations go on, figures are incomplete.",
        "{{ $labels.instance }} counted {{ $value | humanize }} failures of the instrumentation "
        "at stage {{ $labels.stage }} within a quarter of an hour.",
        Uid.EXPORTER,
        Runbook(
            "Measuring an operation failed. The operation itself is never affected, but its "
            "figures are missing.",
            (
                "The application's log has one line a minute at most with the traceback.",
                (
                    "The stage tells which part failed: a function that determines org or domain, "
                    "the classification of a result, or the recorder."
                ),
            ),
            ("Correct the function that the traceback names, or report it as a bug.",),
        ),
        by=PROCESS,
    )


def series_dropped() -> Alert:
    """More label sets than allowed."""
    dropped = promql.fresh_increase(exporter.SERIES_DROPPED, "15m")
    return Alert(
        "StoreSeriesDropped",
        promql.total((*PROCESS, "limit"), dropped),
        5 * MINUTE,
        "warning",
        "Label sets beyond the limit are recorded as other.",
        "{{ $labels.instance }} recorded {{ $value | humanize }} label sets as other: the limit "
        "{{ $labels.limit }} is reached.",
        Uid.EXPORTER,
        Runbook(
            "The guard against too many series is at work: label sets beyond a limit are counted "
            "under `other`, so the figures of some stores or operations are no longer their own.",
            (
                "The exporter dashboard shows the number of series of each process.",
                "Is an id or an address used as operation or domain? That never ends.",
            ),
            ("Correct the label, or raise the limit if the stores and operations are real.",),
        ),
        by=PROCESS,
    )


def otlp_failing() -> Alert:
    """Pushes do not arrive."""
    failed = promql.increase(exporter.OTLP_PUSHES, "15m", equal("result", "failure"))
    every = promql.increase(exporter.OTLP_PUSHES, "15m")
    share = f"{promql.total(PROCESS, failed)} / ({promql.total(PROCESS, every)} > 0)"
    return Alert(
        "StoreOtlpPushesFailing",
        f"{share} > 0.5",
        10 * MINUTE,
        "warning",
        "Most pushes to the OTLP endpoint fail.",
        "{{ $value | humanizePercentage }} of the pushes of {{ $labels.instance }} fail.",
        Uid.EXPORTER,
        Runbook(
            "The OTLP endpoint refuses or does not answer. Counters catch up when it is back; "
            "gauges of the meantime are lost.",
            (
                "The process' log names the endpoint's answer.",
                "Check the endpoint, its certificate and its credentials (`OTEL_EXPORTER_OTLP_*`).",
            ),
            ("Restore the endpoint or correct the variables and restart.",),
        ),
        by=PROCESS,
    )


def application_errors() -> Alert:
    """An operation fails by bugs of the calling application, over all stores."""
    labels = ("platform", "operation")
    bugs = promql.increase(operations.OPERATION_ERRORS, "10m", equal("fault", Fault.APP))
    every = promql.total(labels, promql.increase(operations.OPERATIONS, "10m"))
    share = f"{promql.total(labels, bugs)} / ({every} >= {THRESHOLDS.operation_bug_minimum:g})"
    return Alert(
        "StoreOperationBroken",
        f"{share} > {THRESHOLDS.operation_bug_share:g}",
        5 * MINUTE,
        "critical",
        "An operation fails by a bug in the application that calls it.",
        "{{ $value | humanizePercentage }} of the {{ $labels.operation }} operations on "
        "{{ $labels.platform }} fail with errors of the application itself, over all stores.",
        Uid.ERRORS,
        Runbook(
            "Errors with fault `app` are bugs of the calling application: exceptions nobody "
            "expected, requests that can never work, an exhausted connection pool. This alert "
            "looks at an operation over all stores at once, because a bug hits all of them, and "
            "one message is enough. It has no org and goes to the platform only.",
            (
                (
                    "The errors dashboard, filtered by the operation, shows which error type it is "
                    "and when it began."
                ),
                "Compare with the time of the last deployment of the application.",
                "Read the traceback in the application's log.",
            ),
            ("Roll the deployment back, or correct the bug.",),
        ),
        by=labels,
    )
