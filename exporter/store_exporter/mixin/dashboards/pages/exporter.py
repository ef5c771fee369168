"""The exporter: whether it keeps up, and what it costs the stores and its own machine."""

from __future__ import annotations

from functools import partial

from ....metrics.catalogue import Metric, exporter
from ...names import AlertName, Dashboards
from ...promql import increase, select
from .. import firing
from ..panels import DashboardPage, Panel, Query, Row, stat
from ..scales import NONE_GOOD, NOTHING_HAPPENED
from ..values import IN_WORDS, UP_DOWN, Nothing, in_words
from ..variables import PROCESS_MATCH, PROCESSES, of_ours
from .exporter_rows import COST, STORE_REQUESTS
from .exporter_schedule import SCHEDULE

M = PROCESS_MATCH
_figure = partial(stat, width=8, height=4)

PROCESSES_UP = _figure(
    "Processes",
    "Whether Prometheus reaches every exporter and application. Down means that its "
    "stores are not watched.",
    Query(f"min({of_ours('up')})"),
    mappings=UP_DOWN,
    links=(AlertName.STORE_EXPORTER_DOWN,),
)

STORES_WATCHED = _figure(
    "Stores",
    "Stores that the exporters watch, by platform. Compare with your configuration. A store "
    "that two exporters watch counts twice.",
    Query(
        f"sum by (platform) ({select(exporter.STORES, *M)})",
        "{{platform}}",
        empty="an application without an exporter watches none",
    ),
    decimals=0,
    named=True,
    links=(Dashboards.FLEET, AlertName.STORES_UNWATCHED),
)

_RELOAD = f"min({select(exporter.RELOAD_SUCCESSFUL, *M)})"
CONFIGURATION = _figure(
    "Configuration",
    "Whether the last reload succeeded. Refused means that the old configuration is still in use.",
    Query(_RELOAD, empty="an application without an exporter has none"),
    mappings=((0, "Refused", "red"), (1, "Loaded", "green")),
    links=(AlertName.STORE_EXPORTER_RELOAD_FAILED,),
)


def hourly_count(title: str, description: str, counter: Metric, alert: str) -> Panel:
    """The number of events within an hour that should never happen."""
    return _figure(
        title,
        description,
        Query(f"sum({increase(counter, '1h', *M)})", empty=NOTHING_HAPPENED),
        decimals=0,
        steps=NONE_GOOD,
        nothing=Nothing.NONE,
        links=(alert,),
    )


INSTRUMENTATION_ERRORS = hourly_count(
    "Instrumentation errors, 1 h",
    "Failures to measure an operation. The operation itself is never affected.",
    exporter.INSTRUMENTATION_ERRORS,
    AlertName.STORE_INSTRUMENTATION_FAILING,
)

RECORDED_AS_OTHER = hourly_count(
    "Operations as other, 1 h",
    "Operations that were recorded as other because their label set is beyond a limit.",
    exporter.SERIES_DROPPED,
    AlertName.STORE_SERIES_DROPPED,
)

_RUNNING = f"count by (version) ({select(exporter.BUILD_INFO, *M)})"
VERSIONS = _figure(
    "Version",
    "Versions of store-exporter that run. More than one is right only during updates.",
    Query(f"{_RUNNING} or {in_words('version', Nothing.UNKNOWN, _RUNNING)}", "{{version}}"),
    mappings=(IN_WORDS,),
    text=True,
)

KEY_FIGURES = Row(
    "Now",
    (
        PROCESSES_UP,
        STORES_WATCHED,
        CONFIGURATION,
        INSTRUMENTATION_ERRORS,
        RECORDED_AS_OTHER,
        VERSIONS,
    ),
)

_ALWAYS = firing.general("instance", Dashboards.EXPORTER)
_ALERTS = firing.table("instance", links=(), matchers=M, always=_ALWAYS)
PAGE = DashboardPage(
    Dashboards.EXPORTER,
    "Stores / Exporter",
    "The exporter and the instrumented applications: whether they keep up, what they "
    "request from the stores, and what they themselves cost.",
    PROCESSES,
    (Row("What fires", (_ALERTS,)), KEY_FIGURES, SCHEDULE, STORE_REQUESTS, COST),
)
