"""Runbook pages: one for each alert, Markdown made from the alert's own definition."""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import ERROR_TYPES, Fault
from . import promql
from .alerts import alerts
from .model import Alert

# Alerts whose message names an error type, which the page then explains.
_FAULTS: dict[str, tuple[Fault, ...]] = {
    "StoreDown": (Fault.STORE, Fault.CONFIG),
    "StoreDegraded": (Fault.STORE, Fault.CONFIG),
    "StoreFiguresStale": (Fault.STORE, Fault.CONFIG),
    "StoreCredentialsRejected": (Fault.CONFIG,),
    "StoreErrorBudgetBurn": (Fault.STORE, Fault.CONFIG, Fault.APP),
    "StoreOperationBroken": (Fault.APP,),
}

_SEVERITIES = {
    "critical": "pages somebody",
    "warning": "goes to the work queue",
    "info": "is context",
    "none": "is for machines",
}


def page(name: str) -> str | None:
    """The runbook of an alert as Markdown, or None when there is no such alert."""
    found = [alert for alert in alerts() if alert.name == name]
    return render(found) if found else None


def pages() -> dict[str, str]:
    """Every runbook by the name of its alert, and an index as `README`."""
    names = sorted({alert.name for alert in alerts()})
    return {"README": index(alerts())} | {name: page(name) or "" for name in names}


def index(every: Iterable[Alert]) -> str:
    """The list of all runbooks."""
    lines = [
        "# Runbooks",
        "",
        (
            "One page for each alert: what it means, how to check, what to do. "
            "Critical alerts page somebody, warnings are a work queue, info is context."
        ),
        "",
        "| alert | severity | what it says |",
        "|---|---|---|",
    ]
    rows: dict[str, tuple[list[str], str]] = {}
    for alert in every:
        severities, _ = rows.setdefault(alert.name, ([], alert.summary))
        if alert.severity not in severities:
            severities.append(alert.severity)
    lines += [
        f"| [{name}]({name}.md) | {', '.join(severities)} | {summary} |"
        for name, (severities, summary) in sorted(rows.items())
    ]
    return "\n".join(lines) + "\n"


def render(rules: list[Alert]) -> str:
    """The page of an alert, which may have several rules: severities or windows."""
    first = rules[0]
    lines = [
        f"# {first.name}",
        "",
        first.summary,
        "",
        "## What it means",
        "",
        first.runbook.meaning,
        "",
        "## How to check",
        "",
        *(f"{i}. {step}" for i, step in enumerate(first.runbook.check, 1)),
        "",
        "## What to do",
        "",
        *(f"- {step}" for step in first.runbook.action),
        "",
    ]
    if first.name in _FAULTS:
        lines += error_table(_FAULTS[first.name])
    lines += ["## When it fires", ""]
    for rule in rules:
        hold = f"for {rule.hold / 60:g} minutes" if rule.hold else "at once"
        lines += [
            f"Severity {rule.severity} ({_SEVERITIES[rule.severity]}), when this holds {hold}:",
            "",
            "```promql",
            promql.lines(rule.expression),
            "```",
            "",
        ]
    return "\n".join(lines)


def error_table(faults: tuple[Fault, ...]) -> list[str]:
    """What each error type of these faults means, and what to do about it."""
    rows = [
        f"| `{entry.name}` | {entry.meaning} | {entry.advice} |"
        for entry in ERROR_TYPES.values()
        if entry.fault in faults
    ]
    head = ["| error type | what it means | what to do |", "|---|---|---|"]
    return ["## Error types", "", *head, *rows, ""]
