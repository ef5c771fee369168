"""Alerts on the exporter and on monitoring itself."""

from __future__ import annotations

from functools import partial

from ...metrics.catalogue import exporter
from ...metrics.catalogue.values import SkipReason
from .. import promql
from ..model import Alert, Group
from ..names import AlertName, Dashboards
from ..policy import EXPORTER_JOB, MINUTE, THRESHOLDS
from ..promql import equal
from .causes import UNWATCHED
from .texts import PROCESS, estimated

_alert = partial(Alert, dashboard=Dashboards.EXPORTER, by=PROCESS)

WATCHDOG = _alert(
    AlertName.WATCHDOG,
    "vector(1)",
    0,
    "none",
    "Alerting works. This alert always fires; its absence is the problem.",
    "Alerting works. This alert always fires; its absence is the problem.",
    "Value {{ $value }}: Prometheus evaluates rules and reaches Alertmanager.",
    f"""
    This alert always fires. It goes to a dead-man's switch outside this system, which tells you
    when it stops arriving. If it is missing, Prometheus or Alertmanager does not work, and no other
    alert will reach you.

    - Open Prometheus: is it up, and is the rule group evaluated (Status, Rules)?
    - Open Alertmanager: does it list {AlertName.WATCHDOG}, and does its receiver work?

    - Restore whichever of the two is broken; nothing is watched until then.
    """,
    by=(),
)

EXPORTER_DOWN = _alert(
    AlertName.STORE_EXPORTER_DOWN,
    f"up{{{equal('job', EXPORTER_JOB)}}} == 0",
    2 * MINUTE,
    "critical",
    "An exporter cannot be scraped.",
    "An exporter could not be scraped.",
    "Prometheus has not been able to scrape {{ $labels.instance }} for more than two minutes. "
    "The state of its stores is unknown.",
    """
    Prometheus reaches the exporter's address but gets no metrics, or does not reach it. Nobody
    watches its stores meanwhile, unless a replica has taken them over.

    - Is the process running? Read the last lines of its log.
    - `curl ADDRESS/-/healthy` and `curl ADDRESS/metrics` from Prometheus' machine.
    - In Prometheus, Status, Targets shows the error of the last scrape. A timeout means that
      `/metrics` is too slow: compare its size and `scrape_timeout`.

    - Restart it. Counters of orders and revenue continue from the persisted cursor.
    - If its configuration was rejected at start, `store-exporter serve --config.check` lists every
      problem with file and line.
    """,
)

# Applications have the same info about their build.
METRICS_ABSENT = _alert(
    AlertName.STORE_METRICS_ABSENT,
    f"absent({promql.select(exporter.LOOP_LAG)})",
    5 * MINUTE,
    "critical",
    "No exporter reports to Prometheus.",
    "No exporter reported to Prometheus.",
    "No exporter has been scraped for more than five minutes. No store is watched.",
    f"""
    Prometheus knows no exporter at all, so even the alert on a failing scrape cannot fire. Usually
    the scrape configuration or service discovery lost it.

    - In Prometheus, Status, Targets: is there a job `{EXPORTER_JOB}` with a target?
    - What changed in prometheus.yml or in discovery?

    - Restore the scrape job and reload Prometheus.
    """,
    by=(),
    inhibited_by=(UNWATCHED,),
)

RELOAD_FAILED = _alert(
    AlertName.STORE_EXPORTER_RELOAD_FAILED,
    f"{promql.select(exporter.RELOAD_SUCCESSFUL)} == 0",
    5 * MINUTE,
    "warning",
    "The exporter rejects its new configuration.",
    "The exporter rejected its new configuration.",
    "The last reload on {{ $labels.instance }} failed; changes to stores and credentials have "
    "no effect.",
    """
    The configuration has a mistake. The exporter keeps running with the last good one, so new
    stores are not watched and new credentials not used. A restart would fail.

    - Run `store-exporter serve --config.check`: it lists every problem with file and line.

    - Correct the file and reload; the alert resolves with the next scrape.
    """,
)

_LAG = promql.quantile(0.99, exporter.SCHEDULER_LAG, "10m", PROCESS)
SCHEDULER_LAGGING = _alert(
    AlertName.STORE_EXPORTER_LAGGING,
    f"({_LAG}) > {THRESHOLDS.scheduler_lag:g}",
    15 * MINUTE,
    "warning",
    "Probes and collectors start late.",
    "Probes and collectors started late.",
    "One in a hundred runs on {{ $labels.instance }} starts at least "
    "{{ $value | humanizeDuration }} late.",
    """
    The exporter cannot keep up with its schedule: it lacks processor time, or too many stores are
    slow at once. Outages are noticed late.

    - Look at the exporter dashboard: its processor time, memory and number of stores.
    - Do many stores time out at once? Then its own network may be at fault.

    - Give it one more processor core, or split the stores among several exporters.
    - Lengthen intervals of expensive collectors.
    """,
)

LOOP_STALLING = _alert(
    AlertName.STORE_EXPORTER_STALLING,
    f"{promql.select(exporter.LOOP_LAG)} > {THRESHOLDS.loop_lag:g}",
    10 * MINUTE,
    "warning",
    "The exporter freezes again and again.",
    "The exporter froze again and again.",
    "The event loop of {{ $labels.instance }} stood still for {{ $value | humanizeDuration }} "
    "at the longest, and has had such pauses for ten minutes.",
    """
    Something blocks the exporter's only thread: the machine gives it no processor time, or one task
    takes too long. Scrapes wait, and probes that are under way are skipped with reason `local`
    rather than blamed on their stores.

    - Is the machine or container throttled? Compare its processor time with its limit.
    - Did it begin with more stores, a reload every few minutes, or a new platform?
    - The exporter dashboard shows the pauses beside the lag of probes.

    - Give it one more processor core, or split the stores among several exporters.
    - If it has processor time to spare, report it as a bug, with the number of stores.
    """,
)

_SKIPPED = promql.increase(exporter.RUNS_SKIPPED, "5m", equal("reason", SkipReason.LOCAL))
IMPAIRED = _alert(
    AlertName.STORE_EXPORTER_IMPAIRED,
    f"{promql.total(PROCESS, _SKIPPED)} > 0",
    10 * MINUTE,
    "critical",
    "The exporter cannot send requests.",
    "The exporter sends requests again.",
    f"{estimated('run')} failed on {{{{ $labels.instance }}}} itself within five minutes, "
    "before a store could respond. The state of the stores concerned is unknown.",
    """
    Probes and collectors fail before a store can respond: this machine has no file descriptor,
    memory, port or network left, a firewall on it refuses, or the process stands still for seconds.
    No store is reported as down because of this, but none is watched reliably.

    - Read the exporter's log: once a minute it says what the operating system refused.
    - Does the machine reach its network: does it have an address, a route and a name server? Try
      `store-exporter probe DOMAIN` on it.
    - Compare `process_open_fds` with `process_max_fds`, and look at memory and at the processor
      time taken by others.

    - Restore its network, or raise the limit that is reached.
    - Give it one more processor core, or split the stores among several exporters.
    """,
)

_FOUND = [
    WATCHDOG,
    EXPORTER_DOWN,
    METRICS_ABSENT,
    RELOAD_FAILED,
    SCHEDULER_LAGGING,
    LOOP_STALLING,
    IMPAIRED,
]
GROUPS = [Group("store-exporter.alerts.exporter", _FOUND)]
