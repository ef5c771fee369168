"""Pages of the documentation that are made from the catalogue, the rules and the dashboards."""

from __future__ import annotations

from ..errors import ERROR_TYPES
from ..metrics.catalogue import SECTIONS, Kind, Metric
from . import rules
from .dashboards import pages
from .model import Record

_TITLES = {
    "operations": "Operations that applications run",
    "health": "Health of stores",
    "business": "The shop's own figures",
    "exporter": "The exporter and the instrumentation themselves",
}


def metrics() -> str:
    """The reference of every metric, error type and recorded series."""
    lines = [
        "# Metrics",
        "",
        (
            "Every metric, from the catalogue that the program itself uses "
            "(`store_exporter.metrics.catalogue`). Rates and totals are left to PromQL. Histograms "
            "are exposed with classic buckets and, to a Prometheus that asks for them, as native "
            "histograms."
        ),
        "",
    ]
    for section, members in SECTIONS.items():
        lines += [f"## {_TITLES[section]}", "", "| metric | type | labels | meaning |"]
        lines += ["|---|---|---|---|", *(metric_row(metric) for metric in members), ""]
    lines += [
        "## Error types and faults",
        "",
        (
            "`error_type` is this closed list, and each type has one fault: who must act. Success "
            "rates and alerts leave `customer` and `cancelled` out."
        ),
        "",
        "| error type | fault | meaning | what to do |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| `{entry.name}` | {entry.fault} | {entry.meaning} | {entry.advice} |"
        for entry in ERROR_TYPES.values()
    ]
    lines += ["", *recorded()]
    return "\n".join(lines)


def metric_row(metric: Metric) -> str:
    """One row of the table."""
    labels = ", ".join(f"`{label}`" for label in metric.labels) or "none"
    text = metric.help.replace("|", "\\|")
    if metric.kind is Kind.HISTOGRAM:
        text += f" Upper bounds: {', '.join(f'{bound:g}' for bound in metric.buckets)}."
    return f"| `{metric.name}` | {metric.kind} | {labels} | {text} |"


def recorded() -> list[str]:
    """The recorded series and what they are computed from."""
    lines = [
        "## Recorded series",
        "",
        (
            "Recording rules compute these from the metrics above; dashboards and alerts read "
            "them. Names follow Prometheus' convention: the labels that are left, the metric, "
            "the operation."
        ),
        "",
    ]
    for group in rules.groups():
        lines += [f"### `{group.name}`", ""]
        names = dict.fromkeys(rule.name for rule in group.rules if isinstance(rule, Record))
        lines += [*(f"- `{name}`" for name in names), ""]
    return lines


def dashboards() -> str:
    """The page of every dashboard and panel."""
    lines = [
        "# Dashboards",
        "",
        (
            "Provisioned from `grafana/dashboards/`, for Grafana 12 and 13. Each has a data source "
            "variable, links to the others that keep variables and time, and marks where alerts "
            "fire. Panels lead on: click a store for its page, an alert's figure for its runbook. "
            "Thresholds are those of the alerts. `no data` is never zero."
        ),
        "",
    ]
    for page in pages():
        names = ", ".join(f"`{variable.name}`" for variable in page.variables)
        lines += [f"## {page.title}", "", page.description, "", f"Variables: {names}.", ""]
        for row in page.rows:
            lines += [f"### {row.title}", "", "| panel | what it shows |", "|---|---|"]
            lines += [f"| {panel.title} | {panel.description} |" for panel in row.panels]
            lines.append("")
    return "\n".join(lines)
