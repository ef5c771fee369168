"""The exporter: whether it keeps up, and what it costs the stores and its own machine."""

from __future__ import annotations

from ....metrics.catalogue import Metric, exporter
from ...names import AlertName, Dashboards
from ...promql import increase, select
from .. import firing
from ..panels import DashboardPage, Panel, PanelKind, Query, Row
from ..scales import NONE_GOOD, NOTHING_HAPPENED
from ..values import IN_WORDS, UP_DOWN, Nothing, in_words
from ..variables import PROCESS_MATCH, PROCESSES, of_ours
from .exporter_rows import cost, store_requests
from .exporter_schedule import schedule

M = PROCESS_MATCH


def page() -> DashboardPage:
    """The dashboard."""
    always = firing.general("instance", Dashboards.EXPORTER)
    alerts = firing.table("instance", links=(), matchers=M, always=always)
    return DashboardPage(
        Dashboards.EXPORTER,
        "Stores / Exporter",
        "The exporter and the instrumented applications: whether they keep up, what they "
        "request from the stores, and what they themselves cost.",
        PROCESSES,
        (Row("What fires", (alerts,)), key_figures(), schedule(), store_requests(), cost()),
    )


def key_figures() -> Row:
    """The processes in single figures."""
    return Row(
        "Now",
        (
            processes(),
            stores(),
            configuration(),
            instrumentation_errors(),
            recorded_as_other(),
            versions(),
        ),
    )


def processes() -> Panel:
    """Whether Prometheus reaches the processes."""
    return Panel(
        PanelKind.STAT,
        "Processes",
        "Whether Prometheus reaches every exporter and application. Down means that its "
        "stores are not watched.",
        (Query(f"min({of_ours('up')})"),),
        width=8,
        height=4,
        mappings=UP_DOWN,
        links=(AlertName.STORE_EXPORTER_DOWN,),
    )


def stores() -> Panel:
    """How many stores are watched."""
    return Panel(
        PanelKind.STAT,
        "Stores",
        "Stores that the exporters watch, by platform. Compare with your configuration. A store "
        "that two exporters watch counts twice.",
        (
            Query(
                f"sum by (platform) ({select(exporter.STORES, *M)})",
                "{{platform}}",
                empty="an application without an exporter watches none",
            ),
        ),
        width=8,
        height=4,
        decimals=0,
        named=True,
        links=(Dashboards.FLEET, AlertName.STORES_UNWATCHED),
    )


def configuration() -> Panel:
    """Whether the last reload succeeded."""
    reload = f"min({select(exporter.RELOAD_SUCCESSFUL, *M)})"
    return Panel(
        PanelKind.STAT,
        "Configuration",
        "Whether the last reload succeeded. Refused means that the old configuration is still "
        "in use.",
        (Query(reload, empty="an application without an exporter has none"),),
        width=8,
        height=4,
        mappings=((0, "Refused", "red"), (1, "Loaded", "green")),
        links=(AlertName.STORE_EXPORTER_RELOAD_FAILED,),
    )


def instrumentation_errors() -> Panel:
    """Operations that could not be measured."""
    return hourly_count(
        "Instrumentation errors, 1 h",
        "Failures to measure an operation. The operation itself is never affected.",
        exporter.INSTRUMENTATION_ERRORS,
        AlertName.STORE_INSTRUMENTATION_FAILING,
    )


def recorded_as_other() -> Panel:
    """Operations beyond a limit."""
    return hourly_count(
        "Operations as other, 1 h",
        "Operations that were recorded as other because their label set is beyond a limit.",
        exporter.SERIES_DROPPED,
        AlertName.STORE_SERIES_DROPPED,
    )


def hourly_count(title: str, description: str, counter: Metric, alert: str) -> Panel:
    """The number of events within an hour that should never happen."""
    return Panel(
        PanelKind.STAT,
        title,
        description,
        (Query(f"sum({increase(counter, '1h', *M)})", empty=NOTHING_HAPPENED),),
        width=8,
        height=4,
        decimals=0,
        steps=NONE_GOOD,
        nothing=Nothing.NONE,
        links=(alert,),
    )


def versions() -> Panel:
    """Which versions run."""
    running = f"count by (version) ({select(exporter.BUILD_INFO, *M)})"
    return Panel(
        PanelKind.STAT,
        "Version",
        "Versions of store-exporter that run. More than one is right only during updates.",
        (Query(f"{running} or {in_words('version', Nothing.UNKNOWN, running)}", "{{version}}"),),
        width=8,
        height=4,
        mappings=(IN_WORDS,),
        text=True,
    )
