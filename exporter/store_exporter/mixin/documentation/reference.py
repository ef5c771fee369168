"""Pages of the documentation that are made from the catalogue, the rules and the dashboards."""

from __future__ import annotations

from collections.abc import Iterator

from ... import markdown
from ...errors import ERROR_TYPES
from ...metrics.catalogue import SECTIONS, Kind, Metric
from ..dashboards import pages
from ..dashboards.panels import DashboardPage
from ..model import Record
from ..rules import recording

_TITLES = {
    "operations": "Operations that applications run",
    "health": "Health of stores",
    "business": "The shop's own figures",
    "exporter": "The exporter and the instrumentation themselves",
}


def metrics() -> str:
    """The reference of every metric, error type and recorded series."""
    return markdown.page(
        (
            "# Metrics",
            "Who reads this: anyone who writes a query, or wants to know what a figure means.",
            (
                "Every metric, from the catalogue that the program itself uses "
                "(`store_exporter.metrics.catalogue`). Rates and totals are left to PromQL. "
                "Histograms are exposed with classic buckets and, to a Prometheus that asks for "
                "them, as native histograms."
            ),
            *tables(),
            "## Error types and faults",
            (
                "`error_type` is this closed list, and each type has one fault: who must act. "
                "Success rates and alerts leave `customer` and `cancelled` out."
            ),
            markdown.table(
                ("error type", "fault", "meaning", "what to do"),
                (
                    (f"`{entry.name}`", entry.fault, entry.meaning, entry.advice)
                    for entry in ERROR_TYPES.values()
                ),
            ),
            *recorded(),
        )
    )


def tables() -> Iterator[str]:
    """The metrics of each section of the catalogue."""
    for section, members in SECTIONS.items():
        yield f"## {_TITLES[section]}"
        yield markdown.table(("metric", "type", "labels", "meaning"), map(row, members))


def row(metric: Metric) -> tuple[str, ...]:
    """One metric's row."""
    labels = ", ".join(f"`{label}`" for label in metric.labels) or "none"
    meaning = metric.help
    if metric.kind is Kind.HISTOGRAM:
        meaning += f" Upper bounds: {', '.join(f'{bound:g}' for bound in metric.buckets)}."
    return f"`{metric.name}`", metric.kind, labels, meaning


def recorded() -> Iterator[str]:
    """The recorded series and what they are computed from."""
    yield "## Recorded series"
    yield (
        "Recording rules compute these from the metrics above; dashboards and alerts read them. "
        "Names follow Prometheus' convention: the remaining labels, the metric, the operation."
    )
    for group in recording.groups():
        yield f"### `{group.name}`"
        names = dict.fromkeys(rule.name for rule in group.rules if isinstance(rule, Record))
        yield markdown.items(f"`{name}`" for name in names)


UNPICTURED = ("trends",)
"""Dashboards of which docs/pictures has no picture: the demo has no weeks to compare."""


def dashboards() -> str:
    """The page of every dashboard and panel."""
    return markdown.page(
        (
            "# Dashboards",
            "Who reads this: anyone who uses the dashboards, or imports them.",
            (
                "The dashboards are in `grafana/dashboards/`, for Grafana 12 and 13. Import the "
                "files under *Dashboards*, *New*, *Import*, or have Grafana read the folder, as "
                "`grafana/provisioning` does; `store-exporter grafana` does it for [many "
                "merchants](tenancy.md). Prometheus must have loaded the recording rules of "
                "`prometheus/rules`, or most panels are empty, and the data source must know its "
                "scrape interval."
            ),
            (
                "Each dashboard has a data source variable, links to the others that keep "
                "variables and time, and marks for alerts and changes (on *Fleet* and *Trends* if "
                "*Alerts* and *Changes* are switched on). Panels are links: click a store for its "
                "page, an alert for what to do about it. Thresholds are those of the alerts."
            ),
            (
                "Rates are per hour; past or normal values are dashed and grey; each fault, error "
                "type and quantile has its own colour; `No data` means unknown, in a table `-`; "
                "`None` means that nothing happened, and other words in place of a figure say why "
                "there is none. Amounts of different currencies never share an axis: choose a "
                "currency at the top."
            ),
            (
                "Over more than six hours, graphs of many stores together show one sample every "
                "four minutes; current figures always cover the last seconds. Times without "
                "recorded series, such as an [imported past](migration.md), are read from the raw "
                "series."
            ),
            (
                "*Today* begins at midnight in the dashboard's time zone: the browser's, unless "
                "another is chosen in Grafana's time picker or in the organisation's preferences, "
                "where `store-exporter grafana` sets the `timezone` of the org's `alerts`. *Today* "
                "and the days beside it show no figures if the chosen time does not end now, as "
                "after zooming into a graph, nor while no shop's orders could be read since that "
                "midnight. If the orders of some shops could be read, the panel says of how many "
                "shops. Days are exact sums. Sales while Prometheus was down, and in the five "
                "minutes before, belong to the day on which it was back, if it was down for less "
                "than a day. If the chosen time does not end now, bars of days begin at midnight "
                "UTC, unless a time zone is chosen. When clocks have changed, the bars of the days "
                "before begin and end an hour off midnight."
            ),
            *(block for page in pages() for block in panels(page)),
        )
    )


def panels(page: DashboardPage) -> Iterator[str]:
    """One dashboard's panels."""
    names = ", ".join(f"`{variable.name}`" for variable in page.variables if not variable.hidden)
    yield from (f"## {page.title}", page.description)
    if page.file not in UNPICTURED:
        yield f"![{page.title}, in the demo while a store fails](pictures/{page.file}.png)"
    yield f"Variables: {names}."
    for shown in page.rows:
        yield f"### {shown.title}"
        yield markdown.table(
            ("panel", "what it shows"),
            ((panel.title, panel.description) for panel in shown.panels),
        )
